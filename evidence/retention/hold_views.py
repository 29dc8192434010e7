"""The pages on which people look after holds: the lists, one hold, one watch."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from evidence.people.models import User
from evidence.people.requests import person
from evidence.recordings.acts import Act
from evidence.recordings.models import Recording
from evidence.recordings.refusals import refuse
from evidence.retention import hold_lists, review
from evidence.retention.access import visible_to, watches_visible_to
from evidence.retention.models import Hold, Kind, Watch

TABS = {
    "": "To review",
    "waiting": "Waits for a second person",
    "coming": "For what has not arrived",
    "all": "All in force",
}


def those_who(request: HttpRequest, permission: str) -> User:
    """Whoever asks, where they may at all; to the others there is nothing. Raises Http404."""
    user = person(request)
    if not user.may(permission):
        raise Http404
    return user


def hold_or_404(request: HttpRequest, number: int) -> Hold:
    """The hold of an address, if it is there for whoever asks. Raises Http404."""
    rows = visible_to(person(request)) if number < 2**63 else Hold.objects.none()
    related = ("recording__officer", "owner", "set_by", "released_by")
    found = rows.select_related(*related).filter(pk=min(number, 2**63 - 1)).first()
    if found is None:
        refuse(request, f"hold {number}")
    return found


def watch_or_404(request: HttpRequest, number: int) -> Watch:
    """The watch of an address, if it is there for whoever asks. Raises Http404."""
    rows = watches_visible_to(person(request)) if number < 2**63 else Watch.objects.none()
    related = rows.select_related("owner", "set_by", "ended_by").prefetch_related("officers")
    found = related.filter(pk=min(number, 2**63 - 1)).first()
    if found is None:
        refuse(request, f"watch {number}")
    return found


def act(reader: User, recording: Recording) -> list[Act]:
    """Hold, on a recording's page: for those who may, held or not."""
    if not reader.may("hold.set"):
        return []
    return [Act("Hold", f"{reverse('hold-new')}?recording={recording.reference}")]


@never_cache
@login_required
@require_GET
def holds(request: HttpRequest) -> HttpResponse:
    """What somebody has to look at; what waits; what is to come; everything in force."""
    user = those_who(request, "hold.view")
    show, after = request.GET.get("show", ""), request.GET.get("after", "")
    show = show if show in TABS else ""
    start = int(after) if after.isdecimal() and len(after) < 19 else 0
    context: dict[str, object] = {
        "show": show, "tabs": TABS.items(), "first": not start,
        "behind": review.behind(visible_to(user))[:1001].count(),
        "may_set": user.may("hold.set"),
        "following": 0,
    }  # fmt: skip
    if show == "waiting":
        rows = review.waiting(user).select_related("hold__recording", "watch", "asked_by")
        context["waiting"] = list(rows.order_by("id")[: hold_lists.PAGE])
    elif show == "coming":
        context["watches"], context["following"] = hold_lists.watches(user, start)
    elif show == "all":
        context["holds"], context["following"] = hold_lists.in_force(user, start)
    else:
        context |= _to_review(user)
    return render(request, "retention/holds.html", context)


def _to_review(user: User) -> dict[str, object]:
    mine, more = review.groups(review.to_review(user))
    due = review.due(visible_to(user)).exclude(owner=user)
    others, more_others = review.groups(due.filter(owner__isnull=False).exclude(review.ownerless()))
    lost, more_lost = review.groups(visible_to(user).filter(review.ownerless()))
    return {
        "waits": review.watches_due(user)[: hold_lists.PAGE],
        "mine": mine, "more": more, "others": others, "more_others": more_others,
        "lost": lost, "more_lost": more_lost,
    }  # fmt: skip


@never_cache
@login_required
@require_GET
def hold(request: HttpRequest, hold: int) -> HttpResponse:
    """One hold: why, who answers for it, whether the store says so too, and what can be done."""
    user, found = person(request), hold_or_404(request, hold)
    late = review.behind(Hold.objects.filter(pk=found.pk)).exists()
    context = {
        "hold": found, "kind": Kind(found.kind).label, "late": late,
        "same": hold_lists.same(user, found), "asked": hold_lists.asked_for(user, found),
        "overdue": hold_lists.overdue(found), "here": hold_lists.released_by_people(found),
        "may_set": user.may("hold.set"), "may_release": user.may("hold.release"),
    }  # fmt: skip
    return render(request, "retention/hold.html", context)


@never_cache
@login_required
@require_GET
def watch(request: HttpRequest, watch: int) -> HttpResponse:
    """One watch: of whom and when, what it caught, what may still come."""
    user, found = person(request), watch_or_404(request, watch)
    [row] = hold_lists.waitings(user, [found])
    mine = visible_to(user).filter(kind=found.kind, reference=found.reference, released_at=None)
    context = {
        "row": row, "watch": found, "asked": hold_lists.asked_for(user, found),
        "holds": list(mine.select_related("recording")[: hold_lists.SHOWN]),
        "here": hold_lists.released_by_people(found), "overdue": hold_lists.overdue(found),
        "may_release": user.may("hold.release"), "may_set": user.may("hold.set"),
    }  # fmt: skip
    return render(request, "retention/watch.html", context)
