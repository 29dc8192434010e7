"""The pages on which people of the force look after what they shared: the table, and one share."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from evidence.people.models import User
from evidence.people.requests import person
from evidence.recordings.refusals import refuse
from evidence.sharing import access, lists, staff_page, writing
from evidence.sharing.models import Share


def those_who(request: HttpRequest, permission: str) -> User:
    """Whoever asks, where they may at all; to the others there is nothing. Raises Http404."""
    user = person(request)
    if not user.may(permission):
        raise Http404
    return user


def or_404(request: HttpRequest, reference: str, permission: str = "share.view") -> Share:
    """The share of an address, if it is there for whoever asks. Raises Http404."""
    try:
        return access.find(person(request), reference, permission)
    except Share.DoesNotExist:
        refuse(request, reference)


@login_required
@require_http_methods(["GET", "POST"])
def shares(request: HttpRequest) -> HttpResponse:
    """Live shares, soonest end first. By POST: a search, so that no name is in an address."""
    user = those_who(request, "share.view")
    show, after = request.GET.get("show", ""), request.GET.get("after", "").replace("\0", "")
    show = show if show in lists.SHOWN else ""
    typed = request.POST.get("q", "").replace("\0", "").strip()[:100]
    first = not after and not typed
    page = lists.Page(lists.search(user, typed), "") if typed else lists.page(user, show, after)
    context = {
        "page": page, "show": show, "tabs": lists.SHOWN.items(), "typed": typed, "first": first,
        "left": lists.to_look_at(user) if first and not show else [],
        "may_make": user.may("share.make"), "may_revoke": user.may("share.revoke"),
    }  # fmt: skip
    return render(request, "sharing/staff/shares.html", context)


@never_cache
@login_required
@require_GET
def made(request: HttpRequest, reference: str) -> HttpResponse:
    """One share: what is shared, how it stands, who opened what, what was written, its past."""
    found = or_404(request, reference)
    context = staff_page.context(person(request), found)
    writing.read(by=person(request), share=found)
    return render(request, "sharing/staff/share.html", context)
