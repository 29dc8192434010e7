"""From the due list to the tombstone: by two people, by a rule, and back again within the window."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Marker, Original, Recording, Rendition, Undo
from evidence.retention import actions, due, tasks
from evidence.retention.actions import dropping, releasing
from evidence.retention.models import Batch, Due, Fresh, Hold, Item, Kind, Tombstone
from evidence.retention.reckoning import verdict
from ingest.devices.models import Camera, Dock
from ingest.uploads import receipts
from ingest.uploads.models import StoreGauge, Upload
from tests import disposal, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def vale() -> User:
    """Proposes."""
    return disposal.manager("vale")


@pytest.fixture
def reed() -> User:
    """The second person."""
    return disposal.manager("reed")


# --- the due list -----------------------------------------------------------------


def test_the_due_list_groups_what_nothing_keeps_by_the_rule_that_let_go(shah: User) -> None:
    old = disposal.aged(factories.recording(shah), 400, "stop-search")
    older = disposal.aged(factories.recording(shah), 500, "stop-search")
    disposal.aged(factories.recording(shah), 300, "stop-search")
    gone_by_rule = disposal.aged(factories.recording(shah), 40)
    due.sweep()
    now = timezone.now()
    [group] = due.groups(by_rule=False, to=now)
    assert (group.count, group.size, group.more) == (2, 20, False)
    assert [row.recording for row in group.examples] == [older, old]
    assert group.words == "Stop and search: kept 365 days"
    [own] = due.groups(by_rule=True, to=now)
    assert [row.recording for row in own.examples] == [gone_by_rule]


def test_the_list_looks_a_week_ahead(shah: User) -> None:
    soon = disposal.aged(factories.recording(shah), 362, "stop-search")
    disposal.aged(factories.recording(shah), 350, "stop-search")
    due.sweep()
    now = timezone.now()
    assert due.groups(by_rule=False, to=now) == []
    [group] = due.groups(by_rule=False, after=now, to=now + due.look_ahead())
    assert [row.recording for row in group.examples] == [soon]


def test_what_is_held_or_no_longer_due_leaves_the_list(shah: User, lane: User) -> None:
    first = disposal.aged(factories.recording(shah), 400, "stop-search")
    second = disposal.aged(factories.recording(shah), 400, "stop-search")
    due.sweep()
    assert Due.objects.count() == 2
    actions.hold(by=lane, recording=first, kind=Kind.MANUAL, reason="A letter came")
    rows = due.of_rule(disposal.rule("stop-search"), by_rule=False, to=timezone.now())
    assert [row.recording for row in rows] == [second]
    disposal.aged(second, 1, "stop-search")
    due.sweep()
    assert not Due.objects.exists()


def test_the_sweep_goes_on_where_it_stopped(shah: User, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [disposal.aged(factories.recording(shah), 400 + n, "stop-search") for n in range(5)]
    monkeypatch.setattr(due, "CHUNK", 2)
    assert due.sweep(chunks=1) == 2
    assert due.as_of() is None
    due.sweep()
    assert set(Due.objects.values_list("recording", flat=True)) == {one.pk for one in made}
    assert due.as_of() is not None


def test_numbers_stop_at_the_most(shah: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        disposal.aged(factories.recording(shah), 400 + n, "stop-search")
    monkeypatch.setattr(due, "MOST", 3)
    due.sweep()
    [group] = due.groups(by_rule=False, to=timezone.now())
    assert (group.count, group.said) == (4, "3 and more")


# --- by two people ----------------------------------------------------------------


def test_one_proposes_and_another_agrees(shah: User, vale: User, reed: User) -> None:
    recording = disposal.aged(factories.recording(shah), 400, "stop-search")
    batch = disposal.proposed(vale)
    assert (batch.state, batch.count, batch.size) == ("proposed", 1, 10)
    with pytest.raises(actions.NotSaid, match="A different person has to approve this"):
        actions.approve(by=vale, batch=batch, reason="So be it")
    with pytest.raises(IntegrityError), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(state="leaving", decided_by=vale)
    before = timezone.now()
    batch = actions.approve(by=reed, batch=batch, reason="So be it")
    item = batch.items.get()
    assert (batch.state, item.state) == ("leaving", "leaving")
    assert item.goes_at is not None
    assert item.goes_at - before >= timedelta(days=settings.REMORSE_DAYS)
    assert disposal.told(recording) == ["deletion_proposed", "deletion_approved"]
    assert item.grounds[0]["code"].startswith("rule:stop-search")


def test_who_may_not_does_not(shah: User, vale: User, hughes: User) -> None:
    recording = disposal.aged(factories.recording(shah), 400, "stop-search")
    wanted = {"rule": disposal.rule("stop-search"), "recordings": [recording.pk], "reason": "x"}
    for person in (shah, hughes):
        with pytest.raises(NotAllowed):
            actions.propose(by=person, **wanted)  # type: ignore[arg-type]
    batch = actions.propose(by=vale, **wanted)  # type: ignore[arg-type]
    for act in (actions.approve, actions.refuse):
        with pytest.raises(NotAllowed):
            act(by=hughes, batch=batch, reason="x")
    with pytest.raises(NotAllowed):
        actions.restore(by=shah, item=batch.items.get(), reason="x")


def test_each_is_decided_again_when_it_is_proposed(shah: User, vale: User, lane: User) -> None:
    held = disposal.aged(factories.recording(shah), 400, "stop-search")
    fine = disposal.aged(factories.recording(shah), 400, "stop-search")
    other = disposal.aged(factories.recording(shah), 400, "use-of-force")
    actions.hold(by=lane, recording=held, kind=Kind.MANUAL, reason="A letter came")
    wanted = [held.pk, fine.pk, other.pk]
    rule = disposal.rule("stop-search")
    batch = actions.propose(by=vale, rule=rule, recordings=wanted, reason="Over")
    assert [item.recording for item in batch.items.all()] == [fine]
    with pytest.raises(actions.NotSaid, match="None of it is due any more"):
        actions.propose(by=vale, rule=rule, recordings=wanted, reason="Over")


def test_refused_is_kept_and_may_be_proposed_again(shah: User, vale: User, reed: User) -> None:
    recording = disposal.aged(factories.recording(shah), 400, "stop-search")
    batch = actions.refuse(by=reed, batch=disposal.proposed(vale), reason="The coroner may ask")
    assert (batch.state, batch.items.get().state) == ("refused", "refused")
    assert disposal.told(recording) == ["deletion_proposed", "deletion_refused"]
    assert disposal.proposed(vale).count == 1


def test_a_proposal_that_nobody_decides_on_lapses(shah: User, vale: User, reed: User) -> None:
    recording = disposal.aged(factories.recording(shah), 400, "stop-search")
    batch = disposal.proposed(vale)
    assert dropping.lapse() == 0
    Batch.objects.update(proposed_at=timezone.now() - timedelta(days=31))
    tasks.sweep_due()
    batch.refresh_from_db()
    assert (batch.state, batch.items.get().state) == ("refused", "kept")
    assert disposal.told(recording) == ["deletion_proposed", "deletion_dropped"]
    with pytest.raises(actions.NotSaid):
        actions.approve(by=reed, batch=batch, reason="x")


def test_a_decision_of_which_half_was_written_is_finished(
    shah: User, vale: User, reed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        disposal.aged(factories.recording(shah), 400 + n, "stop-search")
    batch = disposal.proposed(vale)
    monkeypatch.setattr(releasing, "CHUNK", 2)
    real = releasing._decided
    calls: list[object] = []

    def dies(*args: object) -> None:
        if calls:
            raise RuntimeError("the process died")
        calls.append(args)
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(releasing, "_decided", dies)
    with pytest.raises(RuntimeError):
        actions.approve(by=reed, batch=batch, reason="x")
    assert batch.items.filter(state="leaving").count() == 2
    monkeypatch.setattr(releasing, "_decided", real)
    tasks.sweep_due()
    assert batch.items.filter(state="leaving").count() == 3
    for item in batch.items.all():
        assert disposal.told(item.recording) == ["deletion_proposed", "deletion_approved"]


# --- by a rule --------------------------------------------------------------------


def test_what_a_rule_releases_goes_when_its_period_ends_not_later(shah: User) -> None:
    early = disposal.aged(factories.recording(shah), 23)
    recording = disposal.aged(factories.recording(shah), 25)
    tasks.sweep_due()
    item = Item.objects.get()
    assert item.recording == recording
    assert item.batch.by_rule and item.batch.state == "leaving"
    # Gone on day 31, restorable until then.
    assert item.goes_at == recording.happened_at + timedelta(days=31) == recording.kept_until
    assert disposal.told(recording) == ["deletion_approved"]
    assert disposal.told(early) == []
    tasks.sweep_due()
    assert Item.objects.count() == 1


def test_a_period_that_was_over_long_ago_leaves_a_day_to_restore(shah: User) -> None:
    disposal.aged(factories.recording(shah), 90)
    before = timezone.now()
    tasks.sweep_due()
    goes = Item.objects.get().goes_at
    assert goes is not None
    assert goes - before >= timedelta(hours=settings.REMORSE_LEAST_HOURS)


def test_what_people_release_goes_by_no_rule(shah: User) -> None:
    disposal.aged(factories.recording(shah), 4000, "stop-search")
    disposal.aged(factories.recording(shah), 4000, "arrest")
    tasks.sweep_due()
    assert not Item.objects.exists()


def test_todays_of_a_rule_are_one_batch(shah: User) -> None:
    disposal.aged(factories.recording(shah), 90)
    tasks.sweep_due()
    disposal.aged(factories.recording(shah), 91)
    disposal.aged(factories.recording(shah), 91, None)
    tasks.sweep_due()
    assert sorted(Batch.objects.values_list("count", flat=True)) == [1, 2]


# --- the window -------------------------------------------------------------------


def test_a_hold_during_the_window_takes_it_out_without_a_word_of_why(
    shah: User, vale: User, reed: User, lane: User
) -> None:
    recording = disposal.aged(factories.recording(shah), 400, "stop-search")
    batch = disposal.leaving(vale, reed)
    actions.hold(by=lane, recording=recording, kind=Kind.COMPLAINT, reason="PC/1/26 says he hit me")
    tasks.sweep_due()
    item = batch.items.get()
    assert (item.state, item.ended_reason) == ("kept", "Something keeps it now.")
    batch.refresh_from_db()
    assert batch.state == "done"
    [event] = disposal.events(recording, "evidence.deletion_dropped")
    assert event.parsed()["data"] == {"batch": batch.reference}


def test_another_category_takes_it_out(shah: User) -> None:
    recording = disposal.aged(factories.recording(shah), 28)
    tasks.sweep_due()
    disposal.aged(recording, 28, "use-of-force")
    tasks.sweep_due()
    assert Item.objects.get().state == "kept"


def test_restoring_gives_a_fresh_period_and_says_so(shah: User, vale: User, reed: User) -> None:
    recording = disposal.aged(factories.recording(shah), 400, "stop-search")
    other = disposal.aged(factories.recording(shah), 400, "stop-search")
    batch = disposal.leaving(vale, reed)
    item = batch.items.get(recording=recording)
    with pytest.raises(actions.NotSaid, match="Enter why"):
        actions.restore(by=reed, item=item, reason=" ")
    before = timezone.now()
    fresh = actions.restore(by=reed, item=item, reason="A solicitor wrote")
    assert fresh.until - before >= timedelta(days=364)
    found = verdict(Recording.objects.get(pk=recording.pk))
    assert not found.due(timezone.now() + timedelta(days=300))
    assert "Restored on" in found.periods[0].words
    assert disposal.told(recording)[-1] == "deletion_undone"
    with pytest.raises(actions.NotSaid, match="not on its way out"):
        actions.restore(by=reed, item=item, reason="Again")
    disposal.over(batch)
    tasks.dispose()
    assert batch.items.get(recording=other).state == "gone"
    assert Recording.objects.get(pk=recording.pk).disposed_at is None
    assert Fresh.objects.count() == 1


def test_a_whole_batch_is_restored(shah: User, vale: User, reed: User, lane: User) -> None:
    for n in range(3):
        disposal.aged(factories.recording(shah), 400 + n, "stop-search")
    batch = disposal.leaving(vale, reed)
    assert actions.restore_all(by=lane, batch=batch, reason="An inquiry began") == (3, 0)
    assert set(batch.items.values_list("state", flat=True)) == {"restored"}
    with pytest.raises(actions.NotSaid):
        actions.restore_all(by=lane, batch=batch, reason="Again")


# --- gone -------------------------------------------------------------------------


def test_it_is_gone_from_the_store_and_its_tombstone_stays(
    dock: Dock, camera: Camera, shah: User, vale: User, reed: User
) -> None:
    recording = disposal.docked(dock)
    original = recording.originals.get()
    Marker.objects.create(recording=recording, at_ms=0, text="Mr Marsh hits", made_by=shah)
    Undo.objects.create(recording=recording, by=shah, before={"note": "Marsh"}, after={})
    Recording.objects.filter(pk=recording.pk).update(
        note="Mr Marsh", crime_reference="01AB/1/26", latitude=51.5, longitude=0.1
    )
    used = StoreGauge.objects.get().used_bytes
    assert len(list(disposal.objects(recording))) == 2
    batch = disposal.gone(vale, reed)
    assert (batch.state, batch.items.get().state) == ("done", "gone")
    recording.refresh_from_db()
    assert list(disposal.objects(recording)) == []
    assert not Original.objects.exists() and not Rendition.objects.exists()
    tomb = Tombstone.objects.get()
    assert (tomb.reference, tomb.sha256, tomb.size, tomb.upload, tomb.key) == (
        original.reference, original.sha256, original.size, original.upload, original.key
    )  # fmt: skip
    assert tomb.category == "Stop and search"
    assert {row["what"] for row in tomb.answers} == {"original", "still"}
    assert all(row["status"] in ("200", "204") for row in tomb.answers)
    # Words about people are gone with it.
    assert (recording.note, recording.crime_reference, recording.latitude) == ("", "", None)
    assert recording.search == ""
    assert Marker.objects.get().text == "" and not Undo.objects.exists()
    assert StoreGauge.objects.get().used_bytes == used - original.size
    assert disposal.told(recording) == [
        "deletion_proposed", "deletion_approved", "deletion_begun", "deleted"
    ]  # fmt: skip
    [event] = disposal.events(recording, "evidence.deleted")
    body = event.parsed()
    assert body["object"]["sha256"] == original.sha256
    assert body["data"]["objects"] == 2
    assert any(original.key in line for line in body["data"]["stored"])


def test_the_same_card_again_gets_the_same_receipt_and_no_second_life(
    dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    from ingest.uploads import actions as uploads

    recording = disposal.docked(dock)
    upload = Upload.objects.get()
    known = receipts.issue(upload)
    assert known
    disposal.gone(vale, reed)
    file = uploads.File(camera="BWC-1", file_id="A.MP4", size=upload.size, sha256=upload.sha256)
    again, new = uploads.register(dock=dock, file=file)
    assert (again.pk, new, again.state) == (upload.pk, False, "sealed")
    assert receipts.issue(again) == known
    assert Recording.objects.get().pk == recording.pk


def test_a_receipt_that_was_never_signed_is_signed_from_the_tombstone(
    dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    disposal.docked(dock)
    disposal.gone(vale, reed)
    note = receipts.issue(Upload.objects.get())
    assert note is not None and Tombstone.objects.get().sha256 in note


def test_a_hold_is_refused_once_destruction_began(
    dock: Dock, camera: Camera, shah: User, lane: User, vale: User, reed: User
) -> None:
    recording = disposal.docked(dock)
    disposal.gone(vale, reed)
    with pytest.raises(actions.DisposedOf, match="is being disposed of since"):
        actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="Too late")
    held = actions.watch(
        by=lane, kind=Kind.COMPLAINT, reference="PC/1/26", reason="x", officers=[shah],
        start=recording.happened_at - timedelta(hours=1),
        end=recording.happened_at + timedelta(hours=1),
    )  # fmt: skip
    assert held == [] and not Hold.objects.exists()


def test_a_hold_that_ended_is_told_to_the_store_first(
    dock: Dock, camera: Camera, lane: User, vale: User, reed: User
) -> None:
    recording = disposal.docked(dock)
    hold = actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="A letter")
    tasks.to_store(hold.pk)
    hold = actions.release(by=lane, hold=hold, reason="Answered")
    batch = disposal.gone(vale, reed)
    assert batch.items.get().state == "leaving"
    tasks.to_store(hold.pk)
    disposal.again(batch)
    assert batch.items.get().state == "gone"
