"""The worker's task, and the sweep that finds what something forgot."""

from __future__ import annotations

import structlog
from celery import shared_task

from evidence.custody import sequencer
from evidence.exhibits import making
from evidence.store import s3
from ingest.clips import actions
from ingest.media import sandbox

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def cut(clip_id: int) -> None:
    """Make one clip. May run twice; may die at any line."""
    try:
        clip = actions.cut(clip_id)
    except (s3.StoreError, sandbox.SandboxMissing, actions.NoRoom) as error:
        log.error("cutting will be tried again", clip=clip_id, error=str(error))
        return
    sequencer.run()
    if clip is not None:
        log.info("cut", clip=clip.reference, state=clip.state)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Find clips that were forgotten."""
    for identifier in making.forgotten():
        cut.delay(identifier)
