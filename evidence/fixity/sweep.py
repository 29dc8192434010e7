"""The sweep: objects are read again, those first that were not for the longest, at a set rate.

The database says who reads what, so several workers share it, and a worker that dies is found:
its claim runs out, and the object is still the longest unread.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone

from evidence.custody import signing
from evidence.fixity import finding, reading, registry, turns
from evidence.fixity.models import Damage, Turn
from evidence.fixity.reading import Found
from evidence.fixity.registry import Item, Source
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
# After so many objects in a row that a place did not give out, it has its peace for this run.
SILENT = 5
NOTED = 8 * 2**20


def run() -> int:
    """One slice of the sweep; how many objects it read.

    Ends when its time or the allowance is used up, or the store does not answer. One object is
    read to its end: what that takes beyond the allowance, the slices to come pay back.
    """
    if not settings.FIXITY_BYTES_SECOND:
        return 0
    began, count = time.monotonic(), 0
    # One unreadable object says nothing of the next; a place that does not answer is left alone,
    # and the other one is read on.
    silent: Counter[str] = Counter()
    while time.monotonic() - began < SLICE_SECONDS and turns.spend(0) > 0:
        found = _next({alias for alias, times in silent.items() if times >= SILENT})
        if found is None:
            break
        item, turn = found
        place = s3.REPLICA if item.alias == s3.REPLICA else ""
        try:
            check(item, turn)
        except s3.StoreError as error:
            _no_answer(item, turn, error)
            silent[place] += 1
            continue
        silent[place] = 0
        count += 1
    return count


def _next(without: Collection[str] = ()) -> tuple[Item, Turn] | None:
    """The object that was not read for the longest, claimed for this worker."""
    before = timezone.now() - AGAIN
    heads = [
        item
        for source in registry.sources()
        if (s3.REPLICA if source.name == s3.REPLICA else "") not in without
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
        turns.free(turn)
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
    elif not _can_be_made_again(source, item) or (
        seen.what == Damage.What.UNKNOWN and item.checked_at > timezone.now() - NUMBERED
    ):
        turns.wait(turn)
        return None
    else:
        damage = finding.found(item, said, seen)
        if damage is None:  # it is being destroyed, or has moved on: others have their turn first
            turns.wait(turn)
            return None
    turns.done(turn)
    return damage


def _can_be_made_again(source: Source[Any], item: Item) -> bool:
    """Whether a bad viewing copy may be thrown away: only where its original was read just now and
    is right. Otherwise it may be all that is left of the footage."""
    base = source.made_from(item)
    if base is None:
        return True
    turn = turns.take(base)
    if turn is None:
        return False
    before = timezone.now()
    try:
        check(base, turn)
    except s3.StoreError as error:
        _no_answer(base, turn, error)
        return False
    again = registry.source(base.source).find(base.pk)
    return again is not None and again.checked_at >= before


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
    answered = turns.answered_at(item.source)
    if answered is not None and answered > since + PATIENCE / 2:
        source = registry.source(item.source)
        finding.found(item, source.said(item), Found(Damage.What.UNREADABLE))
        turns.free(row)
    else:
        name = "replica" if item.alias == s3.REPLICA else "object store"
        signing.alarm("fixity", f"The {name} has not answered for a day: nothing in it can be read "
                      "again. Check the store and the network.")  # fmt: skip
