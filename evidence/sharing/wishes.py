"""What somebody wants to share, as it was typed, and what of that can't be."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from evidence.cases.models import Case
from evidence.exhibits.models import Exhibit
from evidence.exhibits.papers import Kind
from evidence.people import typed
from evidence.recordings.models import Recording
from evidence.sharing.models import Basis, Domain, Share

# What goes to somebody outside as a paper: never the sensitive schedule.
PAPERS = (Kind.LABELS, Kind.STATEMENT, Kind.LIST, Kind.UNUSED)


class NotShared(ValueError):
    """It can't be shared so. `field` is what to change. Its sentence is for a person."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class AlreadyMade(Exception):
    """The same form was sent before: `share` is what came of it."""

    def __init__(self, share: Share) -> None:
        super().__init__(share.reference)
        self.share = share


@dataclass(frozen=True)
class Thing:
    """One thing that somebody wants to share: a recording, an exhibit, or a paper by its kind."""

    recording: Recording | None = None
    exhibit: Exhibit | None = None
    paper: str = ""
    title: str = ""
    # Numbers of the markers of a recording that they may see as well.
    markers: Sequence[int] = ()


@dataclass(frozen=True)
class Wish:
    """Who shares what with whom, as it was typed."""

    recipient: str
    organisation: str
    email: str
    purpose: str
    until: datetime
    things: Sequence[Thing]
    basis: Basis | None = None
    case: Case | None = None
    words: str = ""
    starts: datetime | None = None
    downloads: bool = False
    watermark: bool = False
    how: str = Share.How.CODE
    remember: bool = False
    again_of: Share | None = None
    # The form that asks: what is sent twice is made once.
    asked: uuid.UUID | None = None


@dataclass(frozen=True)
class Made:
    """A share that was made. The passphrase is told now and never again."""

    share: Share
    passphrase: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


def offered_until(case: Case | None) -> datetime:
    """The end that a share is offered: two weeks past the next day in court, 23:59, or from now;
    within the force's limit."""
    today = timezone.localdate()
    court = case.next_court_date if case else None
    day = (court or today) + timedelta(days=settings.SHARE_DAYS)
    last = today + timedelta(days=settings.SHARE_MOST_DAYS)
    return end_of(min(day, last))


def end_of(day: date) -> datetime:
    """23:59 of a day: when a share ends. Never midnight, which day that is nobody agrees."""
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


def problems(wish: Wish) -> dict[str, str]:
    """Everything that is wrong with what was typed, by field; things are looked at elsewhere."""
    found: dict[str, str] = {}
    if len(typed.one_line(wish.recipient, 120)) < 3:
        found["recipient"] = "Enter the name of one person"
    if len(typed.one_line(wish.organisation, 120)) < 2:
        found["organisation"] = "Enter their organisation"
    try:
        check_address(address_of(wish))
    except NotShared as error:
        found["email"] = str(error)
    if len(typed.one_line(wish.purpose, 200)) < 3:
        found["purpose"] = "Enter what they need it for"
    if wish.basis is None or not wish.basis.active:
        found["basis"] = "Select the legal basis"
    if wish.how not in Share.How.values:
        found["how"] = "Select how they prove who they are"
    try:
        check_until(wish.starts or timezone.now(), wish.until)
    except NotShared as error:
        found[error.field] = str(error)
    return found


def address_of(wish: Wish) -> str:
    """The e-mail address as it is kept."""
    return wish.email.strip().replace("\0", "")


def check_address(email: str) -> None:
    """Raises NotShared for what is no address, and for one outside the force's domains."""
    try:
        validate_email(email)
    except ValidationError:
        raise NotShared("Enter an e-mail address like j.marlow@cps.gov.uk", "email") from None
    # What some mailer could read as another address, or as two; letters that only look alike.
    if not email.isascii() or len(email) > 254 or set(email) & set('"%!(),:;<>\\'):
        raise NotShared("Enter an e-mail address of plain letters and digits", "email")
    if not any(domain.covers(email) for domain in Domain.objects.all()):
        where = email.rpartition("@")[2]
        raise NotShared(
            f"{where} is not one of the domains that evidence may be shared with. Use an address "
            "at work, or ask professional standards to add the domain.", "email",
        )  # fmt: skip


def check_until(starts: datetime, until: datetime) -> None:
    """Raises NotShared for an end that is past, before the start, or beyond the limit."""
    if until <= timezone.now():
        raise NotShared("Enter an end in the future", "until")
    if until <= starts:
        raise NotShared(f"The end must be after the start, {when(starts)}", "until")
    # Whole days, not hours: a day on which clocks change is one day too.
    first = timezone.localdate(max(starts, timezone.now()))
    last = first + timedelta(days=settings.SHARE_MOST_DAYS)
    if timezone.localdate(until) > last:
        raise NotShared(
            f"A share lasts at most {settings.SHARE_MOST_DAYS} days, until {last:%-d %b %Y}",
            "until",
        )


def when(moment: datetime) -> str:
    """23:59 on 6 Dec 2026"""
    return f"{timezone.localtime(moment):%H:%M on %-d %b %Y}"
