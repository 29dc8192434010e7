"""Packages, audits and the daily mail in the background."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from evidence.recordings import audits, digest, exports, search, sittings

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def make_package(identifier: int) -> None:
    """Make one package."""
    exports.make(identifier)


@shared_task(ignore_result=True)
def sweep_packages() -> None:
    """Find packages that were forgotten, and those that have had their week."""
    exports.sweep()


@shared_task(ignore_result=True)
def verify_recording(identifier: int) -> None:
    """Check one recording again."""
    audits.verify_one(identifier)


@shared_task(ignore_result=True)
def audit() -> None:
    """The nightly audit."""
    audits.nightly()


@shared_task(ignore_result=True)
def daily_mail() -> None:
    """The mail of the day, in the morning; again half-hourly for whom a mail server left out."""
    if settings.MAIL_HOUR <= timezone.localtime().hour < settings.MAIL_HOUR + 3:
        sent, failed = digest.send()
        log.info("daily mail", sent=sent, failed=failed)


@shared_task(ignore_result=True)
def sweep_search() -> None:
    """Index recordings that never were: rows older than the index, and what a crash left."""
    search.sweep()


@shared_task(ignore_result=True)
def sweep_played() -> None:
    """Write what was reported as played by pages that died."""
    sittings.sweep()
