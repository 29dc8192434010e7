"""The pages of accounting and storage: counts, references and keys; no footage and no name."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from evidence.people.gate import those_who
from evidence.people.requests import person as who
from ingest.accounting import charts, cold, lists, runs, said, storage
from ingest.accounting.models import Finding, Measured, Run

# For those who may see the counts.
counters = those_who("accounting.view")


@require_safe
@counters
def accounting(request: HttpRequest) -> HttpResponse:
    """The last whole count in words, what it found, and since when."""
    done = runs.last_done()
    newest = Run.objects.exclude(state=Run.State.RUNNING).order_by("-started").first()
    kind = lists.kind_of(request.GET.get("kind", ""), done)
    page = lists.page(kind, request.GET.get("after", ""))
    return render(
        request, "accounting/accounting.html",
        {
            "run": done, "running": runs.running(), "kind": kind, "page": page,
            "stopped": newest if newest and newest.state == Run.State.FAILED else None,
            "sentences": said.of_run(done) if done else [],
            "buckets": said.buckets(done) if done else [],
            "tabs": said.tabs(done) if done else [],
            "is_gap": kind == Finding.Kind.GAP,
        },
    )  # fmt: skip


@require_POST
@counters
def count(request: HttpRequest) -> HttpResponse:
    """Have everything counted again, one count at a time."""
    try:
        runs.ask(by=who(request))
        messages.success(request, "Counting has begun. The outcome will stand here.")
    except runs.Busy as error:
        messages.warning(request, str(error))
    return redirect("accounting")


@require_safe
@counters
def storage_page(request: HttpRequest) -> HttpResponse:
    """What the store holds, what that costs, and how long there is room."""
    today = timezone.localdate()
    weeks = storage.weeks(today)
    classes = storage.classes()
    return render(
        request, "accounting/storage.html",
        {
            "measured": Measured.objects.filter(pk=1).exclude(at=None).first(),
            "forecast": storage.forecast(today),
            "tables": [
                ("what", "By what it is", storage.parts("what")),
                ("age", "By age of the recording", storage.parts("age")),
                ("category", "By category", storage.parts("category")),
                ("unit", "By unit", storage.parts("unit")),
            ],
            "classes": classes, "money": storage.total_money(classes),
            "priced": any(part.money is not None for part in classes),
            "weeks": weeks, "days": storage.days(today), "chart": charts.chart(weeks),
            "cold": cold.words(),
        },
    )  # fmt: skip
