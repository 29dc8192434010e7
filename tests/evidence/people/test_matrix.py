"""Every URL by every role: a new route without a row here fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from evidence.cases.models import Case
from evidence.complaints.models import Complaint
from evidence.custody import checkpoints, sequencer
from evidence.custody.models import Alarm, Audit
from evidence.people.models import Unit, User
from evidence.recordings.models import Category, Package, Recording
from evidence.retention.models import Hold, Unassigned
from evidence.sharing.models import Share
from ingest.devices.models import Camera, Dock, Issue
from ingest.uploads.models import Quarantine, Upload
from tests import factories

pytestmark = pytest.mark.django_db
# In this order: who asks.
WHO = ("shah", "okoro", "hughes", "lane", "auditor", "administrator", "nobody")
# y: 200 or a redirect onwards; -: 404, not there; >: to the sign-in page; c: 405, not by GET.
#                                    officer  other  super  stand  audit  admin  nobody
PAGES = {
    "":                              "y       y      y      y      y      y      >",
    "sign-in/":                      "y       y      y      y      y      y      y",
    "sign-out/":                     "c       c      c      c      c      c      c",
    "footage/":                      "y       y      y      y      -      -      >",
    "footage/<ref:reference>/":      "y       -      y      y      -      -      >",
    "footage/<ref:reference>/status/": "y     -      y      y      -      -      >",
    "footage/<ref:reference>/play/":   "p     -      p      p      -      -      >",
    "footage/<ref:reference>/categorise/": "p -      p      p      -      -      >",
    "footage/<ref:reference>/download/<int:original>/":
                                     "-       -      p      p      -      -      >",
    "shared/open":                   "y       y      y      y      y      y      y",
    "shared/prove/":                 "-       -      -      -      -      -      -",
    "shared/prove/send/":            "n       n      n      n      n      n      n",
    "shared/prove/check/":           "n       n      n      n      n      n      n",
    "shared/<ref:reference>/":       "-       -      -      -      -      -      -",
    "shared/<ref:reference>/<ref:recording>/": "- -  -      -      -      -      -",
    "shared/<ref:reference>/<ref:recording>/play/": "n n n  n      n      n      n",
    "custody/policy":                "y       y      y      y      y      y      y",
    "custody/checkpoint":            "y       y      y      y      y      y      y",
    "healthz":                       "y       y      y      y      y      y      y",
    "readyz":                        "y       y      y      y      y      y      y",
    "metrics":                       "y       y      y      y      y      y      y",
}  # fmt: skip
# The admin: lists, by model; a `+` besides: may add.
#                                    officer  other  super  stand  audit  admin  nobody
ADMIN = {
    "recordings.recording":          "-       -      -      y      -      -      >",
    "recordings.category":           "-       -      -      y      -      -      >",
    "recordings.package":            "-       -      -      y+     -      -      >",
    "retention.unassigned":          "-       -      -      y      -      -      >",
    "retention.hold":                "-       -      -      y      -      -      >",
    "cases.case":                    "-       -      -      y+     -      -      >",
    "complaints.complaint":          "-       -      -      y+     -      -      >",
    "sharing.share":                 "-       -      -      y+     -      -      >",
    "custody.event":                 "-       -      -      -      y      -      >",
    "custody.checkpoint":            "-       -      -      -      y      -      >",
    "custody.alarm":                 "-       -      -      y      y      y      >",
    "uploads.upload":                "-       -      -      y      -      y      >",
    "uploads.quarantine":            "-       -      -      y      -      y      >",
    "devices.camera":                "-       -      -      y      -      y+     >",
    "devices.dock":                  "-       -      -      y      -      y+     >",
    "devices.issue":                 "-       -      -      y      -      y+     >",
    "people.user":                   "-       -      -      y      -      y+     >",
    "people.unit":                   "-       -      -      y      -      y+     >",
}  # fmt: skip


@pytest.fixture
def cast(shah: User, okoro: User, hughes: User, lane: User, auditor: User, administrator: User,
         ) -> dict[str, User | None]:  # fmt: skip
    return {
        "shah": shah, "okoro": okoro, "hughes": hughes, "lane": lane, "auditor": auditor,
        "administrator": administrator, "nobody": None,
    }  # fmt: skip


@pytest.fixture
def things(shah: User, lane: User, dock: Dock, camera: Camera, film: bytes) -> dict[str, Any]:
    """One of each model, so that each has a page."""
    from datetime import timedelta

    from django.utils import timezone

    recording = factories.docked(dock, film)
    factories.docked(dock, b"words", name="B.MP4")
    factories.docked(dock, film, name="C.MP4", camera="X-9")
    sequencer.run()
    now = timezone.now()
    case = Case.objects.create(urn="01AB/12345/26", title="R v Marsh")
    complaint = Complaint.objects.create(
        reference="PC/1/26", received=now.date(), complainant="A", account="B", start=now,
        end=now, recorded_by=lane,
    )  # fmt: skip
    share = Share.objects.create(
        recipient="J", organisation="CPS", email="j@cps.example", purpose="Charging",
        until=now + timedelta(days=1), token_hash="x", made_by=lane,
    )  # fmt: skip
    return {
        "recordings.recording": recording, "recordings.category": Category.objects.first(),
        "retention.unassigned": Unassigned.objects.get(officer=None),
        "retention.hold": Hold.objects.create(recording=recording, kind="manual", reason="x"),
        "cases.case": case, "complaints.complaint": complaint, "sharing.share": share,
        "custody.event": _first_event(), "custody.checkpoint": checkpoints.sign(),
        "custody.alarm": _alarm(), "recordings.package": _package(recording, lane),
        "uploads.upload": Upload.objects.first(), "uploads.quarantine": Quarantine.objects.first(),
        "devices.camera": camera, "devices.dock": dock, "devices.issue": Issue.objects.first(),
        "people.user": shah, "people.unit": Unit.objects.first(),
    }  # fmt: skip


def _alarm() -> Alarm:
    made = Alarm(source="audit", sentence="Something is wrong.")
    made.save()
    return made


def _package(recording: Recording, lane: User) -> Package:
    made = Package.objects.create(purpose="Charging", made_by=lane, state="ready", key="x")
    made.recordings.add(recording)
    return made


def _first_event() -> Any:
    from evidence.custody.models import Event

    return Event.objects.first()


def routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    for item in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from routes(item.url_patterns, route)
        elif isinstance(item, URLPattern):
            yield route


def cells(row: str) -> list[str]:
    found = row.split()
    assert len(found) == len(WHO), row
    return found


def ask(user: User | None, path: str, method: str = "get") -> int:
    client = Client()
    if user is not None:
        client.force_login(user)
    answer = getattr(client, method)(path)
    if answer.status_code == 302 and answer["Location"].startswith(("/sign-in/", "/admin/login/")):
        return 302000
    if path.startswith("/admin/") and answer.headers.get("Location") == "/admin/":
        return 404  # the admin's way of saying that there is no such object
    return int(answer.status_code)


def test_every_route_has_a_row() -> None:
    ours = {r for r in routes() if not r.startswith(("admin/", "api/"))}
    assert ours == set(PAGES)


def test_every_admin_model_has_a_row() -> None:
    from django.contrib import admin

    registered = {model._meta.label_lower for model in admin.site._registry}
    assert registered == set(ADMIN)


def test_every_operation_of_the_api_asks_for_a_dock() -> None:
    from ingest.uploads.api import api

    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                if path == "/enrol":
                    continue
                answer = Client().generic(operation.methods[0], f"/api{prefix}{path}".replace(
                    "{upload_id}", "01a205ae-7264-761f-8005-43b1bf25e787"))  # fmt: skip
                assert answer.status_code == 401, path


@pytest.mark.parametrize("route", PAGES)
def test_pages(route: str, cast: dict[str, User | None], things: dict[str, Any]) -> None:
    recording: Recording = things["recordings.recording"]
    path = "/" + route.replace("<ref:reference>", recording.reference)
    path = path.replace("<ref:recording>", recording.reference)
    path = path.replace("<int:original>", str(recording.originals.get().pk))
    for who, cell in zip(WHO, cells(PAGES[route]), strict=True):
        user = cast[who]
        if cell in "pn":
            assert ask(user, path) == 405, (who, path)
            code = ask(user, path, "post")
            assert code in ((200, 302, 422) if cell == "p" else (404,)), (who, path, code)
        else:
            code = ask(user, path, "post" if "/play/" in path or "/categorise/" in path
                       or "/download/" in path else "get")  # fmt: skip
            wanted = {"y": (200, 302), "-": (404,), ">": (302000,), "c": (405,)}[cell]
            assert code in wanted, (who, path, code)


@pytest.mark.parametrize("model", ADMIN)
def test_admin(model: str, cast: dict[str, User | None], things: dict[str, Any]) -> None:
    base = f"/admin/{model.replace('.', '/')}/"
    for who, cell in zip(WHO, cells(ADMIN[model]), strict=True):
        user, thing = cast[who], things[model]
        allowed = {"y": (200,), "-": (403, 404, 302000), ">": (302000,)}[cell[0]]
        assert ask(user, base) in allowed, (who, base)
        page = f"{base}{thing.pk}/change/"
        assert ask(user, page) in allowed, (who, page)
        may_add = cell.endswith("+")
        assert (ask(user, f"{base}add/") == 200) is may_add, (who, f"{base}add/")
        assert ask(user, f"{base}{thing.pk}/delete/") != 200, who
        assert ask(user, f"{base}{thing.pk}/delete/", "post") != 200, who


def test_forbidden_looks_like_not_found(okoro: User, things: dict[str, Any]) -> None:
    client = Client()
    client.force_login(okoro)
    recording = things["recordings.recording"]
    forbidden = client.get(f"/footage/{recording.reference}/")
    missing = client.get("/footage/R-2222-2222/")
    assert (forbidden.status_code, missing.status_code) == (404, 404)

    def plain(answer: Any) -> bytes:
        return bytes(answer.content.replace(answer.context["csrf_token"].encode(), b""))

    assert plain(forbidden) == plain(missing)


def test_an_admin_action_by_a_link_changes_nothing(
    administrator: User, things: dict[str, Any]
) -> None:
    client = Client()
    client.force_login(administrator)
    dock = things["devices.dock"]
    answer = client.get(f"/admin/devices/dock/{dock.pk}/revoke/")
    assert answer.status_code == 200  # asks why
    dock.refresh_from_db()
    assert dock.revoked_at is None
    client.post(f"/admin/devices/dock/{dock.pk}/revoke/", {"reason": "stolen"})
    dock.refresh_from_db()
    assert dock.revoked_at


# The admin's pages beside lists and forms; ask by: method.
#                                                    officer  other  super  stand  audit  admin  nobody
EXTRA = {
    ("get", "recordings/recording/{recording}/custody/"):          "- - - y - - >",
    ("get", "recordings/recording/{recording}/custody/report/"):   "- - - y - - >",
    ("post", "recordings/recording/{recording}/custody/verify/"):  "- - - r - - >",
    ("get", "recordings/recording/{recording}/custody/checks/{audit}/"): "- - - y - - >",
    ("get", "recordings/recording/{recording}/history-of-custody/"): "- - - r - - >",
    ("get", "recordings/package/{package}/download/"):             "- - - y - - >",
    ("post", "recordings/package/{package}/download/"):            "- - - r - - >",
    # Pages that ask for a reason before the act.
    ("get", "uploads/quarantine/{quarantine}/accept/"):            "- - - y - - >",
    ("get", "uploads/quarantine/{quarantine}/again/"):             "- - - y - - >",
    ("get", "devices/dock/{dock}/code/"):                          "- - - - - y >",
    ("get", "devices/dock/{dock}/revoke/"):                        "- - - - - y >",
    ("get", "retention/hold/{hold}/release/"):                     "- - - y - - >",
    ("get", "sharing/share/{share}/revoke/"):                      "- - - y - - >",
}  # fmt: skip


@pytest.mark.parametrize("asked", EXTRA)
def test_extra_pages_of_the_admin(
    asked: tuple[str, str], cast: dict[str, User | None], things: dict[str, Any]
) -> None:
    method, route = asked
    recording, package = things["recordings.recording"], things["recordings.package"]
    audit = Audit.objects.create(asked_for=recording.reference, asked_by="lane", total=1)
    path = "/admin/" + route.format(
        recording=recording.pk, package=package.pk, audit=audit.pk,
        **{name.rpartition(".")[2]: thing.pk for name, thing in things.items()
           if name.rpartition(".")[2] not in ("recording", "package")},
    )  # fmt: skip
    for who, cell in zip(WHO, cells(EXTRA[asked]), strict=True):
        wanted = {"y": (200,), "r": (302,), "-": (403, 404, 302000), ">": (302000,)}[cell]
        assert ask(cast[who], path, method) in wanted, (who, path)


def test_every_extra_page_of_the_admin_has_a_row() -> None:
    """Custom admin routes of ours: neither Django's own nor the theme's."""
    from django.contrib import admin

    standard = {"changelist", "add", "history", "delete", "change"}
    names = set()
    for model, site in admin.site._registry.items():
        label = f"{model._meta.app_label}_{model._meta.model_name}_"
        for item in site.get_urls():
            name = str(getattr(item, "name", "") or "")
            if name.startswith(label) and name.removeprefix(label) not in standard:
                names.add(str(item.pattern))

    def shape(route: str) -> str:
        return re.sub(r"<[^>]*>|\{\w+\}", "*", route).lstrip("^")

    known = {shape(route.partition("/")[2].partition("/")[2]) for _, route in EXTRA}
    assert {shape(name) for name in names} - known == set()
