"""The sweep finds each kind of damage, once, whatever dies; and keeps to its rate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Alarm, Event
from evidence.fixity import figures, finding, reading, sweep, turns
from evidence.fixity.models import Damage, Figures, State, Turn
from evidence.fixity.sources import Originals
from evidence.recordings.models import Original
from evidence.retention.models import Hold
from evidence.store import s3
from tests import damage, factories
from tests.evidence.fixity.conftest import aged

pytestmark = pytest.mark.django_db


def events(kind: str) -> list[Event]:
    sequencer.run()
    return list(Event.objects.filter(type=kind).order_by("index"))


@pytest.fixture(autouse=True)
def _allowed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some bytes were saved up; nobody waits."""
    State.objects.create(pk=1, allowance=10**9)
    monkeypatch.setattr(reading, "sleep", lambda seconds: None)


def run() -> Damage | None:
    sweep.run()
    return Damage.objects.first()


def test_what_is_right_is_read_and_nothing_is_said(original: Original) -> None:
    assert sweep.run() == 1
    original.refresh_from_db()
    assert timezone.now() - original.checked_at < timedelta(minutes=5)
    assert not Damage.objects.exists() and not Turn.objects.exists()
    assert sweep.run() == 0, "nothing is read twice within a day"


def test_a_flipped_bit_is_found(original: Original, film: bytes) -> None:
    damage.overwrite("originals", original.key, original.version_id, damage.flipped(film))
    row = run()
    assert row is not None and row.what == "different" and row.state == "held"
    assert (row.expected_sha256, row.expected_size) == (original.sha256, original.size)
    assert row.found_sha256 != original.sha256 and row.found_size == original.size
    assert row.bucket == s3.bucket("originals") and row.version_id == original.version_id
    original.refresh_from_db()
    assert original.damaged_at is not None
    hold = Hold.objects.get(recording=original.recording, released_at=None)
    assert (hold.kind, hold.reference, hold.set_by) == ("manual", "Damaged", None)
    [event] = events("evidence.damaged")
    body = event.parsed()
    assert body["object"]["ref"] == original.reference and body["outcome"] == "failed"
    assert body["data"]["found_sha256"] == row.found_sha256
    assert body["data"]["expected_sha256"] == original.sha256
    assert Alarm.objects.filter(source="fixity").count() == 1
    assert sweep.run() == 0, "what is known is not found again"
    assert len(events("evidence.damaged")) == 1


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        (lambda o, film: damage.overwrite("originals", o.key, o.version_id, film[:-7]), "cut"),
        (lambda o, film: damage.overwrite("originals", o.key, o.version_id, b""), "cut"),
        (lambda o, film: s3.destroy("originals", o.key, o.version_id), "missing"),
        (lambda o, film: Original.objects.update(size=o.size + 1), "row"),
        (lambda o, film: Original.objects.update(sha256="0" * 64), "row"),
    ],
)
def test_each_kind_of_damage_is_found(
    original: Original, film: bytes, harm: Any, what: str
) -> None:
    harm(original, film)
    row = run()
    assert row is not None and (row.what, row.state) == (what, "held")
    assert Original.objects.get(pk=original.pk).damaged_at is not None


def test_a_row_and_a_store_that_agree_against_the_log_are_found(
    original: Original, film: bytes
) -> None:
    """Who changes both is found by the log alone."""
    other = damage.flipped(film)
    damage.overwrite("originals", original.key, original.version_id, other)
    seen = reading.digest("originals", original.key, original.version_id)
    Original.objects.update(sha256=seen[0])
    row = run()
    assert row is not None and row.what == "different" and row.expected_sha256 == original.sha256


def test_what_the_log_never_heard_of_is_found(original: Original, film: bytes) -> None:
    aged(original)
    Original.objects.filter(pk=original.pk).update(reference="R-2222-2222")
    row = run()
    assert row is not None and row.what == "unknown"


def test_a_delete_marker_or_another_version_does_no_harm(original: Original) -> None:
    """The row names its version, and that is there."""
    s3.client().put_object(Bucket=s3.bucket("originals"), Key=original.key, Body=b"other")
    s3.client().delete_object(Bucket=s3.bucket("originals"), Key=original.key)
    assert sweep.run() == 1 and not Damage.objects.exists()


def test_one_bad_reading_is_no_verdict(
    original: Original, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, count = s3.read, 0

    def once(*where: Any, **more: Any) -> Any:
        nonlocal count
        count += 1
        return iter([b"x"]) if count == 1 else real(*where, **more)

    monkeypatch.setattr(s3, "read", once)
    assert run() is None and count == 2


# --- a store that gives no answer ---


def test_a_store_that_is_away_is_not_damage(
    original: Original, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*where: Any, **more: Any) -> Any:
        raise s3.StoreError("reading: no connection")
        yield b""

    monkeypatch.setattr(s3, "read", away)
    assert run() is None
    turn = Turn.objects.get()
    assert turn.failing_since is not None and "no connection" in turn.error
    # A day later, and nothing else could be read either: the store is to blame.
    past = timezone.now() - timedelta(days=2)
    Turn.objects.update(failing_since=past, until=past)
    assert run() is None
    assert "has not answered for a day" in Alarm.objects.get(source="fixity").sentence


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A client that does not wait a minute for each answer."""

    def quick(**said: Any) -> Config:
        return Config(**{**said, "read_timeout": 2, "retries": {"max_attempts": 1}})

    monkeypatch.setattr("evidence.store.s3.Config", quick)
    s3._client.cache_clear()
    yield
    s3._client.cache_clear()


def test_what_alone_can_not_be_read_for_a_day_is_damaged(
    original: Original, impatient: None
) -> None:
    """The store's own checksum refuses it: a bit turned on the disk."""
    damage.rot("originals", original.key, original.version_id)
    assert run() is None
    assert Turn.objects.get().error
    past = timezone.now() - timedelta(days=2)
    Turn.objects.update(failing_since=past, until=past)
    State.objects.update(answered_at=timezone.now())
    row = run()
    assert row is not None and row.what == "unreadable" and row.state == "held"


# --- several workers, and workers that die ---


def test_two_workers_never_read_the_same(original: Original) -> None:
    item = Originals().find(original.pk)
    assert item is not None
    assert turns.take(item) is not None
    assert turns.take(item) is None
    assert sweep.run() == 0
    Turn.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert sweep.run() == 1, "a claim that ran out is taken over"


class Killed(BaseException):
    """The worker dies here."""


@pytest.mark.parametrize(
    "line", ["evidence.fixity.reading.look", "evidence.fixity.finding.found",
             "evidence.fixity.finding.record", "evidence.fixity.turns.done"],
)  # fmt: skip
def test_a_worker_that_dies_anywhere_is_found(
    original: Original, film: bytes, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    damage.overwrite("originals", original.key, original.version_id, damage.flipped(film))

    def dies(*args: Any, **more: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(line, dies)
        with pytest.raises(Killed):
            sweep.run()
    Turn.objects.update(until=timezone.now() - timedelta(seconds=1))
    sweep.run()
    assert Damage.objects.count() == 1
    assert len(events("evidence.damaged")) == 1
    assert Hold.objects.filter(recording=original.recording).count() == 1


def test_what_moved_on_meanwhile_is_not_damaged(original: Original) -> None:
    """It was read under a version that the row no longer names."""
    item = Originals().find(original.pk)
    assert item is not None
    Original.objects.filter(pk=original.pk).update(version_id="another")
    assert finding.found(item, None, reading.Found("missing")) is None
    assert not Damage.objects.exists()


# --- the rate ---


def test_the_rate_is_kept_and_debts_are_paid_back(original: Original, settings: Any) -> None:
    settings.FIXITY_BYTES_SECOND = 1000
    State.objects.update(allowance=1, reckoned_at=timezone.now())
    assert sweep.run() == 1, "one file is read to its end"
    owed = State.objects.get().allowance
    assert -original.size <= owed < -original.size + 100_000
    aged(original)
    assert sweep.run() == 0
    State.objects.update(reckoned_at=timezone.now() - timedelta(seconds=-owed / 1000 + 5))
    assert sweep.run() == 1


def test_nothing_is_saved_up_for_longer_than_a_minute(settings: Any) -> None:
    settings.FIXITY_BYTES_SECOND = 1000
    State.objects.update(allowance=0, reckoned_at=timezone.now() - timedelta(days=9))
    assert turns.spend(0) == 60_000


def test_a_reader_waits_for_others(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(reading, "sleep", waited.append)
    monkeypatch.setattr("evidence.fixity.reading.time.monotonic", lambda: 0.0)
    settings.FIXITY_BYTES_SECOND = 1000
    pieces = [b"x" * 4000, b"x" * 4000]
    assert b"".join(reading.paced(pieces, lambda count: None)) == b"".join(pieces)
    assert waited == [1.0, 2.0]


def test_a_rate_of_nothing_reads_nothing(original: Original, settings: Any) -> None:
    from evidence.fixity.checks import files_are_read_again

    settings.FIXITY_BYTES_SECOND = 0
    assert sweep.run() == 0
    assert [found.id for found in files_are_read_again(None)] == ["fixity.W001"]


def test_the_longest_unread_comes_first(original: Original, dock: Any) -> None:
    newer = factories.docked(dock, b"words", name="B.TXT").originals.get()
    sequencer.run()
    Original.objects.filter(pk=newer.pk).update(checked_at=timezone.now() - timedelta(days=99))
    found = sweep._next()
    assert found is not None and found[0].pk == original.pk


# --- figures ---


def test_figures_say_what_was_read_lately(original: Original) -> None:
    assert figures.refresh()
    assert not figures.refresh(), "once an hour"
    row = Figures.objects.get(source="original")
    assert (row.objects_all, row.bytes_all) == (1, original.size)
    assert (row.objects_30, row.objects_90, row.objects_365) == (0, 0, 1)
    assert figures.oldest() is not None
    [line, *_] = figures.lines()
    assert [share.percent for share in line.shares] == [0, 0, 100]
    assert "less than an hour" in figures.round_words(figures.lines())
