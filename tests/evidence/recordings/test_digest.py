"""One mail a person a day at most, with nothing in it that is anybody's business."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings import digest, tasks
from evidence.recordings.models import Category, DailyMail
from tests import factories

pytestmark = pytest.mark.django_db
BROKEN = "tests.evidence.recordings.test_digest.Broken"


class Broken:
    """A mail server that is away."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def send_messages(self, messages: Sequence[Any]) -> int:
        raise ConnectionRefusedError


@pytest.fixture(autouse=True)
def addresses(shah: User, okoro: User, hughes: User) -> None:
    for person in (shah, okoro, hughes):
        person.email = f"{person.username}@force.example"
        person.save(update_fields=["email"])


@pytest.fixture
def four(shah: User) -> None:
    for _ in range(4):
        factories.recording(shah)
    factories.recording(shah, category=Category.objects.first())
    factories.recording(shah, kind="other")


def test_officers_and_supervisors_get_counts_and_a_link(
    four: None, shah: User, hughes: User
) -> None:
    assert digest.send() == (2, 0)
    texts = {message.to[0]: message.body for message in mail.outbox}
    assert set(texts) == {"shah@force.example", "hughes@force.example"}
    assert texts["shah@force.example"].startswith("4 recordings need a category.\n")
    assert "4 recordings of your team need a category." in texts["hughes@force.example"]


def test_nothing_of_evidence_names_or_references(four: None, shah: User) -> None:
    digest.send()
    for message in mail.outbox:
        whole = str(message.message())
        assert not re.search(r"R-\w{4}-\w{4}|BWC|Shah|4127|poster|<img", whole), whole
        assert message.attachments == []
        links = re.findall(r"https?://\S+", str(message.body))
        assert [link.partition("//")[2].partition("/")[2] for link in links] == [
            "", "account/mail/",
        ]  # fmt: skip


def test_once_a_day_however_often_it_runs(four: None) -> None:
    assert digest.send() == (2, 0)
    assert digest.send() == (0, 0)
    assert len(mail.outbox) == 2
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert digest.send(tomorrow) == (2, 0)


def test_two_runs_at_once_write_once(four: None, shah: User) -> None:
    day = timezone.localdate()
    assert digest._claim(shah, day)
    assert digest._claim(shah, day) is None
    # A run that died lets go after a while.
    DailyMail.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert digest._claim(shah, day)


def test_a_failing_mail_server_leaves_people_for_the_next_run(four: None, settings: Any) -> None:
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = BROKEN
    assert digest.send() == (0, 2)
    settings.EMAIL_BACKEND = working
    assert digest.send() == (2, 0)
    assert len(mail.outbox) == 2


def test_an_address_that_can_t_be_written_to_stops_nobody_else(four: None, shah: User) -> None:
    User.objects.filter(pk=shah.pk).update(email="a\nb@force.example")
    assert digest.send() == (1, 1)
    assert [message.to for message in mail.outbox] == [["hughes@force.example"]]


def test_who_does_not_want_it_or_has_left_gets_none(four: None, shah: User, hughes: User) -> None:
    User.objects.filter(pk=shah.pk).update(daily_mail=False)
    User.objects.filter(pk=hughes.pk).update(status=User.Status.LEFT)
    assert digest.send() == (0, 0)


def test_nothing_left_no_mail() -> None:
    assert digest.send() == (0, 0)
    assert not DailyMail.objects.exists()


def test_a_dry_run_writes_to_nobody(four: None, capsys: Any) -> None:
    call_command("digest", "--dry-run")
    assert "shah: 4 recordings need a category" in capsys.readouterr().out
    assert mail.outbox == []
    assert not DailyMail.objects.exists()


def test_the_task_writes_in_the_morning_only(four: None, settings: Any) -> None:
    hour = timezone.localtime().hour
    settings.MAIL_HOUR = hour + 1
    tasks.daily_mail()
    assert mail.outbox == []
    settings.MAIL_HOUR = hour
    tasks.daily_mail()
    assert len(mail.outbox) == 2


def test_numbers() -> None:
    assert digest.many(0, "a", "b") == ""
    assert digest.many(1, "a", "b") == "1 a"
    assert digest.many(1200, "a", "b", more=True) == "More than 1,200 b"
