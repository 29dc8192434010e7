"""A move of footage that is damaged, was mended, is lost already, or is on its way out."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from evidence.custody import sequencer
from evidence.fixity import kept, mending, sweep
from evidence.fixity.models import Damage
from evidence.fixity.models import State as Account
from evidence.recordings.models import Original
from evidence.retention.models import Batch, Doomed, Item
from evidence.store import s3, whole
from ingest.accounting import objects
from ingest.accounting.objects import Tally
from ingest.moving import checking, copying, planning, removing, stores, switching
from ingest.moving.models import Moved, MoveError
from tests.ingest.moving.conftest import World, agreed
from tests.ingest.moving.test_moving import whole_copy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _read_on(transactional_db: None) -> None:
    Account.objects.update_or_create(pk=1, defaults={"allowance": 10**9})


def read(original: Original) -> None:
    """The sweep comes to it."""
    sequencer.run()
    then = timezone.now() - timedelta(days=100)
    Original.objects.filter(pk=original.pk).update(checked_at=then)
    sweep.run()


def replaced(world: World, original: Original) -> str:
    """Its row's version is another one, with other bytes of the same size; what was right."""
    right = b"".join(s3.read("originals", original.key, original.version_id))
    bad = world.source.write(
        "originals", original.key, iter([b"z" * original.size]), whole.Facts(original.size, "")
    )
    world.source.destroy("originals", original.key, original.version_id)
    Original.objects.filter(pk=original.pk).update(version_id=bad.version_id)
    read(original)
    assert Damage.objects.get(reference=original.reference).state == "held"
    return right.hex()


def put_back(store: whole.Store, original: Original, right: str) -> str:
    facts = whole.Facts(original.size, "")
    return store.write("originals", original.key, iter([bytes.fromhex(right)]), facts).version_id


def test_what_was_mended_moves_with_its_bad_version_and_is_known_after(
    world: World, footage: list[Original]
) -> None:
    one = footage[1]
    put_back(world.source, one, replaced(world, one))
    assert mending.run() == 1
    move = whole_copy(world)
    planning.pause_uploads(move)
    assert switching.run(move, by="mason") == 5
    world.on_target()
    planning.resume_uploads()
    one.refresh_from_db()
    row = Damage.objects.get()
    listed = {item.version_id for item in world.target.items("originals", one.key)}
    assert listed == {row.version_id, row.new_version} and row.new_version == one.version_id
    assert row.bucket == s3.bucket("originals")
    assert [copy.version_id for copy in kept.copies(one.recording)] == [row.version_id]
    assert not list(objects.confirm("originals", [one.key], Tally()))
    # The bad one may go; the row names the other.
    world.target.destroy("originals", one.key, row.version_id)
    assert checking.run(stores.current()) == []


def test_known_damage_is_told_and_mended_after_the_move(
    world: World, footage: list[Original]
) -> None:
    one = footage[1]
    right = replaced(world, one)
    move = world.plan()
    copying.run(move)
    [fault] = checking.run(move)
    assert (fault.kind, one.reference in fault.what) == ("damaged", True)
    assert move.whole
    planning.pause_uploads(move)
    switching.run(move, by="mason")
    world.on_target()
    put_back(world.target, one, right)
    Damage.objects.update(claimed_until=None)
    assert mending.run() == 1
    one.refresh_from_db()
    assert b"".join(s3.read("originals", one.key, one.version_id)).hex() == right


def test_what_is_lost_already_is_not_called_whole(world: World, footage: list[Original]) -> None:
    """The source does not list it: a comparison of lists alone finds nothing."""
    one, known = footage[3], footage[4]
    for original in (one, known):
        s3.destroy("originals", original.key, original.version_id)
    read(known)
    move = world.plan()
    copying.run(move)
    found = {fault.kind: fault.what for fault in checking.run(move)}
    assert sorted(found) == ["damaged", "missing"]
    assert found["missing"] == f"{one.reference} original {one.key}: the source does not have it"
    assert known.reference in found["damaged"]
    assert not move.whole
    planning.pause_uploads(move)
    with pytest.raises(MoveError, match="was not whole"):
        switching.run(move, by="mason")


def test_one_that_can_not_be_read_keeps_no_other(
    world: World, footage: list[Original], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, real = footage[2], whole.Store.read

    def refuses(self: whole.Store, alias: str, key: str, version_id: str) -> Any:
        if key == one.key:
            raise s3.StoreError("reading: the checksum is wrong")
        return real(self, alias, key, version_id)

    move = world.plan()
    with monkeypatch.context() as patch:
        patch.setattr(whole.Store, "read", refuses)
        found = copying.run(move)
        assert (found.copied, found.failed) == (4, ["reading: the checksum is wrong"])
        [fault] = checking.run(move)
        assert (fault.kind, one.reference in fault.what) == ("missing", True)
    assert copying.run(move).copied == 1
    assert checking.run(move) == []


def test_the_source_keeps_what_was_damaged_in_the_target_since(
    world: World, footage: list[Original]
) -> None:
    move = whole_copy(world)
    planning.pause_uploads(move)
    switching.run(move, by="mason")
    world.on_target()
    move = stores.current()
    assert checking.run(move) == []
    one = Original.objects.get(pk=footage[0].pk)
    bad = world.target.write(
        "originals", one.key, iter([secrets.token_bytes(one.size)]), whole.Facts(one.size, "")
    )
    # Bytes of the row's version that rotted: as if the target had other ones under its name.
    Original.objects.filter(pk=one.pk).update(version_id=bad.version_id)
    read(one)
    assert Damage.objects.get().state == "held"
    agreed(move)
    found = removing.run(move)
    assert found.removed == 4
    assert found.stays == {"damaged in the target since: this may be the only whole one": 1}
    assert [item.key for item in world.listed(world.source)] == [one.key]


def test_a_disposal_that_is_under_way_goes_on_in_the_new_store(
    world: World, footage: list[Original]
) -> None:
    one = footage[0]
    batch = Batch.objects.create(by_rule=True, ground="31 days", state="leaving")
    item = Item.objects.create(batch=batch, recording=one.recording, state="destroying")
    Doomed.objects.create(
        item=item, alias="originals", key=one.key, version_id=one.version_id, what="original"
    )
    move = whole_copy(world)
    planning.pause_uploads(move)
    switching.run(move, by="mason")
    row = Doomed.objects.get()
    assert row.version_id == Moved.objects.get(key=one.key).target_version


def test_a_replica_that_follows_the_store_in_use_stops_the_switch(
    world: World, footage: list[Original], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {**settings.STORAGES["originals"]["OPTIONS"], "bucket_name": "replica"}
    settings.STORAGES = {**settings.STORAGES, "replica": {"BACKEND": "", "OPTIONS": options}}
    move = whole_copy(world)
    planning.pause_uploads(move)
    with pytest.raises(MoveError, match="BWV_REPLICA_ENDPOINT=http"):
        switching.run(move, by="mason")
    monkeypatch.setenv("BWV_REPLICA_ENDPOINT", world.source.endpoint)
    assert switching.run(move, by="mason") == 5
