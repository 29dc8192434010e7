"""What a move needs done by itself."""

from __future__ import annotations

import structlog
from celery import shared_task

from evidence.store import s3
from ingest.moving import removing, stores
from ingest.moving.models import MoveError

log = structlog.get_logger(__name__)


@shared_task
def clear_disposed() -> None:
    """Have what was disposed of gone from the other store too, while there is one."""
    try:
        move = stores.current()
    except MoveError:
        return
    try:
        removing.clear_disposed(move)
    except (MoveError, s3.StoreError) as error:
        log.error("what was disposed of may lie in the other store still", error=str(error))
