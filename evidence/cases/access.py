"""Which cases somebody may see, and which footage a case opens: the one place that decides."""

from __future__ import annotations

import re

from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.cases import formats
from evidence.cases.models import Case, CaseLink, CaseMember
from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings.access import team_of

_SLUG = re.compile(r"[0-9A-Za-z-]{1,40}")


def active() -> Q:
    """A part in a case that has not ended, as a condition on members."""
    now = timezone.now()
    return Q(removed_at=None) & (Q(until=None) | Q(until__gt=now))


def of_team(user: User) -> Q:
    """A case of which somebody is the officer in the case or on the team, as a condition."""
    parts = CaseMember.objects.filter(active(), person=user).values("case")
    return Q(officer_in_case=user) | Q(pk__in=parts)


def visible_to(user: User, permission: str = "case.view") -> QuerySet[Case]:
    """The cases that `user` has `permission` for. Everything else looks like not found.

    OWN: those of which they are the officer in the case or on the team. UNIT: besides, those
    whose officer in the case is of their unit, of one below, or supervised by them.
    """
    scope = user.scope(permission)
    if scope is Scope.NONE or scope is Scope.GRANTED:
        return Case.objects.none()
    if scope is Scope.ALL:
        return Case.objects.all()
    reach = of_team(user)
    if scope is Scope.UNIT:
        reach |= Q(officer_in_case__in=team_of(user))
    return Case.objects.filter(reach)


def find(user: User, reference: str, permission: str = "case.view") -> Case:
    """One case by its URN, with slashes or as it stands in an address.

    Raises Case.DoesNotExist for what is not there and for what may not be seen alike.
    """
    asked = formats.slug(reference.strip()).upper() if len(reference) <= 60 else ""
    if not _SLUG.fullmatch(asked):
        raise Case.DoesNotExist
    rows = visible_to(user, permission)
    return rows.select_related("officer_in_case", "opened_by", "changed_by", "group").get(
        slug=asked
    )


def opened(user: User) -> list[int] | None:
    """The recordings that cases open to their team; None for nobody's. One query.

    Numbers, not a subquery: a plan over ten million recordings stays one of index look-ups.
    """
    if user.scope("case.view") is Scope.NONE:
        return None
    cases = Case.objects.filter(of_team(user)).values("pk")
    rows = CaseLink.objects.filter(case__in=cases, unlinked_at=None)
    return list(rows.values_list("recording_id", flat=True)) or None
