"""The replica: made, kept in step, and what mends originals. On a second bucket of the store."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.db import transaction
from django.utils import timezone

from evidence.fixity import kept, mending, reading, replica, sweep
from evidence.fixity.models import Damage, ReplicaCopy, State, Turn
from evidence.recordings.models import Original, Recording
from evidence.retention import actions as retention
from evidence.retention import tasks as store
from evidence.retention.models import Hold, Kind
from evidence.store import s3
from tests import damage
from tests.evidence.fixity.conftest import aged
from tests.evidence.fixity.test_sweep import Killed, events

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _allowed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    State.objects.create(pk=1, allowance=10**9)
    monkeypatch.setattr(reading, "sleep", lambda seconds: None)


@pytest.fixture
def copied(original: Original, replica: str) -> Original:
    """An original with its second copy."""
    from evidence.fixity.replica import run

    assert run() == 1
    return aged(original)


def held_in_store(alias: str, key: str, version: str) -> bool:
    try:
        answer = s3.client(alias).get_object_legal_hold(
            Bucket=s3.bucket(alias), Key=key, VersionId=version
        )
    except ClientError:
        return False
    return bool(answer["LegalHold"]["Status"] == "ON")


def versions(alias: str, key: str) -> list[str]:
    return [row.version_id for row in s3.versions(alias, key)]


def test_without_a_replica_nothing_is_copied(original: Original) -> None:
    assert replica.run() == 0 and not ReplicaCopy.objects.exists()


def test_an_original_gets_a_second_copy_locked_like_it(copied: Original, film: bytes) -> None:
    row = ReplicaCopy.objects.get()
    assert (row.state, row.original, row.problem) == ("there", copied, "")
    assert b"".join(s3.read("replica", row.key, row.version_id)) == film
    with pytest.raises(s3.StoreError):
        s3.delete_version("replica", row.key, row.version_id)
    assert replica.run() == 0, "once"
    assert versions("replica", row.key) == [row.version_id]


def test_locks_are_extended(copied: Original) -> None:
    soon = timezone.now() + timedelta(days=1)
    ReplicaCopy.objects.update(locked_until=soon)
    replica.extend_locks()
    row = ReplicaCopy.objects.get()
    assert row.locked_until and row.locked_until > soon
    answer = s3.client("replica").get_object_retention(
        Bucket=s3.bucket("replica"), Key=row.key, VersionId=row.version_id
    )["Retention"]
    assert answer["Mode"] == "GOVERNANCE"
    assert abs(answer["RetainUntilDate"] - row.locked_until) < timedelta(seconds=2)


def test_legal_holds_follow(copied: Original, lane: Any) -> None:
    row = ReplicaCopy.objects.get()
    hold = retention.hold(by=lane, recording=copied.recording, kind=Kind.MANUAL, reason="x")
    replica.keep_holds()
    assert held_in_store("replica", row.key, row.version_id)
    retention.release(by=lane, hold=hold, reason="x")
    replica.keep_holds()
    assert not held_in_store("replica", row.key, row.version_id)
    assert not ReplicaCopy.objects.get().held


def test_a_damaged_original_is_never_copied(original: Original, replica: str, film: bytes) -> None:
    from evidence.fixity.replica import run

    damage.overwrite("originals", original.key, original.version_id, damage.flipped(film))
    assert run() == 0
    assert not versions("replica", original.key), "of other bytes nothing is left"
    assert Damage.objects.get().what == "different", "and it is found by that"


@pytest.mark.parametrize(
    "line",
    ["evidence.fixity.replica._write", "evidence.store.s3.finish_multipart",
     "evidence.store.s3.lock_until", "evidence.fixity.replica._keep",
     "evidence.fixity.replica._made_anew"],
)  # fmt: skip
def test_a_copying_worker_may_die_anywhere(
    original: Original, replica: str, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    from evidence.fixity.replica import run

    monkeypatch.setattr(s3, "STREAM_PART", 64 * 1024)

    def dies(*args: Any, **more: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(line, dies)
        with pytest.raises(Killed):
            run()
    assert run() == 0, "it is somebody's still"
    ReplicaCopy.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert run() == 1
    row = ReplicaCopy.objects.get()
    assert row.state == "there" and versions("replica", row.key) == [row.version_id]


def test_a_replica_that_is_away_is_tried_again(
    original: Original, replica: str, settings: Any
) -> None:
    from evidence.fixity.replica import run

    there = settings.STORAGES
    options = {**there["replica"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:9",
               "access_key": "away"}  # fmt: skip
    settings.STORAGES = {**there, "replica": {**there["replica"], "OPTIONS": options}}
    assert run() == 0
    row = ReplicaCopy.objects.get()
    assert row.state == "waiting" and row.problem
    settings.STORAGES = there
    ReplicaCopy.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert run() == 1


# --- mending ---


def test_a_damaged_original_is_restored_by_itself(copied: Original, film: bytes, lane: Any) -> None:
    bad, until = copied.version_id, copied.locked_until
    damage.overwrite("originals", copied.key, bad, damage.flipped(film))
    sweep.run()
    hold = Hold.objects.get(reference="Damaged")
    store.to_store(hold.pk)
    assert held_in_store("originals", copied.key, bad)
    assert mending.run() == 1
    row = Damage.objects.get()
    copied.refresh_from_db()
    assert (row.state, row.how, row.version_id) == ("mended", "replica", bad)
    assert copied.version_id == row.new_version != bad and copied.damaged_at is None
    assert copied.locked_until and until and copied.locked_until > until
    assert b"".join(s3.read("originals", copied.key, copied.version_id)) == film
    with pytest.raises(s3.StoreError):
        s3.delete_version("originals", copied.key, copied.version_id)
    [event] = events("evidence.mended")
    assert event.parsed()["data"] == {
        "kind": "original", "how": "replica", "before": bad, "version": copied.version_id,
    }  # fmt: skip
    hold.refresh_from_db()
    assert hold.released_at is not None
    # The bad version is kept and known, and goes with the footage.
    assert bad in versions("originals", copied.key)
    assert ("originals", copied.key, bad) in set(kept.versions())
    listed = {(one.alias, one.version_id) for one in kept.copies(copied.recording)}
    assert listed == {("originals", bad), ("replica", ReplicaCopy.objects.get().version_id)}
    mending.run()
    assert not held_in_store("originals", copied.key, bad)
    aged(copied)
    assert sweep.run() == 2 and Damage.objects.count() == 1


def test_a_lost_version_is_restored(copied: Original, film: bytes) -> None:
    s3.destroy("originals", copied.key, copied.version_id)
    sweep.run()
    assert mending.run() == 1
    copied.refresh_from_db()
    assert b"".join(s3.read("originals", copied.key, copied.version_id)) == film


def test_another_hold_stays_and_holds_the_new_version(
    copied: Original, film: bytes, lane: Any
) -> None:
    other = retention.hold(
        by=lane, recording=copied.recording, kind=Kind.COURT, reason="Writ", reference="CO/1/26"
    )
    s3.destroy("originals", copied.key, copied.version_id)
    sweep.run()
    mending.run()
    copied.refresh_from_db()
    other.refresh_from_db()
    assert other.released_at is None
    assert held_in_store("originals", copied.key, copied.version_id)


def test_without_a_replica_it_stays_held_and_says_so(original: Original, film: bytes) -> None:
    s3.destroy("originals", original.key, original.version_id)
    sweep.run()
    assert mending.run() == 0
    row = Damage.objects.get()
    assert row.state == "held" and row.problem == mending.NO_REPLICA


def test_right_bytes_under_another_version_mend_it(original: Original, film: bytes) -> None:
    """Somebody put the file back from a backup."""
    bad = original.version_id
    damage.overwrite("originals", original.key, bad, damage.flipped(film))
    sweep.run()
    s3.client().put_object(Bucket=s3.bucket("originals"), Key=original.key, Body=film)
    assert mending.run() == 1
    original.refresh_from_db()
    assert original.version_id != bad and Damage.objects.get().how == "version"


def test_where_both_are_bad_both_are_found_and_nothing_is_written(
    copied: Original, film: bytes
) -> None:
    copy = ReplicaCopy.objects.get()
    for alias, version in (("originals", copied.version_id), ("replica", copy.version_id)):
        damage.overwrite(alias, copied.key, version, damage.flipped(film))
    before = versions("originals", copied.key)
    sweep.run()
    assert mending.run() == 0
    assert {row.source: row.state for row in Damage.objects.all()} == {
        "original": "held", "replica": "found",
    }  # fmt: skip
    assert Damage.objects.get(source="original").problem == mending.BOTH
    assert versions("originals", copied.key) == before
    replica.run()
    assert ReplicaCopy.objects.get().state != "there", "what is damaged is not copied"


def test_a_bad_copy_is_made_anew_and_the_bad_one_is_known(copied: Original, film: bytes) -> None:
    bad = ReplicaCopy.objects.get().version_id
    damage.overwrite("replica", copied.key, bad, damage.flipped(film))
    sweep.run()
    row = Damage.objects.get()
    assert (row.source, row.state, row.hold) == ("replica", "found", None)
    copied.refresh_from_db()
    assert copied.damaged_at is None
    assert replica.run() == 1
    row.refresh_from_db()
    copy = ReplicaCopy.objects.get()
    assert (row.state, row.how, row.new_version) == ("mended", "again", copy.version_id)
    assert copy.version_id != bad
    assert b"".join(s3.read("replica", copy.key, copy.version_id)) == film
    assert ("replica", copied.key, bad) in set(kept.versions())


@pytest.mark.parametrize(
    "line",
    ["evidence.fixity.mending._restore", "evidence.fixity.mending._from_replica",
     "evidence.store.s3.finish_multipart", "evidence.store.s3.lock_until",
     "evidence.fixity.finding.mended", "evidence.fixity.finding.record",
     "evidence.fixity.finding.release_for"],
)  # fmt: skip
def test_a_mending_worker_may_die_anywhere(
    copied: Original, film: bytes, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setattr(s3, "STREAM_PART", 64 * 1024)
    bad = copied.version_id
    damage.overwrite("originals", copied.key, bad, damage.flipped(film))
    sweep.run()

    def dies(*args: Any, **more: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(line, dies)
        with pytest.raises(Killed):
            mending.run()
    copied.refresh_from_db()
    assert copied.damaged_at is not None and copied.version_id == bad
    assert mending.run() == 0, "it is somebody's still"
    Damage.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert mending.run() == 1
    copied.refresh_from_db()
    assert sorted(versions("originals", copied.key)) == sorted([bad, copied.version_id])
    assert len(events("evidence.mended")) == 1


# --- disposal ---


def test_everything_goes_with_the_footage(copied: Original, film: bytes) -> None:
    bad = copied.version_id
    damage.overwrite("originals", copied.key, bad, damage.flipped(film))
    sweep.run()
    mending.run()
    mending.run()
    for copy in kept.copies(copied.recording):
        s3.destroy(copy.alias, copy.key, copy.version_id)
    copied.refresh_from_db()
    assert versions("originals", copied.key) == [copied.version_id]
    assert not versions("replica", copied.key)
    with transaction.atomic():
        kept.forget(copied.recording)
    assert not ReplicaCopy.objects.exists() and not Turn.objects.exists()
    assert Damage.objects.get().state == "gone"


def test_a_copy_that_a_worker_forgot_goes_too(
    original: Original, replica: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evidence.fixity.replica import run

    def dies(*args: Any, **more: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("evidence.fixity.replica._keep", dies)
        with pytest.raises(Killed):
            run()
    [version] = versions("replica", original.key)
    assert [one.version_id for one in kept.copies(original.recording)] == [version]


def test_footage_that_is_being_destroyed_is_left_alone(copied: Original, film: bytes) -> None:
    Recording.objects.update(disposed_at=timezone.now())
    s3.destroy("originals", copied.key, copied.version_id)
    sweep.run()
    assert not Damage.objects.exists()
    # Looked at once in a while, not again and again while others wait.
    assert Turn.objects.get(source="original").until > timezone.now() + timedelta(minutes=5)
    copy = ReplicaCopy.objects.get()
    s3.destroy("replica", copy.key, copy.version_id)
    ReplicaCopy.objects.update(state="waiting", version_id="")
    assert replica.run() == 0 and not versions("replica", copied.key)


def test_the_system_checks_that_it_is_a_second_place(replica: str, settings: Any) -> None:
    from evidence.fixity.checks import replica_is_a_second_place

    assert [one.id for one in replica_is_a_second_place(None)] == ["fixity.W002"]
    there = settings.STORAGES
    for change, wanted in (
        ({"bucket_name": s3.bucket("custody")}, ["fixity.E001"]),
        ({"endpoint_url": "https://elsewhere.example"}, []),
    ):
        options = there["replica"]["OPTIONS"] | change
        settings.STORAGES = {**there, "replica": {**there["replica"], "OPTIONS": options}}
        assert [one.id for one in replica_is_a_second_place(None)] == wanted
