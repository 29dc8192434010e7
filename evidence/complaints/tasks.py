"""What complaints need by the clock."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from evidence.complaints import clocks, costs
from evidence.complaints import digest as mail
from evidence.complaints.actions.recording import let_go_all

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def nightly() -> None:
    """Take complaints from whoever came into conflict, reckon open ones' clocks anew, count what
    was played. May run twice, may die."""
    log.info("conflicts", taken=let_go_all())
    log.info("clocks", differed=clocks.keep_all())
    log.info("costs", review_rows=costs.count_reviews())


@shared_task(ignore_result=True)
def digest() -> None:
    """The handlers' mail of the day, in the morning; again for whom a mail server left out."""
    if settings.MAIL_HOUR <= timezone.localtime().hour < settings.MAIL_HOUR + 3:
        sent, failed = mail.send()
        log.info("handlers' mail", sent=sent, failed=failed)
