"""What rooms above this one know of holds: they register here when the system starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from evidence.people.models import User
from evidence.retention.models import Hold

# Rooms above this one that know why a hold may not end yet: in one sentence, or empty.
Keeper = Callable[[Hold], str]
keepers: list[Keeper] = []
# Rooms above this one that know which references a reader may not know of.
Secret = Callable[[User], "QuerySet[Any]"]
secrets: list[Secret] = []


def register_keeper(keeper: Keeper) -> None:
    """Add what can refuse the release of a hold; the same one again changes nothing."""
    if keeper not in keepers:
        keepers.append(keeper)


def register_secret(secret: Secret) -> None:
    """Add who says which complaints' references a reader may not know of."""
    if secret not in secrets:
        secrets.append(secret)


@dataclass(frozen=True)
class Disposed:
    """Footage that would have been held, but had been disposed of: how much, and when last."""

    count: int
    on: date


DisposedOf = Callable[[Sequence[User], datetime, datetime], "Disposed | None"]
disposed: list[DisposedOf] = []


def register_disposed(provider: DisposedOf) -> None:
    """Add who knows what was disposed of; the same one again changes nothing."""
    if provider not in disposed:
        disposed.append(provider)


def disposed_of(officers: Sequence[User], start: datetime, end: datetime) -> list[Disposed]:
    """What of these officers and this time is not there any more."""
    return [found for provider in disposed if (found := provider(officers, start, end))]
