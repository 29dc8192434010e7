"""The log's own process: takes along what actions left, and goes on after failures."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from evidence.custody import checkpoints, keeper, sequencer
from evidence.custody.models import Checkpoint, Event, Pending
from evidence.custody.record import record
from evidence.custody.sequencer import LOCK
from tests.custody import fill, look


@pytest.mark.django_db(transaction=True)
def test_an_action_does_not_wait_while_another_numbers_and_the_keeper_takes_it_along() -> None:
    import psycopg

    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"], port=settings["PORT"], user=settings["USER"],
        password=settings["PASSWORD"], dbname=settings["NAME"],
    ) as other:  # fmt: skip
        other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        with transaction.atomic():
            record(look())  # would hang here for ever if it waited
        assert Pending.objects.count() == 1
        other.rollback()
    keeper.Keeper().step()
    assert (Pending.objects.count(), Event.objects.count()) == (0, 1)


@pytest.mark.django_db
def test_it_signs_after_a_minute_or_a_thousand_events(settings: Any) -> None:
    made = keeper.Keeper()
    fill(5)
    made._looked -= 2
    made.step()
    assert not Checkpoint.objects.exists()
    made._looked, made._signed = made._looked - 2, made._signed - 61
    made.step()
    assert Checkpoint.objects.get().size == 5
    fill(checkpoints.ROUND)
    made._looked -= 2
    made.step()
    assert Checkpoint.objects.order_by("-size")[0].size >= 1005


@pytest.mark.django_db
def test_it_goes_on_after_a_failure(monkeypatch: Any) -> None:
    calls = []

    def step(self: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise checkpoints.SignerAway("away")
        if len(calls) == 2:
            raise checkpoints.LogBroken("broken")

    monkeypatch.setattr(keeper.Keeper, "step", step)
    monkeypatch.setattr(keeper, "AFTER_FAILURE", 0)
    monkeypatch.setattr(keeper, "close_old_connections", lambda: None)
    keeper.run(lambda: len(calls) > 3)
    assert len(calls) == 4


@pytest.mark.django_db
def test_a_batch_is_numbered_in_one_round_however_many_there_are() -> None:
    with transaction.atomic():
        for number in range(sequencer.BATCH + 10):
            record(look(f"R-{number}"))
    assert sequencer.run(wait=False) == sequencer.BATCH
    assert sequencer.run() == 10


@pytest.mark.django_db
def test_a_machine_with_a_wrong_clock_does_not_stamp_the_log_into_the_future(
    monkeypatch: Any,
) -> None:
    """An event is never later than the database's clock, so the signer goes on signing."""
    from datetime import UTC, datetime, timedelta

    from evidence.custody import record as writing

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(UTC) + timedelta(days=365)

    monkeypatch.setattr(writing, "datetime", Ahead)
    with transaction.atomic():
        record(look())
    monkeypatch.undo()
    fill(2)
    assert Event.objects.order_by("-time")[0].time <= datetime.now(UTC) + timedelta(seconds=5)
    assert checkpoints.sign()


@pytest.mark.django_db
def test_whatever_happens_the_process_lives_on(monkeypatch: Any) -> None:
    calls = []

    def step(self: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise KeyError("a row that nobody of ours wrote")

    monkeypatch.setattr(keeper.Keeper, "step", step)
    monkeypatch.setattr(keeper, "AFTER_FAILURE", 0)
    monkeypatch.setattr(keeper, "close_old_connections", lambda: None)
    keeper.run(lambda: len(calls) > 1)
    assert len(calls) == 2
