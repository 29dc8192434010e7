"""Which complaints somebody may know of, and who may handle one: the one place that decides.

Nobody who is named in a complaint, and nobody who supervised one of those or was supervised by
them between the start of what it is about and now, sees it, is counted it or handles it; nor
another complaint of the same incident, of which the referral tells of this one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from evidence.complaints.models import Complaint, Named
from evidence.people.models import Supervision, User
from evidence.people.table import AUTHORITY, STANDARDS, Scope

ROLE_OF = {"complaint.change": STANDARDS, "complaint.decide": AUTHORITY}


def conflicts_of(user: User) -> QuerySet[Any, Any]:
    """The ids of complaints of which `user` may not know, whatever their role: also those of the
    same incident, which are linked each with each. For `in` alone.

    Two short reads of their own ties come first, so that the list stays an index scan for the
    many who have none.
    """
    standing = {user.pk}
    if user.supervisor_id is not None:
        standing.add(user.supervisor_id)
    standing |= set(User.objects.filter(supervisor=user).values_list("pk", flat=True))
    ended: set[int] = set()
    ties = Supervision.objects.filter(Q(person=user) | Q(supervisor=user))
    for person, supervisor, until in ties.values_list("person", "supervisor", "until"):
        other = supervisor if person == user.pk else person
        if other is not None:
            (standing if until is None else ended).add(other)
    found = Q(officer__in=standing)
    if ended - standing:
        reaches = Supervision.objects.filter(
            Q(person=user, supervisor=OuterRef("officer"))
            | Q(supervisor=user, person=OuterRef("officer")),
            until__gte=OuterRef("complaint__start"),
        )
        found |= Q(Exists(reaches), officer__in=ended - standing)
    named = Named.objects.filter(found).order_by().values("complaint")
    links = Complaint.same_incident.through.objects
    return named.union(links.filter(to_complaint__in=named).order_by().values("from_complaint"))


def visible_to(user: User) -> QuerySet[Complaint]:
    """The complaints that `user` may see."""
    if user.scope("complaint.view") is Scope.NONE:
        return Complaint.objects.none()
    return Complaint.objects.exclude(pk__in=conflicts_of(user))


def secret_references(user: User) -> QuerySet[Complaint, Any]:
    """The references of complaints of which `user` may not know: holds name them."""
    return Complaint.objects.filter(pk__in=conflicts_of(user)).values("reference")


def tied(officers: Collection[int], start: datetime) -> set[int]:
    """Those officers, and whoever supervised them or was supervised by them from `start` on."""
    found = set(officers)
    accounts = User.objects.filter(Q(pk__in=officers) | Q(supervisor__in=officers))
    for person, supervisor in accounts.values_list("pk", "supervisor"):
        found.add(person)
        if supervisor is not None and person in officers:
            found.add(supervisor)
    ties = Supervision.objects.filter(
        Q(person__in=officers) | Q(supervisor__in=officers), Q(until=None) | Q(until__gte=start)
    )
    for person, supervisor in ties.values_list("person", "supervisor"):
        found.add(person)
        if supervisor is not None:
            found.add(supervisor)
    return found


def conflicted(complaint: Complaint) -> set[int]:
    """Whoever may neither see nor handle this complaint, by number."""
    found: set[int] = set()
    for one in (complaint, *complaint.same_incident.all()):
        found |= tied(set(one.named.values_list("officer", flat=True)), one.start)
    return found


def may_handle(complaint: Complaint, permission: str) -> QuerySet[User]:
    """Who could be given it: the people of that role who have nothing to do with it."""
    people = User.objects.filter(
        status=User.Status.WORKING, roles__contains=[ROLE_OF[permission]]
    ).exclude(pk__in=conflicted(complaint))
    return people.order_by(F("collar").asc(nulls_last=True), "name")


NOBODY = (
    "Nobody of your professional standards can handle this complaint. Ask another force's "
    "professional standards department, or the IOPC, to take it, and give whoever does an "
    "account here. The footage is held meanwhile."
)


def notices_of(user: User) -> QuerySet[Named]:
    """What was served on somebody: the only thing that they learn here of a complaint."""
    if not user.may("notice.view"):
        return Named.objects.none()
    return Named.objects.filter(officer=user, served_on__isnull=False)
