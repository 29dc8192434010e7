"""Opening cases and linking footage to them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from evidence.cases.models import Case, CaseLink
from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.access import find
from evidence.recordings.models import Recording
from evidence.retention import actions as retention
from evidence.retention.models import Hold, Kind


def _check(by: User) -> None:
    if not by.may("case.change"):
        raise NotAllowed("You can't change cases.")


def save(*, by: User, case: Case, changed: list[str]) -> Case:
    """Open a case, or keep what was changed in it. Raises NotAllowed."""
    _check(by)
    with transaction.atomic():
        new = case.pk is None
        before = {} if new else _shown(Case.objects.select_for_update().get(pk=case.pk), changed)
        case.save()
        if new:
            private = {"name": by.short, "reference": case.urn, "title": case.title}
            record(Draft("case.opened", case.subject(), by.actor(), private=private))
        elif changed:
            details: dict[str, Any] = {
                "name": by.short, "before": before, "after": _shown(case, changed)
            }  # fmt: skip
            record(
                Draft(
                    "case.changed", case.subject(), by.actor(),
                    data={"fields": sorted(changed)}, private=details,
                )
            )  # fmt: skip
    return case


def _shown(case: Case, fields: list[str]) -> dict[str, str]:
    return {name: str(getattr(case, name) or "") for name in fields}


def link(*, by: User, case: Case, recording: Recording, reason: str) -> CaseLink:
    """Put a recording to a case, which holds it; again: the same link.

    Raises NotAllowed, ValueError.
    """
    _check(by)
    if not reason.strip():
        raise ValueError("Enter why this footage belongs to the case.")
    try:
        recording = find(by, recording.reference)
    except Recording.DoesNotExist:
        raise NotAllowed("There is nothing here that you can see. Check the reference.") from None
    with transaction.atomic():
        Recording.objects.select_for_update().get(pk=recording.pk)
        same = CaseLink.objects.filter(case=case, recording=recording, unlinked_at=None).first()
        if same:
            return same
        made = CaseLink.objects.create(case=case, recording=recording, reason=reason, linked_by=by)
        private = {"name": by.short, "case": case.urn, "reason": reason}
        data = {"case": case.subject().ref}
        record(Draft("case.linked", recording.subject(), by.actor(), data=data, private=private))
        retention.hold(
            by=by,
            recording=recording,
            kind=Kind.CASE,
            reason=f"Evidence in {case.urn}",
            reference=case.urn,
        )
    return made


def unlink(*, by: User, link: CaseLink, reason: str) -> None:
    """Take a recording out of a case and end the case's hold on it.

    Raises NotAllowed, ValueError.
    """
    _check(by)
    if not reason.strip():
        raise ValueError("Enter why this footage does not belong to the case.")
    with transaction.atomic():
        row = CaseLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
        if row.unlinked_at is not None:
            return
        row.unlinked_at, row.unlink_reason = timezone.now(), reason
        row.save()
        private = {"name": by.short, "case": row.case.urn, "reason": reason}
        data = {"case": row.case.subject().ref}
        record(
            Draft("case.unlinked", row.recording.subject(), by.actor(), data=data, private=private)
        )
        for hold in Hold.objects.filter(
            recording=row.recording, kind=Kind.CASE, reference=row.case.urn, released_at=None
        ):
            retention.release(by=by, hold=hold, reason=f"Unlinked: {reason}"[:300])
