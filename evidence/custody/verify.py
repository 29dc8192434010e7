"""Walking the whole log: every body, number, chain, node, checkpoint, private detail and copy.

The log is read in units of 8,192 events, each by itself (so several processes can share the
work), in memory that does not grow with it. A unit gives its faults and the root of its
subtree; the roots together give the tree, which every checkpoint must agree with.
"""

from __future__ import annotations

import gc
import hashlib
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import psycopg
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
    unopened: list[tuple[int, str]] = field(default_factory=list)  # details that are gone


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
    for unit in _units(size, since, workers, signed, apart):
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
        yield from map(_unit, jobs)
        apart += _apart(size)
        return
    connection.close()
    context = get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_forked) as pool:
        other = pool.submit(_apart, size)
        yield from pool.map(_unit, jobs)
        apart += other.result()


def _forked() -> None:
    from django.db import connections

    connections.close_all()


# --- one unit ---------------------------------------------------------------------


def _rows(start: int, end: int) -> list[tuple[Any, ...]]:
    # Times and ids as text: the body has text too, and nothing has to be made of it. Bytes
    # come in binary: twice as fast as PostgreSQL's hexadecimal.
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            "SELECT index, body, leaf, type, object_ref, seq, actor_ref, outcome, id::text,"
            " to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
            " FROM custody_event WHERE index >= %s AND index < %s ORDER BY index",
            [start, end],
            binary=True,
        )
        return list(cursor.fetchall())


def _leaves(start: int, end: int) -> Iterator[tuple[int, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT index, leaf FROM custody_event WHERE index >= %s AND index < %s ORDER BY index",
            [start, end],
        )
        for index, leaf in cursor.fetchall():
            yield index, bytes(leaf)


def _unit(job: tuple[int, int, bool, list[int]]) -> Unit:
    # Nothing here is in a cycle; without the collector's looks at it, a tenth is saved.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _read_unit(*job)
    finally:
        if collecting:
            gc.enable()


def _read_unit(start: int, end: int, whole: bool, inside: list[int]) -> Unit:
    unit = Unit(start, end)
    chain = _Chain(unit)
    found = _checked(unit, chain) if whole else list(_leaves(start, end))
    if whole:
        chain.finish()
    leaves = [leaf for _, leaf in found]
    if [index for index, _ in found] != list(range(start, end)):
        expected = start
        for index, _ in [*found, (end, b"")]:
            if index != expected:
                _missing(unit, expected, index)
            expected = index + 1
    levels = _levels(leaves)
    if len(leaves) != end - start or not _nodes_agree(unit, levels):
        _nodes(unit, dict(found))
    unit.tree = _tree(levels, len(leaves))
    for size in inside:
        unit.sums[size] = _tree(levels, min(size - start, len(leaves)))
    return unit


def _levels(leaves: list[bytes]) -> list[list[bytes]]:
    """The complete subtrees of a unit, level by level, from its leaves up."""
    levels = [leaves]
    digest = hashlib.sha256
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = zip(below[0::2], below[1::2], strict=False)
        levels.append([digest(b"\x01" + left + right).digest() for left, right in pairs])
    return levels


def _tree(levels: list[list[bytes]], size: int) -> hashing.Frontier:
    """The unit's tree when it had `size` leaves."""
    hashes, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            hashes.append(levels[level][start >> level])
            start += 1 << level
    return hashing.Frontier(size, hashes)


def _nodes_agree(unit: Unit, levels: list[list[bytes]]) -> bool:
    """Whether all stored nodes of the unit are the computed ones; a row a level is read."""
    with connection.cursor() as cursor:
        for level in range(UNIT_LEVEL + 1):
            wanted = b"".join(levels[level]) if level < len(levels) else b""
            cursor.execute(
                "SELECT string_agg(hash, ''::bytea ORDER BY position) FROM custody_node"
                " WHERE level = %s AND position >= %s AND position < %s",
                [level, unit.start >> level, unit.end >> level],
            )
            if bytes(cursor.fetchone()[0] or b"") != wanted:
                return False
    return True


def _missing(unit: Unit, start: int, end: int) -> None:
    what = f"event {start} is" if end - start == 1 else f"events {start} to {end - 1} are"
    unit.faults.append(Fault(start, "missing", f"{what} missing"))


def _checked(unit: Unit, chain: _Chain) -> list[tuple[int, bytes]]:
    """Each event's index and the hash of its body, after everything that it says was checked."""
    origin, latest = settings.CUSTODY_ORIGIN, ""
    digest, parse, found = hashlib.sha256, jcs.parse, []
    committed: dict[str, tuple[int, str]] = {}

    def add(index: int, what: str, sentence: str) -> None:
        unit.faults.append(Fault(index, what, f"event {index}: {sentence}"))

    for index, raw, stored, *columns in _rows(unit.start, unit.end):
        body = raw if type(raw) is bytes else bytes(raw)
        leaf = digest(b"\x00" + body).digest()
        found.append((index, leaf))
        if leaf != stored:
            add(index, "leaf", "its body was changed (another leaf hash)")
        try:
            said = parse(body)
            subject, time = said["object"], said["time"]
            ref, seq = subject["ref"], subject["seq"]
            own = [said["type"], ref, seq, said["actor"]["ref"], said["outcome"], said["id"], time]
            prev, log = subject["prev"], said["log"]
            if "private" in said:
                committed[str(UUID(said["id"]))] = (index, said["private"]["commit"])
        except (ValueError, KeyError, TypeError) as error:
            add(index, "body", f"its body is not canonical ({error})")
            continue
        if own != columns:
            add(index, "columns", "its columns don't say what its body says")
        if log != origin:
            add(index, "origin", f"it is of another log, {log}")
        if time < latest:
            add(index, "order", "it is older than the event before it")
        latest = time
        unit.first = unit.first or time
        chain.add(index, ref, seq, prev, leaf)
    unit.last = latest
    if committed:
        _open(unit, committed)
    return found


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
        connection.ensure_connection()
        with psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(
                "SELECT o.ref, e.seq, e.leaf FROM unnest(%s::text[]) AS o(ref), LATERAL ("
                " SELECT seq, leaf FROM custody_event WHERE object_ref = o.ref AND index < %s"
                " ORDER BY seq DESC LIMIT 1) AS e",
                [[ref for ref, seq, _, _ in self.firsts if seq != 1], self.unit.start],
                binary=True,
            )
            for ref, seq, leaf in cursor.fetchall():
                before[ref] = (seq, leaf.hex())
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


def _open(unit: Unit, committed: dict[str, tuple[int, str]]) -> None:
    """Details must open the commitments of a unit's events; what is gone is looked at later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_id::text, salt, details FROM custody_private"
            " WHERE event_id = ANY(%s::uuid[])",
            [list(committed)],
        )
        for identifier, salt, details in cursor.fetchall():
            index, commitment = committed.pop(identifier)
            if hashlib.sha256(bytes(salt) + bytes(details)).hexdigest() != commitment:
                sentence = f"event {index}: its private details were changed"
                unit.faults.append(Fault(index, "private", sentence))
    unit.unopened = [(index, identifier) for identifier, (index, _) in committed.items()]


def _gone(unopened: list[tuple[int, str]], size: int) -> Iterator[Fault]:
    """Where details are gone, an event must say that they were erased."""
    erased = _erased(size) if unopened else set()
    for index, identifier in unopened:
        if UUID(identifier) not in erased:
            yield Fault(
                index, "private",
                f"event {index}: its details are gone, and no private.erased event says why",
            )  # fmt: skip


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
