"""Walking the whole log: every body, number, chain, node, checkpoint, private detail and copy.

The log is read in units of 8,192 events, each by itself (so several processes can share the
work), in memory that does not grow with it. A unit gives its faults and the root of its
subtree; the roots together give the tree, which every checkpoint must agree with.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from uuid import UUID

from django.conf import settings
from django.db import connection

from evidence.custody import keys, published, sequencer, signing, units
from evidence.custody.log import hashing, jcs
from evidence.custody.log.note import open_checkpoint
from evidence.custody.models import Alarm, Checkpoint
from evidence.custody.units import MOST, UNIT, UNIT_LEVEL, Fault, Unit
from evidence.store import s3


def faults(
    since: int = 0,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Fault]:
    """Each thing that does not hold, the earliest event first where order is known.

    `since`: bodies, chains and details of earlier events are not read again; their hashes
    are, so that the tree is still checked whole. `progress` is told (done, total) events.
    """
    # What is added while this runs is the next run's.
    size = sequencer.tree_size()
    signed = _signed_sizes(size)
    tree, latest, exact = hashing.Frontier(), "", _Exact()
    unsound: list[tuple[int, int, str]] = []
    unopened: list[tuple[int, str]] = []
    apart: list[Fault] = []
    whole = True
    for unit in _units(size, since, workers, signed, apart):
        for number in sorted(unit.sums) if whole else ():
            inner = tree.copy()
            inner.extend(unit.sums[number])
            unsound += _checkpoint(number, inner.root())
        if unit.first and unit.first < latest:
            unit.faults.append(
                Fault(unit.start, "order", f"event {unit.start}: it is older than the one before")
            )
        latest = unit.last or latest
        # After a hole the tree has no root any more that could be compared; the events have.
        whole = whole and unit.tree.size == unit.end - unit.start
        if whole:
            tree.extend(unit.tree)
        unopened += unit.unopened
        yield from exact.note(sorted(unit.faults))
        if progress is not None:
            progress(unit.end, size)
        if len(exact.indexes) > MOST:
            yield Fault(unit.end, "many", f"more than {MOST} faults: the rest was not read")
            return
    gone = _gone(unopened, size)
    for more in (_upper_nodes(size), _beyond(size), apart, gone, _signer(size), _published(size)):
        yield from exact.note(more)
    for start, end, sentence in unsound:
        yield Fault(exact.first(start, end), "checkpoint", sentence)


class _Exact:
    """Where the faults so far lie, so that what covers many events can name the first bad one."""

    def __init__(self) -> None:
        self.indexes: list[int] = []

    def note(self, found: Iterable[Fault]) -> Iterator[Fault]:
        """Pass faults on, remembering where they are."""
        for fault in found:
            self.indexes.append(fault.index)
            yield fault

    def first(self, start: int, end: int) -> int:
        """The first known bad event of [start, end), or its start where none is known."""
        return min((index for index in self.indexes if start <= index < end), default=start)


def _signed_sizes(size: int) -> list[int]:
    rows = Checkpoint.objects.filter(size__lte=size).order_by("size")
    return list(rows.values_list("size", flat=True))


def _units(
    size: int, since: int, workers: int, signed: list[int], apart: list[Fault]
) -> Iterator[Unit]:
    """Every unit in order; `apart` gets what one query over everything finds, beside them."""
    jobs = []
    for start in range(0, size, UNIT):
        end = min(start + UNIT, size)
        inside = signed[bisect_right(signed, start) : bisect_right(signed, end)]
        jobs.append((start, end, end > since, inside))
    if workers < 2 or len(jobs) < 2:
        yield from map(units.read, jobs)
        apart += _apart(size)
        return
    connection.close()
    context = get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_forked) as pool:
        other = pool.submit(_apart, size)
        yield from pool.map(units.read, jobs)
        apart += other.result()


def _forked() -> None:
    from django.db import connections

    connections.close_all()


# --- the whole --------------------------------------------------------------------


def _checkpoint(size: int, root: bytes) -> list[tuple[int, int, str]]:
    """(first event that may be wrong, end, sentence), or nothing when it agrees."""
    row = Checkpoint.objects.get(size=size)
    where = f"checkpoint of {size}"
    try:
        signed = open_checkpoint(row.note, keys.log_verifiers())
    except ValueError as error:
        return [(size - 1, size, f"{where}: {error}")]
    if (signed.size, signed.root) == (size, root) and bytes(row.root) == root:
        return []
    before = Checkpoint.objects.filter(size__lt=size).order_by("-size").first()
    start = before.size if before else 0
    sentence = f"an event from {start} to {size - 1} was changed; the signed root is another"
    return [(start, size, f"{where}: {sentence}")]


def _upper_nodes(size: int) -> Iterator[Fault]:
    """The nodes above the units, each from its two children (which were checked below)."""
    level = UNIT_LEVEL
    while size >> (level + 1):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT position, hash FROM custody_node WHERE level = %s AND position < %s"
                " ORDER BY position",
                [level, size >> level],
            )
            children = {at: bytes(value) for at, value in cursor.fetchall()}
            cursor.execute("SELECT position, hash FROM custody_node WHERE level = %s", [level + 1])
            parents = {at: bytes(value) for at, value in cursor.fetchall()}
        for position in range(size >> (level + 1)):
            pair = children.get(position * 2, b""), children.get(position * 2 + 1, b"")
            if parents.get(position) != hashing.node_hash(*pair):
                index = position << (level + 1)
                sentence = (
                    f"event {index}: the tree's node above it (level {level + 1}) was changed"
                )
                yield Fault(index, "node", sentence)
        level += 1


def _beyond(size: int) -> Iterator[Fault]:
    """Checkpoints of more events than there are, and events that lie apart from the rest."""
    now = sequencer.tree_size()
    for row in Checkpoint.objects.filter(size__gt=max(size, now)).order_by("size")[:MOST]:
        yield Fault(
            now, "checkpoint",
            f"checkpoint of {row.size}: the log has only {now} events, the rest is gone",
        )  # fmt: skip
    for alarm in Alarm.objects.filter(source="signer").order_by("-created")[:1]:
        # Also when the signer's process is away now: what it refused last stands here.
        last = Checkpoint.objects.order_by("-size").first()
        if last is None or last.created < alarm.created:
            yield Fault(now, "signer", f"the signer refuses to sign: {alarm.sentence}")


def _apart(size: int) -> list[Fault]:
    """Ids that stand in the log twice, and details of no event. (An object's number that
    stands twice breaks its chain.)"""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(index) FROM custody_event WHERE index < %s GROUP BY id"
            " HAVING count(*) > 1 ORDER BY 1 LIMIT 100",
            [size],
        )
        for (index,) in cursor.fetchall():
            found.append(Fault(index, "twice", f"event {index}: its id stands in the log twice"))
        cursor.execute(
            "SELECT p.event_id FROM custody_private p"
            " LEFT JOIN custody_event e ON e.id = p.event_id"
            " LEFT JOIN custody_pending w ON w.id = p.event_id"
            " WHERE e.id IS NULL AND w.id IS NULL LIMIT 100"
        )
        for (identifier,) in cursor.fetchall():
            sentence = f"private details of {identifier}: there is no such event"
            found.append(Fault(size, "private", sentence))
    return found


def _gone(unopened: list[tuple[int, str]], size: int) -> Iterator[Fault]:
    """Where details are gone, an event must say that they were erased, or were lost."""
    erased = _erased(size) if unopened else set()
    lost = _lost(size) if unopened else []
    for index, identifier in unopened:
        if UUID(identifier) not in erased and not any(index in part for part in lost):
            yield Fault(
                index, "private",
                f"event {index}: its details are gone, and no private.erased event says why",
            )  # fmt: skip


def _lost(size: int) -> list[range]:
    """The events that came back from the bucket, which has no details, as the log itself says."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT body FROM custody_event WHERE type = 'log.restored' AND index < %s", [size]
        )
        for (body,) in cursor.fetchall():
            try:
                said = jcs.parse(bytes(body))["data"]
                found.append(range(said["size"] - said["rebuilt"], said["size"]))
            except (ValueError, KeyError, TypeError):
                continue
    return found


def _erased(size: int) -> set[UUID]:
    found: set[UUID] = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT body FROM custody_event WHERE type = 'private.erased' AND index < %s", [size]
        )
        for (body,) in cursor.fetchall():
            try:
                found |= {UUID(item) for item in jcs.parse(bytes(body))["data"]["events"]}
            except (ValueError, KeyError, TypeError):
                continue
    return found


def _signer(size: int) -> Iterator[Fault]:
    """What the signer remembers, where it works in this process; else it checks at each round."""
    if settings.SIGNER_URL or not settings.SIGNER_STATE.exists():
        return
    state = signing.open_state()
    try:
        if state.newest().size > size:
            yield Fault(
                size, "signer",
                f"the signer has signed {state.newest().size} events; from {size} on they are gone",
            )  # fmt: skip
    finally:
        state.close()


def _published(size: int) -> Iterator[Fault]:
    """The tree in the write-once bucket, which nobody can rewrite, against the one here."""
    try:
        for index, sentence in published.compare(size):
            yield Fault(index, "bucket", sentence)
    except s3.StoreError as error:
        yield Fault(0, "bucket", f"the write-once bucket can't be read: {error}")


def processes() -> int:
    """How many processes a walk over the log may use on this machine."""
    return max(1, min(8, os.cpu_count() or 1))
