"""The scrutiny panel: what its chair chose, while the session is open, and nothing to take away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.access import visible_to
from evidence.recordings.models import Recording
from evidence.sampling import actions, questions
from evidence.sampling.actions import NotSaid
from evidence.sampling.actions.panel import Sitting
from evidence.sampling.models import Item, PanelSession, Plan, Review
from tests import factories
from tests.evidence.sampling.test_items import playable, review, typed  # noqa: F401

pytestmark = pytest.mark.django_db


def events(kind: str) -> list[Event]:
    sequencer.run()
    return list(Event.objects.filter(type=kind).order_by("index"))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def member(name: str) -> User:
    return factories.Person(username=name, name=f"{name.title()} Member", roles=["panel_member"])


@pytest.fixture
def chair(db: None) -> User:
    return member("chair")


@pytest.fixture
def guest(db: None) -> User:
    return member("guest")


def sitting(*members: User, **more: Any) -> Sitting:
    now = timezone.now()
    fields: dict[str, Any] = {
        "title": "February", "opens_at": now - timedelta(minutes=1),
        "closes_at": now + timedelta(hours=2), "members": list(members),
        "chair": members[0] if members else None,
    }  # fmt: skip
    return Sitting(**(fields | more))


@pytest.fixture
def item(drawn: Plan) -> Item:
    found = Item.objects.select_related("stratum", "recording").order_by("place").first()
    assert found
    return found


@pytest.fixture
def session(drawn: Plan, item: Item, lane: User, chair: User, guest: User) -> PanelSession:
    made = actions.seat(by=lane, plan=drawn, wish=sitting(chair, guest))
    return actions.choose(by=chair, session=made, items=[item.pk])


def path(session: PanelSession, item: Item | None = None, more: str = "") -> str:
    return f"/panel/{session.reference}/{f'{item.pk}/' if item else ''}{more}"


# --- setting a session ---
def test_setting_and_choosing_are_events_without_names(
    session: PanelSession, item: Item, lane: User, chair: User, guest: User
) -> None:
    [made], [chosen] = events("panel.set"), events("panel.chosen")
    assert made.parsed()["data"] == {
        "plan": session.plan.reference, "members": sorted([chair.ref, guest.ref]),
    }  # fmt: skip
    assert chosen.parsed()["data"] == {"plan": session.plan.reference, "items": 1}
    assert item.recording.reference not in str(chosen.parsed())
    assert (
        Private.objects.get(event_id=chosen.id).parsed()["references"] == item.recording.reference
    )


def test_a_wrong_session_is_refused_in_words(
    drawn: Plan, lane: User, hughes: User, chair: User, guest: User
) -> None:
    now = timezone.now()
    for wrong, says in (
        (sitting(chair, title=""), "Enter what this session is called"),
        (sitting(), "Select who sits on the panel"),
        (sitting(chair, hughes), "is no panel member"),
        (sitting(chair, chair=guest), "as chair one of the members"),
        (sitting(chair, chair=None), "as chair one of the members"),
        (sitting(chair, closes_at=now - timedelta(hours=1)), "The end must be after the start"),
        (sitting(chair, opens_at=now - timedelta(days=2), closes_at=now - timedelta(days=1)), "after now"),
        (sitting(chair, closes_at=now + timedelta(days=40)), "31 days at most"),
    ):  # fmt: skip
        with pytest.raises(NotSaid, match=says):
            actions.seat(by=lane, plan=drawn, wish=wrong)
    with pytest.raises(NotAllowed):
        actions.seat(by=hughes, plan=drawn, wish=sitting(chair))
    assert not PanelSession.objects.exists()


def test_only_the_chair_chooses_and_only_from_the_sample(
    session: PanelSession, item: Item, lane: User, guest: User, chair: User, shah: User
) -> None:
    for person in (lane, guest, shah):
        with pytest.raises(NotAllowed):
            actions.choose(by=person, session=session, items=[])
    assert signed_in(guest).get(path(session, more="choose/")).status_code == 404
    skipped = Item.objects.exclude(pk=item.pk)[0]
    actions.skip(by=lane, item=skipped.pk, reason="Test recording")
    restricted = Item.objects.filter(state="to_do").exclude(pk=item.pk)[0]
    Recording.objects.filter(pk=restricted.recording_id).update(restricted="covert")
    for wrong in (10**9, skipped.pk, restricted.pk):
        with pytest.raises(NotSaid, match="not in the sample any more"):
            actions.choose(by=chair, session=session, items=[wrong])
    page = signed_in(chair).get(path(session, more="choose/")).text
    assert f'id="item-{item.pk}"' in page and f'id="item-{skipped.pk}"' not in page
    assert f'id="item-{restricted.pk}"' not in page
    assert "Shah" not in page and item.recording.reference not in page


# --- watching ---
def test_a_member_watches_what_was_chosen_and_each_look_is_an_event(
    session: PanelSession,
    playable: Item,
    guest: User,
) -> None:
    client = signed_in(guest)
    assert client.get("/").headers["Location"] == "/panel/"
    assert session.title in client.get("/panel/").text
    page = client.get(path(session, playable))
    assert page.status_code == 200 and 'id="player"' in page.text
    assert "Guest Member" in page.text and "watermark" in page.text and "confidential" in page.text
    for never in ("Download", "/footage/", "Shah", "4127", 'id="markers"', "Share", "history"):
        assert never not in page.text.partition("<main")[2], never
    assert client.post(path(session, playable, "play/")).json()["segments"]
    client.post(path(session, playable, "play/"), {"again": "1"})
    assert client.get(path(session, playable, "facts/")).json()["track"] is None
    for kind in ("evidence.viewed", "evidence.played"):
        [event] = events(kind)
        assert event.actor_ref == guest.ref and event.object_ref == playable.recording.reference
        assert (
            Private.objects.get(event_id=event.id).parsed()["reason"]
            == f"Panel {session.reference}"
        )


def test_nothing_else_opens_for_a_member(
    session: PanelSession, item: Item, guest: User, chair: User
) -> None:
    other = Item.objects.exclude(pk=item.pk)[0]
    for person in (guest, chair):
        client = signed_in(person)
        assert client.get(path(session, other)).status_code == 404
        assert client.post(path(session, other, "play/")).status_code == 404
        assert client.get(path(session, other, "facts/")).status_code == 404
        reference, original = item.recording.reference, item.recording.originals.get().pk
        assert client.get(f"/footage/{reference}/").status_code == 404
        assert client.post(f"/footage/{reference}/play/").status_code == 404
        assert client.post(f"/footage/{reference}/markers/", {"at": "1"}).status_code == 404
        assert client.post(f"/footage/{reference}/download/{original}/").status_code == 404
        assert client.get("/samples/").status_code == 404
        for permission in ("recording.view", "recording.mark", "recording.download"):
            assert not visible_to(person, permission).exists()


@pytest.mark.parametrize(
    "how", ["closed", "ended", "not yet", "other", "left", "role", "restricted"]
)
def test_when_it_is_over_it_is_not_there(
    how: str,
    session: PanelSession,
    playable: Item,
    guest: User,
    lane: User,
    when: Any,
) -> None:
    client = signed_in(guest)
    assert client.get(path(session, playable)).status_code == 200
    if how == "closed":
        assert (
            signed_in(lane).post(f"/samples/sessions/{session.reference}/close/").status_code == 302
        )
        assert len(events("panel.closed")) == 1
    elif how == "ended":
        PanelSession.objects.update(closes_at=timezone.now())
    elif how == "not yet":
        PanelSession.objects.update(opens_at=timezone.now() + timedelta(minutes=5))
    elif how == "other":
        client = signed_in(member("stranger"))
    elif how == "left":
        session.members.remove(guest)
    elif how == "role":
        User.objects.filter(pk=guest.pk).update(roles=[])
        client = signed_in(User.objects.get(pk=guest.pk))
    else:
        Recording.objects.filter(pk=playable.recording_id).update(restricted="juvenile")
    asked = [client.get(path(session, playable)), client.post(path(session, playable, "play/")),
             client.post(path(session, playable, "play/"), {"again": "1"}),
             client.get(path(session, playable, "facts/")),
             client.post(path(session, playable), typed(playable, outcome="nothing"))]  # fmt: skip
    assert [answer.status_code for answer in asked] == [404] * 5
    assert not Review.objects.exists()
    if how != "restricted":
        assert client.get(path(session)).status_code == 404
        assert playable.recording.reference not in client.get("/panel/").text


def test_the_session_ends_by_its_clock(
    session: PanelSession,
    playable: Item,
    guest: User,
    when: Any,
) -> None:
    when(session.closes_at - timedelta(seconds=30))
    assert signed_in(guest).get(path(session, playable)).status_code == 200
    when(session.closes_at)
    assert signed_in(guest).get(path(session, playable)).status_code == 404


# --- what the panel finds ---
def test_each_member_writes_down_what_they_found(
    session: PanelSession, item: Item, guest: User, chair: User, lane: User
) -> None:
    client = signed_in(guest)
    refused = client.post(path(session, item), typed(item, outcome="concern"))
    assert refused.status_code == 422 and "Enter what the concern is" in refused.text
    sent = typed(item, outcome="concern", words="The grip on the neck")
    assert client.post(path(session, item), sent)["Location"] == path(session)
    client.post(path(session, item), sent | {"words": "The grip on the neck, twice"})
    review(chair, item, "good", "Calm", session=session)
    review(lane, item)
    assert Review.objects.filter(session=session).count() == 2 and Review.objects.count() == 3
    assert "You wrote" in client.get(path(session)).text
    # The police's state of the item is their own; the concern is told to professional standards.
    assert "The grip on the neck, twice" in signed_in(lane).get("/samples/concerns/").text
    page = signed_in(lane).get(f"/samples/sessions/{session.reference}/").text
    assert "Guest Member" in page and "Calm" in page


def test_the_panel_does_not_make_an_item_reviewed(
    session: PanelSession, item: Item, guest: User
) -> None:
    review(guest, item, session=session)
    item.refresh_from_db()
    assert item.state == "to_do"
    with pytest.raises(NotAllowed):  # outside a session they review nothing
        review(guest, item)


def test_a_session_is_set_by_the_page(drawn: Plan, lane: User, chair: User, guest: User) -> None:
    client, url = signed_in(lane), f"/samples/{drawn.reference}/session/"
    assert "Chair Member" in client.get(url).text
    sent = {
        "title": "March", "opens_on": "1/3/2032", "opens_at": "18:00", "closes_on": "1/3/2032",
        "closes_at": "21:30", "members": [chair.pk, guest.pk], "chair": chair.pk,
    }  # fmt: skip
    for change, says in (
        ({"opens_at": "late"}, "Enter a time like 14:30"), ({"members": []}, "Select who sits"),
        ({"closes_on": ""}, "Enter the day like"), ({"chair": ""}, "Select as chair"),
    ):  # fmt: skip
        refused = client.post(url, sent | change)
        assert refused.status_code == 422 and says in refused.text and "March" in refused.text
    assert client.post(url, sent).status_code == 302
    made = PanelSession.objects.get()
    assert made.opens_at == datetime(2032, 3, 1, 18, tzinfo=UTC) and made.chair == chair
    assert "To come" in signed_in(guest).get("/panel/").text
    assert signed_in(guest).get(path(made)).status_code == 404
    assert signed_in(chair).get(path(made, more="choose/")).status_code == 200


def test_questions_are_of_the_kind(db: None) -> None:
    assert "grounds" in {row.code for row in questions.of("stop_search")}
    assert "grounds" not in {row.code for row in questions.of("use_of_force")}
    assert "proportionate" in {row.code for row in questions.of("use_of_force")}


def test_damaged_footage_is_not_played_to_the_panel_either(
    session: PanelSession,
    item: Item,
    playable: Item,
    chair: User,
) -> None:
    client = signed_in(chair)
    playable.recording.originals.update(damaged_at=timezone.now())
    answer = client.post(path(session, playable, "play/"))
    assert answer.status_code == 409 and "no longer matches" in answer.json()["detail"]
    assert not events("evidence.played")
