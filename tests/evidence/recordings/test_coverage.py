"""What was really played: what is believed, what is counted, what comes into the log."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from evidence.custody import sequencer
from evidence.custody.history import lines
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings import actions, coverage, pages, ranges, sittings
from evidence.recordings.models import Coverage, Grant, Playing, Recording, Sitting
from ingest.renditions import joining
from tests import factories

BEGAN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = 60_000


class Clock:
    """The time, as the test says it is."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now

    def on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(timezone, "now", found)
    return found


@pytest.fixture
def recording(shah: User) -> Recording:
    return factories.recording(shah, duration_ms=10 * MINUTE, media="ready")


class Page:
    """One page of somebody's, that plays and reports."""

    def __init__(self, by: User, *recordings: Recording, about: str = "", reason: str = "") -> None:
        self.by, self.token, self.number = by, sittings.page(by, about), 0
        self.recordings = recordings
        for item in recordings:
            actions.play(by=by, reference=item.reference, address="", sitting=self.token, reason=reason)  # fmt: skip

    def send(self, *played: Any, last: bool = False, number: int = 0, of: Recording | None = None) -> sittings.Said:  # fmt: skip
        self.number = number or self.number + 1
        said = [item if isinstance(item, list) else list(item) for item in played]
        parts = {(of or self.recordings[0]).reference: said}
        return self.report(parts, last)

    def report(self, parts: dict[str, Any], last: bool = False) -> sittings.Said:
        return sittings.report(
            by=self.by, token=self.token, number=self.number or 1, parts=parts, last=last
        )


def played(by: User, recording: Recording, about: str = "") -> list[list[int]]:
    row = Coverage.objects.filter(person=by, recording=recording, about=about).first()
    return row.ranges if row else []


def watched(recording: Recording) -> list[dict[str, Any]]:
    sequencer.run()
    found = Event.objects.filter(object_ref=recording.reference, type="evidence.watched")
    return [event.parsed()["data"] for event in found.order_by("index")]


# --- ranges ---
pairs = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), max_size=12)


@given(pairs, pairs)
def test_merged_ranges_hold_the_same_milliseconds(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    found = ranges.merged(one, other)
    whole = {ms for start, end in [*one, *other] for ms in range(start, end)}
    assert {ms for start, end in found for ms in range(start, end)} == whole
    assert ranges.length(found) == len(whole)
    assert found == sorted(found)
    # No two touch: the least number of ranges that says it.
    assert all(a[1] < b[0] for a, b in itertools.pairwise(found))
    assert ranges.merged(found) == ranges.merged(other, one)


@pytest.mark.parametrize(
    ("done", "whole", "words"),
    [(0, 1000, 0), (620, 1000, 100), (6200, 10000, 62), (9501, 10000, 100), (9500, 10000, 95), (9499, 10000, 94), (99_400, 100_000, 99), (5, 0, 0)],
)  # fmt: skip
def test_all_of_it_is_said_only_of_all_of_it(done: int, whole: int, words: int) -> None:
    assert ranges.percent(done, whole) == words


# --- what is counted ---
@pytest.mark.django_db
def test_what_was_played_is_counted_once_however_often_it_is_played(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(5)
    said = page.send([0, 5000, 1, 1])
    assert said.more
    clock.on(5)
    page.send([2000, 7000, 1, 1])
    clock.on(20)
    page.send([60_000, 80_000, 1, 1])
    assert played(shah, recording) == [[0, 7000], [60_000, 80_000]]
    row = coverage.own(shah, [recording])[recording.pk]
    assert (row.played_ms, row.percent, row.complete) == (27_000, 4, False)


@pytest.mark.django_db
def test_up_to_twice_the_speed_counts_and_above_does_not(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(5)
    page.send([0, 10_000, 2, 1])
    clock.on(5)
    said = page.send([10_000, 20_000, 2.01, 1])
    assert not said.more
    assert said.words == "Played too fast, or not on show. Not counted as reviewed."
    clock.on(5)
    page.send([20_000, 40_000, 4, 1], [40_000, 40_500, 0.25, 1], last=True)
    assert played(shah, recording) == [[0, 10_000], [40_000, 40_500]]
    # The log has both, told apart.
    assert watched(recording) == [
        {"ranges": ["0-10000", "40000-40500"], "uncounted": ["10000-40000"]}
    ]


@pytest.mark.django_db
def test_a_page_that_is_not_on_show_does_not_count(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(5)
    page.send([0, 2000, 1, 1], [2000, 5000, 1, 0])
    assert played(shah, recording) == [[0, 2000]]


# --- what is believed ---
@pytest.mark.django_db
def test_no_more_than_the_time_that_passed_and_two_seconds(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(10)
    with pytest.raises(sittings.Doubted, match="than there was time for"):
        page.send([0, 12_001, 1, 1])
    assert played(shah, recording) == []
    page.send([0, 12_000, 1, 1])
    # The two seconds are there once, not with each report.
    clock.on(5)
    with pytest.raises(sittings.Doubted):
        page.send([12_000, 17_001, 1, 1])
    page.send([12_000, 17_000, 1, 1])
    assert played(shah, recording) == [[0, 17_000]]


@pytest.mark.django_db
def test_twice_the_time_at_twice_the_speed_and_no_more(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(10)
    with pytest.raises(sittings.Doubted):
        page.send([0, 24_004, 2, 1])
    page.send([0, 24_000, 2, 1])
    assert played(shah, recording) == [[0, 24_000]]


@pytest.mark.django_db
def test_time_in_which_nothing_was_played_can_not_be_saved_up(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(300)
    page.send([0, 1000, 1, 1])  # five minutes, and one second of it was used
    clock.on(5)
    with pytest.raises(sittings.Doubted):
        page.send([1000, 16_001, 1, 1])  # those five seconds, and the ten that are kept
    page.send([1000, 6000, 1, 1])


@pytest.mark.django_db
def test_a_connection_that_was_away_loses_nothing(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(180)
    page.send([0, 180_000, 1, 1])
    assert played(shah, recording) == [[0, 180_000]]


@pytest.mark.parametrize(
    "item",
    [
        [0, 0, 1, 1], [5, 4, 1, 1], [-1, 5, 1, 1], [0, 600_101, 16, 1], [0, 5, 0, 1], [0, 5, -1, 1],
        [0, 5, 17, 1], [0, 5, 1e-300, 1], [0, 5, float("nan"), 1], [0, 5, float("inf"), 1],
        [0.5, 5, 1, 1], ["0", 5, 1, 1], [True, 5, 1, 1], [0, 5, 1], [0, 5, 1, 1, 1], [], "x", None,
        [0, 10**30, 1, 1], [0, 5, 10**400, 1], [10**400, 10**401, 1, 1], [0, 5, "1", 1], [0, 5, True, 1], {},
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_what_no_player_says_is_not_counted(
    item: Any, shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(3600)
    page.number = 1
    with pytest.raises(sittings.Doubted):
        page.report({recording.reference: [[0, 1000, 1, 1], item]})
    assert played(shah, recording) == []


@pytest.mark.django_db
def test_the_end_is_counted_to_the_end(shah: User, recording: Recording, clock: Clock) -> None:
    """A viewing copy may be a frame longer than what the recording says."""
    page = Page(shah, recording)
    clock.on(10)
    page.send([595_000, 600_040, 1, 1])
    assert played(shah, recording) == [[595_000, 600_000]]


@pytest.mark.django_db
def test_a_report_that_comes_again_counts_once(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(5)
    page.send([0, 5000, 1, 1])
    clock.on(60)
    again = page.send([100_000, 105_000, 1, 1], number=1)
    assert not again.more
    assert again.ranges == {recording.reference: [[0, 5000]]}
    page.send([5000, 10_000, 1, 1], number=7)
    page.send([200_000, 205_000, 1, 1], number=6)  # an older one that was overtaken
    assert played(shah, recording) == [[0, 10_000]]


@pytest.mark.django_db
def test_two_pages_can_not_play_in_the_same_time(
    shah: User, recording: Recording, clock: Clock
) -> None:
    """One pair of eyes: what one page claims is not there for the other."""
    one = Page(shah, recording)
    clock.on(2)
    other = Page(shah, recording)
    refused = 0
    for start in range(0, 60_000, 5000):
        clock.on(5)
        one.send([start, start + 5000, 1, 1])
        try:
            other.send([300_000 + start, 305_000 + start, 1, 1])
        except sittings.Doubted:
            refused += 1
    assert refused == 12
    assert played(shah, recording) == [[0, 60_000]]
    # One after the other is as good as in one page.
    one.send([60_000, 60_001, 1, 1])
    clock.on(5)
    other.send([300_000, 305_000, 1, 1])
    assert played(shah, recording) == [[0, 60_001], [300_000, 305_000]]


@pytest.mark.django_db
def test_pages_that_are_opened_one_upon_another_do_not_each_have_two_seconds(
    shah: User, recording: Recording, clock: Clock
) -> None:
    """Sixty pages within a second would be two minutes that nobody saw."""
    for start in range(0, 60):
        page = Page(shah, recording)
        with contextlib.suppress(sittings.Doubted):
            page.send([start * 2000, start * 2000 + 2000, 1, 1])
    assert played(shah, recording) == [[0, 2000]]
    clock.on(2)
    page = Page(shah, recording)
    page.send([300_000, 302_000, 1, 1])
    assert played(shah, recording) == [[0, 2000], [300_000, 302_000]]


@pytest.mark.django_db(transaction=True)
def test_two_reports_at_the_same_moment_share_the_time(shah: User, recording: Recording) -> None:
    two = [Page(shah, recording), Page(shah, recording)]
    Sitting.objects.update(began_at=timezone.now() - timedelta(seconds=60),
                           reported_at=timezone.now() - timedelta(seconds=60))  # fmt: skip
    ready, counted = threading.Barrier(2), list[bool]()

    def play(number: int) -> None:
        ready.wait()
        try:
            counted.append(
                two[number].send([number * 300_000, number * 300_000 + 60_000, 1, 1]).more
            )
        except sittings.Doubted:
            counted.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=play, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counted) == [False, True]
    assert ranges.length(played(shah, recording)) == 60_000


@pytest.mark.django_db
def test_cameras_that_play_together_count_each(
    lane: User, shah: User, okoro: User, clock: Clock
) -> None:
    three = [factories.recording(who, duration_ms=MINUTE) for who in (shah, okoro, shah)]
    page = Page(lane, *three)
    clock.on(10)
    page.number = 1
    page.report({item.reference: [[0, 10_000, 1, 1]] for item in three})
    assert [played(lane, item) for item in three] == [[[0, 10_000]]] * 3
    # Together they take the time of the longest, and no more than there was.
    clock.on(5)
    page.number = 2
    with pytest.raises(sittings.Doubted):
        page.report({three[0].reference: [[10_000, 11_000, 1, 1]], three[1].reference: [[10_000, 20_000, 1, 1]]})  # fmt: skip


@pytest.mark.django_db
def test_a_page_has_four_cameras_at_most(lane: User, shah: User, clock: Clock) -> None:
    five = [factories.recording(shah, duration_ms=MINUTE) for _ in range(5)]
    page = Page(lane, *five)
    assert Playing.objects.count() == 4
    with pytest.raises(sittings.NotCounted, match="Press Play"):
        page.send([0, 1000, 1, 1], of=five[4])


# --- whose page it is ---
@pytest.mark.django_db
def test_the_token_of_another_person_counts_nothing(
    shah: User, lane: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(10)
    page.by = lane
    with pytest.raises(sittings.NotCounted, match="Load the page again"):
        page.send([0, 1000, 1, 1])
    # Nor when somebody plays with it.
    actions.play(by=lane, reference=recording.reference, address="", sitting=page.token)
    with pytest.raises(sittings.NotCounted):
        page.send([0, 1000, 1, 1])
    assert not Coverage.objects.exists()


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "\0", "é" * 5000])
@pytest.mark.django_db
def test_a_token_that_nobody_signed_counts_nothing(
    token: str, shah: User, recording: Recording
) -> None:
    page = Page(shah, recording)
    page.token = token
    with pytest.raises(sittings.NotCounted):
        page.send([0, 1000, 1, 1])
    actions.play(by=shah, reference=recording.reference, address="", sitting=token)  # it plays


@pytest.mark.django_db
def test_a_page_that_is_too_old_counts_nothing(
    shah: User, recording: Recording, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(shah, recording)
    clock.on(5)
    page.send([0, 5000, 1, 1])
    monkeypatch.setattr(sittings, "LONGEST", timedelta(seconds=-1))
    with pytest.raises(sittings.NotCounted):
        page.send([5000, 6000, 1, 1])


@pytest.mark.django_db
def test_nothing_counts_before_it_was_played(shah: User, recording: Recording) -> None:
    with pytest.raises(sittings.NotCounted, match="Press Play"):
        sittings.report(by=shah, token=sittings.page(shah), number=1,
                        parts={recording.reference: [[0, 1, 1, 1]]})  # fmt: skip


@pytest.mark.django_db
def test_a_permission_that_ends_while_it_plays(
    okoro: User, lane: User, recording: Recording, clock: Clock
) -> None:
    grant = Grant.objects.create(recording=recording, person=okoro, reason="x", granted_by=lane,
                                 until=clock.now + timedelta(seconds=8))  # fmt: skip
    page = Page(okoro, recording)
    clock.on(5)
    page.send([0, 5000, 1, 1])
    clock.on(5)
    assert grant.until < clock.now
    with pytest.raises(Recording.DoesNotExist):
        page.send([5000, 10_000, 1, 1])
    assert played(okoro, recording) == [[0, 5000]]
    # What was reported while it was permitted comes into the log all the same.
    clock.on(120)
    assert sittings.sweep() == 1
    assert watched(recording) == [{"ranges": ["0-5000"]}]


@pytest.mark.django_db
def test_what_is_reviewed_is_asked_for_at_every_report(
    lane: User, recording: Recording, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sittings, "_abouts", {})
    page = Page(lane, recording, about="thing-12")
    clock.on(5)
    with pytest.raises(Recording.DoesNotExist):  # nobody knows such a thing
        page.send([0, 5000, 1, 1])
    asked: list[str] = []

    def allowed(user: User, about: str) -> bool:
        asked.append(about)
        return len(asked) < 2

    sittings.register_about("thing", allowed)
    page.send([0, 5000, 1, 1])
    with pytest.raises(Recording.DoesNotExist):
        page.send([5000, 6000, 1, 1])
    assert asked == ["thing-12", "thing-12"]
    assert played(lane, recording, "thing-12") == [[0, 5000]]
    assert played(lane, recording) == []
    [row] = coverage.of("thing-12")
    assert (row.person, row.recording, row.played_ms) == (lane, recording, 5000)
    assert coverage.of("") == []


# --- the log ---
@pytest.mark.django_db
def test_a_page_that_dies_loses_nothing_that_it_reported(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    for start in (0, 5000, 10_000):
        clock.on(5)
        page.send([start, start + 5000, 1, 1])
    assert watched(recording) == []
    clock.on(89)
    assert sittings.sweep() == 0  # it may be paused
    clock.on(2)
    assert sittings.sweep() == 1
    assert sittings.sweep() == 0  # twice writes once
    assert watched(recording) == [{"ranges": ["0-15000"]}]
    [line] = [line for line in lines(recording.reference) if line.type == "evidence.watched"]
    assert line.words == "Watched by PC 4127 Shah: 00:00–00:15"


@pytest.mark.django_db
def test_a_long_look_is_written_once_a_minute(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording, reason="PC/12/26")
    for start in range(0, 180_000, 5000):
        clock.on(5)
        page.send([start, start + 5000, 1, 1])
    page.report({}, last=True)
    found = watched(recording)
    assert len(found) == 2  # twelve reports each; the rest waits for its minute
    assert found[0] == {"ranges": ["0-65000"]}
    clock.on(200)
    sittings.sweep()
    whole = [item.split("-") for data in watched(recording) for item in data["ranges"]]
    assert ranges.merged([[int(a), int(b)] for a, b in whole]) == [[0, 180_000]]
    assert next(line.why for line in lines(recording.reference) if line.type == "evidence.watched") == "PC/12/26"  # fmt: skip


@pytest.mark.django_db
def test_the_last_report_of_a_page_is_written_at_once(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(5)
    page.send([0, 5000, 1, 1], last=True)
    assert watched(recording) == [{"ranges": ["0-5000"]}]
    clock.on(1000)
    assert sittings.sweep() == 0


@pytest.mark.django_db
def test_many_pieces_are_written_in_lines_that_fit(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(60)
    page.send(*[[start, start + 100, 1, 1] for start in range(0, 200_000, 1000)], last=True)
    found = watched(recording)
    assert [len(data["ranges"]) for data in found] == [100, 100]


@pytest.mark.django_db
def test_what_can_not_have_been_is_written_once_a_page(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    for _ in range(3):
        with pytest.raises(sittings.Doubted):
            page.send([0, 600_000, 1, 1])
    sequencer.run()
    [event] = Event.objects.filter(type="evidence.doubted")
    assert (event.object_ref, event.outcome, event.actor_ref) == (recording.reference, "failed", shah.ref)  # fmt: skip
    assert "data" not in event.parsed()


@pytest.mark.django_db
def test_pages_that_can_not_report_any_more_are_forgotten(
    shah: User, recording: Recording, clock: Clock
) -> None:
    page = Page(shah, recording)
    clock.on(5)
    page.send([0, 5000, 1, 1])
    clock.on(11 * 3600)
    live = Page(shah, recording)
    clock.on(2 * 3600)
    sittings.sweep()
    assert Sitting.objects.count() == 2  # one still lives: what the other claimed must stand
    clock.on(12 * 3600)
    sittings.sweep()
    assert Sitting.objects.count() == 0
    assert played(shah, recording) == [[0, 5000]]
    assert live.number == 0


@pytest.mark.django_db
def test_nobody_reads_in_their_footage_s_history_who_watched_it(
    shah: User, lane: User, recording: Recording, clock: Clock
) -> None:
    page = Page(lane, recording, reason="PC/12/26")
    clock.on(5)
    page.send([0, 5000, 1, 1], last=True)
    sequencer.run()
    assert not any("atched" in line.words for line in pages.past(recording, shah))
    assert any("atched" in line.words for line in pages.past(recording, lane))


@pytest.mark.django_db
def test_what_somebody_watched_is_not_joined_with_what_comes_later(
    shah: User, recording: Recording, clock: Clock
) -> None:
    later = factories.recording(shah, duration_ms=MINUTE)
    assert joining._may_join(recording, later)
    page = Page(shah, recording)
    clock.on(5)
    page.send([0, 5000, 1, 1])
    assert not joining._may_join(recording, later)
    assert not joining._may_join(later, recording)


@pytest.mark.django_db
def test_a_report_takes_as_many_queries_after_a_year_as_on_the_first_day(
    shah: User, recording: Recording, clock: Clock, django_assert_max_num_queries: Any
) -> None:
    page = Page(shah, recording)
    clock.on(400)
    page.send(*[[start, start + 900, 1, 1] for start in range(0, 190_000, 1000)])
    clock.on(5)
    with django_assert_max_num_queries(16):
        page.send([300_000, 305_000, 1, 1])


# --- the page's own way ---
def _post(client: Client, page: Page, parts: Any, **more: Any) -> Any:
    page.number += 1
    said = json.dumps({"number": page.number, "parts": parts} | more)
    return client.post("/footage/played/", {"sitting": page.token, "report": said})


@pytest.mark.django_db
def test_a_page_reports_and_is_told_how_much_is_played(
    shah: User, recording: Recording, client: Client, clock: Clock
) -> None:
    client.force_login(shah)
    page = Page(shah, recording)
    clock.on(66)
    answer = _post(client, page, {recording.reference: [[0, 60_000, 1, 1]]})
    assert answer.json() == {
        "percent": {recording.reference: 10}, "ranges": {recording.reference: [[0, 60_000]]}, "said": ""}  # fmt: skip
    answer = _post(client, page, {recording.reference: [[0, 60_000, 1, 1]]})
    assert (answer.status_code, answer.json()) == (409, {"detail": "More was reported as played than there was time for. It isn't counted."})  # fmt: skip
    shown = client.get(recording.get_absolute_url()).text
    assert "You have played 10% of it." not in shown  # no viewing copy, no player


@pytest.mark.parametrize(
    "report", ["", "[]", "{}", "null", '{"number": 0, "parts": {}}', '{"number": true, "parts": {}}',
               '{"number": 1, "parts": []}', '{"number": 1e400, "parts": {}}', "[" * 50_000,
               '{"number": 1, "parts": {"\\ud800": []}}', '{"number": 1, "parts": {"x": 1}}', "x" * 70_000],
)  # fmt: skip
@pytest.mark.django_db
def test_a_report_that_no_page_sends_is_answered_with_a_sentence(
    report: str, shah: User, recording: Recording, client: Client
) -> None:
    client.force_login(shah)
    page = Page(shah, recording)
    answer = client.post("/footage/played/", {"sitting": page.token, "report": report})
    assert answer.status_code == 409
    assert answer.json()["detail"].endswith(".")


@pytest.mark.django_db
def test_a_page_that_only_loops_does_not_keep_somebody_signed_in(
    shah: User, recording: Recording, client: Client
) -> None:
    client.force_login(shah)
    page = Page(shah, recording)
    Sitting.objects.update(began_at=BEGAN, reported_at=BEGAN)

    def seen(parts: Any) -> float:
        session = client.session
        session["seen"] -= 170
        session.save()
        before = float(session["seen"])
        _post(client, page, parts)
        return float(client.session["seen"]) - before

    assert seen({recording.reference: [[0, 1000, 1, 1]]}) > 160
    assert seen({recording.reference: [[0, 1000, 1, 1]]}) == 0  # the same again: a loop
    assert seen({recording.reference: [[0, 1000, 1, 0]]}) == 0
    assert seen({recording.reference: [[0, 1000, 8, 1]]}) == 0
    assert seen({}) == 0


@pytest.mark.django_db
def test_a_report_needs_the_page_s_own_secret(shah: User, recording: Recording) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(shah)
    answer = client.post("/footage/played/", {"sitting": "x", "report": "{}"})
    assert answer.status_code == 403
    with pytest.raises(signing.BadSignature):
        signing.TimestampSigner(salt="other").unsign_object(sittings.page(shah))
