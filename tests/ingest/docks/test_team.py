"""What a supervisor has to look after, and of whom."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.models import Category
from ingest.devices import actions
from ingest.devices.models import Camera, Dock
from ingest.docks import team
from tests import factories

pytestmark = pytest.mark.django_db


def ago(**past: float) -> datetime:
    return timezone.now() - timedelta(**past)


def lent(
    serial: str, officer: User, start: datetime, end: datetime | None = None,
    docked: datetime | None = None,
) -> Camera:  # fmt: skip
    camera = actions.list_camera(serial=serial)
    actions.issue(camera=camera, officer=officer, start=start, end=end)
    Camera.objects.filter(pk=camera.pk).update(docked_at=docked)
    return camera


def test_cameras_that_are_out_too_long(hughes: User, shah: User, okoro: User) -> None:
    lent("DAY", shah, ago(hours=25))
    lent("NEW", shah, ago(hours=23))
    lent("SEEN", shah, ago(days=9), docked=ago(hours=23))
    lent("OLD", shah, ago(days=9), docked=ago(hours=25))
    lent("BACK", shah, ago(days=3), ago(days=2), docked=ago(days=2, hours=3))
    lent("BACK-DOCKED", shah, ago(days=3), ago(days=2), docked=ago(days=2, hours=1))
    lent("LONG-AGO", shah, ago(days=40), ago(days=32))
    lent("OTHERS", okoro, ago(days=3))
    lent("PASSED-ON", shah, ago(days=5), ago(days=4))
    lent("PASSED-ON", okoro, ago(days=4), docked=ago(hours=1))
    assert {out.camera for out in team.look(hughes).cameras} == {"DAY", "OLD", "BACK"}


def test_a_file_taken_in_counts_as_docked(
    hughes: User, shah: User, dock: Dock, film: bytes
) -> None:
    lent("DAY", shah, ago(days=3))
    assert team.look(hughes).cameras
    factories.send(dock, film, camera="DAY")
    assert not team.look(hughes).cameras


def test_footage_without_a_category_by_officer(hughes: User, shah: User, okoro: User) -> None:
    for days in (1, 5, 3):
        factories.recording(shah, happened_at=ago(days=days))
    factories.recording(shah, category=Category.objects.first())
    factories.recording(shah, kind="other")
    factories.recording(shah, restricted="covert")
    factories.recording(okoro)
    [pile] = team.look(hughes).piles
    assert (pile.officer, pile.count) == (shah, 3)
    assert pile.oldest < ago(days=4)


def test_docks_that_do_not_report_where_their_cameras_go(
    hughes: User, shah: User, okoro: User, dock: Dock
) -> None:
    beside, _ = factories.enrolled_dock("CH-03")
    revoked, _ = factories.enrolled_dock("CH-04")
    elsewhere, _ = factories.enrolled_dock("LE-01")
    Dock.objects.filter(pk__in=[dock.pk, beside.pk, revoked.pk]).update(site="Charing Cross")
    Dock.objects.filter(pk=revoked.pk).update(revoked_at=timezone.now())
    Camera.objects.filter(pk=lent("A", shah, ago(days=1)).pk).update(docked_in=dock)
    Camera.objects.filter(pk=lent("B", okoro, ago(days=1)).pk).update(docked_in=elsewhere)
    actions.heartbeat(dock=dock, bays=[], agent="", dock_clock=None)
    assert [silent.dock.name for silent in team.look(hughes).docks] == ["CH-03"]
    Dock.objects.filter(pk=dock.pk).update(last_seen=ago(seconds=61))
    assert {silent.dock.name for silent in team.look(hughes).docks} == {"CH-02", "CH-03"}


def test_lists_are_capped_and_cost_the_same(
    hughes: User, shah: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            team.look(hughes)
        return len(queries)

    lent("C-0", shah, ago(days=3))
    factories.recording(shah)
    first = cost()
    for number in range(1, 6):
        other = factories.Person(roles=["officer"], unit=shah.unit)
        lent(f"C-{number}", other, ago(days=3))
        factories.recording(other)
    assert cost() == first
    monkeypatch.setattr(team, "LISTED", 2)
    monkeypatch.setattr(team, "COUNTED", 3)
    left = team.look(hughes)
    assert (len(left.cameras), left.more_cameras) == (2, True)
    assert (len(left.piles), left.more_piles) == (2, True)


def test_the_page_is_bare_when_nothing_is_left(hughes: User) -> None:
    client = Client()
    client.force_login(hughes)
    assert client.get("/").headers["Location"] == "/team/"
    page = client.get("/team/").content.decode()
    assert "Nothing needs you" in page
    assert "<h2" not in page


def test_the_page_says_the_next_step(hughes: User, shah: User, dock: Dock) -> None:
    Camera.objects.filter(pk=lent("A", shah, ago(days=3)).pk).update(docked_in=dock)
    recording = factories.recording(shah)
    client = Client()
    client.force_login(hughes)
    page = client.get("/team/").content.decode()
    assert "Ask PC 4127 Shah to put it in a dock." in page
    assert "Ask PC 4127 Shah to say what it is." in page
    assert "Check power and network" in page
    assert "Nothing needs you" not in page
    assert recording.reference not in page
