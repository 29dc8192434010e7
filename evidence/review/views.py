"""The review room's page and the answers to its scripts. All are behind the admin's own door."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evidence.complaints.models import Complaint
from evidence.people.models import User
from evidence.people.office import staff
from evidence.people.requests import address
from evidence.recordings import player_data, sittings
from evidence.recordings.damage import Damaged
from evidence.recordings.models import Recording
from evidence.recordings.references import is_reference
from evidence.recordings.refusals import refuse
from evidence.review import access, actions, room
from evidence.review.models import Note

TYPED = ("recording", "at", "allegation", "text")


def _asked(request: HttpRequest) -> list[str]:
    given = request.GET.getlist("r") or request.POST.getlist("r")
    return list(dict.fromkeys(item.strip().upper()[:20] for item in given))


@require_GET
def page(request: HttpRequest, complaint: int) -> HttpResponse:
    """The room with the cameras that were chosen; without any, what there is to choose from."""
    try:
        found = actions.enter(by=staff(request), complaint=complaint, address=address(request))
    except Complaint.DoesNotExist:
        raise Http404 from None
    return _page(request, found, {})


def _page(
    request: HttpRequest, complaint: Complaint, typed: dict[str, Any], status: int = 200
) -> HttpResponse:
    user, asked = staff(request), _asked(request)
    too_many = len(asked) > room.MOST
    try:
        shown = [] if too_many else room.cameras(
            by=user, complaint=complaint, references=asked, address=address(request)
        )  # fmt: skip
    except Recording.DoesNotExist:
        refuse(request, " ".join(asked))
    said = room.charges(complaint)
    rows, rest = room.footage(user, complaint, said, asked)
    playing = [camera for camera in shown if camera.data["segments"]]
    context = {
        "complaint": complaint,
        "charges": said,
        "footage": rows,
        "rest": rest,
        "complete": sum(1 for row in rows if row.percent == 100),
        "most": room.MOST,
        "too_many": too_many,
        "asked": asked,
        "cameras": playing,
        "silent": [camera for camera in shown if not camera.data["segments"]],
        "data": [camera.data for camera in playing],
        "sitting": sittings.page(user, room.about(complaint)),
        "findings_url": room.findings_url(complaint),
    }
    context |= _notes(user, complaint, playing, typed)
    return render(request, "review/room.html", context, status=status)


def _notes(
    user: User, complaint: Complaint, shown: list[room.Shown], typed: dict[str, Any]
) -> dict[str, Any]:
    lines = room.lines(user, complaint, shown)
    kept = room.draft(user, complaint)
    draft = {name: getattr(kept, name) for name in TYPED} if kept else {}
    return {
        "complaint": complaint,
        "lines": lines,
        "signs": room.signs(lines),
        "form": typed or draft,
        "draft_at": kept.updated_at if kept and not typed else None,
    }


@require_POST
def note(request: HttpRequest, complaint: int) -> HttpResponse:
    """Keep a note; its list comes back, or without script the page."""
    user = staff(request)
    typed = {name: request.POST.get(name, "").replace("\0", "") for name in TYPED}
    try:
        actions.note(by=user, complaint=complaint, **typed)
    except Complaint.DoesNotExist:
        raise Http404 from None
    except Recording.DoesNotExist:
        refuse(request, typed["recording"])
    except actions.NotNoted as error:
        return _not_noted(request, complaint, typed | {"error": str(error), "field": error.field})
    return _back(request, complaint, "Noted.")


def _not_noted(request: HttpRequest, complaint: int, typed: dict[str, Any]) -> HttpResponse:
    found = access.find(staff(request), complaint)
    if request.headers.get("X-Part") == "notes":
        return _part(request, found, typed, "", 422)
    return _page(request, found, typed, 422)


@require_POST
def withdraw(request: HttpRequest, complaint: int, note: int) -> HttpResponse:
    """Take back one's own note."""
    try:
        actions.withdraw(by=staff(request), complaint=complaint, note=note)
    except (Complaint.DoesNotExist, Note.DoesNotExist):
        raise Http404 from None
    return _back(request, complaint, "Taken back. It stays in the log.")


def _back(request: HttpRequest, complaint: int, said: str) -> HttpResponse:
    found = access.find(staff(request), complaint)
    if request.headers.get("X-Part") == "notes":
        return _part(request, found, {}, said)
    query = urlencode({"r": _asked(request)}, doseq=True)
    return redirect(f"{reverse('review-room', args=[complaint])}?{query}#notes")


def _part(
    request: HttpRequest, complaint: Complaint, typed: dict[str, Any], said: str, status: int = 200
) -> HttpResponse:
    """The notes alone. The cameras stay as they are: nothing of them is opened again."""
    user, asked = staff(request), _asked(request)[: room.MOST]
    rows = access.footage(user, complaint).filter(reference__in=filter(is_reference, asked))
    known = {item.reference: item for item in rows.select_related("officer")}
    shown = [
        room.Shown(number, known[reference], "", {})
        for number, reference in enumerate(asked, 1)
        if reference in known
    ]
    page = _notes(user, complaint, shown, typed) | {
        "cameras": shown, "charges": room.charges(complaint), "said": said,
    }  # fmt: skip
    return render(request, "review/_notes.html", page, status=status)


@require_POST
def draft(request: HttpRequest, complaint: int) -> HttpResponse:
    """Keep what was typed so far."""
    typed = {name: request.POST.get(name, "") for name in TYPED}
    try:
        kept = actions.keep_draft(by=staff(request), complaint=complaint, **typed)
    except Complaint.DoesNotExist:
        raise Http404 from None
    at = f"Draft kept {timezone.localtime(kept.updated_at):%H:%M:%S}" if kept else ""
    return JsonResponse({"said": at})


@require_POST
def play(request: HttpRequest, complaint: int, reference: str) -> HttpResponse:
    """Signed URLs for one camera, after the event that names the complaint as the reason."""
    key = f"played:{complaint}:{reference}"
    began = request.session.get(key, 0.0)
    recent = timezone.now().timestamp() - began < 2 * settings.PLAY_URL_SECONDS
    try:
        found = actions.play(
            by=staff(request), complaint=complaint, reference=reference,
            address=address(request), again=request.POST.get("again") == "1" and recent,
            sitting=request.POST.get("sitting", ""),
        )  # fmt: skip
    except Complaint.DoesNotExist:
        raise Http404 from None
    except Recording.DoesNotExist:
        refuse(request, reference)
    except Damaged as error:
        return JsonResponse({"detail": str(error)}, status=409)
    request.session[key] = timezone.now().timestamp()
    return JsonResponse({"segments": [item.urls() for item in found]})


@require_GET
def facts(request: HttpRequest, complaint: int, reference: str) -> HttpResponse:
    """Frame times of one file of a camera that the room's page opened."""
    user = staff(request)
    try:
        found = access.find(user, complaint)
        recording = access.pick(user, found, reference)
    except Complaint.DoesNotExist:
        raise Http404 from None
    except Recording.DoesNotExist:
        refuse(request, reference)
    if not player_data.was_opened(request.GET.get("look", ""), user.ref, recording):
        return JsonResponse({"detail": "Load the page again."}, status=409)
    number = player_data.file_number(request.GET.get("file", "0"))
    return JsonResponse(player_data.details(recording, number, track=False))
