"""Figures of complaints in the admin: a page of charts with their tables, and each as a file."""

from __future__ import annotations

import hashlib
from datetime import date
from urllib.parse import urlencode

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evidence.complaints import charts, statistics
from evidence.complaints.admin.about import a_day, context
from evidence.complaints.admin.letters import as_file
from evidence.complaints.clocks import said
from evidence.complaints.statistics import Span
from evidence.complaints.workdays import months_after
from evidence.custody import spreadsheet
from evidence.custody.record import Draft, Subject, record
from evidence.people import fresh
from evidence.people.models import User
from evidence.people.office import staff
from evidence.people.requests import address

EARLIEST = date(1990, 1, 1)


class SpanError(ValueError):
    """Days that no figures can be made of. Its sentence is for a person."""


def span_of(asked: QueryDict, today: date) -> Span:
    """From which day to which; by themselves the last twelve months. Raises SpanError."""
    if not (asked.get("since") or asked.get("until")):
        return statistics.default_span(today)
    first, last = a_day(asked.get("since", "")), a_day(asked.get("until", ""))
    if first is None or last is None:
        raise SpanError("Enter both days, like 1 12 2025 and 30 11 2026.")
    if first > last:
        raise SpanError(f"Choose a last day that is not before the first, {said(first)}.")
    if first < EARLIEST or last > months_after(today, 12):
        raise SpanError("Choose days since 1990, and not more than a year ahead.")
    if months_after(first, statistics.MOST_MONTHS) < last:
        raise SpanError("Choose ten years at most.")
    return Span(first, last)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Every figure, of complaints received in a span of time, that the reader may see."""
    by = _reader(request)
    today = timezone.localdate()
    error = ""
    try:
        span = span_of(request.GET, today)
    except SpanError as refused:
        span, error = statistics.default_span(today), str(refused)
    found = statistics.figures(by, span, today)
    shown = context(request, None, "Statistics of complaints") | {
        "figures": [(item, charts.chart(item)) for item in found],
        "span": span, "error": error, "years": _years(today),
        "first": request.GET.get("since", "") if error else span.first.isoformat(),
        "last": request.GET.get("until", "") if error else span.last.isoformat(),
    }  # fmt: skip
    return render(request, "complaints/statistics.html", shown, status=422 if error else 200)


def _years(today: date) -> list[tuple[int, str]]:
    """This year and the four before it, with their addresses."""
    return [
        (year, urlencode({"since": f"{year}-01-01", "until": f"{year}-12-31"}))
        for year in range(today.year, today.year - 5, -1)
    ]


def _reader(request: HttpRequest) -> User:
    by = staff(request)
    if not by.may("complaint.view"):
        raise Http404
    return by


@require_POST
def csv(request: HttpRequest, figure: str) -> HttpResponse:
    """One figure as a file for a spreadsheet; taking it is an event, and needs a fresh proof."""
    by = _reader(request)
    fresh.require(request)
    try:
        span = span_of(request.POST, timezone.localdate())
        found = statistics.figure(by, figure, span)
    except (KeyError, SpanError):
        raise Http404 from None
    rows = [*found.rows, (), (f"{found.title}. {span.words}. {found.note}".strip(),)]
    made = spreadsheet.as_csv(found.head, rows)
    with transaction.atomic():
        record(
            Draft(
                "complaint.exported", Subject("complaints"), by.actor(address(request)),
                data={"kind": f"statistics {figure}", "size": len(made),
                      "sha256": hashlib.sha256(made).hexdigest()},
                private={"name": by.short, "address": address(request)},
            )
        )  # fmt: skip
    name = f"complaints-{figure}-{span.first}-{span.last}.csv"
    return as_file(made, name, "text/csv; charset=utf-8")
