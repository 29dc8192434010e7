"""What the custody log does by itself."""

from __future__ import annotations

import structlog
from celery import shared_task

from evidence.custody import checkpoints, sequencer

log = structlog.get_logger(__name__)


@shared_task
def checkpoint() -> None:
    """Number what waits, then sign. Found again by the next beat when it dies."""
    sequencer.run()
    try:
        checkpoints.sign()
    except checkpoints.LogBroken as error:
        log.critical("custody log is broken", error=str(error))
        raise
