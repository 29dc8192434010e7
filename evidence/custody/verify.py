"""Walking the whole log: every body, number, chain, node, checkpoint, private detail and copy.

The log is read in units of 8,192 events, each by itself (so several processes can share the
work), in memory that does not grow with it. A unit gives its faults and the root of its
subtree; the roots together give the tree, which every checkpoint must agree with.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from evidence.custody import keys, published, sequencer, signing
from evidence.custody.log import hashing, jcs
from evidence.custody.log.note import open_checkpoint
from evidence.custody.models import Alarm, Checkpoint
from evidence.store import s3

UNIT_LEVEL = 13
UNIT = 1 << UNIT_LEVEL
# Enough to know what happened; a rewritten log of a million events needs no million lines.
MOST = 1000


@dataclass(frozen=True, order=True)
class Fault:
    """Something that does not hold. `index` is the first event that it concerns."""

    index: int
    what: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    def row(self) -> dict[str, Any]:
        """For JSON."""
        return {"what": self.what, "index": self.index, "sentence": self.sentence}


@dataclass
class Unit:
    """What one unit of events gave."""

    start: int
    end: int
    faults: list[Fault] = field(default_factory=list)
    tree: hashing.Frontier = field(default_factory=hashing.Frontier)
    sums: dict[int, hashing.Frontier] = field(default_factory=dict)  # at checkpoints inside
    first: str = ""
    last: str = ""


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
    for unit in _units(size, since, workers, signed):
        for number in sorted(unit.sums):
            inner = tree.copy()
            inner.extend(unit.sums[number])
            unsound += _checkpoint(number, inner.root())
        if unit.first and unit.first < latest:
            unit.faults.append(
                Fault(unit.start, "order", f"event {unit.start}: it is older than the one before")
            )
        latest = unit.last or latest
        tree.extend(unit.tree)
        yield from exact.note(sorted(unit.faults))
        if progress is not None:
            progress(unit.end, size)
        if len(exact.indexes) > MOST:
            yield Fault(unit.end, "many", f"more than {MOST} faults: the rest was not read")
            return
    for more in (_upper_nodes(size), _beyond(size), _twice(), _private(since, size),
                 _signer(size), _published(size)):  # fmt: skip
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


def _units(size: int, since: int, workers: int, signed: list[int]) -> Iterator[Unit]:
    jobs = []
    for start in range(0, size, UNIT):
        end = min(start + UNIT, size)
        inside = [number for number in signed if start < number <= end]
        jobs.append((start, end, end > since, inside))
    if workers < 2 or len(jobs) < 2:
        yield from map(_unit, jobs)
        return
    connection.close()
    context = get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_forked) as pool:
        yield from pool.map(_unit, jobs)


def _forked() -> None:
    from django.db import connections

    connections.close_all()


# --- one unit ---------------------------------------------------------------------


def _rows(start: int, end: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT index, id, type, object_ref, seq, actor_ref, outcome, time, body, leaf"
            " FROM custody_event WHERE index >= %s AND index < %s ORDER BY index",
            [start, end],
        )
        return cursor.fetchall()


def _leaves(start: int, end: int) -> Iterator[tuple[int, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT index, leaf FROM custody_event WHERE index >= %s AND index < %s ORDER BY index",
            [start, end],
        )
        for index, leaf in cursor.fetchall():
            yield index, bytes(leaf)


def _unit(job: tuple[int, int, bool, list[int]]) -> Unit:
    start, end, whole, inside = job
    unit = Unit(start, end)
    tree = unit.tree
    leaves: dict[int, bytes] = {}
    wanted = set(inside)
    chain = _Chain(unit)
    rows = _rows(start, end) if whole else None
    source = _checked(rows, unit, chain) if rows is not None else _leaves(start, end)
    expected = start
    for index, leaf in source:
        if index != expected:
            _missing(unit, expected, index)
            expected = index
        expected += 1
        leaves[index] = leaf
        tree.append(leaf)
        if expected in wanted:
            unit.sums[expected] = tree.copy()
    if expected != end:
        _missing(unit, expected, end)
    if whole:
        chain.finish()
    _nodes(unit, leaves)
    return unit


def _missing(unit: Unit, start: int, end: int) -> None:
    what = f"event {start} is" if end - start == 1 else f"events {start} to {end - 1} are"
    unit.faults.append(Fault(start, "missing", f"{what} missing"))


def _checked(rows: list[tuple[Any, ...]], unit: Unit, chain: _Chain) -> Iterator[tuple[int, bytes]]:
    """Each event's index and the hash of its body, after everything that it says was checked."""
    origin = settings.CUSTODY_ORIGIN
    latest = ""
    for index, identifier, kind, ref, seq, actor, outcome, moment, raw, stored in rows:
        body = bytes(raw)
        leaf = hashing.leaf_hash(body)
        where = f"event {index}"
        add = unit.faults.append
        if leaf != bytes(stored):
            add(Fault(index, "leaf", f"{where}: its body was changed (another leaf hash)"))
        try:
            said = jcs.parse(body)
            subject, time = said["object"], said["time"]
            columns = (
                said["type"], subject["ref"], subject["seq"], said["actor"]["ref"],
                said["outcome"], said["id"], time,
            )  # fmt: skip
            prev, log = subject["prev"], said["log"]
        except (jcs.ProfileError, KeyError, TypeError) as error:
            add(Fault(index, "body", f"{where}: its body is not canonical ({error})"))
            yield index, leaf
            continue
        stamp = f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"
        if columns != (kind, ref, seq, actor, outcome, str(identifier), stamp):
            add(Fault(index, "columns", f"{where}: its columns don't say what its body says"))
        if log != origin:
            add(Fault(index, "origin", f"{where}: it is of another log, {log}"))
        if time < latest:
            add(Fault(index, "order", f"{where}: it is older than the event before it"))
        latest = time
        unit.first = unit.first or time
        chain.add(index, str(columns[1]), columns[2], prev, leaf)
        yield index, leaf
    unit.last = latest


class _Chain:
    """The per-object chains of one unit; the first link of each is looked up at the end."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.heads: dict[str, tuple[int, str]] = {}
        self.firsts: list[tuple[str, int, str | None, int]] = []

    def add(self, index: int, ref: str, seq: Any, prev: Any, leaf: bytes) -> None:
        known = self.heads.get(ref)
        if known is None:
            self.firsts.append((ref, seq, prev, index))
        elif (seq, prev) != (known[0] + 1, known[1]):
            self.broken(index, ref, seq)
        self.heads[ref] = (seq, leaf.hex())

    def broken(self, index: int, ref: str, seq: Any) -> None:
        sentence = f"event {index}: the chain of {ref} is broken at number {seq}"
        self.unit.faults.append(Fault(index, "chain", sentence))

    def finish(self) -> None:
        """An object's first event here must follow its last one before this unit."""
        before: dict[str, tuple[int, str]] = {}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT o.ref, e.seq, e.leaf FROM unnest(%s::text[]) AS o(ref), LATERAL ("
                " SELECT seq, leaf FROM custody_event WHERE object_ref = o.ref AND index < %s"
                " ORDER BY seq DESC LIMIT 1) AS e",
                [[ref for ref, seq, _, _ in self.firsts if seq != 1], self.unit.start],
            )
            for ref, seq, leaf in cursor.fetchall():
                before[ref] = (seq, bytes(leaf).hex())
        for ref, seq, prev, index in self.firsts:
            known = before.get(ref)
            if (seq, prev) != ((known[0] + 1, known[1]) if known else (1, None)):
                self.broken(index, ref, seq)


def _nodes(unit: Unit, leaves: dict[int, bytes]) -> None:
    """The stored nodes are what proofs are made from: a leaf must be its body's, a node its
    two children's. So the fault lies where it is, not in everything above it."""
    stored: dict[tuple[int, int], bytes] = {}
    with connection.cursor() as cursor:
        for level in range(UNIT_LEVEL + 1):
            cursor.execute(
                "SELECT position, hash FROM custody_node"
                " WHERE level = %s AND position >= %s AND position < %s",
                [level, unit.start >> level, unit.end >> level],
            )
            stored.update({(level, at): bytes(value) for at, value in cursor.fetchall()})
    places = stored.keys() | {(0, index) for index in leaves}
    for level in range(1, UNIT_LEVEL + 1):
        places |= {(level, at) for at in range(unit.start >> level, unit.end >> level)}
    right = {(0, index): leaf for index, leaf in leaves.items()}
    for level, at in sorted(places):
        held = stored.get((level, at))
        if level:
            below = [(level - 1, 2 * at), (level - 1, 2 * at + 1)]
            right[level, at] = hashing.node_hash(*(right.get(place, b"") for place in below))
            # A node agrees with its children as stored, or (when one of those was changed)
            # with what they ought to be: else it is the one that was changed.
            agrees = held in (
                right[level, at],
                hashing.node_hash(*(stored.get(place, b"") for place in below)),
            )
        else:
            agrees = held == right.get((level, at))
        if not agrees:
            sentence = f"event {at << level}: the tree's node above it (level {level}) was changed"
            unit.faults.append(Fault(at << level, "node", sentence))
            if len(unit.faults) > MOST:
                return


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


def _twice() -> Iterator[Fault]:
    """Ids, and numbers of an object, that stand in the log more than once."""
    for columns, name in (("id", "id"), ("object_ref, seq", "number of an object")):
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT max(index) FROM custody_event GROUP BY {columns}"  # noqa: S608
                " HAVING count(*) > 1 ORDER BY 1 LIMIT 100"
            )
            for (index,) in cursor.fetchall():
                yield Fault(index, "twice", f"event {index}: its {name} stands in the log twice")


def _private(since: int, size: int) -> Iterator[Fault]:
    """Details must open their commitment; where they are gone, the log must say they were erased.

    Read in the order of events, a unit at a time.
    """
    erased = _erased(size)
    for start in range(since - since % UNIT, size, UNIT):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT e.index, e.id, e.body, p.salt, p.details FROM custody_event e"
                " LEFT JOIN custody_private p ON p.event_id = e.id"
                " WHERE e.index >= %s AND e.index < %s"
                " AND (p.event_id IS NOT NULL OR position('\"private\":'::bytea in e.body) > 0)"
                " ORDER BY e.index",
                [start, min(start + UNIT, size)],
            )
            for index, identifier, body, salt, details in cursor.fetchall():
                yield from _opening(index, identifier, bytes(body), salt, details, erased)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.event_id FROM custody_private p"
            " LEFT JOIN custody_event e ON e.id = p.event_id"
            " LEFT JOIN custody_pending w ON w.id = p.event_id"
            " WHERE e.id IS NULL AND w.id IS NULL LIMIT 100"
        )
        for (identifier,) in cursor.fetchall():
            yield Fault(size, "private", f"private details of {identifier}: there is no such event")


def _opening(
    index: int, identifier: UUID, body: bytes, salt: Any, details: Any, erased: set[UUID]
) -> Iterator[Fault]:
    try:
        commitment = jcs.parse(body).get("private", {}).get("commit")
    except (jcs.ProfileError, AttributeError):
        return  # said above
    if salt is None:
        if commitment is not None and identifier not in erased:
            yield Fault(
                index, "private",
                f"event {index}: its details are gone, and no private.erased event says why",
            )  # fmt: skip
    elif hashlib.sha256(bytes(salt) + bytes(details)).hexdigest() != commitment:
        yield Fault(index, "private", f"event {index}: its private details were changed")


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
