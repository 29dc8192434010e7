"""From stored bytes to a sealed original: read back once, compare, lock, write it all down.

Numbered steps; a worker may die between any two of them and the next one goes on.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from evidence.custody.log.clock import stamp
from evidence.custody.record import Actor, Draft, record, service
from evidence.people.models import User
from evidence.recordings import rules, search
from evidence.recordings.models import Original, Recording, make_reference
from evidence.retention.actions import hold_on_arrival
from evidence.store import s3
from ingest.devices.models import Made, who_had
from ingest.media.sniff import claims_footage, sniff
from ingest.uploads.models import Quarantine, StoreGauge, Upload

log = structlog.get_logger(__name__)
CLAIM = timedelta(minutes=3)
EARLIEST = datetime(2005, 1, 1, tzinfo=UTC)
MAX_AHEAD = timedelta(minutes=10)
ACTOR = service("ingest")
OUTSIDE = "It came from outside the force. Look before it is used."


@dataclass(frozen=True)
class Found:
    """What the store really holds."""

    sha256: str
    size: int
    head: bytes


def claim(upload_id: uuid.UUID) -> Upload | None:
    """Take the upload for this worker, unless another has it (a conditional update)."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    taken = Upload.objects.filter(free, pk=upload_id, state=Upload.State.VERIFYING).update(
        claimed_until=now + CLAIM, attempts=F("attempts") + 1
    )
    if not taken:
        return None
    return Upload.objects.select_related("camera", "dock").get(pk=upload_id)


def verify(upload_id: uuid.UUID) -> Upload | None:
    """Verify and seal one upload; None when there is nothing to do.

    Raises s3.StoreError when the store is away: the sweep tries again.
    """
    upload = claim(upload_id)
    if upload is None:
        return None
    _assemble(upload)  # 1. the parts become one object, once
    found = _read_back(upload)  # 2. the whole object is read, once
    if (found.sha256, found.size) != (upload.sha256, upload.size):
        found = _read_back(upload)  # once more: one bad read is no verdict
    if (found.sha256, found.size) != (upload.sha256, upload.size):
        _disagrees(upload, found)
        return upload
    until = timezone.now() + timedelta(days=settings.ORIGINAL_LOCK_DAYS)
    s3.lock_until("originals", upload.key, upload.version_id, until)  # 3. nobody can replace it
    seal(upload, found, until)  # 4. everything is written down, or nothing
    return upload


def _assemble(upload: Upload) -> None:
    if upload.version_id:
        return
    try:
        # A worker may have died right after the store put the parts together.
        upload.version_id = s3.head("originals", upload.key).version_id
    except s3.Missing:
        if upload.size == 0:
            upload.version_id = s3.put(
                "originals", upload.key, b"", s3.EMPTY_SHA256, "application/octet-stream"
            )
            if upload.multipart:
                s3.abort_multipart("originals", upload.key, upload.multipart)
        else:
            upload.version_id = s3.finish_multipart(
                "originals", upload.key, upload.multipart, _parts(upload)
            )
    upload.save(update_fields=["version_id"])


def _parts(upload: Upload) -> list[s3.StoredPart]:
    """The parts with the SHA-256 that each was signed for, where the store does not list it."""
    hashes = bytes(upload.part_hashes)
    return [
        part if part.checksum else replace(
            part,
            checksum=base64.b64encode(hashes[32 * (part.number - 1) : 32 * part.number]).decode(),
        )
        for part in s3.stored_parts("originals", upload.key, upload.multipart)
        if part.number <= upload.parts
    ]  # fmt: skip


def _read_back(upload: Upload) -> Found:
    digest, size, head = hashlib.sha256(), 0, b""
    renew = timezone.now() + CLAIM / 3
    for chunk in s3.read("originals", upload.key, upload.version_id):
        head = head or chunk[:65536]
        digest.update(chunk)
        size += len(chunk)
        if timezone.now() > renew:
            renew = timezone.now() + CLAIM / 3
            Upload.objects.filter(pk=upload.pk).update(claimed_until=timezone.now() + CLAIM)
    return Found(digest.hexdigest(), size, head)


def _disagrees(upload: Upload, found: Found) -> None:
    """The store's bytes are not the dock's: kept, never receipted, a person looks."""
    reason = "The stored bytes don't have the fingerprint that the dock took."
    with transaction.atomic():
        moved = Upload.objects.filter(pk=upload.pk, state=Upload.State.VERIFYING).update(
            state=Upload.State.QUARANTINED,
            reason=reason,
            found_sha256=found.sha256,
            found_size=found.size,
            claimed_until=None,
        )
        if not moved:
            return
        _quarantine(upload, None, Quarantine.Kind.DISAGREES, reason, found)


def lost(upload: Upload) -> None:
    """The store did not keep every part of what somebody outside sent: it can't be sent again
    under their link, so a person asks for it anew."""
    reason = "The store did not keep every part of it. Ask for the file again."
    with transaction.atomic():
        moved = Upload.objects.filter(pk=upload.pk, state=Upload.State.VERIFYING).update(
            state=Upload.State.QUARANTINED, reason=reason, claimed_until=None
        )
        if moved:
            _quarantine(upload, None, Quarantine.Kind.DISAGREES, reason)


def _quarantine(
    upload: Upload, recording: Recording | None, kind: str, reason: str, found: Found | None = None
) -> None:
    _, made = Quarantine.objects.get_or_create(
        upload=upload, kind=kind, resolved_at=None,
        defaults={"reason": reason, "recording": recording},
    )  # fmt: skip
    if not made:
        return
    data: dict[str, object] = {"upload": str(upload.id), "kind": str(kind)}
    if found is not None:
        data |= {
            "expected_sha256": upload.sha256,
            "found_sha256": found.sha256,
            "expected_size": upload.size,
            "found_size": found.size,
        }
    record(
        Draft(
            "evidence.quarantined",
            recording.subject() if recording else upload.subject(),
            ACTOR,
            data=data,
            private={
                "camera": upload.camera.serial, "file": upload.file_id[:500], "reason": reason
            },
        )
    )  # fmt: skip


def quarantine_broken(original: Original, reason: str) -> None:
    """Put a file on the quarantine list that no viewing copy could be made of."""
    upload = Upload.objects.select_related("camera").get(pk=original.upload)
    _quarantine(upload, original.recording, Quarantine.Kind.BROKEN, reason)


@dataclass(frozen=True)
class Times:
    """When it was recorded, as far as that can be known."""

    happened_at: datetime
    offset: timedelta | None
    within: timedelta | None
    wrong: str


def times_of(upload: Upload, now: datetime) -> Times:
    """Camera time, corrected by the measured errors of camera and dock; else the docking."""
    offset = within = None
    if upload.camera_clock and upload.dock_clock:
        offset = upload.dock_clock - upload.camera_clock
        within = timedelta(seconds=2)
        if upload.dock.clock_offset is not None:
            offset += upload.dock.clock_offset
    said = upload.recorded_at
    if said is None:
        return Times(upload.created, offset, within, "The camera did not say when it recorded.")
    try:
        corrected = said + (offset or timedelta())
    except OverflowError:
        corrected = said
    if not EARLIEST <= corrected <= now + MAX_AHEAD:
        wrong = f"The camera's clock can't be right: it said {said:%d %b %Y}."
        return Times(upload.created, offset, within, wrong)
    return Times(corrected, offset, within, "")


def _officer(upload: Upload, times: Times) -> tuple[User | None, str]:
    if upload.camera.kind == Made.REQUEST:
        return None, "It came from outside the force."
    if times.wrong:
        return None, times.wrong
    officer = who_had(upload.camera.serial, times.happened_at)
    if officer is None:
        why = "This camera was with nobody at that time."
        if not upload.camera.listed:
            why = "This camera is not on the force's list."
        return None, why
    return officer, ""


def seal(upload: Upload, found: Found, locked_until: datetime) -> None:
    """Recording, original, custody event and state, in one transaction; once."""
    with transaction.atomic():
        row = Upload.objects.select_for_update(of=("self",)).get(pk=upload.pk)
        if row.state != Upload.State.VERIFYING:
            return
        now = timezone.now()
        times = times_of(upload, now)
        officer, unassigned = _officer(upload, times)
        container = sniff(found.head)
        footage = container is not None and container.renderable
        outside = upload.camera.kind == Made.REQUEST
        pretends = not footage and claims_footage(upload.file_id)
        recording = Recording.objects.create(
            reference=make_reference(),
            kind=Recording.Kind.FOOTAGE if footage or pretends else Recording.Kind.OTHER,
            camera=upload.camera.serial,
            officer=officer,
            unassigned_because=unassigned,
            recorded_at=upload.recorded_at,
            clock_offset=times.offset,
            clock_within=times.within,
            happened_at=times.happened_at,
            media=Recording.Media.WAITING if footage else Recording.Media.NOT_MEDIA,
            restricted=Recording.Restriction.OUTSIDE if outside else Recording.Restriction.NONE,
        )
        original = Original.objects.create(
            recording=recording,
            reference=recording.reference,
            upload=upload.id,
            file_name=upload.file_id,
            size=upload.size,
            sha256=upload.sha256,
            key=upload.key,
            version_id=upload.version_id,
            dock=upload.dock.name,
            container=container.name if container else "",
            recorded_at=upload.recorded_at,
            camera_clock=upload.camera_clock,
            dock_clock=upload.dock_clock,
            docked_at=upload.created,
            sealed_at=now,
            locked_until=locked_until,
            media=Original.Media.WAITING if footage else Original.Media.NOT_MEDIA,
        )
        row.state, row.reason = Upload.State.SEALED, ""
        row.found_sha256, row.found_size = found.sha256, found.size
        row.sealed_at, row.claimed_until = now, None
        row.received_event = record(_received(upload, original, officer))
        if pretends:
            reason = _pretence(upload, container.label if container else "")
            row.state, row.reason = Upload.State.QUARANTINED, reason
            recording.media_reason = reason
            recording.save(update_fields=["media_reason"])
            _quarantine(upload, recording, Quarantine.Kind.NOT_MEDIA, reason)
        if outside:
            # Kept, locked and rendered like the others; seen by few until a person accepts it.
            row.state, row.reason = Upload.State.QUARANTINED, row.reason or OUTSIDE
            _quarantine(upload, recording, Quarantine.Kind.OUTSIDE, OUTSIDE)
        row.save()
        search.reindex(recording)
        hold_on_arrival(recording)
        rules.settle(recording)
        recording.save(update_fields=["kept_until"])
        StoreGauge.objects.get_or_create(pk=1)
        StoreGauge.objects.filter(pk=1).update(used_bytes=F("used_bytes") + upload.size)
        if footage:
            # By name: rendering lies above this room, and only needs to be woken.
            transaction.on_commit(lambda: _wake_media(original.pk), robust=True)


def _wake_media(original_id: int) -> None:
    current_app.send_task("ingest.renditions.tasks.render", [original_id], queue="media")


def _pretence(upload: Upload, label: str) -> str:
    if upload.size == 0:
        return "The file is empty (0 bytes). It is kept as it came."
    what = f"is {label}" if label else "is nothing that we know"
    return f"The file's name says that it is footage, its content {what}. It is kept as it came."


def _sender(upload: Upload) -> Actor:
    """The dock; or who was asked for it, as the custody log writes them."""
    if upload.camera.kind == Made.REQUEST:
        return Actor("request", upload.camera.serial, auth="code")
    return upload.dock.actor()


def _received(upload: Upload, original: Original, officer: User | None) -> Draft:
    data: dict[str, object] = {
        "upload": str(upload.id),
        "recording": original.reference,
        "part_size": upload.part_size,
        "parts": upload.parts,
        "stored": [f"{s3.bucket('originals')}/{upload.key} {upload.version_id}"],
    }
    for name in ("recorded_at", "camera_clock", "dock_clock"):
        moment = getattr(upload, name)
        if moment is not None:
            data[name] = stamp(moment)
    return Draft(
        "evidence.received",
        original.subject(),
        _sender(upload),
        data=data,
        private={
            "camera": upload.camera.serial,
            "dock": upload.dock.name,
            "file": upload.file_id[:1024],
            "officer": officer.short if officer else "nobody known",
        },
    )
