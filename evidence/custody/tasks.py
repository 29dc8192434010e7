"""What the custody log does by the clock, should its own process be away."""

from __future__ import annotations

import structlog
from celery import shared_task

from evidence.custody import anchors, checkpoints, sequencer

log = structlog.get_logger(__name__)


@shared_task
def checkpoint() -> None:
    """Number what waits, then have it signed. Found again by the next beat when it dies."""
    sequencer.run(wait=False)
    if not checkpoints.due():
        return
    try:
        checkpoints.sign()
    except checkpoints.LogBroken as error:
        log.critical("custody log is broken", error=str(error))
        raise


@shared_task
def anchor() -> None:
    """Give the newest checkpoint to the bucket, the witnesses and the authority, when due."""
    anchors.everything()
