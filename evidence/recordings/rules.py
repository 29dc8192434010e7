"""Which rule is for a recording, and until when it keeps it. No hold, no case: what all may know.

The clock starts when it was recorded, as corrected, and where that can't be right when it was
docked (`Recording.happened_at`). Whatever a rule says, nothing ends before it has been here for
`settings.ARRIVAL_DAYS`: a camera that lay in a drawer is not emptied into a bin.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from evidence.recordings.models import Group, Recording, Rule

# As long as nobody knows: an index and a comparison can work with it.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


def days_after(start: datetime, days: int) -> datetime:
    """The same time of day so many days on, by the clock on the wall; NEVER past the calendar."""
    try:
        return timezone.localtime(start) + timedelta(days=days)
    except OverflowError:
        return NEVER


def years_after(start: datetime, years: int) -> datetime:
    """The same day so many years on; 29 February becomes 1 March, a day later, not earlier."""
    local = timezone.localtime(start)
    try:
        return local.replace(year=local.year + years)
    except ValueError:
        if local.year + years > NEVER.year:
            return NEVER
        return local.replace(year=local.year + years, month=3, day=1)


def group_ends(group: Group, start: datetime) -> datetime:
    """When a group's period ends; NEVER for one that asks for somebody's age."""
    return NEVER if group.years is None else years_after(start, group.years)


@dataclass(frozen=True)
class Ends:
    """When a recording's own rule lets go of it, and by which of the two clocks."""

    rule: Rule
    # By the rule alone, and at the earliest because of when it came.
    by_rule: datetime
    by_arrival: datetime

    @property
    def at(self) -> datetime:
        """The later of the two."""
        return max(self.by_rule, self.by_arrival)


class Rulebook:
    """Every version that is in force: two queries, then none."""

    def __init__(self, rows: Iterable[Rule]) -> None:
        """Of each category the newest version first."""
        self._rows: dict[int | None, list[Rule]] = {}
        for row in sorted(rows, key=lambda row: -row.version):
            self._rows.setdefault(row.category_id, []).append(row)

    def of(self, category: int | None, sealed: datetime) -> Rule:
        """The version for footage of this category that was sealed then: the newest that was in
        force already, or that somebody extended to what was held. Where there is none, the first.

        Raises LookupError where not even footage without a category has a rule.
        """
        rows = self._rows.get(category) or self._rows.get(None)
        if not rows:
            raise LookupError("There is no rule for footage without a category.")
        for row in rows:
            began = row.in_force_at
            if row.held_from is not None or (began is not None and began <= sealed):
                return row
        return rows[-1]

    def newest(self, category: int | None) -> Rule:
        """The version for what comes now. Raises LookupError."""
        return self.of(category, timezone.now())

    def ends(self, recording: Recording, category: int | None = None) -> Ends:
        """When this recording's rule lets go of it, or would as of another category.

        Raises LookupError.
        """
        sealed = recording.created or timezone.now()
        rule = self.of(category or recording.category_id, sealed)
        start = recording.happened_at
        by_rule = group_ends(rule.group, start) if rule.group else days_after(start, rule.days or 0)
        return Ends(rule, by_rule, days_after(sealed, settings.ARRIVAL_DAYS))


def book() -> Rulebook:
    """The rules as they are now; one query."""
    rows = Rule.objects.filter(state=Rule.State.IN_FORCE).select_related("group", "category")
    return Rulebook(rows)


def settle(recording: Recording, rules: Rulebook | None = None) -> datetime:
    """Set until when its rule keeps it, without saving; whoever changes what that comes from calls
    this in the same transaction. Raises LookupError."""
    recording.kept_until = (rules or book()).ends(recording).at
    return recording.kept_until
