"""Restricting footage, and opening a recording to one person with a reason and an end."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from evidence.custody.models import Event
from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings.models import Grant, Recording

LONGEST = timedelta(days=366)
NOTHING = "There is nothing here that you can see. Check the reference."
Restriction = Recording.Restriction


def known_to(user: User, reference: str) -> Recording:
    """A recording by its reference for those who open recordings to others, restricted or not:
    that there is one, not what is in it. Raises NotAllowed."""
    found = Recording.objects.filter(
        reference=reference.upper(), joined_into=None, disposed_at=None
    ).first()
    if found is None or user.scope("recording.grant") is not Scope.ALL:
        raise NotAllowed(NOTHING)
    return found


def restrict(*, by: User, recording: Recording, kind: str, reason: str) -> Recording:
    """Keep a recording from everybody who holds no grant for it, who recorded it included.

    Raises NotAllowed, ValueError.
    """
    from evidence.recordings.access import find

    if kind not in Restriction.values or kind in (Restriction.NONE, Restriction.OUTSIDE):
        raise ValueError("Select why it is restricted.")
    if not reason.strip():
        raise ValueError("Enter why it is restricted.")
    with transaction.atomic():
        row = Recording.objects.select_for_update(of=("self",)).get(pk=recording.pk)
        try:
            find(by, row.reference, "recording.restrict")
        except Recording.DoesNotExist:
            raise NotAllowed(NOTHING) from None
        _not_from_outside(row)
        row.restricted = kind
        row.save(update_fields=["restricted"])
        _written("recording.restricted", by, row, kind, reason)
    return row


def unrestrict(*, by: User, recording: Recording, reason: str) -> Recording:
    """Lift a restriction. Raises NotAllowed, ValueError."""
    if not reason.strip():
        raise ValueError("Enter why it is no longer restricted.")
    with transaction.atomic():
        known_to(by, recording.reference)
        if recording.officer_id == by.pk or _restrictor(recording) == by.ref:
            raise NotAllowed("A different person has to lift this restriction.")
        row = Recording.objects.select_for_update(of=("self",)).get(pk=recording.pk)
        _not_from_outside(row)
        kind, row.restricted = row.restricted, Restriction.NONE
        row.save(update_fields=["restricted"])
        _written("recording.unrestricted", by, row, kind, reason)
    return row


def _not_from_outside(row: Recording) -> None:
    """What came from outside opens by being accepted, and in no other way."""
    if row.restricted == Restriction.OUTSIDE:
        raise ValueError("It came from outside the force. Accept it in quarantine first.")


def _restrictor(recording: Recording) -> str:
    """The pseudonym of whoever restricted it last."""
    rows = Event.objects.filter(object_ref=recording.reference, type="recording.restricted")
    newest = rows.order_by("-seq").values_list("actor_ref", flat=True).first()
    return newest or ""


def _written(event: str, by: User, row: Recording, kind: str, reason: str) -> None:
    label = str(Restriction(kind).label)
    details = {"name": by.short, "restriction": label, "reason": reason.strip()[:300]}
    record(Draft(event, row.subject(), by.actor(), private=details))


def grant(*, by: User, recording: Recording, person: User, until: datetime, reason: str) -> Grant:
    """Open one recording to one person until then. Raises NotAllowed, ValueError."""
    if not reason.strip():
        raise ValueError("Enter why this person needs it.")
    from evidence.recordings.access import there_for

    now = timezone.now()
    if not now < until <= now + LONGEST:
        raise ValueError("Enter an end after now and within a year.")
    if person.pk == by.pk:
        raise NotAllowed("A different person has to open footage to you.")
    if person.scope("recording.view") is Scope.NONE:
        raise ValueError(f"{person.short} has no role that may see footage.")
    with transaction.atomic():
        # Locked: joining it into another waits, and what was joined away is not there.
        row = Recording.objects.select_for_update(of=("self",)).filter(pk=recording.pk).first()
        recording = known_to(by, row.reference if row else recording.reference)
        if not Recording.objects.filter(there_for(by), pk=recording.pk).exists():
            raise NotAllowed(NOTHING)
        _not_from_outside(recording)
        made = Grant.objects.create(
            recording=recording, person=person, until=until, reason=reason.strip()[:300],
            granted_by=by,
        )  # fmt: skip
        details = {
            "name": by.short, "person": person.short, "reason": made.reason,
            "until": f"{timezone.localtime(until):%-d %b %Y %H:%M}",
        }  # fmt: skip
        record(Draft("access.granted", recording.subject(), by.actor(),
                     data={"grant": made.pk, "person": person.ref}, private=details))  # fmt: skip
    return made


def end(*, by: User, grant: Grant, reason: str) -> Grant:
    """End a grant at its holder's next request; again: nothing. Raises NotAllowed, ValueError."""
    if not reason.strip():
        raise ValueError("Enter why it ends.")
    with transaction.atomic():
        known_to(by, grant.recording.reference)
        row = Grant.objects.select_for_update(of=("self",)).get(pk=grant.pk)
        if row.ended_at is None:
            row.ended_at = timezone.now()
            row.save(update_fields=["ended_at"])
            why = reason.strip()[:300]
            details = {"name": by.short, "person": row.person.short, "reason": why}
            data = {"grant": row.pk, "person": row.person.ref}
            subject = row.recording.subject()
            record(Draft("access.ended", subject, by.actor(), data=data, private=details))
    return row
