"""Sessions of the scrutiny panel: set by professional standards; watched at /panel/."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.recordings import player_data
from evidence.recordings.damage import Damaged
from evidence.recordings.models import Rendition
from evidence.sampling import actions, forms, questions
from evidence.sampling.access import open_to, plans_to, sessions_to, shown_in, to_choose
from evidence.sampling.actions.panel import MOST_ITEMS
from evidence.sampling.actions.words import NOT_YOURS, NotSaid
from evidence.sampling.guard import those_who
from evidence.sampling.item_views import with_answers
from evidence.sampling.models import PanelSession, Review
from evidence.sampling.views import found_plan
from evidence.store import s3

MOST_CHOICES = 500

# --- at /samples/: for those who draw ---


@require_http_methods(["GET", "HEAD", "POST"])
@those_who("sample.draw")
def seat(request: HttpRequest, plan: str) -> HttpResponse:
    """Set a session for a plan that was drawn."""
    user = person(request)
    row, error = found_plan(user, plan), None
    if row.drawn_at is None:
        raise NotAllowed(NOT_YOURS)
    if request.method == "POST":
        try:
            made = actions.seat(by=user, plan=row, wish=forms.sitting(request.POST))
            messages.success(request, "Set. The chair chooses what the panel sees.")
            return redirect("panel-set", made.reference)
        except NotSaid as refused:
            error = refused
    chosen = {name: request.POST.getlist(name) for name in ("members", "chair")}
    people = [
        (one, str(one.pk) in chosen["members"], str(one.pk) in chosen["chair"])
        for one in forms.panel_members()
    ]
    page = {"plan": row, "error": error, "people": people, "typed": request.POST}
    return render(request, "sampling/seat.html", page, status=422 if error else 200)


def _session(user: User, session: str) -> PanelSession:
    row = (
        PanelSession.objects.filter(plan__in=plans_to(user), reference=session)
        .select_related("plan", "chair", "made_by", "closed_by").first()
    )  # fmt: skip
    if row is None:
        raise NotAllowed(NOT_YOURS)
    return row


@require_GET
@those_who("sample.draw")
def set_session(request: HttpRequest, session: str) -> HttpResponse:
    """A session as professional standards see it: who, when, what was chosen, what was found."""
    row = _session(person(request), session)
    found = row.reviews.select_related("reviewer", "item__stratum__unit", "item__recording")
    page = {
        "session": row, "state": row.state(), "members": row.members.order_by("name"),
        "items": shown_in(row).select_related("recording", "stratum__unit")
        .defer("stratum__frame")[:MOST_ITEMS],
        "reviews": found.defer("item__stratum__frame").prefetch_related("answers__question")[:200],
    }  # fmt: skip
    return render(request, "sampling/session.html", page)


@require_POST
@those_who("sample.draw")
def close(request: HttpRequest, session: str) -> HttpResponse:
    """End it now."""
    user = person(request)
    actions.close(by=user, session=_session(user, session))
    messages.success(request, "Closed. The panel's pages are gone; what plays stops in minutes.")
    return redirect("panel-set", session)


# --- at /panel/: for its members ---


@require_GET
@those_who("panel.view")
def home(request: HttpRequest) -> HttpResponse:
    """The member's sessions that are not over."""
    user, now = person(request), timezone.now()
    rows = sessions_to(user).select_related("plan").order_by("opens_at")[:50]
    page = {"rows": [(row, row.state(now), row.chair_id == user.pk) for row in rows]}
    return render(request, "sampling/panel_home.html", page)


def _of_member(user: User, session: str, *, opened: bool) -> PanelSession:
    rows = open_to(user) if opened else sessions_to(user)
    row = rows.select_related("plan", "chair").filter(reference=session).first()
    if row is None:
        raise NotAllowed(NOT_YOURS)
    return row


@require_GET
@those_who("panel.view")
def panel(request: HttpRequest, session: str) -> HttpResponse:
    """What the panel sees in this session."""
    user = person(request)
    row = _of_member(user, session, opened=True)
    mine = set(Review.objects.filter(session=row, reviewer=user).values_list("item", flat=True))
    items = shown_in(row).select_related("recording", "stratum__unit").defer("stratum__frame")
    page = {
        "session": row, "is_chair": row.chair_id == user.pk,
        "items": [(item, item.pk in mine) for item in items[:MOST_ITEMS]],
    }  # fmt: skip
    return render(request, "sampling/panel.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@those_who("panel.view")
def choose(request: HttpRequest, session: str) -> HttpResponse:
    """The chair chooses; to every other member this page is not there."""
    user = person(request)
    row, error = _of_member(user, session, opened=False), None
    if row.chair_id != user.pk:
        raise NotAllowed(NOT_YOURS)
    if request.method == "POST":
        try:
            actions.choose(by=user, session=row, items=forms.ticked_items(request.POST))
            messages.success(request, "Saved.")
            return redirect("panel-choose", session)
        except NotSaid as refused:
            error = refused
    ticked = set(row.items.values_list("pk", flat=True))
    if error:
        ticked = set(forms.ticked_items(request.POST))
    rows = to_choose(row).select_related("recording", "stratum__unit").defer("stratum__frame")
    page = {
        "session": row, "error": error, "most": MOST_ITEMS, "state": row.state(),
        "rows": [(item, item.pk in ticked) for item in rows[:MOST_CHOICES]],
    }  # fmt: skip
    return render(request, "sampling/choose.html", page, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@those_who("panel.view")
def watch(request: HttpRequest, session: str, item: int) -> HttpResponse:
    """Watch one item and write down what one finds. No download, no mark, nothing but the film."""
    user, error = person(request), None
    if request.method == "POST":
        held = _of_member(user, session, opened=True)
        row = shown_in(held).select_related("stratum").filter(pk=item).first()
        if row is None:
            raise NotAllowed(NOT_YOURS)
        asked = questions.of(row.stratum.kind)
        try:
            actions.review(
                by=user, item=item, session=held, answers=forms.answers(request.POST, asked),
                outcome=request.POST.get("outcome", ""), words=request.POST.get("words", ""),
            )  # fmt: skip
            messages.success(request, "Saved.")
            return redirect("panel-session", session)
        except NotSaid as refused:
            error = refused
    held, row = actions.look(by=user, session=session, item=item, address=address(request))
    own = row.reviews.filter(reviewer=user, session=held).first()
    typed: Any = request.POST if error else None
    page = {
        "session": held, "item": row, "recording": row.recording, "error": error,
        "player": player_data.player(row.recording, track=False), "still": _still(row.recording.pk),
        "questions": with_answers(questions.of(row.stratum.kind), own, typed),
        "outcomes": Review.Outcome.choices, "own": own, "now": timezone.localtime(),
        "outcome": typed.get("outcome", "") if typed else own.outcome if own else "",
        "words": typed.get("words", "") if typed else own.words if own else "",
    }  # fmt: skip
    return render(request, "sampling/watch.html", page, status=422 if error else 200)


def _still(recording: int) -> str:
    whole = Rendition.objects.filter(original__damaged_at=None)
    row = whole.filter(original__recording=recording, kind="poster").first()
    if row is None:
        return ""
    return s3.sign_get("renditions", row.key, seconds=60, content_type=row.content_type)


def _plays_already(request: HttpRequest, key: str) -> bool:
    """Whether this asks for new addresses within one sitting, for which there is an event."""
    recent = timezone.now().timestamp() - request.session.get(key, 0.0)
    return request.POST.get("again") == "1" and recent < 2 * settings.PLAY_URL_SECONDS


@require_POST
@those_who("panel.view")
def play(request: HttpRequest, session: str, item: int) -> HttpResponse:
    """Signed addresses of the viewing copies, after the event."""
    key = f"panel:{session}:{item}"
    try:
        found = actions.play(
            by=person(request), session=session, item=item, address=address(request),
            again=_plays_already(request, key),
        )  # fmt: skip
    except Damaged as error:
        return JsonResponse({"detail": str(error)}, status=409)
    request.session[key] = timezone.now().timestamp()
    return JsonResponse({"segments": [part.urls() for part in found]})


@require_GET
@those_who("panel.view")
def facts(request: HttpRequest, session: str, item: int) -> HttpResponse:
    """When the frames of one file are shown; where it was recorded is not told."""
    held = _of_member(person(request), session, opened=True)
    row = shown_in(held).select_related("recording").filter(pk=item).first()
    if row is None:
        raise NotAllowed(NOT_YOURS)
    number = player_data.file_number(request.GET.get("file", "0"))
    return JsonResponse(player_data.details(row.recording, number, track=False))
