"""How far each step of a complaint is: the colour of its tag, and words."""

from __future__ import annotations

from django.utils import timezone

from evidence.complaints import state
from evidence.complaints.found import found
from evidence.complaints.models import Complaint, Finding

Status = Complaint.Status


def record(complaint: Complaint) -> tuple[str, str]:
    """A complaint that is there was recorded."""
    return "plain", "Done"


def allegations(complaint: Complaint) -> tuple[str, str]:
    """How many stand."""
    count = complaint.allegations.filter(withdrawn_at=None).count()
    return ("plain", f"{count} entered") if count else ("amber", "None yet")


def officers(complaint: Complaint) -> tuple[str, str]:
    """How many are complained of, served, named."""
    rows = list(complaint.named.values_list("part", "served_on"))
    subjects = [served for part, served in rows if part == "subject"]
    served = sum(1 for one in subjects if one)
    return "plain", f"{len(subjects)} complained of, {served} served, {len(rows)} named"


def handling(complaint: Complaint) -> tuple[str, str]:
    """Whether somebody handles it, and how."""
    if complaint.handler_id is None:
        return "amber", "No handler yet"
    return "plain", complaint.get_handling_display()


def referred(complaint: Complaint) -> tuple[str, str]:
    """What is missing of the referral."""
    left = state.missing_for_referral(complaint)
    return ("amber", left[0].split(":")[0].rstrip(".")) if left else ("plain", "Done")


def body(complaint: Complaint) -> tuple[str, str]:
    """Who would review it."""
    chosen = state.body_of(complaint)
    if chosen is None:
        needed = complaint.under_schedule3 and not state.is_matter(complaint)
        return ("amber", "Not chosen yet") if needed else ("plain", "Not needed")
    return "plain", chosen.get_body_display()


def findings(complaint: Complaint) -> tuple[str, str]:
    """How many wait to be decided."""
    waiting = Finding.objects.filter(
        allegation__complaint=complaint, replaced_at=None, decided_at=None
    ).count()
    missing = state.missing_findings(complaint)
    if waiting:
        return "amber", f"{waiting} to be decided"
    return ("grey", "Not yet") if missing else ("plain", "Done")


def outcome(complaint: Complaint) -> tuple[str, str]:
    """Decided, told, or neither."""
    if complaint.told_on is not None:
        return "plain", f"Told on {complaint.told_on:%-d %b %Y}"
    if complaint.decided_on is not None:
        return "amber", "Decided, to be told"
    return "grey", "Not yet"


def measures(complaint: Complaint) -> tuple[str, str]:
    """How many are open."""
    rows = list(complaint.measures.values_list("done_on", flat=True))
    open_ = sum(1 for one in rows if one is None)
    if open_:
        return "amber", f"{open_} open"
    return "plain", f"{len(rows)} done" if rows else "Nothing entered"


def reviews(complaint: Complaint) -> tuple[str, str]:
    """Until when one may be asked for, or that one was."""
    waiting = state.waiting_reviews(complaint)
    if waiting:
        return "amber", "At review"
    ends = state.review_ends(complaint)
    if ends is not None:
        over = ends < timezone.localdate()
        return "plain", f"{'Over since the end of' if over else 'Until'} {ends:%-d %b %Y}"
    return "grey", "Not yet" if state.review_right(complaint) else "No right to a review"


def holds(complaint: Complaint) -> tuple[str, str]:
    """How much is held."""
    return "purple", found(complaint).words.split(". ")[0].rstrip(".")


def close(complaint: Complaint) -> tuple[str, str]:
    """What has to be done before."""
    if complaint.status == Status.CLOSED:
        day = f" on {complaint.closed_on:%-d %b %Y}" if complaint.closed_on else ""
        return "plain", f"Closed{day}"
    left = len(state.missing_for_close(complaint))
    return ("grey", f"{left} things first") if left else ("amber", "Can be closed")


def missing(complaint: Complaint) -> str:
    """In sentences, what has to be done before it can be closed."""
    return " ".join(state.missing_for_close(complaint))
