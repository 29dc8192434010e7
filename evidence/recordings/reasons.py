"""Why somebody looks at footage: asked before a page shows it, by the force's policy.

`BWV_VIEW_REASON`: `off`; `others`, footage that somebody else recorded; `always`. A reason holds
for one sitting with one recording and stands in each event of it.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from evidence.people.actions import now
from evidence.people.models import User
from evidence.recordings.models import Recording

SITTING_SECONDS = 30 * 60
LONGEST = 300


def _key(reference: str) -> str:
    return f"why:{reference}"


def wanted(user: User, recording: Recording) -> bool:
    """Whether the policy asks this person why, for this recording."""
    if settings.VIEW_REASON == "others":
        return recording.officer_id != user.pk
    return bool(settings.VIEW_REASON == "always")


def given(request: HttpRequest, recording: Recording) -> str | None:
    """The reason of this sitting; empty where none is asked for; None when it is missing."""
    assert isinstance(request.user, User)
    kept = request.session.get(_key(recording.reference))
    if kept and now() - kept["at"] < SITTING_SECONDS:
        return str(kept["why"])
    return None if wanted(request.user, recording) else ""


def keep(request: HttpRequest, recording: Recording, why: str) -> None:
    """Remember the reason for this sitting. Raises ValueError for an empty one."""
    why = why.replace("\0", "").strip()[:LONGEST]
    if len(why) < 3:
        raise ValueError("Enter why you look at this footage, like a complaint or case reference.")
    request.session[_key(recording.reference)] = {"why": why, "at": now()}


def ask(request: HttpRequest, recording: Recording) -> HttpResponse:
    """To the page that asks, and back here."""
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('recording-why', args=[recording.reference])}?{query}")
