"""Which complaints have to go to the IOPC, by the checklist's answers and by their incident."""

from __future__ import annotations

from collections.abc import Iterable

from evidence.complaints.models import Answer, Complaint, Question


def incident_of(complaint: Complaint) -> list[int]:
    """The complaint and every one that is linked to it as of the same incident, also through
    others; by number, in order. A query for each step away."""
    links = Complaint.same_incident.through.objects
    found, edge = {complaint.pk}, {complaint.pk}
    while edge:
        rows = links.filter(from_complaint__in=edge).values_list("to_complaint", flat=True)
        edge = set(rows) - found
        found |= edge
    return sorted(found)


def answers_of(complaints: Iterable[int]) -> dict[int, dict[int, Answer]]:
    """The newest answer to each active question, by complaint and question. One query."""
    rows = (
        Answer.objects.filter(complaint__in=list(complaints), question__active=True)
        .order_by("complaint_id", "question_id", "-answered_at", "-id")
        .distinct("complaint_id", "question_id")
        .select_related("question", "answered_by")
    )
    found: dict[int, dict[int, Answer]] = {}
    for row in rows:
        found.setdefault(row.complaint_id, {})[row.question_id] = row
    return found


def unanswered(complaint: Complaint) -> list[Question]:
    """The questions that still need an answer."""
    known = answers_of([complaint.pk]).get(complaint.pk, {})
    return [row for row in Question.objects.filter(active=True) if row.pk not in known]


def must_go(incident: Iterable[int]) -> bool:
    """Whether any answer of the incident's complaints makes all of them go (SI 2020/2 reg 4)."""
    return any(row.yes for rows in answers_of(incident).values() for row in rows.values())
