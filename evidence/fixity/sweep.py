"""The sweep: objects are read again, those first that were not for the longest, at a set rate.

The database says who reads what, so several workers share it, and a worker that dies is found:
its claim runs out, and the object is still the longest unread.
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from evidence.custody import signing
from evidence.fixity import finding, reading, registry, turns
from evidence.fixity.models import Damage, Turn
from evidence.fixity.reading import Found
from evidence.fixity.registry import Item
from evidence.store import s3

log = structlog.get_logger(__name__)
# A run begins no object after so long, so that other work of the queue has its turn.
SLICE_SECONDS = 20
# Nothing is read again within so long, however small the store.
AGAIN = timedelta(days=1)
# An object that could not be read for so long, while others could, is damaged.
PATIENCE = timedelta(days=1)
# Sealed and still not in the log after so long: it will not come by itself.
NUMBERED = timedelta(days=1)
CANDIDATES = 20
NOTED = 8 * 2**20


def run() -> int:
    """One slice of the sweep; how many objects it read.

    Ends when its time or the allowance is used up, or the store does not answer. One object is
    read to its end: what that takes beyond the allowance, the slices to come pay back.
    """
    if not settings.FIXITY_BYTES_SECOND:
        return 0
    began, count = time.monotonic(), 0
    while time.monotonic() - began < SLICE_SECONDS and turns.spend(0) > 0:
        found = _next()
        if found is None:
            break
        item, turn = found
        try:
            check(item, turn)
        except s3.StoreError as error:
            _no_answer(item, turn, error)
            break
        count += 1
    return count


def _next() -> tuple[Item, Turn] | None:
    """The object that was not read for the longest, claimed for this worker."""
    before = timezone.now() - AGAIN
    heads = [
        item
        for source in registry.sources()
        for item in source.oldest(before, turns.taken(source.name), CANDIDATES)
    ]
    for item in sorted(heads, key=lambda item: item.checked_at):
        turn = turns.take(item)
        if turn is None:
            continue
        # Another worker may have read it between the list and the claim.
        now = registry.source(item.source).find(item.pk)
        if now == item:
            return item, turn
        turns.done(turn)
    return None


def check(item: Item, turn: Turn) -> Damage | None:
    """Read one object that is claimed, and write down what was found. Raises s3.StoreError."""
    source = registry.source(item.source)
    said = source.said(item)
    spender = Spender(turn)
    try:
        seen = reading.look(item, said, spender.read)
    finally:
        spender.flush()
    damage = None
    if not seen.what:
        source.seen(item, timezone.now())
    elif seen.what == Damage.What.UNKNOWN and item.checked_at > timezone.now() - NUMBERED:
        turns.wait(turn)
        return None
    else:
        damage = finding.found(item, said, seen)
    turns.done(turn)
    return damage


class Spender:
    """Is told of bytes that were read: takes them from the allowance, and keeps the claim."""

    def __init__(self, turn: Turn) -> None:
        self._turn, self._count, self._last = turn, 0, time.monotonic()

    def read(self, count: int) -> None:
        """So many more."""
        self._count += count
        if self._count >= NOTED:
            self.flush()
        if time.monotonic() - self._last > turns.CLAIM.total_seconds() / 5:
            self._last = time.monotonic()
            turns.renew(self._turn)

    def flush(self) -> None:
        """Take what was not taken yet."""
        turns.spend(self._count)
        self._count = 0


def _no_answer(item: Item, turn: Turn, error: s3.StoreError) -> None:
    """Not damage: the store may be away. Of one object alone, for a day, it is."""
    row = turns.failed(turn, str(error))
    log.warning("an object could not be read", key=item.key, error=str(error))
    since = row.failing_since
    if since is None or timezone.now() - since < PATIENCE:
        return
    answered = turns.state().answered_at
    if answered is not None and answered > since + PATIENCE / 2:
        source = registry.source(item.source)
        finding.found(item, source.said(item), Found(Damage.What.UNREADABLE))
        turns.done(row)
    else:
        signing.alarm("fixity", "The object store has not answered for a day: nothing can be read "
                      "again. Check the store and the network.")  # fmt: skip
