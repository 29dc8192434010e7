"""The pages of a person outside: open, prove, see, play. GET never spends anything."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.people.requests import address
from evidence.recordings import player_data
from evidence.recordings.models import Recording, Rendition
from evidence.sharing import actions
from evidence.sharing.actions import ShareClosed
from evidence.sharing.models import Share
from evidence.store import s3

PENDING, PROVED, BROWSER = "share_pending", "share_proved", "share_browser"


def _browser(request: HttpRequest) -> str:
    """A random name for this browser's session: codes are bound to it."""
    if BROWSER not in request.session:
        request.session[BROWSER] = secrets.token_urlsafe(24)
    return str(request.session[BROWSER])


def _closed(request: HttpRequest) -> HttpResponse:
    """The same page for unknown, ended, revoked and locked."""
    return render(request, "sharing/closed.html", status=404)


def _pending(request: HttpRequest) -> Share:
    return actions.live(str(request.session.get(PENDING, "")))


def _proved(request: HttpRequest, reference: str) -> str:
    if reference not in request.session.get(PROVED, []):
        raise ShareClosed
    return reference


@never_cache
@require_http_methods(["GET", "POST"])
def open_(request: HttpRequest) -> HttpResponse:
    """Takes the link's secret by POST: a script posts the fragment, or the person pastes it."""
    if request.method == "GET":
        return render(request, "sharing/open.html")
    token = request.POST.get("token", "").replace("\0", "").strip().rpartition("#")[2]
    try:
        share = actions.by_token(token[:200])
    except ShareClosed:
        return _closed(request)
    request.session.cycle_key()
    request.session[PENDING] = share.reference
    return redirect("share-prove")


def _masked(email: str) -> str:
    name, _, domain = email.partition("@")
    return f"{name[:1]}…@{domain}"


def _prove_page(request: HttpRequest, share: Share, **more: Any) -> HttpResponse:
    context = {"masked": _masked(share.email), **more}
    return render(request, "sharing/prove.html", context, status=more.pop("status", 200))


@never_cache
@require_GET
def prove(request: HttpRequest) -> HttpResponse:
    """Asks for the code, or offers to send one."""
    try:
        share = _pending(request)
    except ShareClosed:
        return _closed(request)
    return _prove_page(request, share, sent=bool(request.session.get("share_code_sent")))


@never_cache
@require_POST
def send_code(request: HttpRequest) -> HttpResponse:
    """E-mails a code for this browser."""
    try:
        share = _pending(request)
        sent = actions.send_code(share=share, browser=_browser(request))
    except ShareClosed:
        return _closed(request)
    request.session["share_code_sent"] = True
    if not sent:
        error = "Too many codes were sent. Try again in an hour, or ask the person who shared it."
        return _prove_page(request, share, sent=True, error=error)
    return redirect("share-prove")


@never_cache
@require_POST
def check_code(request: HttpRequest) -> HttpResponse:
    """Checks the code; a right one opens the share for this browser."""
    try:
        share = _pending(request)
        left = actions.prove(
            share=share,
            browser=_browser(request),
            code=request.POST.get("code", "")[:20],
            address=address(request),
        )
    except ShareClosed:
        return _closed(request)
    if left == -1:
        browser = _browser(request)
        proved = [*request.session.get(PROVED, []), share.reference]
        request.session.cycle_key()
        request.session[BROWSER], request.session[PROVED] = browser, proved
        return redirect("share", share.reference)
    if left == 0:
        return _closed(request)
    tries = "1 try" if left == 1 else f"{left} tries"
    return _prove_page(request, share, sent=True, error=f"That code isn't right. {tries} left.")


@never_cache
@require_GET
def share(request: HttpRequest, reference: str) -> HttpResponse:
    """What was shared."""
    try:
        found = actions.look(reference=_proved(request, reference), address=address(request))
    except ShareClosed:
        return _closed(request)
    return render(
        request,
        "sharing/share.html",
        {"share": found, "items": found.recordings.filter(restricted="")},
    )


@never_cache
@require_GET
def item(request: HttpRequest, reference: str, recording: str) -> HttpResponse:
    """One recording of a share, with the player."""
    try:
        found = actions.look(reference=_proved(request, reference), address=address(request))
    except ShareClosed:
        return _closed(request)
    shared = found.recordings.filter(reference=recording, restricted="").first()
    if shared is None:
        return _closed(request)
    still = Rendition.objects.filter(original__recording=shared, kind="poster").first()
    context = {
        "share": found,
        "recording": shared,
        "player": player_data.player(shared, track=False),
        "still": _sign(still),
    }
    return render(request, "sharing/item.html", context)


@never_cache
@require_GET
def facts(request: HttpRequest, reference: str, recording: str) -> HttpResponse:
    """When the frames of one file are shown; where it was recorded is not told outside."""
    number = request.GET.get("file", "0")
    try:
        found = actions.live(_proved(request, reference))
        shared = found.recordings.get(reference=recording, restricted="")
        answer = player_data.details(shared, player_data.file_number(number), track=False)
    except (ShareClosed, Recording.DoesNotExist):
        return _closed(request)
    return JsonResponse(answer)


def _sign(still: Rendition | None) -> str:
    if still is None:
        return ""
    return s3.sign_get("renditions", still.key, seconds=60, content_type=still.content_type)


def _plays_already(request: HttpRequest, reference: str, recording: str) -> bool:
    """Whether this asks for new addresses within one sitting, for which there is an event."""
    began = request.session.get(f"played:{reference}:{recording}", 0.0)
    recent = timezone.now().timestamp() - began < 2 * settings.PLAY_URL_SECONDS
    return request.POST.get("again") == "1" and recent


@never_cache
@require_POST
def play(request: HttpRequest, reference: str, recording: str) -> HttpResponse:
    """Signed URLs for the player, after the event."""
    try:
        found = actions.play(
            reference=_proved(request, reference),
            recording=recording,
            address=address(request),
            again=_plays_already(request, reference, recording),
        )
    except ShareClosed:
        return _closed(request)
    request.session[f"played:{reference}:{recording}"] = timezone.now().timestamp()
    return JsonResponse({"segments": [part.urls() for part in found]})
