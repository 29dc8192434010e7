"""The officer's pages: each checks permission, writes its event, and shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.people.requests import address, person
from evidence.recordings import actions, ending, notices, pages, player_views, reasons, record_page
from evidence.recordings.damage import Damaged
from evidence.recordings.models import Recording
from evidence.recordings.refusals import or_404, refuse


@login_required
@require_GET
def recording(request: HttpRequest, reference: str) -> HttpResponse:
    """One recording: player, times, what it is, files, history."""
    user = person(request)
    found = ending.or_ended(request, reference)
    if isinstance(found, HttpResponse):
        return found
    reason = reasons.given(request, found)
    if reason is None:
        return reasons.ask(request, found)
    try:
        item = actions.view(by=user, reference=reference, address=address(request), reason=reason)
    except Recording.DoesNotExist:
        refuse(request, reference)
    if item.reference != reference.upper():
        return redirect(item)
    return render(request, "recordings/recording.html", _page(request, item))


@login_required
@require_http_methods(["GET", "POST"])
def why(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask why somebody looks, before anything is shown; nothing of the footage is on the page."""
    item = or_404(request, reference)
    context = {"recording": item, "next": request.GET.get("next", "")}
    if request.method == "POST":
        wish = request.POST.get("next", "")
        context |= {"next": wish, "why": request.POST.get("why", "")}
        try:
            reasons.keep(request, item, request.POST.get("why", ""))
        except ValueError as error:
            return render(
                request, "recordings/why.html", context | {"error": str(error)}, status=422
            )
        safe = url_has_allowed_host_and_scheme(
            wish, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return redirect(wish if safe else item)
    return render(request, "recordings/why.html", context)


def _page(request: HttpRequest, item: Recording) -> dict[str, Any]:
    user = person(request)
    return (
        {
            "recording": item,
            "still": pages.rows([item], by=user, address=address(request))[0].still,
            "history": pages.past(item, user),
            "notice": notices.take(request),
        }
        | player_views.context(item, user)
        | record_page.context(item, user)
    )


@login_required
@require_GET
def status(request: HttpRequest, reference: str) -> HttpResponse:
    """The part of the page that changes while the viewing copy is being made."""
    item = or_404(request, reference, polled=True)
    running = item.originals.filter(media="running").first()
    context = {"recording": item, "progress": running.progress if running else 0}
    response = render(request, "recordings/_status.html", context)
    if item.media in (Recording.Media.READY, Recording.Media.UNPLAYABLE):
        response["HX-Refresh"] = "true"  # it plays now: show the player
    return response


def _plays_already(request: HttpRequest, reference: str) -> bool:
    """Whether this asks for new addresses within one sitting, for which there is an event."""
    began = request.session.get(f"played:{reference}", 0.0)
    recent = timezone.now().timestamp() - began < 2 * settings.PLAY_URL_SECONDS
    return request.POST.get("again") == "1" and recent


@login_required
@require_POST
def play(request: HttpRequest, reference: str) -> HttpResponse:
    """Signed URLs for the player, after the event. `again` renews them in one sitting."""
    reason = reasons.given(request, or_404(request, reference))
    if reason is None:
        return JsonResponse({"detail": "Load the page again and say why you look."}, status=409)
    try:
        found = actions.play(
            by=person(request),
            reference=reference,
            address=address(request),
            again=_plays_already(request, reference),
            reason=reason,
            sitting=request.POST.get("sitting", ""),
        )
    except Recording.DoesNotExist:
        refuse(request, reference)
    except Damaged as error:
        return JsonResponse({"detail": str(error)}, status=409)
    request.session[f"played:{reference}"] = timezone.now().timestamp()
    return JsonResponse({"segments": [item.urls() for item in found]})


@login_required
@require_POST
def download(request: HttpRequest, reference: str, original: int) -> HttpResponse:
    """An original, from the store, as an attachment."""
    item = or_404(request, reference, "recording.download")
    reason = reasons.given(request, item)
    if reason is None:
        return redirect("recording-why", reference=item.reference)
    try:
        url = actions.download(
            by=person(request),
            reference=reference,
            original=original,
            address=address(request),
            reason=reason,
        )
    except Recording.DoesNotExist:
        refuse(request, reference)
    except Damaged as error:
        messages.error(request, str(error))
        return redirect("recording", item.reference)
    return HttpResponseRedirect(url)
