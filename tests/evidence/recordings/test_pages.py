"""The officer's pages: what is shown, to whom, at what cost, and that looking is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.people.models import User
from evidence.recordings import actions, pages
from evidence.recordings.models import Category, Recording
from evidence.retention import actions as retention
from evidence.retention.models import Kind
from tests import factories

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def events(kind: str) -> list[Event]:
    sequencer.run()
    return list(Event.objects.filter(type=kind).order_by("index"))


@pytest.mark.parametrize("query", ["", "?show=all"])
def test_the_list_costs_the_same_for_one_and_for_fifty(
    shah: User, django_assert_num_queries: Any, query: str
) -> None:
    client = signed_in(shah)

    def show(count: int) -> None:
        for number in range(count):
            made = factories.recording(
                shah, happened_at=timezone.now() - timedelta(hours=number + 1)
            )
            factories.poster(made)
        client.get(f"/footage/{query}")  # the day's events are written now

    show(1)
    with CaptureQueriesContext(connection) as one:
        client.get(f"/footage/{query}")
        few = len(one)
    show(49)
    with django_assert_num_queries(few):
        client.get(f"/footage/{query}")


def test_the_page_of_a_recording_costs_the_same_for_one_file_and_for_twenty(
    shah: User, django_assert_num_queries: Any
) -> None:
    recording = factories.recording(shah)
    client = signed_in(shah)
    url = recording.get_absolute_url()
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
        few = len(one)
    for number in range(19):
        factories.original(recording, reference=f"R-2222-22{number + 20}", file_name=f"{number}")
    with django_assert_num_queries(few):
        client.get(url)


def test_pages_follow_a_cursor_and_show_everything_once(shah: User) -> None:
    made = {factories.recording(shah).reference for _ in range(pages.PAGE + 7)}
    client, seen, url = signed_in(shah), [], "/footage/"
    while url:
        answer = client.get(url)
        seen += [
            row.recording.reference for group in answer.context["groups"] for row in group.rows
        ]
        older = answer.context["older"]
        url = f"/footage/?before={older.replace('+', '%2B')}" if older else ""
    assert sorted(seen) == sorted(made)
    assert client.get("/footage/?before=nonsense").status_code == 404


def test_a_still_seen_twice_a_day_is_one_event(shah: User) -> None:
    factories.poster(factories.recording(shah))
    client = signed_in(shah)
    for _ in range(3):
        client.get("/footage/")
    [event] = events("evidence.listed")
    assert event.id.version == 7


def test_opening_and_playing_are_events_with_the_person(shah: User) -> None:
    recording = factories.recording(shah)
    client = signed_in(shah)
    client.get(recording.get_absolute_url())
    client.post(f"{recording.get_absolute_url()}play/", {"again": "1"})  # nobody was told yet
    client.post(f"{recording.get_absolute_url()}play/", {"again": "1"})
    [viewed], [played] = events("evidence.viewed"), events("evidence.played")
    for event in (viewed, played):
        assert event.actor_ref == shah.ref
        details = Private.objects.get(event_id=event.id).parsed()
        assert details == {"name": "PC 4127 Shah", "address": "127.0.0.1"}


def test_when_the_log_can_t_be_written_nothing_is_shown(shah: User, monkeypatch: Any) -> None:
    recording = factories.recording(shah)

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the log is away")

    monkeypatch.setattr(actions, "record", broken)
    client = signed_in(shah)
    client.raise_request_exception = False
    answer = client.get(recording.get_absolute_url())
    assert answer.status_code == 500
    assert recording.reference.encode() not in answer.content


def test_categorising_is_one_tap_with_undo(shah: User) -> None:
    recording = factories.recording(shah)
    client = signed_in(shah)
    url = f"{recording.get_absolute_url()}categorise/"
    row = client.post(url, {"category": "arrest"}, headers={"HX-Request": "true"})
    assert "Saved as" in row.text
    assert "Undo" in row.text
    recording.refresh_from_db()
    assert recording.category == Category.objects.get(code="arrest")
    client.post(url, {"category": "undo"}, headers={"HX-Request": "true"})
    recording.refresh_from_db()
    assert recording.category is None
    said = [event.parsed()["data"] for event in events("recording.categorised")]
    assert said == [{"category": "arrest", "before": ""}, {"category": "", "before": "arrest"}]


@pytest.mark.parametrize("code", ["", "nonsense", "\0"])
def test_no_category_is_said_and_what_was_typed_is_kept(shah: User, code: str) -> None:
    recording = factories.recording(shah)
    answer = signed_in(shah).post(f"{recording.get_absolute_url()}categorise/", {"category": code})
    assert answer.status_code == 422
    assert "Select a category" in answer.text


def test_without_script_the_form_leads_back(shah: User) -> None:
    recording = factories.recording(shah)
    url = f"{recording.get_absolute_url()}categorise/"
    answer = signed_in(shah).post(url, {"category": "arrest", "back": "footage"})
    assert (answer.status_code, answer["Location"]) == (302, "/footage/")


def test_a_supervisor_sees_the_unit_and_those_below(hughes: User, shah: User, okoro: User) -> None:
    below = factories.unit("Charing Cross nights", parent=shah.unit)
    night = factories.Person(
        username="night", name="N N", collar="9", roles=["officer"], unit=below
    )
    for officer in (shah, okoro, night, None):
        factories.recording(officer)
    from evidence.recordings.access import visible_to

    assert {item.officer for item in visible_to(hughes)} == {shah, night}


def test_a_suspended_person_sees_nothing_at_the_next_request(shah: User) -> None:
    client = signed_in(shah)
    assert client.get("/footage/").status_code == 200
    User.objects.filter(pk=shah.pk).update(status="suspended")
    assert client.get("/footage/").status_code == 302


def test_a_joined_recording_leads_to_what_it_is_part_of(shah: User) -> None:
    whole, part = factories.recording(shah), factories.recording(shah)
    Recording.objects.filter(pk=part.pk).update(joined_into=whole)
    answer = signed_in(shah).get(part.get_absolute_url())
    assert answer["Location"] == whole.get_absolute_url()


def test_an_officers_page_is_the_same_with_and_without_a_hidden_complaint(
    shah: User, lane: User
) -> None:
    recording = factories.recording(shah)
    client = signed_in(shah)
    sequencer.run()
    client.get(recording.get_absolute_url())
    sequencer.run()
    before = [line.words for line in pages.past(recording, shah)]
    retention.hold(by=lane, recording=recording, kind=Kind.COMPLAINT, reason="Complaint PC/1/26")
    actions.view(by=lane, reference=recording.reference, address="")
    sequencer.run()
    assert [line.words for line in pages.past(recording, shah)] == before
    assert "PC/1/26" not in client.get(recording.get_absolute_url()).text
    assert any("PC/1/26" in line.words for line in pages.past(recording, lane))


PROBE = "<script>alert(1)</script>"


def test_names_from_outside_are_shown_escaped(shah: User) -> None:
    recording = factories.recording(shah, note=PROBE, unassigned_because=PROBE, camera=PROBE[:20])
    recording.originals.update(file_name=PROBE + "\u202e.mp4")
    page = signed_in(shah).get(recording.get_absolute_url()).text
    assert PROBE not in page
    assert "&lt;script&gt;" in page


def test_every_page_carries_the_strict_policy(shah: User, lane: User) -> None:
    recording = factories.recording(shah)
    client = signed_in(lane)
    for path in (
        "/admin/",
        "/admin/recordings/recording/",
        "/sign-in/",
        "/footage/",
        recording.get_absolute_url(),
        "/nothing",
        "/shared/open",
    ):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy, path
        assert "object-src 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "no-store" in headers["Cache-Control"]


def test_signing_in_wrongly_is_slowed_for_that_name_and_address_only(shah: User) -> None:
    stranger = Client(REMOTE_ADDR="10.0.0.9")
    for _ in range(12):
        stranger.post("/sign-in/", {"login": "shah", "password": "guess"})
    right = {"login": "shah", "password": factories.PASSWORD}
    assert "not right" in stranger.post("/sign-in/", right).text
    assert Client().post("/sign-in/", right).status_code == 302
    assert len(events("person.refused")) == 11  # and the first that was shut out
    assert Client().post("/sign-in/", {"login": "a\0b", "password": "x"}).status_code == 200
