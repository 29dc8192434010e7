"""A hundred different edits of the custody tables by their owner: all found, the place named."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from evidence.custody import checkpoints, verify
from evidence.custody.log import hashing, jcs
from evidence.custody.models import Event
from tests.conftest import CUSTODY
from tests.custody import fill

SIZE = 400
Edit = Callable[[Any, int, random.Random], int]


def _body(index: int) -> dict[str, Any]:
    return Event.objects.get(index=index).parsed()


def _set(cursor: Any, index: int, body: dict[str, Any], leaf: bool) -> None:
    raw = jcs.canonical(body)
    if leaf:
        cursor.execute("UPDATE custody_event SET body = %s, leaf = %s WHERE index = %s",
                       [raw, hashing.leaf_hash(raw), index])  # fmt: skip
    else:
        cursor.execute("UPDATE custody_event SET body = %s WHERE index = %s", [raw, index])


def outcome(cursor: Any, index: int, dice: random.Random) -> int:
    _set(cursor, index, _body(index) | {"outcome": "denied"}, leaf=False)
    return index


def outcome_and_leaf(cursor: Any, index: int, dice: random.Random) -> int:
    _set(cursor, index, _body(index) | {"outcome": "denied"}, leaf=True)
    return index


def actor(cursor: Any, index: int, dice: random.Random) -> int:
    body = _body(index)
    body["actor"]["ref"] = "u-innocent"
    _set(cursor, index, body, leaf=dice.random() < 0.5)
    return index


def time(cursor: Any, index: int, dice: random.Random) -> int:
    body = _body(index)
    body["time"] = "2020" + body["time"][4:]
    _set(cursor, index, body, leaf=True)
    return index


def one_bit(cursor: Any, index: int, dice: random.Random) -> int:
    raw = bytearray(bytes(Event.objects.get(index=index).body))
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    cursor.execute("UPDATE custody_event SET body = %s WHERE index = %s", [bytes(raw), index])
    return index


def a_bit_of_the_leaf(cursor: Any, index: int, dice: random.Random) -> int:
    raw = bytearray(bytes(Event.objects.get(index=index).leaf))
    raw[dice.randrange(32)] ^= 1 << dice.randrange(8)
    cursor.execute("UPDATE custody_event SET leaf = %s WHERE index = %s", [bytes(raw), index])
    return index


def gone(cursor: Any, index: int, dice: random.Random) -> int:
    cursor.execute("DELETE FROM custody_event WHERE index = %s", [index])
    return index


def column(cursor: Any, index: int, dice: random.Random) -> int:
    name, value = dice.choice([("type", "'hold.set'"), ("actor_ref", "'u-2'"), ("seq", "seq + 1000"),
                               ("outcome", "'denied'"), ("time", "time + interval '1 hour'"),
                               ("object_ref", "'R-x'"), ("id", "gen_random_uuid()")])  # fmt: skip
    cursor.execute(f"UPDATE custody_event SET {name} = {value} WHERE index = %s", [index])
    return index


def leaf_node(cursor: Any, index: int, dice: random.Random) -> int:
    cursor.execute("UPDATE custody_node SET hash = sha256('x') WHERE level = 0 AND position = %s",
                   [index])  # fmt: skip
    return index


def inner_node(cursor: Any, index: int, dice: random.Random) -> int:
    level = dice.randrange(1, 8)
    at = min(index >> level, (SIZE >> level) - 1)
    cursor.execute("UPDATE custody_node SET hash = sha256('x') WHERE level = %s AND position = %s",
                   [level, at])  # fmt: skip
    return at << level


def node_gone(cursor: Any, index: int, dice: random.Random) -> int:
    cursor.execute("DELETE FROM custody_node WHERE level = 0 AND position = %s", [index])
    return index


def details(cursor: Any, index: int, dice: random.Random) -> int:
    found = Event.objects.get(index=index).id
    what = dice.choice(['details = \'{"name":"x"}\'', "salt = sha256('x')"])
    cursor.execute(f"UPDATE custody_private SET {what} WHERE event_id = %s", [found])
    return index


def details_gone(cursor: Any, index: int, dice: random.Random) -> int:
    found = Event.objects.get(index=index).id
    cursor.execute("DELETE FROM custody_private WHERE event_id = %s", [found])
    return index


EDITS: list[Edit] = [outcome, outcome_and_leaf, actor, time, one_bit, a_bit_of_the_leaf, gone, column,
                     leaf_node, inner_node, node_gone, details, details_gone]  # fmt: skip


class _Undo(Exception):
    pass


@pytest.mark.django_db(transaction=True)
def test_a_hundred_edits() -> None:
    fill(SIZE)
    assert checkpoints.sign()
    assert list(verify.faults()) == []
    dice = random.Random(7)
    for number in range(100):
        edit, index = EDITS[number % len(EDITS)], dice.randrange(SIZE - 1)
        with pytest.raises(_Undo), transaction.atomic(), connection.cursor() as cursor:
            for table in CUSTODY:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            wanted = edit(cursor, index, dice)
            found = list(verify.faults())
            assert found, (edit.__name__, index)
            assert min(fault.index for fault in found) == wanted, (edit.__name__, index, found)
            raise _Undo
    assert list(verify.faults()) == []


@pytest.mark.django_db(transaction=True)
def test_holes_and_edits_in_a_log_of_several_units() -> None:
    """A deleted event in one unit does not hide what was done in the next."""
    from evidence.custody import sequencer
    from evidence.custody.units import UNIT
    from tests.bench_custody import rows
    from tests.custody import tamper

    known: dict[tuple[int, int], bytes] = {}
    made = list(rows(2 * UNIT + 100, 0, "", {}))
    nodes = []
    for event in made:
        for level, at, value in hashing.completed_nodes(
            event[0], event[-1], lambda lv, p: known[lv, p]
        ):
            known[level, at] = value
            nodes.append((level, at, value))
    sequencer.copy_events(made)
    sequencer.copy_nodes(nodes)
    assert checkpoints.sign()
    assert list(verify.faults()) == []
    assert list(verify.faults(since=UNIT + 5)) == []
    tamper("DELETE FROM custody_event WHERE index = 100")
    tamper("UPDATE custody_event SET actor_ref = 'u-2' WHERE index = %s", 2 * UNIT + 50)
    found = {fault.index for fault in verify.faults()}
    assert min(found) == 100
    assert 2 * UNIT + 50 in found
