"""One mail a person a day at most: how much is left to do, and where to start.

Never evidence, names, references or stills: counts and one link. Mail lies in other people's
systems. What the docks' side knows comes through `register`, since this package may not ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import islice
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.utils import timezone

from evidence.people.models import User
from evidence.people.table import OFFICER
from evidence.recordings.access import not_ended
from evidence.recordings.models import DailyMail, Recording

log = structlog.get_logger(__name__)
Lines = dict[int, list[str]]  # a person's id: sentences without a full stop
Provider = Callable[[Sequence[User]], Lines]
BATCH = 500
MOST = 1000
# A run that died while it wrote to somebody: after this another may.
CLAIM = timedelta(minutes=10)


def many(count: int, one: str, several: str, *, more: bool = False) -> str:
    """ "1 camera is not docked", "more than 50 cameras are not docked"; empty for none."""
    if not count:
        return ""
    if more:
        return f"More than {count:,} {several}"
    return f"1 {one}" if count == 1 else f"{count:,} {several}"


def uncategorised(people: Sequence[User]) -> Lines:
    """For each officer how much of their own footage needs a category. One query."""
    officers = [person.pk for person in people if OFFICER in person.roles]
    rows = (
        Recording.objects.filter(
            not_ended(), officer__in=officers, category=None, kind=Recording.Kind.FOOTAGE,
            joined_into=None, restricted="", disposed_at=None,
        )
        .values_list("officer").annotate(Count("pk")).order_by()
    )  # fmt: skip
    one, several = "recording needs a category", "recordings need a category"
    return {
        officer: [many(min(count, MOST), one, several, more=count > MOST)]
        for officer, count in rows
    }


_providers: list[Provider] = [uncategorised]


def register(provider: Provider) -> None:
    """Add a provider of lines; the same one again changes nothing."""
    if provider not in _providers:
        _providers.append(provider)


def due(day: date) -> Iterator[tuple[User, list[str]]]:
    """Whom to write to on this day and what: nobody for whom nothing is left."""
    written = DailyMail.objects.filter(day=day).exclude(sent_at=None).values("person")
    people = (
        User.objects.filter(status=User.Status.WORKING, daily_mail=True)
        .exclude(email="").exclude(pk__in=written).order_by("pk")
    )  # fmt: skip
    for batch in _batches(people.iterator(BATCH)):
        found = [provider(batch) for provider in _providers]
        for person in batch:
            lines = [line for lines in found for line in lines.get(person.pk, [])]
            if lines:
                yield person, lines


def _batches(people: Iterator[User]) -> Iterator[list[User]]:
    while batch := list(islice(people, BATCH)):
        yield batch


def send(day: date | None = None) -> tuple[int, int]:
    """Write to everybody who is due on that day (today); how many were, and were not, written to.

    Safe to run twice, also at once: a person's row is claimed before the mail goes. Whom a
    failing mail server leaves is due again at the next run.
    """
    day = day or timezone.localdate()
    sent = failed = 0
    connection = get_connection()
    for person, lines in due(day):
        row = _claim(person, day)
        if row is None:
            continue
        if _post(person, lines, connection):
            DailyMail.objects.filter(pk=row.pk).update(sent_at=timezone.now(), claimed_until=None)
            sent += 1
        else:
            DailyMail.objects.filter(pk=row.pk).update(claimed_until=None)
            failed += 1
    return sent, failed


def _claim(person: User, day: date) -> DailyMail | None:
    """The row of this person and day for this run alone; None where another has it.

    1. The row is made where it is missing; of two runs one makes it, neither minds.
    2. It is claimed by a conditional update, which only one of them wins.
    """
    DailyMail.objects.bulk_create([DailyMail(person=person, day=day)], ignore_conflicts=True)
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    mine = DailyMail.objects.filter(free, person=person, day=day, sent_at=None)
    if mine.update(claimed_until=now + CLAIM) != 1:
        return None
    return DailyMail.objects.get(person=person, day=day)


def _post(person: User, lines: Sequence[str], connection: BaseEmailBackend) -> bool:
    context = {"lines": lines, "url": settings.PUBLIC_URL, "force": settings.FORCE_NAME}
    body = render_to_string("recordings/mail_left.txt", context)
    subject = f"What is left to do – {settings.FORCE_NAME}"
    mail = EmailMessage(subject, body, None, [person.email], connection=connection)
    try:
        return bool(mail.send())
    except (SMTPException, OSError, ValueError) as error:
        # ValueError: an address that can't stand in a header. Nobody else waits for its mending.
        log.warning("a daily mail was not sent", person=person.ref, error=type(error).__name__)
        return False
