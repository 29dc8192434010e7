"""After a backup was restored: nothing is destroyed in haste, and what had gone goes again."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from evidence.custody import sequencer, upkeep
from evidence.people.models import User
from evidence.recordings.models import Original, Recording
from evidence.retention import destroying, restored, tasks
from evidence.retention.models import Batch, Doomed, Item, Tombstone
from evidence.store import s3
from ingest.accounting import records
from ingest.devices.models import Camera, Dock
from tests import disposal

pytestmark = pytest.mark.django_db


@pytest.fixture
def vale(db: None) -> User:
    return disposal.manager("vale")


@pytest.fixture
def reed(db: None) -> User:
    return disposal.manager("reed")


@pytest.fixture
def footage(dock: Dock, camera: Camera) -> Recording:
    return disposal.docked(dock)


def as_before(recording: Recording, original: Original) -> None:
    """What the backup had: the footage, and nothing of its disposal."""
    for model in (Tombstone, Doomed, Item, Batch):
        model._default_manager.all().delete()
    Recording.objects.filter(pk=recording.pk).update(disposed_at=None)
    original.pk = None
    original.recording = recording
    original.save()
    sequencer.run()


def received(original: Original) -> list[str]:
    return [f.what for f in records.faults() if original.reference in f.what]


def test_what_had_gone_goes_again_and_everything_agrees(
    footage: Recording, vale: User, reed: User
) -> None:
    original = footage.originals.get()
    disposal.gone(vale, reed)
    as_before(footage, original)
    sequencer.run()
    [what] = received(original)
    assert "the log says that it was disposed of, and its rows are here again" in what
    call_command("retention", "again")
    stone = Tombstone.objects.get()
    assert (stone.reference, stone.sha256) == (original.reference, original.sha256)
    footage.refresh_from_db()
    assert footage.disposed_at is not None and not Original.objects.exists()
    assert "before the database was lost" in stone.ground
    assert received(original) == []
    assert list(restored.dispose_again()) == []


def test_what_was_proposed_in_the_backup_goes_again_too(
    footage: Recording, vale: User, reed: User
) -> None:
    original = footage.originals.get()
    disposal.gone(vale, reed)
    as_before(footage, original)
    batch = Batch.objects.create(ground="x", proposed_by=vale)
    Item.objects.create(batch=batch, recording=footage)
    assert [one.problem for one in restored.dispose_again()] == [""]
    assert Tombstone.objects.count() == 1
    assert Item.objects.get(batch=batch).state == "kept"


def test_what_the_store_has_still_is_told_and_left(
    footage: Recording, vale: User, reed: User
) -> None:
    """Nobody destroys footage by a line in the log."""
    original = footage.originals.get()
    disposal.gone(vale, reed)
    as_before(footage, original)
    s3.client().put_object(Bucket=s3.bucket("originals"), Key=original.key, Body=b"is back")
    [one] = restored.dispose_again()
    assert one.problem == f"The store has {original.reference} still."
    assert Original.objects.get().key == original.key and not Item.objects.exists()


def test_who_dies_half_way_is_followed(
    footage: Recording, vale: User, reed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = footage.originals.get()
    disposal.gone(vale, reed)
    as_before(footage, original)
    with monkeypatch.context() as patch:
        patch.setattr(destroying, "destroy", lambda pk: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            list(restored.dispose_again())
    tasks.dispose()
    assert Tombstone.objects.count() == 1


def test_after_a_restore_nothing_new_is_destroyed_for_days(
    footage: Recording, vale: User, reed: User, settings: Any, capsys: Any
) -> None:
    """Somebody may have taken it out of its batch after the backup."""
    batch = disposal.leaving(vale, reed)
    disposal.over(batch)
    upkeep.restored("DS Lane", "Disk failed", 0)
    tasks.dispose()
    item = Item.objects.get()
    assert item.state == "leaving" and destroying.next_item() is None
    call_command("retention", "status")
    assert "nothing new is destroyed before" in capsys.readouterr().out
    settings.REMORSE_DAYS = 0
    tasks.dispose()
    item.refresh_from_db()
    assert item.state == "gone"
