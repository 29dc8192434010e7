"""Markers and notes: whose, where, how many; and that a complaint leaves no trace."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.people.models import User
from evidence.recordings import markers
from evidence.recordings.markers import NotMarked
from evidence.recordings.models import Marker, Recording
from tests import factories

pytestmark = pytest.mark.django_db
PROBE = "<script>alert(1)</script>"


@pytest.fixture
def recording(shah: User) -> Recording:
    return factories.recording(shah, duration_ms=60_000)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def events(kind: str) -> list[Event]:
    sequencer.run()
    return list(Event.objects.filter(type=kind).order_by("index"))


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("00:02:16.480", 136_480), ("2:16.48", 136_480), ("136.48", 136_480), (" 136 ", 136_000),
        ("1:00:00", 3_600_000), ("0", 0), ("0,5", 500), ("0.1234567", None), ("", None),
        ("-1", None), ("1:2:3:4", None), ("nan", None), ("9" * 30, None), ("٣", 3000),
    ],
)  # fmt: skip
def test_a_place_as_people_type_it(text: str, milliseconds: int | None) -> None:
    if milliseconds is None:
        with pytest.raises(NotMarked, match="Enter a time like"):
            markers.position(text)
    else:
        assert markers.position(text) == milliseconds


def test_a_mark_is_one_event_that_says_where(shah: User, recording: Recording) -> None:
    made = markers.add(by=shah, reference=recording.reference, at_ms=16_480, text=" detained\0 ")
    assert made.text == "detained"
    assert not made.office
    [event] = events("recording.marked")
    assert event.parsed()["data"] == {"marker": made.pk, "at_ms": 16_480}
    assert Private.objects.get(event_id=event.id).parsed() == {
        "name": "PC 4127 Shah", "at": "00:00:16.480", "text": "detained",
    }  # fmt: skip


def test_without_its_event_there_is_no_mark(
    shah: User, recording: Recording, monkeypatch: Any
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the log is away")

    monkeypatch.setattr(markers, "record", broken)
    with pytest.raises(RuntimeError):
        markers.add(by=shah, reference=recording.reference, at_ms=1)
    assert not Marker.objects.exists()


def test_ones_own_can_be_taken_back_and_put_back(
    shah: User, hughes: User, recording: Recording
) -> None:
    made = markers.add(by=shah, reference=recording.reference, at_ms=1)
    with pytest.raises(Marker.DoesNotExist):
        markers.remove(by=hughes, reference=recording.reference, marker=made.pk)
    markers.remove(by=shah, reference=recording.reference, marker=made.pk)
    assert not markers.shown_to(shah, recording).exists()
    with pytest.raises(Marker.DoesNotExist):
        markers.remove(by=shah, reference=recording.reference, marker=made.pk)
    markers.restore(by=shah, reference=recording.reference, marker=made.pk)
    assert markers.shown_to(shah, recording).get() == made
    assert len(events("recording.marked")) == 2
    assert len(events("recording.unmarked")) == 1


def test_a_mark_of_another_recording_can_t_be_reached(shah: User, recording: Recording) -> None:
    other = factories.recording(shah, duration_ms=60_000)
    made = markers.add(by=shah, reference=recording.reference, at_ms=1)
    with pytest.raises(Marker.DoesNotExist):
        markers.remove(by=shah, reference=other.reference, marker=made.pk)


def test_who_may_not_see_may_not_mark(
    okoro: User, auditor: User, administrator: User, recording: Recording
) -> None:
    for person in (okoro, auditor, administrator):
        with pytest.raises(Recording.DoesNotExist):
            markers.add(by=person, reference=recording.reference, at_ms=1)


def test_marks_of_those_who_work_on_complaints_are_shown_to_them_alone(
    shah: User, hughes: User, lane: User, recording: Recording
) -> None:
    """Principle 10: the officer's page is the same with and without them."""
    client = signed_in(shah)

    def page() -> str:
        answer = client.get(recording.get_absolute_url())
        sequencer.run()
        return answer.text.replace(str(answer.context["csrf_token"]), "").partition("<h2")[2]

    page()
    before = page().count("marks-line")
    made = markers.add(by=lane, reference=recording.reference, at_ms=5000, text="allegation B4")
    assert made.office
    assert "allegation" not in page()
    assert page().count("marks-line") == before
    assert not markers.shown_to(hughes, recording).exists()
    assert markers.shown_to(lane, recording).get() == made
    assert "allegation B4" in signed_in(lane).get(recording.get_absolute_url()).text


def test_limits_have_sentences(shah: User, recording: Recording, monkeypatch: Any) -> None:
    reference = recording.reference
    with pytest.raises(NotMarked, match="2,000 characters or fewer; it has 2,001"):
        markers.add(by=shah, reference=reference, at_ms=1, text="x" * 2001)
    with pytest.raises(NotMarked, match=r"ends at 00:01:00\.000"):
        markers.add(by=shah, reference=reference, at_ms=60_001)
    with pytest.raises(NotMarked, match="within"):
        markers.add(by=shah, reference=reference, at_ms=-1)
    monkeypatch.setattr(markers, "MOST", 2)
    markers.add(by=shah, reference=reference, at_ms=1)
    markers.add(by=shah, reference=reference, at_ms=1)
    with pytest.raises(NotMarked, match="This recording has 2 markers"):
        markers.add(by=shah, reference=reference, at_ms=1)


# --- the page ---


def test_the_form_works_without_script(shah: User, recording: Recording) -> None:
    client, url = signed_in(shah), f"{recording.get_absolute_url()}markers/"
    answer = client.post(url, {"at": "0:16.48", "text": "detained"})
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"{recording.reference}/#markers")
    page = client.get(recording.get_absolute_url())
    assert "00:00:16.480" in page.text
    assert "detained" in page.text
    made = Marker.objects.get()
    assert client.post(f"{url}{made.pk}/").status_code == 302
    assert "detained" not in client.get(recording.get_absolute_url()).text
    assert client.post(f"{url}{made.pk}/", {"do": "restore"}).status_code == 302
    assert Marker.objects.get().removed_at is None


def test_what_was_typed_wrongly_is_kept(shah: User, recording: Recording) -> None:
    client, url = signed_in(shah), f"{recording.get_absolute_url()}markers/"
    for headers in ({}, {"X-Part": "markers"}):
        answer = client.post(url, {"at": "later", "text": "my words"}, headers=headers)
        assert answer.status_code == 422
        assert "Enter a time like 00:02:16.480" in answer.text
        assert "my words" in answer.text
        assert 'value="later"' in answer.text


def test_the_part_comes_back_alone_for_the_script(shah: User, recording: Recording) -> None:
    client, url = signed_in(shah), f"{recording.get_absolute_url()}markers/"
    answer = client.post(url, {"at": "1"}, headers={"X-Part": "markers"})
    assert answer.text.strip().startswith("<section")
    assert "Marked." in answer.text
    gone = client.post(
        f"{url}{Marker.objects.get().pk}/", headers={"X-Part": "markers"}
    )  # fmt: skip
    assert "Undo" in gone.text


def test_notes_are_shown_escaped(shah: User, recording: Recording) -> None:
    markers.add(by=shah, reference=recording.reference, at_ms=1, text=f"{PROBE}\n</script>{PROBE}")
    page = signed_in(shah).get(recording.get_absolute_url()).text
    assert PROBE not in page
    assert "&lt;script&gt;" in page
    assert "\\u003Cscript\\u003E" in page


def test_another_persons_mark_has_no_remove_button(
    shah: User, hughes: User, recording: Recording
) -> None:
    markers.add(by=hughes, reference=recording.reference, at_ms=1)
    assert "marks-remove" not in signed_in(shah).get(recording.get_absolute_url()).text
    assert "marks-remove" in signed_in(hughes).get(recording.get_absolute_url()).text


def test_an_evidence_manager_sees_no_form(recording: Recording) -> None:
    reed = factories.Person(username="reed", name="Kim Reed", roles=["evidence_manager"])
    page = signed_in(reed).get(recording.get_absolute_url()).text
    assert 'id="mark"' not in page
    answer = signed_in(reed).post(f"{recording.get_absolute_url()}markers/", {"at": "1"})
    assert answer.status_code == 404
    assert not Marker.objects.exists()


def test_what_a_marker_says_is_found_and_what_the_office_says_only_by_the_office(
    recording: Recording, shah: User, lane: User
) -> None:
    markers.add(by=shah, reference=recording.reference, at_ms=1000, text="dropped a rucksack")
    made = markers.add(by=lane, reference=recording.reference, at_ms=2000, text="headlock begins")

    def found(user: User, word: str) -> bool:
        return recording.reference in signed_in(user).get("/search/", {"q": word}).text

    assert found(shah, "rucksack")
    assert found(lane, "headlock")
    assert not found(shah, "headlock")
    markers.remove(by=lane, reference=recording.reference, marker=made.pk)
    assert not found(lane, "headlock")


# --- what the limit and one's own page must not tell ---
@pytest.fixture
def both(db: None) -> User:
    """An officer who works on complaints too."""
    roles = ["officer", "professional_standards"]
    return factories.Person(username="both", name="B Oth", roles=roles, unit=factories.unit("X"))


def test_what_the_office_marked_is_not_shown_to_whom_it_is_about(both: User, lane: User) -> None:
    own = factories.recording(both, duration_ms=60_000)
    markers.add(by=lane, reference=own.reference, at_ms=1, text="headlock")
    assert not markers.shown_to(both, own).exists()
    assert markers.shown_to(lane, own).exists()
    made = markers.add(by=both, reference=own.reference, at_ms=2, text="my own words")
    assert markers.shown_to(both, own).get() == made


def test_the_limit_does_not_count_what_the_office_marked(
    shah: User, lane: User, recording: Recording, monkeypatch: Any
) -> None:
    monkeypatch.setattr(markers, "MOST", 2)
    for _ in range(2):
        markers.add(by=lane, reference=recording.reference, at_ms=1)
    with pytest.raises(NotMarked):
        markers.add(by=lane, reference=recording.reference, at_ms=1)
    for _ in range(2):
        markers.add(by=shah, reference=recording.reference, at_ms=1)


def test_the_limit_holds_for_what_is_put_back(
    shah: User, recording: Recording, monkeypatch: Any
) -> None:
    monkeypatch.setattr(markers, "MOST", 2)
    reference = recording.reference
    gone = markers.add(by=shah, reference=reference, at_ms=1)
    markers.remove(by=shah, reference=reference, marker=gone.pk)
    for _ in range(2):
        markers.add(by=shah, reference=reference, at_ms=1)
    with pytest.raises(NotMarked, match="has 2 markers"):
        markers.restore(by=shah, reference=reference, marker=gone.pk)
    url = f"{recording.get_absolute_url()}markers/{gone.pk}/"
    answer = signed_in(shah).post(url, {"do": "restore"})
    assert (answer.status_code, "has 2 markers" in answer.text) == (422, True)
    assert recording.markers.filter(removed_at=None).count() == 2


@pytest.mark.parametrize("act", ["add", "restore"])
def test_what_was_restricted_meanwhile_is_not_marked(
    act: str, shah: User, recording: Recording, monkeypatch: Any
) -> None:
    made = markers.add(by=shah, reference=recording.reference, at_ms=1)
    markers.remove(by=shah, reference=recording.reference, marker=made.pk)
    real = markers.find  # type: ignore[attr-defined]

    def late(*args: Any) -> Recording:
        found = real(*args)
        Recording.objects.update(restricted="covert")
        return found

    monkeypatch.setattr(markers, "find", late)
    with pytest.raises(Recording.DoesNotExist):
        if act == "add":
            markers.add(by=shah, reference=recording.reference, at_ms=1)
        else:
            markers.restore(by=shah, reference=recording.reference, marker=made.pk)
    assert not recording.markers.filter(removed_at=None).exists()
