"""Who sees which plans, items and sessions: the one place that decides."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings.access import team_of, visible_to
from evidence.recordings.models import Recording
from evidence.sampling.models import Item, PanelSession, Plan, Review, Stratum


def plans_to(user: User) -> QuerySet[Plan]:
    """The plans that somebody may know of: all, for whoever has to do with samples.

    That there is a sample is no secret: a plan that could be hidden could be dropped.
    """
    return Plan.objects.all() if user.may("sample.view") else Plan.objects.none()


def strata_to(user: User, plan: Plan) -> QuerySet[Stratum]:
    """A plan's strata; for a supervisor those that their unit is in, or that lie below it."""
    strata = plan.strata.select_related("unit").defer("frame")
    scope = user.scope("sample.view")
    if scope is Scope.ALL:
        return strata
    if scope is not Scope.UNIT or user.unit is None:
        return strata.none()
    path = user.unit.path
    above = [f"/{'/'.join(path.strip('/').split('/')[:n])}/" for n in range(1, path.count("/"))]
    return strata.filter(Q(unit__path__startswith=path) | Q(unit__path__in=above))


def items_to(user: User, permission: str = "sample.view") -> QuerySet[Item]:
    """The items that `user` has `permission` for: their footage may be seen by them, is of their
    people where they are a supervisor, and is never their own. Everything else is not there."""
    scope = user.scope(permission)
    if scope < Scope.UNIT:
        return Item.objects.none()
    items = Item.objects.filter(recording__in=visible_to(user)).exclude(recording__officer=user)
    if scope is Scope.UNIT:
        items = items.filter(recording__officer__in=team_of(user))
    return items


def reviews_to(user: User) -> QuerySet[Review]:
    """What was found in items that somebody may see, by reviewers and by the panel."""
    return Review.objects.filter(item__in=items_to(user))


def concerns_to(user: User) -> QuerySet[Review]:
    """Concerns for professional standards; never about oneself."""
    if user.scope("sample.review") is not Scope.ALL:
        return Review.objects.none()
    return reviews_to(user).filter(outcome=Review.Outcome.CONCERN)


# --- the panel ---


def sessions_to(user: User) -> QuerySet[PanelSession]:
    """The sessions of which somebody is a member and that are not over."""
    if not user.may("panel.view"):
        return PanelSession.objects.none()
    return PanelSession.objects.filter(
        members=user, closed_at=None, closes_at__gt=timezone.now()
    )  # fmt: skip


def open_to(user: User) -> QuerySet[PanelSession]:
    """Those of them that are open now."""
    return sessions_to(user).filter(opens_at__lte=timezone.now())


def _unrestricted() -> QuerySet[Recording]:
    return Recording.objects.filter(restricted="", joined_into=None, disposed_at=None)


def shown_in(session: PanelSession) -> QuerySet[Item]:
    """What the panel sees in a session: what its chair chose, and is neither restricted nor left
    out since: that has a reason, as that a child is seen."""
    return session.items.filter(recording__in=_unrestricted()).exclude(state=Item.State.SKIPPED)


def to_choose(session: PanelSession) -> QuerySet[Item]:
    """What the chair chooses from: all that was drawn, unless it is restricted or was skipped."""
    return (
        Item.objects.filter(stratum__plan=session.plan_id, recording__in=_unrestricted())
        .exclude(state=Item.State.SKIPPED)
    )  # fmt: skip
