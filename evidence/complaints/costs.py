"""What a complaint costs: work that people enter, and what the system counts by itself.

What it came to is written down with the rate of that day: another rate changes nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from evidence.complaints.access import visible_to
from evidence.complaints.actions.saving import NOT_THERE, Refused
from evidence.complaints.models import Complaint, Letter, Rate, Work
from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import coverage
from evidence.recordings.models import Coverage

LETTER, REVIEW = "letter", "review"
ABOUT = "complaint-"
A_DAY = 24 * 60
BATCH = 500


class CostError(Refused):
    """Work that can't be entered. Its sentence is for a person."""


def pence_for(rate: Rate, minutes: int) -> int:
    """What so much work comes to, to the nearest penny; a letter is one, whatever its minutes."""
    if rate.unit == Rate.Unit.EACH:
        return rate.pence
    return (rate.pence * minutes + 30) // 60


def may_enter(user: User) -> bool:
    """Whoever handles complaints or decides them spends time on them."""
    return user.may("complaint.change") or user.may("complaint.decide")


def enter(
    *, by: User, complaint: Complaint, rate: Rate, on: date, minutes: int, words: str
) -> Work:
    """Write down work and what it came to. Raises NotAllowed, CostError."""
    if not may_enter(by) or not visible_to(by).filter(pk=complaint.pk).exists():
        raise NotAllowed(NOT_THERE)
    today = timezone.localdate()
    if on > today:
        raise CostError("Choose a day that is not in the future.")
    if on < complaint.received - timedelta(days=31):
        raise CostError(f"Choose a day after it was received, {complaint.received:%-d %b %Y}.")
    if not rate.active:
        raise CostError("Choose a rate that is in use.")
    if rate.unit == Rate.Unit.HOUR and not 0 < minutes <= A_DAY:
        raise CostError("Enter minutes from 1 to 1,440: one day at most in one entry.")
    if not words.strip():
        raise CostError("Enter what was done.")
    with transaction.atomic():
        return _write(by, complaint, rate, on, minutes, words.strip()[:200])


def _write(
    by: User, complaint: Complaint, rate: Rate, on: date, minutes: int, words: str
) -> Work:  # fmt: skip
    made = Work.objects.create(
        complaint=complaint, rate=rate, on=on, minutes=minutes, pence=pence_for(rate, minutes),
        words=words, entered_by=by,
    )  # fmt: skip
    record(
        Draft(
            "complaint.work_entered", complaint.subject(), by.actor(),
            data={"rate": rate.code, "minutes": minutes, "pence": made.pence},
            private={"name": by.short, "words": words},
        )
    )  # fmt: skip
    return made


def letter_sent(*, by: User, letter: Letter, on: date) -> Work | None:
    """A letter that went out costs what a letter costs; in the caller's transaction."""
    rate = Rate.objects.filter(code=LETTER, active=True).first()
    if rate is None:
        return None
    return _write(by, letter.complaint, rate, on, 0, f"Letter: {letter.template.name}"[:200])


# --- what was played in the review room ---
def count_reviews() -> int:
    """Enter what was played of footage and is not entered yet, by whole minutes; how many rows.

    For nights. Twice is once: what was entered before is subtracted, under the complaint's lock.
    """
    rate = Rate.objects.filter(code=REVIEW, active=True).first()
    if rate is None:
        return 0
    keys = coverage_keys()
    return sum(_count_review(rate, key) for key in keys)


def coverage_keys() -> list[int]:
    """Complaints for which footage was played and that are not long closed."""
    abouts = Coverage.objects.filter(about__startswith=ABOUT).values_list("about", flat=True)
    keys = [int(about.removeprefix(ABOUT)) for about in abouts.order_by().distinct()]
    closed = timezone.localdate() - timedelta(days=31)
    rows = Complaint.objects.filter(pk__in=keys).exclude(closed_on__lt=closed)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _count_review(rate: Rate, key: int) -> int:
    with transaction.atomic():
        complaint = Complaint.objects.select_for_update().get(pk=key)
        played: dict[int, int] = {}
        people: dict[int, User] = {}
        for row in coverage.of(f"{ABOUT}{key}"):
            people[row.person.pk] = row.person
            played[row.person.pk] = played.get(row.person.pk, 0) + row.played_ms
        entered = _entered(complaint, rate)
        made = 0
        for person, milliseconds in sorted(played.items()):
            minutes = milliseconds // 60_000 - entered.get(person, 0)
            if minutes > 0:
                _write(people[person], complaint, rate, timezone.localdate(), minutes,
                       "Footage played in the review room")  # fmt: skip
                made += 1
        return made


def _entered(complaint: Complaint, rate: Rate) -> dict[int, int]:
    rows = Work.objects.filter(complaint=complaint, rate=rate)
    return dict(rows.values_list("entered_by").annotate(Sum("minutes")).order_by())


# --- what it came to ---
@dataclass(frozen=True)
class Cost:
    """What one complaint came to by one rate."""

    rate: str
    minutes: int
    pence: int


def of(complaint: Complaint) -> list[Cost]:
    """By rate, dearest first; one query."""
    rows = (
        Work.objects.filter(complaint=complaint).values_list("rate__name")
        .annotate(minutes=Sum("minutes"), pence=Sum("pence")).order_by("-pence", "rate__name")
    )  # fmt: skip
    return [Cost(name, minutes, pence) for name, minutes, pence in rows]


def total(costs: Iterable[Cost]) -> int:
    """Pence."""
    return sum(item.pence for item in costs)


def pounds(pence: int) -> str:
    """£1,234.50."""
    return f"£{pence / 100:,.2f}"
