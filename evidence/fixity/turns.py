"""Who reads what now, and how many bytes may be read: rows, so that several workers share it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from evidence.fixity.models import State, Turn
from evidence.fixity.registry import Item
from evidence.store import s3

CLAIM = timedelta(minutes=5)
# The store gave no answer for an object: not at once again, and the longer it does not, the later.
LATER = timedelta(minutes=10)
LATEST = timedelta(hours=6)
# What was not read for a while may be caught up at once, but no more than so many seconds of it.
SAVED_SECONDS = 60


def state() -> State:
    """The one row."""
    return State.objects.get_or_create(pk=1)[0]


def spend(count: int) -> int:
    """Take bytes from the allowance, which grows by the rate; what is left, below nothing too."""
    with transaction.atomic():
        row = State.objects.select_for_update().get(pk=state().pk)
        now = timezone.now()
        rate = settings.FIXITY_BYTES_SECOND
        grown = row.allowance + int(rate * max(0.0, (now - row.reckoned_at).total_seconds()))
        row.allowance = min(grown, rate * SAVED_SECONDS) - count
        row.reckoned_at = now
        row.save(update_fields=["allowance", "reckoned_at"])
    return row.allowance


def taken(source: str) -> list[int]:
    """The rows of a kind that somebody reads now, or that wait to be tried again."""
    rows = Turn.objects.filter(source=source, until__gte=timezone.now())
    return list(rows.values_list("row", flat=True))


def take(item: Item) -> Turn | None:
    """Claim an object for this worker, unless another has it."""
    now, token = timezone.now(), uuid.uuid4()
    try:
        with transaction.atomic():
            return Turn.objects.create(
                source=item.source, row=item.pk, until=now + CLAIM, token=token,
                words=f"{item.reference}, {item.kind}",
            )  # fmt: skip
    except IntegrityError:
        free = Turn.objects.filter(source=item.source, row=item.pk, until__lt=now)
        if not free.update(until=now + CLAIM, token=token):
            return None
        return Turn.objects.get(source=item.source, row=item.pk)


def renew(turn: Turn) -> None:
    """Still at it."""
    mine = Turn.objects.filter(pk=turn.pk, token=turn.token)
    mine.update(until=timezone.now() + CLAIM)


def free(turn: Turn) -> None:
    """Nobody reads it any more; whether the store answered is not said."""
    Turn.objects.filter(pk=turn.pk, token=turn.token).delete()


def done(turn: Turn) -> None:
    """It is read: the store that it lies in answered."""
    free(turn)
    now = timezone.now()
    if turn.source == s3.REPLICA:
        State.objects.filter(pk=1).update(replica_answered_at=now)
    else:
        State.objects.filter(pk=1).update(answered_at=now)


def answered_at(source: str) -> datetime | None:
    """When the store of a kind of object answered last. The replica's is another one: while it is
    away, what answers here says nothing of it."""
    row = state()
    return row.replica_answered_at if source == s3.REPLICA else row.answered_at


def failed(turn: Turn, error: str) -> Turn:
    """The store gave no answer: tried again later."""
    now = timezone.now()
    silent = now - turn.failing_since if turn.failing_since else LATER
    pause = min(LATEST, max(LATER, silent))
    Turn.objects.filter(pk=turn.pk, token=turn.token).update(until=now + pause, error=error[:300])
    Turn.objects.filter(pk=turn.pk, failing_since=None).update(failing_since=now)
    return Turn.objects.get(pk=turn.pk)


def wait(turn: Turn) -> None:
    """The log does not know it yet: later."""
    Turn.objects.filter(pk=turn.pk, token=turn.token).update(until=timezone.now() + LATER)


def forgotten() -> int:
    """Clear away turns of workers that died, a while after their claim ran out."""
    old = timezone.now() - timedelta(days=2)
    return Turn.objects.filter(until__lt=old).delete()[0]
