"""What happened to each recording of a simulated force, and whether that was right.

This knows nothing of the system: it reads a list of what people did and of what the store had,
and reckons for itself, with arithmetic of its own, what had to be kept until when. It shares no
line with `evidence.retention`; where the two disagree, one of them is wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)
# The system counts days by the clock on the wall, of which one a year has 23 hours.
HOUR = timedelta(hours=1)
ARRIVAL = 7 * DAY
REMORSE = 7 * DAY


@dataclass
class Version:
    """A rule as somebody set it: which footage it is for is reckoned from the two times."""

    number: int
    days: int
    people: bool
    since: datetime
    held_since: datetime | None = None


@dataclass
class Footage:
    """One recording's story, each entry with its time."""

    reference: str
    recorded: datetime
    came: datetime
    said: list[tuple[datetime, str]] = field(default_factory=list)
    # Of everything that keeps it: from when, until when (None: still), and whether it is a hold.
    kept: list[tuple[datetime, datetime | None, str]] = field(default_factory=list)
    fresh: list[tuple[datetime, datetime]] = field(default_factory=list)
    agreed: list[tuple[datetime, str, str]] = field(default_factory=list)
    restored: list[datetime] = field(default_factory=list)
    # It was evidence in a case once: then no rule alone lets go of it.
    evidence: bool = False
    # It was called something less after that had ended already: then one person's word would be
    # all that it takes, so two are asked.
    lowered: bool = False
    gone: datetime | None = None

    def category(self, at: datetime) -> str:
        """What it was said to be at that time; empty for nothing."""
        return next((code for when, code in reversed(self.said) if when <= at), "")


@dataclass
class Journal:
    """Everything that was done, in order."""

    rules: dict[str, list[Version]] = field(default_factory=lambda: defaultdict(list))
    footage: dict[str, Footage] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def rule(self, one: Footage, at: datetime) -> Version:
        """The newest version that was in force when it came, or was extended to what was held."""
        best: Version | None = None
        for version in self.rules[one.category(at)]:
            old = version.held_since is not None and version.held_since <= at
            if (version.since <= one.came or old) and (
                best is None or version.number > best.number
            ):
                best = version
        return best or self.rules[one.category(at)][0]

    def say(self, one: Footage, at: datetime, code: str) -> None:
        """Somebody says what it is."""
        if code == one.category(at):
            return
        before = self.rule(one, at)
        one.said.append((at, code))
        by_rule = not self.rule(one, at).people
        one.lowered = before.people and by_rule and self.end(one, at) <= at + DAY

    def end(self, one: Footage, at: datetime) -> datetime:
        """When its own rule, as of that time, lets go of it."""
        return max(one.recorded + self.rule(one, at).days * DAY, one.came + ARRIVAL)

    def keepers(self, one: Footage, at: datetime) -> list[str]:
        """What keeps it at that time, in words."""
        found = [
            why for start, stop, why in one.kept if start <= at and (stop is None or stop > at)
        ]
        found += ["a fresh period" for start, stop in one.fresh if start <= at < stop]
        if self.end(one, at) - HOUR > at:
            found.append(f"its rule, until {self.end(one, at):%d %b %Y %H:%M}")
        return found

    # --- what has to hold -------------------------------------------------------------

    def left(self, one: Footage, at: datetime) -> Iterator[str]:
        """What is wrong with its being gone at that time."""
        if keeping := self.keepers(one, at):
            yield f"{one.reference} is gone at {at}, though it is kept by {', '.join(keeping)}"
        rule = self.rule(one, at)
        changed = rule.held_since
        same = changed is not None and one.category(changed) == one.category(at)
        if changed is not None and same and changed > one.came and at < changed + REMORSE - HOUR:
            before = self.end(one, changed - timedelta(seconds=1))
            if before - HOUR > at:
                yield f"{one.reference} is gone at {at}, at once after its rule was changed"
        if not rule.people and not one.evidence and not one.lowered:
            return
        last = max(one.restored, default=datetime.min.replace(tzinfo=UTC))
        agreed = [entry for entry in one.agreed if last < entry[0] <= at - REMORSE]
        if not agreed:
            yield f"{one.reference} is gone at {at}: no two people agreed a window before"
        elif agreed[-1][1] == agreed[-1][2]:
            yield f"{one.reference} is gone by the word of one person, {agreed[-1][1]}"

    def forgotten(self, one: Footage, at: datetime) -> Iterator[str]:
        """What is wrong with its being there after ten days in which nobody did anything and
        nothing kept it: only what two people let go of may wait."""
        if self.rule(one, at).people or one.evidence or one.lowered:
            return
        if not any(self.keepers(one, at - n * timedelta(hours=6)) for n in range(40)):
            yield f"{one.reference} is still there at {at}, and nothing has kept it for ten days"

    def late(self, one: Footage, at: datetime, step: timedelta) -> Iterator[str]:
        """What is wrong with its being there still: its rule should have let go of it."""
        if self.rule(one, at).people or one.evidence or one.lowered:
            return
        # Long enough before its end nothing else kept it, and nobody said anything else of it.
        end = self.end(one, at)
        moments = [end - REMORSE + n * timedelta(hours=6) for n in range(28)]
        calm = (
            not any(one.category(moment) != one.category(at) for moment in moments)
            and not any(len(self.keepers(one, moment)) > 1 for moment in moments)
            and not any(self.end(one, moment) != end for moment in moments)
            # A hold that came in the hours between its end and the next round of the workers
            # came before its destruction, and wins.
            and not any(stop is None or stop >= end for _, stop, _ in one.kept)
            and not any(stop >= end for _, stop in one.fresh)
            and not any(when > end - REMORSE - DAY for when in one.restored)
        )
        if calm and at > end + HOUR + step:
            yield f"{one.reference} is still there at {at}; its rule ended at {end}"
