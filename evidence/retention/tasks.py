"""The store follows the rows: legal holds, and locks that must not run out."""

from __future__ import annotations

from datetime import timedelta

import structlog
from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evidence.recordings.models import Original, Recording, Rule
from evidence.retention import destroying, due
from evidence.retention.actions import dropping, releasing
from evidence.retention.models import Hold
from evidence.retention.policies import actions as policies
from evidence.store import s3

log = structlog.get_logger(__name__)
LOCK_AHEAD = timedelta(days=7)
BATCH = 500
AT_A_TIME = timedelta(minutes=4)
BATCHES = 20


@shared_task(ignore_result=True)
def to_store(hold_id: int) -> None:
    """Make the store say of this recording's originals what its holds say.

    Under the recording's row lock: of two workers the later one sees what the earlier wrote.
    """
    hold = Hold.objects.get(pk=hold_id)
    try:
        with transaction.atomic():
            Recording.objects.select_for_update().get(pk=hold.recording_id)
            held = Hold.objects.filter(recording=hold.recording_id, released_at=None).exists()
            for original in Original.objects.filter(recording=hold.recording_id):
                s3.legal_hold("originals", original.key, original.version_id, held)
            Hold.objects.filter(pk=hold_id).update(in_store=True)
    except s3.StoreError as error:
        log.warning("legal hold will be tried again", hold=hold_id, error=str(error))


@shared_task(ignore_result=True)
def sweep() -> None:
    """Find holds that the store does not know of yet."""
    for identifier in Hold.objects.filter(in_store=False).values_list("pk", flat=True)[:BATCH]:
        to_store.delay(identifier)


@shared_task(ignore_result=True)
def settle_held(rule_id: int) -> None:
    """Until when what is held is kept by a rule that is for it too, a batch at a time."""
    while policies.settle_batch(rule_id):
        pass


@shared_task(ignore_result=True)
def reckon() -> None:
    """Find rules of which a worker died, and recordings that nobody has reckoned yet."""
    waiting = Rule.objects.filter(held_from__isnull=False, held_done_at=None)
    for identifier in waiting.values_list("pk", flat=True):
        settle_held.delay(identifier)
    for _ in range(BATCHES):
        if policies.reckon_unknown() < policies.BATCH:
            break


@shared_task(ignore_result=True)
def extend_locks() -> None:
    """Lock originals further before their lock ends: nothing here is disposed of by itself."""
    now = timezone.now()
    until = now + timedelta(days=settings.ORIGINAL_LOCK_DAYS)
    # What is being destroyed is not locked any further.
    ending = Original.objects.filter(
        locked_until__lt=min(now + LOCK_AHEAD, until), recording__disposed_at=None
    ).order_by("locked_until", "pk")
    failed: list[int] = []
    # As many as there are: with ten million originals some twenty thousand an hour come due.
    while len(failed) < BATCH and (rows := list(ending.exclude(pk__in=failed)[:BATCH])):
        for original in rows:
            if timezone.now() > now + AT_A_TIME * 5:
                return
            try:
                s3.lock_until("originals", original.key, original.version_id, until)
            except s3.StoreError as error:
                log.error("a lock could not be extended", key=original.key, error=str(error))
                failed.append(original.pk)
                continue
            mine = Original.objects.filter(pk=original.pk, version_id=original.version_id)
            mine.update(locked_until=until)


@shared_task(ignore_result=True)
def sweep_due() -> None:
    """Find what is due, release what a rule releases, and go on with what was decided."""
    due.sweep()
    dropping.follow_up()
    dropping.lapse()
    releasing.release_by_rule()
    dropping.drop_kept()
    dropping.close()


@shared_task(ignore_result=True)
def dispose() -> None:
    """Destroy what has waited longest, one after the other, for a few minutes.

    Nobody is sent for a single recording: where there is much, more of these run side by side.
    """
    until = timezone.now() + AT_A_TIME
    done = 0
    while timezone.now() < until:
        item = destroying.next_item()
        if item is None:
            break
        destroying.destroy(item)
        done += 1
    if done:
        dropping.close()
        log.info("disposed", items=done)
