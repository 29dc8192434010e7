"""The one sequencer: gives committed events their index, seq and prev, and grows the tree.

An advisory lock makes it one. An action that has just committed tries once and never waits
(`wait=False`); a process of its own (`manage.py custody run`) takes along whatever is left;
whoever needs an index at once asks for a round and waits, well under a second. It may die
at any line: a round is one transaction, and what was not numbered is found by the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from evidence.custody.log import hashing, jcs
from evidence.custody.log.clock import stamp
from evidence.custody.models import Event, Node, Pending

LOCK = 0x62_77_76_01  # 'bwv' and a number: PostgreSQL's advisory lock key
BATCH = 1000
EVENT_COLUMNS = (
    "index", "id", "type", "object_ref", "seq", "actor_ref", "outcome", "time", "body", "leaf",
)  # fmt: skip
EVENT_TYPES = (
    "int8", "uuid", "text", "text", "int8", "text", "text", "timestamptz", "bytea", "bytea",
)  # fmt: skip


class TreeReader:
    """Reads complete subtrees, remembering what this round added or read."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, position: int) -> bytes:
        """The hash of a complete subtree. Raises Node.DoesNotExist."""
        found = self.known.get((level, position))
        if found is None:
            row = Node.objects.get(level=level, position=position)
            found = self.known[level, position] = bytes(row.hash)
        return found


def tree_size() -> int:
    """The number of events in the log."""
    last = Event.objects.order_by("-index").values_list("index", flat=True).first()
    return 0 if last is None else last + 1


def run(*, wait: bool = True) -> int:
    """Number what waits; how many events that was.

    With `wait` everything that is committed by now has its index on return. Without, one
    batch at most, and nothing at all while another process is numbering.
    """
    total = 0
    while True:
        done = _round(wait)
        total += done
        if done < BATCH or not wait:
            return total


def _locked(wait: bool) -> bool:
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _round(wait: bool) -> int:
    with transaction.atomic():
        if not _locked(wait):
            return 0
        waiting = list(
            Pending.objects.order_by("position").values_list("position", "id", "body")[:BATCH]
        )
        if not waiting:
            return 0
        identifiers = [identifier for _, identifier, _ in waiting]
        known = set(Event.objects.filter(id__in=identifiers).values_list("id", flat=True))
        _append([bytes(body) for _, identifier, body in waiting if identifier not in known])
        # Through _raw_delete: the model refuses, the database allows it once the event stands.
        positions = [position for position, _, _ in waiting]
        Pending.objects.filter(pk__in=positions)._raw_delete("default")
        return len(waiting)


def _append(waiting: Iterable[bytes]) -> None:
    drafts = [jcs.parse(body) for body in waiting]
    last = Event.objects.order_by("-index").first()
    index = 0 if last is None else last.index + 1
    latest = "" if last is None else str(last.parsed()["time"])
    heads = _heads({draft["object"]["ref"] for draft in drafts})
    clock = _clock()
    read = TreeReader()
    events: list[tuple[Any, ...]] = []
    nodes: list[tuple[Any, ...]] = []
    for draft in drafts:
        ref = draft["object"]["ref"]
        seq, prev = heads.get(ref, (0, None))
        draft["object"] |= {"seq": seq + 1, "prev": prev}
        # Machines' clocks differ; the log's order is the order that counts. One clock that is
        # wrong by a year must not stamp everything after it: none is later than the database's.
        latest = draft["time"] = max(min(draft["time"], clock), latest)
        event = event_row(index, jcs.canonical(draft), draft)
        leaf = event[-1]
        for level, position, value in hashing.completed_nodes(index, leaf, read):
            read.known[level, position] = value
            nodes.append((level, position, value))
        heads[ref] = (seq + 1, leaf.hex())
        events.append(event)
        index += 1
    copy_events(events)
    copy_nodes(nodes)


def event_row(index: int, body: bytes, said: dict[str, Any]) -> tuple[Any, ...]:
    """The columns of an event (EVENT_COLUMNS), from its canonical bytes and what they say."""
    subject = said["object"]
    return (
        index, UUID(said["id"]), said["type"], subject["ref"], subject["seq"],
        said["actor"]["ref"], said["outcome"], datetime.fromisoformat(said["time"]),
        body, hashing.leaf_hash(body),
    )  # fmt: skip


def copy_events(rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert events, their columns in the order of EVENT_COLUMNS."""
    columns = ", ".join(f'"{name}"' for name in EVENT_COLUMNS)
    _copy(f"COPY custody_event ({columns}) FROM STDIN", EVENT_TYPES, rows)


def copy_nodes(rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert (level, position, hash)."""
    _copy("COPY custody_node (level, position, hash) FROM STDIN", ("int2", "int8", "bytea"), rows)


def _copy(statement: str, kinds: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[attr-defined]
        copy.set_types(kinds)
        for row in rows:
            copy.write_row(row)


def _clock() -> str:
    """The database's time, as every event writes its own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return stamp(cursor.fetchone()[0])


def _heads(refs: set[str]) -> dict[str, tuple[int, str | None]]:
    """The newest (seq, leaf) of each object: one index probe an object."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.ref, e.seq, e.leaf FROM unnest(%s::text[]) AS o(ref), LATERAL ("
            " SELECT seq, leaf FROM custody_event WHERE object_ref = o.ref"
            " ORDER BY seq DESC LIMIT 1) AS e",
            [list(refs)],
        )
        return {ref: (seq, bytes(leaf).hex()) for ref, seq, leaf in cursor.fetchall()}
