"""Somebody who wants footage gone, or kept, or wants to know: alone, at the wrong moment, too late."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings import actions as recordings
from evidence.recordings.models import Group, Recording
from evidence.retention import actions, due, groups, keeping, tasks
from evidence.retention.actions import releasing
from evidence.retention.models import Batch, Hold, Item, Kind, Watch
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
    mine = actions.propose(
        by=reed, rule=rule, recordings=[recording.pk, free.pk], reason="Over"
    )
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
    due.sweep()
    tasks.sweep_due()


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
