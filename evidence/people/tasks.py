"""What is done for accounts in the background."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command


@shared_task(ignore_result=True)
def clear_sessions() -> None:
    """Delete sessions that are over."""
    call_command("clearsessions")
