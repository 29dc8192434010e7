"""Destroying: killed between any two steps it ends all the same; what the store refuses, says so."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError
from django.db import connection, transaction
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.models import Original, Package, Recording, Rendition
from evidence.retention import actions, destroying, tasks
from evidence.retention.actions import dropping
from evidence.retention.models import Batch, Doomed, Item, Kind, Tombstone
from evidence.store import s3
from ingest.devices.models import Camera, Dock
from tests import disposal, factories


@pytest.fixture
def vale(db: None) -> User:
    return disposal.manager("vale")


@pytest.fixture
def reed(db: None) -> User:
    return disposal.manager("reed")


class Killed(BaseException):
    """The process died: nothing in it may catch this and carry on."""


@contextmanager
def counted(die_at: int) -> Iterator[list[str]]:
    """Every statement and every request to the store is a step; dies before step `die_at`."""
    steps: list[str] = []

    def step(what: str) -> None:
        if len(steps) == die_at:
            raise Killed(what)
        steps.append(what)

    def statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        step(sql[:90])
        return execute(sql, params, many, context)

    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def request(client: Any, name: str, arguments: Any) -> Any:
        step(f"{name} {arguments.get('Key', '')}")
        answer = real(client, name, arguments)
        # The store did it, and nobody heard of it.
        step(f"{name} answered")
        return answer

    with pytest.MonkeyPatch.context() as patch, connection.execute_wrapper(statement):
        patch.setattr(BaseClient, "_make_api_call", request)
        yield steps


def run(item: Item, die_at: int) -> list[str]:
    with counted(die_at) as steps:
        try:
            destroying.destroy(item.pk)
        except Killed:
            steps.append("killed")
    return steps


@pytest.mark.django_db(transaction=True)
def test_killed_between_any_two_steps_it_ends_gone_and_once(
    dock: Dock, camera: Camera, shah: User, vale: User, reed: User
) -> None:
    """A new step is covered by itself: whatever a run does is counted, and each is a place to die."""
    at, most = 0, 1
    while at < most:
        name, body = f"K{at}.MP4", disposal.BODY + str(at).encode()
        recording = disposal.docked(dock, body=body, name=name)
        batch = disposal.leaving(vale, reed)
        disposal.over(batch)
        item = batch.items.get()
        steps = run(item, at)
        if "killed" not in steps:
            assert at > 20, steps
            break
        most = max(most, at + 2)
        disposal.again(batch)
        item.refresh_from_db()
        assert item.state == "gone", (at, steps[-2], item.problem)
        assert list(disposal.objects(recording)) == [], (at, steps[-2])
        assert recording.tombstones.count() == 1
        kinds = disposal.told(recording)
        assert kinds[-2:] == ["deletion_begun", "deleted"], (at, steps[-2], kinds)
        assert kinds.count("deletion_begun") == kinds.count("deleted") == 1
        dropping.close()
        batch.refresh_from_db()
        assert batch.state == "done"
        at += 1
    assert not Original.objects.exists()


pytestmark = pytest.mark.django_db


def on_its_way(dock: Dock, vale: User, reed: User, **more: Any) -> tuple[Recording, Batch]:
    recording = disposal.docked(dock, **more)
    batch = disposal.leaving(vale, reed)
    disposal.over(batch)
    return recording, batch


def problem(batch: Batch) -> str:
    return batch.items.get().problem


# --- what the store does ----------------------------------------------------------


def test_a_legal_hold_that_no_row_knows_is_a_fault_that_a_person_sees(
    dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    original = recording.originals.get()
    s3.legal_hold("originals", original.key, original.version_id, True)
    tasks.dispose()
    assert "legal hold on the original that no hold here asked for" in problem(batch)
    disposal.again(batch)
    disposal.again(batch)
    # Once in the log for one problem, never turned off from here, never forgotten.
    assert len(disposal.events(recording, "evidence.deletion_failed")) == 1
    assert s3.lock_of("originals", original.key, original.version_id).hold
    assert batch.items.get().state == "destroying"
    # What the store did not refuse is gone already.
    assert [row.what for row in Doomed.objects.filter(gone_at=None)] == ["original"]
    s3.legal_hold("originals", original.key, original.version_id, False)
    disposal.again(batch)
    item = batch.items.get()
    assert (item.state, item.problem) == ("gone", "")


def test_a_compliance_lock_is_said_with_its_end(
    dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    original = recording.originals.get()
    s3.client().put_object_retention(
        Bucket=s3.bucket("originals"), Key=original.key, VersionId=original.version_id,
        Retention={"Mode": "COMPLIANCE", "RetainUntilDate": timezone.now() + timedelta(days=400)},
        BypassGovernanceRetention=True,
    )  # fmt: skip
    tasks.dispose()
    assert "COMPLIANCE lock until" in problem(batch)


def test_pauses_grow(dock: Dock, camera: Camera, vale: User, reed: User) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    original = recording.originals.get()
    s3.legal_hold("originals", original.key, original.version_id, True)
    pauses = []
    for _ in range(3):
        disposal.again(batch)
        until = batch.items.get().claimed_until
        assert until is not None
        pauses.append(until - timezone.now())
    assert pauses[0] < pauses[1] < pauses[2]
    s3.legal_hold("originals", original.key, original.version_id, False)


def test_what_had_vanished_before_is_said_not_hidden(
    dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    original = recording.originals.get()
    s3.destroy("originals", original.key, original.version_id)
    tasks.dispose()
    assert batch.items.get().state == "gone"
    [answer] = [row for row in Tombstone.objects.get().answers if row["what"] == "original"]
    assert answer["status"] == "was not there"


def test_versions_and_delete_markers_go_too(
    dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    original = recording.originals.get()
    s3.client().put_object(Bucket=s3.bucket("originals"), Key=original.key, Body=b"another")
    s3.client().delete_object(Bucket=s3.bucket("originals"), Key=original.key)
    assert len(list(s3.versions("originals", original.key))) == 3
    tasks.dispose()
    assert batch.items.get().state == "gone"
    assert list(s3.versions("originals", original.key)) == []
    assert len(Tombstone.objects.get().answers) == 4


def test_a_version_that_comes_in_the_middle_goes_too(
    dock: Dock, camera: Camera, vale: User, reed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    original = recording.originals.get()
    real = s3.destroy
    done: list[str] = []

    def destroy(alias: str, key: str, version_id: str = "") -> dict[str, str]:
        if not done:
            done.append(key)
            s3.client().put_object(Bucket=s3.bucket("originals"), Key=original.key, Body=b"new")
        return real(alias, key, version_id)

    monkeypatch.setattr(s3, "destroy", destroy)
    tasks.dispose()
    assert batch.items.get().state == "gone"
    assert list(s3.versions("originals", original.key)) == []


def test_what_is_written_again_and_again_is_said(
    dock: Dock, camera: Camera, vale: User, reed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    original = recording.originals.get()
    real = s3.destroy

    def destroy(alias: str, key: str, version_id: str = "") -> dict[str, str]:
        answer = real(alias, key, version_id)
        if alias == "originals":
            s3.client().put_object(Bucket=s3.bucket("originals"), Key=original.key, Body=b"new")
        return answer

    monkeypatch.setattr(s3, "destroy", destroy)
    tasks.dispose()
    assert "goes on writing" in problem(batch)
    monkeypatch.setattr(s3, "destroy", real)
    disposal.again(batch)
    assert batch.items.get().state == "gone"


def test_a_store_that_goes_away_in_the_middle_is_waited_for(
    dock: Dock, camera: Camera, vale: User, reed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    real, calls = BaseClient._make_api_call, []  # type: ignore[attr-defined]

    def call(client: Any, name: str, arguments: Any) -> Any:
        calls.append(name)
        if len(calls) > 4:
            raise EndpointConnectionError(endpoint_url="http://store")
        return real(client, name, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    tasks.dispose()
    assert problem(batch) == "The store does not answer. It is tried again."
    assert batch.items.get().state == "destroying"
    monkeypatch.setattr(BaseClient, "_make_api_call", real)
    disposal.again(batch)
    assert batch.items.get().state == "gone"
    assert list(disposal.objects(recording)) == []


def test_an_answer_that_is_no_truth_is_found_out(
    dock: Dock, camera: Camera, vale: User, reed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, batch = on_its_way(dock, vale, reed)
    monkeypatch.setattr(s3, "destroy", lambda *args: {"status": "204"})
    tasks.dispose()
    assert "is destroyed, and has it still" in problem(batch)
    assert batch.items.get().state == "destroying" and Original.objects.exists()


# --- what was made of it ----------------------------------------------------------


def test_packages_that_contain_it_go_and_others_stay(
    dock: Dock, camera: Camera, vale: User, reed: User, lane: User
) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    kept = factories.recording(None)
    made = []
    for one in (recording, kept):
        row = Package.objects.create(made_by=lane, purpose="x", state="ready")
        row.recordings.set([one])
        body = row.reference.encode()
        row.key = f"packages/{row.reference}-1-{hashlib.sha256(body).hexdigest()[:12]}.zip"
        row.save()
        s3.put("renditions", row.key, body, hashlib.sha256(body).hexdigest(), "application/zip")
        made.append(row)
    tasks.dispose()
    assert batch.items.get().state == "gone"
    gone, stays = (Package.objects.get(pk=row.pk) for row in made)
    assert (gone.state, stays.state) == ("gone", "ready")
    assert list(s3.versions("renditions", gone.key)) == []
    assert len(list(s3.versions("renditions", stays.key))) == 1


def test_what_a_dead_worker_left_beside_the_renditions_goes_too(
    dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    recording, _ = on_its_way(dock, vale, reed)
    key = f"{recording.originals.get().upload}/proxy-1-left"
    s3.put("renditions", key, b"left", hashlib.sha256(b"left").hexdigest(), "video/mp4")
    tasks.dispose()
    assert list(disposal.objects(recording)) == []
    assert "left by a worker" in {row["what"] for row in Tombstone.objects.get().answers}


def test_a_worker_that_is_at_it_is_waited_for_and_leaves_nothing(
    dock: Dock, camera: Camera, film: bytes, vale: User, reed: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It begins before the destruction does, and stores after everything was listed."""
    from ingest.renditions import actions as renditions

    recording = disposal.aged(factories.docked(dock, film), 400, "stop-search")
    batch = disposal.leaving(vale, reed)
    disposal.over(batch)
    original = recording.originals.get()
    real = s3.put_file
    done: list[str] = []

    def slow(*args: Any, **more: Any) -> str:
        if not done:
            tasks.dispose()
            item = batch.items.get()
            done.append(item.state)
            assert Original.objects.exists(), "it did not wait for the worker"
        return real(*args, **more)

    monkeypatch.setattr(s3, "put_file", slow)
    assert renditions.render(original.pk) is None
    assert done == ["destroying"]
    assert not Rendition.objects.exists()
    assert list(s3.versions("renditions", f"{original.upload}/")) == []
    disposal.again(batch)
    assert batch.items.get().state == "gone"
    assert renditions.render(original.pk) is None


def test_locks_of_what_is_being_destroyed_are_not_extended(
    dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    recording, _ = on_its_way(dock, vale, reed)
    original = recording.originals.get()
    s3.legal_hold("originals", original.key, original.version_id, True)
    tasks.dispose()
    soon = timezone.now() + timedelta(days=1)
    Original.objects.update(locked_until=soon)
    tasks.extend_locks()
    assert Original.objects.get().locked_until == soon
    s3.legal_hold("originals", original.key, original.version_id, False)


def test_destruction_decides_once_more(
    dock: Dock, camera: Camera, shah: User, vale: User, reed: User, lane: User
) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    actions.hold(by=lane, recording=recording, kind=Kind.COURT, reason="An order", reference="CO/1")
    tasks.dispose()
    assert batch.items.get().state == "kept"
    assert len(list(disposal.objects(recording))) == 2
    assert Recording.objects.get().disposed_at is None


# --- races ------------------------------------------------------------------------


def beside(act: Callable[[], Any]) -> threading.Thread:
    """In a connection of its own."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["hold", "destruction"])
def test_a_hold_comes_before_and_wins_or_is_refused(
    dock: Dock, camera: Camera, vale: User, reed: User, lane: User, first: str
) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    item, refused = batch.items.get(), []

    def hold() -> None:
        try:
            actions.hold(
                by=lane, recording=recording, kind=Kind.COURT, reason="An order", reference="CO/1"
            )
        except actions.DisposedOf as error:
            refused.append(str(error))

    acts = [hold, lambda: destroying.begin(item.pk)]
    if first == "destruction":
        acts.reverse()
    with transaction.atomic():
        acts[0]()
        thread = beside(acts[1])
        thread.join(0.5)
        assert thread.is_alive(), "the second did not wait for the first"
    thread.join()
    item.refresh_from_db()
    held = actions.is_held(recording)
    assert (held, item.state) == ((True, "kept") if first == "hold" else (False, "destroying"))
    assert bool(refused) == (first == "destruction")


@pytest.mark.django_db(transaction=True)
def test_restored_or_destroyed_never_both(
    dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    item, late = batch.items.get(), []

    def restore() -> None:
        try:
            actions.restore(by=reed, item=item, reason="A letter")
        except actions.NotSaid as error:
            late.append(str(error))

    with transaction.atomic():
        assert destroying.begin(item.pk)
        thread = beside(restore)
        thread.join(0.5)
        assert thread.is_alive()
    thread.join()
    assert "being destroyed since" in late[0]
    item.refresh_from_db()
    assert item.state == "destroying" and recording.fresh.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_destroy_once(dock: Dock, camera: Camera, vale: User, reed: User) -> None:
    recording, batch = on_its_way(dock, vale, reed)
    item = batch.items.get()
    threads = [beside(lambda: destroying.destroy(item.pk)) for _ in range(3)]
    for thread in threads:
        thread.join()
    item.refresh_from_db()
    assert item.state == "gone"
    assert disposal.told(recording).count("deleted") == 1
