"""One unit of the log: 8,192 events read by themselves, with everything that they say."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connection

from evidence.custody.log import hashing, jcs

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


def read(job: tuple[int, int, bool, list[int]]) -> Unit:
    """One unit: (start, end, whether its bodies are read, checkpoint sizes inside)."""
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
