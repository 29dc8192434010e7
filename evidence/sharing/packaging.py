"""A share's package: made once in the background, streamed from any byte, gone with the share.

It lies on no server's disk and nowhere in the store as a whole: its own bytes (history, proofs,
manifests) are one object, the footage stays where it is. It holds what the share holds and the
history of that, and shows no personal detail of anything else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from evidence.custody.log.outline import Outline, Reference, outline
from evidence.custody.models import Event
from evidence.exhibits.actions import file_name
from evidence.recordings import composing
from evidence.recordings.composing import Composition, ExportError, File
from evidence.recordings.pages import OPEN_EVENTS
from evidence.sharing import outside_page, standing
from evidence.sharing.models import Item, Share, SharedPackage
from evidence.store import s3

log = structlog.get_logger(__name__)
State = SharedPackage.State
OPEN = (State.WAITING, State.MAKING, State.READY)
CLAIM = timedelta(minutes=30)
ATTEMPTS = 3
SEND_AGAIN = timedelta(minutes=1)
# A connection to the store may break below somebody who reads slowly: so often without a byte.
BREAKS = 3
BEGUN_TOO_OFTEN = "It was begun three times and never ended. Ask the person who shared it."
ENDED = "The share has ended."
CHANGED = "What is shared has changed since. Ask for it again."

# Stands for a package's reference where none is made: no reference has such digits.
NONE = "P-0000-0000"

Composer = Callable[[Share, str], Composition]


class NoPackage(LookupError):
    """There is no such package to be read: not made yet, or gone."""


class _Lost(Exception):
    """Another worker has it, or nobody wants it any more."""


# --- what is in it ----------------------------------------------------------------


def of_share(share: Share, reference: str) -> Composition:
    """Everything of a share that is there now: of a recording its originals, of an exhibit its
    clip or else what it is the whole of; papers, which are no objects of their own, stand under
    the package."""
    subjects: list[str] = []
    files: dict[str, File] = {}
    for found in standing.of(share):
        if found.there:
            refs, more = _of_item(found.item, reference)
            subjects += refs
            # A recording and an exhibit that is the whole of it are the same files.
            files |= {file.name: file for file in more}
    return Composition(
        reference=reference,
        subjects=list(dict.fromkeys(subjects)),
        files=list(files.values()),
        actor=share.actor(),
        private=words(share),
        may_open=may_open,
    )


def _of_item(item: Item, reference: str) -> tuple[list[str], list[File]]:
    """Whose history belongs to one thing, and its files."""
    if item.paper:
        name = file_name(item.paper, item.sha256, "pdf")
        made: dict[str, Any] = {"kind": "paper"}
        return [reference], [composing.derived_file(
            reference, name, key=item.key, sha256=item.sha256, size=item.size, made=made
        )]  # fmt: skip
    refs = [item.exhibit.reference] if item.exhibit else []
    clip = item.exhibit.clip if item.exhibit else None
    if item.exhibit is not None and clip is not None:
        # Of a redacted copy nothing tells what it was made from, nor what was covered.
        made = {"kind": "clip", "tool": clip.tool, "version": clip.tool_version}
        if not clip.redacted:
            made |= {"parent": clip.parent_sha256, "arguments": clip.arguments}
        name = file_name(item.exhibit.mark, clip.sha256, "mp4")
        return refs, [composing.derived_file(
            item.exhibit.reference, name, key=clip.key, sha256=clip.sha256, size=clip.size,
            made=made, stands_in="clip.redacted" if clip.redacted else "clip.made",
        )]  # fmt: skip
    assert item.recording is not None
    # As `exports` has it, of the rows that were read along: a page of a hundred asks no more.
    originals = outside_page.in_order(item.recording.originals.all())
    refs += [item.recording.reference, *(one.reference for one in originals)]
    return list(dict.fromkeys(refs)), [composing.original_file(one) for one in originals]


def words(share: Share) -> dict[str, str]:
    """Who took it and what for: the only personal details of the export itself."""
    return {
        "name": share.recipient,
        "recipient": f"{share.recipient}, {share.organisation}",
        "purpose": share.purpose,
    }


def may_open(event: Event) -> bool:
    """Whose details somebody outside may read: of what happened to the footage, not of who
    looked at it, shared it with others or held it, nor what an officer noted about it."""
    return event.type in OPEN_EVENTS and event.type != "recording.categorised"


_composer: Composer = of_share


def compose_with(composer: Composer) -> None:
    """What says what a share's package holds: given the share and the package's reference."""
    global _composer
    _composer = composer


def composition_of(share: Share, reference: str) -> Composition:
    """What the share's package holds now. What was disposed of or restricted isn't in it."""
    return _composer(share, reference)


def fingerprint(wanted: Composition) -> str:
    """A hash of what is in a package, whatever the package itself is called."""
    own = wanted.reference
    files = [
        ["" if file.ref == own else file.ref, file.name.removeprefix(f"data/{own}/"), file.sha256,
         file.size, file.alias, file.key, file.version_id]
        for file in wanted.files
    ]  # fmt: skip
    text = json.dumps([sorted(set(wanted.subjects) - {own}), sorted(files)])
    return hashlib.sha256(text.encode()).hexdigest()


def _now(share: Share) -> str:
    return fingerprint(composition_of(share, NONE))


# --- asking for it ----------------------------------------------------------------


def current(share: Share) -> SharedPackage | None:
    """The newest package of exactly what the share holds now, in whatever state; else None."""
    return share.packages.filter(fingerprint=_now(share)).exclude(state=State.GONE).first()


def ask(share: Share) -> SharedPackage:
    """The package of what the share holds now; made in the background where there is none, or
    where it failed. Whether somebody may ask is the caller's to know. Raises ExportError for a
    share of nothing."""
    wanted = composition_of(share, NONE)
    if not wanted.subjects:
        raise ExportError("There is nothing in this share to download.")
    print_ = fingerprint(wanted)
    known = share.packages.filter(fingerprint=print_).exclude(state__in=[State.GONE, State.FAILED])
    found = known.first()
    if found is None:
        try:
            with transaction.atomic():
                found = SharedPackage.objects.create(share=share, fingerprint=print_)
        except IntegrityError:  # somebody asked at the same moment
            return known.get()
        send(found.pk)
    return found


def send(identifier: int) -> None:
    """Tell a worker after the commit; where that fails, the sweep finds it."""
    from evidence.sharing.tasks import make_package

    transaction.on_commit(lambda: make_package.delay(identifier), robust=True)


# --- making it --------------------------------------------------------------------


def prepare(identifier: int) -> None:
    """Make one package; again when a worker died over it. May run twice, may die anywhere."""
    now = timezone.now()
    free = Q(state=State.WAITING) | Q(state=State.MAKING, claimed_until__lt=now)
    taken = SharedPackage.objects.filter(free, pk=identifier).update(
        state=State.MAKING, claimed_until=now + CLAIM, progress=0, attempts=F("attempts") + 1
    )
    if not taken:
        return
    row = SharedPackage.objects.select_related("share").get(pk=identifier)
    if row.attempts > ATTEMPTS:
        _end(row, State.FAILED, row.reason or BEGUN_TOO_OFTEN)
        return
    try:
        _make(row)
    except _Lost:
        return
    except (ExportError, s3.StoreError) as error:
        log.warning("a share's package could not be made", package=row.reference, error=str(error))
        again = row.attempts < ATTEMPTS
        _end(row, State.WAITING if again else State.FAILED, str(error))


def _make(row: SharedPackage) -> None:
    _forget_bytes(row)  # of an attempt that died
    share = row.share
    if not _open(share):
        _end(row, State.GONE, ENDED)
        return
    there = _there(share)
    wanted = composition_of(share, row.reference)
    if fingerprint(wanted) != row.fingerprint:
        _end(row, State.GONE, CHANGED)
        return

    def progress(percent: int) -> None:
        if percent != row.progress:
            row.progress = percent
            if not _own(row).update(progress=percent, claimed_until=timezone.now() + CLAIM):
                raise _Lost

    made, found = composing.to_outline(wanted, progress)
    assert isinstance(found.literals, bytes)
    key = f"packages/{row.reference}-{row.attempts}-{made.sha256[:12]}.outline"
    # Named before it is there: whoever comes after a worker that dies here clears it away.
    if not _own(row).update(key=key, claimed_until=timezone.now() + CLAIM):
        raise _Lost
    digest = hashlib.sha256(found.literals).hexdigest()
    try:
        s3.put("renditions", key, found.literals, digest, "application/octet-stream")
    except s3.AlreadyThere:
        pass  # the same attempt's: the bytes are named after what they are
    except s3.StoreError as error:
        raise ExportError(f"The package could not be stored: {error}") from error
    ready = _own(row).update(
        state=State.READY, progress=100, key_size=len(found.literals), pieces=found.rows(),
        size=made.size, sha256=made.sha256, checkpoint=made.checkpoint, reason="", items=there,
        claimed_until=None, finished=timezone.now(),
    )  # fmt: skip
    if not ready:
        s3.delete("renditions", key)


def _own(row: SharedPackage) -> QuerySet[SharedPackage]:
    """The row, as long as this attempt holds it."""
    return SharedPackage.objects.filter(pk=row.pk, state=State.MAKING, attempts=row.attempts)


def _end(row: SharedPackage, state: SharedPackage.State, reason: str) -> None:
    over = None if state == State.WAITING else timezone.now()
    _own(row).update(state=state, reason=reason[:300], claimed_until=None, finished=over)


def _forget_bytes(row: SharedPackage) -> None:
    if row.key:
        s3.delete("renditions", row.key)
        SharedPackage.objects.filter(pk=row.pk, key=row.key).update(key="")
        row.key = ""


# --- reading it -------------------------------------------------------------------


def fetch(reference: Reference, start: int, end: int) -> Iterator[bytes]:
    """One request to the store; another from where it broke, for somebody who reads slower than
    the store waits. Raises StoreError where it breaks again and again without a byte."""
    breaks = 0
    while start < end:
        try:
            for piece in composing.fetch(reference, start, end):
                start, breaks = start + len(piece), 0
                yield piece
            return
        except s3.Missing:
            raise
        except s3.StoreError:
            breaks += 1
            if breaks > BREAKS:
                raise


def contents(package: SharedPackage) -> Outline:
    """The outline of a package that is ready. Raises NoPackage."""
    if package.state != State.READY:
        raise NoPackage("This package is not there. Ask for it again.")
    literals = Reference("renditions", package.key, "", package.key_size)
    return outline(package.pieces, package.sha256, literals)


def stream(package: SharedPackage, start: int, end: int) -> Iterator[bytes]:
    """The bytes of a package from `start` to before `end`, in constant memory.

    Whether they may be read is the caller's to ask, before and while (`goes_on`). Raises
    NoPackage; OutlineError and StoreError where something of it is no longer there.
    """
    return contents(package).read(start, end, fetch)


def goes_on(package: SharedPackage) -> bool:
    """Whether somebody who reads it may go on: its share stands, for downloads, and everything
    that is in it still does. Three queries, asked again and again."""
    row = (
        SharedPackage.objects.filter(pk=package.pk, state=State.READY)
        .select_related("share__owner").defer("pieces").first()
    )  # fmt: skip
    return row is not None and _open(row.share) and set(row.items) <= set(_there(row.share))


def _open(share: Share) -> bool:
    return share.state() == "live" and share.downloads


def _there(share: Share) -> list[int]:
    return [found.item.number for found in standing.of(share) if found.there]


# --- upkeep -----------------------------------------------------------------------


def drop_outdated(share: Share) -> int:
    """End the packages of what the share no longer holds, running downloads included; how many.

    Reading them stops at once where a thing is no longer there (`goes_on`); this is for upkeep.
    """
    rows = share.packages.filter(state__in=OPEN).exclude(fingerprint=_now(share))
    return _gone(rows, CHANGED)


def _gone(rows: QuerySet[SharedPackage], reason: str) -> int:
    return rows.update(state=State.GONE, reason=reason, claimed_until=None, finished=timezone.now())


def sweep() -> None:
    """Send again what was forgotten; end what is of shares that ended or changed; clear away."""
    now = timezone.now()
    dead = Q(state=State.MAKING, claimed_until__lt=now)
    dead |= Q(state=State.WAITING, created__lt=now - SEND_AGAIN)
    for identifier in SharedPackage.objects.filter(dead).values_list("pk", flat=True)[:100]:
        send(identifier)
    open_ = SharedPackage.objects.filter(state__in=OPEN)
    # A locked share may be opened again: its package waits.
    over = Q(share__revoked_at__isnull=False) | Q(share__until__lt=now) | Q(share__downloads=False)
    _gone(open_.filter(over), ENDED)
    # What was restricted or disposed of since, without a word to the share. By turns.
    for row in open_.select_related("share").order_by(F("checked").asc(nulls_first=True))[:50]:
        SharedPackage.objects.filter(pk=row.pk).update(checked=now)
        drop_outdated(row.share)
    done = SharedPackage.objects.filter(state__in=[State.GONE, State.FAILED]).exclude(key="")
    for row in done[:100]:
        _forget_bytes(row)
