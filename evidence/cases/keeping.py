"""What cases say of why a recording is kept, to those who may see them."""

from __future__ import annotations

from django.utils import timezone

from evidence.cases import periods, rules
from evidence.cases.access import visible_to
from evidence.cases.models import CaseLink
from evidence.people.models import User
from evidence.recordings.keeping import Reason
from evidence.recordings.models import Recording

MOST = 20


def kept_by_cases(reader: User, recording: Recording) -> list[Reason]:
    """A reason for each case that this reader may see; one query, none for the others."""
    if not reader.may("case.view"):
        return []
    rows = CaseLink.objects.filter(recording=recording, case__in=visible_to(reader).values("pk"))
    rows = rows.select_related("case").order_by("unlinked_at", "pk")
    found = (_reason(row) for row in rows[:MOST])
    return [reason for reason in found if reason]


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
