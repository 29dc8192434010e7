"""One item: its footage in the player, the questions beside it, skipping, the debrief."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.people.table import Scope
from evidence.recordings import actions as footage
from evidence.recordings import pages, player_data, reasons
from evidence.recordings.models import Recording
from evidence.sampling import actions, forms, questions
from evidence.sampling.access import items_to
from evidence.sampling.actions.words import NOT_YOURS, NotSaid
from evidence.sampling.guard import those_who
from evidence.sampling.models import Answer, Item, Question, Review


def _item(user: User, plan: str, item: int) -> Item:
    row = (
        items_to(user)
        .select_related(
            "stratum__plan", "stratum__unit", "recording__officer", "recording__category",
            "recording__incident", "skipped_by", "debriefed_by", "replaces",
        )
        .defer("stratum__frame").filter(pk=item, stratum__plan__reference=plan).first()
    )  # fmt: skip
    if row is None:
        raise NotAllowed(NOT_YOURS)
    return row


@require_GET
@those_who("sample.view")
def item(request: HttpRequest, plan: str, item: int) -> HttpResponse:
    """Watch one item and say what is in it. Its page is a look, for the sample."""
    row = _item(person(request), plan, item)
    return _page(request, row)


def _page(
    request: HttpRequest, row: Item, error: NotSaid | None = None, act: str = ""
) -> HttpResponse:
    user = person(request)
    # The policy asks why somebody looks at others' footage: here the sample is why.
    why = f"Dip sample {row.stratum.plan.reference}"
    reasons.keep(request, row.recording, why)
    try:
        recording = footage.view(
            by=user, reference=row.recording.reference, address=address(request), reason=why
        )
    except Recording.DoesNotExist:
        raise NotAllowed(NOT_YOURS) from None
    own = row.reviews.filter(reviewer=user, session=None).first()
    asked = questions.of(row.stratum.kind)
    typed = request.POST if act == "review" else None
    context = {
        "item": row, "plan": row.stratum.plan, "recording": recording, "error": error, "act": act,
        "player": player_data.player(recording, look=player_data.opened(user.ref, recording)),
        "gaps": player_data.gaps(recording),
        "still": pages.rows([recording], by=user, address=address(request))[0].still,
        "questions": with_answers(asked, own, typed),
        "outcomes": Review.Outcome.choices, "own": own,
        "outcome": typed.get("outcome", "") if typed else own.outcome if own else "",
        "words": typed.get("words", "") if typed else own.words if own else "",
        "reason": request.POST.get("reason", "") if act == "skip" else "",
        "on": request.POST.get("on", "") if act == "debrief" else "",
        "today": timezone.localdate(),
        "others": _others(user, row), "panel_unnamed": user.scope("sample.view") is not Scope.ALL,
        "may_review": user.scope("sample.review") >= Scope.UNIT,
        "before": row.replaces,
    }  # fmt: skip
    return render(request, "sampling/item.html", context, status=422 if error else 200)


def _others(user: User, row: Item) -> list[Review]:
    """What others found, once one has said it oneself: nobody's answers lead another's.

    Concerns are told to professional standards, as whoever writes one is promised, and not to
    who supervises the officer.
    """
    if not row.reviews.filter(reviewer=user).exists() and user.may("sample.review"):
        return []
    found = row.reviews.exclude(reviewer=user)
    if user.scope("sample.view") is not Scope.ALL:
        found = found.exclude(outcome=Review.Outcome.CONCERN)
    return list(
        found.select_related("reviewer", "session").prefetch_related("answers__question")[:50]
    )


def with_answers(
    asked: list[Question], own: Review | None, typed: Any = None
) -> list[dict[str, Any]]:
    """The questions with what stands in their fields."""
    kept = {row.question_id: row for row in own.answers.all()} if own else {}
    found = []
    for question in asked:
        row = kept.get(question.pk)
        value, words = (row.value, row.words) if row else ("", "")
        if typed is not None:
            value = typed.get(f"q-{question.code}", "")
            words = typed.get(f"w-{question.code}", "")
        found.append({"row": question, "value": value, "words": words,
                      "values": Answer.Value.choices, "field": f"q-{question.code}"})  # fmt: skip
    return found


@require_POST
@those_who("sample.review", Scope.UNIT)
def review(request: HttpRequest, plan: str, item: int) -> HttpResponse:
    """Save what one found, and go on to the next that is left."""
    user = person(request)
    row = _item(user, plan, item)
    asked = questions.of(row.stratum.kind)
    try:
        actions.review(
            by=user, item=row.pk, answers=forms.answers(request.POST, asked),
            outcome=request.POST.get("outcome", ""), words=request.POST.get("words", ""),
        )  # fmt: skip
    except NotSaid as refused:
        return _page(request, row, refused, "review")
    messages.success(request, "Saved.")
    return _onwards(user, row)


def _onwards(user: User, row: Item) -> HttpResponse:
    left = items_to(user, "sample.review").filter(
        stratum__plan=row.stratum.plan, state=Item.State.TO_DO
    )
    following = left.filter(pk__gt=row.pk).order_by("pk").first() or left.order_by("pk").first()
    if following is None:
        return redirect("sample", row.stratum.plan.reference)
    return redirect("sample-item", row.stratum.plan.reference, following.pk)


@require_POST
@those_who("sample.review", Scope.UNIT)
def skip(request: HttpRequest, plan: str, item: int) -> HttpResponse:
    """Leave it out, for a reason; the next in the order takes its place."""
    user = person(request)
    row = _item(user, plan, item)
    try:
        following = actions.skip(by=user, item=row.pk, reason=request.POST.get("reason", ""))
    except NotSaid as refused:
        return _page(request, row, refused, "skip")
    if following is None:
        messages.warning(request, "Skipped. There is no other in this stratum to take its place.")
        return redirect("sample", plan)
    messages.success(request, "Skipped. The next in the order takes its place.")
    return _onwards(user, row)


@require_POST
@those_who("sample.review", Scope.UNIT)
def debrief(request: HttpRequest, plan: str, item: int) -> HttpResponse:
    """Say when it was talked through with the officer."""
    user = person(request)
    row = _item(user, plan, item)
    try:
        on = forms.day(request.POST.get("on", ""), "22/11/2026", "on", "the day")
        actions.debrief(by=user, item=row.pk, on=on)
    except NotSaid as refused:
        return _page(request, row, refused, "debrief")
    messages.success(request, "Saved.")
    return redirect("sample-item", plan, row.pk)
