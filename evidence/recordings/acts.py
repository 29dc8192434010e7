"""What else can be done with a recording, in rooms above this one: a line of its page each.

The same whatever state the footage is in: a button that comes and goes would tell of a hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evidence.people.models import User
from evidence.recordings.models import Recording


@dataclass(frozen=True)
class Act:
    """One act: its verb, and where it is done."""

    words: str
    url: str


Provider = Callable[[User, Recording], list[Act]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Add what can be done; the same provider again changes nothing."""
    if provider not in _providers:
        _providers.append(provider)


def of(reader: User, recording: Recording) -> list[Act]:
    """What this reader can do."""
    return [act for provider in _providers for act in provider(reader, recording)]
