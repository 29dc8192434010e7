"""Nobody ends a hold alone: one asks, another agrees; by the action, the page and the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.retention import actions
from evidence.retention.actions.arriving import Wish
from evidence.retention.actions.holds import Why
from evidence.retention.models import Hold, Kind, ReleaseRequest, Watch
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db: None) -> User:
    return factories.Person(username="mana", name="Mo Manager", roles=["evidence_manager"])


@pytest.fixture
def recording(shah: User) -> Recording:
    return factories.recording(shah, happened_at=timezone.now())


def many(by: User, *recordings: Recording, reference: str = "SAR/12/26") -> list[Hold]:
    why = Why(Kind.ACCESS, "A request", reference)
    return actions.hold_many(by=by, wish=Wish(why, [one.pk for one in recordings])).holds


def test_one_asks_and_another_agrees(recording: Recording, lane: User, manager: User) -> None:
    hold = actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="An inquest")
    asked = actions.ask_release(by=lane, hold=hold, reason="It is over")
    assert actions.is_held(recording)
    with pytest.raises(NotAllowed, match="A different person"):
        actions.agree_release(by=lane, request=asked)
    assert actions.is_held(recording)
    assert actions.agree_release(by=manager, request=asked, shown=1) == [hold]
    assert not actions.is_held(recording)
    hold.refresh_from_db()
    assert hold.released_by == manager
    assert hold.release_reason == "It is over (asked for by DS 12 Lane)"
    sequencer.run()
    told = list(Event.objects.filter(object_ref=recording.reference).order_by("index"))
    assert [event.type for event in told][-3:] == [
        "hold.set", "hold.release_asked", "hold.released",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="It was decided on"):
        actions.agree_release(by=manager, request=asked)


def test_the_database_itself_knows_two_people(
    recording: Recording, lane: User, manager: User
) -> None:
    hold = actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="x")
    asked = actions.ask_release(by=lane, hold=hold, reason="x")
    rows = ReleaseRequest.objects.filter(pk=asked.pk)
    for fields in ({"decided_by": lane}, {"state": "agreed"}, {"state": "refused"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**fields)
    rows.update(state="agreed", decided_by=manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReleaseRequest.objects.create(kind="manual", asked_by=lane, reason="of nothing")


def test_it_is_asked_for_once(recording: Recording, lane: User, manager: User) -> None:
    hold = actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="x")
    actions.ask_release(by=lane, hold=hold, reason="x")
    with pytest.raises(ValueError, match="asked for already"):
        actions.ask_release(by=manager, hold=hold, reason="x")


def test_refused_or_taken_back_everything_stays_held(
    recording: Recording, lane: User, manager: User
) -> None:
    hold = actions.hold(by=lane, recording=recording, kind=Kind.COURT, reason="x", reference="O/1")
    asked = actions.ask_release(by=lane, hold=hold, reason="x")
    with pytest.raises(ValueError, match="why it is refused"):
        actions.refuse_release(by=manager, request=asked, reason=" ")
    with pytest.raises(NotAllowed):
        actions.refuse_release(by=lane, request=asked, reason="Own")
    actions.refuse_release(by=manager, request=asked, reason="The order stands")
    again = actions.ask_release(by=lane, hold=hold, reason="x")
    with pytest.raises(NotAllowed, match="Only whoever asked"):
        actions.withdraw_release(by=manager, request=again)
    actions.withdraw_release(by=lane, request=again)
    with pytest.raises(ValueError, match="not asked for any more"):
        actions.agree_release(by=manager, request=again)
    assert actions.is_held(recording)
    sequencer.run()
    told = Event.objects.filter(object_ref=recording.reference).values_list("type", flat=True)
    assert {"hold.release_refused", "hold.release_withdrawn"} <= set(told)


def test_all_of_a_reference_go_together_and_nothing_else(
    shah: User, okoro: User, lane: User, manager: User
) -> None:
    ours = [factories.recording(shah) for _ in range(3)]
    other = factories.recording(okoro)
    holds = many(lane, *ours)
    [stays] = many(lane, other, reference="SAR/13/26")
    asked = actions.ask_release(by=lane, hold=holds[0], reason="Answered", all_of_it=True)
    assert asked.count == 3
    late = many(manager, factories.recording(shah))
    with pytest.raises(ValueError, match="There are 4 holds now, not 3"):
        actions.agree_release(by=manager, request=asked, shown=3)
    assert set(actions.agree_release(by=manager, request=asked, shown=4)) == {*holds, *late}
    stays.refresh_from_db()
    assert stays.released_at is None


def test_whoever_recorded_it_neither_asks_nor_agrees(lane: User, manager: User, shah: User) -> None:
    """Of a reference, their own footage stays held: another pair has to agree."""
    both = factories.Person(username="both", name="B Oth", roles=["officer", "evidence_manager"])
    own, others = factories.recording(both), factories.recording(shah)
    mine, his = many(lane, own, others)
    for act in (
        lambda: actions.ask_release(by=both, hold=mine, reason="x"),
        lambda: actions.change(by=both, hold=mine, owner=both, reason="x",
                               review_on=timezone.localdate() + timedelta(days=9)),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            act()
    alone = actions.ask_release(by=lane, hold=mine, reason="x")
    with pytest.raises(NotAllowed):
        actions.agree_release(by=both, request=alone)
    asked = actions.ask_release(by=both, hold=his, reason="x", all_of_it=True)
    assert actions.agree_release(by=manager, request=asked) == [his]
    assert actions.is_held(own)


def test_who_may_not_release_any_more_has_not_asked(
    recording: Recording, lane: User, manager: User
) -> None:
    hold = actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="x")
    asked = actions.ask_release(by=lane, hold=hold, reason="x")
    User.objects.filter(pk=lane.pk).update(roles=["case_officer"])
    with pytest.raises(ValueError, match="Ask again"):
        actions.agree_release(by=manager, request=asked)
    assert actions.is_held(recording)


def test_a_watch_ends_by_two_as_well_and_what_it_caught_stays(
    recording: Recording, shah: User, lane: User, manager: User
) -> None:
    now = timezone.now()
    wish = Wish(Why(Kind.COURT, "x", "O/1"), officers=[shah], start=now - timedelta(hours=1),
                end=now + timedelta(hours=1), later=True)  # fmt: skip
    caught = actions.hold_many(by=lane, wish=wish)
    assert caught.watch
    asked = actions.ask_release(by=lane, watch=caught.watch, reason="No more comes")
    with pytest.raises(NotAllowed):
        actions.agree_release(by=lane, request=asked)
    assert Watch.objects.get().ended_at is None
    assert actions.agree_release(by=manager, request=asked) == []
    assert Watch.objects.get().ended_by == manager
    assert actions.is_held(recording)
    # And of its reference: the holds go, and with them what still waits.
    again = actions.hold_many(by=lane, wish=wish)
    assert again.watch
    asked = actions.ask_release(by=lane, watch=again.watch, reason="Over", all_of_it=True)
    actions.agree_release(by=manager, request=asked, shown=1)
    assert not Watch.objects.filter(ended_at=None).exists()
    assert not actions.is_held(recording)
    sequencer.run()
    types = Event.objects.filter(object_ref__startswith="watch-").values_list("type", flat=True)
    assert sorted(types) == ["hold.await_ended"] * 2 + ["hold.awaited"] * 2 + ["hold.release_asked"]


def test_what_a_case_or_a_complaint_holds_is_not_released_here(
    recording: Recording, lane: User
) -> None:
    hold = actions.hold(by=lane, recording=recording, kind=Kind.COMPLAINT, reason="x",
                        reference="PC/1/26")  # fmt: skip
    with pytest.raises(ValueError, match="released there"):
        actions.ask_release(by=lane, hold=hold, reason="x")


def test_the_pages_take_two_people(recording: Recording, lane: User, manager: User) -> None:
    one, other = Client(), Client()
    one.force_login(lane)
    other.force_login(manager)
    hold = actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="An inquest")
    # The back office has no way past it.
    for method in ("get", "post"):
        answer = getattr(one, method)(
            f"/admin/retention/hold/{hold.pk}/release/", {"reason": "Alone"}
        )
        assert answer["Location"] == f"/retention/holds/{hold.pk}/"
    assert actions.is_held(recording)
    url = f"/retention/holds/{hold.pk}/release/"
    assert "Enter why it is released" in one.post(url, {"which": "one"}).text
    asked = one.post(url, {"which": "one", "reason": "It is over"})
    page = asked["Location"]
    assert "A different person has to approve this." in one.get(page).text
    refused = one.post(page, {"do": "agree", "shown": "1"})
    assert refused.status_code == 422
    assert actions.is_held(recording)
    assert "It is over" in other.get("/retention/holds/?show=waiting").text
    assert other.post(page, {"do": "agree", "shown": "2"}).status_code == 422
    assert other.post(page, {"do": "agree"}).status_code == 422
    assert "Released: 1 hold." in other.post(page, {"do": "agree", "shown": "1"}, follow=True).text
    assert not actions.is_held(recording)


@pytest.mark.parametrize(
    "name", ["new/", "{hold}/change/", "{hold}/release/", "releases/{release}/"]
)
def test_each_act_asks_for_a_fresh_proof(
    name: str, recording: Recording, lane: User, manager: User, settings: object
) -> None:
    hold = actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="x")
    asked = actions.ask_release(by=lane, hold=hold, reason="x")
    client = Client()
    client.force_login(manager)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 7200
    session.save()
    path = f"/retention/holds/{name.format(hold=hold.pk, release=asked.pk)}"
    for method in ("get", "post"):
        answer = getattr(client, method)(path, {"do": "agree", "shown": "1", "reason": "x"})
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/again/")
    assert actions.is_held(recording)
