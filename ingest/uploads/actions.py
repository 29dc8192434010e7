"""What a dock may ask: registering a file, signing its parts, completing it."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.store import s3
from ingest.devices.actions import camera_of
from ingest.devices.models import Dock, Made
from ingest.uploads.models import Listing, Quarantine, StoreGauge, Upload, make_id
from ingest.uploads.problems import Problem

log = structlog.get_logger(__name__)
MAX_PARTS = 10_000
REFUSE_NEW_AT, REFUSE_ALL_AT = 0.90, 0.97
State = Upload.State


@dataclass(frozen=True)
class File:
    """A file as a dock declares it: its identity and the clocks of the moment."""

    camera: str
    file_id: str
    size: int
    sha256: str
    recorded_at: datetime | None = None
    camera_clock: datetime | None = None
    dock_clock: datetime | None = None


def identity_of(file: File) -> str:
    """Camera, name, size and hash as one SHA-256 (hex): names can be longer than an index takes."""
    parts = (file.camera, file.file_id, str(file.size), file.sha256)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def fullness() -> float:
    """How full the store is, 0 to 1: against BWV_STORE_CAPACITY_BYTES, else this machine's disk."""
    if settings.STORE_CAPACITY_BYTES:
        row = StoreGauge.objects.filter(pk=1).first()
        return (row.used_bytes if row else 0) / settings.STORE_CAPACITY_BYTES
    embedded = settings.DATA_DIR / "store"
    if embedded.is_dir():
        usage = shutil.disk_usage(embedded)
        return usage.used / (usage.used + usage.free)
    return 0.0


def _refuse_when_full(limit: float) -> None:
    full = fullness()
    if full >= limit:
        raise Problem(
            503,
            "store-nearly-full",
            f"The store is {full:.0%} full. Keep the footage; tell the system administrator.",
            retry_after=300,
        )


PAUSED_SECONDS = 120


def pause(reason: str) -> None:
    """Have docks keep their footage and ask again, until `resume`."""
    StoreGauge.objects.update_or_create(pk=1, defaults={"paused_because": reason})


def resume() -> None:
    """Take files again."""
    StoreGauge.objects.filter(pk=1).update(paused_because="")


def _refuse_when_paused() -> None:
    said = StoreGauge.objects.filter(pk=1).values_list("paused_because", flat=True).first()
    if said:
        raise Problem(
            503, "uploads-paused", f"{said} Keep the footage and ask again.",
            retry_after=PAUSED_SECONDS,
        )  # fmt: skip


def register(*, dock: Dock, file: File) -> tuple[Upload, bool]:
    """The upload of this file and whether it is new.

    The same camera, name, size and hash from any dock is the same upload, whatever its
    state. Another content under the same name is kept beside it, with an
    `evidence.conflict` event. Raises Problem.
    """
    part_size = max(settings.PART_SIZE, -(-file.size // MAX_PARTS))
    with transaction.atomic():
        camera = camera_of(file.camera)
        if camera.kind != dock.kind:
            # What comes under a request's name is its person's, in the log too.
            raise Problem(422, "not-a-camera", "That serial number is of no camera.")
        identity = identity_of(file)
        upload = Upload.objects.filter(identity=identity).first()
        if upload is None or upload.state == State.ABANDONED:
            _refuse_when_paused()
        if upload is None:
            _refuse_when_full(REFUSE_NEW_AT)
            identifier = make_id()
            upload, made = Upload.objects.get_or_create(
                identity=identity,
                defaults={
                    "id": identifier,
                    "camera": camera,
                    "file_id": file.file_id,
                    "size": file.size,
                    "sha256": file.sha256,
                    "dock": dock,
                    "recorded_at": file.recorded_at,
                    "camera_clock": file.camera_clock,
                    "dock_clock": file.dock_clock,
                    "part_size": part_size,
                    "key": f"{datetime.now(UTC):%Y/%m/%d}/{identifier}",
                },
            )
        else:
            made = False
            if upload.state == State.ABANDONED:
                Upload.objects.filter(pk=upload.pk, state=State.ABANDONED).update(
                    state=State.RECEIVING, multipart="", reason="", touched=timezone.now()
                )
                upload.refresh_from_db()
        Listing.objects.get_or_create(upload=upload, dock=dock)
        # A telephone names all its films alike: that says nothing of a person outside.
        if made and camera.kind == Made.DEVICE:
            _note_conflicts(dock, upload)
    return upload, made


def _note_conflicts(dock: Dock, upload: Upload) -> None:
    others = Upload.objects.filter(camera=upload.camera, file_id=upload.file_id).exclude(
        pk=upload.pk
    )
    other = others.order_by("id").first()
    if other is None:
        return
    Quarantine.objects.create(
        upload=upload,
        kind=Quarantine.Kind.CONFLICT,
        reason="This camera sent another file under the same name. Both are kept.",
    )
    record(
        Draft(
            "evidence.conflict",
            upload.subject(),
            dock.actor(),
            data={"upload": str(upload.id), "other": str(other.id)},
            private={"camera": upload.camera.serial, "file": upload.file_id},
        )
    )


def find(*, dock: Dock, upload_id: uuid.UUID) -> Upload:
    """An upload that this dock listed. Raises Problem 404 for any other."""
    found = (
        Upload.objects.filter(pk=upload_id, listings__dock=dock).select_related("camera").first()
    )
    if found is None:
        raise Problem(404, "no-such-upload", "This dock has no upload of that id.")
    return found


def _multipart(upload: Upload) -> str:
    """The store's id of the upload, begun at the first part; one of two racers wins."""
    if upload.multipart:
        return upload.multipart
    begun = s3.start_multipart("originals", upload.key, "application/octet-stream")
    won = Upload.objects.filter(pk=upload.pk, multipart="").update(multipart=begun)
    if not won:
        s3.abort_multipart("originals", upload.key, begun)
        upload.refresh_from_db(fields=["multipart"])
        return upload.multipart
    upload.multipart = begun
    return begun


def sign_parts(
    *, upload: Upload, parts: Iterable[tuple[int, str]], sized: bool = False
) -> list[tuple[int, s3.SignedRequest]]:
    """Signed requests for parts (number, SHA-256 hex); `sized` ones take no other length.

    Raises Problem.
    """
    if upload.state != State.RECEIVING:
        raise Problem(
            409, "not-receiving", f"This upload is {upload.state}; it takes no more parts.",
            state=upload.state,
        )  # fmt: skip
    _refuse_when_paused()
    _refuse_when_full(REFUSE_ALL_AT)
    wanted = list(parts)
    last = max(upload.parts, 1)  # an empty file may send its one empty part
    outside = sorted(number for number, _ in wanted if not 1 <= number <= last)
    if outside:
        raise Problem(422, "no-such-part", f"This file has the parts 1 to {last}.", parts=outside)
    _keep_hashes(upload, wanted)
    begun = _multipart(upload)
    return [
        (
            number,
            s3.sign_part(
                "originals",
                upload.key,
                begun,
                number,
                sha256,
                upload.part_length(number) if sized else None,
            ),
        )
        for number, sha256 in wanted
    ]


def _keep_hashes(upload: Upload, parts: Iterable[tuple[int, str]]) -> None:
    """Keep what is signed: the store asks for it when the parts are put together.

    A part that is signed for other bytes than before means that the file reads differently:
    everything is begun anew, so that parts of two readings are never mixed.
    """
    with transaction.atomic():
        row = Upload.objects.select_for_update().get(pk=upload.pk)
        length = 32 * max(row.parts, 1)
        hashes = bytearray(row.part_hashes).ljust(length, b"\0")
        wanted = {number: bytes.fromhex(sha256) for number, sha256 in parts}
        known = {number: bytes(hashes[32 * (number - 1) : 32 * number]) for number in wanted}
        if any(known[number] not in (bytes(32), wanted[number]) for number in wanted):
            stale, hashes = row.multipart, bytearray(length)
            row.multipart = upload.multipart = ""
            if stale:
                transaction.on_commit(
                    lambda: s3.abort_multipart("originals", row.key, stale), robust=True
                )
        for number, digest in wanted.items():
            hashes[32 * (number - 1) : 32 * number] = digest
        row.part_hashes = bytes(hashes)
        row.save(update_fields=["part_hashes", "multipart", "touched"])


def stored(upload: Upload) -> list[s3.StoredPart]:
    """The parts of this upload that the store holds in their right size."""
    if not upload.multipart or upload.version_id:
        return []
    try:
        parts = s3.stored_parts("originals", upload.key, upload.multipart)
    except s3.Missing:
        if upload.state == State.RECEIVING:
            # The store forgot the unfinished upload (its housekeeping may): begin again.
            Upload.objects.filter(
                pk=upload.pk, multipart=upload.multipart, state=State.RECEIVING
            ).update(multipart="", part_hashes=b"")
            upload.multipart = ""
        return []
    return [
        part for part in parts
        if 1 <= part.number <= upload.parts and part.size == upload.part_length(part.number)
    ]  # fmt: skip


def complete(*, upload: Upload) -> None:
    """Hand a whole upload to verification; again: nothing. Raises Problem 409 for missing parts."""
    if upload.state != State.RECEIVING:
        return
    _refuse_when_paused()
    have = {part.number for part in stored(upload)}
    missing = [number for number in range(1, upload.parts + 1) if number not in have]
    if missing:
        raise Problem(
            409,
            "parts-missing",
            f"{len(missing)} of {upload.parts} parts are missing or have a wrong size. "
            "Send them, then complete again.",
            parts=missing[:1000],
        )
    from ingest.uploads.tasks import verify

    with transaction.atomic():
        now = timezone.now()
        moved = Upload.objects.filter(pk=upload.pk, state=State.RECEIVING).update(
            state=State.VERIFYING, completed_at=now, queued_at=now, touched=now
        )
        if moved:
            transaction.on_commit(lambda: verify.delay(str(upload.pk)), robust=True)


# What rooms above this one do with a file from outside that was accepted.
Accepted = Callable[[Upload, Recording, User], None]
_accepted: list[Accepted] = []


def register_accepted(act: Accepted) -> None:
    """Add what follows once a file from outside is accepted, in its transaction."""
    if act not in _accepted:
        _accepted.append(act)


def resolve(*, quarantine: Quarantine, by: User, outcome: str, note: str) -> Quarantine:
    """Say what became of a quarantined file; it stays kept. Raises NotAllowed, ValueError."""
    if not by.may("quarantine.resolve"):
        raise NotAllowed("Only professional standards can resolve quarantine.")
    return settle(quarantine=quarantine, by=by, outcome=outcome, note=note)


def settle(*, quarantine: Quarantine, by: User, outcome: str, note: str) -> Quarantine:
    """`resolve` for a caller that has checked that `by` may. Raises ValueError."""
    if not note.strip():
        raise ValueError("Enter what you found.")
    note = note.strip()[:300]
    with transaction.atomic():
        row = Quarantine.objects.select_for_update(of=("self",)).get(pk=quarantine.pk)
        if row.resolved_at is not None:
            return row
        if outcome == Quarantine.Outcome.AGAIN:
            _reopen(row)
        if row.kind == Quarantine.Kind.OUTSIDE and outcome == Quarantine.Outcome.ACCEPTED:
            _let_in(row)
        row.outcome, row.note = outcome, note
        row.resolved_at, row.resolved_by = timezone.now(), by
        row.save()
        record(
            Draft(
                "quarantine.resolved",
                row.recording.subject() if row.recording else row.upload.subject(),
                by.actor(),
                data={"outcome": str(outcome)},
                private={"note": note, "name": by.short},
            )
        )
        if row.kind == Quarantine.Kind.OUTSIDE and outcome == Quarantine.Outcome.ACCEPTED:
            assert row.recording is not None
            for act in _accepted:
                act(row.upload, row.recording, by)
    return row


def _let_in(quarantine: Quarantine) -> None:
    """What came from outside becomes a recording like others."""
    assert quarantine.recording is not None
    rows = Recording.objects.select_for_update(of=("self",))
    recording = rows.get(pk=quarantine.recording.pk)
    recording.restricted = Recording.Restriction.NONE
    recording.save(update_fields=["restricted"])
    quarantine.recording = recording
    others = Quarantine.objects.filter(upload=quarantine.upload_id, resolved_at=None)
    if not others.exclude(pk=quarantine.pk).exists():
        Upload.objects.filter(pk=quarantine.upload_id).update(state=State.SEALED, reason="")


def _reopen(quarantine: Quarantine) -> None:
    """Take the file in once more, under a new key; the bytes that disagreed stay kept."""
    if quarantine.kind != Quarantine.Kind.DISAGREES:
        raise ValueError("Only a file whose bytes disagreed can be taken in again.")
    upload = Upload.objects.select_for_update(of=("self",)).get(pk=quarantine.upload_id)
    quarantine.kept = f"{upload.key} {upload.version_id}"
    upload.state, upload.reason = State.RECEIVING, ""
    upload.key = f"{datetime.now(UTC):%Y/%m/%d}/{make_id()}"
    upload.multipart = upload.version_id = ""
    upload.part_hashes = b""
    upload.save()
