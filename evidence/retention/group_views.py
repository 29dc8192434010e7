"""The page on which somebody puts a recording in a MoPI group, or takes it out."""

from __future__ import annotations

from datetime import date

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from evidence.people.gate import those_who
from evidence.people.requests import person
from evidence.recordings import keeping
from evidence.recordings.models import Group, Recording
from evidence.recordings.refusals import or_404
from evidence.retention import groups
from evidence.retention.policies.views import BOTH


def _born(text: str) -> date | None:
    """A date of birth as people type it. Raises ValueError."""
    if not text.strip():
        return None
    try:
        found = forms.DateField().clean(text.replace("\0", "").strip()[:20])
    except forms.ValidationError:
        raise ValueError("Enter the date of birth like 1990-11-30") from None
    assert isinstance(found, date)
    return found


@require_http_methods(BOTH)
@those_who("retention.rules", proved=True)
def group(request: HttpRequest, reference: str) -> HttpResponse:
    """What keeps it now, the groups, date of birth and reason; after a fresh proof. No footage."""
    by, recording = person(request), or_404(request, reference)
    if recording.joined_into_id or recording.disposed_at:
        raise Http404
    error, typed = "", {name: request.POST.get(name, "") for name in ("group", "born", "reason")}
    if request.method == "POST":
        try:
            _do(request, recording, typed)
        except ValueError as refused:
            error = str(refused)
        else:
            return redirect(recording)
    sentence, ladder = keeping.why(recording, by)
    context = {
        "recording": recording, "groups": Group.objects.all(), "typed": typed, "error": error,
        "current": groups.current(recording), "why": sentence, "ladder": ladder,
    }  # fmt: skip
    return render(request, "retention/group.html", context, status=422 if error else 200)


def _do(request: HttpRequest, recording: Recording, typed: dict[str, str]) -> None:
    by, reason = person(request), typed["reason"]
    if request.POST.get("do") == "end":
        groups.end(by=by, recording=recording, reason=reason)
        messages.success(request, f"{recording} is in no MoPI group any more.")
        return
    chosen = Group.objects.filter(code=typed["group"][:10]).first()
    if chosen is None:
        raise ValueError("Select a MoPI group")
    born = _born(typed["born"])
    groups.put(by=by, recording=recording, group=chosen, reason=reason, born_on=born)
    messages.success(request, f"{recording} is in {chosen}.")
