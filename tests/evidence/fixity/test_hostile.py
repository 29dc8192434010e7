"""What would lose footage, hide a loss or cry wolf: the last copy, places that are away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from evidence.custody.models import Alarm
from evidence.fixity import kept, mending, reading, sweep, turns
from evidence.fixity.models import Damage, ReplicaCopy, State, Turn
from evidence.recordings.models import Original, Rendition
from evidence.retention import destroying
from evidence.retention import tasks as store
from evidence.retention.models import Hold, Item
from evidence.store import s3
from ingest.accounting import objects
from ingest.accounting.objects import Tally
from ingest.devices.models import Dock
from tests import damage, disposal, factories
from tests.evidence.fixity.conftest import aged
from tests.evidence.fixity.test_replica import copied as copied
from tests.evidence.fixity.test_replica import held_in_store, versions

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _allowed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    State.objects.create(pk=1, allowance=10**9)
    monkeypatch.setattr(reading, "sleep", lambda seconds: None)


def on_its_way(original: Original) -> Item:
    """Two people let go of it, and its days are over."""
    disposal.aged(original.recording, 400, "stop-search")
    disposal.leaving(disposal.manager("vale"), disposal.manager("hill"))
    Item.objects.update(goes_at=timezone.now() - timedelta(seconds=1))
    return Item.objects.get()


# --- the last copy ---


def film_of(original: Original) -> Rendition:
    """A viewing copy that has gone bad, and whose turn comes before its original's."""
    film = disposal.rendered(original, "proxy")
    s3.client().put_object(Bucket=s3.bucket("renditions"), Key=film.key, Body=b"nearly the film")
    aged(original)
    Rendition.objects.update(checked_at=timezone.now() - timedelta(days=200))
    return film


def test_a_bad_viewing_copy_of_a_lost_original_is_not_thrown_away(original: Original) -> None:
    """It may be all that is left of the footage."""
    film = film_of(original)
    s3.destroy("originals", original.key, original.version_id)
    sweep.run()
    assert b"".join(s3.read("renditions", film.key)) == b"nearly the film"
    assert Rendition.objects.filter(pk=film.pk).exists()
    assert [row.source for row in Damage.objects.all()] == ["original"]
    Turn.objects.all().delete()
    sweep.run()
    assert Damage.objects.count() == 1 and not Turn.objects.exists(), "nor read again and again"


def test_a_bad_viewing_copy_of_a_right_original_is_made_again(original: Original) -> None:
    film = film_of(original)
    sweep.run()
    assert Damage.objects.get().source == "film"
    assert not Rendition.objects.filter(pk=film.pk).exists()


# --- what is away ---


def away(settings: Any) -> None:
    there = settings.STORAGES
    options = {**there["replica"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:9",
               "access_key": "away"}  # fmt: skip
    settings.STORAGES = {**there, "replica": {**there["replica"], "OPTIONS": options}}


def test_a_replica_that_is_away_for_days_is_not_damaged(copied: Original, settings: Any) -> None:
    """Or each of its copies would be made anew when it is back."""
    away(settings)
    ReplicaCopy.objects.update(checked_at=timezone.now() - timedelta(days=300))
    sweep.run()
    past = timezone.now() - timedelta(days=3)
    Turn.objects.update(failing_since=past, until=past)
    State.objects.update(replica_answered_at=past)
    Original.objects.update(checked_at=timezone.now() - timedelta(days=2))
    sweep.run()
    copied.refresh_from_db()
    assert copied.checked_at > timezone.now() - timedelta(hours=1), "what is here was read"
    assert not Damage.objects.exists()
    assert ReplicaCopy.objects.get().state == "there"
    assert "The replica has not answered" in Alarm.objects.get(source="fixity").sentence


def test_objects_that_can_not_be_read_do_not_stop_the_others(
    original: Original, dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [factories.docked(dock, b"x%d" % n, name=f"F{n}.bin").originals.get()
              for n in range(4)]  # fmt: skip
    for other in others:
        aged(other)
    Original.objects.filter(pk=original.pk).update(checked_at=timezone.now() - timedelta(days=50))
    bad, real = {one.key for one in others}, s3.read

    def refuses(alias: str, key: str, *more: Any, **named: Any) -> Any:
        if key in bad:
            raise s3.StoreError("reading: AccessDenied")
        yield from real(alias, key, *more, **named)

    monkeypatch.setattr(s3, "read", refuses)
    assert sweep.run() == 1
    original.refresh_from_db()
    assert original.checked_at > timezone.now() - timedelta(hours=1)


def test_what_can_not_be_read_is_asked_for_less_and_less(original: Original) -> None:
    from evidence.fixity.sources import Originals

    item = Originals().find(original.pk)
    assert item is not None
    turn = turns.take(item)
    assert turn is not None
    turn.failing_since = timezone.now() - timedelta(hours=3)
    assert turns.failed(turn, "x").until > timezone.now() + timedelta(hours=2)


def test_a_replica_that_was_taken_out_of_the_settings_is_said_by_a_disposal(
    copied: Original, settings: Any
) -> None:
    """Its copies would lie on for ever, unnoticed."""
    item = on_its_way(copied)
    settings.STORAGES = {name: one for name, one in settings.STORAGES.items() if name != "replica"}
    destroying.destroy(item.pk)
    item.refresh_from_db()
    assert item.state in (Item.State.LEAVING, Item.State.DESTROYING)
    assert "BWV_REPLICA_BUCKET" in item.problem
    sweep.run()
    mending.run()


# --- mended more than once ---


def test_an_original_is_mended_twice_and_everything_agrees(copied: Original, film: bytes) -> None:
    first = copied.version_id
    damage.overwrite("originals", copied.key, first, damage.flipped(film))
    sweep.run()
    assert mending.run() == 1
    aged(copied)
    second = Original.objects.get().version_id
    damage.overwrite("originals", copied.key, second, damage.flipped(film, 200))
    sweep.run()
    for hold in Hold.objects.filter(released_at=None):
        store.to_store(hold.pk)
    assert mending.run() == 1
    mending.run()
    copied.refresh_from_db()
    assert len({first, second, copied.version_id}) == 3
    assert b"".join(s3.read("originals", copied.key, copied.version_id)) == film
    assert not held_in_store("originals", copied.key, second)
    assert not Hold.objects.filter(released_at=None).exists()
    listed = {one.version_id for one in kept.copies(copied.recording) if one.alias == "originals"}
    assert listed == {first, second}
    assert not list(objects.confirm("originals", [copied.key], Tally()))
    for hold in Hold.objects.filter(in_store=False):
        store.to_store(hold.pk)
    item = on_its_way(copied)
    destroying.destroy(item.pk)
    item.refresh_from_db()
    assert (item.state, item.problem) == ("gone", "")
    assert not versions("originals", copied.key) and not versions("replica", copied.key)


def test_what_was_missing_and_is_there_again_mends_itself(original: Original, film: bytes) -> None:
    """The store was mounted wrongly for an hour: nobody has to lift ten thousand findings."""
    version = original.version_id
    real = s3.read

    def gone(*where: Any, **more: Any) -> Any:
        raise s3.Missing("reading: there is no such object")
        yield b""

    s3.read = gone
    try:
        sweep.run()
        mending.run()
    finally:
        s3.read = real
    assert Damage.objects.get().state == "held"
    Damage.objects.update(claimed_until=None)
    assert mending.run() == 1
    original.refresh_from_db()
    assert original.version_id == version and original.damaged_at is None
    assert versions("originals", original.key) == [version]


# --- many ---


def test_locks_are_extended_as_many_as_there_are(
    original: Original, replica: str, dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evidence.fixity import replica as room

    for number in range(3):
        factories.docked(dock, b"y%d" % number, name=f"F{number}.bin")
    assert room.run() == 4
    ReplicaCopy.objects.update(locked_until=timezone.now() + timedelta(days=1))
    monkeypatch.setattr(room, "BATCH", 2)
    room.extend_locks()
    soon = timezone.now() + timedelta(days=2)
    assert not ReplicaCopy.objects.filter(locked_until__lt=soon).exists()


def test_a_copy_that_can_not_be_locked_stops_no_other(
    original: Original, replica: str, dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evidence.fixity import replica as room

    for number in range(2):
        factories.docked(dock, b"z%d" % number, name=f"O{number}.bin")
    assert room.run() == 3
    lost = ReplicaCopy.objects.order_by("pk").first()
    assert lost is not None
    s3.destroy("replica", lost.key, lost.version_id)
    now = timezone.now()
    ReplicaCopy.objects.update(locked_until=now + timedelta(days=2))
    ReplicaCopy.objects.filter(pk=lost.pk).update(locked_until=now + timedelta(days=1))
    monkeypatch.setattr(room, "BATCH", 2)
    room.extend_locks()
    others = ReplicaCopy.objects.exclude(pk=lost.pk)
    assert others.filter(locked_until__gt=now + timedelta(days=3)).count() == 2
