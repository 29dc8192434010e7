"""The pages of samples: the list, committing, one plan, drawing, taking away, learning."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.people.actions import NotAllowed
from evidence.people.fresh import proved_again
from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.people.table import Scope
from evidence.sampling import actions, forms, frames, proof, stats
from evidence.sampling.access import concerns_to, items_to, plans_to, reviews_to
from evidence.sampling.actions.words import NOT_YOURS, NotSaid
from evidence.sampling.draw import ALGORITHM
from evidence.sampling.guard import those_who
from evidence.sampling.models import OVERDUE_DAYS, Item, PanelSession, Plan, Review

PAGE = 50
STATES = {
    "committed": ("blue", "Committed"), "due": ("amber", "To draw"), "overdue": ("red", "Overdue"),
    "drawn": ("plain", "Drawn"),
}  # fmt: skip


def _past(text: str) -> int | None:
    """The row's number that a page goes on from; None for the first page. Raises Http404."""
    if text and not forms.is_number(text):
        raise Http404
    return int(text) if text else None


@require_GET
@those_who("sample.view")
def plans(request: HttpRequest) -> HttpResponse:
    """Every plan that was committed, newest first; none can be dropped from it."""
    user = person(request)
    rows = plans_to(user).order_by("-pk")
    before = _past(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    context = {
        "rows": [(plan, *STATES[plan.state()], counts) for plan, counts in _counted(user, shown)],
        "older": shown[-1].pk if len(found) > PAGE else "", "first_page": before is None,
        "may_draw": user.may("sample.draw"), "overdue_days": OVERDUE_DAYS,
        "concerns": list(concerns_to(user).filter(noted_at=None).values("pk")[:100]),
        "may_note": user.scope("sample.review") is Scope.ALL,
    }  # fmt: skip
    return render(request, "sampling/plans.html", context)


def _counted(user: User, shown: list[Plan]) -> list[tuple[Plan, dict[str, int]]]:
    items = items_to(user).filter(stratum__plan__in=shown).order_by()
    counts: dict[int, dict[str, int]] = {}
    for plan, state, count in items.values_list("stratum__plan", "state").annotate(Count("pk")):
        counts.setdefault(plan, {})[state] = count
    return [(plan, counts.get(plan.pk, {})) for plan in shown]


@require_http_methods(["GET", "HEAD", "POST"])
@those_who("sample.draw")
def new(request: HttpRequest) -> HttpResponse:
    """Commit to a sample; where footage may go before it is drawn, only after saying so."""
    sent, error, warning = (request.POST if request.method == "POST" else None), None, ""
    if sent is not None:
        try:
            wish = forms.wish(sent)
            actions.check(wish)
            warning = "" if sent.get("sure") else wish.warning
            if not warning:
                made = actions.commit(by=person(request), wish=wish)
                messages.success(request, f"Committed. The log has it as {made.commitment[:16]}….")
                return redirect("sample", made.reference)
        except NotSaid as refused:
            error = refused
    context = {
        "typed": sent or {"each": "5"}, "error": error, "warning": warning,
        "kinds": forms.kinds_with_choices(sent), "units": forms.units_with_choices(sent),
    }  # fmt: skip
    return render(request, "sampling/new.html", context, status=422 if error else 200)


def found_plan(user: User, reference: str) -> Plan:
    """The plan, for whoever may know of it. Raises NotAllowed."""
    plan = plans_to(user).select_related("committed_by", "drawn_by").filter(reference=reference)
    row = plan.first()
    if row is None:
        raise NotAllowed(NOT_YOURS)
    return row


@require_GET
@those_who("sample.view")
def plan(request: HttpRequest, plan: str) -> HttpResponse:
    """One plan: what is left to review, strata, proof."""
    user, row = person(request), found_plan(person(request), plan)
    return render(request, "sampling/plan.html", _plan(request, user, row))


def _plan(request: HttpRequest, user: User, row: Plan, error: str = "") -> dict[str, Any]:
    show, after = request.GET.get("show", ""), _past(request.GET.get("after", ""))
    state = show if show in Item.State.values else str(Item.State.TO_DO)
    items = items_to(user).filter(stratum__plan=row, state=state).order_by("pk")
    if after is not None:
        items = items.filter(pk__gt=after)
    items = items.select_related(
        "recording__officer", "stratum__unit", "skipped_by", "replaces"
    ).defer("stratum__frame")
    found = list(items[: PAGE + 1])
    counts, answers = stats.by_stratum(user, row), stats.answered(user, row)
    colour, words = STATES[row.state()]
    kinds = row.parameters["kinds"]
    everything = user.may("sample.draw")
    return {
        "plan": row, "colour": colour, "state_words": words, "kinds": kinds, "error": error,
        "items": found[:PAGE], "next": found[PAGE - 1].pk if len(found) > PAGE else "",
        "show": state, "states": Item.State.choices, "first_page": after is None,
        "counts": counts, "bars": stats.bars(answers), "bar": stats.BAR,
        "may_draw": everything,
        "may_review": user.scope("sample.review") >= Scope.UNIT,
        "sessions": PanelSession.objects.filter(plan=row)[:20] if everything else [],
        "warning": "" if row.drawn_at else frames.retention_warning(
            row.start, kinds, row.draws_on),
        "overdue_days": OVERDUE_DAYS,
    }  # fmt: skip


@require_GET
@those_who("sample.view")
def proved(request: HttpRequest, plan: str) -> HttpResponse:
    """The plan held against the log, and drawn again, step by step: read anew each time."""
    row = found_plan(person(request), plan)
    context = {"plan": row, "steps": proof.steps(row), "algorithm": ALGORITHM}
    return render(request, "sampling/proof.html", context)


@require_POST
@those_who("sample.draw")
def draw(request: HttpRequest, plan: str) -> HttpResponse:
    """Reveal the seed and draw."""
    user, row = person(request), found_plan(person(request), plan)
    try:
        actions.draw(by=user, plan=row)
    except actions.NotDrawn as refused:
        context = _plan(request, user, found_plan(user, plan), str(refused))
        return render(request, "sampling/plan.html", context, status=422)
    messages.success(
        request, "Drawn. The seed and the digests of frames and sample are in the log."
    )
    return redirect("sample", row.reference)


@require_POST
@those_who("sample.draw")
@proved_again
def export(request: HttpRequest, plan: str) -> HttpResponse:
    """The sample as a file with which anybody draws it again."""
    user, row = person(request), found_plan(person(request), plan)
    if row.drawn_at is None:
        raise NotAllowed(NOT_YOURS)
    actions.export(by=user, plan=row, address=address(request))
    body = json.dumps(proof.document(row), indent=1, ensure_ascii=False)
    answer = HttpResponse(body, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="sample-{row.reference}.json"'
    return answer


@require_GET
@those_who("sample.view")
def table(request: HttpRequest, plan: str) -> HttpResponse:
    """The counts as a file for a spreadsheet: no recording, no name."""
    user, row = person(request), found_plan(person(request), plan)
    body = stats.as_csv(row, stats.by_stratum(user, row), stats.answered(user, row))
    answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="sample-{row.reference}.csv"'
    return answer


@require_GET
@those_who("sample.view")
def learning(request: HttpRequest) -> HttpResponse:
    """Good practice and learning, newest first: what others can take from it, nobody's name."""
    user, before = person(request), _past(request.GET.get("before", ""))
    rows = reviews_to(user).filter(
        outcome__in=[Review.Outcome.GOOD, Review.Outcome.LEARNING]
    ).order_by("-pk")  # fmt: skip
    if before is not None:
        rows = rows.filter(pk__lt=before)
    rows = rows.select_related("item__stratum__plan", "item__stratum__unit", "session")
    found = list(rows.defer("item__stratum__frame")[: PAGE + 1])
    context = {
        "rows": found[:PAGE], "older": found[PAGE - 1].pk if len(found) > PAGE else "",
        "first_page": before is None,
    }  # fmt: skip
    return render(request, "sampling/learning.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@those_who("sample.review", Scope.ALL)
def concerns(request: HttpRequest) -> HttpResponse:
    """Concerns, for professional standards: what was done about each is said by a person."""
    error, user = None, person(request)
    if request.method == "POST":
        chosen = request.POST.get("review", "")
        try:
            actions.note(by=user, review=int(chosen) if forms.is_number(chosen) else 0,
                         words=request.POST.get("note", ""))  # fmt: skip
            messages.success(request, "Noted. It stands in the log and under Noted.")
            return redirect("sample-concerns")
        except NotSaid as refused:
            error = refused
    noted = request.GET.get("show", "") == "noted"
    rows = concerns_to(user).filter(noted_at__isnull=not noted).order_by("-pk")
    rows = rows.select_related(
        "item__stratum__plan", "item__stratum__unit", "item__recording__officer", "reviewer",
        "noted_by", "session",
    ).defer("item__stratum__frame")  # fmt: skip
    context = {
        "rows": list(rows[:PAGE]), "noted": noted, "error": error,
        "chosen": request.POST.get("review", ""), "typed": request.POST.get("note", ""),
    }  # fmt: skip
    return render(request, "sampling/concerns.html", context, status=422 if error else 200)
