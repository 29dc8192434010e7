"""What shares need in the background: packages, and warnings before they end."""

from __future__ import annotations

import structlog
from celery import shared_task

from evidence.sharing import ending, packaging
from evidence.store import s3

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def make_package(identifier: int) -> None:
    """Make one package. May run twice; may die at any line."""
    packaging.prepare(identifier)


@shared_task(ignore_result=True)
def sweep_packages() -> None:
    """Find packages that were forgotten, and end those that are over."""
    try:
        packaging.sweep()
    except s3.StoreError as error:
        log.error("packages of shares will be swept again", error=str(error))


@shared_task(ignore_result=True)
def warn() -> None:
    """Tell both sides of shares that end soon. May run twice, may die."""
    sent, failed = ending.warn()
    log.info("warnings of ends", sent=sent, failed=failed)
