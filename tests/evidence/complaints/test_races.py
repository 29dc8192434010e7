"""A complaint's hold against whatever happens at the same moment, with real connections; and
against a worker that is killed between the row and the store."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.db import connection, connections, transaction
from django.utils import timezone

from evidence.complaints import actions
from evidence.complaints.models import Complaint, Named
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.retention import actions as retention
from evidence.retention import tasks
from evidence.retention.models import Hold, Kind, Watch
from evidence.store import s3
from ingest.devices.models import Camera, Dock
from tests import factories
from tests.evidence.complaints import making

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker loses every message: only the rows and the sweep are left."""
    monkeypatch.setattr(tasks.to_store, "delay", lambda hold_id: None)


class Beside:
    """Something that runs in a thread of its own, with a connection of its own."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.error: BaseException | None = None
        self.act = act
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            with transaction.atomic():
                self.act()
        except BaseException as error:
            self.error = error
        finally:
            connections.close_all()

    def end(self) -> None:
        self.thread.join(60)
        assert not self.thread.is_alive()
        if self.error is not None:
            raise self.error


def until_somebody_waits() -> None:
    """Until another connection waits for a lock that this one has."""
    for _ in range(600):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


def record(lane: User, shah: User, reference: str = "PC/1/26") -> None:
    actions.record_complaint(by=lane, complaint=making.draft(reference=reference), officers=[shah])


def store_holds(recording: Recording) -> bool:
    original = recording.originals.get()
    try:
        answer = s3.client().get_object_legal_hold(
            Bucket=s3.bucket("originals"), Key=original.key, VersionId=original.version_id
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchObjectLegalHold":
            return False
        raise
    return bool(answer["LegalHold"]["Status"] == "ON")


def test_footage_that_arrives_while_a_complaint_is_being_recorded_is_held(
    shah: User, lane: User
) -> None:
    moment = timezone.now() - timedelta(minutes=1)

    def arrive() -> None:
        retention.hold_on_arrival(factories.recording(shah, happened_at=moment))

    with transaction.atomic():
        record(lane, shah)
        arrival = Beside(arrive)
        until_somebody_waits()
    arrival.end()
    assert Hold.objects.get().recording == Recording.objects.get()


def test_a_complaint_that_is_recorded_while_footage_arrives_holds_it(
    shah: User, lane: User
) -> None:
    moment = timezone.now() - timedelta(minutes=1)
    with transaction.atomic():
        retention.hold_on_arrival(factories.recording(shah, happened_at=moment))
        complaint = Beside(lambda: record(lane, shah))
        until_somebody_waits()
    complaint.end()
    assert Hold.objects.get().recording == Recording.objects.get()


def test_where_footage_was_and_a_complaint_of_that_place_at_the_same_moment(
    shah: User, okoro: User, lane: User
) -> None:
    moment = timezone.now() - timedelta(minutes=1)
    item = factories.recording(okoro, happened_at=moment, duration_ms=1000)

    def place() -> None:
        retention.positions_come()
        Recording.objects.filter(pk=item.pk).update(latitude=51.5, longitude=0.0)
        retention.hold_where(Recording.objects.get(pk=item.pk))

    def complain() -> None:
        draft = making.draft(latitude=51.5, longitude=0.0)
        actions.record_complaint(by=lane, complaint=draft, officers=[shah])

    for first, second in ((complain, place), (place, complain)):
        with transaction.atomic():
            first()
            other = Beside(second)
            until_somebody_waits()
        other.end()
        assert Hold.objects.filter(recording=item, reference="PC/1/26").count() == 1
        Hold.objects.all().delete()
        Recording.objects.update(latitude=None, longitude=None)
        Watch.objects.all().delete()
        Named.objects.all().delete()
        Complaint.objects.all().delete()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_release_at_the_same_moment_leaves_the_new_complaint_s_hold_in_the_store(
    dock: Dock, camera: Camera, shah: User, lane: User, film: bytes, order: tuple[int, int]
) -> None:
    item = factories.docked(dock, film)
    old = retention.hold(by=lane, recording=item, kind=Kind.MANUAL, reason="Inquest")
    tasks.to_store(old.pk)
    assert store_holds(item)
    with transaction.atomic():
        retention.release(by=lane, hold=old, reason="Over")
        complaint = Beside(lambda: record(lane, shah))
        until_somebody_waits()
    complaint.end()
    new = Hold.objects.get(released_at=None)
    both = [old.pk, new.pk]
    for number in order:
        tasks.to_store(both[number])
    assert store_holds(item)
    assert not Hold.objects.filter(in_store=False).exists()


def test_two_investigators_record_one_reference_at_the_same_moment(
    shah: User, okoro: User, lane: User
) -> None:
    other = making.investigator("jo")
    with transaction.atomic():
        record(lane, shah)
        second = Beside(lambda: record(other, okoro))
        until_somebody_waits()
    with pytest.raises(actions.Refused, match="in use"):
        second.end()
    assert Complaint.objects.get().recorded_by == lane


def test_two_saves_at_the_same_moment_are_a_conflict_and_not_a_loss(shah: User, lane: User) -> None:
    record(lane, shah)
    complaint = Complaint.objects.get()
    jo = making.investigator("jo")

    def save(by: User, place: str) -> None:
        actions.change_record(by=by, complaint=complaint, version=complaint.version,
                              values={"place": place})  # fmt: skip

    with transaction.atomic():
        save(lane, "First")
        second = Beside(lambda: save(jo, "Second"))
        until_somebody_waits()
    with pytest.raises(actions.Conflict):
        second.end()
    assert Complaint.objects.get().place == "First"


def test_a_worker_killed_between_the_row_and_the_store_is_found_again(
    dock: Dock, camera: Camera, shah: User, lane: User, film: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    item = factories.docked(dock, film)
    record(lane, shah)
    hold = Hold.objects.get(recording=item)
    connections.close_all()  # the child has its own
    child = os.fork()
    if child == 0:  # a worker, which dies at the very moment at which it would tell the store
        s3.legal_hold = lambda *more: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        try:
            tasks.to_store(hold.pk)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    hold.refresh_from_db()
    assert not hold.in_store
    assert not store_holds(item)
    found: list[int] = []
    monkeypatch.setattr(tasks.to_store, "delay", found.append)
    tasks.sweep()
    assert found == [hold.pk]
    tasks.to_store(found[0])
    hold.refresh_from_db()
    assert hold.in_store
    assert store_holds(item)
