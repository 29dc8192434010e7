"""The one sequencer: gives committed events their index, seq and prev, and grows the tree.

An advisory lock makes it one, and nothing else waits for that lock. It may die at any
line: a round is one transaction, and what was not numbered is found by the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from evidence.custody.log import hashing, jcs
from evidence.custody.models import Event, Node, Pending

LOCK = 0x62_77_76_01  # 'bwv' and a number: PostgreSQL's advisory lock key
BATCH = 500


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


def run() -> int:
    """Number everything that waits; how many events that was."""
    total = 0
    while True:
        done = _round()
        total += done
        if done < BATCH:
            return total


def _round() -> int:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        waiting = list(Pending.objects.order_by("position")[:BATCH])
        if not waiting:
            return 0
        known = set(
            Event.objects.filter(id__in=[row.id for row in waiting]).values_list("id", flat=True)
        )
        _append([row for row in waiting if row.id not in known])
        # Through _raw_delete: the model refuses, the database allows it once the event stands.
        Pending.objects.filter(pk__in=[row.pk for row in waiting])._raw_delete("default")
        return len(waiting)


def _append(waiting: Iterable[Pending]) -> None:
    drafts = [jcs.parse(bytes(row.body)) for row in waiting]
    last = Event.objects.order_by("-index").first()
    index = 0 if last is None else last.index + 1
    latest = "" if last is None else str(last.parsed()["time"])
    heads = _heads({draft["object"]["ref"] for draft in drafts})
    read = TreeReader()
    events: list[Event] = []
    nodes: list[Node] = []
    for draft in drafts:
        ref = draft["object"]["ref"]
        seq, prev = heads.get(ref, (0, None))
        draft["object"] |= {"seq": seq + 1, "prev": prev}
        # Two processes' clocks differ by a little; the log's order is the order that counts.
        latest = draft["time"] = max(draft["time"], latest)
        event = _event(index, draft)
        leaf = bytes(event.leaf)
        for level, position, value in hashing.completed_nodes(index, leaf, read):
            read.known[level, position] = value
            nodes.append(Node(level=level, position=position, hash=value))
        heads[ref] = (seq + 1, leaf.hex())
        events.append(event)
        index += 1
    Event.objects.bulk_create(events)
    Node.objects.bulk_create(nodes)


def _event(index: int, draft: dict[str, Any]) -> Event:
    body = jcs.canonical(draft)
    return Event(
        index=index,
        id=draft["id"],
        type=draft["type"],
        object_ref=draft["object"]["ref"],
        seq=draft["object"]["seq"],
        actor_ref=draft["actor"]["ref"],
        outcome=draft["outcome"],
        time=datetime.fromisoformat(draft["time"]),
        body=body,
        leaf=hashing.leaf_hash(body),
    )


def _heads(refs: set[str]) -> dict[str, tuple[int, str | None]]:
    rows = (
        Event.objects.filter(object_ref__in=refs)
        .order_by("object_ref", "-seq")
        .distinct("object_ref")
        .values_list("object_ref", "seq", "leaf")
    )
    return {ref: (seq, bytes(leaf).hex()) for ref, seq, leaf in rows}
