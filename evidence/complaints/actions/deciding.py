"""Findings, the outcome, and what followed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils import timezone

from evidence.complaints import state
from evidence.complaints.actions.saving import (
    Refused,
    opened,
    saved,
    sensible,
    still_open,
    undecided,
)
from evidence.complaints.models import Allegation, Complaint, Finding, Measure, Wording
from evidence.people.models import User
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.recordings.models import Recording


def _who_decides(by: User, row: Complaint) -> None:
    """Under Schedule 3 the appropriate authority, never the handler; outside it the handler."""
    if not row.under_schedule3:
        if row.handler_id != by.pk:
            raise Refused("Outside Schedule 3 whoever handles it decides: hand it to them first.")
        return
    if row.handler_id == by.pk:
        raise Refused("A different person has to decide: you handle it.")
    if not by.may("complaint.decide"):
        raise Refused("Under Schedule 3 the appropriate authority decides: ask them.")
    if row.authority is not None and row.authority_id != by.pk:
        raise Refused(f"{row.authority.short} decides this complaint.")


def propose(
    *,
    by: User,
    allegation: Allegation,
    version: int | None,
    wording: Wording,
    reasons: str,
    learning: str = "",
) -> Finding:
    """Enter a finding, in the words that the rules have for this handling; one before it stays.

    Outside Schedule 3 it is decided with that. Raises NotAllowed, Conflict, Refused.
    """
    with transaction.atomic():
        row = opened(by=by, complaint=allegation.complaint, permission="complaint.change",
                     version=version)  # fmt: skip
        still_open(row)
        found = row.allegations.select_for_update(of=("self",)).get(pk=allegation.pk)
        if row.handler_id != by.pk:
            raise Refused("Whoever handles it enters the findings: hand it to them first.")
        undecided(row, "A finding changes")
        if found.withdrawn_at is not None:
            raise Refused(f"Allegation {found.number} was set aside.")
        if not wording.active or row.handling not in wording.handlings.split():
            raise Refused(
                f"“{wording}” is no finding of this handling ({row.get_handling_display()}). "
                "Choose another."
            )
        if not reasons.strip():
            raise Refused("Enter the reasons for the finding.")
        now = timezone.now()
        found.findings.filter(replaced_at=None).update(replaced_at=now)
        made = Finding.objects.create(
            allegation=found, wording=wording, reasons=reasons.strip(), learning=learning.strip(),
            proposed_by=by,
        )  # fmt: skip
        if not row.under_schedule3:
            made.decided_by, made.decided_at = by, now
            made.save(update_fields=["decided_by", "decided_at"])
        saved(by=by, row=row, kind="complaint.found", data={"number": found.number},
              private={"wording": str(wording), "reasons": made.reasons[:2000]})  # fmt: skip
    return made


def decide(
    *, by: User, finding: Finding, version: int | None, agree: bool, reason: str = ""
) -> Finding:
    """Decide a finding that somebody else proposed: it stands, or goes back with the reason.

    Raises NotAllowed, Conflict, Refused.
    """
    with transaction.atomic():
        row = opened(by=by, complaint=finding.allegation.complaint, permission="complaint.decide",
                     version=version)  # fmt: skip
        still_open(row)
        found = (
            Finding.objects.select_for_update(of=("self",)).select_related("allegation")
            .get(pk=finding.pk)
        )  # fmt: skip
        if found.replaced_at is not None:
            raise Refused("Another finding has replaced this one. Decide that.")
        if found.allegation.withdrawn_at is not None:
            raise Refused(f"Allegation {found.allegation.number} was set aside.")
        if found.proposed_by_id == by.pk:
            raise Refused("A different person has to approve this.")
        _who_decides(by, row)
        if found.decided_at is not None:
            return found
        if agree:
            found.decided_by, found.decided_at = by, timezone.now()
        else:
            if not reason.strip():
                raise Refused("Enter why the finding goes back.")
            found.replaced_at = timezone.now()
        found.save(update_fields=["decided_by", "decided_at", "replaced_at"])
        saved(by=by, row=row, kind="complaint.finding_decided",
              data={"number": finding.allegation.number},
              private={"agreed": "yes" if agree else "no",
                       "reason": reason.strip()[:500]})  # fmt: skip
    return found


def decide_outcome(*, by: User, complaint: Complaint, version: int | None) -> Complaint:
    """Every finding is decided: from today it has to be told. Raises NotAllowed, Conflict, Refused
    with everything that is missing."""
    permission = "complaint.decide" if by.may("complaint.decide") else "complaint.change"
    with transaction.atomic():
        row = opened(by=by, complaint=complaint, permission=permission, version=version)
        still_open(row)
        if row.status not in (Complaint.Status.RECORDED, Complaint.Status.HANDLED):
            raise Refused("The outcome is decided already.")
        missing = state.missing_for_outcome(row)
        if missing:
            raise Refused(*missing)
        _who_decides(by, row)
        row.status, row.decided_on = Complaint.Status.DECIDED, timezone.localdate()
        return saved(by=by, row=row, kind="complaint.decided")


def measure(
    *,
    by: User,
    complaint: Complaint,
    version: int | None,
    kind: str,
    words: str,
    officer: User | None = None,
    recordings: Iterable[Recording] = (),
    due_on: date | None = None,
) -> Measure:
    """Enter what followed: learning, a reflective practice review with the footage it is about.

    Raises NotAllowed, Conflict, Refused.
    """
    with transaction.atomic():
        row = opened(by=by, complaint=complaint, permission="complaint.change", version=version)
        if kind not in Measure.Kind.values:
            raise Refused("Choose what followed from the list.")
        if not words.strip():
            raise Refused("Enter what was agreed.")
        if officer is not None and not row.named.filter(officer=officer).exists():
            raise Refused(f"{officer.short} is not named in {row.reference}.")
        if kind == Measure.Kind.REFLECTIVE and officer is None:
            raise Refused("A reflective practice review is of one officer: choose them.")
        footage = list(recordings)
        seen = recordings_visible_to(by).filter(pk__in=[item.pk for item in footage])
        if seen.count() != len({item.pk for item in footage}):
            raise Refused("There is footage among it that you can't see. Check the references.")
        made = Measure.objects.create(
            complaint=row, kind=kind, words=words.strip(), officer=officer, due_on=due_on,
            entered_by=by,
        )  # fmt: skip
        made.recordings.set(footage)
        saved(by=by, row=row, kind="complaint.measured", data={},
              private={"what": made.get_kind_display(), "words": made.words[:1000]})  # fmt: skip
    return made


def measure_done(
    *, by: User, measure: Measure, version: int | None, done_on: date, report: str
) -> Measure:
    """What came of it, and when. Raises NotAllowed, Conflict, Refused."""
    with transaction.atomic():
        row = opened(by=by, complaint=measure.complaint, permission="complaint.change",
                     version=version)  # fmt: skip
        found = row.measures.select_for_update(of=("self",)).get(pk=measure.pk)
        sensible(done_on, what="It", earliest=row.received)
        if not report.strip():
            raise Refused("Enter what came of it.")
        found.done_on, found.report = done_on, report.strip()
        found.save(update_fields=["done_on", "report"])
        saved(by=by, row=row, kind="complaint.measured", data={},
              private={"what": found.get_kind_display(), "words": found.report[:1000]})  # fmt: skip
    return found
