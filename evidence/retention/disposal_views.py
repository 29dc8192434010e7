"""The pages of disposal: what is due, batches on their way, what was disposed of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.people import gate
from evidence.people.gate import View
from evidence.people.models import User
from evidence.people.requests import person
from evidence.recordings.keeping import day
from evidence.recordings.models import Rule
from evidence.recordings.refusals import refuse
from evidence.retention import actions, certificate, destroying, disposal_pages, due
from evidence.retention.actions.releasing import MOST
from evidence.retention.models import Batch, Due, Item
from evidence.retention.reckoning import words_of

RELATED = ("rule__category", "rule__group", "proposed_by", "decided_by")
READS = require_http_methods(["GET", "HEAD", "POST"])


def those_who(permission: str, *, proved: bool = False) -> Callable[[View], View]:
    """As every gate; and it is written down who asked for what is not theirs."""
    return gate.those_who(permission, proved=proved, refuse=refuse)


def _past(request: HttpRequest, name: str) -> int | None:
    """The row's number that a page goes on from. Raises Http404."""
    text = request.GET.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    return int(text) if text else None


@require_GET
@those_who("retention.view")
def due_list(request: HttpRequest) -> HttpResponse:
    """What may go: held up, waiting, due now, soon, by a rule of its own; what is on its way."""
    user, now = person(request), timezone.now()
    stuck = list(disposal_pages.held_up(user)[:11])
    context = {
        "stuck": stuck[:10], "more_stuck": len(stuck) > 10,
        "waiting": disposal_pages.tagged(disposal_pages.batches("proposed")[:20]),
        "groups": due.groups(by_rule=False, to=now, by=user),
        "soon": due.groups(by_rule=False, after=now, to=now + due.look_ahead(), by=user),
        "by_rule": due.groups(by_rule=True, to=now + due.look_ahead(), by=user),
        "on_way": [
            (*row, disposal_pages.left(row[0]))
            for row in disposal_pages.tagged(disposal_pages.batches("leaving")[:20])
        ],
        "as_of": due.as_of(), "may_propose": user.may("retention.propose"), "now": now,
    }  # fmt: skip
    return render(request, "retention/due.html", context)


def _rule(number: int) -> Rule:
    found = Rule.objects.select_related("category", "group").filter(pk=number).first()
    if found is None:
        raise Http404
    return found


@require_GET
@those_who("retention.view")
def due_of_rule(request: HttpRequest, rule: int) -> HttpResponse:
    """What one rule let go of, the longest waiting first; no footage is shown."""
    row, after = _rule(rule), _past(request, "after")
    rows = due.of_rule(row, by_rule=False, to=timezone.now())
    rows = rows.exclude(recording__officer=person(request))
    if after is not None:
        last = Due.objects.filter(pk=after).values_list("until", flat=True).first()
        rows = due.beyond(rows, last, after) if last else rows.none()
    found = list(rows[: due.PAGE + 1])
    context = {
        "rule": row, "words": words_of(row), "rows": found[: due.PAGE],
        "after": found[due.PAGE - 1].pk if len(found) > due.PAGE else None,
        "first_page": after is None, "may_propose": person(request).may("retention.propose"),
    }  # fmt: skip
    return render(request, "retention/due_of_rule.html", context)


@READS
@those_who("retention.propose", proved=True)
def propose(request: HttpRequest, rule: int) -> HttpResponse:
    """The dry run: what would be proposed and what goes with it; then, with a reason, the act."""
    row, error, field = _rule(rule), "", "reason"
    typed = request.POST if request.method == "POST" else request.GET
    asked = typed.get("most", str(MOST)).strip()
    most = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 0
    if not 1 <= most <= MOST:
        error, field, most = f"Enter a number from 1 to {MOST:,}", "most", MOST
    trial = due.trial(row, most, person(request))
    if request.method == "POST" and not error and request.POST.get("do") == "propose":
        try:
            made = actions.propose(
                by=person(request), rule=row, recordings=trial.recordings,
                reason=request.POST.get("reason", ""),
            )  # fmt: skip
        except actions.NotSaid as refused:
            error = str(refused)
        else:
            words = f"Proposed as {made.reference}. A different person has to approve it."
            left_out = len(trial.recordings) - made.count
            if left_out:
                words += f" {left_out:,} were left out: they are not due any more."
            messages.success(request, words)
            return redirect("batch", made.reference)
    context = {
        "rule": row, "trial": trial, "count": len(trial.recordings), "most": MOST,
        "typed_most": asked, "reason": request.POST.get("reason", ""), "error": error,
        "field": field,
    }  # fmt: skip
    return render(request, "retention/propose.html", context, status=422 if error else 200)


@require_GET
@those_who("retention.view")
def batches(request: HttpRequest) -> HttpResponse:
    """Every batch, newest first."""
    show = request.GET.get("show", "")
    before = _past(request, "before")
    shown, older = disposal_pages.page_of(disposal_pages.batches(show), before)
    context = {
        "rows": [(*row, disposal_pages.left(row[0])) for row in disposal_pages.tagged(shown)],
        "older": older, "first_page": before is None, "show": show,
        "query": f"show={show}" if show in Batch.State.values else "",
        "states": [("", "All"), *((state.value, disposal_pages.TAGS[state.value][1])
                                  for state in Batch.State)],
    }  # fmt: skip
    return render(request, "retention/batches.html", context)


def _batch(reference: str) -> Batch:
    rows = Batch.objects.select_related(*RELATED)
    found = rows.filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


@require_GET
@those_who("retention.view")
def batch(request: HttpRequest, batch: str) -> HttpResponse:
    """One batch: what is in it, who let go of it, how far it is."""
    return render(request, "retention/batch.html", _page(request, _batch(batch)))


def _page(request: HttpRequest, row: Batch, error: str = "", field: str = "") -> dict[str, Any]:
    user, after = person(request), _past(request, "after")
    show = request.GET.get("show", "")
    mine = disposal_pages.items_for(user, row)
    items = mine.order_by("pk").select_related("recording__category", "ended_by")
    if show == "stuck":
        items = items.exclude(problem="")
    elif show in Item.State.values:
        items = items.filter(state=show)
    if after is not None:
        items = items.filter(pk__gt=after)
    found = list(items[: disposal_pages.PAGE + 1])
    shown = found[: disposal_pages.PAGE]
    counts = disposal_pages.counts(mine)
    [(_, colour, words)] = disposal_pages.tagged([row])
    return {
        "batch": row, "colour": colour, "state_words": words, "counts": counts,
        "left": disposal_pages.left(row), "lines": disposal_pages.lines(user, shown),
        "after": shown[-1].pk if len(found) > disposal_pages.PAGE else None,
        "first_page": after is None, "show": show, "along": due.goes_along(_open(row)),
        "own": row.proposed_by_id == user.pk,
        "may_decide": row.state == Batch.State.PROPOSED and user.may("retention.approve"),
        "may_restore": user.may("retention.restore")
        and any(words == disposal_pages.TAGS[Item.State.LEAVING][1] for words, _ in counts),
        "may_again": user.may("retention.propose"),
        "has_certificate": any(words == "Disposed of" for words, _ in counts),
        "stuck": list(mine.exclude(problem="").select_related("recording")[:5]),
        "error": error, "field": field, "reason": request.POST.get("reason", ""),
        "decision": request.POST.get("decision", ""),
    }  # fmt: skip


def _open(row: Batch) -> list[int]:
    if row.state != Batch.State.PROPOSED:
        return []
    return list(row.items.values_list("recording", flat=True)[:MOST])


def _again(request: HttpRequest, row: Batch, error: str, field: str) -> HttpResponse:
    row.refresh_from_db()
    context = _page(request, _batch(row.reference), error, field)
    return render(request, "retention/batch.html", context, status=422)


@require_POST
@those_who("retention.approve", proved=True)
def decide(request: HttpRequest, batch: str) -> HttpResponse:
    """Approve or refuse, as a different person."""
    row, user = _batch(batch), person(request)
    reason, decision = request.POST.get("reason", ""), request.POST.get("decision", "")
    shown = request.POST.get("shown", "")
    if decision not in ("approve", "refuse"):
        return _again(request, row, "Select whether it may go", "decision")
    try:
        if decision == "refuse":
            row = actions.refuse(by=user, batch=row, reason=reason)
        else:
            count = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 9 else None
            row = actions.approve(by=user, batch=row, reason=reason, shown=count)
    except actions.NotSaid as error:
        return _again(request, row, str(error), "" if reason.strip("\0 ") else "reason")
    if row.state == Batch.State.LEAVING and row.goes_at is not None:
        until = day(timezone.localtime(row.goes_at).date())
        messages.success(request, f"Approved. It can be restored until {until}.")
    else:
        messages.success(request, "Refused. Everything in it is kept.")
    return redirect("batch", row.reference)


@require_POST
@those_who("retention.restore")
def restore(request: HttpRequest, batch: str) -> HttpResponse:
    """Keep everything in it whose destruction has not begun."""
    row = _batch(batch)
    try:
        kept, late = actions.restore_all(
            by=person(request), batch=row, reason=request.POST.get("reason", "")
        )
    except actions.NotSaid as error:
        return _again(request, row, str(error), "restore-reason")
    words = f"{kept:,} restored. A fresh period runs for each."
    messages.success(request, f"{words} For {late:,} it was too late." if late else words)
    return redirect("batch", row.reference)


@require_POST
@those_who("retention.restore")
def restore_one(request: HttpRequest, batch: str, item: int) -> HttpResponse:
    """Keep one recording after all."""
    row = _batch(batch)
    rows = disposal_pages.items_for(person(request), row)
    found = rows.select_related("recording").filter(pk=item).first()
    if found is None:
        raise Http404
    try:
        fresh = actions.restore(
            by=person(request), item=found, reason=request.POST.get("reason", "")
        )
    except actions.NotSaid as error:
        return _again(request, row, str(error), f"reason-{item}")
    until = day(timezone.localtime(fresh.until).date())
    words = f"{found.recording.reference} is restored. A fresh period runs until {until}."
    messages.success(request, words)
    return redirect("batch", row.reference)


@require_POST
@those_who("retention.propose")
def again(request: HttpRequest, batch: str) -> HttpResponse:
    """Somebody mended what stood in the way: try now, not after the pause."""
    row = _batch(batch)
    stuck = list(row.items.exclude(problem="").values_list("pk", flat=True))
    if destroying.try_again(stuck):
        messages.success(request, "It is tried again within a minute.")
    return redirect("batch", row.reference)


@require_GET
@those_who("retention.view")
def disposed(request: HttpRequest) -> HttpResponse:
    """What was disposed of: found by reference or fingerprint, the newest first."""
    typed, before = request.GET.get("q", "").strip()[:100], _past(request, "before")
    shown, older = disposal_pages.page_of(disposal_pages.tombstones(person(request), typed), before)
    context = {"rows": shown, "older": older, "first_page": before is None, "typed": typed}
    return render(request, "retention/disposed.html", context)


@require_GET
@those_who("retention.view")
def paper(request: HttpRequest, batch: str) -> HttpResponse:
    """The certificate of disposal, as a file."""
    row, user = _batch(batch), person(request)
    assert isinstance(user, User)
    try:
        made = certificate.make(by=user, batch=row)
    except certificate.NoCertificate as error:
        return _again(request, row, str(error), "")
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="disposal-{row.reference}.pdf"'
    return answer
