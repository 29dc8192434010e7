"""Putting a single recording in a MoPI group, whatever its category says, and ending that."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from evidence.custody.record import Draft, record
from evidence.people import typed
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.access import find
from evidence.recordings.models import Group, Recording
from evidence.retention.models import Grouping

NOTHING = "There is nothing here that you can see. Check the reference."
OLDEST = 120


def _locked(by: User, recording: Recording) -> Recording:
    """The recording, locked, for somebody who may group it. In a transaction."""
    if not by.may("retention.rules"):
        raise NotAllowed(NOTHING)
    try:
        found = find(by, recording.reference)
    except Recording.DoesNotExist:
        raise NotAllowed(NOTHING) from None
    row = Recording.objects.select_for_update().get(pk=found.pk)
    if row.joined_into_id or row.disposed_at:
        raise NotAllowed(NOTHING)
    return row


def current(recording: Recording) -> Grouping | None:
    """The group that it is in now."""
    rows = Grouping.objects.filter(recording=recording, ended_at=None)
    return rows.select_related("group", "set_by").first()


def put(
    *, by: User, recording: Recording, group: Group, reason: str, born_on: date | None = None
) -> Grouping:
    """Put it in a group: then it is kept at least so long. One group before it ends with that.

    A group that keeps until somebody is a hundred takes their date of birth; without, it is kept
    until somebody says otherwise. Raises NotAllowed, ValueError.
    """
    why, today = typed.reason(reason, "Enter why."), timezone.localdate()
    if group.years is not None:
        born_on = None
    if born_on is not None and not today.year - OLDEST <= born_on.year <= today.year:
        raise ValueError("Enter a real date of birth.")
    with transaction.atomic():
        row = _locked(by, recording)
        now = timezone.now()
        Grouping.objects.filter(recording=row, ended_at=None).update(ended_at=now, ended_by=by)
        made = Grouping.objects.create(
            recording=row, group=group, born_on=born_on, reason=why, set_by=by
        )
        private = {"name": by.short, "group": str(group), "reason": why}
        record(Draft("recording.grouped", row.subject(), by.actor(), private=private))
    return made


def end(*, by: User, recording: Recording, reason: str) -> None:
    """Take it out of its group: then its category's rule and what else there is keep it.

    Raises NotAllowed, ValueError.
    """
    why = typed.reason(reason, "Enter why.")
    with transaction.atomic():
        row = _locked(by, recording)
        found = current(row)
        if found is None:
            raise ValueError("It is in no group.")
        found.ended_at, found.ended_by = timezone.now(), by
        found.save(update_fields=["ended_at", "ended_by"])
        private = {"name": by.short, "group": f"no group, after {found.group}", "reason": why}
        record(Draft("recording.grouped", row.subject(), by.actor(), private=private))
