"""What every act on a complaint does: who may, the row's lock, the version, the event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import timezone

from evidence.complaints import clocks
from evidence.complaints.access import visible_to
from evidence.complaints.models import Complaint
from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.keeping import day as words_of

Status = Complaint.Status
AFTER_DECISION = (Status.DECIDED, Status.TOLD, Status.REVIEW)
NOT_THERE = "There is nothing here that you can see. Check the reference."


class Refused(ValueError):
    """An act that can't be done. Its sentences, in `reasons`, say why and what to do."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class Conflict(Refused):
    """Somebody saved this complaint after the form was opened; `saved` is what they saved."""

    def __init__(self, saved: Complaint) -> None:
        by = saved.changed_by.short if saved.changed_by else "Somebody"
        at = timezone.localtime(saved.changed_at) if saved.changed_at else None
        when = ""
        if at is not None:
            day = "" if at.date() == timezone.localdate() else f" on {words_of(at.date())}"
            when = f" at {at:%H:%M}{day}"
        super().__init__(f"{by} saved this{when}. Compare and choose.")
        self.saved = saved


def opened(
    *, by: User, complaint: Complaint, permission: str, version: int | None = None
) -> Complaint:
    """The complaint's row, locked, for whoever may do this to it; in the caller's transaction.

    Raises NotAllowed, also for one of which the person may not know; Conflict where somebody
    has saved it since `version`.
    """
    if not by.may(permission):
        raise NotAllowed(NOT_THERE)
    # Locked before it is asked who may know of it: whoever was named while this act waited may not.
    row = Complaint.objects.select_for_update(of=("self",)).filter(pk=complaint.pk).first()
    if row is None or not visible_to(by).filter(pk=row.pk).exists():
        raise NotAllowed(NOT_THERE)
    if version is not None and row.version != version:
        raise Conflict(Complaint.objects.select_related("changed_by").get(pk=row.pk))
    return row


def still_open(row: Complaint) -> None:
    """Raises Refused for a complaint that is closed."""
    if row.status == Complaint.Status.CLOSED:
        raise Refused(f"{row.reference} is closed. Only a review opens it again.")


def undecided(row: Complaint, what: str) -> None:
    """Raises Refused once the outcome is decided: what it was decided on stays as it was."""
    if row.status in AFTER_DECISION:
        raise Refused(f"The outcome is decided. {what} only after a review.")


def saved(
    *,
    by: User,
    row: Complaint,
    kind: str,
    data: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
) -> Complaint:
    """Keep the row as changed by this person, its clocks, and the event."""
    row.version += 1
    row.changed_by, row.changed_at = by, timezone.now()
    row.save()
    clocks.keep(row)
    details = {"name": by.short, "reference": row.reference, **(private or {})}
    record(Draft(kind, row.subject(), by.actor(), data=data or {}, private=details))
    return row


def sensible(day: date, *, what: str, earliest: date | None = None, since: str = "") -> date:
    """A day that can have been. Raises Refused in words."""
    if day > timezone.localdate():
        raise Refused(f"{what} can't be on {words_of(day)}: that day has not come yet.")
    if earliest is not None and day < earliest:
        raise Refused(
            f"{what} can't be on {words_of(day)}: {since or 'it came in'} on {words_of(earliest)}."
        )
    return day
