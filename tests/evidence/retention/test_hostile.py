"""Somebody who wants footage gone, or kept, or wants to know: alone, at the wrong moment, too late."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from evidence.cases import actions as cases
from evidence.cases.models import Case, CaseLink
from evidence.custody import history
from evidence.people.models import User
from evidence.recordings import actions as recordings
from evidence.recordings.models import Group, Recording
from evidence.retention import (
    actions,
    deciding,
    destroying,
    disposal_pages,
    due,
    groups,
    hold_lists,
    keeping,
    registry,
    tasks,
)
from evidence.retention.actions import releasing
from evidence.retention.actions.arriving import Wish
from evidence.retention.actions.holds import Why
from evidence.retention.models import Batch, Grouping, Hold, Item, Kind, Watch
from evidence.retention.policies import actions as policies
from evidence.store import s3
from ingest.devices.models import Camera, Dock
from tests import disposal, factories


@pytest.fixture
def vale(db: None) -> User:
    """Proposes."""
    return disposal.manager("vale")


@pytest.fixture
def reed(db: None) -> User:
    """The second person."""
    return disposal.manager("reed")


def beside(act: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def due_now(officer: User) -> Recording:
    return disposal.aged(factories.recording(officer), 400, "stop-search")


def complaint_was(lane: User, named: User, recording: Recording, reference: str) -> None:
    """A complaint that names somebody held it, and its hold has ended."""
    hold = actions.hold(
        by=lane, recording=recording, kind=Kind.COMPLAINT, reason="x", reference=reference
    )
    row = Watch.objects.create(
        kind=Kind.COMPLAINT, reference=reference, reason="x", set_by=lane,
        start=recording.happened_at, end=recording.happened_at + timedelta(hours=1),
        ended_at=timezone.now(),
    )  # fmt: skip
    row.officers.add(named)
    Hold.objects.filter(pk=hold.pk).update(released_at=timezone.now(), in_store=True)


# --- alone, where two are needed ----------------------------------------------------


@pytest.mark.django_db
def test_nobody_proposes_the_end_of_what_they_recorded(vale: User, shah: User) -> None:
    own, other = due_now(vale), due_now(shah)
    due.sweep()
    rule = disposal.rule("stop-search")
    assert due.trial(rule, 10, vale).recordings == [other.pk]
    made = actions.propose(by=vale, rule=rule, recordings=[own.pk, other.pk], reason="Over")
    assert [item.recording for item in made.items.all()] == [other]
    with pytest.raises(releasing.NotSaid):
        actions.propose(by=vale, rule=rule, recordings=[own.pk], reason="Over")


@pytest.mark.django_db
def test_nobody_approves_the_end_of_what_they_recorded(vale: User, reed: User, shah: User) -> None:
    due_now(reed)
    due_now(shah)
    batch = disposal.proposed(vale)
    with pytest.raises(releasing.NotSaid, match="A different person"):
        actions.approve(by=reed, batch=batch, reason="Nothing needs it")
    batch.refresh_from_db()
    assert batch.state == "proposed"
    # To keep it, they may say.
    assert actions.refuse(by=reed, batch=batch, reason="Not yet").state == "refused"


@pytest.mark.django_db
def test_nobody_lets_go_of_what_a_complaint_held_that_named_them(
    vale: User, reed: User, lane: User, shah: User
) -> None:
    recording, free = due_now(shah), due_now(shah)
    complaint_was(lane, reed, recording, "PC/1/26")
    due.sweep()
    rule = disposal.rule("stop-search")
    mine = actions.propose(by=reed, rule=rule, recordings=[recording.pk, free.pk], reason="Over")
    assert [item.recording for item in mine.items.all()] == [free]
    other = actions.propose(by=vale, rule=rule, recordings=[recording.pk], reason="Over")
    with pytest.raises(releasing.NotSaid) as refused:
        actions.approve(by=reed, batch=other, reason="Nothing needs it")
    # The words of any second decision of one's own: they tell of no complaint.
    assert str(refused.value) == releasing.ANOTHER
    assert actions.approve(by=disposal.manager("hart"), batch=other, reason="x").goes_at


@pytest.mark.django_db
def test_a_proposal_of_somebody_who_may_not_any_more_is_not_agreed_to(
    vale: User, reed: User, shah: User
) -> None:
    due_now(shah)
    batch = disposal.proposed(vale)
    User.objects.filter(pk=vale.pk).update(roles=["officer"])
    with pytest.raises(releasing.NotSaid, match="may not propose disposals any more"):
        actions.approve(by=reed, batch=batch, reason="Nothing needs it")
    User.objects.filter(pk=vale.pk).update(roles=["evidence_manager"], status="suspended")
    with pytest.raises(releasing.NotSaid, match="may not propose disposals any more"):
        actions.approve(by=reed, batch=batch, reason="Nothing needs it")
    assert actions.refuse(by=reed, batch=batch, reason="Nobody stands for it").state == "refused"


@pytest.mark.django_db
def test_who_agrees_agrees_to_what_was_shown(
    client: Client, vale: User, reed: User, shah: User
) -> None:
    due_now(shah)
    batch = disposal.proposed(vale)
    client.force_login(reed)
    page = client.get(reverse("batch", args=[batch.reference])).content.decode()
    assert '<input type="hidden" name="shown" value="1">' in page
    Batch.objects.filter(pk=batch.pk).update(count=2)
    answer = client.post(
        reverse("batch-decide", args=[batch.reference]),
        {"decision": "approve", "reason": "Nothing needs it", "shown": "1"},
    )
    assert answer.status_code == 422
    assert "It is 2 recordings now, not 1. Look again." in answer.content.decode()
    batch.refresh_from_db()
    assert batch.state == "proposed"


@pytest.mark.django_db
def test_one_persons_word_ends_nothing_that_only_a_stricter_category_kept(shah: User) -> None:
    held = disposal.aged(factories.recording(shah), 200, "stop-search")
    fresh = disposal.aged(factories.recording(shah), 5, "stop-search")
    for one in (held, fresh):
        recordings.categorise(by=shah, recording=one, category=disposal.category("non-evidential"))
    due.sweep()
    assert releasing.release_by_rule() == 0
    [group] = due.groups(by_rule=False, to=timezone.now())
    assert [row.recording for row in group.examples] == [held]
    held.refresh_from_db()
    assert "Two people have to agree" in keeping.why(held, disposal.manager())[1][-1].words
    # What was corrected in time goes by the rule on its day, as if it had been said at once.
    disposal.aged(fresh, 30)
    due.sweep()
    assert releasing.release_by_rule() == 1
    assert Item.objects.get().recording == fresh


@pytest.mark.django_db
def test_taking_back_is_ones_own_word_too_and_a_stricter_one_frees_it(shah: User) -> None:
    recording = disposal.aged(factories.recording(shah), 25)
    strict = disposal.category("stop-search")
    recordings.categorise(by=shah, recording=recording, category=strict)
    Recording.objects.filter(pk=recording.pk).update(
        happened_at=timezone.now() - timedelta(days=300),
        created=timezone.now() - timedelta(days=300),
    )
    taken = recordings.restore(by=shah, recording=recording)
    assert taken.lowered_at is not None
    due.sweep()
    assert releasing.release_by_rule() == 0
    manager = disposal.manager()
    again = recordings.categorise(by=manager, recording=recording, category=strict)
    assert again.lowered_at is None


@pytest.mark.django_db
def test_ending_a_group_that_alone_kept_it_asks_a_second_person(vale: User, shah: User) -> None:
    recording = disposal.aged(factories.recording(shah), 200)
    groups.put(by=vale, recording=recording, group=Group.objects.get(code="2"), reason="Dangerous")
    groups.end(by=vale, recording=recording, reason="It is not")
    due.sweep()
    assert releasing.release_by_rule() == 0
    [group] = due.groups(by_rule=False, to=timezone.now())
    assert group.count == 1
    # One that ended while the rule itself still kept it changes nothing.
    other = disposal.aged(factories.recording(shah), 20)
    groups.put(by=vale, recording=other, group=Group.objects.get(code="2"), reason="Dangerous")
    groups.end(by=vale, recording=other, reason="It is not")
    disposal.aged(other, 40)
    Grouping.objects.filter(recording=other).update(ended_at=timezone.now() - timedelta(days=20))
    due.sweep()
    assert releasing.release_by_rule() == 1
    assert Item.objects.get().recording == other


@pytest.mark.django_db
def test_unlinking_what_a_case_alone_kept_asks_two_people(shah: User, lane: User) -> None:
    kept = disposal.aged(factories.recording(shah), 200)
    short = disposal.aged(factories.recording(shah), 20)
    case = cases.save(by=lane, case=Case(urn="01AB/12345/26", title="R v Marsh"), changed=[])
    for one in (kept, short):
        link = cases.link(by=lane, case=case, recording=one, reason="Seen")
        cases.unlink(by=lane, link=link, reason="Not needed")
    Hold.objects.update(released_at=timezone.now(), in_store=True)
    CaseLink.objects.update(hold_until=None)
    CaseLink.objects.filter(recording=short).update(unlinked_at=timezone.now() - timedelta(days=9))
    disposal.aged(short, 40)
    due.sweep()
    assert releasing.release_by_rule() == 1
    assert Item.objects.get().recording == short
    [group] = due.groups(by_rule=False, to=timezone.now())
    assert [row.recording for row in group.examples] == [kept]
    assert group.examples[0].ground == deciding.ELSE


@pytest.mark.django_db
def test_no_date_of_birth_outlives_the_footage(
    dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    recording = disposal.docked(dock)
    groups.put(
        by=vale, recording=recording, group=Group.objects.get(code="1"), reason="Sam Poole's case",
        born_on=date(1990, 1, 2),
    )  # fmt: skip
    groups.end(by=vale, recording=recording, reason="It is not")
    batch = disposal.gone(vale, reed)
    assert batch.items.get().state == "gone"
    row = Grouping.objects.get()
    assert (row.born_on, row.reason) == (None, "")


@pytest.mark.django_db
def test_a_rule_of_somebody_who_may_not_propose_any_more_is_not_agreed_to(
    vale: User, reed: User
) -> None:
    category = disposal.category("stop-search")
    wish = policies.Wish(30, None, False, "people", "Force policy", "Shorter")
    rule = policies.propose(by=vale, category=category, wish=wish)
    User.objects.filter(pk=vale.pk).update(status="suspended")
    with pytest.raises(policies.NotSaid, match="may not change rules any more"):
        policies.approve(by=reed, rule=rule, reason="Yes")
    User.objects.filter(pk=vale.pk).update(status="working")
    policies.approve(by=reed, rule=rule, reason="Yes")
    policies.propose_held(by=vale, rule=rule, reason="Also")
    User.objects.filter(pk=vale.pk).update(status="suspended")
    with pytest.raises(policies.NotSaid, match="may not change rules any more"):
        policies.approve_held(by=reed, rule=rule, reason="Yes")


# --- at the wrong moment --------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_is_restored_while_a_batch_is_approved_does_not_leave(
    vale: User, reed: User, lane: User, shah: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    due_now(shah)
    batch = disposal.proposed(vale)
    item, real, threads = batch.items.get(), releasing._decided, []

    def decided(*arguments: Any) -> None:
        # Read as proposed, and not written yet.
        threads.append(beside(lambda: actions.restore(by=lane, item=item, reason="Needed")))
        threads[0].join(2)
        real(*arguments)

    monkeypatch.setattr(releasing, "_decided", decided)
    actions.approve(by=reed, batch=batch, reason="Nothing needs it")
    threads[0].join()
    item.refresh_from_db()
    assert item.state == "restored"


@pytest.mark.django_db
def test_a_hold_on_what_was_joined_just_now_holds_the_whole(
    dock: Dock, camera: Camera, lane: User, shah: User
) -> None:
    first, second = factories.recording(shah), factories.recording(shah)
    # As somebody who opened the page before the second was joined into the first.
    Recording.objects.filter(pk=second.pk).update(joined_into=first)
    made = actions.hold(by=lane, recording=second, kind=Kind.COURT, reason="x", reference="O/1")
    assert made.recording == first
    [again] = actions.hold_for(
        by=lane, recordings=[first, second], kind=Kind.CASE, reason="x", reference="01AA/1/26"
    )
    assert again.recording == first


# --- who wants to know --------------------------------------------------------------


@pytest.fixture
def own(vale: User, reed: User, shah: User) -> Recording:
    """Of somebody who manages evidence and records: it is on its way out, beside another's."""
    return due_now(vale)


@pytest.mark.django_db
def test_who_recorded_it_learns_from_no_page_of_disposal_that_something_keeps_it(
    client: Client, own: Recording, vale: User, reed: User, lane: User, shah: User
) -> None:
    other = due_now(shah)
    third = disposal.manager("hart")
    client.force_login(vale)

    def said() -> str:
        batch = Batch.objects.first()
        pages = [reverse("due"), reverse("due-of-rule", args=[disposal.rule("stop-search").pk])]
        if batch:
            pages.append(reverse("batch", args=[batch.reference]))
        return " ".join(client.get(page).content.decode() for page in pages)

    due.sweep()
    assert own.reference not in said() and other.reference in said()
    batch = disposal.leaving(reed, third)
    assert own.reference not in said() and other.reference in said()
    actions.hold(by=lane, recording=own, kind=Kind.COMPLAINT, reason="x", reference="PC/1/26")
    tasks.sweep_due()
    assert own.reference not in said() and "Kept after all" not in said()
    item = batch.items.get(recording=own)
    address = reverse("batch-restore-one", args=[batch.reference, item.pk])
    assert client.post(address, {"reason": "x"}).status_code == 404


@pytest.mark.django_db
def test_holding_ones_own_hours_answers_not_whether_something_keeps_them(
    vale: User, shah: User, lane: User
) -> None:
    def wish(officer: User, reference: str) -> Wish:
        start = timezone.now() - timedelta(days=401)
        why = Why(Kind.MANUAL, "x", reference)
        return Wish(why, officers=[officer], start=start, end=start + timedelta(days=2))

    with pytest.raises(ValueError, match="nothing of this to hold") as nothing:
        actions.hold_many(by=vale, wish=wish(vale, "H/1"))
    kept = due_now(vale)
    actions.hold(by=lane, recording=kept, kind=Kind.COMPLAINT, reason="x", reference="PC/1/26")
    with pytest.raises(ValueError, match="nothing of this to hold") as something:
        actions.hold_many(by=vale, wish=wish(vale, "H/1"))
    assert str(nothing.value) == str(something.value)
    assert kept.holds.count() == 1
    # Nor what of it is gone; of others' footage it is said.
    for officer in (vale, shah):
        gone = due_now(officer)
        Recording.objects.filter(pk=gone.pk).update(disposed_at=timezone.now())
    assert hold_lists.preview(vale, wish(vale, "H/1")).gone == []
    assert hold_lists.preview(vale, wish(shah, "H/1")).gone != []


@pytest.mark.django_db
def test_tombstones_and_certificates_leave_out_ones_own(
    client: Client, dock: Dock, camera: Camera, vale: User, reed: User, shah: User
) -> None:
    mine, other = disposal.docked(dock), disposal.docked(dock, body=disposal.BODY + b"2")
    Recording.objects.filter(pk=mine.pk).update(officer=vale)
    Recording.objects.filter(pk=other.pk).update(officer=shah)
    third = disposal.manager("hart")
    batch = disposal.gone(reed, third)
    assert batch.items.filter(state="gone").count() == 2
    own = mine.tombstones.get().reference
    for reader, seen in ((vale, False), (third, True)):
        client.force_login(reader)
        for asked in ("", mine.reference, own, mine.tombstones.get().sha256):
            page = client.get(reverse("disposed"), {"q": asked}).content.decode()
            assert (f">{own}<" in page) is seen
        paper = client.get(reverse("batch-certificate", args=[batch.reference])).content
        words = "".join(one.extract_text() for one in PdfReader(io.BytesIO(paper)).pages)
        assert (own in words) is seen
        assert other.tombstones.get().reference in words
        assert ("who printed it" in words.replace("\n", " ")) is not seen


@pytest.mark.django_db
def test_a_part_s_reference_finds_the_tombstones_of_the_whole_by_an_index(
    client: Client, dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    whole = disposal.docked(dock)
    part = disposal.aged(factories.recording(whole.officer), 400, None)
    Recording.objects.filter(pk=part.pk).update(joined_into=whole)
    disposal.gone(vale, reed)
    found = disposal_pages.tombstones(vale, part.reference)
    assert [row.recording for row in found] == [whole]
    # Two tables in one OR read every tombstone that there is.
    assert "U0" not in str(found.query) and '"recordings_recording"."reference" =' not in str(
        found.query
    )


@pytest.mark.django_db
def test_the_due_list_and_the_log_tell_of_no_complaint(vale: User, shah: User) -> None:
    recording = due_now(shah)
    registry_period = registry.Period(
        "complaint:1", "Complaint PC/1/26 is closed", timezone.now() - timedelta(days=1)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "periods", [lambda one: [registry_period]])
        due.sweep()
        batch = disposal.proposed(vale)
    assert batch.items.get().recording == recording
    [event] = disposal.events(recording)
    assert "PC/1/26" not in bytes(event.body).decode(errors="replace")
    line = history.describe([event])[0]
    assert "omplaint" not in line.words and deciding.ELSE in line.words


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["a\0b", "\0"])
def test_what_no_database_can_keep_is_not_typed_through(
    client: Client, vale: User, reed: User, shah: User, reason: str
) -> None:
    due_now(shah)
    batch = disposal.proposed(vale)
    client.force_login(reed)
    for name, more in (("batch-decide", {"decision": "approve"}), ("batch-restore", {})):
        answer = client.post(reverse(name, args=[batch.reference]), {"reason": reason, **more})
        assert answer.status_code == (302 if reason.strip("\0") else 422)
    due_now(shah)
    due.sweep()
    client.force_login(vale)
    answer = client.post(
        reverse("due-propose", args=[disposal.rule("stop-search").pk]),
        {"reason": reason, "do": "propose", "most": "10"},
    )
    assert answer.status_code == (302 if reason.strip("\0") else 422)


# --- races with the store -------------------------------------------------------------


@pytest.mark.django_db
def test_a_worker_that_is_done_between_the_list_and_the_last_word_leaves_nothing(
    dock: Dock, camera: Camera, vale: User, reed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = disposal.docked(dock)
    upload = recording.originals.get().upload
    batch = disposal.leaving(vale, reed)
    disposal.over(batch)
    real, working = destroying._came_meanwhile, [True]

    def listed(item_id: int) -> bool:
        came = real(item_id)
        if working[0] and not came:
            # The store has been listed; now the worker stores what it made, and is done.
            s3.put("renditions", f"{upload}/late", b"x", hashlib.sha256(b"x").hexdigest(), "x/y")
            working[0] = False
        return came

    monkeypatch.setattr(destroying, "_came_meanwhile", listed)
    monkeypatch.setattr(registry, "busy", [lambda one: working[0]])
    tasks.dispose()
    disposal.again(batch)
    assert batch.items.get().state == "gone"
    assert list(s3.versions("renditions", f"{upload}/")) == []


@pytest.mark.django_db(transaction=True)
def test_a_complaint_over_hours_holds_the_others_where_one_is_being_destroyed(
    dock: Dock, camera: Camera, vale: User, reed: User, lane: User
) -> None:
    going = disposal.docked(dock)
    officer = going.officer
    assert officer is not None
    batch = disposal.leaving(vale, reed)
    disposal.over(batch)
    other = disposal.aged(factories.recording(officer), 400, "stop-search")
    errors: list[BaseException] = []

    def hold() -> None:
        try:
            actions.watch(
                by=lane, kind=Kind.COMPLAINT, reference="PC/1/26", reason="x",
                officers=[officer], start=going.happened_at - timedelta(hours=2),
                end=going.happened_at + timedelta(hours=2),
            )  # fmt: skip
        except BaseException as error:
            errors.append(error)

    with transaction.atomic():
        assert destroying.begin(batch.items.get().pk)
        thread = beside(hold)
        thread.join(1)
        assert thread.is_alive(), "the hold did not wait for what was begun"
    thread.join()
    assert errors == []
    assert actions.is_held(other) and not actions.is_held(going)
