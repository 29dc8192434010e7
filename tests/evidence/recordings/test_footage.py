"""The work list: what is counted, who sees whose, what changes while it is open, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.cases import actions as cases
from evidence.cases.models import Case
from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.people.models import User
from evidence.recordings import actions, pages, record_page, technical, worklist
from evidence.recordings.models import Category, Grant, Recording, Rendition
from evidence.retention import actions as retention
from evidence.retention.models import Kind
from tests import factories

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_all_that_is_left_is_counted_not_the_page_and_only_so_far(
    shah: User, monkeypatch: Any
) -> None:
    client = signed_in(shah)
    for number in range(60):
        factories.recording(shah, happened_at=timezone.now() - timedelta(hours=number))
    assert client.get("/footage/").context["left"] == 60
    monkeypatch.setattr(worklist, "MOST_LEFT", 40)
    with CaptureQueriesContext(connection) as asked:
        assert "more than 40 left to do" in client.get("/footage/").text
    assert any("LIMIT 41" in query["sql"] for query in asked)


def test_bare_when_done_with_today_folded(shah: User) -> None:
    client = signed_in(shah)
    assert "No footage yet" in client.get("/footage/").text
    recording = factories.recording(shah, happened_at=timezone.now())
    factories.recording(shah, happened_at=timezone.now(), kind="other")
    actions.categorise(by=shah, recording=recording, category=Category.objects.all()[0])
    page = client.get("/footage/")
    assert "Nothing left to do" in page.text
    assert page.context["groups"] == []
    assert [row.recording for row in page.context["done"]] == [recording]
    assert len(page.context["other"]) == 1
    # Undo is still there after the page was left.
    assert f"Undo Arrest for {recording.reference}" in page.text


def test_groups_split_at_twenty_quiet_minutes(shah: User) -> None:
    for minute in (0, 25, 46):  # quiet for 20 min, then for 21
        factories.recording(
            shah, happened_at=datetime(2026, 11, 22, 22, minute, tzinfo=UTC),
            duration_ms=5 * 60_000 if minute == 0 else 0,
        )  # fmt: skip
    groups = signed_in(shah).get("/footage/").context["groups"]
    assert [len(group.rows) for group in groups] == [1, 2]


def test_a_row_says_what_goes_when_and_nothing_of_a_hold(shah: User, lane: User) -> None:
    recording = factories.recording(shah)
    client = signed_in(shah)
    words = "Shown to you until 23 Dec 2026, then disposed of unless something keeps it"

    def shown(path: str) -> str:
        answer = client.get(path)
        token = answer.context["csrf_token"]
        return str(answer.text.replace(str(token), ""))

    pages = ["/footage/", "/footage/?show=all", f"/footage/categorise/?pick={recording.reference}"]
    before = [shown(path) for path in pages]
    assert words in before[0]
    retention.hold(by=lane, recording=recording, kind=Kind.COMPLAINT, reason="Complaint PC/1/26")
    assert [shown(path) for path in pages] == before


def test_a_supervisor_sees_the_team_with_names_and_what_needs_a_category(
    hughes: User, shah: User, okoro: User
) -> None:
    done, left = factories.recording(shah), factories.recording(shah)
    foreign = factories.recording(okoro)
    actions.categorise(by=shah, recording=done, category=Category.objects.all()[0])
    client = signed_in(hughes)
    page = client.get("/footage/").text
    assert "Team footage" in page
    assert "PC 4127 Shah" in page
    assert done.reference in page
    assert foreign.reference not in page
    needs = client.get("/footage/?whose=team&show=todo").text
    assert left.reference in needs
    assert done.reference not in needs


def test_an_officer_who_supervises_has_both_lists_and_a_plain_one_has_not(
    shah: User, hughes: User
) -> None:
    hughes.roles = ["officer", "supervisor"]
    hughes.save()
    own, team = factories.recording(hughes), factories.recording(shah)
    client = signed_in(hughes)
    mine = client.get("/footage/").text
    assert own.reference in mine
    assert team.reference not in mine
    assert team.reference in client.get("/footage/?whose=team").text
    assert own.reference not in signed_in(shah).get("/footage/?whose=team").text


def test_what_arrives_is_put_above_and_what_waits_is_brought_up_to_date(
    shah: User, okoro: User
) -> None:
    now = timezone.now()
    waiting = factories.recording(shah, happened_at=now - timedelta(hours=2))
    client = signed_in(shah)
    poll = client.get("/footage/").context["poll"]
    assert parse_qs(urlsplit(poll).query)["w"] == [waiting.reference]
    quiet = client.get(poll).text
    assert "has arrived" not in quiet
    came = factories.recording(shah, happened_at=now - timedelta(hours=1))
    factories.recording(okoro, happened_at=now)
    Recording.objects.filter(pk=waiting.pk).update(media="ready")
    found = client.get(poll)
    assert "1 file has arrived. 2 left to do." in found.text
    assert f'id="row-{came.reference}"' in found.text
    assert f'id="row-{waiting.reference}"' not in found.text  # somebody may be typing there
    assert f'id="state-{waiting.reference}" hx-swap-oob="true" hidden' in found.text
    again = client.get(found.context["poll"])
    assert "has arrived" not in again.text
    assert client.get("/footage/new/?since=x").status_code == 404
    session = client.session
    session["seen"] = before = session["seen"] - 60
    session.save()
    client.get(poll)
    assert client.session["seen"] == before  # nobody sat there


# --- what is not there ---


def _refused(client: Client, path: str, method: str = "get") -> tuple[int, int, bytes]:
    with CaptureQueriesContext(connection) as asked:
        answer = getattr(client, method)(path)
    body = answer.content.replace(str(answer.context["csrf_token"]).encode(), b"")
    return answer.status_code, len(asked), body


@pytest.mark.parametrize(
    ("what", "method"),
    [("", "get"), ("why/", "get"), ("play/", "post"), ("categorise/", "post"), ("carry/", "post"),
     ("download/1/", "post"), ("status/", "get")],
)  # fmt: skip
def test_what_is_missing_and_what_is_forbidden_are_refused_and_written_alike(
    shah: User, okoro: User, what: str, method: str
) -> None:
    foreign = factories.recording(shah).reference
    client = signed_in(okoro)
    client.get("/footage/")
    forbidden = _refused(client, f"/footage/{foreign}/{what}", method)
    missing = _refused(client, f"/footage/R-2222-2222/{what}", method)
    assert forbidden == missing
    assert forbidden[0] == 404
    sequencer.run()
    events = list(Event.objects.filter(type="access.refused").order_by("index"))
    details = [Private.objects.get(event_id=event.id).parsed() for event in events]
    assert details == [
        {"name": "PC 5530 Okoro", "reference": reference, "address": "127.0.0.1"}
        for reference in (foreign, "R-2222-2222")
    ]
    assert {event.object_ref for event in events} == {okoro.ref}
    assert {event.parsed()["outcome"] for event in events} == {"denied"}


def test_a_refusal_is_no_part_of_the_footages_history(shah: User, okoro: User) -> None:
    recording = factories.recording(shah)
    signed_in(okoro).get(recording.get_absolute_url())
    sequencer.run()
    assert "5530" not in signed_in(shah).get(recording.get_absolute_url()).text


# --- the recording's page ---


def test_links_are_for_those_who_may_see_them(shah: User, lane: User) -> None:
    recording = factories.recording(shah)
    case = Case.objects.create(urn="01AB/12345/26", title="R v Marsh")
    cases.link(by=lane, case=case, recording=recording, reason="Arrest")
    url = recording.get_absolute_url()
    assert "01AB/12345/26" in signed_in(lane).get(url).text
    page = signed_in(shah).get(url).text
    assert "01AB/12345/26" not in page
    assert "R v Marsh" not in page


def test_who_may_look_but_not_say_gets_no_form(shah: User) -> None:
    recording = factories.recording(shah)
    case = factories.Person(username="case", name="C C", roles=["case_officer"])
    price = factories.Person(username="aa", name="A A", roles=["appropriate_authority"])
    Grant.objects.create(
        recording=recording, person=case, granted_by=price, reason="x",
        until=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    page = signed_in(case).get(recording.get_absolute_url()).text
    assert 'name="category"' not in page
    assert "None yet" in page
    listed = signed_in(case).get("/footage/").text
    assert recording.reference in listed
    assert 'name="category"' not in listed
    assert 'name="pick"' not in listed


def test_files_that_do_not_play_are_named_and_why(shah: User) -> None:
    recording = factories.recording(shah, media="ready")
    recording.originals.update(media="ready")
    factories.original(recording, reference="R-2222-2223", file_name="B.MP4", media="waiting")
    broken = factories.original(recording, reference="R-2222-2224", file_name="C.MP4")
    broken.media, broken.media_reason = "failed", "Its pictures can't be read."
    broken.save()
    page = signed_in(shah).get(recording.get_absolute_url()).text
    assert "1 of 3 files play here." in page
    assert "can&#x27;t be shown here" in page
    assert "Its pictures can&#x27;t be read." in page


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (None, []), ([], []), ({"streams": "x"}, []),
        ({"streams": [{"codec_type": "video", "codec_name": "hevc", "width": 1920, "height": 1080,
                       "avg_frame_rate": "30000/1001"},
                      {"codec_type": "audio", "codec_name": "pcm_s16le", "sample_rate": "48000",
                       "channels": 1}]},
         ["Picture: H.265, 1920 × 1080, 29.97 frames a second",
          "Sound: uncompressed (PCM), 48 kHz, mono"]),
        ({"streams": [{"codec_type": "video", "avg_frame_rate": "0/0"}]}, ["Picture: unknown"]),
    ],
)  # fmt: skip
def test_what_a_file_is_made_of_is_said_in_words(probe: Any, words: list[str]) -> None:
    assert technical.in_words(probe) == words


@pytest.mark.parametrize("kind", Rendition.Kind.values)
def test_everything_made_from_an_original_has_a_label_of_its_own(shah: User, kind: str) -> None:
    recording = factories.recording(shah)
    made = factories.poster(recording)
    Rendition.objects.filter(pk=made.pk).update(kind=kind, facts={"seconds": 1.0, "peaks": []})
    made.kind = kind
    page = signed_in(shah).get(recording.get_absolute_url()).text
    words = record_page.label(made)
    assert words != "ORIGINAL"
    assert f'<span class="badge">{words}</span>' in page


def test_a_group_ends_when_its_last_recording_does(shah: User) -> None:
    """The one that began first may run longest."""
    begin = datetime(2026, 11, 22, 22, 14, tzinfo=UTC)
    long = factories.recording(shah, happened_at=begin, duration_ms=3_600_000)
    short = factories.recording(shah, happened_at=begin + timedelta(minutes=10), duration_ms=60_000)
    [group] = pages.groups([pages.Row(short), pages.Row(long)])
    assert (group.start, group.end) == (begin, begin + timedelta(hours=1))
