"""Several cameras on one clock: each is a look; moves by hand are kept with who and why."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.people.models import User
from evidence.recordings import together
from evidence.recordings.models import Recording, SyncNudge
from evidence.recordings.together import NotMoved
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(shah: User) -> tuple[Recording, Recording]:
    one, other = (factories.recording(shah, duration_ms=60_000) for _ in range(2))
    return one, other


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def events(kind: str) -> list[Event]:
    sequencer.run()
    return list(Event.objects.filter(type=kind).order_by("index"))


def path(*recordings: Recording) -> str:
    return "/together/?" + "&".join(f"r={item.reference}" for item in recordings)


def test_each_that_is_shown_was_opened(shah: User, pair: tuple[Recording, Recording]) -> None:
    answer = signed_in(shah).get(path(*pair))
    assert answer.status_code == 200
    assert [event.object_ref for event in events("evidence.viewed")] == [
        item.reference for item in pair
    ]


def test_one_that_can_t_be_seen_closes_the_page_and_nothing_was_opened(
    shah: User, okoro: User, pair: tuple[Recording, Recording]
) -> None:
    hidden = factories.recording(okoro)
    assert signed_in(shah).get(path(pair[0], hidden)).status_code == 404
    assert events("evidence.viewed") == []


def test_two_to_four(shah: User, pair: tuple[Recording, Recording]) -> None:
    client = signed_in(shah)
    more = [factories.recording(shah) for _ in range(3)]
    for asked in ([], [pair[0]], [pair[0], pair[0]], [*pair, *more]):
        answer = client.get(path(*asked))
        assert answer.status_code == 200
        assert "Choose 2 to 4 recordings" in answer.text
    assert events("evidence.viewed") == []
    assert client.get(path(*pair, *more[:2])).context["cameras"][3].number == 4
    assert client.get("/together/?r=nonsense&r=more").status_code == 404


def test_two_names_of_one_recording_lead_to_it(
    shah: User, pair: tuple[Recording, Recording]
) -> None:
    part = factories.recording(shah, joined_into=pair[0])
    answer = signed_in(shah).get(path(pair[0], part))
    assert answer["Location"] == pair[0].get_absolute_url()


def test_a_reason_is_asked_for_each_first(
    hughes: User, pair: tuple[Recording, Recording], settings: Any
) -> None:
    settings.VIEW_REASON = "others"
    client = signed_in(hughes)
    url = path(*pair)
    for item in pair:
        answer = client.get(url)
        assert answer["Location"].startswith(f"/footage/{item.reference}/why/")
        asked = client.post(answer["Location"], {"why": "PC/12/26", "next": url})
        assert asked["Location"] == url
    assert client.get(url).status_code == 200
    assert {
        Private.objects.get(event_id=event.id).parsed()["reason"]
        for event in events("evidence.viewed")
    } == {"PC/12/26"}


def test_a_move_is_kept_with_who_and_why(shah: User, pair: tuple[Recording, Recording]) -> None:
    one, other = pair
    client = signed_in(shah)
    form = {
        "r": [one.reference, other.reference], "camera": other.reference, "seconds": "-0,4",
        "reason": "The same door shuts",
    }  # fmt: skip
    assert client.post("/together/move/", form)["Location"] == path(*pair)
    [event] = events("recording.synchronised")
    assert (event.object_ref, event.parsed()["data"]) == (other.reference, {"milliseconds": -400})
    private = Private.objects.get(event_id=event.id).parsed()
    assert private["reason"] == f"The same door shuts (against {one.reference})"
    cameras = client.get(path(*pair)).context["cameras"]
    assert [camera.milliseconds for camera in cameras] == [0, -400]
    assert "Moved by -0.400 s by PC 4127 Shah: The same door shuts" in client.get(path(*pair)).text
    # The other way round it is the other way.
    cameras = client.get(path(other, one)).context["cameras"]
    assert [camera.milliseconds for camera in cameras] == [0, 400]
    other.refresh_from_db()
    assert other.recorded_at == one.recorded_at


def test_the_newest_move_holds(shah: User, pair: tuple[Recording, Recording]) -> None:
    one, other = pair
    for milliseconds in (100, 250):
        together.nudge(
            by=shah, reference=other.reference, against=one.reference,
            milliseconds=milliseconds, reason="door",
        )  # fmt: skip
    cameras = signed_in(shah).get(path(*pair)).context["cameras"]
    assert cameras[1].milliseconds == 250
    assert SyncNudge.objects.count() == 2


def test_a_move_of_somebody_who_works_on_complaints_leaves_no_trace(
    shah: User, lane: User, pair: tuple[Recording, Recording]
) -> None:
    one, other = pair
    together.nudge(
        by=lane,
        reference=other.reference,
        against=one.reference,
        milliseconds=500,
        reason="PC/1/26",
    )
    page = signed_in(shah).get(path(*pair))
    assert page.context["cameras"][1].milliseconds == 0
    assert "PC/1/26" not in page.text
    assert signed_in(lane).get(path(*pair)).context["cameras"][1].milliseconds == 500


@pytest.mark.parametrize(
    ("seconds", "reason", "words"),
    [
        ("0.4", " ", "Enter what you saw"), ("soon", "door", "Enter seconds like 0.4"),
        ("nan", "door", "Enter seconds like 0.4"), ("inf", "door", "Enter seconds like 0.4"),
        ("90000", "door", "by a day at most"), ("1", "x" * 301, "300 characters or fewer"),
    ],
)  # fmt: skip
def test_what_can_t_be_moved_says_why_and_keeps_the_form(
    shah: User, pair: tuple[Recording, Recording], seconds: str, reason: str, words: str
) -> None:
    form = {
        "r": [item.reference for item in pair], "camera": pair[1].reference, "seconds": seconds,
        "reason": reason,
    }  # fmt: skip
    answer = signed_in(shah).post("/together/move/", form)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{seconds}"' in answer.text
    assert not SyncNudge.objects.exists()


def test_who_may_not_mark_may_not_move(
    okoro: User, auditor: User, pair: tuple[Recording, Recording]
) -> None:
    one, other = pair
    for person in (okoro, auditor):
        with pytest.raises(Recording.DoesNotExist):
            together.nudge(
                by=person, reference=other.reference, against=one.reference, milliseconds=1,
                reason="door",
            )  # fmt: skip
    with pytest.raises(NotMoved, match="against itself"):
        assert one.officer
        together.nudge(
            by=one.officer, reference=one.reference, against=one.reference, milliseconds=1,
            reason="door",
        )  # fmt: skip


def test_what_the_office_moved_is_not_shown_to_whom_it_is_about(shah: User, lane: User) -> None:
    roles = ["officer", "professional_standards"]
    both = factories.Person(username="both", name="B Oth", roles=roles, unit=factories.unit("X"))
    own, other = (factories.recording(who, duration_ms=5000) for who in (both, shah))
    together.nudge(by=lane, reference=own.reference, against=other.reference, milliseconds=5,
                   reason="the assault")  # fmt: skip
    for order in ((own, other), (other, own)):
        assert together._moves(order, both) == {}
        assert together._moves(order, lane) != {}
    together.nudge(by=both, reference=own.reference, against=other.reference, milliseconds=9,
                   reason="the same door")  # fmt: skip
    assert [moved for _, moved in together._moves((own, other), both).values()] == [-9]
