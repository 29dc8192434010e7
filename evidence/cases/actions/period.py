"""The end of a case's period: a list of what is due, and the act that a person does."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from evidence.cases import periods, rules
from evidence.cases.access import visible_to
from evidence.cases.actions import common
from evidence.cases.models import Case, CaseLink
from evidence.custody.record import Draft, record
from evidence.people import typed
from evidence.people.models import User
from evidence.retention import actions as retention
from evidence.retention.models import Kind


def due_for_release(by: User) -> QuerySet[Case]:
    """The cases whose period has ended and that still hold their footage, longest ended first.

    Nothing is released by itself: these wait for a person.
    """
    rows = visible_to(by, "case.change").filter(
        holds_released_at=None, keep_until__lt=timezone.localdate()
    )
    return rows.order_by("keep_until", "pk")


def release_holds(*, by: User, case: Case, reason: str) -> int:
    """End what a case holds, when its period has ended. How many holds; again: none.

    The links stay: the footage is the case's evidence as long as it is there.
    Raises NotAllowed, ValueError.
    """
    why = typed.reason(reason, "Enter why the case's holds are released.")
    with transaction.atomic():
        row = common.locked(by, case)
        if row.holds_released_at is not None:
            return 0
        kept = rules.kept(row)
        if kept.until is None:
            raise ValueError(f"The case still keeps its footage. {kept.words}")
        if kept.until >= timezone.localdate():
            raise ValueError(
                f"The case keeps its footage until {periods.day(kept.until)}. "
                "Release its holds after that day, or unlink single recordings."
            )
        count = retention.release_for(
            by=by, recordings=None, kind=Kind.CASE, reference=row.urn,
            reason=f"The case's period has ended: {why}",
        )  # fmt: skip
        CaseLink.objects.filter(case=row, hold_until__isnull=False).update(hold_until=None)
        row.holds_released_at = timezone.now()
        row.save(update_fields=["holds_released_at"])
        private = {"name": by.short, "reason": why}
        data = {"holds": count}
        record(Draft("case.released", row.subject(), by.actor(), data=data, private=private))
    return count
