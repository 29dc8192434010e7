"""What a rule would do to footage that is held already: how much, which, and what goes at once.

Reckoned in the database, as a category may have millions of recordings; the arithmetic is that
of `evidence.recordings.rules`, and a test holds the two together.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings import rules
from evidence.recordings.access import visible_to
from evidence.recordings.models import Recording, Rule

EXAMPLES = 10
# More than this above what was shown to who proposed it, and it is shown anew.
TOLERANCE = 1.1
KINDS = ("longer", "shorter", "due")

# A day that a year does not have is the day after it, as `rules.years_after` says.
_YEARS = """CASE WHEN extract(day FROM {at} + {span}) = extract(day FROM {at})
    THEN {at} + {span} ELSE {at} + {span} + interval '1 day' END"""

_ROWS = """
WITH one AS (
    SELECT r.id, r.kept_until AS old, {by_rule} AS by_rule,
        ((greatest(r.created, coalesce(
            (SELECT max(j.created) FROM recordings_recording j WHERE j.joined_into_id = r.id),
            r.created)) AT TIME ZONE %(zone)s + make_interval(days => %(arrival)s))
            AT TIME ZONE %(zone)s) AS arrival,
        coalesce((SELECT sum(o.size) FROM recordings_original o WHERE o.recording_id = r.id), 0)
            AS size,
        r.restricted = 'outside'
            OR EXISTS (SELECT 1 FROM retention_hold h
                WHERE h.recording_id = r.id AND h.released_at IS NULL)
            OR EXISTS (SELECT 1 FROM retention_grouping g
                WHERE g.recording_id = r.id AND g.ended_at IS NULL)
            OR EXISTS (SELECT 1 FROM retention_fresh f
                WHERE f.recording_id = r.id AND f.until > %(now)s) AS kept_besides
    FROM recordings_recording r
    WHERE r.category_id IS NOT DISTINCT FROM %(category)s AND r.created < %(since)s
        AND r.joined_into_id IS NULL AND r.disposed_at IS NULL
), two AS (
    SELECT *, greatest(by_rule, arrival) AS bare,
        greatest(by_rule, arrival, {grace}) AS new FROM one
), three AS (
    SELECT *, new > old AS longer, new < old AS shorter,
        bare <= %(now)s AND (old > %(now)s OR %(looser)s) AND NOT kept_besides AS due FROM two
)
"""


@dataclass(frozen=True)
class Effect:
    """Recordings, and bytes of their originals, that a rule would keep otherwise than now."""

    held: int = 0
    held_bytes: int = 0
    longer: int = 0
    longer_bytes: int = 0
    shorter: int = 0
    shorter_bytes: int = 0
    # Of all: what nothing that the rows tell of would keep any more.
    due: int = 0
    due_bytes: int = 0
    unknown: int = 0

    def grown(self, shown: dict[str, Any]) -> list[str]:
        """The names of what is larger by more than a tenth than what was shown."""
        return [
            name for name, value in self.numbers().items()
            if value > TOLERANCE * _number(shown.get(name))
        ]  # fmt: skip

    def numbers(self) -> dict[str, int]:
        """As they are kept with the proposal."""
        return asdict(self)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


@dataclass(frozen=True)
class Example:
    """One recording, until when it is kept now, and until when it would be."""

    recording: Recording
    old: datetime
    new: datetime


def effect(rule: Rule, before: Rule | None, now: datetime | None = None) -> Effect:
    """The numbers, as they are at this moment; one query."""
    sql, given = _query(rule, before, now or timezone.now())
    columns = ["count(*)", "coalesce(sum(size), 0)"]
    for kind in KINDS:
        columns += [f"count(*) FILTER (WHERE {kind})",
                    f"coalesce(sum(size) FILTER (WHERE {kind}), 0)"]  # fmt: skip
    columns.append("count(*) FILTER (WHERE old IS NULL)")
    # Put together of our own words alone; whatever is given goes as a parameter.
    asked = f"{sql} SELECT {', '.join(columns)} FROM three"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(asked, given)
        found = cursor.fetchone()
    names = [field.name for field in fields(Effect)]
    return Effect(**{name: int(value) for name, value in zip(names, found, strict=True)})


def examples(
    rule: Rule, before: Rule | None, reader: User, now: datetime | None = None
) -> dict[str, list[Example]]:
    """Up to ten of each kind, soonest gone first, of what this reader may see and did not record.

    Two queries a kind.
    """
    sql, given = _query(rule, before, now or timezone.now())
    found = {}
    for kind in KINDS:
        # More than are shown: some the reader may not see.
        asked = f"{sql} SELECT id, old, new FROM three WHERE {kind} ORDER BY new, id LIMIT 100"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(asked, given)
            rows = {pk: (old, new) for pk, old, new in cursor.fetchall()}
        seen = visible_to(reader).exclude(officer=reader).filter(pk__in=rows)
        known = {one.pk: one for one in seen.select_related("category")}
        shown = [Example(known[pk], *ends) for pk, ends in rows.items() if pk in known]
        found[kind] = shown[:EXAMPLES]
    return found


def _query(rule: Rule, before: Rule | None, now: datetime) -> tuple[str, dict[str, Any]]:
    """The rows that a version would be for, with their ends now and by it."""
    local = "(r.happened_at AT TIME ZONE %(zone)s)"
    if rule.group is None:
        by_rule = f"(({local} + make_interval(days => %(days)s)) AT TIME ZONE %(zone)s)"
    elif rule.group.years is None:
        by_rule = "%(never)s::timestamptz"
    else:
        years = _YEARS.format(at=local, span="make_interval(years => %(years)s)")
        by_rule = f"(({years}) AT TIME ZONE %(zone)s)"
    looser = rules.looser(rule, before)
    grace = "%(grace)s" if looser else "least(old, %(grace)s)"
    sql = _ROWS.format(by_rule=f"least({by_rule}, %(never)s::timestamptz)", grace=grace)
    return sql, {
        "zone": settings.TIME_ZONE, "days": rule.days, "never": rules.NEVER, "now": now,
        "years": rule.group.years if rule.group else None, "category": rule.category_id,
        "arrival": settings.ARRIVAL_DAYS, "since": rule.in_force_at, "looser": looser,
        "grace": rules.days_after(now, settings.REMORSE_DAYS),
    }  # fmt: skip
