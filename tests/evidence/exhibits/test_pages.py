"""The pages of exhibits and papers: what they show, to whom, and what they write down."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evidence.cases import sections
from evidence.cases.models import Case
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.custody.paper import eights
from evidence.exhibits.models import Clip, Exhibit
from evidence.people import fresh
from evidence.people.models import User
from evidence.recordings.models import Recording
from tests import factories
from tests.evidence.exhibits import casting

pytestmark = pytest.mark.django_db
BASE = "/cases/01AB-12345-26"


@pytest.fixture
def marlow(db: None) -> User:
    return casting.case_officer()


@pytest.fixture
def case(marlow: User, shah: User) -> Case:
    made = casting.case(marlow)
    casting.member(made, shah, "investigator", marlow)
    return made


@pytest.fixture
def footage(case: Case, shah: User, marlow: User) -> Recording:
    made = casting.playable(factories.recording(shah))
    casting.link(case, made, marlow)
    return made


@pytest.fixture
def exhibit(case: Case, footage: Recording, shah: User) -> Exhibit:
    return casting.exhibit(case, footage, shah, "AS/1")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def events(kind: str, ref: str) -> list[dict[str, Any]]:
    sequencer.run()
    rows = Event.objects.filter(type=kind, object_ref=ref).order_by("index")
    return [row.parsed() for row in rows]


# --- producing ---
def form(**more: str) -> dict[str, str]:
    values = {
        "what": "clip", "from": "00:00:02.000", "to": "00:00:04", "sound": "on",
        "case": casting.URN, "mark": "", "description": "The arrest in Villiers Street",
        "producer": "", "reason": "", "link_reason": "",
    }  # fmt: skip
    return values | more


def test_a_clip_is_produced_by_typing_alone(shah: User, case: Case, footage: Recording) -> None:
    client = signed_in(shah)
    path = f"/footage/{footage.reference}/clip/"
    page = client.get(path).content.decode()
    assert 'value="AS/1"' in page  # the next free mark of the only case of this footage
    assert f'value="{casting.URN}"' in page
    answer = client.post(path, form())
    assert answer.status_code == 302
    assert answer["Location"] == f"{BASE}/exhibits/AS-1/"
    made = Exhibit.objects.get()
    assert made.clip
    assert (made.clip.from_ms, made.clip.to_ms, made.clip.sound) == (2000, 4000, True)
    assert len(events("evidence.viewed", footage.reference)) == 1
    shown = client.get(answer["Location"]).content.decode()
    assert "A worker will cut it soon" in shown
    assert 'hx-trigger="every 3s"' in shown


def test_all_of_it_is_produced_without_a_range(shah: User, case: Case, footage: Recording) -> None:
    client = signed_in(shah)
    client.post(f"/footage/{footage.reference}/clip/", form(what="whole", **{"from": "", "to": ""}))
    made = Exhibit.objects.get()
    assert made.clip is None
    page = client.get(f"{BASE}/exhibits/AS-1/").content.decode()
    assert "ORIGINAL" in page
    assert eights(footage.originals.get().sha256) in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"from": "two"}, "Enter a time like 00:02:16.480"),
        ({"to": "00:00:02"}, "The end must be after the start, 00:00:02.000"),
        ({"to": "9" * 6}, "The end must be within the recording, which ends at 00:01:00.000"),
        ({"case": "99ZZ/99999/26"}, "There is no such case of yours. Check the URN."),
        ({"case": ""}, "Enter the URN of the case"),
        ({"mark": "AS/1\r\nX: y"}, "Enter a mark like AS/1"),
        ({"description": ""}, "Enter what it shows"),
        ({"producer": "99999"}, "Nobody has this collar number. Check it."),
        ({"producer": "301"}, "Enter why DC 301 Marlow produces it and not you"),
        ({"producer": "5530", "reason": "They saw"}, "They can&#x27;t speak to this footage"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    shah: User, okoro: User, case: Case, footage: Recording, wrong: dict[str, str], words: str
) -> None:
    answer = signed_in(shah).post(f"/footage/{footage.reference}/clip/", form(**wrong))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert "govuk-error-summary" in page
    assert not Exhibit.objects.exists()
    if "description" not in wrong:
        assert "The arrest in Villiers Street" in page


def test_a_taken_mark_is_answered_with_the_next_one_in_the_field(
    shah: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    answer = signed_in(shah).post(f"/footage/{footage.reference}/clip/", form(mark="as/1"))
    page = answer.content.decode()
    assert "AS/1 is taken in this case. The next free mark is AS/2." in page
    assert 'value="AS/2"' in page


def test_a_case_of_others_and_one_that_is_not_there_are_answered_alike(
    shah: User, marlow: User, case: Case, footage: Recording
) -> None:
    casting.case(marlow, "02CD/54321/26")
    client, path = signed_in(shah), f"/footage/{footage.reference}/clip/"
    one, other = (client.post(path, form(case=urn)) for urn in ("02CD/54321/26", "03EF/54321/26"))
    assert (one.status_code, other.status_code) == (422, 422)
    asked = [
        answer.content.decode().count("There is no such case of yours") for answer in (one, other)
    ]
    assert asked[0] == asked[1] > 0


def test_where_a_reason_is_asked_for_it_is_asked_first(
    marlow: User, case: Case, footage: Recording, exhibit: Exhibit, settings: Any
) -> None:
    settings.VIEW_REASON = "others"
    client = signed_in(marlow)
    for path in (f"/footage/{footage.reference}/clip/", f"{BASE}/exhibits/AS-1/"):
        answer = client.get(path)
        assert answer["Location"].startswith(f"/footage/{footage.reference}/why/")
    assert client.post(f"{BASE}/exhibits/AS-1/play/").status_code == 409
    assert client.get(f"{BASE}/exhibits/AS-1/facts/").status_code == 409
    assert events("evidence.viewed", footage.reference) == []
    client.post(f"/footage/{footage.reference}/why/", {"why": "Case 01AB/12345/26"})
    assert client.post(f"{BASE}/exhibits/AS-1/play/").status_code == 200
    [told] = events("evidence.played", footage.reference)
    assert told["data"] == {"kind": "clip", "exhibit": exhibit.reference}


# --- an exhibit ---
def test_an_exhibits_page_says_what_it_is_and_how_it_was_made(
    shah: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    page = signed_in(shah).get(f"{BASE}/exhibits/as-1/").content.decode()
    clip = exhibit.clip
    assert clip
    for words in (
        eights(clip.sha256), eights(clip.parent_sha256), "00:00:02.000 to 00:00:04.000",
        "51 frames", "ffmpeg version 5.1.9", f"CLIP of {footage.reference}", exhibit.reference,
    ):  # fmt: skip
        assert words in page, words
    [told] = events("evidence.viewed", footage.reference)
    assert told["data"] == {"exhibit": exhibit.reference}


def test_a_clip_of_an_exhibit_is_called_so(
    shah: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    casting.exhibit(case, footage, shah, "AS/2", clip=False)
    assert "CLIP of AS/2" in signed_in(shah).get(f"{BASE}/exhibits/AS-1/").content.decode()


def test_playing_is_an_event_and_renewing_in_one_sitting_is_not_another(
    shah: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    client, path = signed_in(shah), f"{BASE}/exhibits/AS-1/play/"
    first = client.post(path).json()
    assert first["segments"][0]["proxy"].startswith("http")
    client.post(path, {"again": "1"})
    assert len(events("evidence.played", footage.reference)) == 1
    client.post(path, {"again": "0"})
    assert len(events("evidence.played", footage.reference)) == 2


def test_the_players_frame_times_are_the_clips(
    shah: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    told = signed_in(shah).get(f"{BASE}/exhibits/AS-1/facts/").json()
    assert told["frames"] == {
        "version": 1, "timescale": 12800, "first": 0, "runs": [[512, 50]], "count": 51,
    }  # fmt: skip


def test_a_clip_that_is_not_made_yet_is_not_played(
    shah: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    Clip.objects.update(state="making")
    answer = signed_in(shah).post(f"{BASE}/exhibits/AS-1/play/")
    assert (answer.status_code, answer.json()["detail"][:11]) == (409, "The clip is")
    assert events("evidence.played", footage.reference) == []


def test_a_download_is_named_after_the_mark_and_the_fingerprint(
    marlow: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    answer = signed_in(marlow).post(f"{BASE}/exhibits/AS-1/download/")
    assert exhibit.clip
    disposition = parse_qs(urlsplit(answer["Location"]).query)["response-content-disposition"][0]
    assert f"AS_1-{exhibit.clip.sha256[:8]}.mp4" in disposition
    assert disposition.startswith("attachment")
    assert "\r" not in disposition
    assert "\n" not in disposition
    [told] = events("evidence.downloaded", footage.reference)
    assert told["data"] == {"kind": "clip", "exhibit": exhibit.reference}


def test_an_original_is_downloaded_under_its_mark_too(
    marlow: User, shah: User, case: Case, footage: Recording
) -> None:
    casting.exhibit(case, footage, shah, "AS/2", clip=False)
    client, file = signed_in(marlow), footage.originals.get()
    answer = client.post(f"{BASE}/exhibits/AS-2/download/", {"file": str(file.pk)})
    disposition = parse_qs(urlsplit(answer["Location"]).query)["response-content-disposition"][0]
    assert f"AS_2-{file.sha256[:8]}.mp4" in disposition
    other = factories.recording(shah).originals.get()  # not of this exhibit
    for wrong in (str(other.pk), "", "x", "9" * 30):
        answer = client.post(f"{BASE}/exhibits/AS-2/download/", {"file": wrong})
        assert answer.status_code == 404, wrong


def test_who_may_not_download_footage_may_not_download_its_clips(
    shah: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    client = signed_in(shah)
    assert client.post(f"{BASE}/exhibits/AS-1/download/").status_code == 404
    assert "Download" not in client.get(f"{BASE}/exhibits/AS-1/").content.decode()
    assert events("evidence.downloaded", footage.reference) == []


@pytest.mark.parametrize("path", ["exhibits/AS-1/download/", "papers/mg12/pdf/"])
def test_taking_away_asks_for_a_fresh_proof(
    marlow: User, case: Case, footage: Recording, exhibit: Exhibit, path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(fresh, "is_fresh", lambda request: False)
    answer = signed_in(marlow).post(f"{BASE}/{path}")
    assert answer.status_code == 302
    assert "/account/again/" in answer["Location"] or "sso" in answer["Location"]
    assert events("evidence.downloaded", footage.reference) == []
    assert events("case.papers_made", f"case-{case.pk}") == []


def test_it_is_withdrawn_with_a_reason_and_stays(
    shah: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    client, path = signed_in(shah), f"{BASE}/exhibits/AS-1/withdraw/"
    assert "stands on no paper" in client.get(path).content.decode()
    assert client.post(path, {"reason": ""}).status_code == 422
    exhibit.refresh_from_db()
    assert exhibit.withdrawn_at is None
    client.post(path, {"reason": "The wrong minute"})
    page = client.get(f"{BASE}/exhibits/AS-1/").content.decode()
    assert "Withdrawn" in page
    assert "The wrong minute" in page
    assert "Withdraw this exhibit" not in page
    assert "Withdrawn" in client.get(f"{BASE}/exhibits/").content.decode()


# --- who ---
@pytest.mark.parametrize(
    "path",
    ["exhibits/", "exhibits/AS-1/", "exhibits/AS-1/facts/", "exhibits/AS-1/status/",
     "exhibits/AS-1/withdraw/", "papers/"],
)  # fmt: skip
def test_to_others_nothing_is_there(okoro: User, case: Case, exhibit: Exhibit, path: str) -> None:
    client = signed_in(okoro)
    theirs = client.get(f"{BASE}/{path}")
    nowhere = client.get(f"/cases/09ZZ-99999-26/{path}")
    assert (theirs.status_code, nowhere.status_code) == (404, 404)

    def plain(answer: Any) -> bytes:
        return bytes(answer.content.replace(answer.context["csrf_token"].encode(), b""))

    assert plain(theirs) == plain(nowhere)


def test_a_clip_of_restricted_footage_is_nobodys_without_a_grant(
    shah: User, marlow: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    Recording.objects.filter(pk=footage.pk).update(restricted="covert")
    for user in (shah, marlow):
        client = signed_in(user)
        for path in ("exhibits/AS-1/", "exhibits/AS-1/facts/", "exhibits/AS-1/status/"):
            assert client.get(f"{BASE}/{path}").status_code == 404, path
        for path in ("exhibits/AS-1/play/", "exhibits/AS-1/download/"):
            assert client.post(f"{BASE}/{path}").status_code == 404, path
        listed = client.get(f"{BASE}/exhibits/").content.decode()
        assert "AS/1" not in listed
        assert exhibit.description not in listed
        assert "And others that you can't see." in listed


def test_what_ends_with_the_team_ends_at_once(
    shah: User, marlow: User, case: Case, footage: Recording
) -> None:
    other = factories.recording(factories.Person(username="x"))
    casting.exhibit(case, other, marlow, "JM/1")
    client = signed_in(shah)
    assert client.get(f"{BASE}/exhibits/JM-1/").status_code == 200
    case.members.all().delete()
    assert client.get(f"{BASE}/exhibits/JM-1/").status_code == 404


def test_the_recordings_page_leads_there_for_those_who_may(
    shah: User, hughes: User, marlow: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    page = signed_in(shah).get(f"/footage/{footage.reference}/").content.decode()
    assert "Clip or produce" in page
    assert f"{BASE}/exhibits/AS-1/" in page
    page = signed_in(hughes).get(f"/footage/{footage.reference}/").content.decode()
    assert "Clip or produce" not in page  # a supervisor sees it, and produces nothing
    assert "AS-1" not in page


def test_a_list_of_fifty_takes_as_many_queries_as_one_of_two(
    shah: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    client = signed_in(shah)

    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        return len(queries)

    casting.exhibit(case, footage, shah, "AS/2")
    paths = [f"{BASE}/exhibits/", f"/footage/{footage.reference}/"]
    few = [count(path) for path in paths]
    for number in range(3, 30):
        casting.exhibit(case, footage, shah, f"AS/{number}")
    assert [count(path) for path in paths] == few


def test_a_cases_task_list_says_how_far_they_are(
    shah: User, marlow: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    def line(user: User, key: str) -> str:
        return next((one.state for one in sections.of(user, case) if one.key == key), "")

    assert line(marlow, "exhibits") == "1 produced"
    assert line(marlow, "papers") == "2 not decided"
    assert line(shah, "papers") == ""  # an officer of the team makes none
    Clip.objects.update(state="waiting")
    assert line(marlow, "exhibits") == "1, 1 being made"
    Clip.objects.update(state="failed")
    assert line(marlow, "exhibits") == "1 could not be made"


def test_the_cases_history_tells_of_its_exhibits(
    shah: User, marlow: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    signed_in(shah).post(f"{BASE}/exhibits/AS-1/withdraw/", {"reason": "The wrong minute"})
    sequencer.run()
    page = signed_in(marlow).get(f"{BASE}/").content.decode()
    assert "Exhibit AS/1 in 01AB/12345/26 withdrawn by PC 4127 Shah: The wrong minute" in page


# --- papers and decisions ---
@pytest.mark.parametrize("kind", ["labels", "mg11", "mg12", "mg6c", "mg6d"])
def test_every_paper_is_made_as_a_file(
    marlow: User, case: Case, footage: Recording, exhibit: Exhibit, kind: str
) -> None:
    client = signed_in(marlow)
    for ending, start in (("pdf", b"%PDF"), ("csv", b"\xef\xbb\xbf")):
        answer = client.post(f"{BASE}/papers/{kind}/{ending}/")
        assert answer.status_code == 200
        assert answer.content.startswith(start)
        assert answer["Content-Disposition"].startswith(
            f'attachment; filename="{kind}-01AB-12345-26-'
        )
    assert client.post(f"{BASE}/papers/mg99/pdf/").status_code == 404
    assert client.get(f"{BASE}/papers/{kind}/pdf/").status_code == 405


def test_why_no_paper_can_be_made_is_said(
    marlow: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    Clip.objects.update(state="making")
    answer = signed_in(marlow).post(f"{BASE}/papers/mg12/pdf/")
    assert answer.status_code == 422
    assert "The clip AS/1 is still being made." in answer.content.decode()
    assert events("case.papers_made", f"case-{case.pk}") == []


def test_a_decision_is_made_and_shown(
    marlow: User, case: Case, footage: Recording, exhibit: Exhibit
) -> None:
    client, path = signed_in(marlow), f"{BASE}/disclosure/{footage.reference}/"
    assert "2 not decided yet." in client.get(f"{BASE}/papers/").content.decode()
    assert client.post(path, {"relevant": "yes"}).status_code == 422
    sent = {"relevant": "yes", "reason": "Shows the street", "description": "A van leaves"}
    assert client.post(path, sent).status_code == 302
    page = client.get(f"{BASE}/papers/").content.decode()
    assert "Relevant, unused" in page
    assert "1 not decided yet." in page
    assert "DC 301 Marlow: Relevant, unused. Shows the street" in client.get(path).content.decode()
    assert client.get(f"{BASE}/disclosure/R-2222-2222/").status_code == 404
