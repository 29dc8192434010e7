"""The signed statement that permits a dock to wipe."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings

from evidence.custody import checkpoints, keys, sequencer
from evidence.custody.log import note
from evidence.custody.log import receipt as formats
from evidence.custody.log.clock import stamp
from evidence.custody.models import Event
from evidence.recordings.models import Original
from evidence.retention.models import Tombstone
from evidence.store import s3
from ingest.uploads.models import Receipt, Upload


def _event(upload: Upload) -> Event | None:
    if upload.received_event is None:
        return None
    found = Event.objects.filter(id=upload.received_event).first()
    if found is None:
        sequencer.run()
        found = Event.objects.filter(id=upload.received_event).first()
    return found


def issue(upload: Upload) -> str | None:
    """The receipt of an upload whose bytes are durable and verified; None until then.

    Also for a file that is quarantined because it is no footage: its bytes are safe. Never
    for one whose bytes disagree.
    """
    known = Receipt.objects.filter(pk=upload.pk).first()
    if known is not None:
        return known.note
    event = _event(upload)
    # What was disposed of was received all the same: its tombstone knows what it was.
    original = (
        Original.objects.filter(upload=upload.pk).first()
        or Tombstone.objects.filter(upload=upload.pk).first()
    )
    if event is None or original is None:
        return None
    facts = formats.Receipt(
        origin=settings.CUSTODY_ORIGIN,
        upload=str(upload.id),
        camera=upload.camera.serial,
        file=upload.file_id,
        size=original.size,
        sha256=original.sha256,
        recording=original.reference,
        stored=(f"{s3.bucket('originals')}/{original.key} {original.version_id}",),
        custody=event.index,
        time=stamp(datetime.now(UTC)),
    )
    signed = note.sign(facts.text(), [keys.receipt_key()])
    # Two workers may sign at once; the first that is kept is the receipt.
    kept, _ = Receipt.objects.get_or_create(upload=upload, defaults={"note": signed})
    return kept.note


def prove(upload: Upload) -> str | None:
    """The tlog-proof of the upload's `evidence.received` event; None until there is one."""
    event = _event(upload)
    return None if event is None else checkpoints.prove(event.index)
