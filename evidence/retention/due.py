"""The due list: what nothing keeps any more, by the rule that let go of it.

A sweep goes through what might be due and writes down what is; pages read that. Its numbers are
those of the last time round, and said to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings import rules
from evidence.recordings.models import Original, Recording, Rendition, Rule
from evidence.retention import registry
from evidence.retention.deciding import Decision, decide, free
from evidence.retention.impartial import concerned
from evidence.retention.models import Due, Hold, Item, Round
from evidence.retention.reckoning import words_of

CHUNK = 500
MOST = 10_000
EXAMPLES = 5
PAGE = 50


def look_ahead() -> timedelta:
    """How far the list looks: a week, or as long as a disposal can be undone."""
    return timedelta(days=max(7, settings.REMORSE_DAYS))


# --- the sweep --------------------------------------------------------------------


def sweep(chunks: int = 10) -> int:
    """Go on through what might be due; how many recordings were looked at.

    One process at a time. What was found and is not due any more is taken off the list: at once
    when it is looked at, else when the round is through.
    """
    looked = 0
    Round.objects.get_or_create(pk=1)
    for _ in range(chunks):
        with transaction.atomic():
            row = Round.objects.select_for_update(skip_locked=True).filter(pk=1).first()
            if row is None:
                break
            found = _chunk(row)
            looked += found
            if found < CHUNK:
                _through(row)
                break
    return looked


def _chunk(row: Round) -> int:
    now = timezone.now()
    if row.began_at is None:
        row.began_at, row.at, row.last = now, None, 0
    rows = free().filter(kept_until__lte=now + look_ahead())
    if row.at is not None:
        beyond = Q(kept_until__gt=row.at) | Q(pk__gt=row.last)
        rows = rows.filter(beyond, kept_until__gte=row.at)
    found = list(rows.order_by("kept_until", "pk")[:CHUNK])
    write_down(found, now)
    if found:
        row.at, row.last = found[-1].kept_until, found[-1].pk
    row.save()
    return len(found)


def write_down(found: Sequence[Recording], now: datetime) -> None:
    """Decide each and keep the list in step, in the caller's transaction."""
    book, until = rules.book(), now + look_ahead()
    decided = [decide(one, book) for one in found]
    may_go = [one for one in decided if one.due(until)]
    Due.objects.filter(recording__in=found).exclude(
        recording__in=[one.recording.pk for one in may_go]
    ).delete()
    sizes = sizes_of([one.recording.pk for one in may_go])
    Due.objects.bulk_create(
        [_due(one, sizes, now) for one in may_go], update_conflicts=True,
        unique_fields=["recording"],
        update_fields=["rule", "by_rule", "until", "ground", "size", "seen_at"],
    )  # fmt: skip


def _due(one: Decision, sizes: dict[int, int], now: datetime) -> Due:
    assert one.rule is not None and one.verdict.until is not None
    return Due(
        recording=one.recording, rule=one.rule, by_rule=one.by_rule, until=one.verdict.until,
        ground=one.ground, size=sizes.get(one.recording.pk, 0), seen_at=now,
    )  # fmt: skip


def sizes_of(recordings: Sequence[int]) -> dict[int, int]:
    """Bytes of the originals of each. One query."""
    rows = Original.objects.filter(recording__in=recordings).order_by().values_list("recording")
    return dict(rows.annotate(Sum("size")))


def _through(row: Round) -> None:
    Due.objects.filter(seen_at__lt=row.began_at).delete()
    row.began_at, row.at, row.last, row.finished_at = None, None, 0, timezone.now()
    row.save()


# --- what pages read --------------------------------------------------------------


@dataclass
class Group:
    """What one rule let go of: how much, since when, and a few examples."""

    rule: Rule
    words: str
    by_rule: bool
    count: int
    size: int
    oldest: datetime
    examples: list[Due] = field(default_factory=list)

    @property
    def more(self) -> bool:
        """Whether it was counted up to the most only."""
        return self.count > MOST

    @property
    def said(self) -> str:
        """The number, or that it is more than is counted."""
        return f"{MOST:,} and more" if self.more else f"{self.count:,}"


_GROUPS = """
SELECT r.id, d.count, d.size, d.oldest
FROM recordings_rule r, LATERAL (
    SELECT count(*) AS count, coalesce(sum(x.size), 0) AS size, min(x.until) AS oldest
    FROM (
        SELECT size, until FROM retention_due
        WHERE rule_id = r.id AND by_rule = %(by_rule)s AND until > %(after)s AND until <= %(to)s
        ORDER BY until, id LIMIT %(most)s
    ) x
) d WHERE d.count > 0 ORDER BY d.oldest, r.id
"""
_EXAMPLES = """
SELECT d.id FROM recordings_rule r, LATERAL (
    SELECT id FROM retention_due
    WHERE rule_id = r.id AND by_rule = %(by_rule)s AND until > %(after)s AND until <= %(to)s
    ORDER BY until, id LIMIT %(most)s
) d WHERE r.id = ANY(%(rules)s)
"""
BEGINNING = datetime(1, 1, 1, tzinfo=timezone.get_fixed_timezone(0))


def groups(
    *, by_rule: bool, after: datetime = BEGINNING, to: datetime, by: User | None = None
) -> list[Group]:
    """What is due between two moments, a group a rule, the longest waiting first. Three queries,
    none of which counts beyond the most. For somebody none of the examples is their own."""
    named: dict[str, Any] = {"by_rule": by_rule, "after": after, "to": to, "most": MOST + 1}
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, named)
        rows = cursor.fetchall()
        cursor.execute(_EXAMPLES, named | {"most": EXAMPLES, "rules": [row[0] for row in rows]})
        examples = [row[0] for row in cursor.fetchall()]
    known = Rule.objects.select_related("category", "group").in_bulk([row[0] for row in rows])
    found = [
        Group(known[rule], words_of(known[rule]), by_rule, count, size, oldest)
        for rule, count, size, oldest in rows
    ]
    by_pk = {one.rule.pk: one for one in found}
    shown = Due.objects.filter(pk__in=examples).select_related("recording__category")
    if by is not None:
        shown = shown.exclude(recording__officer=by)
    for row in shown.order_by("until", "pk"):
        by_pk[row.rule_id].examples.append(row)
    return found


def of_rule(rule: Rule, *, by_rule: bool, to: datetime) -> QuerySet[Due]:
    """The list of one group, the longest waiting first, without what was held or proposed since."""
    held = Hold.objects.filter(recording=OuterRef("recording"), released_at=None)
    on_way = Item.objects.filter(recording=OuterRef("recording"), state__in=Item.OPEN)
    rows = Due.objects.filter(~Exists(held), ~Exists(on_way), rule=rule, by_rule=by_rule)
    rows = rows.filter(until__lte=to, recording__disposed_at=None)
    return rows.select_related("recording__category").order_by("until", "pk")


def beyond(rows: QuerySet[Due], until: datetime, pk: int) -> QuerySet[Due]:
    """What stands after that row; the first condition is what an index can begin at."""
    return rows.filter(Q(until__gt=until) | Q(pk__gt=pk), until__gte=until)


@dataclass(frozen=True)
class Trial:
    """What would be proposed, before it is: nothing is changed by it."""

    rule: Rule
    words: str
    recordings: list[int]
    size: int
    oldest: datetime | None
    newest: datetime | None
    examples: list[Due]
    along: list[registry.Along]


def trial(rule: Rule, most: int, by: User | None = None) -> Trial:
    """The dry run of one group: number, bytes, examples, and what goes with it; without what is
    not for `by` to propose."""
    rows = list(of_rule(rule, by_rule=False, to=timezone.now())[:most])
    if by is not None:
        without = concerned(by, [row.recording_id for row in rows])
        rows = [row for row in rows if row.recording_id not in without]
    recordings = [row.recording_id for row in rows]
    return Trial(
        rule, words_of(rule), recordings, sum(row.size for row in rows),
        rows[0].until if rows else None, rows[-1].until if rows else None, rows[:EXAMPLES],
        goes_along(recordings),
    )  # fmt: skip


def goes_along(recordings: Sequence[int]) -> list[registry.Along]:
    """What else goes with these recordings; constant queries."""
    if not recordings:
        return []
    made = Rendition.objects.filter(original__recording__in=recordings)
    count = made.order_by().aggregate(count=Count("pk"))["count"]
    copies = registry.Along(count, "viewing copy, still or the like", "viewing copies, stills and the like")  # noqa: E501  # fmt: skip
    found = [copies, *(one for provider in registry.along for one in provider(recordings))]
    return [one for one in found if one.count]


def is_empty() -> bool:
    """Whether nothing is due and nothing will be within days."""
    return not Due.objects.exists()


def as_of() -> datetime | None:
    """When the sweep was last through."""
    row = Round.objects.filter(pk=1).first()
    return row.finished_at if row else None
