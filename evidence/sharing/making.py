"""Making a share: who may get what, from when until when, and what stops it."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from contextlib import suppress
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from evidence.cases import access as cases
from evidence.cases.models import Case, CaseLink
from evidence.exhibits import checking, disclosure, paper_actions, papers
from evidence.exhibits.models import Exhibit
from evidence.exhibits.papers import Kind, NoPapers
from evidence.people import links, typed
from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings import damage, markers, smaller
from evidence.recordings.access import visible_to
from evidence.recordings.models import Marker, Recording
from evidence.sharing import contacts, mailing, standing
from evidence.sharing.models import Contact, Item, Share
from evidence.sharing.telling import tell
from evidence.sharing.wishes import (
    PAPERS,
    AlreadyMade,
    Made,
    NotShared,
    Thing,
    Wish,
    address_of,
    problems,
    when,
)  # fmt: skip
from evidence.store import s3

MOST_ITEMS = 100
MOST_MARKERS = 200


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
    phrase = new_passphrase() if share.how == Share.How.PASSPHRASE else ""
    share.passphrase = make_password(phrase) if phrase else ""
    try:
        names = [_paper(by, case, item, address) for item in items]
        with transaction.atomic():
            token = _kept(by, case, share, items, names, wish)
    except BaseException as error:
        _forget_papers(items)
        if not isinstance(error, IntegrityError):
            raise
        _once(by, wish)  # of two that were sent at once, the other was first
        raise NotShared("Somebody saved the same at this moment. Send it again.") from None
    return Made(share, phrase, token)


def _forget_papers(items: list[Item]) -> None:
    """The bytes of papers for a share that did not come about; that they were made stays told."""
    for item in items:
        # Where nobody can tell whether the share was kept, neither is its paper thrown away.
        with suppress(s3.StoreError, DatabaseError):
            if item.key and not Item.objects.filter(key=item.key).exists():
                s3.delete("renditions", item.key)


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
    token = links.new_secret()
    share.token_hash, share.sent_at = links.digest(token), None
    share.wrong_codes, share.locked_at = 0, None
    share.save(update_fields=["token_hash", "sent_at", "wrong_codes", "locked_at"])
    tell("share.sent", share, by.actor(), private={"name": by.short})
    mailing.link(share, token)
    return token


def _checked(by: User, wish: Wish, case: Case | None) -> Share:
    """The share as a row that is not kept yet. Raises NotShared."""
    for field_, sentence in problems(wish).items():
        raise NotShared(sentence, field_)
    before = wish.again_of
    return Share(
        recipient=typed.one_line(wish.recipient, 120),
        organisation=typed.one_line(wish.organisation, 120),
        email=address_of(wish), purpose=typed.one_line(wish.purpose, 200), basis=wish.basis,
        case=case,
        words=wish.words.replace("\0", "").replace("\r\n", "\n").strip()[:1000],
        starts=wish.starts or timezone.now(), until=wish.until, downloads=wish.downloads,
        watermark=wish.watermark, how=wish.how, made_by=by, owner=by, again_of=before,
        contact=before.contact if before else None, asked=wish.asked,
        token_hash=links.digest(links.new_secret()),  # of a secret that nobody has
    )  # fmt: skip


def _item(by: User, case: Case | None, share: Share, thing: Thing, number: int) -> Item:
    item = Item(
        share=share, number=number, recording=thing.recording, exhibit=thing.exhibit,
        title=typed.one_line(thing.title, 120), paper=thing.paper,
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
        elif any(file.damaged_at for file in item.recording.originals.all()):
            why = damage.SENTENCE
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
    return contacts.keep_contact(
        by=by, name=wish.recipient, organisation=wish.organisation, email=address_of(wish)
    )


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
