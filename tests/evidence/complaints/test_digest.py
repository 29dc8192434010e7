"""Each working morning each handler reads what is due: references and clocks, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.complaints import clocks, digest, tasks
from evidence.complaints.models import Complaint, HandlerMail, Named
from evidence.people.models import User
from tests import factories
from tests.evidence.complaints import casting

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 12, 21)  # the update of what was received on 23 November is due
BROKEN = "tests.evidence.complaints.test_digest.Broken"


class Broken:
    """A mail server that is away."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def send_messages(self, messages: Sequence[Any]) -> int:
        raise ConnectionRefusedError


def _due(by: User, number: int = 1, **fields: Any) -> Complaint:
    made = casting.complaint(by, number, **fields)
    casting.told(made, "record", date(2026, 11, 24))
    clocks.keep(made)
    return made


@pytest.fixture(autouse=True)
def address(lane: User) -> None:
    lane.email = "lane@force.example"
    lane.save(update_fields=["email"])


def test_overdue_first_then_what_is_due_within_seven_days(lane: User) -> None:
    _due(lane, 1)
    _due(lane, 2, received=date(2026, 11, 20))  # was due on the 18th
    _due(lane, 3, received=date(2026, 11, 30))  # due on the 28th, in seven days
    _due(lane, 4, received=date(2026, 12, 1))  # in eight
    assert digest.send(MONDAY) == (1, 0)
    message = mail.outbox[0]
    assert message.subject.startswith("Due: 3, overdue: 1")
    lines = [line for line in str(message.body).splitlines() if line.startswith("PC/")]
    assert lines == [
        "PC/2/26: Tell the complainant how it goes, 3 days overdue (since 18 December 2026)",
        "PC/1/26: Tell the complainant how it goes, due today (21 December 2026)",
        "PC/3/26: Tell the complainant how it goes, due in 7 days (28 December 2026)",
    ]


def test_all_that_is_due_in_one_complaint(lane: User) -> None:
    made = casting.complaint(lane, decided_on=date(2026, 12, 17))
    clocks.keep(made)
    digest.send(MONDAY)
    body = str(mail.outbox[0].body)
    assert "Tell the complainant the outcome, due in 7 days" not in body  # 29 December
    digest.send(date(2026, 12, 22))
    body = str(mail.outbox[1].body)
    assert "Tell the complainant the outcome" in body
    assert "Tell the complainant how it goes, 1 day overdue" in body


def test_no_name_no_account_no_footage(lane: User, shah: User) -> None:
    _due(lane, about=shah)
    digest.send(MONDAY)
    whole = str(mail.outbox[0].message())
    for word in ("Marsh", "Shah", "4127", "pushed", "Strand", "High Street", "R-"):
        assert word not in whole, word


def test_nothing_due_no_mail_and_nothing_for_closed_ones(lane: User) -> None:
    made = _due(lane)
    assert digest.send(date(2026, 12, 11)) == (0, 0)
    made.status = Complaint.Status.CLOSED
    made.save()
    assert digest.send(MONDAY) == (0, 0)
    assert mail.outbox == [] and not HandlerMail.objects.exists()


@pytest.mark.parametrize("day", [date(2026, 12, 19), date(2026, 12, 25), date(2026, 12, 28)])
def test_no_mail_on_days_off(lane: User, day: date) -> None:
    _due(lane, received=date(2026, 11, 1))
    assert digest.send(day) == (0, 0)
    assert digest.send(date(2026, 12, 29)) == (1, 0)


def test_it_is_a_duty_so_nobody_switches_it_off(lane: User) -> None:
    lane.daily_mail = False
    lane.save(update_fields=["daily_mail"])
    _due(lane)
    assert digest.send(MONDAY) == (1, 0)


def test_a_complaint_that_nobody_handles_is_due_to_who_recorded_it(lane: User) -> None:
    _due(lane, handler=None)
    assert digest.send(MONDAY) == (1, 0)


def test_who_was_named_since_or_has_lost_the_role_is_told_nothing(lane: User) -> None:
    made = _due(lane)
    Named.objects.create(complaint=made, officer=lane)
    assert digest.send(MONDAY) == (0, 0)
    Named.objects.all().delete()
    lane.roles = ["officer"]
    lane.save(update_fields=["roles"])
    assert digest.send(MONDAY) == (0, 0)
    lane.roles, lane.status = ["professional_standards"], User.Status.LEFT
    lane.save(update_fields=["roles", "status"])
    assert digest.send(MONDAY) == (0, 0)
    assert mail.outbox == []


def test_once_a_day_however_often_it_runs(lane: User) -> None:
    _due(lane)
    assert [digest.send(MONDAY), digest.send(MONDAY)] == [(1, 0), (0, 0)]
    assert digest.send(MONDAY + timedelta(days=1)) == (1, 0)
    assert len(mail.outbox) == 2


def test_two_runs_at_once_write_once(lane: User) -> None:
    assert digest._claim(lane, MONDAY)
    assert digest._claim(lane, MONDAY) is None
    HandlerMail.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert digest._claim(lane, MONDAY)


def test_a_failing_mail_server_leaves_people_for_the_next_run(lane: User, settings: Any) -> None:
    _due(lane)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = BROKEN
    assert digest.send(MONDAY) == (0, 1)
    settings.EMAIL_BACKEND = working
    assert digest.send(MONDAY) == (1, 0)


def test_fifty_lines_and_how_many_more(lane: User) -> None:
    for number in range(1, 54):
        _due(lane, number)
    digest.send(MONDAY)
    body = str(mail.outbox[0].body)
    assert sum(line.startswith("PC/") for line in body.splitlines()) == 50
    assert "And 3 more." in body


def test_the_same_queries_for_a_batch_of_handlers(lane: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            list(digest.due(MONDAY))
        return len(asked)

    _due(lane)
    one = queries()
    for number in range(2, 12):
        other = factories.Person(username=f"h{number}", name=f"H {number}", email=f"h{number}@x.example",
                                 roles=["professional_standards"])  # fmt: skip
        _due(other, number)
    assert queries() == one


def test_the_task_writes_in_the_morning_only(lane: User, settings: Any,
                                             monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    _due(lane, received=timezone.localdate() - timedelta(days=40))
    monkeypatch.setattr(digest, "is_working_day", lambda day: True)
    hour = timezone.localtime().hour
    settings.MAIL_HOUR = hour + 1
    tasks.digest()
    assert mail.outbox == []
    settings.MAIL_HOUR = hour
    tasks.digest()
    assert len(mail.outbox) == 1
