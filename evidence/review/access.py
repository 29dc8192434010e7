"""Who may review for which complaint, and which of its footage they see: the one place."""

from __future__ import annotations

from django.db.models import QuerySet

from evidence.complaints.access import visible_to as complaints_visible_to
from evidence.complaints.models import Complaint
from evidence.people.models import User
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.recordings.models import Recording
from evidence.recordings.references import is_reference
from evidence.retention.models import Hold, Kind

# What coverage for complaints is about begins so: the complaint as the log names it.
ABOUT = "complaint"


def find(user: User, complaint: int) -> Complaint:
    """The complaint, for somebody who may review it. Raises Complaint.DoesNotExist alike."""
    if not user.may("complaint.review"):
        raise Complaint.DoesNotExist
    return complaints_visible_to(user).get(pk=complaint)


def may_review(user: User, about: str) -> bool:
    """Whether what is played for `complaint-12` may be counted (still)."""
    number = about.partition("-")[2]
    if not (number.isdecimal() and len(number) < 19) or not user.may("complaint.review"):
        return False
    return complaints_visible_to(user).filter(pk=int(number)).exists()


def held(complaint: Complaint) -> QuerySet[Recording]:
    """The footage that this complaint holds, whoever may see it."""
    holds = Hold.objects.filter(
        kind=Kind.COMPLAINT, reference=complaint.reference, released_at=None
    )
    return Recording.objects.filter(pk__in=holds.values("recording"), joined_into=None)


def footage(user: User, complaint: Complaint) -> QuerySet[Recording]:
    """Of that, what this person may see: restricted footage by a grant alone."""
    return held(complaint).filter(pk__in=recordings_visible_to(user).values("pk"))


def pick(user: User, complaint: Complaint, reference: str) -> Recording:
    """One of these by its reference. Raises Recording.DoesNotExist for whatever else."""
    if not is_reference(reference):
        raise Recording.DoesNotExist
    return footage(user, complaint).get(reference=reference)
