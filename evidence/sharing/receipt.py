"""A share's receipt: what was handed over to whom, on which ground, and what became of it.

One for the force, of everything that ever was in the share; one for the person outside, of what
is there for them now. Each making is an event with the paper's fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from reportlab.lib.units import mm
from reportlab.platypus import Spacer

from evidence.custody import paper
from evidence.custody.models import Checkpoint
from evidence.custody.paper import CELL, COLUMN, HEAD, MONO, SMALL, TITLE, WIDTH, eights, moment, p
from evidence.exhibits.actions import ENDINGS, file_name
from evidence.exhibits.models import Clip
from evidence.exhibits.papers import Kind
from evidence.people.models import User
from evidence.recordings.access import visible_to
from evidence.recordings.markers import stamp
from evidence.recordings.models import Original
from evidence.sharing import access, looking, proving, standing
from evidence.sharing.models import Item, Share, SharedPackage, Viewing
from evidence.sharing.standing import Standing
from evidence.sharing.telling import tell

MOST_LOOKS = 500
STATES = {
    "revoked": "Revoked", "ended": "Ended", "locked": "Locked", "live": "Open",
    "coming": "Not open yet",
}  # fmt: skip


class NoReceipt(ValueError):
    """It can't be made now. Its sentence says why and what to do."""


@dataclass(frozen=True)
class File:
    """A file under the name by which it is downloaded."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Thing:
    """One thing that was handed over. `note`: that it is not there any more."""

    number: int
    name: str
    title: str
    what: str
    note: str
    files: list[File]


@dataclass(frozen=True)
class Look:
    """What they did with one thing, and when."""

    at: datetime
    name: str
    words: str


@dataclass(frozen=True)
class Package:
    """A package of the share."""

    reference: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Receipt:
    """Everything that the paper says."""

    reference: str
    facts: list[tuple[str, str]]
    things: list[Thing]
    looks: list[Look]
    more_looks: bool
    packages: list[Package]
    made_by: str
    made_at: datetime
    checkpoint: int


@dataclass(frozen=True)
class Made:
    """The paper as a file."""

    name: str
    body: bytes


def make(*, by: User, reference: str, address: str) -> Made:
    """The force's receipt, after writing down that it was made. Raises Share.DoesNotExist,
    NoReceipt."""
    share = access.find(by, reference)
    if share.state() in ("waiting", "refused"):
        raise NoReceipt("Nothing was handed over: no second person has let this share go out.")
    rows = list(_items(share))
    wanted = {row.recording_id for row in rows if row.recording_id}
    if visible_to(by).filter(pk__in=wanted).count() != len(wanted):
        raise NoReceipt(
            "This share has footage that you can't see, so your receipt would leave it out. "
            "Ask somebody who can see all of it to make it."
        )
    body = pdf(_build(share, _judged(share, rows), by.short, outside=False))
    with transaction.atomic():
        tell("share.receipted", share, by.actor(), data=_data(body),
             private={"name": by.short, "address": address})  # fmt: skip
    return Made(_name(share), body)


def make_outside(*, reference: str, browser: str, address: str) -> Made:
    """The receipt of the person outside, of what is there for them. Raises ShareClosed."""
    share, _ = proving.opened(reference, browser)
    there = [one for one in _judged(share, list(_items(share))) if one.there]
    body = pdf(_build(share, there, f"{share.recipient}, outside", outside=True))
    with transaction.atomic():
        share, proof = proving.opened(reference, browser)
        tell("share.receipted", share, share.actor(address), data=_data(body),
             private={"address": address})  # fmt: skip
        looking.seen(share, proof)
    return Made(_name(share), body)


def _data(body: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}


def _name(share: Share) -> str:
    return f"receipt-{share.reference}-{timezone.localdate():%Y-%m-%d}.pdf"


def _items(share: Share) -> Iterable[Item]:
    files = Original.objects.order_by("recorded_at", "file_name")
    rows = Item.objects.filter(share=share).order_by("number")
    rows = rows.select_related("recording", "exhibit__clip__redaction")
    return rows.prefetch_related(Prefetch("recording__originals", queryset=files))


def _judged(share: Share, rows: list[Item]) -> list[Standing]:
    """How each stands, also what was taken out. One query."""
    judged = {one.item.pk: one for one in standing.judge(share, rows)}
    out = [
        Standing(row, False, f"Taken out on {moment(row.removed_at)}.")
        if row.removed_at else judged[row.pk]
        for row in rows
    ]  # fmt: skip
    return out


def _build(share: Share, standings: list[Standing], made_by: str, *, outside: bool) -> Receipt:
    """The share as its receipt says it now. Constant queries."""
    shared = {one.item.recording_id for one in standings if standing.is_whole(one.item)}
    things = [_thing(one, named=not outside or one.item.recording_id in shared)
              for one in standings]  # fmt: skip
    looks = _looks(
        share, {one.item.pk: thing for one, thing in zip(standings, things, strict=True)}
    )
    newest = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    return Receipt(
        share.reference, _facts(share, outside=outside), things, looks[:MOST_LOOKS],
        len(looks) > MOST_LOOKS, _packages(share), made_by, timezone.now(), newest,
    )  # fmt: skip


def _facts(share: Share, *, outside: bool) -> list[tuple[str, str]]:
    basis = share.basis
    end = share.revoked_at or share.until
    facts = [
        ("To", f"{share.recipient}, {share.organisation}, {share.email}"),
        ("Purpose", share.purpose),
        ("Legal basis", f"{basis.words} ({basis.source})" if basis else "Not recorded"),
        ("By", f"{share.owner.short}, {settings.FORCE_NAME}"),
        ("From", moment(max(share.starts, share.approved_at or share.starts))),
        ("Until", moment(end) + (" (revoked)" if share.revoked_at else "")),
        ("May", "View and download" if share.downloads else "View"),
        ("Proved by", share.get_how_display()),
        ("First opened", moment(share.opened_at) if share.opened_at else "Not opened"),
        ("Last seen", moment(share.last_seen) if share.last_seen else "Not opened"),
    ]
    if not outside:
        facts.insert(0, ("State", STATES[share.state()]))
        if share.made_by_id != share.owner_id:
            facts.append(("Made by", share.made_by.short))
    return facts


def _clip(item: Item) -> Clip | None:
    return item.exhibit.clip if item.exhibit else None


def _thing(one: Standing, *, named: bool) -> Thing:
    item, exhibit, clip = one.item, one.item.exhibit, _clip(one.item)
    if item.paper:
        name = Kind(item.paper).heading
        file = File(file_name(item.paper, item.sha256, "pdf"), item.size, item.sha256)
        return Thing(item.number, name, item.title, "PAPER", one.why, [file])
    assert item.recording is not None
    name = exhibit.mark if exhibit else item.recording.reference
    title = item.title or (exhibit.description if exhibit else "")
    if clip is not None:
        files = []
        if clip.state == Clip.State.READY:
            files = [File(file_name(name, clip.sha256, "mp4"), clip.size, clip.sha256)]
        return Thing(item.number, name, title, _derived(item, clip, named=named), one.why, files)
    files = [File(_called(exhibit.mark if exhibit else row.reference, row), row.size, row.sha256)
             for row in item.recording.originals.all()]  # fmt: skip
    return Thing(item.number, name, title, "ORIGINAL", one.why, files)


def _derived(item: Item, clip: Clip, *, named: bool) -> str:
    """CLIP of R-…, from when to when; of a recording that is not shared as well, outside, without
    its name. Of a redacted copy nothing leads to what it is of."""
    if item.exhibit is not None and item.exhibit.is_redacted:
        return "REDACTED COPY"
    assert item.recording is not None
    of = item.recording.reference if named else "an original that is not in this list"
    return f"CLIP of {of}, {stamp(clip.from_ms)} to {stamp(clip.to_ms)}"


def _called(name: str, row: Original) -> str:
    return file_name(name, row.sha256, row.container if row.container in ENDINGS else "bin")


def _looks(share: Share, things: dict[int, Thing]) -> list[Look]:
    """What they played and took, the newest first; of these things, and packages. One query."""
    rows = Viewing.objects.filter(share=share).order_by("-began")[: MOST_LOOKS + 1]
    return [
        Look(row.began, things[row.item_id].name if row.item_id else "The package",
             _words(row, things.get(row.item_id or 0)))
        for row in rows
        if row.item_id is None or row.item_id in things
    ]  # fmt: skip


def _words(row: Viewing, thing: Thing | None) -> str:
    if row.kind == Viewing.Kind.PLAY:
        return f"Played, until {moment(row.last)}"
    name = f"{thing.files[row.file].name}: " if thing and row.file < len(thing.files) else ""
    if row.whole_at:
        return f"{name}downloaded, whole at {moment(row.whole_at)}"
    return f"{name}download begun, not whole: {row.sent:,} bytes sent until {moment(row.last)}"


def _packages(share: Share) -> list[Package]:
    """Those that were made, also those that are no longer kept."""
    rows = SharedPackage.objects.filter(share=share).exclude(sha256="")
    return [Package(row.reference, row.size, row.sha256) for row in rows]


# --- as a paper ---
def pdf(receipt: Receipt) -> bytes:
    """The receipt's bytes."""
    sheet = paper.Sheet(
        settings.FORCE_NAME, "Receipt for shared evidence", receipt.reference, receipt.made_by,
        receipt.made_at, receipt.checkpoint,
    )  # fmt: skip
    return paper.render(sheet, _story(receipt))


def _story(receipt: Receipt) -> Iterable[Any]:
    yield p("Receipt for shared evidence", TITLE)
    yield p(f"{receipt.reference} · {settings.FORCE_NAME}")
    yield Spacer(1, 4 * mm)
    facts = [(p(name, COLUMN), value) for name, value in receipt.facts]
    yield paper.table(("Share", receipt.reference), facts, [WIDTH * 0.22, WIDTH * 0.78])
    yield p("What was handed over", HEAD)
    things = [(f"{one.number}", _about(one), _files(one)) for one in receipt.things]
    widths = [WIDTH * part for part in (0.07, 0.36, 0.57)]
    yield paper.table(("No", "What it is", "Files, with their SHA-256"), things, widths)
    if not things:
        yield p("Nothing is there any more.")
    if receipt.packages:
        yield p("Packages", HEAD)
        rows = [(one.reference, f"{one.size:,} bytes", p(eights(one.sha256), MONO))
                for one in receipt.packages]  # fmt: skip
        yield paper.table(("Package", "Size", "SHA-256"), rows,
                          [WIDTH * part for part in (0.2, 0.23, 0.57)])  # fmt: skip
    yield p("What was played and downloaded", HEAD)
    rows = [(moment(one.at), one.name, one.words) for one in receipt.looks]
    widths = [WIDTH * part for part in (0.24, 0.22, 0.54)]
    yield paper.table(("When", "What", "How"), rows, widths)
    if not rows:
        yield p("Nothing yet.")
    if receipt.more_looks:
        yield p(f"The newest {MOST_LOOKS} stand here; all stand in the custody log of "
                f"{receipt.reference}.", SMALL)  # fmt: skip
    yield Spacer(1, 4 * mm)
    yield p("A file is the one that was handed over when its SHA-256 is the same to the last "
            "letter.", SMALL)  # fmt: skip


def _about(one: Thing) -> list[Any]:
    said = [p(one.name, COLUMN), p(one.what, CELL)]
    if one.title:
        said.append(p(one.title, CELL))
    if one.note:
        said.append(p(one.note, SMALL))
    return said


def _files(one: Thing) -> list[Any]:
    found: list[Any] = []
    for file in one.files:
        found += [p(f"{file.name} · {file.size:,} bytes", CELL), p(eights(file.sha256), MONO)]
    return found or [p("No file yet.", CELL)]
