"""The nightly count, the sweep that finds a dead one, and cold storage."""

from __future__ import annotations

from collections import deque
from datetime import timedelta

import structlog
from celery import shared_task
from django.utils import timezone

from ingest.accounting import cold, runs, storage
from ingest.accounting.models import Run
from ingest.accounting.reckoning import Reckoning

log = structlog.get_logger(__name__)
# From this hour on (local time), once a night.
HOUR = 2
PAUSE = timedelta(hours=20)


@shared_task(ignore_result=True)
def count(identifier: int) -> None:
    """Carry out one count that a person asked for; a second message finds it taken."""
    taken = Run.objects.filter(pk=identifier, state=Run.State.RUNNING, stage="").update(
        stage="Begins", beat=timezone.now()
    )
    if taken:
        _carry_out(Run.objects.get(pk=identifier))


def _carry_out(run: Run) -> None:
    # What is found is kept on the way: nothing is held in memory here.
    deque(runs.carry_out(run, Reckoning()), maxlen=0)
    storage.measure()


@shared_task(ignore_result=True)
def nightly() -> None:
    """The night's count, where it was not begun yet."""
    now = timezone.now()
    if timezone.localtime(now).hour < HOUR:
        return
    if Run.objects.filter(started__gt=now - PAUSE, asked_by=None).exists():
        return
    try:
        run = runs.begin()
    except runs.Busy:
        return
    Run.objects.filter(pk=run.pk).update(stage="Begins")
    _carry_out(run)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Give up counts whose worker died, and say so."""
    runs.sweep()


@shared_task(ignore_result=True)
def cool() -> None:
    """Let the store move what the rules for cold storage want."""
    tagged = cold.run()
    if tagged:
        log.info("tagged for a colder storage class", originals=tagged)
