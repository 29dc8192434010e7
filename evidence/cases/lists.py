"""The list of cases: what is left to do first, then the next day in court. Pages by a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case as Choose
from django.db.models import (
    DateField,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils import timezone

from evidence.cases.access import of_team, visible_to
from evidence.cases.models import Case, CaseLink, CourtDate
from evidence.people.models import User
from evidence.people.table import Scope

PAGE = 50
SOON = timedelta(days=14)
NEVER = date(9999, 1, 1)
CLOSED = Case.Status.CLOSED


@dataclass(frozen=True)
class Row:
    """One case in the list: what is to be done, as (colour, words)."""

    case: Case
    todo: list[tuple[str, str]]


@dataclass(frozen=True)
class Page:
    """One page, and the cursor of the next; None where there is none."""

    rows: list[Row]
    older: str | None


def annotated(cases: QuerySet[Case]) -> QuerySet[Case]:
    """With the next day in court, and what is left to do."""
    today = timezone.localdate()
    listed = CourtDate.objects.filter(case=OuterRef("pk"), removed_at=None)
    ahead = listed.filter(date__gte=today).order_by("date").values("date")[:1]
    linked = CaseLink.objects.filter(case=OuterRef("pk"), unlinked_at=None)
    return cases.annotate(
        next_court=Subquery(ahead, output_field=DateField()),
        has_been=Exists(listed.filter(date__lt=today)),
        has_footage=Exists(linked),
    ).annotate(
        soon=_yes(Q(next_court__lte=today + SOON)),
        no_result=_yes(
            Q(result="") & (Q(status=CLOSED) | Q(has_been=True, next_court__isnull=True))
        ),
        ended=_yes(Q(holds_released_at=None, keep_until__lt=today, has_footage=True)),
    )


def _yes(rule: Q) -> Choose:
    return Choose(When(rule, then=Value(1)), default=Value(0), output_field=IntegerField())


def page(reader: User, *, everybody: bool = False, closed: bool = False, before: str = "") -> Page:
    """One page: three queries at most, however many cases there are.

    One's own cases stand with what is to be done first. Those of everybody (for whom may see
    more) stand newest first: that order is an index, whatever the number.
    """
    rows = visible_to(reader)
    if not everybody and reader.scope("case.view") > Scope.OWN:
        rows = rows.filter(of_team(reader))
    if not everybody:
        done = Q(status=CLOSED, holds_released_at__isnull=False)
        rows = rows.filter(status=CLOSED) if closed else rows.exclude(done)
    rows = annotated(rows).select_related("officer_in_case")
    if everybody:
        found = list(_newest(rows, before)[: PAGE + 1])
    else:
        found = list(_urgent(rows, before)[: PAGE + 1])
    more, shown = len(found) > PAGE, found[:PAGE]
    older = None
    if more:
        last = shown[-1]
        older = str(last.pk) if everybody else _cursor(last)
    return Page([Row(case, todo(case)) for case in shown], older)


def _newest(rows: QuerySet[Case], before: str) -> QuerySet[Case]:
    if before:
        rows = rows.filter(pk__lt=_number(before))
    return rows.order_by("-pk")


def _urgent(rows: QuerySet[Case], before: str) -> QuerySet[Case]:
    rows = rows.annotate(
        rank=_yes(Q(soon=0, no_result=0, ended=0)),
        day=Coalesce("next_court", Value(NEVER), output_field=DateField()),
    )
    if before:
        rank, day, pk = _place(before)
        rows = rows.filter(
            Q(rank__gt=rank) | Q(rank=rank, day__gt=day) | Q(rank=rank, day=day, pk__lt=pk)
        )
    return rows.order_by("rank", "day", "-pk")


def _cursor(case: Case) -> str:
    return f"{case.rank}~{case.day.isoformat()}~{case.pk}"  # type: ignore[attr-defined]


def _place(text: str) -> tuple[int, date, int]:
    rank, _, rest = text.partition("~")
    day, _, pk = rest.partition("~")
    try:
        return _number(rank, most=1), date.fromisoformat(day), _number(pk)
    except ValueError:
        raise Http404 from None


def _number(text: str, most: int = 2**63 - 1) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= most):
        raise Http404
    return int(text)


def todo(case: Case) -> list[tuple[str, str]]:
    """What is to be done in a case that a list or a page has asked for, as (colour, words)."""
    found = []
    if case.soon:  # type: ignore[attr-defined]
        days = (case.next_court_date - timezone.localdate()).days if case.next_court_date else 0
        when = {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")
        found.append(("amber", f"In court {when}"))
    if case.no_result:  # type: ignore[attr-defined]
        found.append(("amber", "Result missing"))
    if case.ended:  # type: ignore[attr-defined]
        found.append(("amber", "Period ended"))
    return found


def recent(reader: User, most: int = 10) -> Sequence[Case]:
    """The cases that somebody works on, the newest changed first: to choose one from."""
    rows = visible_to(reader, "case.change").filter(of_team(reader)).exclude(status=CLOSED)
    return list(rows.order_by(Coalesce("changed_at", "created").desc(), "-pk")[:most])
