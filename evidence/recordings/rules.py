"""Which rule is for a recording, and until when it keeps it. No hold, no case: what all may know.

The clock starts when it was recorded, as corrected, and where that can't be right when it was
docked (`Recording.happened_at`). Whatever a rule says, nothing ends before it has been here for
`settings.ARRIVAL_DAYS`: a camera that lay in a drawer is not emptied into a bin.

Every moment that this module gives is in UTC: two of one zone would be compared by the clock on
the wall, which an hour a year shows twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from evidence.recordings.models import Group, Recording, Rule

# As long as nobody knows: an index and a comparison can work with it.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
HUNDRED = 100
# Held by every transaction that settles; whoever puts a rule in force waits for them.
LOCK = 0x62_77_76_05


def _moment(local: datetime) -> datetime:
    """A time on the wall in UTC: of two that it may be, the later one."""
    try:
        both = [local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    except OverflowError:
        return NEVER
    return min(max(both), NEVER)


def days_after(start: datetime, days: int) -> datetime:
    """The same time of day so many days on, by the clock on the wall; NEVER past the calendar."""
    try:
        return _moment(timezone.localtime(start) + timedelta(days=days))
    except OverflowError:
        return NEVER


def years_after(start: datetime, years: int) -> datetime:
    """The same day so many years on; 29 February becomes 1 March, a day later, not earlier."""
    try:
        local = timezone.localtime(start)
    except OverflowError:
        return NEVER
    if local.year + years > NEVER.year:
        return NEVER
    try:
        return _moment(local.replace(year=local.year + years))
    except ValueError:
        return _moment(local.replace(year=local.year + years, month=3, day=1))


def group_ends(group: Group, start: datetime) -> datetime:
    """When a group's period ends; NEVER for one that asks for somebody's age."""
    return NEVER if group.years is None else years_after(start, group.years)


def rule_ends(rule: Rule, start: datetime) -> datetime:
    """When a rule lets go of what was recorded at `start`."""
    return group_ends(rule.group, start) if rule.group else days_after(start, rule.days or 0)


def long(rule: Rule) -> str:
    """31 days; 6 years (MoPI group 3); until the person is 100 years old (MoPI group 1)."""
    if rule.group is None:
        return "1 day" if rule.days == 1 else f"{rule.days} days"
    if rule.group.years is None:
        return f"until the person it is about is a hundred years old ({rule.group})"
    return f"{rule.group.years} years ({rule.group})"


def at_least_days(rule: Rule) -> int:
    """How many days a rule keeps at least, to compare it with others."""
    if rule.group is None:
        return rule.days or 0
    return 365 * (HUNDRED if rule.group.years is None else rule.group.years)


def looser(rule: Rule, before: Rule | None) -> bool:
    """Whether a version lets go by itself of what two people had to agree to before."""
    by_rule = rule.release == Rule.Release.RULE
    return by_rule and (before is None or before.release != Rule.Release.RULE)


def lowers(book: Rulebook, recording: Recording, before: int | None) -> bool:
    """Whether its category lets go by itself of what only the one `before` still kept, to let go of
    by two people: else one person's word would be all that it takes, years later."""
    try:
        now = book.of(recording.category_id, recording.created)
    except LookupError:
        return False
    try:
        was = book.of(before, recording.created)
    except LookupError:
        was = None
    at_once = timezone.now() + timedelta(hours=settings.REMORSE_LEAST_HOURS)
    return looser(now, was) and reckon(recording, book) <= at_once


@dataclass(frozen=True)
class Ends:
    """When a recording's own rule lets go of it, and by which of the clocks."""

    rule: Rule
    # By the rule alone, and at the earliest because of when it came.
    by_rule: datetime
    by_arrival: datetime
    # Where the rule was extended to what was held: what would have ended at once has some days.
    by_change: datetime | None = None

    @property
    def at(self) -> datetime:
        """The latest of them."""
        return max(self.by_rule, self.by_arrival, self.by_change or self.by_rule)


class Rulebook:
    """Every version that is in force: two queries, then none."""

    def __init__(self, rows: Iterable[Rule]) -> None:
        """Of each category the newest version first."""
        self._rows: dict[int | None, list[Rule]] = {}
        for row in sorted(rows, key=lambda row: -row.version):
            self._rows.setdefault(row.category_id, []).append(row)

    def _steps(self, category: int | None, sealed: datetime) -> tuple[Rule | None, list[Rule]]:
        """The newest version that was in force when it was sealed, and those that somebody
        extended to what was held, in the order in which they came to be for it."""
        rows = self._rows.get(category, [])
        own = next((row for row in rows if row.in_force_at and row.in_force_at <= sealed), None)
        newest = own.version if own else 0
        steps = []
        for row in sorted((row for row in rows if row.held_from), key=lambda row: row.held_from):  # type: ignore[arg-type, return-value]
            if row.version > newest:
                newest = row.version
                steps.append(row)
        return own, steps

    def of(self, category: int | None, sealed: datetime) -> Rule:
        """The version for footage of this category that was sealed then: the newest that was in
        force already, or a newer one that somebody extended to what was held.

        Raises LookupError where there is none: then nobody has said how long.
        """
        own, steps = self._steps(category, sealed)
        found = steps[-1] if steps else own
        if found is None:
            raise LookupError("No rule says how long this is kept.")
        return found

    def newest(self, category: int | None) -> Rule:
        """The version for what comes now. Raises LookupError."""
        return self.of(category, timezone.now())

    def ends(
        self, recording: Recording, category: int | None = None, arrived: datetime | None = None
    ) -> Ends:
        """When this recording's rule lets go of it, or would as of another category.

        `arrived`: when the last of its files came, where others were joined into it.
        Raises LookupError.
        """
        sealed = recording.created or timezone.now()
        start = recording.happened_at
        own, steps = self._steps(category or recording.category_id, sealed)
        rule = self.of(category or recording.category_id, sealed)
        arrival = days_after(max(sealed, arrived or sealed), settings.ARRIVAL_DAYS)
        before = max(rule_ends(own, start), arrival) if own else NEVER
        by_change = None
        for step in steps:
            assert step.held_from
            # Some days after the change, or what it had before if that is sooner: unless no
            # second person is asked any more.
            by_change = days_after(step.held_from, settings.REMORSE_DAYS)
            if not looser(step, own):
                by_change = min(before, by_change)
            before, own = max(rule_ends(step, start), arrival, by_change), step
        return Ends(rule, rule_ends(rule, start), arrival, by_change)


def book() -> Rulebook:
    """The rules as they are now; one query."""
    rows = Rule.objects.filter(state=Rule.State.IN_FORCE).select_related("group", "category")
    return Rulebook(rows)


def arrivals(recordings: Collection[int]) -> dict[int, datetime]:
    """When the last file of each came that was joined into it; one query."""
    joined = Recording.objects.filter(joined_into__in=recordings).order_by()
    rows = joined.values_list("joined_into").annotate(last=Max("created"))
    return dict(rows)


def one_at_a_time(*, changing: bool) -> None:
    """Whoever puts a rule in force waits for those who settle, and they for them: nothing is
    settled by a rule that was replaced meanwhile. In a transaction."""
    shared = "" if changing else "_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{shared}(%s)", [LOCK])


def reckon(recording: Recording, rules: Rulebook, arrived: datetime | None = None) -> datetime:
    """Until when its rule keeps it; NEVER where there is none. No query."""
    try:
        return rules.ends(recording, arrived=arrived).at
    except LookupError:
        return NEVER


def settle(recording: Recording, rules: Rulebook | None = None) -> datetime:
    """Set until when its rule keeps it, without saving; whoever changes what that comes from calls
    this in the same transaction."""
    if connection.in_atomic_block:
        one_at_a_time(changing=False)
    arrived = arrivals([recording.pk]).get(recording.pk) if recording.pk else None
    recording.kept_until = reckon(recording, rules or book(), arrived)
    return recording.kept_until


def settle_all(recordings: Iterable[int], rules: Rulebook | None = None) -> int:
    """Settle these rows, locked, in the caller's transaction: how many have another end now."""
    rows = list(
        Recording.objects.filter(pk__in=recordings)
        .order_by("id").select_for_update(of=("self",))
        .only("pk", "happened_at", "created", "category", "kept_until")
    )  # fmt: skip
    # After the rows' locks, here and everywhere: who has this one waits for nobody else.
    one_at_a_time(changing=False)
    found, last = rules or book(), arrivals([row.pk for row in rows])
    changed = []
    for row in rows:
        end = reckon(row, found, last.get(row.pk))
        if end != row.kept_until:
            row.kept_until = end
            changed.append(row)
    Recording.objects.bulk_update(changed, ["kept_until"], batch_size=500)
    return len(changed)
