"""The reading of new events, by the clock."""

from __future__ import annotations

from celery import shared_task

from evidence.audit import scan as reading


@shared_task(ignore_result=True)
def scan() -> None:
    """Find unusual looks among the events since the last time. May run twice, may die anywhere."""
    reading.run()
