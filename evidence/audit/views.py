"""The auditor's pages: who looked at this, what did they look at, which looks are unusual.

No page here shows footage, a still, or a link to a page that does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.audit import actions, looks, pages, subjects, tables
from evidence.audit.forms import NarrowForm
from evidence.audit.models import Unusual
from evidence.audit.rules import BY_NAME, RULES
from evidence.audit.subjects import NotThere
from evidence.custody.models import Event
from evidence.people.actions import NotAllowed
from evidence.people.fresh import proved_again
from evidence.people.requests import address
from evidence.people.requests import person as who

View = Callable[..., HttpResponse]
NOTHING = "There is nothing with that reference. Check it, or look for the person."


def auditors(view: View) -> View:
    """For auditors; to everybody else the page is not there, and neither is what does not exist."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not who(request).may("audit.view"):
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except (NotThere, NotAllowed):
            raise Http404 from None

    return guarded


@require_GET
@auditors
def home(request: HttpRequest) -> HttpResponse:
    """What is left comes first."""
    return redirect("audit-unusual")


# --- who looked at this ---
@require_http_methods(["GET", "HEAD", "POST"])
@auditors
def recordings(request: HttpRequest) -> HttpResponse:
    """Ask for a recording, or a paper, by its reference. By POST: a reference may say a lot."""
    typed = request.POST.get("reference", "").replace("\0", "").strip()[:80]
    error = ""
    if request.method == "POST":
        try:
            found = subjects.find(who(request), subjects.resolve(typed))
            return redirect("audit-recording", found.ref)
        except NotThere:
            error = NOTHING if typed else "Enter a reference like R-7K3M-9QXD"
    context = {"typed": typed, "error": error}
    return render(request, "audit/recordings.html", context, status=422 if error else 200)


@require_GET
@auditors
def recording(request: HttpRequest, subject: str) -> HttpResponse:
    """Who looked at this, newest first."""
    asked = subjects.find(who(request), subject)
    if asked.ref != subject:
        return redirect("audit-recording", asked.ref)
    form = NarrowForm(request.GET)
    span = form.span()
    actions.read(by=who(request), ref=asked.ref, address=address(request))
    events, older = looks.page(looks.of_object(asked.refs, span))
    context = pages.looks_page(who(request), events, older, form) | {"asked": asked}
    return render(request, "audit/recording.html", context, status=pages.status(form))


@require_POST
@auditors
@proved_again
def recording_csv(request: HttpRequest, subject: str) -> HttpResponse:
    """The same as a file."""
    asked = subjects.find(who(request), subject)
    events = looks.of_object(asked.refs, NarrowForm(request.POST).span(), tables.MOST + 1)
    return _file(request, asked.ref, events)


def _file(request: HttpRequest, ref: str, events: list[Event]) -> HttpResponse:
    lines = pages.lines(who(request), events[: tables.MOST])
    actions.take(by=who(request), ref=ref, address=address(request), lines=lines)
    body = tables.as_csv(lines, more=len(events) > tables.MOST)
    answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="looks-{ref}.csv"'
    return answer


# --- what did they look at ---
@require_http_methods(["GET", "HEAD", "POST"])
@auditors
def people(request: HttpRequest) -> HttpResponse:
    """Find a person. By POST: no name stands in an address."""
    typed = request.POST.get("person", "").replace("\0", "").strip()[:80]
    found, error = [], ""
    if request.method == "POST":
        try:
            return redirect("audit-person", subjects.looker(who(request), typed.upper()).ref)
        except NotThere:
            found = subjects.people(who(request), typed)
        if len(found) == 1:
            return redirect("audit-person", found[0].ref)
        if not found:
            error = "There is nobody like that. Check it." if typed else "Enter a name or number"
    context = {
        "typed": typed, "error": error, "found": found[: subjects.PEOPLE],
        "more": len(found) > subjects.PEOPLE,
    }  # fmt: skip
    return render(request, "audit/people.html", context, status=422 if error else 200)


@require_GET
@auditors
def person(request: HttpRequest, person: str) -> HttpResponse:
    """What somebody looked at, newest first, with how much a day."""
    looker = subjects.looker(who(request), person)
    form = NarrowForm(request.GET)
    span = form.span()
    actions.read(by=who(request), ref=looker.ref, address=address(request))
    events, older = looks.page(looks.of_person(looker.ref, span))
    days, more = looks.counts(who(request), looker.ref, span)
    context = pages.looks_page(who(request), events, older, form) | {
        "looker": looker, "counts": days[: pages.COUNTED_DAYS], "more": more,
    }  # fmt: skip
    return render(request, "audit/person.html", context, status=pages.status(form))


@require_POST
@auditors
@proved_again
def person_csv(request: HttpRequest, person: str) -> HttpResponse:
    """The same as a file."""
    looker = subjects.looker(who(request), person)
    events = looks.of_person(looker.ref, NarrowForm(request.POST).span(), tables.MOST + 1)
    return _file(request, looker.ref, events)


# --- unusual looks ---
@require_GET
@auditors
def unusual(request: HttpRequest) -> HttpResponse:
    """What the rules found, newest unexplained first; or what was explained."""
    rule, shown = request.GET.get("rule", ""), request.GET.get("show", "")
    rows = actions.visible_to(who(request)).filter(explained_at__isnull=shown != "explained")
    if rule in BY_NAME:
        rows = rows.filter(rule=rule)
    before = request.GET.get("before", "")
    if before:
        index, _, pk = before.partition("~")
        if not (_number(index) and _number(pk)):
            raise Http404
        rows = rows.filter(
            Q(event_index__lt=int(index)) | Q(event_index=int(index), pk__lt=int(pk))
        )
    actions.read(by=who(request), ref="unusual", address=address(request))
    rows = rows.select_related("explained_by").order_by("-event_index", "-id")
    found = list(rows[: looks.PAGE + 1])
    last = found[looks.PAGE - 1] if len(found) > looks.PAGE else None
    context = {
        "rows": pages.unusual_rows(found[: looks.PAGE]), "rules": RULES, "rule": rule,
        "shown": shown, "older": f"{last.event_index}~{last.pk}" if last else "",
        "first_page": not before, "query": pages.query(rule=rule, show=shown),
    }  # fmt: skip
    return render(request, "audit/unusual.html", context)


def _number(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


@require_http_methods(["GET", "HEAD", "POST"])
@auditors
def one(request: HttpRequest, unusual: int) -> HttpResponse:
    """One unusual look: what happened, by which rule, and the note that explains it."""
    row = actions.visible_to(who(request)).select_related("explained_by").filter(pk=unusual).first()
    if row is None:
        raise Http404
    note, error = request.POST.get("note", "").replace("\0", ""), ""
    if request.method == "POST":
        try:
            actions.explain(by=who(request), unusual=unusual, note=note)
            messages.success(request, "Explained. It stands in the log and under Explained.")
            return redirect("audit-unusual")
        except ValueError as refused:
            error = str(refused)
    # What was explained leads away; whatever shows the page, this or an error, is a look.
    actions.read(by=who(request), ref=row.person, address=address(request))
    return render(request, "audit/one.html", _one(request, row, note, error),
                  status=422 if error else 200)  # fmt: skip


def _one(request: HttpRequest, row: Unusual, note: str, error: str) -> dict[str, Any]:
    events = list(Event.objects.filter(index=row.event_index).defer("leaf"))
    return {
        "row": pages.unusual_rows([row])[0], "note": note, "error": error,
        "lines": pages.lines(who(request), events), "most": actions.MOST_NOTE,
    }  # fmt: skip
