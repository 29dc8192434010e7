"""Who gets a dock's screen, and how it is signed in and out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from evidence.custody.models import Pending
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from ingest.devices import actions
from ingest.devices.models import Dock, EnrolmentCode
from tests import factories

pytestmark = pytest.mark.django_db
PAGE = "/docks/CH-02/screen/"


def signed_in(dock: Dock, client: Client | None = None) -> Client:
    client = client or Client()
    code = actions.make_screen_code(dock=dock)
    answer = client.post("/docks/open/", {"code": code.lower()})
    assert answer.headers["Location"] == f"/docks/{dock.name}/screen/"
    return client


def test_a_code_signs_a_screen_in_for_thirty_days_and_nothing_else(dock: Dock) -> None:
    client = signed_in(dock)
    assert client.get(PAGE).status_code == 200
    assert client.get(f"{PAGE}bays/").status_code == 200
    assert client.session.get_expiry_age() > 29 * 24 * 3600
    factories.enrolled_dock("LE-01")
    for path in ("/docks/LE-01/screen/", "/docks/LE-01/screen/bays/", "/footage/", "/team/",
                 "/footage/on-its-way/"):  # fmt: skip
        assert client.get(path).status_code == 404, path
    assert client.get("/admin/").status_code == 404
    assert client.get("/docks/mine/").headers["Location"] == PAGE
    assert client.get("/").headers["Location"] == "/docks/mine/"
    assert client.get("/docks/").status_code == 404


def test_the_code_is_not_in_an_address_and_leaves_an_event(dock: Dock) -> None:
    signed_in(dock)
    bodies = b"".join(bytes(row.body) for row in Pending.objects.all())
    dock.refresh_from_db()
    assert dock.screen
    assert b'"dock.coded"' in bodies
    assert b'"person.signed_in"' in bodies
    assert dock.screen.ref.encode() in bodies
    assert dock.screen.username == "dock-ch-02"
    assert dock.screen.roles == ["dock"]
    assert not dock.screen.has_usable_password()


def test_a_code_works_once_and_within_fifteen_minutes(dock: Dock) -> None:
    code = actions.make_screen_code(dock=dock)
    assert Client().post("/docks/open/", {"code": code}).status_code == 302
    assert Client().post("/docks/open/", {"code": code}).status_code == 422
    late = actions.make_screen_code(dock=dock)
    EnrolmentCode.objects.filter(used_at=None).update(expires=timezone.now())
    answer = Client().post("/docks/open/", {"code": late})
    assert answer.status_code == 422
    assert "unknown, used or older than 15 minutes" in answer.content.decode()


def test_neither_code_does_the_others_work(dock: Dock) -> None:
    screen = actions.make_screen_code(dock=dock)
    agent = actions.make_code(name=dock.name)
    with pytest.raises(actions.DeviceError):
        actions.enrol(code=screen, address="")
    assert Client().post("/docks/open/", {"code": agent}).status_code == 422
    actions.enrol(code=agent, address="")


def test_a_new_code_and_revoking_end_the_screen(dock: Dock, administrator: User) -> None:
    client = signed_in(dock)
    actions.make_screen_code(dock=dock, by=administrator, reason="moved")
    assert client.get(PAGE).headers["Location"].startswith("/sign-in/")
    answer = client.get(f"{PAGE}bays/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, PAGE)
    client = signed_in(dock)
    left = actions.make_screen_code(dock=dock)
    client = signed_in(dock)
    actions.revoke(dock=Dock.objects.get(pk=dock.pk), by=administrator, reason="stolen")
    assert client.get(PAGE).status_code == 302
    assert Client().post("/docks/open/", {"code": left}).status_code == 422
    with pytest.raises(actions.DeviceError, match="revoked"):
        actions.make_screen_code(dock=dock, by=administrator)


def test_only_an_administrator_makes_screen_codes(dock: Dock, hughes: User) -> None:
    with pytest.raises(NotAllowed):
        actions.make_screen_code(dock=dock, by=hughes)


def test_codes_can_t_be_guessed_for_long(dock: Dock) -> None:
    code = actions.make_screen_code(dock=dock)
    for _ in range(10):
        assert Client().post("/docks/open/", {"code": "AAAA"}).status_code == 422
    answer = Client().post("/docks/open/", {"code": code})
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.content.decode()


def test_an_administrator_makes_one_in_the_admin(dock: Dock, administrator: User) -> None:
    client = Client()
    client.force_login(administrator)
    path = f"/admin/devices/dock/{dock.pk}/screen/"
    assert "Why" in client.get(path).content.decode()
    assert not EnrolmentCode.objects.filter(for_screen=True).exists()
    page = client.post(path, {"reason": "a new screen"}, follow=True)
    assert "Screen code for CH-02:" in page.content.decode()
    assert EnrolmentCode.objects.filter(for_screen=True).count() == 1


def test_a_silent_dock_covers_its_whole_screen(dock: Dock, hughes: User) -> None:
    client = Client()
    client.force_login(hughes)
    told = {"bay": "1", "camera": "BWC-1", "state": "ready", "done": 0, "total": 0}
    actions.heartbeat(dock=dock, bays=[told], agent="t", dock_clock=None)
    assert "READY TO TAKE" in client.get(f"{PAGE}bays/").content.decode()
    Dock.objects.update(last_seen=timezone.now() - timedelta(minutes=5))
    page = client.get(f"{PAGE}bays/").content.decode()
    assert "NOT UP TO DATE." in page
    assert "READY" not in page
    assert "CH-02 has not reported since" in page


def test_the_list_of_docks(dock: Dock, hughes: User) -> None:
    client = Client()
    client.force_login(hughes)
    assert "CH-02" in client.get("/docks/").content.decode()
