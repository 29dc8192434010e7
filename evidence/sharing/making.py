"""Making a share: who may get what, from when until when, and what stops it."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from evidence.cases import access as cases
from evidence.cases.models import Case, CaseLink
from evidence.exhibits import disclosure, paper_actions
from evidence.exhibits.models import Exhibit
from evidence.exhibits.papers import Kind, NoPapers
from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings import markers
from evidence.recordings.access import visible_to
from evidence.recordings.models import Marker, Recording
from evidence.sharing import mailing, standing
from evidence.sharing.models import Basis, Contact, Domain, Item, Share
from evidence.sharing.telling import tell
from evidence.store import s3

MOST_ITEMS = 100
MOST_MARKERS = 200
# What goes to somebody outside as a paper: never the sensitive schedule.
PAPERS = (Kind.LABELS, Kind.STATEMENT, Kind.LIST, Kind.UNUSED)


class NotShared(ValueError):
    """It can't be shared so. `field` is what to change. Its sentence is for a person."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


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


@dataclass(frozen=True)
class Made:
    """A share that was made. The passphrase is told now and never again."""

    share: Share
    passphrase: str = ""
    token: str = field(default="", repr=False)


def offered_until(case: Case | None) -> datetime:
    """The end that a share is offered: two weeks past the next day in court, 23:59, or from now;
    within the force's limit."""
    today = timezone.localdate()
    court = case.next_court_date if case else None
    day = (court or today) + timedelta(days=settings.SHARE_DAYS)
    last = today + timedelta(days=settings.SHARE_MOST_DAYS - 1)
    return timezone.make_aware(datetime.combine(min(day, last), time(23, 59)))


def digest(token: str) -> str:
    """A link's secret as it is kept: 256 random bits need no slow hash (ASVS 6.5.2)."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_passphrase() -> str:
    """Eight spoken syllables, like kamo-tifu-resa-dolu: 51 bits, kept with a slow hash only."""
    consonants, vowels = "bdfghjklmnprstvwz", "aeiou"
    syllables = [secrets.choice(consonants) + secrets.choice(vowels) for _ in range(8)]
    return "-".join("".join(syllables[n : n + 2]) for n in range(0, 8, 2))


def make(*, by: User, wish: Wish, address: str = "") -> Made:
    """Keep a new share; send its link, or ask a second person first where something is restricted.

    Raises NotShared, Case.DoesNotExist, Recording.DoesNotExist, Exhibit.DoesNotExist.
    """
    scope = by.scope("share.make")
    if scope is Scope.NONE:
        raise NotShared("You can't share evidence.")
    if wish.case is None and scope is not Scope.ALL:
        raise NotShared("Share from a case of yours: its page has a button for it.", "case")
    case = None if wish.case is None else cases.find(by, wish.case.urn, "share.make")
    share = _checked(by, wish, case)
    items = [_item(by, case, share, thing, n) for n, thing in enumerate(wish.things, start=1)]
    if not items:
        raise NotShared("Select at least one thing to share", "things")
    if len(items) > MOST_ITEMS:
        raise NotShared(f"Share at most {MOST_ITEMS} things at once", "things")
    papers = [_paper(by, case, item, address) for item in items]
    phrase = new_passphrase() if share.how == Share.How.PASSPHRASE else ""
    share.passphrase = make_password(phrase) if phrase else ""
    with transaction.atomic():
        if case is not None:
            Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
        # Again under the lock of every recording: a restriction that comes now comes before.
        _may(by, case, items, lock=True)
        share.needs_approval = any(one.recording and one.recording.restricted for one in items)
        if wish.remember:
            share.contact = _remember(by, wish)
        share.save()
        for item, thing in zip(items, wish.things, strict=True):
            item.share = share
            item.save()
            item.markers.set(_markers(by, item, thing))
        _told(by, share, items, papers)
        token = "" if share.needs_approval else send_link(share, by)
    return Made(share, phrase, token)


def send_link(share: Share, by: User) -> str:
    """A new secret for a share, sent to its person; the old one opens nothing any more."""
    token = secrets.token_urlsafe(32)
    share.token_hash, share.sent_at = digest(token), None
    share.wrong_codes, share.locked_at = 0, None
    share.save(update_fields=["token_hash", "sent_at", "wrong_codes", "locked_at"])
    tell("share.sent", share, by.actor(), private={"name": by.short})
    mailing.link(share, token)
    return token


def _text(text: str, longest: int) -> str:
    return " ".join(text.replace("\0", "").split())[:longest]


def _checked(by: User, wish: Wish, case: Case | None) -> Share:
    """The share as a row that is not kept yet. Raises NotShared."""
    recipient, organisation = _text(wish.recipient, 120), _text(wish.organisation, 120)
    email, purpose = wish.email.strip().replace("\0", "")[:254], _text(wish.purpose, 200)
    if len(recipient) < 3:
        raise NotShared("Enter the name of one person", "recipient")
    if len(organisation) < 2:
        raise NotShared("Enter their organisation", "organisation")
    check_address(email)
    if len(purpose) < 3:
        raise NotShared("Enter what they need it for", "purpose")
    if wish.basis is None or not wish.basis.active:
        raise NotShared("Select the legal basis", "basis")
    if wish.how not in Share.How.values:
        raise NotShared("Select how they prove who they are", "how")
    starts = wish.starts or timezone.now()
    check_until(starts, wish.until)
    return Share(
        recipient=recipient, organisation=organisation, email=email, purpose=purpose,
        basis=wish.basis, case=case, words=wish.words.replace("\0", "").strip()[:1000],
        starts=starts, until=wish.until, downloads=wish.downloads, watermark=wish.watermark,
        how=wish.how, made_by=by, owner=by, again_of=wish.again_of,
        token_hash=digest(secrets.token_urlsafe(32)),  # of a secret that nobody has
    )  # fmt: skip


def check_address(email: str) -> None:
    """Raises NotShared for what is no address, and for one outside the force's domains."""
    try:
        validate_email(email)
    except ValidationError:
        raise NotShared("Enter an e-mail address like j.marlow@cps.gov.uk", "email") from None
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
    if until > max(starts, timezone.now()) + timedelta(days=settings.SHARE_MOST_DAYS):
        raise NotShared(f"A share lasts at most {settings.SHARE_MOST_DAYS} days", "until")


def when(moment: datetime) -> str:
    """23:59 on 6 Dec 2026"""
    return f"{timezone.localtime(moment):%H:%M on %-d %b %Y}"


def _item(by: User, case: Case | None, share: Share, thing: Thing, number: int) -> Item:
    item = Item(
        share=share, number=number, recording=thing.recording, exhibit=thing.exhibit,
        title=_text(thing.title, 120), paper=thing.paper,
    )  # fmt: skip
    if thing.paper:
        if case is None:
            raise NotShared("Papers belong to a case: share them from its page", "things")
        if thing.paper not in {kind.value for kind in PAPERS}:
            raise NotShared("The sensitive schedule is not shared by link", "things")
        item.recording = item.exhibit = None
    elif thing.exhibit is not None:
        if case is None or thing.exhibit.case_id != case.pk:
            raise NotShared("Share an exhibit from its own case", "things")
        item.recording = thing.exhibit.recording
    elif thing.recording is None:
        raise NotShared("Select at least one thing to share", "things")
    return item


def _may(by: User, case: Case | None, items: list[Item], *, lock: bool = False) -> None:
    """Raises where something may not be seen, is not of the case, or must not be disclosed."""
    wanted = {item.recording_id for item in items if item.recording_id}
    rows = Recording.objects.filter(pk__in=wanted)
    if lock:
        rows = rows.select_for_update(of=("self",)).order_by("pk")
    now = {row.pk: row for row in rows}
    if visible_to(by).filter(pk__in=wanted).count() != len(wanted):
        raise Recording.DoesNotExist
    if case is not None:
        linked = CaseLink.objects.filter(case=case, unlinked_at=None, recording__in=wanted)
        if linked.count() != len(wanted):
            raise NotShared("Link the footage to the case first, then share it", "things")
    stops = disclosure.stops(wanted)
    for item in items:
        if item.recording_id is None:
            continue
        item.recording = now[item.recording_id]
        item.restriction = item.recording.restricted
        name = item.exhibit.mark if item.exhibit else item.recording.reference
        why = standing.stopped(case.pk if case else None, item, stops)
        if item.recording.restricted == Recording.Restriction.OUTSIDE:
            why = "It came from outside the force. Accept it first."
        if item.exhibit is not None:
            item.exhibit.refresh_from_db(fields=["withdrawn_at"])
            why = f"{name} was withdrawn." if item.exhibit.withdrawn_at else why
        if why:
            raise NotShared(f"{name} can't be shared. {why}", "things")


def _paper(by: User, case: Case | None, item: Item, address: str) -> str:
    """Make a paper as it is now and keep its bytes; what it is called."""
    if not item.paper:
        return item.exhibit.mark if item.exhibit else item.recording.reference  # type: ignore[union-attr]
    assert case is not None
    kind = Kind(item.paper)
    try:
        body = paper_actions.make(by=by, case=case, kind=kind, wanted="pdf", address=address)
    except NoPapers as error:
        raise NotShared(str(error), "things") from error
    item.sha256, item.size = hashlib.sha256(body).hexdigest(), len(body)
    item.key = f"shared-papers/{uuid.uuid4()}.pdf"
    try:
        s3.put("renditions", item.key, body, item.sha256, "application/pdf")
    except s3.StoreError as error:
        raise NotShared(f"{kind.heading} could not be kept. Try again in a minute.") from error
    return kind.heading


def _markers(by: User, item: Item, thing: Thing) -> list[Marker]:
    """The chosen markers that whoever shares may see themselves."""
    if item.recording is None or not thing.markers:
        return []
    shown = markers.shown_to(by, item.recording).filter(pk__in=list(thing.markers))
    return list(shown[:MOST_MARKERS])


def _remember(by: User, wish: Wish) -> Contact:
    """The person in the address book, new or as they are now."""
    contact, _ = Contact.objects.update_or_create(
        email=wish.email.strip().lower(),
        defaults={"name": _text(wish.recipient, 120), "removed_at": None,
                  "organisation": _text(wish.organisation, 120)},
        create_defaults={"name": _text(wish.recipient, 120), "added_by": by,
                         "organisation": _text(wish.organisation, 120)},
    )  # fmt: skip
    return contact


def _told(by: User, share: Share, items: list[Item], names: list[str]) -> None:
    data = {"until": share.until.isoformat()}
    if share.again_of is not None:
        data["again_of"] = share.again_of.reference
    private = {
        "name": by.short, "organisation": share.organisation, "purpose": share.purpose,
        "basis": share.basis.words if share.basis else "", "until": when(share.until),
    }  # fmt: skip
    tell("share.created", share, by.actor(), data=data,
         private=private | {"what": ", ".join(names)[:2000]})  # fmt: skip
    for item in items:
        tell("share.created", share, by.actor(), items=[item], data=data, private=private,
             alone=True)  # fmt: skip
