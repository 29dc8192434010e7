"""What complaints say of why footage is kept: to who ends a hold, to machines, and to a reader."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone

from evidence.complaints.access import visible_to
from evidence.complaints.models import Complaint
from evidence.complaints.state import review_ends, waiting_reviews, why_kept
from evidence.people.models import User
from evidence.recordings.keeping import Reason, day
from evidence.recordings.models import Recording
from evidence.retention import registry
from evidence.retention.models import Hold, Kind
from evidence.retention.reckoning import end_of

SOURCE = "Police Reform Act 2002 Sch 3 para 1; SI 2020/2 reg 29"
# Not probed yet: as long as a shift.
LONGEST = timedelta(hours=24)


def keeps(hold: Hold) -> str:
    """Why it can't end yet, in one sentence; empty for what no complaint keeps."""
    return why_kept(hold.reference) if hold.kind == Kind.COMPLAINT else ""


def _about(recording: Recording) -> list[Complaint]:
    """The complaints that hold or held it, and those that name who recorded it for that time:
    also where a hold were missing by mistake."""
    of_it = Q(recording=recording) | Q(recording__joined_into=recording)
    held = Hold.objects.filter(of_it, kind=Kind.COMPLAINT).order_by()
    found = Q(reference__in=held.values("reference"))
    if recording.officer_id is not None:
        ends = recording.ends_at or recording.happened_at + LONGEST
        named = Q(officers=recording.officer_id)
        found |= named & Q(start__lte=ends, end__gte=recording.happened_at)
    return list(Complaint.objects.filter(found).order_by("pk").distinct())


def _ends(complaint: Complaint) -> tuple[str, date | None]:
    """In words why it keeps its footage, and the last day; None as long as nobody can know."""
    name = complaint.reference
    if complaint.status != Complaint.Status.CLOSED or complaint.closed_on is None:
        return f"Complaint {name} is open: kept until it is closed and no review can come", None
    if waiting_reviews(complaint):
        return f"Complaint {name} is at review: kept until that is decided", None
    last = max(complaint.closed_on, review_ends(complaint) or complaint.closed_on)
    return f"Complaint {name} is closed; a review could be asked for until {day(last)}", last


def periods_of(recording: Recording) -> list[registry.Period]:
    """What complaints keep it, whatever holds it and whoever may know: for machines."""
    found = []
    for complaint in _about(recording):
        words, last = _ends(complaint)
        until = end_of(last) if last else None
        found.append(registry.Period(f"complaint:{complaint.pk}", words, until, SOURCE))
    return found


def kept_by_complaints(reader: User, recording: Recording) -> list[Reason]:
    """A reason for each complaint that this reader may see; none to who recorded it."""
    if not reader.may("complaint.view") or recording.officer_id == reader.pk:
        return []
    about = [complaint.pk for complaint in _about(recording)]
    today = timezone.localdate()
    said = [_ends(row) for row in visible_to(reader).filter(pk__in=about).order_by("pk")]
    return [Reason(f"{words}.", last) for words, last in said if last is None or last >= today]
