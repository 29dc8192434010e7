"""The exhibits of a case: list, page, play, download, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.cases import access as cases
from evidence.cases.models import Case
from evidence.cases.refusals import or_404 as case_or_404
from evidence.custody import history
from evidence.custody.paper import eights
from evidence.exhibits import access, actions, checking, covers, links, ranges
from evidence.exhibits.actions import NotProduced
from evidence.exhibits.models import Clip, Exhibit
from evidence.people.actions import NotAllowed
from evidence.people.fresh import proved_again
from evidence.people.requests import address, person
from evidence.recordings import player_data, reasons
from evidence.recordings.access import visible_to
from evidence.recordings.markers import stamp
from evidence.recordings.refusals import refuse


def _find(request: HttpRequest, urn: str, mark: str, *, polled: bool = False) -> Exhibit:
    """The exhibit, if it is there for whoever asks. Raises Http404."""
    try:
        case = cases.find(person(request), urn)
        found = access.find(person(request), case, mark)
    except (Case.DoesNotExist, Exhibit.DoesNotExist):
        refuse(request, f"{urn} {mark}", polled=polled)
    found.case = case
    return found


def _may_produce(request: HttpRequest, case: Case) -> bool:
    return cases.visible_to(person(request), "exhibit.produce").filter(pk=case.pk).exists()


@login_required
@require_GET
def exhibits(request: HttpRequest, urn: str) -> HttpResponse:
    """All exhibits of a case, in the order in which they were produced."""
    case = case_or_404(request, urn)
    rows = list(access.of_case(person(request), case)[: access.MOST + 1])
    context = {
        "case": case, "exhibits": rows[: access.MOST], "more": len(rows) > access.MOST,
        "others": access.hidden(person(request), case), "may": _may_produce(request, case),
    }  # fmt: skip
    return render(request, "exhibits/exhibits.html", context)


@login_required
@require_GET
def exhibit(request: HttpRequest, urn: str, mark: str) -> HttpResponse:
    """One exhibit: what it is, its fingerprint, how it was made, its history."""
    found = _find(request, urn, mark)
    why = reasons.given(request, found.recording)
    if why is None:
        return reasons.ask(request, found.recording)
    try:
        case = found.case
        found = actions.view(by=person(request), exhibit=found, address=address(request), why=why)
        found.case = case
    except Exhibit.DoesNotExist:
        refuse(request, f"{urn} {mark}")
    return render(request, "exhibits/exhibit.html", _page(request, found))


def _page(request: HttpRequest, found: Exhibit) -> dict[str, Any]:
    user, clip = person(request), found.clip
    originals = [] if clip else list(found.recording.originals.order_by("recorded_at", "file_name"))
    ready = clip is not None and clip.state == Clip.State.READY
    whole = Exhibit.objects.filter(case=found.case, recording=found.recording, clip=None)
    return {
        "exhibit": found, "case": found.case, "recording": found.recording, "clip": clip,
        "ready": ready,
        "stage_label": f"{found.label} of {_parent(found, list(whole[:5]))}" if clip
        else found.label,
        "range": (stamp(clip.from_ms), stamp(clip.to_ms)) if clip else (),
        "eights": eights(clip.sha256) if clip and ready else "",
        "parent_eights": eights(clip.parent_sha256) if clip else "",
        "pictures": [
            (words, eights(str(clip.facts.get(name, ""))))
            for words, name in (("First", "first_picture"), ("Last", "last_picture"))
        ] if clip and ready else [],
        "files": [(one, eights(one.sha256)) for one in originals],
        "player": player_of_clip(found, clip) if clip and ready else None,
        "past": history.lines(found.reference),
        "may": found.withdrawn_at is None and _may_produce(request, found.case),
        "may_share": found.withdrawn_at is None
        and cases.visible_to(user, "share.make").filter(pk=found.case_id).exists(),
        "may_download": visible_to(user, "recording.download").filter(
            pk=found.recording_id
        ).exists(),
    } | (_left_out(clip) if clip and clip.redacted else {})  # fmt: skip


def _left_out(clip: Clip) -> dict[str, Any]:
    """What a redacted copy covers and silences, for those who may see its footage."""
    row = clip.redaction

    def times(one: covers.Row) -> str:
        return f"{stamp(one['from_ms'])} to {stamp(one['to_ms'])}"

    return {
        "redaction": row, "counted": covers.counted(clip),
        "covered": [
            {"times": times(one), "area": covers.area(one), "reason": one["reason"],
             "frames": one["last_frame"] - one["first_frame"] + 1} for one in row.covers
        ],
        "silenced": [{"times": times(one), "reason": one["reason"]} for one in row.silences],
    }  # fmt: skip


def _parent(found: Exhibit, whole: list[Exhibit]) -> str:
    """What a clip is of: the exhibit that is the whole recording, where there is one."""
    standing = [one.mark for one in whole if one.withdrawn_at is None]
    return standing[0] if standing else found.recording.reference


def player_of_clip(found: Exhibit, clip: Clip) -> dict[str, Any]:
    """What the player needs for a clip: one file, at the times at which it was recorded."""
    recording, into = found.recording, clip.first_tick / clip.timescale
    said, start = clip.source.recorded_at, player_data.start_of(recording, clip.source)
    within = recording.clock_within
    return {
        "reference": found.mark, "look": "", "tiles": "",
        "clock": {
            "checked": recording.clock_offset is not None,
            "within": None if within is None else within.total_seconds(),
        },
        "segments": [
            {
                "seconds": clip.facts.get("seconds", 0), "gap": None, "board": None, "levels": [],
                "loud": [], "sound": False, "quiet": False, "picture": True, "track": False,
                "frames": clip.count, "said": said.timestamp() + into if said else None,
                "start": start + into if start is not None else None,
            }
        ],
    }  # fmt: skip


@login_required
@require_GET
def status(request: HttpRequest, urn: str, mark: str) -> HttpResponse:
    """The part of the page that changes while the clip is being made."""
    found = _find(request, urn, mark, polled=True)
    response = render(request, "exhibits/_state.html", {"exhibit": found, "clip": found.clip})
    if found.clip is None or found.clip.state in (
        Clip.State.READY,
        Clip.State.FAILED,
        Clip.State.GONE,
    ):
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
def play(request: HttpRequest, urn: str, mark: str) -> HttpResponse:
    """A signed URL for the player, after the event; renewed within one sitting without another."""
    found = _find(request, urn, mark)
    why = reasons.given(request, found.recording)
    if why is None:
        return JsonResponse({"detail": "Load the page again and say why you look."}, status=409)
    key = f"played:{found.reference}"
    recent = timezone.now().timestamp() - request.session.get(key, 0.0)
    renew = request.POST.get("again") == "1" and recent < 2 * settings.PLAY_URL_SECONDS
    try:
        url = actions.play(
            by=person(request), exhibit=found, address=address(request), why=why, renew=renew
        )
    except Exhibit.DoesNotExist:
        refuse(request, f"{urn} {mark}")
    except NotAllowed as error:
        return JsonResponse({"detail": str(error)}, status=409)
    request.session[key] = timezone.now().timestamp()
    return JsonResponse({"segments": [{"proxy": url, "board": "", "sound": ""}]})


@login_required
@require_GET
def facts(request: HttpRequest, urn: str, mark: str) -> HttpResponse:
    """When the clip's frames are shown, for the player."""
    found = _find(request, urn, mark)
    if reasons.given(request, found.recording) is None:
        return JsonResponse({"detail": "Load the page again and say why you look."}, status=409)
    return JsonResponse(
        {"frames": ranges.table_of(found.clip) if found.clip else None, "track": None}
    )


@login_required
@require_POST
@proved_again
def download(request: HttpRequest, urn: str, mark: str) -> HttpResponse:
    """The clip, or one file of the recording, as an attachment under the mark."""
    found = _find(request, urn, mark)
    why = reasons.given(request, found.recording)
    if why is None:
        return redirect("recording-why", reference=found.recording.reference)
    typed = request.POST.get("file", "")
    original = int(typed) if typed.isdecimal() and len(typed) < 15 else None
    try:
        url = actions.download(
            by=person(request), exhibit=found, address=address(request), why=why, original=original
        )
    except Exhibit.DoesNotExist:
        refuse(request, f"{urn} {mark}")
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect(links.address(found))
    return HttpResponseRedirect(url)


@login_required
@require_POST
def check(request: HttpRequest, urn: str, mark: str) -> HttpResponse:
    """A redacted copy was watched: nothing shows that should not."""
    found = _find(request, urn, mark)
    if reasons.given(request, found.recording) is None:
        return redirect("recording-why", reference=found.recording.reference)
    if not _may_produce(request, found.case):
        refuse(request, f"{urn} {mark}")
    try:
        checking.check(by=person(request), exhibit=found, seen=request.POST.get("seen", ""))
    except Exhibit.DoesNotExist:
        refuse(request, f"{urn} {mark}")
    except NotProduced as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{found.mark} is checked.")
    return redirect(links.address(found))


@login_required
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, urn: str, mark: str) -> HttpResponse:
    """Ask why, then take it back."""
    words = {
        "title": "Withdraw", "verb": "Withdraw",
        "consequence": "It stays in the list as withdrawn, and stands on no paper from now on. "
        "Its mark is never used again.",
    }  # fmt: skip
    return _act(request, urn, mark, actions.withdraw, words)


@login_required
@require_http_methods(["GET", "POST"])
def again(request: HttpRequest, urn: str, mark: str) -> HttpResponse:
    """Ask what has changed, then have the clip made again."""
    words = {
        "title": "Try again to make",
        "verb": "Try again",
        "consequence": "The clip is cut again from the same range of the original.",
    }
    return _act(request, urn, mark, actions.again, words)


def _act(
    request: HttpRequest, urn: str, mark: str, act: Callable[..., Any], words: dict[str, str]
) -> HttpResponse:
    found, error = _find(request, urn, mark), ""
    if not _may_produce(request, found.case):
        refuse(request, f"{urn} {mark}")
    if request.method == "POST":
        try:
            act(by=person(request), exhibit=found, reason=request.POST.get("reason", ""))
            return redirect(links.address(found))
        except Exhibit.DoesNotExist:
            refuse(request, f"{urn} {mark}")
        except NotProduced as wrong:
            error = str(wrong)
    typed = request.POST.get("reason", "").replace("\0", "")[:300]
    context = {"exhibit": found, "case": found.case, "error": error, "reason": typed} | words
    return render(request, "exhibits/act.html", context, status=422 if error else 200)
