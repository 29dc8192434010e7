"""Packages of recordings that somebody of the force asks for: made as one file, kept a week.

What a package is, and in which order it is made, is in `composing`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from evidence.custody.log.bag import safe_name
from evidence.custody.models import Event
from evidence.custody.record import Actor, Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import composing, leaving
from evidence.recordings.access import find
from evidence.recordings.composing import Composition, File
from evidence.recordings.composing import ExportError as ExportError
from evidence.recordings.composing import Made as Made
from evidence.recordings.models import Original, Package, Recording, Rendition
from evidence.recordings.pages import OPEN_EVENTS
from evidence.store import s3

log = structlog.get_logger(__name__)
Details = Package.Details
CLAIM = timedelta(hours=2)
ATTEMPTS = 3
KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Wish:
    """Who asks for a package, what for, and what it may show."""

    actor: Actor
    name: str
    purpose: str
    recipient: str = ""
    address: str = ""
    renditions: bool = False
    details: str = Details.ALL
    reference: str = ""


def to_file(
    references: Iterable[str],
    path: Path,
    wish: Wish,
    progress: Callable[[int], None] | None = None,
) -> Made:
    """Make a package at `path`. `progress` is told percent.

    Raises ExportError when a recording is not there, a file is not what the log says, or
    the log can't be signed; nothing is left at `path` then.
    """
    wanted = {ref.upper() for ref in references}
    rows = list(Recording.objects.filter(reference__in=wanted).select_related("joined_into"))
    missing = wanted - {row.reference for row in rows}
    if missing or not rows:
        raise ExportError(f"There is no recording {', '.join(sorted(missing)) or 'named'}.")
    gone = next((row for row in rows if (row.joined_into or row).disposed_at), None)
    if gone is not None:
        raise ExportError(
            f"{gone.reference} was disposed of. Its history and its certificate stay."
        )
    # A file that was joined into another recording is exported with all of that.
    found = list({(row.joined_into or row).pk: row.joined_into or row for row in rows}.values())
    return composing.to_path(composition(found, wish), path, progress)


def composition(found: Iterable[Recording], wish: Wish) -> Composition:
    """Whole recordings, as a package for whoever wishes it."""
    items = list(found)
    return Composition(
        reference=wish.reference or Package._meta.get_field("reference").get_default(),
        subjects=[ref for item in items for ref in references(item)],
        files=[file for item in items for file in files(item, wish.renditions)],
        actor=wish.actor,
        private={
            "name": wish.name,
            "address": wish.address,
            "recipient": wish.recipient,
            "purpose": wish.purpose,
        },
        may_open=_opener(wish.details),
    )


def references(item: Recording) -> list[str]:
    """The recording, and every file that was joined into it under its own reference."""
    joined = item.originals.order_by("pk").values_list("reference", flat=True)
    return list(dict.fromkeys([item.reference, *joined]))


def files(item: Recording, renditions: bool = False) -> Iterator[File]:
    """The originals of a recording, each with its viewing copies if these are wanted."""
    for original in item.originals.order_by("recorded_at", "file_name"):
        yield composing.original_file(original)
        if renditions:
            yield from _renditions(original)


def _renditions(original: Original) -> Iterator[File]:
    """The viewing copies whose bytes stand in the log."""
    events = Event.objects.filter(object_ref=original.reference, type="rendition.created")
    known = {event.parsed().get("data", {}).get("sha256") for event in events}
    for row in Rendition.objects.filter(original=original, sha256__in=known - {None}):
        name = safe_name(f"{row.kind}-{row.key.rpartition('/')[2]}")
        yield composing.derived_file(
            original.reference, name, key=row.key, sha256=row.sha256, size=row.size, made={}
        )


def _opener(details: str) -> Callable[[Event], bool]:
    def may_open(event: Event) -> bool:
        return details == Details.ALL or (details == Details.FOOTAGE and event.type in OPEN_EVENTS)

    return may_open


# --- packages that pages ask for --------------------------------------------------


def ask(*, by: User, wanted: Package, recordings: list[Recording]) -> Package:
    """Keep a wish for a package and have it made. Raises NotAllowed."""
    if not recordings:
        raise ExportError("Name at least one recording.")
    with transaction.atomic():
        for item in recordings:
            _allowed(by, item)
        wanted.made_by = by
        wanted.save()
        wanted.recordings.set(recordings)
    _send(wanted.pk)
    return wanted


def _allowed(by: User, item: Recording) -> None:
    try:
        find(by, item.reference, "package.make")
    except Recording.DoesNotExist:
        raise NotAllowed(f"You can't export {item.reference}.") from None


def _send(identifier: int) -> None:
    from evidence.recordings.tasks import make_package

    transaction.on_commit(lambda: make_package.delay(identifier), robust=True)


def make(identifier: int) -> None:
    """Make one package that was asked for; again when a worker died over it."""
    now = timezone.now()
    free = Q(state=Package.State.WAITING) | Q(state=Package.State.MAKING, claimed_until__lt=now)
    taken = Package.objects.filter(free, pk=identifier).update(
        state=Package.State.MAKING, claimed_until=now + CLAIM, progress=0
    )
    if not taken:
        return
    row = Package.objects.get(pk=identifier)
    if row.attempts >= ATTEMPTS:
        # Each of them died without a word: perhaps of this package.
        reason = row.reason or "It was begun three times and never ended. Ask for less at once."
        Package.objects.filter(pk=identifier).update(
            state=Package.State.FAILED, reason=reason, claimed_until=None, finished=now
        )
        return
    Package.objects.filter(pk=identifier).update(attempts=row.attempts + 1)
    row.attempts += 1
    try:
        _make(row)
    except (ExportError, NotAllowed) as error:
        log.warning("a package could not be made", package=row.reference, error=str(error))
        again = isinstance(error, ExportError) and row.attempts < ATTEMPTS
        Package.objects.filter(pk=identifier).update(
            state=Package.State.WAITING if again else Package.State.FAILED,
            reason=str(error)[:300], claimed_until=None,
            finished=None if again else timezone.now(),
        )  # fmt: skip


def _make(row: Package) -> None:
    by = row.made_by
    assert by is not None
    items = list(row.recordings.all())
    for item in items:
        _allowed(User.objects.get(pk=by.pk), item)  # as it is now, not when it was asked for
    wish = Wish(
        actor=by.actor(), name=by.short, purpose=row.purpose, recipient=row.recipient,
        renditions=row.renditions, details=row.details, reference=row.reference,
    )  # fmt: skip

    def progress(percent: int) -> None:
        Package.objects.filter(pk=row.pk).exclude(progress=percent).update(
            progress=percent, claimed_until=timezone.now() + CLAIM
        )

    settings.MEDIA_SCRATCH.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.MEDIA_SCRATCH, prefix="package-") as folder:
        path = Path(folder) / f"{row.reference}.zip"
        made = to_file([item.reference for item in items], path, wish, progress)
        _still_there(items)
        progress(99)  # storing a large file takes a while: the claim is renewed before
        key = f"packages/{row.reference}-{row.attempts}-{made.sha256[:12]}.zip"
        try:
            s3.put_file("renditions", key, path, made.sha256, "application/zip")
        except s3.AlreadyThere:
            pass
        except s3.StoreError as error:
            raise ExportError(f"The package could not be stored: {error}") from error
    # Only who still holds it says that it is ready; another's file has another name.
    own = Package.objects.filter(pk=row.pk, state=Package.State.MAKING, attempts=row.attempts)
    gone = any(leaving.leaves(item.pk) for item in items)
    ready = not gone and own.update(
        state=Package.State.READY, progress=100, key=key, size=made.size, sha256=made.sha256,
        checkpoint=made.checkpoint, reason="", claimed_until=None, finished=timezone.now(),
    )  # fmt: skip
    if not ready:
        s3.delete("renditions", key)
    if gone:
        raise ExportError(leaving.WITHDRAWN)


def _still_there(items: list[Recording]) -> None:
    for item in items:
        if leaving.leaves(item.pk):
            raise ExportError(f"{item.reference} was disposed of. Its history stays.")


def download(*, by: User, row: Package, address: str) -> str:
    """A short-lived URL of the package, after the events. Raises NotAllowed, ExportError."""
    with transaction.atomic():
        items = list(row.recordings.all())
        for item in items:
            _allowed(by, item)
        row.refresh_from_db()
        if row.state != Package.State.READY:
            raise ExportError("This package is not there. Make another.")
        for item in items:
            private = {"name": by.short, "address": address}
            data = {"package": row.reference}
            record(Draft("package.downloaded", item.subject(), by.actor(), data, private))
    return s3.sign_get(
        "renditions", row.key, seconds=settings.PLAY_URL_SECONDS, name=f"{row.reference}.zip",
        content_type="application/zip",
    )  # fmt: skip


def sweep() -> None:
    """Send again what was forgotten; delete package files that have had their week."""
    now = timezone.now()
    dead = Q(state=Package.State.WAITING, created__lt=now - timedelta(minutes=1))
    dead |= Q(state=Package.State.MAKING, claimed_until__lt=now)
    for identifier in Package.objects.filter(dead).values_list("pk", flat=True)[:100]:
        _send(identifier)
    for row in Package.objects.filter(state=Package.State.READY, finished__lt=now - KEPT)[:100]:
        s3.delete("renditions", row.key)
        Package.objects.filter(pk=row.pk).update(state=Package.State.GONE)
