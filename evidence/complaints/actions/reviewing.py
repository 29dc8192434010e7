"""Reviews of an outcome, by the local policing body or the IOPC."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from evidence.complaints import state
from evidence.complaints.actions.recording import reopen
from evidence.complaints.actions.saving import Refused, opened, saved, sensible
from evidence.complaints.models import BodyChoice, Complaint, Review
from evidence.people.models import User
from evidence.recordings.keeping import day as words_of


def enter_review(
    *,
    by: User,
    complaint: Complaint,
    version: int | None,
    body: str,
    applied_on: date,
    wrong_body_days: int = 0,
    grounds: str = "",
    late_reason: str = "",
) -> Review:
    """Enter that somebody asked for a review. One after the 28 days needs a reason; days at the
    wrong body don't count. A closed complaint opens again, and holds its footage again.

    Raises NotAllowed, Conflict, Refused.
    """
    with transaction.atomic():
        row = opened(by=by, complaint=complaint, permission="complaint.change", version=version)
        if body not in (BodyChoice.Body.IOPC, BodyChoice.Body.LPB):
            raise Refused("Choose which body reviews it.")
        if row.told_on is None:
            raise Refused("The outcome was not told yet: there is nothing to review.")
        if not state.review_right(row):
            raise Refused(f"There is no right to a review: {row.get_handling_display()}.")
        sensible(applied_on, what="The application", earliest=row.told_on,
                 since="the outcome was told")  # fmt: skip
        if not 0 <= wrong_body_days <= 366:
            raise Refused("Enter how many days it was at the wrong body, 0 to 366.")
        last = row.told_on + timedelta(days=state.REVIEW_DAYS + wrong_body_days)
        if applied_on > last and not late_reason.strip():
            raise Refused(
                f"The application came after the last day, {words_of(last)}. Enter why it is taken."
            )
        made = Review.objects.create(
            complaint=row, body=body, applied_on=applied_on, wrong_body_days=wrong_body_days,
            grounds=grounds.strip(), late_reason=late_reason.strip()[:300], entered_by=by,
        )  # fmt: skip
        reopen(by=by, row=row)
        row.status = Complaint.Status.REVIEW
        saved(by=by, row=row, kind="complaint.review_entered", data={},
              private={"body": made.get_body_display(), "on": applied_on.isoformat(),
                       "reason": made.late_reason})  # fmt: skip
    return made


def decide_review(
    *,
    by: User,
    review: Review,
    version: int | None,
    decision: str,
    decided_on: date,
    recommendations: str = "",
) -> Review:
    """Enter what the body decided. Where the outcome was not reasonable and proportionate, the
    complaint is handled again. Raises NotAllowed, Conflict, Refused."""
    with transaction.atomic():
        row = opened(by=by, complaint=review.complaint, permission="complaint.change",
                     version=version)  # fmt: skip
        found = row.reviews.select_for_update(of=("self",)).get(pk=review.pk)
        if found.decision:
            raise Refused("This review is decided.")
        if not decision or decision not in Review.Decision.values:
            raise Refused("Choose what was decided.")
        sensible(decided_on, what="The decision", earliest=found.applied_on,
                 since="the review was asked for")  # fmt: skip
        found.decision, found.decided_on = decision, decided_on
        found.recommendations = recommendations.strip()
        found.save(update_fields=["decision", "decided_on", "recommendations"])
        if decision == Review.Decision.NOT:
            row.status, row.decided_on, row.told_on = Complaint.Status.HANDLED, None, None
        elif row.status == Complaint.Status.REVIEW and not state.waiting_reviews(row):
            row.status = Complaint.Status.TOLD
        saved(by=by, row=row, kind="complaint.review_decided", data={},
              private={"decision": found.get_decision_display(),
                       "on": decided_on.isoformat()})  # fmt: skip
    return found
