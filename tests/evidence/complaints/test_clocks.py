"""Every clock at its edges: the day itself, the day after, bank holidays, leap days, summer time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from evidence.complaints import clocks, tasks, workdays
from evidence.complaints.clocks import Clock, State, To
from evidence.complaints.models import Complaint, Measure, Referral, Review, Told
from evidence.people.models import User
from tests.evidence.complaints import casting

What = Told.What


# --- days, weeks, months ---
@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 12, 24), True),
        (date(2026, 12, 25), False),  # Christmas Day, a Friday
        (date(2026, 12, 26), False),  # Boxing Day, a Saturday
        (date(2026, 12, 28), False),  # Monday instead of Boxing Day
        (date(2026, 12, 29), True),
        (date(2027, 12, 27), False),  # Christmas Day was a Saturday
        (date(2027, 12, 28), False),  # Boxing Day was a Sunday
        (date(2028, 1, 3), False),  # New Year's Day was a Saturday
        (date(2026, 4, 3), False),  # Good Friday
        (date(2026, 4, 6), False),  # Easter Monday
        (date(2026, 4, 7), True),
        (date(2026, 5, 4), False),
        (date(2026, 8, 31), False),
        (date(2026, 8, 3), True),  # Scotland's, not England's
        (date(2026, 3, 17), True),  # Northern Ireland's
        (date(2022, 9, 19), False),  # the late Queen's funeral
        (date(2023, 5, 8), False),  # the Coronation
        (date(2020, 5, 4), True), (date(2020, 5, 8), False),  # moved for VE Day
        (date(2026, 11, 28), False), (date(2026, 11, 29), False), (date(2026, 11, 30), True),
    ],
)  # fmt: skip
def test_working_days_of_england(day: date, working: bool) -> None:
    assert workdays.is_working_day(day) is working


def test_a_force_adds_a_day_that_was_proclaimed_later(settings: Any) -> None:
    assert workdays.is_working_day(date(2027, 6, 4))
    settings.BANK_HOLIDAYS = [date(2027, 6, 4)]
    assert not workdays.is_working_day(date(2027, 6, 4))
    assert workdays.working_days_after(date(2027, 6, 3), 1) == date(2027, 6, 7)


@pytest.mark.parametrize(
    ("decided", "due"),
    [
        (date(2026, 11, 23), date(2026, 11, 30)),  # a Monday: the next Monday
        (date(2026, 11, 27), date(2026, 12, 4)),  # a Friday: the next Friday
        (date(2026, 11, 28), date(2026, 12, 4)),  # a Saturday: as if on Friday
        (date(2026, 12, 18), date(2026, 12, 29)),  # Christmas and its substitute left out
        (date(2026, 12, 23), date(2027, 1, 4)),  # and New Year's Day: 24, 29, 30, 31, 4
        (date(2026, 4, 1), date(2026, 4, 10)),  # Easter: 2, 7, 8, 9, 10
        (date(2028, 2, 25), date(2028, 3, 3)),  # over 29 February, a Tuesday
        (date(2026, 3, 27), date(2026, 4, 7)),  # summer time begins on the 29th, then Easter
    ],
)  # fmt: skip
def test_five_working_days(decided: date, due: date) -> None:
    assert workdays.working_days_after(decided, 5) == due


@given(st.dates(date(2000, 1, 1), date(2099, 1, 1)), st.integers(1, 40))
def test_working_days_are_what_a_calendar_counts(day: date, count: int) -> None:
    end = workdays.working_days_after(day, count)
    between = [day + timedelta(n) for n in range(1, (end - day).days + 1)]
    assert sum(map(workdays.is_working_day, between)) == count
    assert workdays.is_working_day(end)


@pytest.mark.parametrize(
    ("day", "months", "end"),
    [
        (date(2026, 11, 23), 12, date(2027, 11, 23)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2027, 2, 28), 12, date(2028, 2, 28)),  # not the 29th
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 8, 31), 18, date(2028, 2, 29)),  # reckoned from the 31st each time
        (date(2026, 12, 31), 6, date(2027, 6, 30)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_months_end_on_the_corresponding_day(day: date, months: int, end: date) -> None:
    assert workdays.months_after(day, months) == end


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), date(2026, 7, 1)),  # 00:30 in London
        (datetime(2026, 11, 30, 23, 30, tzinfo=UTC), date(2026, 11, 30)),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 23, 0, tzinfo=UTC), date(2026, 3, 30)),  # the day that has 23 hours
        (datetime(2026, 10, 24, 23, 0, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 59, tzinfo=UTC), date(2026, 10, 25)),  # the day that has 25
    ],
)
def test_days_are_days_in_london(moment: datetime, day: date) -> None:
    assert workdays.local_day(moment) == day


# --- each clock ---
pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def _clock(of: Complaint, code: str, today: date) -> Clock | None:
    fresh = clocks.with_facts(Complaint.objects.all()).get(pk=of.pk)
    return next((c for c in clocks.clocks_of(fresh, today) if c.code == code), None)


def _due(of: Complaint, code: str, today: date = date(2026, 11, 24)) -> date | None:
    found = _clock(of, code, today)
    return found.due if found else None


def _edges(of: Complaint, code: str, due: date) -> None:
    """On its day it is not overdue; on the day after it is."""
    before, on, after = (_clock(of, code, due + n * DAY) for n in (-1, 0, 1))
    assert before and on and after
    assert before.due == on.due == after.due == due
    assert (before.overdue, on.overdue, after.overdue) == (False, False, True)
    assert (before.when, on.when, after.when) == ("due in 1 day", "due today", "1 day overdue")


def test_the_first_update_is_due_four_weeks_after_it_was_received(lane: User) -> None:
    made = casting.complaint(lane, received=date(2026, 12, 14))
    _edges(made, "update", date(2027, 1, 11))  # across the year's end


def test_each_update_starts_the_four_weeks_again(lane: User) -> None:
    made = casting.complaint(lane)
    casting.told(made, What.UPDATE, date(2026, 12, 4))
    _edges(made, "update", date(2027, 1, 1))  # a bank holiday, and due on it all the same
    casting.told(made, What.UPDATE, date(2026, 12, 1))  # entered later, told earlier
    assert _due(made, "update") == date(2027, 1, 1)
    casting.told(made, What.UPDATE, date(2028, 2, 1))
    assert _due(made, "update") == date(2028, 2, 29)


def test_across_the_change_of_the_clocks_four_weeks_are_28_days(lane: User) -> None:
    made = casting.complaint(lane, received=date(2026, 3, 15))
    _edges(made, "update", date(2026, 4, 12))


def test_under_schedule_3_a_word_is_not_an_update(lane: User) -> None:
    made = casting.complaint(lane)
    casting.told(made, What.UPDATE, date(2026, 12, 4), how="oral")
    assert _due(made, "update") == date(2026, 12, 21)
    made.handling = Complaint.Handling.OUTSIDE
    made.save()
    assert _due(made, "update") == date(2027, 1, 1)


def test_telling_somebody_else_is_not_an_update(lane: User) -> None:
    made = casting.complaint(lane)
    casting.told(made, What.UPDATE, date(2026, 12, 4), to=To.INTERESTED)
    casting.told(made, What.OTHER, date(2026, 12, 4))
    assert _due(made, "update") == date(2026, 12, 21)


def test_updates_end_when_the_outcome_is_told(lane: User) -> None:
    made = casting.complaint(lane, told_on=date(2026, 12, 1), decided_on=date(2026, 11, 30))
    assert _due(made, "update") is None


def test_the_outcome_within_five_working_days(lane: User) -> None:
    made = casting.complaint(lane, decided_on=date(2026, 12, 18))
    _edges(made, "outcome", date(2026, 12, 29))
    made.told_on = date(2026, 12, 29)
    made.save()
    told = _clock(made, "outcome", date(2027, 3, 1))
    assert told and told.state is State.DONE and not told.late
    made.told_on = date(2026, 12, 30)
    made.save()
    late = _clock(made, "outcome", date(2027, 3, 1))
    assert late and late.late and late.when == "done 30 December 2026, late"


def test_28_days_for_a_review_start_on_the_day_after(lane: User) -> None:
    made = casting.complaint(lane, decided_on=date(2026, 11, 30), told_on=date(2026, 12, 1))
    last = _clock(made, "review", date(2026, 12, 29))
    assert last and last.due == date(2026, 12, 29) and last.state is State.SOON
    over = _clock(made, "review", date(2026, 12, 30))
    assert over and over.state is State.OVER and not over.overdue
    assert over.when == "ended 29 December 2026"


def test_28_days_over_a_leap_day(lane: User) -> None:
    made = casting.complaint(lane, decided_on=date(2028, 2, 1), told_on=date(2028, 2, 1))
    assert _due(made, "review") == date(2028, 2, 29)


def test_days_at_the_wrong_body_do_not_count(lane: User) -> None:
    made = casting.complaint(lane, decided_on=date(2026, 11, 30), told_on=date(2026, 12, 1))
    Review.objects.create(complaint=made, body="lpb", applied_on=date(2027, 1, 7),
                          wrong_body_days=9, entered_by=lane)  # fmt: skip
    asked = _clock(made, "review", date(2027, 1, 8))
    assert asked and asked.due == date(2027, 1, 7) and asked.state is State.DONE and not asked.late


@pytest.mark.parametrize("handling", ["outside", "directed", "independent"])
def test_where_there_is_no_review_there_is_no_clock_for_it(lane: User, handling: str) -> None:
    made = casting.complaint(lane, handling=handling, told_on=date(2026, 12, 1),
                             decided_on=date(2026, 12, 1))  # fmt: skip
    assert _due(made, "review") is None


def test_referral_by_the_end_of_the_day_after_whatever_day_that_is(lane: User) -> None:
    made = casting.complaint(lane)
    Referral.objects.create(complaint=made, clear_on=date(2026, 12, 24))
    _edges(made, "refer", date(2026, 12, 25))  # Christmas Day
    Referral.objects.update(referred_on=date(2026, 12, 26))
    done = _clock(made, "refer", date(2027, 1, 1))
    assert done and done.late


def test_a_copy_of_the_record_by_the_day_in_london_on_which_it_was_recorded(lane: User) -> None:
    made = casting.complaint(lane, created=datetime(2026, 6, 30, 23, 30, tzinfo=UTC))
    _edges(made, "record", date(2026, 7, 8))  # from 1 July
    casting.told(made, What.RECORD, date(2026, 7, 8))
    sent = _clock(made, "record", date(2026, 7, 20))
    assert sent and sent.done_on == date(2026, 7, 8)
    made.handling = Complaint.Handling.OUTSIDE
    made.save()
    assert _due(made, "record") is None


def test_twelve_months_then_every_six(lane: User) -> None:
    made = casting.complaint(lane, received=date(2026, 8, 31), handling="local")
    _edges(made, "delay", date(2027, 8, 31))
    casting.told(made, What.DELAY, date(2027, 8, 20), to=To.IOPC)
    assert _due(made, "delay") == date(2027, 8, 31)  # both bodies are written to
    casting.told(made, What.DELAY, date(2027, 9, 2), to=To.LPB)
    assert _due(made, "delay") == date(2028, 2, 29)  # six months from the 31st, in a leap year
    for body in (To.IOPC, To.LPB):
        casting.told(made, What.DELAY, date(2028, 2, 29), to=body)
    assert _due(made, "delay") == date(2028, 8, 31)
    made.decided_on = date(2028, 3, 1)
    made.save()
    assert _due(made, "delay") is None


def test_twelve_months_from_a_leap_day(lane: User) -> None:
    made = casting.complaint(lane, received=date(2028, 2, 29), handling="special")
    _edges(made, "delay", date(2029, 2, 28))


def test_a_report_long_before_its_day_is_not_that_day_s(lane: User) -> None:
    made = casting.complaint(lane, received=date(2026, 8, 31), handling="local")
    for body in (To.IOPC, To.LPB):
        casting.told(made, What.DELAY, date(2027, 8, 2), to=body)
    assert _due(made, "delay") == date(2027, 8, 31)
    for body in (To.IOPC, To.LPB):
        casting.told(made, What.DELAY, date(2027, 8, 3), to=body)
    assert _due(made, "delay") == date(2028, 2, 29)


def test_only_investigations_are_reported_on(lane: User) -> None:
    assert _due(casting.complaint(lane), "delay") is None


def test_a_conduct_matter_has_nobody_to_tell(lane: User) -> None:
    made = casting.complaint(lane, reference="CM/1/26", standing="none", handling="special",
                             decided_on=date(2026, 12, 1))  # fmt: skip
    codes = [clock.code for clock in clocks.clocks_of(made, date(2026, 12, 2))]
    assert codes == []


def test_an_agreed_measure_is_due_on_its_day(lane: User) -> None:
    made = casting.complaint(lane)
    Measure.objects.create(complaint=made, kind="reflective", words="x", entered_by=lane,
                           due_on=date(2026, 12, 2))  # fmt: skip
    _edges(made, "measure", date(2026, 12, 2))


def test_what_is_due_first_stands_first_and_what_is_done_last(lane: User) -> None:
    made = casting.complaint(lane, decided_on=date(2026, 11, 24), handling="local")
    Referral.objects.create(complaint=made, clear_on=date(2026, 11, 23),
                            referred_on=date(2026, 11, 23))  # fmt: skip
    found = [c.code for c in clocks.clocks_of(made, date(2026, 11, 25))]
    assert found == ["outcome", "record", "update", "refer"]


# --- kept ---
def test_the_nearest_is_kept_and_a_closed_one_has_none(lane: User) -> None:
    made = casting.complaint(lane, created=datetime(2026, 11, 23, 9, tzinfo=UTC))
    clocks.keep(made)
    made.refresh_from_db()
    assert (made.next_due, made.next_due_for) == (date(2026, 11, 30), "record")
    casting.told(made, What.RECORD, date(2026, 11, 24))
    clocks.keep(made)
    made.refresh_from_db()
    assert (made.next_due, made.next_due_for) == (date(2026, 12, 21), "update")
    made.status = Complaint.Status.CLOSED
    made.save()
    clocks.keep(made)
    made.refresh_from_db()
    assert (made.next_due, made.next_due_for) == (None, "")


def test_the_night_mends_what_differs_in_batches_and_constant_queries(
    lane: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 8):
        casting.complaint(lane, number)
    closed = casting.complaint(lane, 8, status=Complaint.Status.CLOSED)
    monkeypatch.setattr(clocks, "BATCH", 3)
    tasks.nightly()
    assert Complaint.objects.exclude(next_due=None).count() == 7
    closed.refresh_from_db()
    assert closed.next_due is None
    assert clocks.keep_all() == 0
    monkeypatch.setattr(clocks, "BATCH", 500)
    with CaptureQueriesContext(
        connection,
    ) as few:
        clocks.keep_all()
    for number in range(20, 40):
        casting.complaint(lane, number)
    clocks.keep_all()
    with CaptureQueriesContext(connection) as many:
        clocks.keep_all()
    assert len(many) == len(few)
