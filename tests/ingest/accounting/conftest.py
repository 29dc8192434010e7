"""Buckets of this test's own: in them a clean system has nothing that does not belong there."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from evidence.custody.record import Draft, record, service
from evidence.exhibits.models import Clip
from evidence.people.models import User
from evidence.recordings.models import Original, Recording, Rendition
from evidence.retention.models import Batch, Tombstone
from evidence.retention.models import Item as Disposal
from evidence.store import buckets, s3
from ingest.accounting import objects
from ingest.accounting.faults import Fault
from ingest.accounting.reckoning import Reckoning
from ingest.devices.models import Camera, Dock
from tests import factories

BYTES = b"a file that a camera wrote"


PREFIX = f"count-{secrets.token_hex(4)}"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Three buckets of these tests' own, empty but for what nobody can take out of the last."""
    monkeypatch.setattr(s3, "bucket", lambda alias: f"{PREFIX}-{alias}")
    monkeypatch.setattr(objects, "PAUSE", 0)
    settings.ACCOUNTING_GRACE_SECONDS = 0
    buckets.ensure_buckets()
    for alias in ("originals", "renditions", "custody"):
        for one in list(s3.versions(alias)):
            with suppress(s3.StoreError):
                s3.destroy(alias, one.key, "" if one.version_id == "null" else one.version_id)
        for part in list(buckets.multiparts(alias)):
            s3.abort_multipart(alias, part.key, part.upload_id)


@pytest.fixture
def docked(store: None, dock: Dock, camera: Camera) -> Recording:
    """Something that a dock brought."""
    return factories.docked(dock, BYTES, name="VID_0001.BIN")


def found(kind: str = "", gaps: bool = False) -> list[Fault]:
    faults = Reckoning().faults()
    return [f for f in faults if (gaps or f.kind != "gap") and (not kind or f.kind == kind)]


def said() -> list[tuple[str, str, str]]:
    return sorted((fault.kind, fault.area, fault.what) for fault in found())


def rendition(original: Original, kind: str = "proxy", *, event: bool = True) -> Rendition:
    data = secrets.token_bytes(50)
    digest = hashlib.sha256(data).hexdigest()
    key = f"{original.upload}/{kind}-1-{digest[:16]}"
    s3.put("renditions", key, data, digest, "video/mp4")
    row = Rendition.objects.create(
        original=original, kind=kind, key=key, content_type="video/mp4", size=len(data),
        sha256=digest, parent_sha256=original.sha256, tool="ffmpeg", tool_version="test",
    )  # fmt: skip
    Original.objects.filter(pk=original.pk).update(media="ready")
    if event:
        with transaction.atomic():
            data_ = {"kind": kind, "sha256": digest, "size": len(data)}
            record(Draft("rendition.created", original.subject(), service("media"), data_))
    return row


def clip(original: Original, by: User, *, event: bool = True) -> Clip:
    data = secrets.token_bytes(40)
    digest = hashlib.sha256(data).hexdigest()
    row = Clip.objects.create(
        recording=original.recording, original=original, from_ms=0, to_ms=1000, first_frame=0, last_frame=24, timescale=1000,
        first_tick=0, last_tick=960, reason="x", requested_by=by, state="ready", size=len(data),
        sha256=digest, parent_sha256=original.sha256,
    )  # fmt: skip
    row.key = f"{original.upload}/{row.reference}-1-{digest[:16]}"
    row.save()
    s3.put("renditions", row.key, data, digest, "video/mp4")
    if event:
        with transaction.atomic():
            data_ = {"clip": row.reference, "sha256": digest, "size": len(data)}
            record(Draft("clip.made", original.subject(), service("clips"), data_))
    return row


def dispose(recording: Recording, *, destroy: bool = True, event: bool = True) -> Tombstone:
    """What a disposal leaves: by hand, so that each piece can be left out."""
    original = recording.originals.get()
    batch = Batch.objects.create(by_rule=True, ground="31 days are over", state="done")
    item = Disposal._default_manager.create(batch=batch, recording=recording, state="gone")
    stone = Tombstone.objects.create(
        recording=recording, item=item, reference=original.reference, upload=original.upload,
        size=original.size, sha256=original.sha256, key=original.key,
        version_id=original.version_id, docked_at=original.docked_at,
        sealed_at=original.sealed_at, ground="31 days are over", gone_at=timezone.now(),
    )  # fmt: skip
    if destroy:
        s3.destroy("originals", original.key, original.version_id)
    if event:
        with transaction.atomic():
            record(Draft("evidence.deleted", stone.subject(), service("disposal"),
                         {"batch": batch.reference}))  # fmt: skip
    original.delete()
    Recording.objects.filter(pk=recording.pk).update(disposed_at=timezone.now())
    return stone


def put(alias: str, key: str, data: bytes = b"foreign", **more: Any) -> str:
    """Past every condition, as somebody with the store's keys would."""
    answer = s3.client().put_object(Bucket=s3.bucket(alias), Key=key, Body=data, **more)
    return str(answer.get("VersionId", ""))


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)
