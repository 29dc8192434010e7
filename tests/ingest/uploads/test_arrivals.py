"""What is on its way to whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings import arrivals
from ingest.devices import actions
from ingest.devices.models import Camera, Dock
from ingest.uploads import sealing
from ingest.uploads.models import Upload
from tests import factories

pytestmark = pytest.mark.django_db
TOLD: dict[str, Any] = {
    "bay": "1", "camera": "BWC-1", "state": "copying", "done": 0, "total": 6000, "left": 3,
    "file": "", "why": "",
}  # fmt: skip


def beat(dock: Dock, **more: Any) -> None:
    dock.refresh_from_db()
    actions.heartbeat(dock=dock, bays=[TOLD | more], agent="", dock_clock=None)


def test_files_on_their_way_and_how_long(
    dock: Dock, camera: Camera, shah: User, okoro: User, hughes: User, film: bytes
) -> None:
    upload = factories.send(dock, film)
    beat(dock)
    dock.refresh_from_db()
    dock.bays[0]["moved"] = (timezone.now() - timedelta(seconds=2)).isoformat()
    dock.save(update_fields=["bays"])
    beat(dock, done=20)
    [arrival] = arrivals.of(shah)
    assert (arrival.dock, arrival.camera, arrival.files) == ("CH-02", "BWC-1", 3)
    assert (arrival.done, arrival.total, arrival.percent) == (20, 6000, 0)
    # Two seconds for 20 of 6,000; a little more on a busy machine.
    assert 10 <= int(arrival.minutes.removeprefix("about ").removesuffix(" min")) < 60
    assert arrivals.of(okoro) == arrivals.of(hughes) == []
    sealing.verify(upload.pk)
    beat(dock, state="ready", done=6000, left=0)
    assert arrivals.of(shah) == []


def test_a_file_goes_to_who_had_the_camera_when_it_was_recorded(
    dock: Dock, shah: User, okoro: User, film: bytes
) -> None:
    camera, now = actions.list_camera(serial="POOL"), timezone.now()
    begun, passed = now - timedelta(hours=12), now - timedelta(hours=4)
    actions.issue(camera=camera, officer=shah, start=begun, end=passed)
    actions.issue(camera=camera, officer=okoro, start=passed, end=None)
    factories.send(dock, film, camera="POOL", recorded_at=now - timedelta(hours=6))
    beat(dock, camera="POOL", left=1)
    [his] = arrivals.of(shah)
    assert (his.files, his.total) == (1, 0)  # what the dock says of the card is not his to know
    assert his.words == "Being checked."  # and it does report
    # The dock's count of what lies on the card goes to whoever has the camera now.
    [hers] = arrivals.of(okoro)
    assert hers.files == 1


def test_a_silent_dock_promises_nothing(
    dock: Dock, camera: Camera, shah: User, film: bytes
) -> None:
    factories.send(dock, film)
    [arrival] = arrivals.of(shah)
    assert arrival.minutes == ""
    assert "does not report" in arrival.words


def test_what_left_the_card_is_being_checked_or_held_back(
    dock: Dock, camera: Camera, shah: User, film: bytes
) -> None:
    upload = factories.send(dock, film)
    beat(dock, state="ready", left=0, done=6000)
    [arrival] = arrivals.of(shah)
    assert (arrival.words, arrival.percent, arrival.minutes) == ("Being checked.", 100, "")
    Upload.objects.filter(pk=upload.pk).update(state="receiving")
    [arrival] = arrivals.of(shah)
    assert arrival.words == "Something is held back. Leave the camera in the dock."


def test_the_fragment(dock: Dock, camera: Camera, shah: User, film: bytes) -> None:
    factories.send(dock, film)
    beat(dock)
    client = Client()
    client.force_login(shah)
    page = client.get("/footage/on-its-way/").content.decode()
    assert "On its way from CH-02: 3 files" in page
    assert "every 5s" in page


def test_constant_queries(dock: Dock, camera: Camera, shah: User, film: bytes) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            arrivals.of(shah)
        return len(queries)

    factories.send(dock, film)
    beat(dock)
    first = cost()
    for number in range(5):
        factories.issued_camera(f"C-{number}", shah, timezone.now() - timedelta(days=1))
        factories.send(dock, film, camera=f"C-{number}")
    assert cost() == first
