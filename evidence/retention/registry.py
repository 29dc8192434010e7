"""What rooms above this one know of holds: they register here when the system starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from evidence.people.models import User
from evidence.recordings.models import Recording
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


@dataclass(frozen=True)
class Copy:
    """An object in the store that was made from a recording, or is a copy of it."""

    alias: str
    key: str
    version_id: str
    what: str
    # The original that it belongs to, and its bytes, where these are known.
    reference: str = ""
    size: int = 0


CopiesOf = Callable[[Recording], Sequence[Copy]]
copies: list[CopiesOf] = []
Forgetter = Callable[[Recording], None]
forgetters: list[Forgetter] = []


@dataclass(frozen=True)
class Period:
    """Something with an end that keeps a recording. `code` tells periods apart, for a machine."""

    code: str
    words: str
    until: datetime | None
    source: str = ""


PeriodsOf = Callable[[Recording], Sequence[Period]]
periods: list[PeriodsOf] = []


def register_copies(provider: CopiesOf) -> None:
    """Add who knows objects made from a recording, which go with it; again: nothing changes."""
    if provider not in copies:
        copies.append(provider)


def register_forgetter(forgetter: Forgetter) -> None:
    """Add what makes a room's rows say that the footage is gone; it is called in the last
    transaction of a disposal, after the store has nothing left of it. Again: nothing changes."""
    if forgetter not in forgetters:
        forgetters.append(forgetter)


def register_periods(provider: PeriodsOf) -> None:
    """Add who knows of periods that keep a recording; again: nothing changes."""
    if provider not in periods:
        periods.append(provider)


# Rooms above this one that offer footage further: they stop in the transaction in which its
# destruction begins, before the first byte goes.
Withdrawer = Callable[[Recording], None]
withdrawers: list[Withdrawer] = []
# Rooms above this one whose workers may just be writing an object made from a recording.
Busy = Callable[[Recording], bool]
busy: list[Busy] = []


@dataclass(frozen=True)
class Along:
    """What goes with recordings, or ends with them: how many, and what."""

    count: int
    one: str
    several: str
    # Worth a second look: it stands to somebody's hand just now.
    live: bool = False

    @property
    def words(self) -> str:
        """3 of them are in a share that is open."""
        return f"{self.count:,} {self.one if self.count == 1 else self.several}"


AlongOf = Callable[[Sequence[int]], Sequence[Along]]
along: list[AlongOf] = []


def register_withdrawer(withdrawer: Withdrawer) -> None:
    """Add what stops offering a recording whose destruction begins; again: nothing changes."""
    if withdrawer not in withdrawers:
        withdrawers.append(withdrawer)


def register_busy(provider: Busy) -> None:
    """Add who knows whether a worker may write an object of it just now; again: nothing changes."""
    if provider not in busy:
        busy.append(provider)


def register_along(provider: AlongOf) -> None:
    """Add who knows what goes with recordings; constant queries; again: nothing changes."""
    if provider not in along:
        along.append(provider)
