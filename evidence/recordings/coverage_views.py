"""Where players report what they played."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from evidence.people.actions import now
from evidence.people.requests import person
from evidence.recordings import sittings
from evidence.recordings.models import Recording
from evidence.recordings.refusals import refuse

LONGEST = 60_000


@login_required
@require_POST
def played(request: HttpRequest) -> HttpResponse:
    """Take in what a page played. What is not counted is answered with the reason."""
    user = person(request)
    if not user.may("recording.view"):
        raise Http404
    try:
        number, parts, last = _read(request.POST.get("report", ""))
        said = sittings.report(
            by=user, token=request.POST.get("sitting", ""), number=number, parts=parts, last=last
        )
    except Recording.DoesNotExist:
        refuse(request, "what was played", polled=True)
    except sittings.NotCounted as error:
        return JsonResponse({"detail": str(error)}, status=409)
    if said.more:
        request.session["seen"] = now()  # somebody sits there; a page that only loops says nothing
    return JsonResponse({"percent": said.percent, "ranges": said.ranges, "said": said.words})


def _read(text: str) -> tuple[int, dict[str, Any], bool]:
    """Number, ranges by reference, and whether it is the page's last. Raises NotCounted."""
    try:
        found = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise sittings.NotCounted("Load the page again: what you play here is not being counted.")
    number, parts = found.get("number"), found.get("parts")
    if type(number) is not int or not 0 < number < 2**53 or not isinstance(parts, dict):
        raise sittings.NotCounted("Load the page again: what you play here is not being counted.")
    return number, parts, found.get("last") is True
