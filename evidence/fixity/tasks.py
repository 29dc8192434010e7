"""Slices of the sweep and of the replica, in the background."""

from __future__ import annotations

from celery import shared_task

from evidence.fixity import figures, mending, replica, turns
from evidence.fixity import sweep as sweeping


@shared_task(ignore_result=True)
def sweep() -> None:
    """Mend what can be mended; then read on."""
    mending.run()
    sweeping.run()
    turns.forgotten()
    figures.refresh()


@shared_task(ignore_result=True)
def replicate() -> None:
    """Bring the replica into step: copies, locks, legal holds."""
    replica.run()
