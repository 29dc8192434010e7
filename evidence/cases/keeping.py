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
from evidence.retention import registry
from evidence.retention.models import Hold, Kind
from evidence.retention.reckoning import end_of

MOST = 20
CPIA = "CPIA Code of Practice 5.7 to 5.10"


def kept_by_cases(reader: User, recording: Recording) -> list[Reason]:
    """A reason for each case that this reader may see; one query, none for the others."""
    if not reader.may("case.view"):
        return []
    stands = Q(unlinked_at=None) | Q(hold_until__gte=timezone.localdate())
    rows = CaseLink.objects.filter(stands, recording=recording)
    rows = rows.filter(case__in=visible_to(reader).values("pk"))
    rows = rows.select_related("case__group").order_by("unlinked_at", "pk")
    return [reason for row in rows[:MOST] for reason in _reasons(row)]


def periods_of(recording: Recording) -> list[registry.Period]:
    """The periods of every case that a recording is linked to, whatever holds it and whoever may
    know: also where a hold were missing by mistake, the footage is kept. One query.

    What a case alone kept, past its own rule, and somebody unlinked is no rule's to let go of.
    """
    stands = Q(unlinked_at=None) | Q(hold_until__isnull=False)
    if recording.kept_until is not None:
        stands |= Q(unlinked_at__gte=recording.kept_until)
    rows = CaseLink.objects.filter(stands, recording=recording).select_related("case__group")
    found = []
    for row in rows:
        case, code = row.case, f"case:{row.case_id}"
        if row.unlinked_at is not None:
            words = f"Unlinked from {case.urn}"
            ended = end_of(row.hold_until) if row.hold_until else row.unlinked_at
            found.append(registry.Period(code, words, ended))
            continue
        kept = rules.kept(case)
        until = end_of(kept.until) if kept.until else None
        found.append(registry.Period(code, f"Evidence in {case.urn}. {kept.words}", until, CPIA))
        if case.group is not None:
            last = rules.group_until(case)
            found.append(
                registry.Period(
                    f"case-group:{case.pk}", f"{case.urn}: {rules.group_words(case)}",
                    end_of(last) if last else None, case.group.source,
                )
            )  # fmt: skip
    return found


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


def _reasons(row: CaseLink) -> list[Reason]:
    case, today = row.case, timezone.localdate()
    if row.unlinked_at is not None:
        if row.hold_until is None or row.hold_until < today:
            return []
        words = (
            f"Unlinked from {case.urn}; the case's hold stays until {periods.day(row.hold_until)}."
        )
        return [Reason(words, row.hold_until)]
    found = []
    if case.group is not None:
        found.append(Reason(f"{case.urn}, {rules.group_words(case)}", rules.group_until(case)))
    if case.holds_released_at is not None:
        return found
    kept = rules.kept(case)
    ended = ""
    if kept.until and kept.until < today:
        ended = " That has passed; the case's holds stand until somebody releases them."
    # Over, but held: it stands until somebody releases it.
    until = None if ended else kept.until
    said = f"Evidence in {case.urn}, {case.title}. {kept.words}{ended}"
    return [Reason(said, until, hold=bool(ended)), *found]
