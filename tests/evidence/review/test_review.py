"""The review room: who comes in, what it shows, notes and drafts, and that nobody else learns."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evidence.complaints.models import Allegation, Category, Complaint, Finding, Wording
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings import coverage, markers, sittings
from evidence.recordings.models import Coverage, Grant, Marker, Recording, Rendition, Sitting
from evidence.retention import actions as retention
from evidence.retention.models import Kind
from evidence.review import actions, room
from evidence.review.models import Note, NoteDraft
from tests import factories

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 11, 22, 22, 14, 7, tzinfo=UTC)


def footage(officer: User, **more: Any) -> Recording:
    """A recording that plays, as far as its rows say."""
    made = factories.recording(officer, duration_ms=60_000, media="ready", **more)
    Rendition.objects.create(
        original=made.originals.get(), kind="proxy", key=f"k{made.pk}", content_type="video/mp4",
        size=3, sha256="0" * 64, parent_sha256="1" * 64, tool="ffmpeg", tool_version="test",
        facts={"seconds": 60.0, "width": 320, "height": 240},
    )  # fmt: skip
    return made


@pytest.fixture
def price(db: None) -> User:
    return factories.Person(username="price", rank="Supt", collar="301", name="Jude Price", roles=["appropriate_authority"])  # fmt: skip


@pytest.fixture
def complaint(lane: User, shah: User, okoro: User) -> Complaint:
    """Of Shah, Okoro was there; a recording of each is held, and Shah's reaches past its end."""
    made = Complaint.objects.create(
        reference="PC/12/26", received=MOMENT.date(), complainant="J Marlow", account="x",
        start=MOMENT - timedelta(hours=1), end=MOMENT + timedelta(seconds=45), recorded_by=lane,
    )  # fmt: skip
    made.officers.set([shah, okoro])
    footage(shah)
    footage(okoro, happened_at=MOMENT + timedelta(seconds=4))
    retention.watch(by=lane, kind=Kind.COMPLAINT, reference=made.reference, reason="x",
                    officers=[shah, okoro], start=made.start, end=made.end)  # fmt: skip
    category = Category.objects.create(scheme="T", version="1", code="B4", name="Use of force")
    row = Allegation.objects.create(complaint=made, number=1, category=category, words="Pushed")
    row.officers.set([shah])
    Allegation.objects.create(complaint=made, number=2, category=category, words="Sworn at")
    gone = Allegation.objects.create(complaint=made, number=3, category=category, words="zebra")
    Allegation.objects.filter(pk=gone.pk).update(withdrawn_at=timezone.now())
    return made


@pytest.fixture
def one(complaint: Complaint, shah: User) -> Recording:
    return Recording.objects.get(officer=shah)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(complaint: Complaint, rest: str = "") -> str:
    return f"/admin/complaints/complaint/{complaint.pk}/review/{rest}"


def events(kind: str, ref: str) -> list[Event]:
    sequencer.run()
    return list(Event.objects.filter(type=kind, object_ref=ref).order_by("index"))


# --- who comes in ---
def test_investigators_and_the_authority_come_in_and_nobody_else(
    complaint: Complaint, lane: User, price: User, shah: User, hughes: User, auditor: User,
    administrator: User,
) -> None:  # fmt: skip
    manager = factories.Person(username="reed", name="Kim Reed", roles=["evidence_manager"])
    assert [client_of(user).get(url(complaint)).status_code for user in (lane, price)] == [200, 200]
    for user in (shah, hughes, auditor, administrator, manager):
        assert client_of(user).get(url(complaint)).status_code == 404
    assert len(events("review.opened", complaint.subject().ref)) == 2


def test_who_is_named_finds_nothing_in_any_of_its_addresses(
    complaint: Complaint, one: Recording, lane: User
) -> None:
    named = factories.Person(username="stan", name="Stan", roles=["professional_standards"])
    complaint.officers.add(named)
    client = client_of(named)
    note = Note.objects.create(complaint=complaint, recording=one, at_ms=1, text="x", made_by=named)
    said = {"recording": one.reference, "at": "1", "text": "x"}
    missing = Complaint(pk=10**9)
    for where in (complaint, missing):
        assert client.get(url(where)).status_code == 404
        assert client.get(url(where, f"{one.reference}/facts/")).status_code == 404
        assert client.post(url(where, f"{one.reference}/play/")).status_code == 404
        assert client.post(url(where, "notes/"), said).status_code == 404
        assert client.post(url(where, "draft/"), said).status_code == 404
        assert client.post(url(where, f"notes/{note.pk}/withdraw/")).status_code == 404
    plain = [
        re.sub(r"[A-Za-z0-9]{64}", "", client.get(url(where)).text)
        for where in (complaint, missing)
    ]
    assert plain[0] == plain[1]


def test_somebody_who_comes_to_be_named_is_counted_no_further(
    complaint: Complaint, one: Recording, lane: User
) -> None:
    token = sittings.page(lane, room.about(complaint))
    client_of(lane).post(url(complaint, f"{one.reference}/play/"), {"sitting": token})
    part = {one.reference: [[0, 1000, 1, 1]]}
    assert sittings.report(by=lane, token=token, number=1, parts=part).more
    complaint.officers.add(lane)
    with pytest.raises(Recording.DoesNotExist):
        sittings.report(by=lane, token=token, number=2, parts=part)


@pytest.mark.parametrize("about", ["complaint-", "complaint-x", "complaint-" + "9" * 25, "complaint-²", "complaint-0", "complaint"])  # fmt: skip
def test_nothing_is_counted_for_what_is_no_complaint(
    about: str, complaint: Complaint, one: Recording, lane: User
) -> None:
    token = sittings.page(lane, about)
    client_of(lane).post(url(complaint, f"{one.reference}/play/"), {"sitting": token})
    with pytest.raises(Recording.DoesNotExist):
        sittings.report(by=lane, token=token, number=1, parts={one.reference: [[0, 1000, 1, 1]]})


# --- what it shows ---
def test_it_lists_allegations_and_footage_with_what_each_reviewer_has_played(
    complaint: Complaint, one: Recording, lane: User, price: User
) -> None:
    about = room.about(complaint)
    Coverage.objects.create(recording=one, person=price, about=about, ranges=[[0, 24_000]], played_ms=24_000)  # fmt: skip
    Coverage.objects.create(recording=one, person=lane, about=about, ranges=[[0, 60_000]], played_ms=60_000)  # fmt: skip
    # Played on its own page: not for this complaint.
    Coverage.objects.create(recording=one, person=price, ranges=[[0, 60_000]], played_ms=60_000)
    page = " ".join(client_of(lane).get(url(complaint)).text.split())
    assert "1 of 2 played to the end by you." in page
    assert "Supt 301 Price 40%" in page
    assert "1 min 0 s, 45 s in that time" in page
    assert "zebra" not in page
    assert page.count("No finding yet") == 2
    rows, rest = room.footage(lane, complaint, room.charges(complaint), [])
    assert [row.percent for row in rows] == [100, 0]
    assert [[row.number for row in item.about] for item in rows] == [[1], []]
    assert rest == ""
    assert [(row.person, row.percent) for row in coverage.of(about)] == [(price, 40), (lane, 100)]


def test_a_finding_shows_how_far_it_is(complaint: Complaint, lane: User, price: User) -> None:
    wording = Wording.objects.create(code="no-case", words="No case", handlings="outside")
    row = Finding.objects.create(
        allegation=complaint.allegations.get(number=1), wording=wording, reasons="x", proposed_by=lane
    )  # fmt: skip
    assert [item.state for item in room.charges(complaint)] == [
        "Finding proposed",
        "No finding yet",
    ]
    Finding.objects.filter(pk=row.pk).update(decided_by=price, decided_at=timezone.now())
    assert [item.state for item in room.charges(complaint)] == ["Decided", "No finding yet"]


def test_restricted_footage_needs_a_grant_here_too(
    complaint: Complaint, one: Recording, lane: User, price: User
) -> None:
    Recording.objects.filter(pk=one.pk).update(restricted="covert")
    client = client_of(lane)
    page = client.get(url(complaint)).text
    assert one.reference not in page
    assert "1 other is held that you can&#x27;t see. It is restricted: ask for a grant." in page
    assert client.get(url(complaint), {"r": one.reference}).status_code == 404
    assert client.post(url(complaint, f"{one.reference}/play/")).status_code == 404
    Grant.objects.create(recording=one, person=lane, reason="x", granted_by=price, until=timezone.now() + timedelta(days=1))  # fmt: skip
    assert client.get(url(complaint), {"r": one.reference}).status_code == 200


def test_what_the_complaint_does_not_hold_is_not_shown_in_its_room(
    complaint: Complaint, shah: User, lane: User
) -> None:
    other = footage(shah, happened_at=MOMENT + timedelta(days=3))
    client = client_of(lane)
    assert client.get(url(complaint), {"r": other.reference}).status_code == 404
    assert client.post(url(complaint, f"{other.reference}/play/")).status_code == 404
    assert client.get(url(complaint, f"{other.reference}/facts/")).status_code == 404
    assert client.get(f"/footage/{other.reference}/").status_code in (200, 302)


def test_one_to_four_cameras(complaint: Complaint, one: Recording, lane: User) -> None:
    client = client_of(lane)
    five = [f"R-{n}222-2222" for n in range(5)]
    page = client.get(url(complaint), {"r": five}).text
    assert "Choose 4 at most. You chose 5." in page
    again = client.get(url(complaint), {"r": [one.reference.lower(), one.reference]})
    assert again.status_code == 200
    assert again.text.count('class="camera ') == 1


def test_what_can_not_be_played_says_so(complaint: Complaint, one: Recording, lane: User) -> None:
    Rendition.objects.all().delete()
    page = client_of(lane).get(url(complaint), {"r": one.reference}).text
    assert f"{one.reference} is kept, and can" in page
    assert "<video" not in page


def test_the_room_takes_as_many_queries_for_fifty_as_for_two(
    complaint: Complaint, shah: User, lane: User, django_assert_max_num_queries: Any
) -> None:
    client = client_of(lane)
    client.get(url(complaint))
    with django_assert_max_num_queries(60) as first:
        client.get(url(complaint))
    for number in range(48):
        made = footage(shah, happened_at=MOMENT - timedelta(seconds=number))
        retention.hold(by=lane, recording=made, kind=Kind.COMPLAINT, reason="x", reference="PC/12/26")  # fmt: skip
        Coverage.objects.create(recording=made, person=lane, about=room.about(complaint))
        Note.objects.create(complaint=complaint, recording=made, at_ms=1, text="x", made_by=lane)
    with django_assert_max_num_queries(len(first.captured_queries)):
        assert client.get(url(complaint)).text.count('name="r" value') == 50


# --- looks ---
def test_each_look_names_the_complaint_as_its_reason(
    complaint: Complaint, one: Recording, lane: User, settings: Any
) -> None:
    settings.VIEW_REASON = "always"
    client = client_of(lane)
    assert client.get(url(complaint), {"r": one.reference}).status_code == 200
    token = sittings.page(lane, room.about(complaint))
    answer = client.post(url(complaint, f"{one.reference}/play/"), {"sitting": token})
    assert len(answer.json()["segments"]) == 1
    Sitting.objects.update(began_at=MOMENT, reported_at=MOMENT)
    said = json.dumps({"number": 1, "parts": {one.reference: [[0, 5000, 1, 1]]}, "last": True})
    assert client.post("/footage/played/", {"sitting": token, "report": said}).status_code == 200
    from evidence.custody.history import lines

    sequencer.run()
    looks = {line.type: line.why for line in lines(one.reference) if line.type.startswith("evidence.")}  # fmt: skip
    assert looks == {
        "evidence.viewed": "PC/12/26", "evidence.played": "PC/12/26", "evidence.watched": "PC/12/26",
    }  # fmt: skip
    # Renewing the addresses within the sitting is no second playing.
    client.post(url(complaint, f"{one.reference}/play/"), {"sitting": token, "again": "1"})
    assert len(events("evidence.played", one.reference)) == 1
    # Nothing that stands openly tells of the complaint.
    assert not any(b"complaint" in bytes(event.body) or b"PC/12" in bytes(event.body)
                   for event in Event.objects.filter(object_ref=one.reference))  # fmt: skip


def test_facts_are_for_a_page_that_was_opened(
    complaint: Complaint, one: Recording, lane: User
) -> None:
    client = client_of(lane)
    assert client.get(url(complaint, f"{one.reference}/facts/")).status_code == 409
    shown = client.get(url(complaint), {"r": one.reference})
    [camera] = shown.context["data"]
    answer = client.get(url(complaint, f"{one.reference}/facts/"), {"look": camera["look"]})
    assert answer.json() == {"frames": None, "track": None}


# --- notes ---
def test_a_note_has_time_camera_and_allegation(
    complaint: Complaint, one: Recording, lane: User, price: User
) -> None:
    client = client_of(lane)
    said = {"r": one.reference, "recording": one.reference, "at": "0:16.48", "allegation": "1",
            "text": " He <b>falls</b>\r\nhere\0 "}  # fmt: skip
    client.post(url(complaint, "draft/"), said)
    answer = client.post(url(complaint, "notes/"), said)
    assert answer.headers["Location"] == f"{url(complaint)}?r={one.reference}#notes"
    [note] = Note.objects.all()
    assert (note.at_ms, note.text, note.allegation.number if note.allegation else 0) == (16_480, "He <b>falls</b>\nhere", 1)  # fmt: skip
    assert not NoteDraft.objects.exists()
    page = client_of(price).get(url(complaint)).text
    assert "He &lt;b&gt;falls&lt;/b&gt;<br>here" in page
    assert "00:00:16.480" in page
    # On the complaint's history, not on the recording's.
    [event] = events("review.noted", complaint.subject().ref)
    assert event.parsed()["data"] == {"note": note.pk}
    assert not Event.objects.filter(object_ref=one.reference, type__startswith="review.").exists()
    assert not Marker.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": "  "}, "Enter what you saw or heard"),
        ({"text": "x" * 4001}, "4,000 characters or fewer; it has 4,001"),
        ({"at": "later"}, "Enter a time like 00:02:16.480"),
        ({"at": "0:01:00.001"}, "which ends at 00:01:00.000"),
        ({"allegation": "3"}, "Select an allegation of this complaint, or none"),
        ({"allegation": "9"}, "Select an allegation of this complaint, or none"),
        ({"allegation": "²"}, "Select an allegation of this complaint, or none"),
        ({"allegation": "9" * 30}, "Select an allegation of this complaint, or none"),
    ],
)
def test_a_note_that_can_not_be_kept_says_why_and_loses_nothing(
    change: dict[str, str], words: str, complaint: Complaint, one: Recording, lane: User
) -> None:
    client = client_of(lane)
    said = {"recording": one.reference, "at": "1", "allegation": "", "text": "kept"} | change
    for headers in ({}, {"X-Part": "notes"}):
        answer = client.post(url(complaint, "notes/"), said | {"r": one.reference}, headers=headers)
        assert answer.status_code == 422
        assert words in answer.text
        assert said["text"].strip()[:40] in answer.text
    assert not Note.objects.exists()


def test_a_note_is_for_footage_of_this_complaint_that_the_writer_sees(
    complaint: Complaint, shah: User, lane: User
) -> None:
    other = footage(shah, happened_at=MOMENT + timedelta(days=3))
    client = client_of(lane)
    for reference in (other.reference, "R-2222-2222", "", "\0", "x" * 500):
        said = {"recording": reference, "at": "1", "text": "x"}
        assert client.post(url(complaint, "notes/"), said).status_code == 404
    assert not Note.objects.exists()


def test_one_s_own_note_is_taken_back_and_stays_in_the_log(
    complaint: Complaint, one: Recording, lane: User, price: User
) -> None:
    note = actions.note(by=lane, complaint=complaint.pk, recording=one.reference, at="1", allegation="", text="zebra")  # fmt: skip
    assert client_of(price).post(url(complaint, f"notes/{note.pk}/withdraw/")).status_code == 404
    client = client_of(lane)
    answer = client.post(url(complaint, f"notes/{note.pk}/withdraw/"), {"r": one.reference}, headers={"X-Part": "notes"})  # fmt: skip
    assert "Taken back. It stays in the log." in answer.text
    assert "zebra" not in client.get(url(complaint)).text
    assert client.post(url(complaint, f"notes/{note.pk}/withdraw/")).status_code == 404
    assert len(events("review.note_withdrawn", complaint.subject().ref)) == 1


def test_a_draft_is_kept_for_its_writer_alone(
    complaint: Complaint, one: Recording, lane: User, price: User
) -> None:
    client = client_of(lane)
    said = {"recording": one.reference, "at": "not yet", "allegation": "2", "text": "half a sen"}
    answer = client.post(url(complaint, "draft/"), said)
    assert answer.json()["said"].startswith("Draft kept ")
    page = client.get(url(complaint), {"r": one.reference}).text
    assert "half a sen</textarea>" in page
    assert 'value="not yet"' in page
    assert '<option value="2" selected>' in page
    assert "half a sen" not in client_of(price).get(url(complaint), {"r": one.reference}).text
    assert client.post(url(complaint, "draft/"), said | {"text": " "}).json() == {"said": ""}
    assert not NoteDraft.objects.exists()
    sequencer.run()
    assert not Event.objects.filter(type="review.noted").exists()


def test_marks_of_the_cameras_on_show_stand_among_the_notes(
    complaint: Complaint, one: Recording, shah: User, lane: User
) -> None:
    markers.add(by=shah, reference=one.reference, at_ms=3000, text="detained")
    page = client_of(lane).get(url(complaint), {"r": one.reference}).text
    assert "detained" in page
    assert "marked on the recording" in page
    assert "detained" not in client_of(lane).get(url(complaint)).text


# --- nobody else learns ---
def test_the_officer_s_pages_are_the_same_whether_somebody_reviews_or_not(
    complaint: Complaint, one: Recording, shah: User, hughes: User, lane: User
) -> None:
    def seen() -> list[str]:
        sequencer.run()
        found = []
        for user in (shah, hughes):
            client = client_of(user)
            for path in (f"/footage/{one.reference}/", "/footage/", "/search/?q=zebra", "/search/?q=PC/12/26"):  # fmt: skip
                text = client.get(path).text
                # Tokens, and the reader's own looks, which each look adds to.
                text = re.sub(r'"(look|sitting)": "[^"]*"|[A-Za-z0-9]{64}|X-Amz-[^&"]*', "", text)
                found.append(re.sub(r'<ol class="history".*?</ol>', "", text, flags=re.DOTALL))
        return found

    seen()  # what a first look changes
    before = seen()
    client = client_of(lane)
    client.get(url(complaint), {"r": one.reference})
    token = sittings.page(lane, room.about(complaint))
    client.post(url(complaint, f"{one.reference}/play/"), {"sitting": token})
    sittings.report(by=lane, token=token, number=1, parts={one.reference: [[0, 1500, 1, 1]]}, last=True)  # fmt: skip
    actions.note(by=lane, complaint=complaint.pk, recording=one.reference, at="1", allegation="1", text="zebra")  # fmt: skip
    assert seen() == before
    history = client_of(shah).get(f"/footage/{one.reference}/").text
    assert "Lane" not in history
    assert "atched" not in history


@pytest.mark.parametrize("bad", ["</script><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>"])  # fmt: skip
def test_nothing_that_was_typed_runs(
    bad: str, complaint: Complaint, one: Recording, lane: User, price: User
) -> None:
    Allegation.objects.update(words=bad)
    Category.objects.update(name=bad[:40])
    Category.objects.filter(allegation__complaint=complaint).update(code=bad[:8])
    User.objects.filter(pk=price.pk).update(name=bad, rank=bad[:40], collar="")
    Coverage.objects.create(
        recording=one, person=price, about=room.about(complaint), ranges=[[0, 9]]
    )
    Marker.objects.create(recording=one, at_ms=1, text=bad, made_by=price)
    said = {"recording": one.reference, "at": bad[:40], "allegation": bad[:12], "text": bad}
    client = client_of(lane)
    client.post(url(complaint, "draft/"), said)
    actions.note(by=lane, complaint=complaint.pk, recording=one.reference, at="1", allegation="1", text=bad)  # fmt: skip
    client.post(url(complaint, "draft/"), said)
    page = client.get(url(complaint), {"r": one.reference}).text
    assert "alert(1)" in page
    assert not re.search(r"<script>alert|<img src=x", page)


@pytest.mark.parametrize("bad", ["\0", "a\0b", "9" * 4400, "-1", "²", "\ud800", "x" * 5000])
def test_no_address_breaks_it(bad: str, complaint: Complaint, one: Recording, lane: User) -> None:
    client = client_of(lane)
    value = bad.encode("utf-8", "surrogatepass")
    for name in ("r", "t", "file", "look"):
        for path in (url(complaint), url(complaint, f"{one.reference}/facts/")):
            found = client.get(path, {name: value}).status_code
            assert found in (200, 404, 409), (path, name)
    for number in ("9" * 30, "9" * 4400, "0"):
        for rest in ("", f"{one.reference}/facts/"):
            path = f"/admin/complaints/complaint/{number}/review/{rest}"
            assert client.get(path).status_code in (302, 404), path
    for field in ("recording", "at", "allegation", "text"):
        said = {"recording": one.reference, "at": "1", "allegation": "", "text": "x"}
        said[field] = bad.replace("\ud800", "\ufffd")
        assert client.post(url(complaint, "notes/"), said).status_code in (302, 404, 422)
        assert client.post(url(complaint, "draft/"), said).status_code == 200
        part = client.post(
            url(complaint, "notes/"),
            said | {"r": said["recording"] if bad == "\ud800" else bad},
            headers={"X-Part": "notes"},
        )
        assert part.status_code in (200, 404, 422)


def test_damaged_footage_is_not_played_for_a_complaint_either(
    complaint: Complaint, one: Recording, lane: User
) -> None:
    one.originals.update(damaged_at=timezone.now())
    answer = client_of(lane).post(url(complaint, f"{one.reference}/play/"))
    assert answer.status_code == 409 and "no longer matches" in answer.json()["detail"]
    assert not events("evidence.played", one.reference)
