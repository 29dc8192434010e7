"""Days in court: added, and taken off while they lie ahead. What is past stays."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from evidence.cases import rules
from evidence.cases.actions import common
from evidence.cases.models import Case, CourtDate
from evidence.custody.record import Draft, record
from evidence.people import typed
from evidence.people.models import User


def add_court_date(*, by: User, case: Case, on: date, court: str = "", what: str = "") -> CourtDate:
    """List a day in court; the same day at the same court for the same thing is the same row.

    Raises NotAllowed, ValueError.
    """
    if not rules.EARLIEST <= on <= rules.LATEST:
        raise ValueError("Enter a real date for the day in court")
    court, what = (typed.one_line(text) for text in (court, what))
    with transaction.atomic():
        row = common.locked(by, case)
        same = row.court_dates.filter(date=on, court=court[:80], what=what[:120], removed_at=None)
        if found := same.first():
            return found
        made = CourtDate.objects.create(
            case=row, date=on, court=court[:80], what=what[:120], added_by=by
        )
        _written(by, row, "", _words(made))
    return made


def remove_court_date(*, by: User, court_date: CourtDate) -> CourtDate:
    """Take a day off the list that has not come yet. Raises NotAllowed, ValueError."""
    with transaction.atomic():
        row = common.locked(by, court_date.case)
        item = CourtDate.objects.select_for_update(of=("self",)).get(pk=court_date.pk)
        if item.removed_at is not None:
            return item
        if item.date < timezone.localdate():
            raise ValueError("A day in court that is past stays on the case.")
        item.removed_at, item.removed_by = timezone.now(), by
        item.save(update_fields=["removed_at", "removed_by"])
        _written(by, row, _words(item), "")
    return item


def _words(item: CourtDate) -> str:
    return ", ".join(part for part in (f"{item.date:%-d %b %Y}", item.court, item.what) if part)


def _written(by: User, case: Case, before: str, after: str) -> None:
    details = {"name": by.short, "before": {"court_dates": before}, "after": {"court_dates": after}}
    record(
        Draft(
            "case.changed", case.subject(), by.actor(), data={"fields": ["court_dates"]},
            private=details,
        )
    )  # fmt: skip
