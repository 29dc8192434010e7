"""Which recordings somebody may see: the one place that decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings.models import Grant, Recording
from evidence.recordings.references import is_reference

# What a grant opens besides: looking and marking, and taking away where the role may.
GRANTABLE = ("recording.view", "recording.mark", "recording.download")


def granted(user: User) -> list[int]:
    """The recordings for which somebody holds a grant that has not ended."""
    rows = Grant.objects.filter(person=user, ended_at=None, until__gt=timezone.now())
    return list(rows.values_list("recording_id", flat=True))


# Rooms above this one that open footage to people: a case to its team. Restricted footage not.
Opener = Callable[[User], "QuerySet[Any] | list[int] | None"]
_openers: list[Opener] = []


def register_opener(opener: Opener) -> None:
    """Add what opens footage; it gives the recordings' ids, or None. Again: nothing changes."""
    if opener not in _openers:
        _openers.append(opener)


# Rooms that ask people outside for files: what came for whom. It is open to them like what an
# opener opens; before somebody has accepted it, to look at.
_askers: list[Opener] = []


def register_asker(asker: Opener) -> None:
    """Add what knows who asked for files from outside; as `register_opener`."""
    if asker not in _askers:
        _askers.append(asker)


def _from_outside(user: User, permission: str, asked: list[int]) -> Q | None:
    """What came from outside and nobody accepted yet: for those who decide about quarantine, and,
    to look at, for who asked for it."""
    waits = Q(restricted=Recording.Restriction.OUTSIDE)
    if permission in ("recording.view", "recording.download") and user.may("quarantine.resolve"):
        return waits
    return waits & Q(pk__in=asked) if asked and permission == "recording.view" else None


# Rooms above this one that keep footage for what a reader may not know of: the recordings' ids of
# which nothing that they may know says why they are still there.
Secret = Callable[[User], "QuerySet[Any]"]
_secrets: list[Secret] = []


def register_secret(secret: Secret) -> None:
    """Add what knows footage that is kept for a secret alone. Again: nothing changes."""
    if secret not in _secrets:
        _secrets.append(secret)


def not_ended() -> Q:
    """Recordings whose category's period runs, or is not reckoned yet. Never because of a hold."""
    return Q(kept_until=None) | Q(kept_until__gt=timezone.now())


def visible_to(user: User, permission: str = "recording.view") -> QuerySet[Recording]:
    """The recordings that `user` has `permission` for; joined ones appear as what they joined.

    OWN: those recorded by them. UNIT: besides, by people of their unit, of units below
    it, and by those they supervise. Both end with the category's period, held or not: who sees
    longer would see that something holds it. ALL sees what is there, but of one's own, and of what
    a secret alone keeps, no more than that. What was granted comes on top. Restricted footage is
    visible by a grant alone, and what came from outside not before it is accepted. From the moment
    at which it is disposed of it is there for nobody. Everything else looks like not found.
    """
    recordings = Recording.objects.filter(joined_into=None, disposed_at=None)
    return _seen(user, permission, recordings, _ends(user, user.scope(permission)))


def once_visible_to(user: User) -> QuerySet[Recording]:
    """What somebody sees, and what they saw before it ended or was disposed of."""
    return _seen(user, "recording.view", Recording.objects.filter(joined_into=None), None)


def _ends(user: User, scope: Scope) -> Q:
    """The condition on top of what a scope reaches: that it has not ended for this reader."""
    return not_ended() | _told(user) if scope is Scope.ALL else not_ended()


def _told(user: User) -> Q:
    """Footage of which somebody may know that it is there after its end: not their own, and not
    what a secret alone keeps."""
    told = ~Q(officer=user)
    for secret in _secrets:
        told &= ~Q(pk__in=secret(user))
    return told


def there_for(user: User) -> Q:
    """What may be told to be there, for rooms that tell it of footage that isn't open to whom they
    tell it: not what was disposed of, nor what ended for somebody who would have seen it."""
    told = _told(user)
    if user.scope("recording.view") is Scope.UNIT:
        told &= ~Q(officer__in=team_of(user))
    return Q(disposed_at=None) & (not_ended() | told)


def _seen(
    user: User, permission: str, recordings: QuerySet[Recording], ends: Q | None
) -> QuerySet[Recording]:
    scope = user.scope(permission)
    if scope is Scope.NONE:
        return recordings.none()
    # Read first, so that the plan stays a plain index scan for the many who hold none.
    opened = granted(user)
    reach = _reach(user, scope)
    if ends is not None:
        reach = ends if reach is None else reach & ends
    if opened and reach is not None and permission in GRANTABLE:
        reach |= Q(pk__in=opened)
    asked: list[int] = []
    if permission in GRANTABLE and (reach is not None or not user.may("quarantine.resolve")):
        asked = [pk for asker in _askers for pk in asker(user) or []]
    if reach is not None and permission in GRANTABLE:
        if asked:
            reach |= Q(pk__in=asked)
        for opener in _openers:
            more = opener(user)
            if more is not None:
                reach |= Q(pk__in=more)
    allowed = Q(restricted="") | Q(pk__in=opened) if opened else Q(restricted="")
    waiting = _from_outside(user, permission, asked)
    if waiting is not None:
        allowed |= waiting
        reach = reach if reach is None else reach | waiting
    return recordings.filter(allowed) if reach is None else recordings.filter(allowed, reach)


def _reach(user: User, scope: Scope) -> Q | None:
    """The scope as a condition; None for everything."""
    if scope is Scope.ALL:
        return None
    if scope is Scope.UNIT:
        return Q(officer__in=team_of(user))
    return Q(officer=user) if scope is Scope.OWN else Q(pk__in=[])


def team_of(user: User) -> QuerySet[User]:
    """The person, those of their unit and of units below it, and those they supervise."""
    team = Q(pk=user.pk) | Q(supervisor=user)
    if user.unit is not None:
        team |= Q(unit__path__startswith=user.unit.path)
    return User.objects.filter(team)


MOST_NAMED = 50


def named_to(user: User, recordings: QuerySet[Recording]) -> tuple[list[Recording], str]:
    """Of recordings that some other thing names, those that `user` may see, at most 50; and in
    words that there are others."""
    seen = recordings.filter(pk__in=visible_to(user).values("pk"))
    shown = list(seen.order_by("reference")[: MOST_NAMED + 1])
    rest = recordings.values("pk")[:1001].count() - len(shown)
    others = "and more" if len(shown) > MOST_NAMED else "and others that you can't see"
    return shown[:MOST_NAMED], others if rest > 0 or len(shown) > MOST_NAMED else ""


def find(user: User, reference: str, permission: str = "recording.view") -> Recording:
    """One recording by its reference, also by one that was joined into another.

    Raises Recording.DoesNotExist for what is not there and for what may not be seen alike.
    """
    if not is_reference(reference):
        raise Recording.DoesNotExist
    visible = visible_to(user, permission).select_related("officer", "category", "incident")
    found = visible.filter(reference=reference.upper()).first()
    if found is None:
        joined = Recording.objects.exclude(joined_into=None).filter(reference=reference.upper())
        found = visible.get(pk__in=joined.values("joined_into"))
    return found


def once_found(user: User, reference: str) -> Recording | None:
    """What `find` does not find any more for somebody who could see it: it ended for them, or was
    disposed of. The same queries for what is there, what was, and what never was."""
    if not is_reference(reference):
        return None
    named = Recording.objects.filter(reference=reference.upper())
    rows = once_visible_to(user).filter(
        Q(pk__in=named.values("pk")) | Q(pk__in=named.values("joined_into"))
    )
    return rows.select_related("officer", "category").first()
