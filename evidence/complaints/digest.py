"""Each working morning, to each handler: what is due in their complaints, overdue first.

References and the clocks' words, never a name, an account or footage: mail lies in other
people's systems. It is part of the work, so nobody switches it off; nothing due, no mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.utils import timezone

from evidence.complaints import clocks
from evidence.complaints.access import visible_to
from evidence.complaints.clocks import SOON, Clock
from evidence.complaints.models import Complaint, HandlerMail
from evidence.complaints.workdays import is_working_day
from evidence.people.models import User

log = structlog.get_logger(__name__)
BATCH = 200
MOST_LINES = 50
# A run that died while it wrote to somebody: after this another may.
CLAIM = timedelta(minutes=10)
Line = tuple[str, Clock]


def due(day: date) -> Iterator[tuple[User, list[Line]]]:
    """Whom to write to on this day, and what: nobody for whom nothing is due."""
    written = HandlerMail.objects.filter(day=day).exclude(sent_at=None).values("person")
    # A complaint that nobody handles yet is due to whoever recorded it.
    minding = _pressing(day).annotate(minder=Coalesce("handler", "recorded_by")).values("minder")
    people = (
        User.objects.filter(status=User.Status.WORKING, pk__in=minding)
        .exclude(email="").exclude(pk__in=written).order_by("pk")
    )  # fmt: skip
    rows = people.iterator(BATCH)
    while batch := list(islice(rows, BATCH)):
        lines = _lines(batch, day)
        for person in batch:
            if lines.get(person.pk):
                yield person, sorted(lines[person.pk], key=lambda line: (line[1].due, line[0]))


def _pressing(day: date) -> QuerySet[Complaint]:
    """Not closed, and something due within seven days: by an index, however many there are."""
    return Complaint.objects.exclude(status=Complaint.Status.CLOSED).filter(
        next_due__lte=day + SOON
    )


def _lines(people: list[User], day: date) -> dict[int, list[Line]]:
    """For each what is overdue or due within seven days; the same queries for one as for many."""
    rows = _pressing(day).annotate(minder=Coalesce("handler", "recorded_by"))
    found: dict[int, list[Line]] = {}
    for complaint in clocks.with_facts(rows.filter(minder__in=[person.pk for person in people])):
        pressing = [
            (complaint.reference, clock)
            for clock in clocks.clocks_of(complaint, day)
            if clock.done_on is None and not clock.theirs and clock.due <= day + SOON
        ]
        found.setdefault(getattr(complaint, "minder"), []).extend(pressing)
    return found


def send(day: date | None = None) -> tuple[int, int]:
    """Write to everybody who is due on that day (today); how many were, and were not, written to.

    Safe to run twice, also at once: a person's row is claimed before the mail goes. Whom a
    failing mail server leaves is due again at the next run. No mail on days off.
    """
    day = day or timezone.localdate()
    if not is_working_day(day):
        return 0, 0
    sent = failed = 0
    connection = get_connection()
    for person, lines in due(day):
        lines = _allowed(person, lines)
        row = _claim(person, day) if lines else None
        if row is None:
            continue
        if _post(person, lines, connection):
            HandlerMail.objects.filter(pk=row.pk).update(sent_at=timezone.now(), claimed_until=None)
            sent += 1
        else:
            HandlerMail.objects.filter(pk=row.pk).update(claimed_until=None)
            failed += 1
    return sent, failed


def _allowed(person: User, lines: list[Line]) -> list[Line]:
    """Without complaints that this person may no longer know of: named since, or another role."""
    references = {reference for reference, _ in lines}
    rows = visible_to(person).filter(reference__in=references)
    seen = set(rows.values_list("reference", flat=True))
    return [line for line in lines if line[0] in seen]


def _claim(person: User, day: date) -> HandlerMail | None:
    """The row of this person and day for this run alone; None where another has it.

    1. The row is made where it is missing; of two runs one makes it, neither minds.
    2. It is claimed by a conditional update, which only one of them wins.
    """
    HandlerMail.objects.bulk_create([HandlerMail(person=person, day=day)], ignore_conflicts=True)
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    mine = HandlerMail.objects.filter(free, person=person, day=day, sent_at=None)
    if mine.update(claimed_until=now + CLAIM) != 1:
        return None
    return HandlerMail.objects.get(person=person, day=day)


def _post(person: User, lines: list[Line], connection: BaseEmailBackend) -> bool:
    overdue = sum(clock.overdue for _, clock in lines)
    context = {
        "overdue": [line for line in lines if line[1].overdue][:MOST_LINES],
        "soon": [line for line in lines if not line[1].overdue][: max(0, MOST_LINES - overdue)],
        "more": max(0, len(lines) - MOST_LINES),
        "url": settings.PUBLIC_URL, "force": settings.FORCE_NAME,
    }  # fmt: skip
    body = render_to_string("complaints/mail_due.txt", context)
    subject = f"Due: {len(lines)}, overdue: {overdue} – {settings.FORCE_NAME}"
    mail = EmailMessage(subject, body, None, [person.email], connection=connection)
    try:
        return bool(mail.send())
    except (SMTPException, OSError, ValueError) as error:
        # ValueError: an address that can't stand in a header. Nobody else waits for its mending.
        log.warning("a handler's mail was not sent", person=person.ref, error=type(error).__name__)
        return False
