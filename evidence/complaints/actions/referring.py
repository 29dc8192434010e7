"""The referral checklist, the referral, and who would review."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils import timezone

from evidence.complaints import bodies, clocks, referral
from evidence.complaints.access import visible_to
from evidence.complaints.actions.handling import to_be_decided
from evidence.complaints.actions.recording import let_go, reopen
from evidence.complaints.actions.saving import (
    AFTER_DECISION,
    NOT_THERE,
    Refused,
    opened,
    saved,
    sensible,
    still_open,
)
from evidence.complaints.models import Answer, BodyChoice, Complaint, Question, Referral
from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User


def _lock_incident(*complaints: Complaint) -> list[int]:
    """Lock everything of these incidents in one order, so that two acts never wait crosswise."""
    found = sorted({pk for complaint in complaints for pk in referral.incident_of(complaint)})
    rows = Complaint.objects.filter(pk__in=found).order_by("pk")
    list(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
    return found


def _settle(by: User, incident: list[int]) -> None:
    """Let the referrals of one incident say what its answers say: one that has to go takes the
    others along (SI 2020/2 reg 4(1)(b)). What was referred stays referred."""
    must = referral.must_go(incident)
    known = {row.complaint_id: row for row in Referral.objects.filter(complaint__in=incident)}
    for row in Complaint.objects.filter(pk__in=incident):
        one = known.get(row.pk)
        if must and one is None:
            Referral.objects.create(complaint=row, clear_on=timezone.localdate())
        elif must and one is not None and not one.mandatory and one.referred_on is None:
            Referral.objects.filter(pk=one.pk).update(mandatory=True)
        elif not must and one is not None and one.mandatory and one.referred_on is None:
            one.delete()
        else:
            continue
        clocks.keep(Complaint.objects.get(pk=row.pk))
        record(
            Draft(
                "complaint.referral_due", row.subject(), by.actor(), data={"must": must},
                private={"name": by.short, "reference": row.reference},
            )
        )  # fmt: skip


def answer(
    *,
    by: User,
    complaint: Complaint,
    version: int | None,
    answers: Mapping[Question, tuple[bool, str]],
) -> Complaint:
    """Answer questions of the checklist: yes or no, and why. Earlier answers stay readable.

    Any yes means that it has to go to the IOPC, and so does every complaint of its incident.
    Raises NotAllowed, Conflict, Refused.
    """
    with transaction.atomic():
        incident = _lock_incident(complaint)
        row = opened(by=by, complaint=complaint, permission="complaint.change", version=version)
        still_open(row)
        known = referral.answers_of([row.pk]).get(row.pk, {})
        made = []
        for question, (yes, reason) in answers.items():
            before = known.get(question.pk)
            if before is not None and (before.yes, before.reason) == (yes, reason.strip()):
                continue
            if before is not None and before.yes and not yes and not reason.strip():
                raise Refused(f"Enter why the answer is no now: {question.words}")
            made.append(Answer(complaint=row, question=question, yes=yes,
                               reason=reason.strip()[:500], answered_by=by))  # fmt: skip
        if not made:
            return row
        Answer.objects.bulk_create(made)
        _settle(by, incident)
        words = [f"{item.question.code}: {'yes' if item.yes else 'no'}" for item in made]
        return saved(by=by, row=row, kind="complaint.answered", data={"count": len(made)},
                     private={"answers": words})  # fmt: skip


def same_incident(
    *, by: User, complaint: Complaint, version: int | None, other: str, linked: bool = True
) -> Complaint:
    """Say that another complaint is of the same incident, with all that is of it; or that this
    one is not after all, and leaves it.

    Raises NotAllowed, Conflict, Refused.
    """
    with transaction.atomic():
        there = visible_to(by).filter(reference=other.strip().upper()).first()
        if there is None:
            raise Refused(f"There is no complaint {other.strip()} that you can see. Check it.")
        if there.pk == complaint.pk:
            raise Refused("Enter the reference of another complaint.")
        incident = _lock_incident(complaint, there)
        row = opened(by=by, complaint=complaint, permission="complaint.change", version=version)
        if linked:
            # Each with each: who may know of one may know of all, and one link says so.
            for one in Complaint.objects.filter(pk__in=incident):
                one.same_incident.add(*(pk for pk in incident if pk != one.pk))
        else:
            row.same_incident.clear()
        for one in (row, there):
            _settle(by, referral.incident_of(one))
        made = saved(by=by, row=row, kind="complaint.linked", data={"linked": linked},
                     private={"other": there.reference})  # fmt: skip
        for one in Complaint.objects.filter(pk__in=incident).exclude(pk=row.pk):
            let_go(by, one)
        let_go(by, made)
        return made


def refer(
    *, by: User, complaint: Complaint, version: int | None, on: date, iopc_reference: str = ""
) -> Referral:
    """Write down that it went to the IOPC: because it must, or because the force wants it to.

    Raises NotAllowed, Conflict, Refused.
    """
    if not (by.may("complaint.change") or by.may("complaint.decide")):
        raise NotAllowed(NOT_THERE)
    with transaction.atomic():
        permission = "complaint.change" if by.may("complaint.change") else "complaint.decide"
        row = opened(by=by, complaint=complaint, permission=permission, version=version)
        if not Referral.objects.filter(complaint=row, mandatory=True).exists():
            still_open(row)  # one that has to go goes, closed or not: its incident may demand it
        sensible(on, what="The referral", earliest=row.received)
        found, _ = Referral.objects.select_for_update(of=("self",)).get_or_create(
            complaint=row, defaults={"mandatory": False, "clear_on": timezone.localdate()}
        )
        if found.referred_on is not None:
            raise Refused(f"{row.reference} went to the IOPC on {found.referred_on:%-d %b %Y}.")
        found.referred_on, found.referred_by = on, by
        found.iopc_reference = iopc_reference.strip()[:40]
        found.save()
        saved(by=by, row=row, kind="complaint.referred", data={"mandatory": found.mandatory},
              private={"on": on.isoformat(), "iopc": found.iopc_reference})  # fmt: skip
    return found


def referral_answered(
    *, by: User, complaint: Complaint, version: int | None, answered: str, iopc_reference: str = ""
) -> Referral:
    """What the IOPC decided: back to the force, or an investigation directed or led by it.

    Raises NotAllowed, Conflict, Refused.
    """
    with transaction.atomic():
        row = opened(by=by, complaint=complaint, permission="complaint.change", version=version)
        found = Referral.objects.select_for_update(of=("self",)).filter(complaint=row).first()
        if found is None or found.referred_on is None:
            raise Refused("Enter first on which day it was referred.")
        if answered not in Referral.Answered.values or not answered:
            raise Refused("Choose what the IOPC decided.")
        found.answered = answered
        found.iopc_reference = iopc_reference.strip()[:40] or found.iopc_reference
        found.save()
        handling = {
            Referral.Answered.DIRECTED: Complaint.Handling.DIRECTED,
            Referral.Answered.INDEPENDENT: Complaint.Handling.INDEPENDENT,
        }.get(Referral.Answered(answered))
        if handling is not None and handling != row.handling:
            row.handling = handling
            to_be_decided(row)
            if row.status in (*AFTER_DECISION, Complaint.Status.CLOSED):
                # It is investigated now: what was told is not its outcome any more.
                reopen(by=by, row=row)
                row.status = Complaint.Status.HANDLED
                row.decided_on = row.told_on = None
        saved(by=by, row=row, kind="complaint.referral_answered", data={},
              private={"answered": found.get_answered_display(),
                       "iopc": found.iopc_reference})  # fmt: skip
    return found


def choose_body(
    *, by: User, complaint: Complaint, version: int | None, asked: Mapping[str, bool]
) -> BodyChoice:
    """Work out who would review, from what is known and what was answered; keep both and why.

    Raises NotAllowed, Conflict, Refused.
    """
    if not (by.may("complaint.change") or by.may("complaint.decide")):
        raise NotAllowed(NOT_THERE)
    with transaction.atomic():
        permission = "complaint.change" if by.may("complaint.change") else "complaint.decide"
        row = opened(by=by, complaint=complaint, permission=permission, version=version)
        still_open(row)
        missing = [words for name, words in bodies.ASKED.items() if name not in asked]
        if missing:
            raise Refused(*(f"Answer: {words}" for words in missing))
        facts = bodies.facts_of(row, dict(asked))
        choice = bodies.choose(facts)
        made = BodyChoice.objects.create(
            complaint=row, body=choice.body, facts=bodies.as_dict(facts), reasons=choice.reasons,
            chosen_by=by,
        )  # fmt: skip
        saved(by=by, row=row, kind="complaint.body_chosen", data={},
              private={"body": made.get_body_display(), "reasons": choice.reasons})  # fmt: skip
    return made
