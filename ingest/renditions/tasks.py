"""The media worker's task, and the sweep that finds what something forgot."""

from __future__ import annotations

from datetime import timedelta

import structlog
from celery import shared_task
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from evidence.custody import sequencer
from evidence.recordings import smaller
from evidence.recordings.models import Original
from evidence.store import s3
from ingest.media import sandbox
from ingest.renditions import actions, shrinking

log = structlog.get_logger(__name__)
SEND_AGAIN = timedelta(seconds=settings.SEND_AGAIN_SECONDS)
BATCH = 500


@shared_task(ignore_result=True)
def render(original_id: int) -> None:
    """Make the viewing copy of one original. May run twice; may die at any line."""
    try:
        original = actions.render(original_id)
    except (s3.StoreError, sandbox.SandboxMissing) as error:
        log.error("rendering will be tried again", original=original_id, error=str(error))
        return
    sequencer.run()
    if original is not None:
        log.info("rendered", original=original_id, state=original.media)
        if original.media == "waiting":
            render.apply_async((original_id,), countdown=5)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Find originals whose viewing copy was forgotten."""
    now = timezone.now()
    forgotten = (
        Q(media="running", media_claimed_until__lt=now)
        | Q(media="waiting", media_claimed_until__lt=now)
        | Q(media="waiting", media_claimed_until=None, sealed_at__lt=now - SEND_AGAIN)
    )
    open_ = Original.objects.filter(forgotten, recording__disposed_at=None)
    for identifier in list(open_.values_list("pk", flat=True)[:BATCH]):
        # The claim's time doubles as "sent": the next sweep leaves it alone for a while.
        Original.objects.filter(forgotten, pk=identifier).update(
            media="waiting", media_claimed_until=now + SEND_AGAIN
        )
        render.delay(identifier)


@shared_task(ignore_result=True)
def shrink(original_id: int) -> None:
    """Make the small viewing copy of one original. May run twice; may die at any line."""
    try:
        work = shrinking.shrink(original_id)
    except (s3.StoreError, sandbox.SandboxMissing) as error:
        log.error("shrinking will be tried again", original=original_id, error=str(error))
        return
    sequencer.run()
    if work is not None:
        log.info("shrunk", original=original_id, state=work.state)
        if work.state == "failed":
            log.error("no small viewing copy", original=original_id, reason=work.problem)


@shared_task(ignore_result=True)
def sweep_small() -> None:
    """Find small viewing copies that were forgotten."""
    for identifier in smaller.forgotten():
        shrink.delay(identifier)
