"""Which recordings somebody may see: the one place that decides."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings.models import Recording


def visible_to(user: User, permission: str = "recording.view") -> QuerySet[Recording]:
    """The recordings that `user` has `permission` for; joined ones appear as what they joined.

    OWN: those recorded by them. TEAM: besides, by people of their unit, of units below
    it, and by those they supervise. Everything else looks like not found.
    """
    recordings = Recording.objects.filter(joined_into=None)
    scope = user.scope(permission)
    if scope is Scope.ALL:
        return recordings
    if scope is Scope.TEAM:
        team = Q(officer=user) | Q(officer__supervisor=user)
        if user.unit is not None:
            team |= Q(officer__unit__path__startswith=user.unit.path)
        return recordings.filter(team)
    if scope is Scope.OWN:
        return recordings.filter(officer=user)
    return recordings.none()


def find(user: User, reference: str, permission: str = "recording.view") -> Recording:
    """One recording by its reference, also by one that was joined into another.

    Raises Recording.DoesNotExist for what is not there and for what may not be seen alike.
    """
    visible = visible_to(user, permission).select_related("officer", "category")
    found = visible.filter(reference=reference.upper()).first()
    if found is None:
        joined = Recording.objects.exclude(joined_into=None).filter(reference=reference.upper())
        found = visible.get(pk__in=joined.values("joined_into"))
    return found
