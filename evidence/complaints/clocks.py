"""What is due in a complaint, by when, by which rule. No clock is stored: each is reckoned from
dates that are facts, so that a corrected date corrects the clock.

`keep` writes the nearest into the complaint, for lists that begin with what is overdue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import count

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from evidence.complaints.models import BodyChoice, Complaint, Referral, Told
from evidence.complaints.workdays import (
    local_day,
    months_after,
    weeks_after,
    working_days_after,
)

UPDATE_WEEKS = 4
OUTCOME_DAYS = 5
REVIEW_DAYS = 28
DELAY_MONTHS, DELAY_AGAIN_MONTHS = 12, 6
# A report on a delay that is sent so long before its day is that day's report.
DELAY_EARLY = timedelta(days=28)
SOON = timedelta(days=7)
BATCH = 500


class To(StrEnum):
    """Whom something was told. As `Told.to` has it."""

    COMPLAINANT = "The complainant"
    INTERESTED = "An interested person"
    IOPC = "The IOPC"
    LPB = "The local policing body"
    OFFICER = "An officer complained of"
    OTHER = "Somebody else"


class State(StrEnum):
    """Where a clock stands."""

    OVERDUE = "overdue"
    SOON = "due"
    RUNNING = "running"
    DONE = "done"
    OVER = "over"


@dataclass(frozen=True)
class Clock:
    """One thing that is due. On its day it is not overdue; on the day after it is."""

    code: str
    words: str
    due: date
    started: date
    source: str
    today: date
    done_on: date | None = None
    # The complainant's own time, not the force's: it ends, but is never overdue.
    theirs: bool = False

    @property
    def overdue(self) -> bool:
        """The day has passed and it is not done."""
        return self.done_on is None and not self.theirs and self.today > self.due

    @property
    def late(self) -> bool:
        """It was done, but after its day."""
        return self.done_on is not None and self.done_on > self.due

    @property
    def state(self) -> State:
        """One word for it."""
        if self.done_on is not None:
            return State.DONE
        if self.today > self.due:
            return State.OVER if self.theirs else State.OVERDUE
        return State.SOON if self.due - self.today <= SOON else State.RUNNING

    @property
    def when(self) -> str:
        """ "2 days overdue", "due today", "due in 3 days"; by whom it is read, it is short."""
        days = (self.due - self.today).days
        if self.done_on is not None:
            return f"done {said(self.done_on)}" + (", late" if self.late else "")
        if self.theirs:
            return f"ended {said(self.due)}" if days < 0 else f"until {said(self.due)}"
        if days < 0:
            return f"{-days} {_days(-days)} overdue"
        return "due today" if days == 0 else f"due in {days} {_days(days)}"


def said(day: date) -> str:
    """6 December 2026."""
    return f"{day:%-d %B %Y}"


def _days(number: int) -> str:
    return "day" if number == 1 else "days"


def with_facts(complaints: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """With all that clocks are reckoned from: five queries, however many complaints."""
    return complaints.select_related("referral").prefetch_related(
        "told", "reviews", "measures", "body_choices"
    )


def clocks_of(complaint: Complaint, today: date | None = None) -> list[Clock]:
    """Every clock of one complaint: what is due first, what is done last."""
    today = today or timezone.localdate()
    found = [
        clock
        for of in (_referral, _record, _updates, _delay, _outcome, _review, _measures)
        for clock in of(complaint, today)
    ]
    return sorted(found, key=lambda clock: (clock.done_on is not None, clock.due, clock.code))


def next_clock(complaint: Complaint, today: date | None = None) -> Clock | None:
    """The nearest that is not done; None for a closed complaint."""
    if complaint.status == Complaint.Status.CLOSED:
        return None
    return next((c for c in clocks_of(complaint, today) if c.done_on is None), None)


def _over(complaint: Complaint) -> bool:
    return complaint.status == Complaint.Status.CLOSED or complaint.told_on is not None


def _told(complaint: Complaint, what: str, to: str, written: bool = True) -> list[date]:
    """The days on which somebody was told; oldest first."""
    return sorted(
        row.on
        for row in complaint.told.all()
        if row.what == what and row.to == to and (row.how == Told.How.WRITTEN or not written)
    )


def _referral(complaint: Complaint, today: date) -> Iterator[Clock]:
    try:
        row = complaint.referral
    except Referral.DoesNotExist:
        return
    if not row.mandatory and row.referred_on is None:
        return
    yield Clock(
        "refer", "Refer to the IOPC", row.clear_on + timedelta(days=1), row.clear_on,
        "SI 2020/2 reg 4: by the end of the day after it becomes clear", today, row.referred_on,
    )  # fmt: skip


def _record(complaint: Complaint, today: date) -> Iterator[Clock]:
    """The rules want a copy, and name no day: the force's own, within so many working days."""
    if not complaint.under_schedule3 or _no_complainant(complaint):
        return
    started = local_day(complaint.created)
    sent = _told(complaint, Told.What.RECORD, To.COMPLAINANT)
    if not sent and _over(complaint):
        return
    yield Clock(
        "record", "Send a copy of the record",
        working_days_after(started, settings.RECORD_COPY_DAYS), started,
        "SI 2020/2 reg 3; the number of days is the force's own", today, sent[0] if sent else None,
    )  # fmt: skip


def _no_complainant(complaint: Complaint) -> bool:
    return complaint.standing == Complaint.Standing.NONE


def _updates(complaint: Complaint, today: date) -> Iterator[Clock]:
    """From the day it was received, which is never later than the start of its handling.

    Under Schedule 3 only what was written counts; outside it a word does.
    """
    if _over(complaint) or _no_complainant(complaint):
        return
    told = _told(complaint, Told.What.UPDATE, To.COMPLAINANT, complaint.under_schedule3)
    # Where a review has it handled again: the outcome that they were told was news as well.
    told += _told(complaint, Told.What.OUTCOME, To.COMPLAINANT, complaint.under_schedule3)
    started = max([complaint.received, *told])
    yield Clock(
        "update", "Tell the complainant how it goes", weeks_after(started, UPDATE_WEEKS), started,
        "SI 2020/2 reg 34(2)(a): within four weeks, then within four weeks of each", today,
    )  # fmt: skip


WITHOUT_REVIEW = (
    Complaint.Handling.OUTSIDE, Complaint.Handling.DIRECTED, Complaint.Handling.INDEPENDENT,
)  # fmt: skip
INVESTIGATED = (
    Complaint.Handling.LOCAL, Complaint.Handling.SPECIAL, Complaint.Handling.DIRECTED,
)  # fmt: skip


def _delay(complaint: Complaint, today: date) -> Iterator[Clock]:
    """Both bodies are written to; a report counts for every day that was due when it was sent."""
    if complaint.handling not in INVESTIGATED or complaint.decided_on or _over(complaint):
        return
    reports = [_told(complaint, Told.What.DELAY, body) for body in (To.IOPC, To.LPB)]
    both = min((days[-1] if days else date.min) for days in reports)
    for turn in count():
        due = months_after(complaint.received, DELAY_MONTHS + turn * DELAY_AGAIN_MONTHS)
        if both < due - DELAY_EARLY:
            months = DELAY_MONTHS + turn * DELAY_AGAIN_MONTHS
            yield Clock(
                "delay", f"Report why it takes longer than {months} months, to the IOPC and the"
                " local policing body", due, complaint.received,
                "SI 2020/2 reg 13: after 12 months, then every 6 months", today,
            )  # fmt: skip
            return


def _outcome(complaint: Complaint, today: date) -> Iterator[Clock]:
    if complaint.decided_on is None or _no_complainant(complaint):
        return
    yield Clock(
        "outcome", "Tell the complainant the outcome",
        working_days_after(complaint.decided_on, OUTCOME_DAYS), complaint.decided_on,
        "SI 2020/2 reg 34(2)(b): promptly, within five working days", today, complaint.told_on,
    )  # fmt: skip


def has_review(complaint: Complaint) -> bool:
    """Whether the complainant may ask for a review at all (Sch 3 para 6A, 25)."""
    if _no_complainant(complaint) or complaint.handling in WITHOUT_REVIEW:
        return False
    chosen = next(iter(complaint.body_choices.all()), None)  # the newest; no slice: prefetched
    return chosen is None or chosen.body != BodyChoice.Body.NONE


def last_day_for_review(complaint: Complaint, told_on: date, wrong_body_days: int = 0) -> date:
    """28 days that start on the day after the telling; days at the wrong body don't count."""
    return told_on + timedelta(days=REVIEW_DAYS + wrong_body_days)


def _review(complaint: Complaint, today: date) -> Iterator[Clock]:
    if complaint.told_on is None or not has_review(complaint):
        return
    # A review of an outcome before this one is over.
    reviews = [row for row in complaint.reviews.all() if row.applied_on >= complaint.told_on]
    away = max((row.wrong_body_days for row in reviews), default=0)
    applied = min((row.applied_on for row in reviews), default=None)
    yield Clock(
        "review", "Time to ask for a review",
        last_day_for_review(complaint, complaint.told_on, away), complaint.told_on,
        "SI 2020/2 reg 29(2), (3): 28 days, from the day after the outcome was told", today,
        applied, theirs=True,
    )  # fmt: skip


def _measures(complaint: Complaint, today: date) -> Iterator[Clock]:
    for row in complaint.measures.all():
        if row.due_on is not None:
            yield Clock(
                "measure", row.get_kind_display(), row.due_on, local_day(row.entered_at),
                "The day that was agreed", today, row.done_on,
            )  # fmt: skip


# --- kept for lists ---
def keep(complaint: Complaint) -> None:
    """Write the nearest clock into the complaint, in the caller's transaction.

    Every action that changes a date a clock runs from calls this last.
    """
    nearest = next_clock(with_facts(Complaint.objects.all()).get(pk=complaint.pk))
    complaint.next_due = nearest.due if nearest else None
    complaint.next_due_for = nearest.code if nearest else ""
    Complaint.objects.filter(pk=complaint.pk).update(
        next_due=complaint.next_due, next_due_for=complaint.next_due_for
    )


def keep_all() -> int:
    """Reckon every open complaint anew; how many differed. For nights, and after new holidays.

    In batches, each in its own transaction; rows that an action is changing keep what it writes.
    """
    last, changed = 0, 0
    while True:
        with transaction.atomic():
            rows = list(
                Complaint.objects.filter(pk__gt=last)
                .exclude(status=Complaint.Status.CLOSED)
                .order_by("pk").select_for_update(skip_locked=True)
                .values_list("pk", flat=True)[:BATCH]
            )  # fmt: skip
            if not rows:
                return changed
            # Read after the lock, so that no fact is older than the row.
            changed += _keep_batch(rows)
        last = rows[-1]


def _keep_batch(keys: list[int]) -> int:
    differing = []
    for complaint in with_facts(Complaint.objects.filter(pk__in=keys)):
        nearest = next_clock(complaint)
        kept = (nearest.due, nearest.code) if nearest else (None, "")
        if kept != (complaint.next_due, complaint.next_due_for):
            complaint.next_due, complaint.next_due_for = kept
            differing.append(complaint)
    Complaint.objects.bulk_update(differing, ["next_due", "next_due_for"])
    return len(differing)
