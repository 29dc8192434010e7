"""Damage of each kind, done on purpose to the store, the rows and the log: each is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from evidence.custody import anchors, checkpoints, sequencer, upkeep
from evidence.custody.models import Anchor, Event, Pending
from evidence.custody.record import Draft, record, service
from evidence.people.models import User
from evidence.recordings.models import Original, Package, Recording, Rendition
from evidence.retention import destroying
from evidence.retention.models import Doomed, Item, Tombstone
from evidence.store import buckets, s3
from ingest.accounting import owners
from ingest.accounting.models import Finding, Run
from ingest.accounting.reckoning import Reckoning
from ingest.devices.models import Camera, Dock
from ingest.uploads import actions as uploads
from ingest.uploads import sealing
from ingest.uploads.models import Listing, Quarantine, Upload
from tests import disposal, factories
from tests.ingest.accounting.conftest import (
    BYTES,
    ago,
    clip,
    dispose,
    found,
    put,
    rendition,
    said,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def original(docked: Recording) -> Original:
    return docked.originals.get()


def only(kind: str, area: str, words: str) -> str:
    """The one finding there is."""
    [(its_kind, its_area, what)] = said()
    assert (its_kind, its_area) == (kind, area)
    assert words in what
    return what


def test_a_clean_system_finds_nothing(
    original: Original, shah: User, dock: Dock, camera: Camera
) -> None:
    rendition(original)
    clip(original, shah)
    dispose(factories.docked(dock, b"gone", name="VID_0002.BIN"))
    factories.send(dock, b"on its way", name="VID_0003.BIN")  # verifying
    factories.docked(dock, b"no film", name="VID_0004.MP4")  # quarantined, and an original
    disagrees = factories.send(dock, b"other", name="VID_0005.BIN", sha256="0" * 64, size=5)
    sealing.verify(disagrees.pk)
    assert Upload.objects.get(pk=disagrees.pk).state == "quarantined"
    assert said() == []
    sequencer.run()
    checkpoints.sign()
    anchors.everything()
    assert said() == []
    assert found("gap", gaps=True) == []


# --- the store ---------------------------------------------------------------------


def test_an_original_that_was_destroyed(original: Original) -> None:
    s3.destroy("originals", original.key, original.version_id)
    only("missing", "originals", f"{original.reference} original")
    [fault] = found()
    assert fault.todo == "Look for it in backups today."


def test_an_original_that_was_written_over_is_one_version_too_many(original: Original) -> None:
    put("originals", original.key, b"another file")
    only("extra", "originals", f"of {original.reference} original")


def test_an_original_that_was_replaced(original: Original) -> None:
    s3.destroy("originals", original.key, original.version_id)
    put("originals", original.key, BYTES)
    assert [(kind, area) for kind, area, _ in said()] == [
        ("extra", "originals"), ("missing", "originals"),
    ]  # fmt: skip


def test_an_original_that_a_deletion_hides(original: Original) -> None:
    s3.delete("originals", original.key)
    only("different", "originals", "a deletion hides it")


def test_a_cut_rendition(original: Original) -> None:
    row = rendition(original)
    put("renditions", row.key, b"short")
    only("different", "renditions", f"{original.reference} proxy")


def test_a_row_whose_size_was_changed(original: Original) -> None:
    Original.objects.filter(pk=original.pk).update(size=5)
    kinds = {(kind, area) for kind, area, _ in said()}
    assert kinds == {("different", "originals"), ("different", "rows")}
    assert any("the row says 5" in what for _, _, what in said())


def test_a_row_whose_hash_was_changed(original: Original) -> None:
    Original.objects.filter(pk=original.pk).update(sha256="0" * 64)
    whats = [what for kind, area, what in said() if (kind, area) == ("different", "rows")]
    assert (
        f"{original.reference}: the hash of its original is not the one that the log has" in whats
    )
    # The upload's row stands against it too.
    assert len(said()) == len(whats) == 2


def test_foreign_objects(original: Original) -> None:
    put("originals", "2026/01/01/foreign")
    put("renditions", "somebody/else")
    put("custody", "elsewhere.txt")
    assert [(kind, area) for kind, area, _ in said()] == [
        ("unknown", "custody"), ("unknown", "originals"), ("unknown", "renditions"),
    ]  # fmt: skip


def test_keys_that_sort_around_folders_make_no_false_finding(original: Original) -> None:
    """SeaweedFS keeps folders: it does not list by bytes alone."""
    row = rendition(original)
    for name in (f"{original.upload}-x", f"{original.upload}.x", f"{row.key}-x", "a-b", "a/b"):
        put("renditions", name)
    assert {area for _, area, _ in said()} == {"renditions"}
    assert [kind for kind, _, _ in said()] == ["unknown"] * 5


def test_renditions_and_clips_that_the_store_lost(original: Original, shah: User) -> None:
    lost, cut = rendition(original), clip(original, shah)
    s3.delete("renditions", lost.key)
    s3.delete("renditions", cut.key)
    assert [(kind, area) for kind, area, _ in said()] == [("missing", "renditions")] * 2
    assert any(cut.reference in what for _, _, what in said())


def test_a_package_that_the_store_lost(docked: Recording, lane: User) -> None:
    Package.objects.create(purpose="x", made_by=lane, state="ready", key="packages/x", size=3)
    only("missing", "renditions", "package P-")


def test_quarantined_bytes_that_the_store_lost(store: None, dock: Dock, camera: Camera) -> None:
    upload = factories.send(dock, b"other", sha256="0" * 64, size=5)
    sealing.verify(upload.pk)
    upload.refresh_from_db()
    assert said() == []
    s3.destroy("originals", upload.key, upload.version_id)
    only("missing", "originals", "quarantined upload of BWC-1 A.MP4")


def test_the_first_try_of_what_was_taken_in_again_is_looked_for(
    store: None, dock: Dock, camera: Camera, lane: User
) -> None:
    upload = factories.send(dock, b"other", sha256="0" * 64, size=5)
    sealing.verify(upload.pk)
    row = Quarantine.objects.get(upload=upload)
    uploads.resolve(quarantine=row, by=lane, outcome="again", note="x")
    row.refresh_from_db()
    assert said() == []
    key, version = row.kept.split(" ")
    s3.destroy("originals", key, version)
    only("missing", "originals", "quarantined first try of BWC-1 A.MP4")


def test_an_unfinished_upload_that_no_row_knows(original: Original, dock: Dock) -> None:
    uploads.register(dock=dock, file=uploads.File(
        camera="BWC-1", file_id="VID_0002.BIN", size=3, sha256="1" * 64))  # fmt: skip
    [under_way] = Upload.objects.filter(state="receiving")
    uploads.sign_parts(upload=under_way, parts=[(1, "1" * 64)])
    assert said() == []  # that one a dock has begun
    s3.start_multipart("originals", "2026/01/01/forgotten", "video/mp4")
    only("unknown", "originals", "unfinished upload")


def test_disposed_footage_that_is_still_there(original: Original) -> None:
    row = rendition(original)
    recording = original.recording
    row.delete()
    dispose(recording, destroy=False)
    whats = [what for kind, _, what in said() if kind == "extra"]
    assert len(whats) == len(said()) == 2
    assert all(f"{recording.reference} was disposed of, and is still in" in what for what in whats)


def test_a_real_disposal_at_every_step_of_it(store: None, dock: Dock, camera: Camera) -> None:
    """Under way and over, it is accounted for; what is put back afterwards is found."""
    vale, reed = disposal.manager("vale"), disposal.manager("reed")
    recording = disposal.docked(dock, name="VID_0001.BIN")
    Rendition.objects.all().delete()  # it has no event
    for one in list(s3.versions("renditions")):
        s3.delete("renditions", one.key)
    row = rendition(recording.originals.get())
    key = recording.originals.get().key
    batch = disposal.leaving(vale, reed)
    assert said() == []
    disposal.over(batch)
    [item] = Item.objects.filter(batch=batch)
    assert destroying.begin(item.pk)
    assert said() == []
    for doomed in Doomed.objects.filter(item=item).order_by("-pk"):
        s3.destroy(doomed.alias, doomed.key, doomed.version_id)
        assert said() == []
    disposal.again(batch)
    assert Tombstone.objects.filter(recording=recording).exists()
    assert said() == []
    put("renditions", row.key)
    put("originals", key)
    whats = [what for kind, _, what in said() if kind == "extra"]
    assert len(whats) == len(said()) == 2
    assert all("was disposed of, and is still in" in what for what in whats)


def test_a_first_try_goes_with_its_footage(
    store: None, dock: Dock, camera: Camera, lane: User
) -> None:
    declared = hashlib.sha256(BYTES).hexdigest()
    upload = factories.send(dock, BYTES.upper(), sha256=declared)
    sealing.verify(upload.pk)
    row = Quarantine.objects.get(upload=upload)
    uploads.resolve(quarantine=row, by=lane, outcome="again", note="x")
    upload = factories.send(dock, BYTES)
    sealing.verify(upload.pk)
    assert said() == []
    row.refresh_from_db()
    key, version = row.kept.split(" ")
    s3.destroy("originals", key, version)
    only("missing", "originals", "quarantined first try")
    dispose(Recording.objects.get())
    assert said() == []


# --- rows and log -------------------------------------------------------------------


def test_a_row_that_was_deleted(original: Original) -> None:
    original.delete()
    assert [(kind, area) for kind, area, _ in said()] == [
        ("missing", "docks"), ("missing", "rows"), ("unknown", "originals"),
    ]  # fmt: skip


def test_a_row_without_an_event(original: Original) -> None:
    version = put("originals", "2026/01/01/smuggled", b"0123456789")
    camera = Upload.objects.get().camera
    upload = Upload.objects.create(
        identity="x", camera=camera, dock=Upload.objects.get().dock, file_id="VID_0002.BIN", size=10,
        sha256="2" * 64, part_size=5, key="2026/01/01/smuggled", state="sealed",
    )  # fmt: skip
    Listing.objects.create(upload=upload, dock=upload.dock)
    factories.original(original.recording, reference="R-2222-2222", upload=upload.pk, size=10,
                       sha256="2" * 64, key=upload.key, version_id=version)  # fmt: skip
    only("missing", "log", "R-2222-2222: its original is there, and the log does not say")


def test_an_event_that_is_said_twice(original: Original) -> None:
    with transaction.atomic():
        record(Draft("evidence.received", original.subject(), service("ingest")))
    only("extra", "log", "the log says 2 times that it was received")
    sequencer.run()
    only("extra", "log", "the log says 2 times that it was received")


def test_events_count_before_and_after_they_have_a_number(original: Original) -> None:
    assert Pending.objects.exists()
    assert not Event.objects.filter(type="evidence.received").exists()
    assert said() == []
    sequencer.run()
    assert Event.objects.filter(type="evidence.received").exists()
    assert said() == []


def test_a_tombstone_without_an_event_and_an_event_without_a_tombstone(
    original: Original, dock: Dock
) -> None:
    stone = dispose(original.recording, event=False)
    only("missing", "log", f"{stone.reference}: a tombstone, and the log says nothing")
    with transaction.atomic():
        record(Draft("evidence.deleted", stone.subject(), service("disposal")))
    assert said() == []
    stone.delete()
    assert [(kind, area) for kind, area, _ in said()] == [
        ("missing", "docks"), ("missing", "rows"),
    ]  # fmt: skip


def test_footage_that_was_disposed_of_and_has_a_row(original: Original, dock: Dock) -> None:
    recording = original.recording
    stone = dispose(recording, destroy=False)
    factories.original(recording, reference=stone.reference, upload=stone.upload, size=stone.size,
                       sha256=stone.sha256, key=stone.key, version_id=stone.version_id)  # fmt: skip
    kinds = [(kind, area, what) for kind, area, what in said() if area == "rows"]
    assert ("different", "rows", f"{stone.reference} was disposed of, and has an original") in kinds


def test_renditions_and_clips_against_their_events(original: Original, shah: User) -> None:
    unsaid = rendition(original, "proxy", event=False)
    cut = clip(original, shah, event=False)
    assert [(kind, area) for kind, area, _ in said()] == [("missing", "log")] * 2
    unsaid.delete()
    s3.delete("renditions", unsaid.key)
    cut.delete()
    s3.delete("renditions", cut.key)
    row = rendition(original, "poster")
    row.delete()
    s3.delete("renditions", row.key)
    only("missing", "rows", f"{original.reference} poster: the log says that it was made")


def test_a_rendition_whose_row_says_another_hash_than_the_log(original: Original) -> None:
    row = rendition(original)
    row.sha256 = "3" * 64
    row.save()
    only("different", "rows", f"{original.reference} proxy")


# --- what docks listed ----------------------------------------------------------------


def test_an_upload_that_is_stuck(store: None, dock: Dock, camera: Camera) -> None:
    upload = factories.send(dock, b"sent", name="VID_0002.BIN")
    Upload.objects.filter(pk=upload.pk).update(completed_at=ago(days=2))
    only("missing", "docks", "all sent, and not sealed for over a day: BWC-1 VID_0002.BIN")
    Upload.objects.filter(pk=upload.pk).update(state="receiving", touched=ago(days=8))
    only("missing", "docks", "not sent for over a week: BWC-1 VID_0002.BIN")
    s3.abort_multipart("originals", upload.key, upload.multipart)
    Upload.objects.filter(pk=upload.pk).update(state="abandoned")
    only("missing", "docks", "never arrived whole: BWC-1 VID_0002.BIN")


def test_an_upload_that_no_dock_listed_and_a_listing_without_upload(original: Original) -> None:
    listing = Listing.objects.get()
    listing.delete()
    only("unknown", "docks", "an upload that no dock listed: BWC-1 VID_0001.BIN")
    with connection.cursor() as cursor:  # constraints are asked at the end of a transaction
        cursor.execute(
            "INSERT INTO uploads_listing (upload_id, dock_id, created) VALUES"
            " ('01a205ae-7264-761f-8005-43b1bf25e787', %s, now())", [listing.dock_id],
        )  # fmt: skip
        whats = [what for _, _, what in said()]
        cursor.execute("DELETE FROM uploads_listing")
    assert any("its upload 01a205ae" in what for what in whats)


# --- the write-once bucket -------------------------------------------------------------


def test_a_checkpoint_and_tiles_that_are_not_there(original: Original) -> None:
    sequencer.run()
    checkpoints.sign()
    anchors.everything()
    by = s3.bucket("custody")
    Anchor(size=300, kind="bucket", by=by).save()
    Anchor(size=300, kind="tiles", by=by).save()
    whats = [what for kind, area, what in said() if (kind, area) == ("missing", "custody")]
    assert "custody: the checkpoint of 300 events was published and is not there" in whats
    assert any("tile/0/000 was published" in what for what in whats)
    assert any("tile/entries/000 was published" in what for what in whats)


def test_a_second_version_in_the_write_once_bucket(original: Original, settings: Any) -> None:
    sequencer.run()
    signed = checkpoints.sign()
    assert signed
    anchors.everything()
    put("custody", f"{settings.CUSTODY_FOLDER}checkpoints/{signed.size:016}", b"forged")
    only("extra", "custody", "another version")


# --- a busy system -----------------------------------------------------------------------


def test_what_changes_while_it_is_counted_is_no_fault(
    original: Original, dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the rows and listing the store, things come and go."""
    coming = factories.docked(dock, b"was there", name="VID_0002.BIN")
    real = s3.versions
    done: list[str] = []

    def busy(alias: str, prefix: str = "") -> Iterator[s3.Version]:
        if not prefix and alias not in done:
            done.append(alias)
            if alias == "originals":
                factories.docked(dock, b"came meanwhile", name="VID_0003.BIN")
                dispose(coming)
            if alias == "renditions":
                rendition(original)
        yield from real(alias, prefix)

    # The rows as they were before the listing began: as a cursor that was opened then gives them.
    named = owners.named
    monkeypatch.setattr(owners, "named", lambda alias: iter(list(named(alias))))
    monkeypatch.setattr(s3, "versions", busy)
    assert said() == []
    assert done == ["originals", "renditions", "custody"]


def test_a_rendition_that_is_just_being_written_down_is_no_fault(
    original: Original, settings: Any
) -> None:
    settings.ACCOUNTING_GRACE_SECONDS = 3600
    put("renditions", f"{original.upload}/proxy-1-x")
    reckoning = Reckoning()
    assert not list(reckoning.faults())
    assert reckoning.buckets["renditions"].under_way == 1
    settings.ACCOUNTING_GRACE_SECONDS = 0
    only("unknown", "renditions", f"{original.upload}/proxy-1-x")


# --- the command ----------------------------------------------------------------------------


def reconcile(*words: str) -> tuple[int, list[str]]:
    out = StringIO()
    try:
        call_command("reconcile", *words, stdout=out, stderr=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


def test_the_command_keeps_its_contract(original: Original) -> None:
    code, lines = reconcile("--json")
    assert code == 0
    assert json.loads(lines[-1]) == {"states": {"sealed": 1}, "faults": 0, "gaps": 0}
    s3.destroy("originals", original.key, original.version_id)
    code, lines = reconcile("--json")
    assert code == 1
    fault, end = map(json.loads, lines)
    assert (fault["kind"], fault["area"], end["faults"]) == ("missing", "originals", 1)
    assert fault["todo"] == "Look for it in backups today."
    code, lines = reconcile()
    assert code == 1
    assert lines[0].startswith("missing · originals · ")


def test_a_gap_is_told_and_is_no_fault(original: Original, dock: Dock) -> None:
    factories.docked(dock, b"later", name="VID_0004.BIN")
    code, lines = reconcile("--json")
    assert code == 0
    gap, end = map(json.loads, lines)
    assert gap["kind"] == "gap"
    assert gap["what"].startswith("BWC-1: VID_0002 to VID_0003, between ")
    assert end["gaps"] == 1
    assert end["faults"] == 0


def test_orphans_are_removed_by_an_act_alone_and_never_originals(
    original: Original, settings: Any
) -> None:
    put("renditions", "left/behind", b"12345")
    put("originals", "2026/01/01/foreign")
    s3.start_multipart("renditions", "left/unfinished", "video/mp4")
    ended = reconcile("--remove-orphans")[1]
    assert [line.split(" renditions ")[1] for line in ended] == ["left/unfinished"]
    assert s3.head("renditions", "left/behind").size == 5  # no count has listed it yet
    assert reconcile()[0] == 1
    code, lines = reconcile("--remove-orphans")
    assert code == 0
    assert "removed renditions left/behind, 5 bytes" in lines
    with pytest.raises(s3.Missing):
        s3.head("renditions", "left/behind")
    assert not list(buckets.multiparts("renditions"))
    assert s3.head("originals", "2026/01/01/foreign").size == 7
    sequencer.run()
    events = [event.parsed()["data"] for event in Event.objects.filter(
        type="accounting.orphan_removed").order_by("index")]  # fmt: skip
    assert {"stored": f"{s3.bucket('renditions')}/left/behind", "size": 5} in events
    assert not Finding.objects.filter(area="renditions", resolved_at=None).exists()
    assert Run.objects.count() == 1


def test_whoever_dies_while_removing_an_orphan_has_told_of_it_first(
    original: Original, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("renditions", "left/behind", b"12345")
    assert reconcile()[0] == 1
    real = s3.delete

    def dies(alias: str, key: str) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(s3, "delete", dies)
    with pytest.raises(RuntimeError, match="killed"):
        reconcile("--remove-orphans")
    sequencer.run()
    assert Event.objects.filter(type="accounting.orphan_removed").count() == 1
    assert Finding.objects.filter(key="left/behind", resolved_at=None).exists()
    monkeypatch.setattr(s3, "delete", real)
    assert reconcile("--remove-orphans")[1] == ["removed renditions left/behind, 5 bytes"]


def test_what_is_older_than_a_restoration_is_no_orphan(original: Original) -> None:
    """A clip that was made after the backup: the database that knew it was lost."""
    put("renditions", "left/clip", b"12345")
    assert reconcile()[0] == 1
    upkeep.restored("DS Lane", "Disk failed", 0)
    assert ["kept renditions left/clip" in line for line in reconcile("--remove-orphans")[1]]
    assert s3.head("renditions", "left/clip").size == 5


def test_an_orphan_that_got_its_row_since_is_not_removed(original: Original) -> None:
    row = rendition(original)
    kept = {"original": original, "kind": "proxy", "key": row.key, "content_type": "video/mp4",
            "size": row.size, "sha256": row.sha256, "parent_sha256": row.parent_sha256}  # fmt: skip
    row.delete()
    assert reconcile()[0] == 1
    Rendition.objects.create(**kept)
    assert reconcile("--remove-orphans") == (0, [])
    assert s3.head("renditions", row.key).size == row.size
