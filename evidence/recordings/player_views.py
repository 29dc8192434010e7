"""The player's own pages and answers: facts, markers and notes, several cameras together."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.recordings import (
    actions,
    coverage,
    markers,
    overlaps,
    player_data,
    reasons,
    sittings,
    smaller,
    together,
)
from evidence.recordings.access import find, visible_to
from evidence.recordings.models import Marker, Recording
from evidence.recordings.refusals import refuse


def context(recording: Recording, reader: User) -> dict[str, Any]:
    """What the recording's page shows with its player, after the page's event."""
    look = player_data.opened(reader.ref, recording)
    found, more = overlaps.others(recording, reader)
    played = coverage.own(reader, [recording]).get(recording.pk)
    return {
        "player": player_data.player(recording, look=look)
        | {"sitting": sittings.page(reader), "played": played.ranges if played else []},
        "played": played,
        "gaps": player_data.gaps(recording),
        "else_rows": found,
        "else_more": more,
        "most_together": together.MOST,
    } | marks(recording, reader)


def marks(recording: Recording, reader: User) -> dict[str, Any]:
    """The markers of a recording, as `_markers.html` shows them."""
    shown = list(markers.shown_to(reader, recording))
    may = visible_to(reader, "recording.mark").filter(pk=recording.pk).exists()
    return {
        "may_mark": may,
        "markers": [
            {"row": row, "at": markers.stamp(row.at_ms), "seconds": row.at_ms / 1000,
             "own": may and row.made_by_id == reader.pk}
            for row in shown
        ],
        "marker_data": [
            {"id": row.pk, "at": row.at_ms / 1000, "text": row.text, "by": row.made_by.short}
            for row in shown
        ],
    }  # fmt: skip


@login_required
@require_GET
def facts(request: HttpRequest, reference: str) -> HttpResponse:
    """Frame times and positions of one file, for a page that was opened.

    The page's token shows that the log has its event; without one, this is the look.
    """
    user, number = person(request), request.GET.get("file", "0")
    try:
        recording = find(user, reference)
        reason = reasons.given(request, recording)
        if reason is None:
            return JsonResponse({"detail": "Load the page again and say why you look."}, status=409)
        if not player_data.was_opened(request.GET.get("look", ""), user.ref, recording):
            actions.view(by=user, reference=reference, address=address(request), reason=reason)
        found = player_data.details(recording, player_data.file_number(number))
    except Recording.DoesNotExist:
        refuse(request, reference)
    return JsonResponse(found)


@login_required
@require_POST
def small(request: HttpRequest, reference: str) -> HttpResponse:
    """Have a small viewing copy made; whether it is there already, or never will be."""
    try:
        ready = smaller.asked(by=person(request), reference=reference)
        recording = find(person(request), reference)
    except Recording.DoesNotExist:
        refuse(request, reference)
    return JsonResponse({"ready": ready, "failed": not ready and smaller.failed_of(recording)})


# --- markers and notes ---


@login_required
@require_POST
def mark(request: HttpRequest, reference: str) -> HttpResponse:
    """Add a marker or a note; the list comes back, or without script the page."""
    user = person(request)
    try:
        at = markers.position(request.POST.get("at", "")[:40])
        markers.add(by=user, reference=reference, at_ms=at, text=request.POST.get("text", ""))
    except Recording.DoesNotExist:
        refuse(request, reference)
    except markers.NotMarked as error:
        return _not_marked(request, user, reference, str(error))
    return _marked(request, user, reference, "Marked.")


def _not_marked(request: HttpRequest, user: User, reference: str, error: str) -> HttpResponse:
    try:
        recording = find(user, reference, "recording.mark")
    except Recording.DoesNotExist:
        refuse(request, reference)
    # What comes back shows the notes: a look like any other.
    reason = reasons.given(request, recording)
    if reason is None:
        return redirect("recording-why", reference=recording.reference)
    actions.view(by=user, reference=reference, address=address(request), reason=reason)
    page = {
        "recording": recording,
        "error": error,
        "typed_at": request.POST.get("at", "")[:40].replace("\0", ""),
        "typed_text": request.POST.get("text", "").replace("\0", ""),
    }
    if request.headers.get("X-Part") == "markers":
        page |= marks(recording, user)
        return render(request, "recordings/_markers.html", page, status=422)
    return render(request, "recordings/mark.html", page | marks(recording, user), status=422)


def _marked(
    request: HttpRequest, user: User, reference: str, said: str, gone: Marker | None = None
) -> HttpResponse:
    recording = find(user, reference)
    if request.headers.get("X-Part") == "markers":
        page = {"recording": recording, "said": said, "gone": gone} | marks(recording, user)
        return render(request, "recordings/_markers.html", page)
    messages.success(request, said)
    return redirect(f"{recording.get_absolute_url()}#markers")


@login_required
@require_POST
def marker(request: HttpRequest, reference: str, marker: int) -> HttpResponse:
    """Take back one's own marker, or undo that."""
    user, undo = person(request), request.POST.get("do") == "restore"
    act = markers.restore if undo else markers.remove
    try:
        made = act(by=user, reference=reference, marker=marker)
    except (Recording.DoesNotExist, Marker.DoesNotExist):
        refuse(request, reference)
    except markers.NotMarked as error:
        return _not_marked(request, user, reference, str(error))
    said = "Put back." if undo else f"Removed the mark at {markers.stamp(made.at_ms)}."
    return _marked(request, user, reference, said, None if undo else made)


# --- several cameras ---


def _together_url(references: list[str]) -> str:
    return f"{reverse('together')}?" + "&".join(f"r={item}" for item in references)


@login_required
@require_GET
def side_by_side(request: HttpRequest) -> HttpResponse:
    """2 to 4 cameras on one clock; each that is shown was opened."""
    user = person(request)
    if not user.may("recording.view"):
        raise Http404
    asked = list(dict.fromkeys(item.strip().upper() for item in request.GET.getlist("r")))
    if len(asked) < together.FEWEST or len(asked) > together.MOST:
        return render(request, "recordings/together.html", {"cameras": [], "asked": len(asked)})
    return _side_by_side(request, user, asked)


def _side_by_side(
    request: HttpRequest, user: User, asked: list[str], error: str = ""
) -> HttpResponse:
    why: dict[str, str] = {}
    try:
        for item in asked:
            recording = find(user, item[:20])
            reason = reasons.given(request, recording)
            if reason is None:  # one after the other, and back here
                return reasons.ask(request, recording)
            why[item] = reason
        found = together.cameras(
            by=user, references=list(why), address=address(request), reasons=why
        )
    except Recording.DoesNotExist:
        refuse(request, " ".join(asked))
    if len(found) < together.FEWEST:  # two references of one recording
        return redirect(found[0].recording)
    data = [
        camera.player
        | {"number": camera.number, "moved": camera.milliseconds,
           "play": reverse("recording-play", args=[camera.recording.reference])}
        for camera in found
    ]  # fmt: skip
    may_move = user.may("recording.mark")
    page = {
        "cameras": found, "data": data, "may_move": may_move, "error": error,
        "typed": request.POST if error else {}, "sitting": sittings.page(user),
        "first_move": f"{found[1].milliseconds / 1000:.3f}",
    }  # fmt: skip
    status = 422 if error else 200
    return render(request, "recordings/together.html", page, status=status)


@login_required
@require_POST
def nudge(request: HttpRequest) -> HttpResponse:
    """Save by how much one camera was moved against the first, with the reason."""
    user = person(request)
    asked = [item.strip().upper()[:20] for item in request.POST.getlist("r")][: together.MOST]
    if len(asked) < together.FEWEST:
        raise Http404
    try:
        together.nudge(
            by=user, reference=request.POST.get("camera", "")[:20], against=asked[0],
            milliseconds=_milliseconds(request.POST.get("seconds", "")),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
    except Recording.DoesNotExist:
        refuse(request, " ".join(asked))
    except together.NotMoved as error:
        return _side_by_side(request, user, asked, str(error))
    return redirect(_together_url(asked))


def _milliseconds(text: str) -> int:
    """Seconds with a sign as people type them. Raises together.NotMoved."""
    try:
        seconds = float(text.strip().replace(",", ".").replace("−", "-"))
        return round(seconds * 1000)
    except (ValueError, OverflowError):
        raise together.NotMoved("Enter seconds like 0.4 or -1.25") from None
