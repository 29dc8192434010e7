"""How far a complaint has come, and what it still needs, in sentences that say what to do."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from evidence.complaints import bodies, referral
from evidence.complaints.models import BodyChoice, Complaint, Finding, Referral, Review

# Twenty-eight days that begin with the day after the outcome was told (SI 2020/2 reg 29(2)).
REVIEW_DAYS = 28


def _day(day: date) -> str:
    return f"{day:%-d %b %Y}"


def body_of(complaint: Complaint) -> BodyChoice | None:
    """Who would review, as it was chosen last."""
    return complaint.body_choices.order_by("-chosen_at", "-id").first()


def is_matter(complaint: Complaint) -> bool:
    """A conduct matter, which nobody complained of: nobody is told, nobody asks for a review."""
    return complaint.standing == Complaint.Standing.NONE


def review_right(complaint: Complaint) -> bool:
    """Whether the complainant has a right to a review of the outcome."""
    if is_matter(complaint) or not complaint.under_schedule3:
        return False
    if complaint.handling in (Complaint.Handling.DIRECTED, Complaint.Handling.INDEPENDENT):
        return False
    chosen = body_of(complaint)
    return chosen is None or chosen.body != BodyChoice.Body.NONE


def review_ends(complaint: Complaint) -> date | None:
    """The last day for an application; None without such a right, or before it was told."""
    if complaint.told_on is None or not review_right(complaint):
        return None
    return complaint.told_on + timedelta(days=REVIEW_DAYS)


def waiting_reviews(complaint: Complaint) -> list[Review]:
    """Applications that are not decided yet."""
    return list(complaint.reviews.filter(decision=Review.Decision.WAITING))


def missing_for_referral(complaint: Complaint) -> list[str]:
    """What the referral still needs."""
    open_ = len(referral.unanswered(complaint))
    found: Referral | None = Referral.objects.filter(complaint=complaint).first()
    missing = []
    if open_:
        plural = "s need" if open_ != 1 else " needs"
        missing.append(f"Answer the referral checklist: {open_} question{plural} an answer.")
    if found is not None and found.referred_on is None:
        by = _day(found.clear_on + timedelta(days=1))
        missing.append(f"Refer it to the IOPC, by the end of {by}.")
    elif found is not None and found.answered == Referral.Answered.WAITING:
        missing.append("Enter what the IOPC decided about the referral.")
    return missing


def missing_findings(complaint: Complaint) -> list[str]:
    """What the findings still need. Two queries, however many allegations."""
    allegations = list(complaint.allegations.filter(withdrawn_at=None))
    in_force = {
        row.allegation_id: row
        for row in Finding.objects.filter(
            allegation__complaint=complaint, replaced_at=None
        ).select_related("wording")
    }
    if not complaint.allegations.exists():
        return ["Enter what is alleged, each allegation with its category."]
    missing = []
    for row in allegations:
        finding = in_force.get(row.pk)
        if finding is None:
            missing.append(f"Enter a finding of allegation {row.number}.")
        elif complaint.handling not in finding.wording.handlings.split():
            missing.append(
                f"“{finding.wording}” is no finding of this handling "
                f"({complaint.get_handling_display()}): enter another of allegation {row.number}."
            )
        elif finding.decided_at is None:
            missing.append(f"The authority has to decide the finding of allegation {row.number}.")
    return missing


def missing_for_outcome(complaint: Complaint) -> list[str]:
    """What stands between this complaint and its outcome."""
    missing = missing_for_referral(complaint)
    if complaint.handler_id is None:
        missing.append("Say who handles it.")
    missing += missing_findings(complaint)
    if complaint.under_schedule3 and not is_matter(complaint):
        chosen = body_of(complaint)
        if chosen is None:
            missing.append("Choose the review body.")
        elif bodies.is_stale(complaint, chosen):
            missing.append("Choose the review body again: what it was chosen by has changed.")
    return missing


def missing_for_close(complaint: Complaint) -> list[str]:
    """What stands between this complaint and its end."""
    if complaint.status == Complaint.Status.CLOSED:
        return []
    missing = []
    undecided = (Complaint.Status.RECORDED, Complaint.Status.HANDLED)
    if complaint.status in undecided:
        missing = missing_for_outcome(complaint) or ["Decide the outcome."]
    else:
        missing = missing_for_referral(complaint)
    if not is_matter(complaint) and complaint.told_on is None:
        missing.append("Tell the complainant the outcome.")
    ends = review_ends(complaint)
    if ends is not None and ends >= timezone.localdate():
        missing.append(f"Wait for the review period: it runs to the end of {_day(ends)}.")
    for row in waiting_reviews(complaint):
        missing.append(f"Enter what came of the review asked for on {_day(row.applied_on)}.")
    return missing


def why_kept(reference: str) -> str:
    """Why a complaint's hold can't end yet, in one sentence; empty where it can."""
    complaint = Complaint.objects.filter(reference=reference).first()
    if complaint is None:
        return ""
    if complaint.status != Complaint.Status.CLOSED:
        return f"Held for {reference}, which is open. Close it first."
    ends = review_ends(complaint)
    if ends is not None and ends >= timezone.localdate():
        return f"Held for {reference}: its review period runs to the end of {_day(ends)}."
    if waiting_reviews(complaint):
        return f"Held for {reference}, which is at review. Enter what came of it first."
    return ""
