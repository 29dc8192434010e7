"""What tests of the custody log share: writing many events, and tampering as an owner could."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from evidence.custody import sequencer
from evidence.custody.log import hashing
from evidence.custody.models import Event, Node
from evidence.custody.record import Draft, Subject, record, service
from tests.conftest import CUSTODY


def look(reference: str = "R-1", **more: Any) -> Draft:
    private = {"name": "PC 1 A", "address": "127.0.0.1"}
    return Draft("evidence.viewed", Subject(reference), service("test"), private=private, **more)


def write(*references: str) -> None:
    with transaction.atomic():
        for reference in references:
            record(look(reference))
    sequencer.run()


def fill(count: int, objects: int = 7) -> None:
    """That many events on a few objects."""
    write(*(f"R-{number % objects}" for number in range(count)))


@contextmanager
def owner() -> Iterator[Any]:
    """A cursor with every trigger off, as a database owner could."""
    with connection.cursor() as cursor:
        for table in CUSTODY:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            yield cursor
        finally:
            for table in CUSTODY:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def tamper(statement: str, *values: Any) -> None:
    with owner() as cursor:
        cursor.execute(statement, values)


def recompute(cursor: Any) -> None:
    """Make the whole tree, every leaf, seq and prev fit the bodies again."""
    from evidence.custody.log import jcs

    heads: dict[str, tuple[int, str | None]] = {}
    cursor.execute("DELETE FROM custody_node")
    cursor.execute("UPDATE custody_event SET seq = -1 - index")
    known: dict[tuple[int, int], bytes] = {}
    for index, event in enumerate(Event.objects.order_by("index")):
        body = jcs.parse(bytes(event.body))
        ref = body["object"]["ref"]
        seq, prev = heads.get(ref, (0, None))
        body["object"] |= {"seq": seq + 1, "prev": prev}
        raw = jcs.canonical(body)
        leaf = hashing.leaf_hash(raw)
        cursor.execute(
            "UPDATE custody_event SET index = %s, body = %s, leaf = %s, seq = %s WHERE index = %s",
            [index, raw, leaf, seq + 1, event.index],
        )
        heads[ref] = (seq + 1, leaf.hex())
        for level, position, value in hashing.completed_nodes(
            index, leaf, lambda lv, at: known[lv, at]
        ):
            known[level, position] = value
    Node.objects.bulk_create(
        [Node(level=level, position=at, hash=value) for (level, at), value in known.items()]
    )
