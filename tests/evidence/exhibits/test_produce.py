"""Producing: whose it is, under which mark, of which frames, and who may not."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from evidence.cases import unlinking
from evidence.cases.models import Case, CaseLink
from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.exhibits import actions, marks
from evidence.exhibits.actions import MarkTaken, NotProduced
from evidence.exhibits.models import Clip, Exhibit
from evidence.exhibits.ranges import NotCut
from evidence.people.models import User
from evidence.recordings.models import Recording
from tests import factories
from tests.evidence.exhibits import casting

pytestmark = pytest.mark.django_db


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


def produce(by: User, case: Case, it: Recording, **more: Any) -> Exhibit:
    return actions.produce(by=by, case=case, reference=it.reference, wish=casting.wish(**more))


def test_a_clip_is_of_the_frames_shown_at_both_ends(
    shah: User, case: Case, footage: Recording
) -> None:
    made = produce(shah, case, footage, range=(2010, 4000))
    clip = made.clip
    assert clip
    assert (clip.first_frame, clip.last_frame, clip.count) == (50, 100, 51)
    assert (clip.first_tick, clip.last_tick, clip.after_tick) == (50 * 512, 100 * 512, 101 * 512)
    assert clip.parent_sha256 == footage.originals.get().sha256
    sequencer.run()
    told = Event.objects.filter(type="exhibit.produced").order_by("index")
    assert {event.object_ref for event in told} == {made.reference, footage.reference}
    body = told[0].parsed()
    assert body["data"]["clip"] == clip.reference
    assert "AS" not in str(body["data"])  # initials are a person's: never openly
    assert Private.objects.get(event_id=told[0].id).parsed()["mark"] == "AS/1"


def test_the_last_frame_of_the_film_has_none_after_it(
    shah: User, case: Case, footage: Recording
) -> None:
    clip = produce(shah, case, footage, range=(59_000, 60_000)).clip
    assert clip
    assert (clip.last_frame, clip.after_tick) == (1499, None)


@pytest.mark.parametrize(
    ("ends", "words", "field"),
    [
        ((4000, 4000), "must be after the start, 00:00:04.000", "to"),
        ((4000, 2000), "must be after the start", "to"),
        ((2000, 60_001), "ends at 00:01:00.000", "to"),
        ((2000, 10**15), "ends at 00:01:00.000", "to"),
        ((61_000, 62_000), "ends at 00:01:00.000", "from"),
        ((-1, 2000), "must be within", "from"),
    ],
)
def test_a_range_that_is_none_is_refused_in_words(
    shah: User, case: Case, footage: Recording, ends: tuple[int, int], words: str, field: str
) -> None:
    with pytest.raises(NotCut, match=words) as caught:
        produce(shah, case, footage, range=ends)
    assert caught.value.field == field
    assert not Exhibit.objects.exists()
    assert not Clip.objects.exists()


def test_a_clip_is_not_longer_than_the_force_says(
    shah: User, case: Case, footage: Recording, settings: Any
) -> None:
    settings.CLIP_MINUTES = 0.5
    with pytest.raises(NotCut, match="produce the whole recording"):
        produce(shah, case, footage, range=(0, 31_000))


def test_a_range_over_two_files_is_refused_and_says_where_to_part_it(
    shah: User, case: Case, marlow: User
) -> None:
    two = factories.recording(shah)
    factories.original(two, file_name="B.MP4", reference="R-2222-3333")
    casting.playable(two)
    casting.link(case, two, marlow)
    with pytest.raises(NotCut, match=r"another file at 00:01:00\.000"):
        produce(shah, case, two, range=(59_000, 61_000))
    first = produce(shah, case, two, range=(59_000, 60_000)).clip
    second = produce(shah, case, two, mark="AS/2", range=(60_000, 61_000)).clip
    assert first
    assert second
    assert (first.last_frame, second.first_frame) == (1499, 0)
    assert first.original != second.original


def test_without_frame_times_nothing_is_cut_and_the_whole_can_be_produced(
    shah: User, case: Case, footage: Recording
) -> None:
    footage.originals.get().renditions.filter(kind="frames").delete()
    with pytest.raises(NotCut, match="Produce the whole recording"):
        produce(shah, case, footage)
    assert produce(shah, case, footage, range=None).clip is None


# --- marks ---
@pytest.mark.parametrize(
    ("typed", "kept"),
    [("AS/1", "AS/1"), (" as / 12 ", "AS/12"), ("as-1", "AS/1"), ("AS/1/a", "AS/1/A")],
)
def test_a_mark_is_kept_as_people_write_it(typed: str, kept: str) -> None:
    assert marks.parse(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "AS", "1/AS", "AS/0", "AS/01", "AS/1\r\nX-Evil: 1", "AS/1;x", "ÀS/1", "A" * 7 + "/1",
     "AS/1/A/B", "=AS/1", "../1", "AS/1\0", "AS/99999"],
)  # fmt: skip
def test_what_is_no_mark_is_refused(typed: str) -> None:
    if typed == "AS/1\0":
        assert marks.parse(typed) == "AS/1"
        return
    with pytest.raises(marks.BadMark):
        marks.parse(typed)


@pytest.mark.parametrize(
    ("name", "used", "following"),
    [
        ("Aisha Shah", [], "AS/1"),
        ("Aisha Shah", ["AS/1", "JM/7", "AS/3"], "AS/4"),
        ("Łucja Émile-Öz", [], "EO/1"),
        ("李", [], "X/1"),
        ("Aisha Shah", ["AS/9999"], "AS/1"),
    ],
)
def test_the_next_mark_is_the_producers_next_number(
    name: str, used: list[str], following: str
) -> None:
    if name.startswith("Łucja"):
        # Ł is a letter of its own, which no accent can be taken from.
        following = marks.initials(name) + "/1"
    assert marks.following(name, used) == following


def test_a_mark_is_one_thing_in_a_case_even_when_withdrawn(
    shah: User, case: Case, footage: Recording
) -> None:
    first = produce(shah, case, footage)
    actions.withdraw(by=shah, exhibit=first, reason="The wrong minute")
    with pytest.raises(MarkTaken, match=r"AS/1 is taken in this case\. The next free mark is AS/2"):
        produce(shah, case, footage)
    assert Exhibit.objects.count() == 1


def test_another_case_begins_again(
    shah: User, marlow: User, case: Case, footage: Recording
) -> None:
    produce(shah, case, footage)
    other = casting.case(marlow, "02CD/54321/26")
    casting.member(other, shah, "investigator", marlow)
    casting.link(other, footage, marlow)
    assert produce(shah, other, footage).mark == "AS/1"


def test_the_database_refuses_the_same_mark_whatever_way_it_comes(
    shah: User, case: Case, footage: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    produce(shah, case, footage)
    asked = [set(), {"AS/1"}]  # the check saw nothing; the constraint did
    monkeypatch.setattr(actions, "used_marks", lambda case: asked.pop(0))
    with pytest.raises(MarkTaken) as caught:
        produce(shah, case, footage)
    assert caught.value.free == "AS/2"


def test_the_rule_for_clips_of_exhibits_is_the_forces(
    shah: User, case: Case, footage: Recording, settings: Any
) -> None:
    produce(shah, case, footage, range=None)
    assert actions.next_mark(case, footage, shah, clip=True) == "AS/2"
    settings.CLIP_MARKS = "letter"
    assert actions.next_mark(case, footage, shah, clip=True) == "AS/1/A"
    produce(shah, case, footage, mark="AS/1/A")
    assert actions.next_mark(case, footage, shah, clip=True) == "AS/1/B"
    assert actions.next_mark(case, footage, shah, clip=False) == "AS/2"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_produce_at_once_one_gets_the_mark_and_the_other_a_sentence(
    shah: User, marlow: User, case: Case, footage: Recording
) -> None:
    start, said = threading.Barrier(2), []

    def go(by: User) -> None:
        try:
            start.wait(30)
            said.append(produce(by, case, footage, mark="AS/1", range=None).mark)
        except MarkTaken as error:
            said.append(f"free {error.free}")
        except Exception as error:
            said.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(who,)) for who in (shah, marlow)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert sorted(said)[0] == "AS/1"
    assert sorted(said)[1] in ("free AS/2", "free JM/1")
    assert Exhibit.objects.count() == 1


# --- who ---
def test_a_colleague_is_named_with_the_reason_and_only_if_they_can_speak_to_it(
    shah: User, marlow: User, okoro: User, case: Case, footage: Recording
) -> None:
    with pytest.raises(NotProduced, match="Enter why PC 4127 Shah produces it") as caught:
        produce(marlow, case, footage, producer=shah)
    assert caught.value.field == "reason"
    with pytest.raises(NotProduced, match="can't speak to this footage"):
        produce(marlow, case, footage, producer=okoro, reason="They were there")
    made = produce(marlow, case, footage, producer=shah, reason="She recorded it")
    assert (made.producer, made.produced_by, made.reason) == (shah, marlow, "She recorded it")


def test_what_one_cannot_see_one_cannot_produce(
    marlow: User, okoro: User, case: Case, footage: Recording
) -> None:
    """Not of one's case, not of one's footage, not restricted: each like what is not there."""
    with pytest.raises(Case.DoesNotExist):
        produce(okoro, case, footage)
    unlinked = casting.playable(factories.recording(okoro))
    with pytest.raises(Recording.DoesNotExist):
        produce(marlow, case, unlinked)
    Recording.objects.filter(pk=footage.pk).update(restricted="sexual_offence")
    with pytest.raises(Recording.DoesNotExist):
        produce(marlow, case, footage)
    assert not Clip.objects.exists()


def test_footage_is_linked_on_the_way_by_those_who_may(shah: User, lane: User, case: Case) -> None:
    other = casting.playable(factories.recording(shah))
    with pytest.raises(NotProduced, match=r"not linked to 01AB/12345/26\. Ask the officer"):
        produce(shah, case, other)
    with pytest.raises(NotProduced) as caught:
        produce(lane, case, other)
    assert caught.value.field == "link_reason"
    produce(lane, case, other, mark="ML/1", link_reason="The same arrest")
    assert CaseLink.objects.get(recording=other).reason == "The same arrest"


def test_what_was_joined_or_disposed_of_is_said_in_words(
    shah: User, case: Case, footage: Recording
) -> None:
    joined = factories.recording(shah)
    Recording.objects.filter(pk=joined.pk).update(joined_into=footage)
    with pytest.raises(NotProduced, match=f"was joined into {footage.reference}"):
        produce(shah, case, joined)
    footage.originals.get().renditions.all().delete()
    footage.originals.all().delete()
    with pytest.raises(NotProduced, match="disposed of"):
        produce(shah, case, footage, range=None)


def test_an_exhibit_stays_in_its_case_until_it_is_withdrawn(
    shah: User, case: Case, footage: Recording
) -> None:
    made = produce(shah, case, footage)
    assert unlinking.blocked(case, footage) == (
        "It is exhibit AS/1 in 01AB/12345/26. Withdraw that first."
    )
    with pytest.raises(NotProduced, match="why"):
        actions.withdraw(by=shah, exhibit=made, reason=" ")
    actions.withdraw(by=shah, exhibit=made, reason="The wrong minute")
    actions.withdraw(by=shah, exhibit=made, reason="again")
    made.refresh_from_db()
    assert made.withdraw_reason == "The wrong minute"
    assert unlinking.blocked(case, footage) == ""
    sequencer.run()
    assert Event.objects.filter(type="exhibit.withdrawn").count() == 2  # the exhibit's, its film's


def test_where_the_event_cannot_be_written_nothing_happened(
    shah: User, case: Case, footage: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(drafts: Any) -> None:
        raise RuntimeError("the log is away")

    monkeypatch.setattr(actions, "record_all", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        produce(shah, case, footage)
    assert not Exhibit.objects.exists()
    assert not Clip.objects.exists()


@pytest.mark.parametrize("mark", ["AS/1\r\nSet-Cookie: a=b", 'AS"/1', "AS/1\u202egpj", "../AS"])
def test_a_files_name_is_letters_and_digits_whatever_the_mark(mark: str) -> None:
    name = actions.file_name(mark, "9f2c41aa" + "0" * 56, "mp4")
    assert name.removesuffix("-9f2c41aa.mp4").replace("_", "").isascii()
    assert set(name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.")
