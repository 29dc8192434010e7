"""What a dock's screen dares to say."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import uuid6
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.people.models import User
from ingest.devices import actions
from ingest.devices.models import Camera, Dock
from ingest.devices.speed import measured, minutes_left
from ingest.docks import bays
from ingest.docks.bays import Open, State, judge
from ingest.docks.templatetags.docks import since
from ingest.uploads import receipts, sealing
from ingest.uploads.models import Upload
from tests import factories

READY = {"bay": "1", "camera": "BWC-1", "state": "ready", "done": 9, "total": 9, "left": 0}
COPYING = READY | {"state": "copying", "done": 4, "left": 2}


def said(dock: Dock, *told: dict[str, Any]) -> bays.Screen:
    plain = {"left": 0, "file": "", "why": "", "done": 0, "total": 0}
    actions.heartbeat(dock=dock, bays=[plain | bay for bay in told], agent="t", dock_clock=None)
    return bays.look(Dock.objects.get(pk=dock.pk))


@pytest.mark.parametrize(
    ("told", "rows", "state", "words"),
    [
        (READY, [], State.READY, "READY TO TAKE"),
        (READY, [Open("verifying", "A")], State.COPYING, bays.CHECKING),
        (READY, [Open("sealed", "A")], State.COPYING, bays.CHECKING),
        (READY, [Open("receiving", "A.MP4")], State.KEEP, "KEEP IN DOCK: A.MP4"),
        (READY | {"left": 1}, [], State.COPYING, bays.CHECKING),
        (COPYING, [Open("receiving", "A")], State.COPYING, "DO NOT REMOVE"),
        (COPYING, [], State.COPYING, "DO NOT REMOVE"),
        (COPYING | {"done": 9}, [Open("verifying", "A")], State.COPYING, bays.CHECKING),
        (COPYING, [Open("quarantined", "d/B.MP4", "bytes")], State.KEEP, "KEEP IN DOCK: B.MP4"),
        (READY, [Open("quarantined", "B.MP4", "")], State.KEEP, "KEEP IN DOCK: B.MP4"),
        (READY | {"state": "keep", "file": "C.MP4"}, [], State.KEEP, "KEEP IN DOCK: C.MP4"),
        (READY | {"state": "keep", "camera": None}, [], State.KEEP, "KEEP IN DOCK"),
        (READY | {"camera": None, "state": "empty"}, [], State.EMPTY, "EMPTY"),
        (READY | {"state": "who knows"}, [], State.COPYING, bays.CHECKING),
    ],
)
def test_a_bay_is_ready_only_when_the_dock_and_the_rows_agree(
    told: dict[str, Any], rows: list[Open], state: State, words: str
) -> None:
    assert judge(told, rows)[:2] == (state, words)


@pytest.mark.django_db
def test_ready_needs_a_receipt_for_every_file(dock: Dock, camera: Camera, film: bytes) -> None:
    upload = factories.send(dock, film)
    [bay] = said(dock, READY).bays
    assert (bay.state, bay.words) == (State.COPYING, bays.CHECKING)
    assert bay.who == "4127 SHAH"
    sealing.verify(upload.pk)
    [bay] = said(dock, READY).bays  # sealed, not receipted
    assert bay.state is State.COPYING
    receipts.issue(Upload.objects.get(pk=upload.pk))
    screen = said(dock, READY, {"bay": "2", "camera": None, "state": "empty"})
    assert [bay.state for bay in screen.bays] == [State.READY, State.EMPTY]
    assert (screen.ready, screen.copying, screen.keep) == (1, 0, 0)


@pytest.mark.django_db
def test_a_file_that_was_listed_long_ago_needs_its_receipt_too(
    dock: Dock, camera: Camera, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listed 40 days ago, sealed now: a card that was slow, or a store that was away."""
    old = int((timezone.now() - timedelta(days=40)).timestamp() * 1000) << 80 | 7 << 76 | 2 << 62

    def early() -> uuid.UUID:
        return uuid.UUID(int=old | secrets.randbits(62))

    with monkeypatch.context() as patched:
        patched.setattr(uuid6, "uuid7", early)
        upload = factories.send(dock, film)
    sealing.verify(upload.pk)
    [bay] = said(dock, READY).bays
    assert (bay.state, bay.words) == (State.COPYING, bays.CHECKING)
    receipts.issue(Upload.objects.get(pk=upload.pk))
    [bay] = said(dock, READY).bays
    assert bay.state is State.READY


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-10-25T00:30", "01:30 BST"), ("2026-10-25T01:30", "01:30 GMT"),
        ("2026-10-24T17:31", "24 Oct 18:31 BST"),
    ],
)  # fmt: skip
def test_times_name_their_clock_also_on_the_night_it_changes(at: str, words: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert since(moment, datetime(2026, 10, 25, 12, tzinfo=UTC)) == words


@pytest.mark.django_db
def test_what_another_dock_listed_does_not_hold_a_camera_here(
    dock: Dock, camera: Camera, film: bytes
) -> None:
    other, _ = factories.enrolled_dock("LE-01")
    factories.send(other, film)
    [bay] = said(dock, READY).bays
    assert bay.state is State.READY


@pytest.mark.django_db
def test_bytes_that_disagree_keep_the_camera_in_the_dock(
    dock: Dock, camera: Camera, film: bytes
) -> None:
    upload = factories.send(dock, film, sha256="0" * 64, name="X.MP4")
    sealing.verify(upload.pk)
    [bay] = said(dock, READY).bays
    assert bay.words == "KEEP IN DOCK: X.MP4"


@pytest.mark.django_db
def test_a_name_goes_a_day_after_the_camera_was_given_back(dock: Dock, shah: User) -> None:
    made = actions.list_camera(serial="BWC-5")
    now = timezone.now()
    begun, ended = now - timedelta(days=3), now - timedelta(days=2)
    actions.issue(camera=made, officer=shah, start=begun, end=ended)
    [bay] = said(dock, READY | {"camera": "BWC-5"}).bays
    assert bay.who == "BWC-5"


@pytest.mark.django_db
def test_a_dock_that_was_silent_for_ten_seconds_is_not_believed(dock: Dock) -> None:
    assert not said(dock, READY).silent
    Dock.objects.filter(pk=dock.pk).update(last_seen=timezone.now() - timedelta(seconds=11))
    assert bays.look(Dock.objects.get(pk=dock.pk)).silent
    assert bays.look(factories.enrolled_dock("NEW")[0]).silent


@pytest.mark.django_db
def test_many_bays_turn_pages_with_the_faults_first(dock: Dock) -> None:
    told = [READY | {"bay": str(n), "camera": f"C-{n}"} for n in range(1, 30)]
    told[28] |= {"state": "keep"}
    told[27] |= {"state": "copying"}
    said(dock, *told)
    dock.refresh_from_db()
    seen, start = [], timezone.now().replace(second=0, microsecond=0)
    for turn in range(3):
        screen = bays.look(dock, start + timedelta(seconds=12 * turn))
        assert screen.pages == 3
        assert (screen.ready, screen.copying, screen.keep) == (27, 1, 1)
        seen.append((screen.page, [bay.number for bay in screen.bays]))
    assert sorted(page for page, _ in seen) == [1, 2, 3]
    first = dict(seen)[1]
    assert first[:3] == ["29", "28", "1"]
    assert len({number for _, page in seen for number in page}) == 29
    dock.screen_size = Dock.ScreenSize.SMALL
    assert bays.look(dock).pages == 5


@pytest.mark.django_db
def test_a_hundred_bays_cost_no_more_queries_than_one(dock: Dock) -> None:
    def cost(count: int) -> int:
        said(dock, *(READY | {"bay": str(n), "camera": f"C-{n}"} for n in range(count)))
        dock.refresh_from_db()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            bays.look(dock)
        return len(queries)

    assert cost(1) == cost(100) == 3


def test_speed_is_measured_by_the_server_and_forgotten_when_a_camera_changes() -> None:
    start = timezone.now()

    def later(before: list[dict[str, Any]], seconds: float, **told: Any) -> list[dict[str, Any]]:
        return measured(before, [COPYING | told], start + timedelta(seconds=seconds))

    first = later([], 0, done=0)
    assert first[0]["rate"] is None
    same = later(first, 4, done=0)
    assert same[0]["rate"] is None
    # Bytes are told of in whole parts: they took all of the eight seconds.
    moved = later(same, 8, done=16)
    assert moved[0]["rate"] == 2.0
    assert later(moved, 12, done=16)[0]["rate"] == 2.0
    assert later(moved, 8 + 121, done=16)[0]["rate"] is None  # stalled
    slower = later(moved, 16, done=17)[0]["rate"]
    assert 0.125 < slower < 2.0
    assert later(moved, 10, done=17, camera="BWC-2")[0]["rate"] is None
    assert later(moved, 10, done=1)[0]["rate"] is None


@pytest.mark.parametrize(
    ("left", "rate", "words"),
    [(600, 1.0, "about 10 min"), (1, 1.0, "about 1 min"), (5, None, ""), (5, 0.0, ""), (0, 1.0, ""),
     (60 * 180, 1.0, "about 3 h"), (10**9, 1.0, "over 10 h")],
)  # fmt: skip
def test_minutes_left(left: int, rate: float | None, words: str) -> None:
    assert minutes_left(left, rate) == words


@pytest.mark.django_db
def test_a_camera_in_a_bay_is_written_down_as_docked(dock: Dock, camera: Camera) -> None:
    said(dock, READY)
    camera.refresh_from_db()
    assert camera.docked_in == dock
    assert camera.docked_at
    first = camera.docked_at
    said(dock, READY)
    camera.refresh_from_db()
    assert camera.docked_at == first  # not at every heartbeat
