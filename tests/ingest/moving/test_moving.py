"""Moving everything to a second store: nothing is lost, or it is said which, and refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from config.stack.layout import ROOT
from evidence.custody import anchors, checkpoints, sequencer
from evidence.custody.models import Event
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import audits
from evidence.recordings.models import Original
from evidence.retention.models import Batch, Doomed, Item, Tombstone
from evidence.store import acceptance, s3, whole
from ingest.devices.models import Camera, Dock
from ingest.moving import checking, copying, planning, removing, stores, switching
from ingest.moving.models import Move, Moved, MoveError
from ingest.uploads import actions as uploads
from ingest.uploads import receipts
from ingest.uploads.models import Upload
from tests import factories
from tests.docking import DockClient
from tests.ingest.moving.conftest import World, agreed, docked

pytestmark = pytest.mark.django_db(transaction=True)


def sign() -> None:
    sequencer.run()
    signed = checkpoints.sign()
    assert signed
    anchors.publish_tiles(signed)
    anchors.to_bucket(signed)


def whole_copy(world: World) -> Move:
    move = world.plan()
    copying.run(move)
    assert checking.run(move) == []
    return move


def switched(world: World) -> Move:
    move = whole_copy(world)
    planning.pause_uploads(move)
    switching.run(move, by="mason")
    world.on_target()
    planning.resume_uploads()
    return move


def sizes(items: list[whole.Item]) -> list[tuple[str, int]]:
    return sorted((item.key, item.size) for item in items)


# --- copying ------------------------------------------------------------------------------


def test_every_version_is_copied_with_its_lock_hold_type_and_tags(
    world: World, footage: list[Original]
) -> None:
    held = footage[0]
    s3.legal_hold("originals", held.key, held.version_id, True)
    s3.put("renditions", "still", b"jpeg", sha(b"jpeg"), "image/jpeg")
    world.source.s3.put_object_tagging(
        Bucket=world.source.bucket("renditions"), Key="still",
        Tagging={"TagSet": [{"Key": "kind", "Value": "poster"}]},
    )  # fmt: skip
    until = timezone.now() + timedelta(days=1)
    for body in (b"one", b"two", b"three"):
        s3.put_locked("custody", "many", body, until, "text/plain", once=False)
    whole_copy(world)
    for alias in whole.ALIASES:
        assert sizes(world.listed(world.source, alias)) == sizes(world.listed(world.target, alias))
    row = Moved.objects.get(key=held.key)
    facts = world.target.facts("originals", held.key, row.target_version)
    assert (facts.mode, facts.hold) == ("GOVERNANCE", True)
    assert facts.until
    assert held.locked_until
    assert abs(facts.until - held.locked_until) < timedelta(seconds=2)
    still = world.target.facts("renditions", "still", "null", tags=True)
    assert (still.content_type, still.tags) == ("image/jpeg", {"kind": "poster"})
    # Of one key the newest is the newest there too, and each is locked as it was.
    assert b"".join(world.target.read("custody", "many", "")) == b"three"
    [*versions] = Moved.objects.filter(key="many")
    assert len(versions) == 3
    for version in versions:
        facts = world.target.facts("custody", "many", version.target_version)
        assert facts.mode == "COMPLIANCE"
    # What was tried at one store says nothing of another.
    assert not Moved.objects.filter(key=acceptance.KEY).exists()


def sha(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def test_a_large_object_goes_in_parts(world: World) -> None:
    data = os.urandom(1024) * 70_000
    world.source.s3.put_object(Bucket=world.source.bucket("renditions"), Key="large", Body=data)
    move = whole_copy(world)
    assert world.target.digest("renditions", "large", "null") == (sha(data), len(data))
    assert move.check_bytes == len(data)


def test_a_copy_that_died_after_writing_is_recognised(
    world: World, footage: list[Original], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the object's arrival and its row: nothing is copied twice."""
    move, real, count = world.plan(), whole.Store.protect, []

    def dies(*args: Any) -> None:
        count.append(args)
        if len(count) >= 3:
            raise KeyboardInterrupt
        real(*args)

    monkeypatch.setattr(whole.Store, "protect", dies)
    with pytest.raises(KeyboardInterrupt):
        copying.run(move)
    monkeypatch.undo()
    arrived = len(world.listed(world.target))
    assert 3 <= arrived <= 5
    world.on_source()
    copying.run(move)
    assert sizes(world.listed(world.target)) == sizes(world.listed(world.source))
    assert checking.run(move) == []


def test_a_killed_copy_goes_on(world: World, dock: Dock, camera: Camera) -> None:
    docked(dock, 30)
    world.plan()
    said = connection.settings_dict
    url = (f"postgres://{said['USER']}:{said['PASSWORD']}@{said['HOST']}:{said['PORT']}"
           f"/{said['NAME']}")  # fmt: skip
    surroundings = {
        **os.environ, "DATABASE_URL": url, "BWV_BUCKET_PREFIX": world.prefix,
        "BWV_MOVE_ACCESS_KEY_ID": "bwv",
        "BWV_MOVE_SECRET_ACCESS_KEY": world.second.secret("store"),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "manage.py", "move_store", "copy"], cwd=ROOT, env=surroundings
    )
    while not world.listed(world.target):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    move = stores.current()
    assert not Moved.objects.filter(state="copied", alias="custody").exists()
    copying.run(move)
    # What the killed one had sent may arrive after that: the comparison clears it away.
    assert checking.run(move) == []
    assert sizes(world.listed(world.target)) == sizes(world.listed(world.source))


def test_what_comes_meanwhile_is_in_the_next_pass(
    world: World, footage: list[Original], dock: Dock
) -> None:
    move = whole_copy(world)
    docked(dock, 2, first=10)
    assert {fault.kind for fault in checking.run(move)} == {"missing"}
    assert copying.run(move).copied == 2
    assert checking.run(move) == []


def test_only_an_empty_store_that_was_tried_is_moved_to(
    world: World, footage: list[Original]
) -> None:
    with pytest.raises(MoveError, match="That is the store in use"):
        planning.plan(endpoint=world.source.endpoint, prefix=world.prefix, by="mason")
    with pytest.raises(MoveError, match="There is nobody of the user name nemo"):
        planning.plan(endpoint=world.endpoint, prefix=world.prefix, by="nemo")
    world.target.destroy("custody", acceptance.KEY, world.target.facts(
        "custody", acceptance.KEY, "").version_id)  # fmt: skip
    with pytest.raises(MoveError, match=r"manage\.py store check"):
        world.plan()
    world.tried()
    world.target.s3.put_object(Bucket=world.target.bucket("originals"), Key="x", Body=b"x")
    with pytest.raises(MoveError, match="is not empty"):
        world.plan()


def test_store_check_makes_the_new_store_ready(world: World) -> None:
    surroundings = {
        **os.environ, "AWS_S3_ENDPOINT_URL": world.endpoint, "BWV_BUCKET_PREFIX": "fresh",
        "AWS_SECRET_ACCESS_KEY": world.second.secret("store"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "manage.py", "store", "check"], cwd=ROOT, env=surroundings,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert planning.plan(endpoint=world.endpoint, prefix="fresh", by="mason").state == "copying"
    with pytest.raises(MoveError, match="under way already"):
        world.plan()


# --- the transfer that lost 96,174 originals -------------------------------------------------


def test_three_of_fifty_are_lost_in_the_transfer_and_it_says_which(
    world: World, dock: Dock, camera: Camera
) -> None:
    footage = docked(dock, 50)
    move = world.plan()
    copying.run(move)
    lost = [footage[number] for number in (7, 23, 41)]
    for original in lost:
        row = Moved.objects.get(key=original.key)
        world.target.destroy("originals", original.key, row.target_version)
    found = checking.run(move)
    assert {fault.kind for fault in found} == {"missing"}
    assert {fault.what.split()[0] for fault in found} == {row.reference for row in lost}
    assert (move.whole, move.fault_count) == (False, 3)
    planning.pause_uploads(move)
    with pytest.raises(MoveError, match="was not whole"):
        switching.run(move, by="mason")
    with pytest.raises(CommandError, match="The copy is not whole: 3 faults"):
        call_command("move_store", "reconcile", "--json")
    # They are copied once more, and then all is there.
    assert checking.again(move) == 3
    copying.run(move)
    assert checking.run(move) == []
    assert len(world.listed(world.target)) == 50
    assert switching.run(move, by="mason") == 50


def test_changed_extra_and_unlocked_copies_are_found(world: World, footage: list[Original]) -> None:
    s3.put("renditions", "still", b"jpeg", sha(b"jpeg"), "image/jpeg")
    move = world.plan()
    copying.run(move)
    world.target.s3.put_object(Bucket=world.target.bucket("renditions"), Key="still", Body=b"JPEG")
    world.target.s3.put_object(Bucket=world.target.bucket("originals"), Key="y", Body=b"y")
    found = {(fault.kind, fault.what.split(":")[0]) for fault in checking.run(move)}
    assert found == {("different", "renditions still"), ("extra", "originals y")}


def test_an_original_that_is_bad_at_the_source_is_not_called_whole(
    world: World, footage: list[Original]
) -> None:
    """Read and written alike, and still not what was sealed: the log is asked, not the copy."""
    bad = footage[2]
    stored = world.source.write(
        "originals", bad.key, iter([b"z" * bad.size]), whole.Facts(bad.size, "")
    )
    Original.objects.filter(pk=bad.pk).update(version_id=stored.version_id)
    world.source.destroy("originals", bad.key, bad.version_id)
    move = world.plan()
    copying.run(move)
    [fault] = checking.run(move)
    assert fault.what == (
        f"{bad.reference} original {bad.key}: it is not what the custody log has of it"
    )


def test_a_reconcile_that_was_killed_goes_on_and_forgets_no_fault(
    world: World, footage: list[Original], monkeypatch: pytest.MonkeyPatch
) -> None:
    move = world.plan()
    copying.run(move)
    row = Moved.objects.filter(alias="originals").first()
    assert row
    world.target.destroy("originals", row.key, row.target_version)
    monkeypatch.setattr(checking, "_extra", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        checking.run(move)
    monkeypatch.undo()
    world.on_source()
    move = stores.current()
    assert not move.whole
    assert [fault.kind for fault in checking.run(move)] == ["missing"]
    assert move.checks == 1


# --- what was disposed of does not come back --------------------------------------------------


def buried(original: Original) -> None:
    batch = Batch.objects.create(by_rule=True, ground="31 days", state="leaving")
    item = Item._default_manager.create(batch=batch, recording=original.recording, state="gone")
    Doomed.objects.create(
        item=item, alias="originals", key=original.key, version_id=original.version_id,
        what="original",
    )  # fmt: skip
    Tombstone.objects.create(
        recording=original.recording, item=item, reference=original.reference,
        upload=original.upload, size=original.size, sha256=original.sha256, key=original.key,
        version_id=original.version_id, docked_at=original.docked_at,
        sealed_at=original.sealed_at, ground="31 days", gone_at=timezone.now(),
    )  # fmt: skip
    original.delete()


def test_what_was_disposed_of_is_not_copied_and_told_where_the_source_has_it_still(
    world: World, footage: list[Original]
) -> None:
    buried(footage[1])
    move = world.plan()
    assert copying.run(move).disposed == 1
    [fault] = checking.run(move)
    assert (fault.kind, "the source has it still" in fault.what) == ("disposed", True)
    assert move.whole
    assert footage[1].key not in {item.key for item in world.listed(world.target)}


def test_what_is_disposed_of_after_it_was_copied_goes_in_the_target_too(
    world: World, footage: list[Original]
) -> None:
    move = whole_copy(world)
    one = footage[1]
    s3.destroy("originals", one.key, one.version_id)
    buried(one)
    assert copying.run(move).disposed == 1
    assert one.key not in {item.key for item in world.listed(world.target)}
    assert checking.run(move) == []


def test_what_is_disposed_of_while_there_are_two_stores_goes_from_both(
    world: World, footage: list[Original]
) -> None:
    from ingest.moving.tasks import clear_disposed

    move = whole_copy(world)
    first, second = footage[:2]
    s3.destroy("originals", first.key, first.version_id)
    buried(first)
    clear_disposed()
    assert first.key not in {item.key for item in world.listed(world.target)}
    planning.pause_uploads(move)
    switching.run(move, by="mason")
    world.on_target()
    second.refresh_from_db()
    s3.destroy("originals", second.key, second.version_id)
    buried(second)
    assert second.key in {item.key for item in world.listed(world.source)}
    clear_disposed()
    assert second.key not in {item.key for item in world.listed(world.source)}
    move = stores.current()
    assert checking.run(move) == []
    removing.run(agreed(move))
    assert world.listed(world.source) == []


def test_disposed_footage_that_the_other_store_holds_is_told_and_not_forgotten(
    world: World, footage: list[Original]
) -> None:
    move = switched(world)
    one = Original.objects.get(pk=footage[0].pk)
    old = Moved.objects.get(key=one.key)
    world.source.protect("originals", one.key, old.version_id, whole.Facts(one.size, "", hold=True))
    s3.destroy("originals", one.key, one.version_id)
    buried(one)
    assert removing.clear_disposed(move) == 0
    old.refresh_from_db()
    assert "the store refused" in old.stays
    assert planning.status(move)["buckets"]["originals"]["stays_"] == 1


def test_what_merely_vanished_from_the_source_stays_in_the_target(
    world: World, footage: list[Original]
) -> None:
    move = whole_copy(world)
    one = footage[1]
    s3.destroy("originals", one.key, one.version_id)
    copying.run(move)
    assert one.key in {item.key for item in world.listed(world.target)}
    [fault] = checking.run(move)
    assert "the source does not have it any more" in fault.what


# --- switching ------------------------------------------------------------------------------


def test_docks_wait_while_uploads_are_paused(
    world: World, footage: list[Original], client_of_dock: DockClient
) -> None:
    move = world.plan()
    waiting = client_of_dock.register(b"before")
    planning.pause_uploads(move)
    for answer in (
        client_of_dock.register(b"new"),
        client_of_dock.post(
            f"uploads/{waiting.json()['id']}/parts",
            {"parts": [{"number": 1, "sha256": sha(b"before")}]},
        ),
        client_of_dock.post(f"uploads/{waiting.json()['id']}/complete"),
    ):
        assert (answer.status_code, answer["Retry-After"]) == (503, "120")
        assert answer.json()["type"] == "urn:bwv:problem:uploads-paused"
    # What is stored already is still told, and its receipt given.
    assert client_of_dock.get(f"uploads/{waiting.json()['id']}").status_code == 200
    planning.resume_uploads()
    assert client_of_dock.register(b"new").status_code == 201


def test_a_switch_needs_a_pause_a_whole_copy_and_nothing_on_its_way(
    world: World, footage: list[Original], dock: Dock
) -> None:
    move = world.plan()
    copying.run(move)
    with pytest.raises(MoveError, match="Docks still send"):
        switching.run(move, by="mason")
    going = factories.send(dock, b"on its way", name="G.bin")
    planning.pause_uploads(move)
    with pytest.raises(MoveError, match="1 files are still being verified"):
        switching.run(move, by="mason")
    from ingest.uploads import sealing

    sealing.verify(going.pk)
    with pytest.raises(MoveError, match="was not whole"):
        switching.run(move, by="mason")
    assert Original.objects.filter(version_id__in=[row.version_id for row in footage]).count() == 5


def test_after_the_switch_everything_goes_on_in_the_new_store(
    world: World, footage: list[Original], dock: Dock, client_of_dock: DockClient
) -> None:
    upload = Upload.objects.get(pk=footage[0].upload)
    sequencer.run()
    receipt = receipts.issue(upload)
    assert receipt
    sign()
    half = uploads.register(dock=dock, file=uploads.File("BWC-1", "H.bin", 4, sha(b"half")))[0]
    uploads.sign_parts(upload=half, parts=[(1, sha(b"half"))])
    move = whole_copy(world)
    late = docked(dock, 1, first=20)[0]  # after the comparison: the switch takes it along
    s3.legal_hold("originals", footage[3].key, footage[3].version_id, True)
    planning.pause_uploads(move)
    assert switching.run(move, by="mason") == 6
    old = {row.key: row.version_id for row in [*footage, late]}
    with pytest.raises(MoveError, match="The move is switched: set AWS_S3_ENDPOINT_URL"):
        stores.pair(move)
    world.on_target()
    planning.resume_uploads()
    sequencer.run()

    for row in Original.objects.all():
        moved = Moved.objects.get(alias="originals", key=row.key)
        assert (moved.version_id, moved.target_version) == (old[row.key], row.version_id)
        [event] = Event.objects.filter(object_ref=row.reference, type="evidence.moved")
        body = event.parsed()
        assert body["data"]["stored"] == [f"{world.prefix}-originals/{row.key} {row.version_id}"]
        assert body["object"]["sha256"] == row.sha256
        url = s3.sign_get(
            "originals", row.key, version_id=row.version_id, seconds=60, content_type="x/y"
        )
        assert sha(factories.text_of(url)) == row.sha256
    held = Original.objects.get(pk=footage[3].pk)
    assert world.target.facts("originals", held.key, held.version_id).hold
    upload.refresh_from_db()
    assert upload.version_id == Original.objects.get(pk=footage[0].pk).version_id
    assert receipts.issue(upload) == receipt
    sign()
    assert audits.walk(workers=1).faults == []
    # Docks go on: the half of a file is sent again, a new one is sealed in the new store.
    half.refresh_from_db()
    assert half.multipart == ""
    factories.put_parts(half, b"half")
    uploads.complete(upload=half)
    docked(dock, 1, first=30)
    assert audits.walk(workers=1).faults == []
    assert checking.run(move) == []


def test_a_switch_that_died_between_two_batches_goes_on(
    world: World, footage: list[Original], monkeypatch: pytest.MonkeyPatch
) -> None:
    move = whole_copy(world)
    planning.pause_uploads(move)
    monkeypatch.setattr(switching, "BATCH", 2)
    real, count = switching._rename, []

    def dies(*args: Any) -> int:
        count.append(1)
        return 1 // 0 if len(count) == 2 else real(*args)

    monkeypatch.setattr(switching, "_rename", dies)
    with pytest.raises(ZeroDivisionError):
        switching.run(move, by="mason")
    move = stores.current()
    assert move.state == "switching"
    with pytest.raises(CommandError, match="The switch is not finished"):
        call_command("move_store", "resume")
    with pytest.raises(MoveError, match="it can only go on"):
        planning.abandon(move)
    assert switching.run(move, by="mason") == 3
    sequencer.run()
    assert Event.objects.filter(type="evidence.moved").count() == 5


# --- removing ---------------------------------------------------------------------------------


def test_the_source_is_removed_last_by_two_and_keeps_what_is_locked(
    world: World, footage: list[Original], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign()
    s3.legal_hold("originals", footage[4].key, footage[4].version_id, True)
    before = whole_copy(world)
    with pytest.raises(MoveError, match="switch first"):
        removing.run(before)
    planning.pause_uploads(before)
    switching.run(before, by="mason")
    world.on_target()
    move = stores.current()
    mason, quill = (User.objects.get(username=name) for name in ("mason", "quill"))
    with pytest.raises(MoveError, match="until a comparison after the switch was whole"):
        removing.agree(by=mason)
    assert checking.run(move) == []
    settings.MOVE_KEEP_DAYS = 14
    with pytest.raises(MoveError, match="14 days after the switch"):
        removing.agree(by=mason)
    settings.MOVE_KEEP_DAYS = 0
    with pytest.raises(MoveError, match=r"Nobody has agreed.*/moving/"):
        removing.run(move)
    with pytest.raises(NotAllowed):
        removing.agree(by=factories.Person(username="clerk", name="A Clerk", roles=["officer"]))
    removing.agree(by=mason)
    with pytest.raises(MoveError, match="A second, different person"):
        removing.agree(by=mason)
    move.refresh_from_db()
    with pytest.raises(MoveError, match="One person has agreed"):
        removing.run(move)
    assert len(world.listed(world.source)) == 5
    removing.agree(by=quill)
    move.refresh_from_db()
    # A run that dies half way: the next one goes on, and the log tells of both.
    real, left = removing._remove, [2]

    def dies(*given: Any, **named: Any) -> None:
        if not left[0]:
            raise RuntimeError("killed")
        left[0] -= 1
        real(*given, **named)

    monkeypatch.setattr(removing, "_remove", dies)
    with pytest.raises(RuntimeError, match="killed"):
        removing.run(move)
    monkeypatch.setattr(removing, "_remove", real)
    found = removing.run(move)
    assert 0 < found.removed < 4
    [(locked, _), (hold, count)] = sorted(found.stays.items(), key=lambda one: "hold" in one[0])
    assert (hold, count) == ("legal hold", 1)
    assert "COMPLIANCE" in locked
    assert [item.key for item in world.listed(world.source)] == [footage[4].key]
    assert world.listed(world.source, "custody")
    move.refresh_from_db()
    assert move.state == "switched"  # it is not over while something stays
    sequencer.run()
    [event] = Event.objects.filter(type="store.source_removed")
    assert event.parsed()["data"]["objects"] == 4
    assert Event.objects.filter(type="store.removal_agreed").count() == 2
    assert audits.walk(workers=1).faults == []


def test_a_copy_that_is_lost_after_the_switch_keeps_the_source(
    world: World, footage: list[Original]
) -> None:
    move = switched(world)
    row = Moved.objects.get(key=footage[2].key)
    world.target.destroy("originals", row.key, row.target_version)
    [fault] = checking.run(move)
    assert (fault.kind, fault.what.split()[0]) == ("missing", footage[2].reference)
    assert fault.todo == "Keep the source: it may be the only whole one."
    with pytest.raises(MoveError, match="The source stays"):
        agreed(move)
    with pytest.raises(MoveError, match="The source stays"):
        removing.run(move)
    assert len(world.listed(world.source)) == 5


def test_a_copy_that_is_lost_between_comparison_and_removal_keeps_its_source(
    world: World, footage: list[Original]
) -> None:
    move = switched(world)
    assert checking.run(move) == []
    row = Moved.objects.get(key=footage[2].key)
    world.target.destroy("originals", row.key, row.target_version)
    found = removing.run(agreed(move))
    assert found.stays == {"the target does not have it any more": 1}
    assert [item.key for item in world.listed(world.source)] == [row.key]


def test_the_command_tells_how_far_it_is(
    world: World, footage: list[Original], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="No move is under way"):
        call_command("move_store", "status")
    call_command(
        "move_store", "plan", "--to", world.endpoint, "--bucket-prefix", world.prefix,
        "--by", "mason",
    )  # fmt: skip
    call_command("move_store", "copy")
    call_command("move_store", "reconcile")
    said = capsys.readouterr().out
    assert "5 of 5 versions copied in this pass" in said
    assert "5 versions" in said and "0 faults" in said
    call_command("move_store", "pause")
    call_command("move_store", "switch", "--by", "mason")
    world.on_target()
    call_command("move_store", "resume")
    capsys.readouterr()
    call_command("move_store", "status", "--json")
    found = json.loads(capsys.readouterr().out)
    assert (found["state"], found["uploads_paused"]) == ("Switched", False)
    assert found["buckets"]["originals"]["switched_"] == 5
