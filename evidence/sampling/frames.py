"""The frames of a plan: all the footage that chance may choose from, stratum by stratum."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from evidence.recordings import keeping, rules
from evidence.recordings.access import not_ended
from evidence.recordings.models import Category, Recording
from evidence.sampling.models import ZONE, Plan


@dataclass
class Frame:
    """One stratum's footage, by reference."""

    key: str
    unit: int
    month: date
    kind: str
    kind_name: str
    references: list[str] = field(default_factory=list)


def months(start: date, end: date) -> Iterator[date]:
    """The first of each month that has a day of the period."""
    at = start.replace(day=1)
    while at <= end:
        yield at
        at = _next(at)


def _next(month: date) -> date:
    days = calendar.monthrange(month.year, month.month)[1]
    return date.fromordinal(month.toordinal() + days)


def key_of(unit: int, month: date, kind: str) -> str:
    """What a stratum is called in the log and in the export: 4/2026-12/stop_search."""
    return f"{unit}/{month:%Y-%m}/{kind}"


def frames(plan: Plan) -> tuple[dict[str, Frame], dict[str, int]]:
    """Every stratum's frame, and how much footage is in none of them, by why.

    One pass over the period: as many queries for one stratum as for two hundred. What belongs to
    a kind by its category and by its incident type belongs once.
    """
    bound = plan.parameters
    made = {
        key: Frame(key, unit["id"], month, kind["code"], kind["name"])
        for unit in bound["units"]
        for month in months(plan.start, plan.end)
        for kind in bound["kinds"]
        for key in [key_of(unit["id"], month, kind["code"])]
    }
    excluded = {"restricted": 0, "unplaced": 0}
    rows = _of_kinds(plan).values_list(
        "reference", "happened_at", "restricted", "officer__unit__path",
        "category__code", "incident__code",
    )  # fmt: skip
    for reference, at, restricted, path, category, incident in rows.iterator(chunk_size=2000):
        if not path:
            excluded["unplaced"] += 1
            continue
        unit = next((u for u in bound["units"] if path.startswith(u["path"])), None)
        if unit is None:
            continue
        if restricted:
            excluded["restricted"] += 1
            continue
        month = at.astimezone(ZONE).date().replace(day=1)
        for kind in bound["kinds"]:
            if category in kind["categories"] or incident in kind["incidents"]:
                made[key_of(unit["id"], month, kind["code"])].references.append(reference)
    excluded["uncategorised"] = _uncategorised(plan)
    return made, excluded


def _footage(plan: Plan) -> QuerySet[Recording]:
    """What was recorded in the period, Europe/London, that still is a recording of its own, and
    has not ended: a hold puts nothing into a sample."""
    return Recording.objects.filter(
        not_ended(), disposed_at=None, kind=Recording.Kind.FOOTAGE, joined_into=None,
        happened_at__gte=plan.begins, happened_at__lt=plan.ends,
    )  # fmt: skip


def _of_kinds(plan: Plan) -> QuerySet[Recording]:
    codes: dict[str, list[str]] = {"categories": [], "incidents": []}
    for kind in plan.parameters["kinds"]:
        for name, found in codes.items():
            found += kind[name]
    return _footage(plan).filter(
        Q(category__code__in=codes["categories"]) | Q(incident__code__in=codes["incidents"])
    )


def _uncategorised(plan: Plan) -> int:
    """Footage of the plan's units that nobody has said anything of: it may be of any kind."""
    units = Q()
    for unit in plan.parameters["units"]:
        units |= Q(officer__unit__path__startswith=unit["path"])
    return _footage(plan).filter(units, category=None, incident=None).count()


def retention_warning(start: date, kinds: list[dict[str, Any]], draws_on: date) -> str:
    """In words, that footage of the period's first days may go before it is drawn; or nothing.

    What is known by its incident type alone may have any category, or none: the shortest counts.
    """
    codes = {code for kind in kinds for code in kind["categories"]}
    book = rules.book()
    known: list[int | None] = list(
        Category.objects.filter(code__in=codes).values_list("pk", flat=True)
    )
    if any(kind["incidents"] for kind in kinds) or not known:
        known.append(None)
    shortest = min(_days(book, category) for category in known)
    gone = date.fromordinal(start.toordinal() + shortest)
    if gone >= draws_on:
        return ""
    return (
        f"Some of this footage is kept {shortest} days: that of {keeping.day(start)} until "
        f"{keeping.day(gone)}, and the sample can be drawn from {keeping.day(draws_on)}. What is "
        "disposed of by then is not in it. A shorter period loses less."
    )


def _days(book: rules.Rulebook, category: int | None) -> int:
    try:
        return rules.at_least_days(book.newest(category))
    except LookupError:
        return rules.at_least_days(book.newest(None))
