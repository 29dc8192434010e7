"""Making a share: who may get what, from when until when, and what stops it."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from evidence.cases import access as cases
from evidence.cases.models import Case, CaseLink
from evidence.custody.record import Draft, Subject, record
from evidence.exhibits import checking, disclosure, paper_actions, papers
from evidence.exhibits.models import Exhibit
from evidence.exhibits.papers import Kind, NoPapers
from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings import markers, smaller
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


def digest(token: str) -> str:
    """A link's secret as it is kept: 256 random bits need no slow hash (ASVS 6.5.2)."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_passphrase() -> str:
    """Eight spoken syllables, like kamo-tifu-resa-dolu: 51 bits, kept with a slow hash only."""
    consonants, vowels = "bdfghjklmnprstvwz", "aeiou"
    syllables = [secrets.choice(consonants) + secrets.choice(vowels) for _ in range(8)]
    return "-".join("".join(syllables[n : n + 2]) for n in range(0, 8, 2))


@dataclass(frozen=True)
class Plan:
    """What would be shared: rows that are not kept."""

    share: Share
    items: list[Item]


def plan(*, by: User, wish: Wish) -> Plan:
    """Everything that `make` would refuse, and what it would make; nothing is kept or sent.

    Raises what `make` raises.
    """
    case = _case(by, wish)
    share = _checked(by, wish, case)
    items = _items(by, case, share, wish)
    _may(by, case, items)
    kinds = [Kind(item.paper) for item in items if item.paper]
    if case is not None and kinds:
        cases.find(by, case.urn, "case.papers")
        try:
            papers.build(by=by, case=case)
        except NoPapers as error:
            raise NotShared(str(error), "things") from error
    share.needs_approval = _restricted(case, items)
    share.pk = 0  # of no row: what asks for rows of it finds none
    return Plan(share, items)


def make(*, by: User, wish: Wish, address: str = "") -> Made:
    """Keep a new share; send its link, or ask a second person first where something is restricted.

    Raises NotShared, AlreadyMade, Case.DoesNotExist, Recording.DoesNotExist, Exhibit.DoesNotExist.
    """
    case = _case(by, wish)
    _once(by, wish)
    share = _checked(by, wish, case)
    items = _items(by, case, share, wish)
    _may(by, case, items)  # before a paper is made of what may not be shared
    names = [_paper(by, case, item, address) for item in items]
    phrase = new_passphrase() if share.how == Share.How.PASSPHRASE else ""
    share.passphrase = make_password(phrase) if phrase else ""
    try:
        with transaction.atomic():
            token = _kept(by, case, share, items, names, wish)
    except IntegrityError:
        _once(by, wish)  # of two that were sent at once, the other was first
        raise NotShared("Somebody saved the same at this moment. Send it again.") from None
    return Made(share, phrase, token)


def _kept(
    by: User, case: Case | None, share: Share, items: list[Item], names: list[str], wish: Wish
) -> str:
    """Keep it all and send the link, in the caller's transaction; the link's secret, if sent."""
    if case is not None:
        Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
        # Once more under the lock: who was taken off the team meanwhile shares nothing of it.
        cases.find(by, case.urn, "share.make")
    # Again under the lock of every recording: a restriction that comes now comes before.
    _may(by, case, items, lock=True)
    share.needs_approval = _restricted(case, items)
    if wish.remember:
        share.contact = _remember(by, wish)
    share.save()
    for item in items:
        item.share = share
    Item.objects.bulk_create(items)
    things = {_key(thing): thing for thing in wish.things}
    for item in items:
        chosen = _markers(by, item, things[_key(item)])
        if chosen:
            item.markers.set(chosen)
    # Whoever is on a thin line gets a small picture, as soon as there is one.
    whole = [one for one in items if one.recording and not (one.exhibit and one.exhibit.clip)]
    smaller.want([one.recording for one in whole if one.recording])
    _told(by, share, items, names)
    return "" if share.needs_approval else send_link(share, by)


def _case(by: User, wish: Wish) -> Case | None:
    """The case that it is shared from. Raises NotShared, Case.DoesNotExist."""
    scope = by.scope("share.make")
    if scope is Scope.NONE:
        raise NotShared("You can't share evidence.")
    if wish.case is None and scope is not Scope.ALL:
        raise NotShared("Share from a case of yours: its page has a button for it.", "case")
    return None if wish.case is None else cases.find(by, wish.case.urn, "share.make")


def _once(by: User, wish: Wish) -> None:
    """Raises AlreadyMade where this form made a share."""
    if wish.asked is not None:
        found = Share.objects.filter(asked=wish.asked, made_by=by).first()
        if found is not None:
            raise AlreadyMade(found)


def _restricted(case: Case | None, items: list[Item]) -> bool:
    """Whether a second person has to agree: to restricted footage, and to papers that describe
    some."""
    if any(one.recording is not None and one.recording.restricted for one in items):
        return True
    if case is None or not any(one.paper for one in items):
        return False
    links = CaseLink.objects.filter(case=case, unlinked_at=None)
    return links.exclude(recording__restricted="").exists()


def _key(thing: Thing | Item) -> tuple[str, int]:
    """What makes it the same thing: named twice, it is shared once."""
    if thing.paper:
        return thing.paper, 0
    if thing.exhibit is not None:
        return "exhibit", thing.exhibit.pk
    return "recording", thing.recording.pk if thing.recording else 0


def _items(by: User, case: Case | None, share: Share, wish: Wish) -> list[Item]:
    """The things as rows that are not kept yet. Raises NotShared."""
    things = list({_key(thing): thing for thing in reversed(wish.things)}.values())[::-1]
    if not things:
        raise NotShared("Select at least one thing to share", "things")
    if len(things) > MOST_ITEMS:
        raise NotShared(f"Share at most {MOST_ITEMS} things at once", "things")
    return [_item(by, case, share, thing, n) for n, thing in enumerate(things, start=1)]


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


def problems(wish: Wish) -> dict[str, str]:
    """Everything that is wrong with what was typed, by field; things are looked at elsewhere."""
    found: dict[str, str] = {}
    if len(_text(wish.recipient, 120)) < 3:
        found["recipient"] = "Enter the name of one person"
    if len(_text(wish.organisation, 120)) < 2:
        found["organisation"] = "Enter their organisation"
    try:
        check_address(_address(wish))
    except NotShared as error:
        found["email"] = str(error)
    if len(_text(wish.purpose, 200)) < 3:
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


def _address(wish: Wish) -> str:
    return wish.email.strip().replace("\0", "")


def _checked(by: User, wish: Wish, case: Case | None) -> Share:
    """The share as a row that is not kept yet. Raises NotShared."""
    for field_, sentence in problems(wish).items():
        raise NotShared(sentence, field_)
    before = wish.again_of
    return Share(
        recipient=_text(wish.recipient, 120), organisation=_text(wish.organisation, 120),
        email=_address(wish), purpose=_text(wish.purpose, 200), basis=wish.basis, case=case,
        words=wish.words.replace("\0", "").replace("\r\n", "\n").strip()[:1000],
        starts=wish.starts or timezone.now(), until=wish.until, downloads=wish.downloads,
        watermark=wish.watermark, how=wish.how, made_by=by, owner=by, again_of=before,
        contact=before.contact if before else None, asked=wish.asked,
        token_hash=digest(secrets.token_urlsafe(32)),  # of a secret that nobody has
    )  # fmt: skip


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
    rows = Recording.objects.filter(pk__in=wanted).prefetch_related("originals")
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
    clips = Exhibit.objects.filter(pk__in=[one.exhibit_id for one in items if one.exhibit_id])
    exhibits = {
        row.pk: row for row in clips.select_related("clip__redaction", "recording", "producer")
    }
    for item in items:
        if item.recording_id is None:
            continue
        item.recording = now[item.recording_id]
        item.restriction = item.recording.restricted
        name = item.exhibit.mark if item.exhibit else item.recording.reference
        why = standing.stopped(case.pk if case else None, item, stops)
        if item.recording.restricted == Recording.Restriction.OUTSIDE:
            why = "It came from outside the force. Accept it first."
        if item.exhibit_id is not None:
            item.exhibit = exhibits[item.exhibit_id]
            why = not_ready(item.exhibit) or why
        elif not item.recording.originals.all():
            why = "Its footage is not kept any more: it was disposed of."
        if why:
            raise NotShared(f"{name} can't be shared. {why}", "things")


def not_ready(exhibit: Exhibit) -> str:
    """Why an exhibit can't be shared as it is, in a sentence; empty where it can."""
    ready, why = checking.ready_to_share(exhibit)
    return "" if ready else why


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
    shown = markers.shown_to(by, item.recording).filter(pk__in=list(thing.markers)[:MOST_MARKERS])
    if item.exhibit is not None and item.exhibit.clip is not None:
        # What was noted of the rest of the original is not part of its clip.
        clip = item.exhibit.clip
        shown = shown.filter(at_ms__gte=clip.from_ms, at_ms__lte=clip.to_ms)
    return list(shown[:MOST_MARKERS])


def _remember(by: User, wish: Wish) -> Contact:
    """The person in the address book, new or as they are now."""
    return keep_contact(
        by=by, name=wish.recipient, organisation=wish.organisation, email=_address(wish)
    )


def keep_contact(
    *, by: User, name: str, organisation: str, email: str, phone: str | None = None,
    contact: Contact | None = None,
) -> Contact:  # fmt: skip
    """Somebody in the address book, new or as they are now, and the event of it. Raises NotShared
    for somebody without a name, or at an address that nothing may be shared with."""
    values = {"name": _text(name, 120), "organisation": _text(organisation, 120)}
    if len(values["name"]) < 3:
        raise NotShared("Enter the name of one person", "name")
    if len(values["organisation"]) < 2:
        raise NotShared("Enter their organisation", "organisation")
    check_address(email)
    values["email"] = email.lower()
    if phone is not None:
        values["phone"] = _text(phone, 40)
    with transaction.atomic():
        rows = Contact.objects.select_for_update()
        same = rows.filter(email=values["email"]).first()
        if contact is not None and same is not None and same.pk != contact.pk:
            raise NotShared(f"{same} has this address already.", "email")
        row = same or (rows.get(pk=contact.pk) if contact else Contact(added_by=by))
        before = {name: getattr(row, name) for name in values} if row.pk else {}
        if before == values and row.removed_at is None:
            return row
        for field_, value in values.items():
            setattr(row, field_, value)
        row.removed_at = None
        row.save()
        _contact_told(by, row, sorted(values), before, values)
    return row


def remove_contact(*, by: User, contact: Contact) -> None:
    """Take somebody out of the address book; what was shared with them stays."""
    with transaction.atomic():
        row = Contact.objects.select_for_update().get(pk=contact.pk)
        if row.removed_at is None:
            row.removed_at = timezone.now()
            row.save(update_fields=["removed_at"])
            _contact_told(by, row, ["removed_at"], {}, {"removed": "yes"})


def _contact_told(
    by: User, row: Contact, fields: list[str], before: dict[str, str], after: dict[str, str]
) -> None:
    private = {"name": by.short, "what": str(row), "before": before, "after": after}
    record(
        Draft("share.data_changed", Subject("share-contact"), by.actor(), {"fields": fields},
              private)
    )  # fmt: skip


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
