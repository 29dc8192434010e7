"""Redacted copies: what is wanted, kept, said openly and not, and whether it may leave the house."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from evidence.cases.models import Case
from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.custody.paper import eights
from evidence.exhibits import actions as exhibits
from evidence.exhibits import checking, covers, making, papers
from evidence.exhibits.actions import NotProduced
from evidence.exhibits.covers import Cover, NotCovered, Redacting, Silence
from evidence.exhibits.models import Clip, Exhibit, Redaction, RedactionReason
from evidence.exhibits.papers import Kind
from evidence.people.models import User
from evidence.recordings.models import Recording
from tests import factories
from tests.evidence.exhibits import casting

pytestmark = pytest.mark.django_db
BASE = "/cases/01AB-12345-26"
FACE = Cover(2500, 3500, "face", 100, 200, 300, 400)


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
def copy(case: Case, footage: Recording, shah: User) -> Exhibit:
    return casting.redacted(casting.exhibit(case, footage, shah, "AS/1"))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def produce(shah: User, case: Case, footage: Recording, *hidden: Cover, **more: Any) -> Exhibit:
    silences = more.pop("silences", ())
    wish = casting.wish(redacting=Redacting(hidden, tuple(silences)), **more)
    return exhibits.produce(by=shah, case=case, reference=footage.reference, wish=wish)


def events(kind: str, ref: str) -> list[dict[str, Any]]:
    sequencer.run()
    return [row.parsed() for row in Event.objects.filter(type=kind, object_ref=ref)]


# --- what is kept ---
def test_a_cover_is_on_every_frame_of_its_time_and_one_more_at_each_side(
    shah: User, case: Case, footage: Recording
) -> None:
    made = produce(
        shah, case, footage, FACE, Cover(2000, 2010, "plate"), Cover(3999, 4000, "plate"),
        silences=[Silence(3000, 3250, "address")],
    )  # fmt: skip
    assert made.is_redacted
    assert made.label == "REDACTED COPY"
    assert made.clip
    row = made.clip.redaction
    # 2.5 s shows frame 62, 3.5 s frame 87; never outside the copy's own 50 to 100.
    frames = [(one["first_frame"], one["last_frame"]) for one in row.covers]
    assert frames == [(61, 88), (50, 51), (98, 100)]
    first = row.covers[0]
    assert [first[name] for name in ("left", "top", "width", "height")] == [100, 200, 300, 400]
    assert first["reason"] == "Third party's face"
    assert (row.silences[0]["from_us"], row.silences[0]["to_us"]) == (3_000_000, 3_250_000)
    assert (row.checked_by, row.checked_at) == (None, None)


def test_in_a_second_file_times_still_count_from_the_start_of_the_recording(
    shah: User, case: Case, marlow: User
) -> None:
    footage = factories.recording(shah)
    later = footage.happened_at + timedelta(minutes=1)
    factories.original(footage, reference="R-2222-2222", file_name="B.MP4", recorded_at=later)
    casting.playable(footage)
    casting.link(case, footage, marlow)
    made = produce(
        shah, case, footage, Cover(62_500, 63_000, "face"), range=(62_000, 64_000),
        silences=[Silence(62_100, 62_200, "voice")],
    )  # fmt: skip
    assert made.clip
    assert made.clip.first_frame == 50
    row = made.clip.redaction
    assert (row.covers[0]["first_frame"], row.covers[0]["last_frame"]) == (61, 76)
    assert row.silences[0]["from_us"] == 2_100_000


@pytest.mark.parametrize(
    ("hidden", "field", "words"),
    [
        (Cover(1999, 3000, "face"), "cover-1-from", "start must be within the copy's range"),
        (Cover(2000, 4001, "face"), "cover-1-to", "end must be within the copy's range"),
        (Cover(3000, 3000, "face"), "cover-1-to", "end must be after the start"),
        (Cover(3000, 2500, "face"), "cover-1-to", "end must be after the start"),
        (Cover(-1, 3000, "face"), "cover-1-from", "within"),
        (Cover(2000, 3000, "face", -1), "cover-1-left", "from 0 to less than 100 per cent"),
        (Cover(2000, 3000, "face", 1000, 0, 1), "cover-1-left", "from 0"),
        (Cover(2000, 3000, "face", 500, 0, 501), "cover-1-width", "100 per cent"),
        (Cover(2000, 3000, "face", 0, 0, 0), "cover-1-width", "more than nothing"),
        (Cover(2000, 3000, "face", 0, 0, 10, -5), "cover-1-height", "more than nothing"),
        (Cover(2000, 3000, "nonsense"), "cover-1-reason", "Select why part 1 is covered"),
        (Cover(2000, 3000, "voice"), "cover-1-reason", "Select why"),
        (Cover(2000, 3000, ""), "cover-1-reason", "Select why"),
    ],
)
def test_what_can_not_be_covered_is_refused_and_nothing_is_produced(
    shah: User, case: Case, footage: Recording, hidden: Cover, field: str, words: str
) -> None:
    with pytest.raises(NotCovered, match=words) as refused:
        produce(shah, case, footage, hidden)
    assert refused.value.field == field
    assert not Exhibit.objects.exists()
    assert not Clip.objects.exists()


def test_silences_are_checked_too(shah: User, case: Case, footage: Recording) -> None:
    for wrong, field in (
        (Silence(0, 3000, "voice"), "silence-1-from"), (Silence(3000, 2000, "voice"), "silence-1-to"),
        (Silence(2000, 3000, "face"), "silence-1-reason"),
    ):  # fmt: skip
        with pytest.raises(NotCovered) as refused:
            produce(shah, case, footage, silences=[wrong])
        assert refused.value.field == field


def test_five_hundred_are_kept_and_one_more_is_not(
    shah: User, case: Case, footage: Recording
) -> None:
    with pytest.raises(NotCovered, match="at most 500"):
        produce(shah, case, footage, *[FACE] * 501)
    made = produce(shah, case, footage, *[FACE] * 500)
    assert made.clip
    assert len(made.clip.redaction.covers) == 500


def test_nothing_left_out_is_no_redacted_copy_but_all_sound_left_out_is_one(
    shah: User, case: Case, footage: Recording
) -> None:
    with pytest.raises(NotCovered, match="nothing is yet"):
        produce(shah, case, footage)
    made = produce(shah, case, footage, sound=False)
    assert made.clip
    assert covers.counted(made.clip) == "0 parts covered, all sound left out"


def test_the_original_is_never_covered(shah: User, case: Case, footage: Recording) -> None:
    with pytest.raises(NotCovered, match="never covered"):
        produce(shah, case, footage, FACE, range=None)


def test_a_reason_that_the_law_took_away_counts_no_more_but_stays_on_what_was_made(
    shah: User, case: Case, footage: Recording
) -> None:
    made = produce(shah, case, footage, FACE)
    RedactionReason.objects.filter(code="face").update(active=False, words="Something else")
    with pytest.raises(NotCovered, match="Select why"):
        produce(shah, case, footage, FACE, mark="AS/2")
    assert made.clip
    assert covers.reasons(Clip.objects.get()) == "Covered: third party's face."


# --- the log ---
def made(copy: Exhibit, arguments: list[str] | None = None) -> Clip:
    """As when the worker is done."""
    clip = copy.clip
    assert clip
    Clip.objects.filter(pk=clip.pk).update(state="waiting", key="", sha256="", size=0)
    claimed = making.claim(clip.pk)
    assert claimed
    making.kept(claimed, making.Result(
        "k", 9, "ab" * 32, "ffmpeg", "8.0", arguments or ["-filter_complex", "drawbox=x=7"],
        {"first_picture": "1" * 64, "last_picture": "2" * 64, "sound": True},
    ))  # fmt: skip
    clip.refresh_from_db()
    sequencer.run()
    return clip


def test_what_is_said_openly_of_a_copy_leads_to_no_original(
    copy: Exhibit, footage: Recording
) -> None:
    clip = made(copy)
    [told] = events("clip.redacted", copy.reference)
    assert told["data"] == {
        "clip": clip.reference, "sha256": "ab" * 32, "size": 9, "tool": "ffmpeg", "version": "8.0",
    }  # fmt: skip
    assert told["object"]["sha256"] == "ab" * 32
    sequencer.run()
    for event in Event.objects.filter(object_ref=copy.reference):
        open_ = bytes(event.body).decode() if hasattr(event, "body") else json.dumps(event.parsed())
        original = footage.originals.get()
        for secret in (original.sha256, original.key, original.file_name, "drawbox", "first_frame",
                       "from_ms", "face", "1" * 64):  # fmt: skip
            assert secret not in open_, (event.type, secret)
    assert events("clip.made", copy.reference) == []


def test_its_history_does_not_name_the_recording(
    shah: User, case: Case, footage: Recording
) -> None:
    """That history goes outside with the copy, line by line."""
    copy = produce(shah, case, footage, FACE)
    made(copy)
    sequencer.run()
    lines = [bytes(row.body).decode() for row in Event.objects.filter(object_ref=copy.reference)]
    assert len(lines) >= 2
    assert not [line for line in lines if footage.reference in line]


def test_five_hundred_covers_fit_into_an_event(shah: User, case: Case, footage: Recording) -> None:
    many = [Cover(2500, 3500, "telephone", at, at, 499, 499) for at in range(500)]
    quiet = [Silence(2500, 3500, "telephone")] * 500
    long = produce(shah, case, footage, *many, silences=quiet)
    clip = made(long, ["-filter_complex", "drawbox=" * 20_000])
    assert clip.state == "ready"
    [told] = Event.objects.filter(type="clip.redacted", object_ref=long.reference)
    details = Private.objects.get(event_id=told.id).parsed()
    # By their fingerprint; the row has them.
    assert not {"covers", "silences", "arguments"} & set(details)
    for name in ("covers", "silences", "arguments"):
        assert len(str(details[f"{name}_sha256"])) == 64
    assert details["parent"] == clip.parent_sha256


def test_the_salted_details_say_what_was_covered_and_how(
    shah: User, case: Case, footage: Recording
) -> None:
    short = produce(shah, case, footage, FACE, silences=[Silence(3000, 3100, "voice")])
    clip = made(short)
    [told] = Event.objects.filter(type="clip.redacted", object_ref=short.reference)
    details = Private.objects.get(event_id=told.id).parsed()
    assert details["covers"] == ["61-88 100,200,300,400 face"]
    assert details["silences"] == ["3000000-3100000 us voice"]
    assert details["arguments"] == ["-filter_complex", "drawbox=x=7"]
    assert (details["parent"], details["frames"]) == (clip.parent_sha256, 51)
    assert details["reason"] == "The arrest in Villiers Street"


def test_the_recordings_own_history_has_it_too(copy: Exhibit, footage: Recording) -> None:
    made(copy)
    original = footage.originals.get()
    [told] = events("clip.redacted", original.reference)
    assert told["object"]["sha256"] == original.sha256


# --- watched before it is shared ---
def test_an_unwatched_copy_is_not_ready_and_a_watched_one_is(
    copy: Exhibit, shah: User, footage: Recording
) -> None:
    yes, why = checking.ready_to_share(copy)
    assert (yes, why[:45]) == (False, "Nobody has watched the redacted copy AS/1 yet")
    assert copy.clip
    checking.check(by=shah, exhibit=copy, seen=copy.clip.sha256)
    told_of = checking.check(by=shah, exhibit=copy, seen=copy.clip.sha256)
    assert checking.ready_to_share(told_of) == (True, "")
    assert checking.ready_to_share(Exhibit.objects.get(pk=copy.pk)) == (True, "")
    row = Redaction.objects.get()
    assert row.checked_by == shah
    [told] = events("redaction.checked", copy.reference)
    assert told["data"] == {
        "clip": copy.clip.reference, "exhibit": copy.reference, "sha256": copy.clip.sha256,
    }  # fmt: skip
    assert len(events("redaction.checked", footage.reference)) == 1


@pytest.mark.parametrize(
    ("state", "words"), [("waiting", "still being made"), ("making", "still being made"),
                         ("failed", "could not be made")],
)  # fmt: skip
def test_what_is_not_made_is_not_ready_whatever_it_is(
    copy: Exhibit, case: Case, footage: Recording, shah: User, state: str, words: str
) -> None:
    plain = casting.exhibit(case, footage, shah, "AS/2")
    assert checking.ready_to_share(plain) == (True, "")
    Clip.objects.update(state=state)
    for one in Exhibit.objects.all():
        yes, why = checking.ready_to_share(one)
        assert not yes
        assert words in why
    with pytest.raises(NotProduced, match="not made yet"):
        checking.check(by=shah, exhibit=copy, seen=copy.clip.sha256 if copy.clip else "")


def test_wholes_and_withdrawn_ones(
    copy: Exhibit, case: Case, footage: Recording, shah: User
) -> None:
    whole = casting.exhibit(case, footage, shah, "AS/2", clip=False)
    assert checking.ready_to_share(whole) == (True, "")
    exhibits.withdraw(by=shah, exhibit=copy, reason="Wrong minute")
    assert checking.ready_to_share(Exhibit.objects.get(pk=copy.pk)) == (
        False, "AS/1 was withdrawn.",
    )  # fmt: skip
    with pytest.raises(NotProduced):
        checking.check(by=shah, exhibit=copy, seen=copy.clip.sha256 if copy.clip else "")


def test_another_copy_than_the_one_on_the_page_is_not_vouched_for(
    copy: Exhibit, shah: User
) -> None:
    with pytest.raises(NotProduced):
        checking.check(by=shah, exhibit=copy, seen="0" * 64)
    assert Redaction.objects.get().checked_at is None


# --- pages ---
def form(**more: str) -> dict[str, Any]:
    values = {
        "what": "redacted", "from": "00:00:02.000", "to": "00:00:04", "sound": "on",
        "case": casting.URN, "mark": "", "description": "The arrest, for the defence",
        "cover_from": ["2.5", "", "3"], "cover_to": ["3.5", "", "3.5"],
        "cover_area": ["part", "part", "whole"], "cover_left": ["10.04", "", ""],
        "cover_top": ["20", "", ""], "cover_width": ["30,5", "", ""],
        "cover_height": ["40 %", "", ""], "cover_reason": ["face", "", "plate"],
        "silence_from": ["3", ""], "silence_to": ["3.25", ""], "silence_reason": ["address", ""],
    }  # fmt: skip
    return values | more


def test_covers_are_typed_without_script(shah: User, case: Case, footage: Recording) -> None:
    client, path = signed_in(shah), f"/footage/{footage.reference}/clip/"
    assert "Third party&#x27;s face" in client.get(path).content.decode()
    answer = client.post(path, form())
    assert answer["Location"] == f"{BASE}/exhibits/AS-1/"
    row = Redaction.objects.get()
    # Outward: what was typed is covered at least.
    box = [row.covers[0][name] for name in ("left", "top", "width", "height")]
    assert box == [100, 200, 306, 400]
    assert [row.covers[1][name] for name in ("left", "width", "height")] == [0, 1000, 1000]
    assert row.silences[0]["reason"] == "Address"
    shown = client.get(answer["Location"]).content.decode()
    assert "There is nothing to share yet" in shown
    assert "CLIP" not in shown


def test_rows_come_packed_from_the_script(shah: User, case: Case, footage: Recording) -> None:
    rows = [["2.5", "3.5", "part", "1", "2", "3", "4", "face"]] * 300
    packed = json.dumps({"cover": rows, "silence": [["3", "3.5", "voice"]] * 300})
    answer = signed_in(shah).post(f"/footage/{footage.reference}/clip/", form(packed=packed))
    assert answer.status_code == 302
    row = Redaction.objects.get()
    assert (len(row.covers), len(row.silences)) == (300, 300)


def test_all_of_a_file_is_copied_where_no_times_are_typed(
    shah: User, case: Case, footage: Recording
) -> None:
    signed_in(shah).post(f"/footage/{footage.reference}/clip/", form(**{"from": "", "to": ""}))
    clip = Clip.objects.get()
    assert (clip.from_ms, clip.to_ms, clip.first_frame) == (0, 60_000, 0)


@pytest.mark.parametrize("what", ["clip", "whole"])
def test_covers_are_never_dropped_in_silence(
    shah: User, case: Case, footage: Recording, what: str
) -> None:
    answer = signed_in(shah).post(f"/footage/{footage.reference}/clip/", form(what=what))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "select A redacted copy, or take them out" in page
    assert 'value="10.04"' in page
    assert not Exhibit.objects.exists()


def test_more_rows_are_given_and_nothing_is_produced(
    shah: User, case: Case, footage: Recording
) -> None:
    answer = signed_in(shah).post(f"/footage/{footage.reference}/clip/", form(more="cover"))
    page = answer.content.decode()
    assert (answer.status_code, Exhibit.objects.count()) == (200, 0)
    assert page.count('id="cover-5-from"') == 1
    assert 'value="30,5"' in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"cover_left": ["-5", "", ""]}, "Part 1: enter left in per cent"),
        ({"cover_left": ["1e9", "", ""]}, "Part 1: enter left in per cent"),
        ({"cover_left": ["99", "", ""]}, "Part 1: left and width must be 100 per cent"),
        ({"cover_width": ["0", "", ""]}, "more than nothing"),
        ({"cover_from": ["2'); drawbox", "", "3"]}, "Part 1: Enter a time like 00:02:16.480"),
        ({"cover_to": ["9:9:9:9", "", "3.5"]}, "Part 1: Enter a time"),
        ({"cover_reason": ["face:enable=1", "", "plate"]}, "Select why part 1 is covered"),
        ({"cover_reason": []}, "Select why part 1 is covered"),
        ({"silence_to": ["99999999", ""]}, "Silence 1:"),
        ({"packed": json.dumps({"cover": [["5", "6", "part", "1", "1", "1", "1", "face"]]})},
         "Part 1: the start must be within the copy&#x27;s range"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(
    shah: User, case: Case, footage: Recording, wrong: dict[str, Any], words: str
) -> None:
    answer = signed_in(shah).post(f"/footage/{footage.reference}/clip/", form() | wrong)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Exhibit.objects.exists()


@pytest.mark.parametrize(
    "packed",
    ["[", "[" * 5000, "null", "7", '{"cover": 7}', '{"cover": [[1, 2]]}', '{"cover": [{}]}',
     '{"cover": [[[], {}, null, 1, 2, 3, 4, 5]]}', "\0", '{"silence": [["1", "2"]]}'],
)  # fmt: skip
def test_nonsense_in_the_packed_field_breaks_nothing(
    shah: User, case: Case, footage: Recording, packed: str
) -> None:
    answer = signed_in(shah).post(
        f"/footage/{footage.reference}/clip/",
        {"what": "redacted", "from": "2", "to": "4", "sound": "on", "case": casting.URN,
         "description": "The arrest", "packed": packed},
    )  # fmt: skip
    assert answer.status_code == 422
    assert not Exhibit.objects.exists()


def test_a_copys_page_says_what_it_leaves_out_and_waits_to_be_watched(
    copy: Exhibit, shah: User, case: Case, footage: Recording
) -> None:
    client = signed_in(shah)
    page = client.get(f"{BASE}/exhibits/AS-1/").content.decode()
    for words in (
        f"REDACTED COPY of {footage.reference}", "2 parts covered, 1 silenced", "Number plate",
        "Third party&#x27;s face", "10 % from the left", "30.5 % wide", "To be watched",
        "I have watched it: nothing shows that should not",
    ):  # fmt: skip
        assert words in page, words
    assert "CLIP" not in page
    listed = client.get(f"{BASE}/exhibits/").content.decode()
    assert "REDACTED COPY" in listed
    assert "To be watched" in listed
    assert "REDACTED COPY" in client.get(f"/footage/{footage.reference}/").content.decode()
    assert "1, 1 to be watched" in client.get(f"{BASE}/").content.decode()
    assert copy.clip
    client.post(f"{BASE}/exhibits/AS-1/check/", {"seen": copy.clip.sha256})
    page = client.get(f"{BASE}/exhibits/AS-1/").content.decode()
    assert "PC 4127 Shah watched it on" in page
    assert "I have watched it" not in page
    assert "to be watched" not in client.get(f"{BASE}/").content.decode()


def test_only_who_may_produce_vouches(
    copy: Exhibit, okoro: User, shah: User, marlow: User, case: Case, footage: Recording
) -> None:
    lead = factories.Person(username="sgt", roles=["supervisor"], unit=shah.unit)
    assert copy.clip
    seen = {"seen": copy.clip.sha256}
    for user in (okoro, lead):
        answer = signed_in(user).post(f"{BASE}/exhibits/AS-1/check/", seen)
        assert answer.status_code == 404
    assert signed_in(shah).get(f"{BASE}/exhibits/AS-1/check/").status_code == 405
    case.members.all().delete()
    assert signed_in(shah).post(f"{BASE}/exhibits/AS-1/check/", seen).status_code == 404
    assert Redaction.objects.get().checked_at is None
    Recording.objects.filter(pk=footage.pk).update(restricted="covert")
    assert signed_in(marlow).post(f"{BASE}/exhibits/AS-1/check/", seen).status_code == 404
    assert Redaction.objects.get().checked_at is None


# --- papers ---
def test_papers_say_what_was_left_out_and_lead_to_no_original(
    copy: Exhibit, case: Case, footage: Recording, shah: User, marlow: User
) -> None:
    casting.exhibit(case, footage, shah, "AS/2", clip=False)
    found = papers.build(by=marlow, case=case)
    [row] = [one for one in found.exhibits if one.mark == "AS/1"]
    assert row.what == (
        "REDACTED COPY of AS/2: 2 parts covered, 1 silenced, from 00:00:02.000 to 00:00:04.000"
    )
    assert row.range == "00:00:02.000 to 00:00:04.000, 51 frames; 2 parts covered, 1 silenced"
    assert "Covered: third party's face, number plate. Silenced: address." in row.made_how
    assert "From it I had a redacted copy of AS/2 made of 00:00:02.000" in row.paragraph
    original = footage.originals.get()
    for kind in (Kind.LABELS, Kind.STATEMENT, Kind.LIST):
        _, lines = papers.table(found, kind)
        [line] = [" ".join(one) for one in lines if one[0] == "AS/1" or one[1] == "AS/1"]
        assert "redacted copy" in line.lower()
        assert "2 parts covered, 1 silenced" in line
        assert original.sha256 not in line
        assert eights(original.sha256) not in line
        assert original.file_name not in line
