"""Which shares somebody of the force may see: the one place that decides."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from evidence.cases.access import of_team
from evidence.cases.models import Case
from evidence.people import table
from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings import keeping
from evidence.recordings.models import Recording
from evidence.recordings.references import is_reference
from evidence.sharing.models import Item, Share


def visible_to(user: User, permission: str = "share.view") -> QuerySet[Share]:
    """The shares that `user` has `permission` for. Everything else looks like not found.

    OWN: those that they made or answer for, and those of a case of whose team they are. ALL: all
    but those that may be about themselves.
    """
    scope = user.scope(permission)
    if scope is Scope.ALL:
        return Share.objects.exclude(_untold(user))
    if scope is not Scope.OWN:
        return Share.objects.none()
    team = Case.objects.filter(of_team(user)).values("pk")
    return Share.objects.filter(Q(owner=user) | Q(made_by=user) | Q(case__in=team))


def _untold(user: User) -> Q:
    """Shares without a case of what somebody is not told about, as a condition: of their own
    footage, or of what is held for a complaint that they may not know of. It may be that which
    is shared. What they made or answer for they know."""
    secret = Recording.objects.filter(keeping.unsaid(user), pk=OuterRef("recording"))
    of_it = Item.objects.filter(Exists(secret), share=OuterRef("pk"))
    return Q(case=None) & ~Q(owner=user) & ~Q(made_by=user) & Q(Exists(of_it))


def find(user: User, reference: str, permission: str = "share.view") -> Share:
    """One share by its reference.

    Raises Share.DoesNotExist for what is not there and for what may not be seen alike.
    """
    if not is_reference(reference):
        raise Share.DoesNotExist
    rows = visible_to(user, permission).select_related("case", "owner", "made_by", "basis")
    return rows.get(reference=reference.upper())


def left() -> Q:
    """Shares whose owner has left, is suspended or may share no more, as a condition: to be
    looked at. It asks nothing by itself, however many people and shares there are."""
    roles = [role for role in table.ROLES if table.scope([role], "share.make") > Scope.NONE]
    working = Q(owner__status=User.Status.WORKING)
    return ~(working & Q(owner__roles__overlap=roles))


def not_over() -> Q:
    """Shares that have not ended: live, coming, waiting or locked, as a condition."""
    return Q(revoked_at=None, refused_at=None, until__gt=timezone.now())
