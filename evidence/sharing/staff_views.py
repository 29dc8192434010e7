"""The pages on which people of the force share, and look after what they shared."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from evidence.people.requests import person
from evidence.sharing import access
from evidence.sharing.models import Share


@login_required
@require_GET
def shares(request: HttpRequest) -> HttpResponse:
    """Live shares, soonest end first."""
    if not person(request).may("share.view"):
        raise Http404
    rows = access.visible_to(person(request)).filter(revoked_at=None, refused_at=None)
    return render(request, "sharing/shares.html", {"rows": rows.select_related("owner")[:50]})


@login_required
@require_GET
def made(request: HttpRequest, reference: str) -> HttpResponse:
    """One share, for those who made it."""
    try:
        found = access.find(person(request), reference)
    except Share.DoesNotExist:
        raise Http404 from None
    return render(request, "sharing/made.html", {"share": found})
