"""The store's legal hold follows the rows."""

from __future__ import annotations

import structlog
from celery import shared_task

from evidence.recordings.models import Original
from evidence.retention.models import Hold
from evidence.store import s3

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def to_store(hold_id: int) -> None:
    """Make the store say of this recording's originals what its holds say."""
    hold = Hold.objects.select_related("recording").get(pk=hold_id)
    held = Hold.objects.filter(recording=hold.recording, released_at=None).exists()
    try:
        for original in Original.objects.filter(recording=hold.recording):
            s3.legal_hold("originals", original.key, original.version_id, held)
    except s3.StoreError as error:
        log.warning("legal hold will be tried again", hold=hold_id, error=str(error))
        return
    Hold.objects.filter(pk=hold_id).update(in_store=True)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Find holds that the store does not know of yet."""
    for identifier in Hold.objects.filter(in_store=False).values_list("pk", flat=True)[:500]:
        to_store.delay(identifier)
