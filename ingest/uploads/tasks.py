"""Verification, and the sweeps that find what something forgot.

The database is the truth about work; the broker only wakes workers up.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

import structlog
from celery import shared_task
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from evidence.custody import sequencer
from evidence.store import s3
from ingest.devices.models import Made
from ingest.uploads import receipts, sealing
from ingest.uploads.models import Upload

log = structlog.get_logger(__name__)
# A message may wait in a long queue; only after this is it sent again.
SEND_AGAIN = timedelta(seconds=settings.SEND_AGAIN_SECONDS)
ABANDON_AFTER = timedelta(days=30)
BATCH = 500


@shared_task(ignore_result=True)
def verify(upload_id: str) -> None:
    """Verify and seal one upload, then sign its receipt."""
    identifier = uuid.UUID(upload_id)
    try:
        upload = sealing.verify(identifier)
    except (s3.Missing, s3.PartsRefused) as error:
        # The store lost parts, or holds others than were signed: the dock sends them again.
        _send_again(identifier)
        log.error(
            "the parts of an upload have to be sent again", upload=upload_id, error=str(error)
        )
        return
    except s3.StoreError as error:
        # Give it back; the sweep sends it again in half a minute.
        Upload.objects.filter(pk=identifier).update(
            claimed_until=None, queued_at=timezone.now() - SEND_AGAIN + timedelta(seconds=30)
        )
        log.warning("verifying failed, will be tried again", upload=upload_id, error=str(error))
        return
    if upload is not None:
        sequencer.run()
        upload.refresh_from_db()
        receipts.issue(upload)
        log.info("verified", upload=upload_id, state=upload.state)


def _send_again(identifier: uuid.UUID) -> None:
    upload = Upload.objects.get(pk=identifier)
    if upload.version_id:
        # Not the parts but the whole object is gone: nothing that a dock could mend by itself.
        _object_gone(upload)
        return
    if upload.camera.kind == Made.REQUEST:
        # Whoever sent it has said that that was all, and sends no more: a person has to know.
        sealing.lost(upload)
        return
    moved = Upload.objects.filter(
        pk=identifier, state=Upload.State.VERIFYING, version_id="", attempts=upload.attempts
    ).update(
        state=Upload.State.RECEIVING,
        reason="The store did not keep every part. Send what is missing and complete again.",
        multipart="",
        part_hashes=b"",
        claimed_until=None,
        completed_at=None,
    )
    if moved and upload.multipart:
        s3.abort_multipart("originals", upload.key, upload.multipart)


def _object_gone(upload: Upload) -> None:
    """The assembled object can't be found: looked for again later, and said loudly."""
    Upload.objects.filter(pk=upload.pk, state=Upload.State.VERIFYING).update(
        claimed_until=None, queued_at=timezone.now()
    )
    log.critical("an assembled object is not in the store", upload=str(upload.pk), key=upload.key)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Find uploads whose verification was forgotten, and those that nobody continues."""
    sequencer.run()
    now = timezone.now()
    dead = Q(claimed_until__lt=now) | Q(claimed_until=None, queued_at__lt=now - SEND_AGAIN)
    lost = Upload.objects.filter(dead, state=Upload.State.VERIFYING)
    for identifier in list(lost.order_by("queued_at").values_list("pk", flat=True)[:BATCH]):
        # Only what is still as it was found: a claim that was renewed meanwhile stands.
        Upload.objects.filter(dead, pk=identifier).update(queued_at=now, claimed_until=None)
        verify.delay(str(identifier))
    given_up = Upload.objects.filter(state=Upload.State.RECEIVING, touched__lt=now - ABANDON_AFTER)
    for upload in given_up[:BATCH]:
        moved = Upload.objects.filter(
            pk=upload.pk, state=Upload.State.RECEIVING, touched=upload.touched
        ).update(state=Upload.State.ABANDONED, reason="No dock has continued this for 30 days.")
        if moved and upload.multipart:
            s3.abort_multipart("originals", upload.key, upload.multipart)
