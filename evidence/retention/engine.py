"""Whether something keeps a recording: the whole decision, without a database or a clock.

Holds outrank every period. Of the periods the longest wins. What nobody can date yet (a case
without a result) keeps it like a hold does. Where nothing at all is known of a recording,
it is kept: to dispose of something takes a period that has ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Ground:
    """One thing that keeps a recording. `code` tells grounds apart, for a machine."""

    code: str
    words: str
    # None: until somebody says otherwise.
    until: datetime | None
    source: str = ""

    @property
    def order(self) -> tuple[bool, timedelta, str, str]:
        """Longest first, open ends before all; equals by their codes and words."""
        ends = timedelta() if self.until is None else EPOCH - self.until
        return (self.until is not None, ends, self.code, self.words)


@dataclass(frozen=True)
class Verdict:
    """Everything that keeps it, in the order in which it would go."""

    holds: tuple[Ground, ...]
    periods: tuple[Ground, ...]

    @property
    def until(self) -> datetime | None:
        """When the last of its periods ends, whatever holds it; None: nobody can say yet."""
        return self.periods[0].until if self.periods else None

    def keepers(self, now: datetime) -> tuple[Ground, ...]:
        """What keeps it at that moment: holds, then periods that have not ended."""
        lasting = (one for one in self.periods if one.until is None or one.until > now)
        return (*self.holds, *lasting)

    def due(self, now: datetime) -> bool:
        """Whether nothing keeps it any more, and something once did."""
        return bool(self.periods) and not self.keepers(now)

    def ended(self, now: datetime) -> tuple[Ground, ...]:
        """The periods that are over, the last to end first: why it may go."""
        return tuple(one for one in self.periods if one.until is not None and one.until <= now)


def decide(holds: Iterable[Ground], periods: Iterable[Ground]) -> Verdict:
    """Put everything that is known of one recording in order. The order given does not matter."""
    return Verdict(
        tuple(sorted(set(holds), key=lambda one: one.order)),
        tuple(sorted(set(periods), key=lambda one: one.order)),
    )
