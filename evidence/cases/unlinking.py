"""Taking footage out of a case: what stands in the way, and what keeps it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.utils import timezone

from evidence.cases.access import visible_to
from evidence.cases.models import Case, CaseLink
from evidence.people.models import User
from evidence.recordings import keeping
from evidence.recordings.models import Recording
from evidence.retention import actions as retention
from evidence.retention.models import Kind

# Says in a sentence why a recording can't leave a case, and what to do; empty where it can.
Blocker = Callable[[Case, Recording], str]
_blockers: list[Blocker] = []
NUMBERS = ("", "Another hold keeps it.", "Two other holds keep it.", "Three other holds keep it.")


def register_blocker(blocker: Blocker) -> None:
    """Add what can keep a recording in its case; the same one again changes nothing."""
    if blocker not in _blockers:
        _blockers.append(blocker)


def blocked(case: Case, recording: Recording) -> str:
    """The first sentence that stands in the way; empty where nothing does."""
    return next((found for one in _blockers if (found := one(case, recording))), "")


@dataclass(frozen=True)
class Preview:
    """What unlinking does, as far as the reader may know: told before it is done."""

    words: str
    more: str = ""
    blocked: str = ""
    until: date | None = None


def preview(reader: User, link: CaseLink) -> Preview:
    """What keeps a recording when it leaves this case.

    Of other holds and cases only those count that the reader may know of: whether there is one
    that they may not know of changes no word.
    """
    if stands := blocked(link.case, link.recording):
        return Preview("It stays in the case.", blocked=stands)
    others = _others(reader, link)
    if others:
        words = NUMBERS[others] if others < len(NUMBERS) else f"{others} other holds keep it."
        return Preview(words, "It stays as long as they stand.")
    last, today = keeping.until(link.recording), timezone.localdate()
    if link.case.holds_released_at is not None:
        return Preview(
            "This changes nothing in how long it is kept.",
            "The case's holds were released when its period had ended.", until=last,
        )  # fmt: skip
    if last < today:
        last = today + timedelta(days=settings.UNLINK_GRACE_DAYS)
        return Preview(
            f"After this it goes on {keeping.day(last)}{_instead(link.case, last)}.",
            f"Its own period has ended already, so the case's hold stays for "
            f"{settings.UNLINK_GRACE_DAYS} days. Until then it can be linked again.", until=last,
        )  # fmt: skip
    return Preview(
        f"After this it goes on {keeping.day(last)}{_instead(link.case, last)}.",
        "Unless something else keeps it by then.", until=last,
    )  # fmt: skip


def _instead(case: Case, last: date) -> str:
    """What the case would have meant."""
    if case.keep_until is None:
        return ", not when the case has ended"
    if case.keep_until <= last:
        return ""
    year = case.keep_until.year
    return f", not in {year}" if year != last.year else f", not on {keeping.day(case.keep_until)}"


def _others(reader: User, link: CaseLink) -> int:
    """How many other holds and cases keep it that the reader may know of."""
    held = retention.visible_to(reader).filter(recording=link.recording_id, released_at=None)
    held = held.exclude(kind=Kind.CASE, reference=link.case.urn)
    known = list(held.values_list("kind", "reference"))
    cases = CaseLink.objects.filter(
        recording=link.recording_id, unlinked_at=None, case__holds_released_at=None,
        case__in=visible_to(reader).values("pk"),
    ).exclude(case=link.case_id)  # fmt: skip
    named = {reference for kind, reference in known if kind == Kind.CASE}
    rest = [urn for urn in cases.values_list("case__urn", flat=True) if urn not in named]
    return len(known) + len(rest)
