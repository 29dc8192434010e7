"""What cases say of why a recording is kept, to those who may see them."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from evidence.cases import periods, rules
from evidence.cases.access import visible_to
from evidence.cases.models import CaseLink
from evidence.people.models import User
from evidence.recordings.keeping import Reason
from evidence.recordings.models import Recording
from evidence.retention.models import Hold, Kind

MOST = 20


def kept_by_cases(reader: User, recording: Recording) -> list[Reason]:
    """A reason for each case that this reader may see; one query, none for the others."""
    if not reader.may("case.view"):
        return []
    stands = Q(unlinked_at=None) | Q(hold_until__gte=timezone.localdate())
    rows = CaseLink.objects.filter(stands, recording=recording)
    rows = rows.filter(case__in=visible_to(reader).values("pk"))
    rows = rows.select_related("case").order_by("unlinked_at", "pk")
    found = (_reason(row) for row in rows[:MOST])
    return [reason for reason in found if reason]


def keeps(hold: Hold) -> str:
    """Why a case's hold is not released by hand: its case would go on saying that it keeps it."""
    if hold.kind != Kind.CASE:
        return ""
    link = CaseLink.objects.filter(
        recording=hold.recording_id, case__urn=hold.reference, unlinked_at=None,
        case__holds_released_at=None,
    )  # fmt: skip
    if not link.exists():
        return ""
    return (
        f"It is evidence in {hold.reference}. Unlink it there, or release the case's holds when "
        "its period has ended."
    )


def _reason(row: CaseLink) -> Reason | None:
    case, today = row.case, timezone.localdate()
    if row.unlinked_at is not None:
        if row.hold_until is None or row.hold_until < today:
            return None
        words = (
            f"Unlinked from {case.urn}; the case's hold stays until {periods.day(row.hold_until)}."
        )
        return Reason(words, row.hold_until)
    if case.holds_released_at is not None:
        return None
    kept = rules.kept(case)
    ended = ""
    if kept.until and kept.until < today:
        ended = " That has passed; the case's holds stand until somebody releases them."
    return Reason(f"Evidence in {case.urn}, {case.title}. {kept.words}{ended}", kept.until)
