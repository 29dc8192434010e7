"""The end of a complaint, and then of what it holds."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from evidence.complaints import state
from evidence.complaints.actions.saving import Refused, opened, saved
from evidence.complaints.models import Complaint
from evidence.people.models import User
from evidence.retention import actions as retention
from evidence.retention.models import Hold, Kind


def close(*, by: User, complaint: Complaint, version: int | None) -> Complaint:
    """Close it. Its footage stays held until somebody releases that too.

    Raises NotAllowed, Conflict, Refused with everything that is missing.
    """
    with transaction.atomic():
        row = opened(by=by, complaint=complaint, permission="complaint.change", version=version)
        if row.status == Complaint.Status.CLOSED:
            return row
        missing = state.missing_for_close(row)
        if missing:
            raise Refused(*missing)
        row.status, row.closed_on, row.closed_by = (
            Complaint.Status.CLOSED, timezone.localdate(), by,
        )  # fmt: skip
        return saved(by=by, row=row, kind="complaint.closed")


def release(*, by: User, complaint: Complaint, version: int | None, reason: str) -> list[Hold]:
    """End the hold of a complaint that is closed and whose review period is over: what is held,
    and the wait for what arrives. Raises NotAllowed, Conflict, Refused."""
    with transaction.atomic():
        row = opened(by=by, complaint=complaint, permission="complaint.change", version=version)
        refused = state.why_kept(row.reference)
        if refused:
            raise Refused(refused)
        if not reason.strip():
            raise Refused("Enter why the footage need not be kept for this complaint any more.")
        gone = retention.release_all(
            by=by, kind=Kind.COMPLAINT, reference=row.reference, reason=reason
        )
        saved(by=by, row=row, kind="complaint.released", data={"released": len(gone)},
              private={"reason": reason.strip()[:300]})  # fmt: skip
    return gone
