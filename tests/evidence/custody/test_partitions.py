"""The migration that partitions the log carries its events over untouched, and back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from evidence.custody import sequencer, verify
from evidence.custody.apps import make_partitions
from tests.custody import fill, owner

OLD, NEW = [("custody", "0002_append_only")], [("custody", "0003_partitions_and_anchors")]


def migrate(target: Any) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(target)


def rows() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM custody_event ORDER BY index")
        return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)
                for row in cursor.fetchall()]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_events_are_carried_over_and_back() -> None:
    fill(50)
    before = rows()
    with connection.cursor() as cursor:
        for number in (1, 2):
            cursor.execute(f"DROP TABLE IF EXISTS custody_event_{number}")
    try:
        migrate(OLD)
        assert rows() == before
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("DELETE FROM custody_event")
    finally:
        migrate(NEW)
        make_partitions()
    assert rows() == before
    fill(50)
    assert list(verify.faults()) == []


@pytest.mark.django_db(transaction=True)
def test_the_log_goes_on_in_the_next_partition() -> None:
    """Over the border: numbered, proved and refused like anywhere else."""
    edge = 2**25
    fill(3, 1)
    with owner() as cursor:
        cursor.execute("UPDATE custody_event SET index = %s - 1 WHERE index = 2", [edge])
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM custody_event ORDER BY index DESC")
        assert cursor.fetchall()[0] == ("custody_event_0",)
        cursor.execute(
            "INSERT INTO custody_event SELECT %s, gen_random_uuid(), type, 'R-new', 1, actor_ref,"
            " outcome, time, body, leaf FROM custody_event WHERE index = 0", [edge],
        )  # fmt: skip
        cursor.execute("SELECT tableoid::regclass::text FROM custody_event ORDER BY index DESC")
        assert cursor.fetchall()[0] == ("custody_event_1",)
    assert sequencer.tree_size() == edge + 1
    for statement in ("UPDATE custody_event_1 SET type = 'x'", "DELETE FROM custody_event_1",
                      "TRUNCATE custody_event_1", "TRUNCATE custody_event"):  # fmt: skip
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute(statement)
