"""Which holds somebody may know of: the one place that decides."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from evidence.people.models import Supervision, User
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.retention import registry
from evidence.retention.models import Hold, Kind, ReleaseRequest, Watch


def secret_to(user: User) -> Q:
    """The holds of complaints that name somebody, or that they may not know of otherwise."""
    own = Watch.objects.filter(officers=user).values("reference")
    found = Q(reference__in=own)
    for secret in registry.secrets:
        found |= Q(reference__in=secret(user))
    return Q(kind=Kind.COMPLAINT) & found


def visible_to(user: User) -> QuerySet[Hold]:
    """The holds that somebody may know of: on what they may see, and never those of a complaint
    that names them."""
    if not user.may("hold.view"):
        return Hold.objects.none()
    seen = recordings_visible_to(user).values("pk")
    # Whoever recorded it neither reads nor releases what keeps it.
    others = Hold.objects.filter(recording__in=seen).exclude(recording__officer=user)
    return others.exclude(secret_to(user))


def watches_visible_to(user: User) -> QuerySet[Watch]:
    """The watches that somebody may know of: never one for their own footage."""
    if not user.may("hold.view"):
        return Watch.objects.none()
    return Watch.objects.exclude(officers=user).exclude(secret_to(user))


def releases_visible_to(user: User) -> QuerySet[ReleaseRequest]:
    """The releases that were asked for, of what somebody may know of."""
    if not user.may("hold.view"):
        return ReleaseRequest.objects.none()
    mine = visible_to(user)
    same = mine.filter(kind=OuterRef("kind"), reference=OuterRef("reference"))
    waits = watches_visible_to(user).filter(kind=OuterRef("kind"), reference=OuterRef("reference"))
    return ReleaseRequest.objects.filter(
        Q(hold__in=mine.values("pk"))
        | Q(watch__in=watches_visible_to(user).values("pk"))
        | Q(Exists(same) | Exists(waits), hold=None, watch=None)
    )


def kept_for_a_secret(user: User) -> QuerySet[Hold, Any]:
    """The recordings that only complaints keep of which somebody may not know: those that name
    them, or whom they supervise or are supervised by. For `in` alone; it asks nothing by itself,
    as every list of footage has it in its question."""
    ties = Supervision.objects.filter(
        Q(person=user, supervisor=OuterRef("user")) | Q(supervisor=user, person=OuterRef("user")),
        Q(until=None) | Q(until__gte=OuterRef("watch__start")),
    )
    standing = Q(user=user) | Q(user__supervisor=user)
    if user.supervisor_id is not None:
        standing |= Q(user=user.supervisor_id)
    named = Watch.officers.through.objects.filter(
        standing | Q(Exists(ties)), watch__kind=Kind.COMPLAINT
    )
    secret = Q(kind=Kind.COMPLAINT, reference__in=named.values("watch__reference"))
    held = Hold.objects.filter(released_at=None).order_by()
    return held.filter(secret).exclude(
        recording__in=held.exclude(secret).values("recording")
    ).values("recording")  # fmt: skip
