"""Recording a complaint: the hold is part of saving."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from evidence.complaints.models import Complaint
from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.retention import actions as retention
from evidence.retention.models import Hold, Kind


def record_complaint(
    *, by: User, complaint: Complaint, officers: Iterable[User]
) -> tuple[Complaint, list[Hold]]:
    """Keep a new complaint and hold its officers' footage of that time, in one transaction.

    What is still in a camera or on its way is held when it arrives. Raises NotAllowed.
    """
    if not by.may("complaint.change"):
        raise NotAllowed("You can't record complaints.")
    people = list(officers)
    if by in people:
        raise NotAllowed("You are named in this complaint: somebody else has to record it.")
    with transaction.atomic():
        complaint.recorded_by = by
        complaint.save()
        complaint.officers.set(people)
        held = retention.watch(
            by=by,
            kind=Kind.COMPLAINT,
            reference=complaint.reference,
            reason=f"Complaint {complaint.reference}",
            officers=people,
            start=complaint.start,
            end=complaint.end,
        )
        record(
            Draft(
                "complaint.recorded",
                complaint.subject(),
                by.actor(),
                data={"held": len(held)},
                private={"name": by.short, "reference": complaint.reference},
            )
        )
    return complaint, held
