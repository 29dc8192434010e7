"""What was served on somebody: reference, day, words, and nothing else of a complaint."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from evidence.complaints import actions
from evidence.complaints.access import notices_of
from evidence.people.actions import NotAllowed
from evidence.people.requests import address, person

BIGGEST = 2**63 - 1
SHOWN = 100


@never_cache
@login_required
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """One's own notices, newest first. The same page for whoever has none, whatever there is."""
    user = person(request)
    if not user.may("notice.view"):
        raise Http404
    rows = notices_of(user).select_related("complaint").order_by("-served_on", "-id")[:SHOWN]
    return render(request, "complaints/notices.html", {"notices": rows})


@never_cache
@login_required
@require_GET
def read(request: HttpRequest, notice: int) -> HttpResponse:
    """One notice; that it was read is written down."""
    user = person(request)
    if not user.may("notice.view") or notice > BIGGEST:
        raise Http404
    try:
        found = actions.read_notice(by=user, notice=notice, address=address(request))
    except NotAllowed:
        raise Http404 from None
    return render(request, "complaints/notice.html", {"notice": found})
