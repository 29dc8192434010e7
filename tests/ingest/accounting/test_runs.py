"""One count after the other: what it found stays, since when, and who counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.store import s3
from ingest.accounting import runs, tasks
from ingest.accounting.models import Finding, Flow, Held, Run
from ingest.accounting.reckoning import Reckoning
from tests.ingest.accounting.conftest import ago, put

pytestmark = pytest.mark.django_db


def count() -> Run:
    run = runs.begin()
    list(runs.carry_out(run, Reckoning()))
    return run


def test_a_run_keeps_its_numbers_and_writes_its_event(docked: Recording) -> None:
    run = count()
    assert run.state == "done"
    assert run.states == {"sealed": 1}
    assert (run.originals, run.disposed, run.faults) == (1, 0, 0)
    assert run.buckets["originals"] == {"objects": 1, "bytes": 26}
    sequencer.run()
    event = Event.objects.get(type="evidence.reconciled")
    assert event.outcome == "ok"
    data = event.parsed()["data"]
    assert data.pop("objects") >= 1  # and what earlier tests locked into the write-once bucket
    assert data == {
        "run": run.pk, "faults": 0, "missing": 0, "different": 0, "extra": 0, "unknown": 0,
        "gap": 0, "files": 1, "originals": 1, "disposed": 0,
    }  # fmt: skip


def test_a_finding_is_carried_over_and_ends_when_it_is_not_found_again(docked: Recording) -> None:
    put("originals", "foreign")
    first = count()
    [finding] = Finding.objects.all()
    since = finding.first_seen
    second = count()
    [finding] = Finding.objects.all()
    assert finding.first_seen == since
    assert finding.last_run == second != first
    [version] = s3.versions("originals", prefix="foreign")
    s3.destroy("originals", "foreign", version.version_id)
    assert count().faults == 0
    finding.refresh_from_db()
    assert finding.resolved_at
    put("originals", "foreign")
    count()  # and once more: that is a new finding
    assert Finding.objects.filter(resolved_at=None).count() == 1
    assert Finding.objects.count() == 2


def test_one_at_a_time(docked: Recording) -> None:
    run = runs.begin()
    with pytest.raises(runs.Busy):
        runs.begin()
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.create()
    list(runs.carry_out(run, Reckoning()))
    runs.begin()


def test_a_run_that_fails_resolves_nothing_and_says_so(
    docked: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("originals", "foreign")
    count()
    real = s3.versions

    def away(alias: str, prefix: str = "") -> Any:
        if alias == "originals":
            raise s3.StoreError("listing: the store does not answer")
        return real(alias, prefix)

    monkeypatch.setattr(s3, "versions", away)
    with pytest.raises(s3.StoreError):
        count()
    failed = Run.objects.get(state="failed")
    assert "does not answer" in failed.problem
    assert Finding.objects.get().resolved_at is None
    assert runs.last_done() != failed
    sequencer.run()
    assert Event.objects.filter(type="evidence.reconciled").count() == 1


def test_a_replica_that_is_away_stops_no_count(
    docked: Recording, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """And what was found in it before is not over."""
    options = {**settings.STORAGES["originals"]["OPTIONS"], "bucket_name": "x",
               "endpoint_url": "http://127.0.0.1:9", "access_key": "away"}  # fmt: skip
    settings.STORAGES = {**settings.STORAGES, "replica": {
        **settings.STORAGES["originals"], "OPTIONS": options}}  # fmt: skip
    old = Finding.objects.create(
        kind="missing", area="replica", what="R-1 replica", todo="x", fingerprint="1",
        first_seen=timezone.now(), last_run=Run.objects.create(state="done"),
    )  # fmt: skip
    original = docked.originals.get()
    s3.destroy("originals", original.key, original.version_id)
    run = count()
    assert run.state == "done" and run.kinds == {"missing": 1, "unknown": 1}
    old.refresh_from_db()
    assert old.resolved_at is None
    assert Finding.objects.filter(what__startswith="replica could not be counted").exists()
    assert "originals are missing or different" in caplog.text


def test_a_count_that_stops_keeps_and_says_what_it_found(
    docked: Recording, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    original = docked.originals.get()
    s3.destroy("originals", original.key, original.version_id)
    monkeypatch.setattr("ingest.accounting.published.faults", lambda *args: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        count()
    assert Finding.objects.get().area == "originals"
    assert "originals are missing or different" in caplog.text


def test_a_silent_run_is_found_and_its_end_is_not_believed(docked: Recording) -> None:
    run = runs.begin()
    tasks.sweep()
    run.refresh_from_db()
    assert run.state == "running"
    Run.objects.update(beat=ago(minutes=31))
    tasks.sweep()
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.problem == "Nothing was heard of it for 30 minutes."
    assert runs.grave() == "The last count stopped before its end. Look at Accounting."
    list(runs.carry_out(run, Reckoning()))  # the worker was not dead after all
    run.refresh_from_db()
    assert run.state == "failed"


def test_the_night_counts_once(docked: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    two = timezone.localtime().replace(hour=2, minute=5)
    monkeypatch.setattr(timezone, "localtime", lambda *args: two.replace(hour=1))
    tasks.nightly()
    assert not Run.objects.exists()
    monkeypatch.setattr(timezone, "localtime", lambda *args: two)
    tasks.nightly()
    assert Run.objects.get().state == "done"
    assert Held.objects.get(what="original").bytes == 26
    assert Flow.objects.get().files_in == 1
    tasks.nightly()
    assert Run.objects.count() == 1
    Run.objects.update(started=timezone.now() - timedelta(hours=21))
    tasks.nightly()
    assert Run.objects.count() == 2


def test_a_person_asks_and_two_messages_are_one_count(docked: Recording, auditor: User) -> None:
    run = runs.ask(by=auditor)
    tasks.count(run.pk)
    run.refresh_from_db()
    assert run.state == "done"
    finished = run.finished
    tasks.count(run.pk)
    run.refresh_from_db()
    assert run.finished == finished
    sequencer.run()
    assert Event.objects.get(type="accounting.asked").actor_ref == auditor.ref


def test_who_may_not_ask(docked: Recording, shah: User) -> None:
    with pytest.raises(NotAllowed):
        runs.ask(by=shah)
    assert not Run.objects.exists()


def test_grave_findings_are_said_on_the_first_page_and_in_the_metrics(
    docked: Recording, administrator: User, client: Client
) -> None:
    assert runs.grave() == ""
    count()
    assert runs.grave() == ""
    original = docked.originals.get()
    s3.destroy("originals", original.key, original.version_id)
    count()
    client.force_login(administrator)
    page = client.get("/admin/").content.decode()
    assert "Originals missing or different: 1. Look at Accounting today." in page
    lines = client.get("/metrics").content.decode().splitlines()
    assert 'bwv_accounting_faults{kind="missing"} 1.0' in lines
    assert 'bwv_accounting_faults{kind="extra"} 0.0' in lines
    [age] = [line for line in lines if line.startswith("bwv_accounting_age_seconds ")]
    assert float(age.split()[1]) >= 0


def test_of_many_new_findings_the_first_are_kept_and_all_are_counted(
    docked: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MOST_KEPT", 3)
    for number in range(5):
        put("originals", f"foreign{number}")
    assert count().kinds["unknown"] == 5
    assert Finding.objects.count() == 3
    assert count().kinds["unknown"] == 5
    assert Finding.objects.filter(resolved_at=None).count() == 5  # three were known
