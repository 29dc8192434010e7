"""The permission matrix (matrix.py), asked for real; a route without a row fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from evidence.audit.models import Unusual
from evidence.cases.models import Case, CaseLink, CaseMember, CourtDate
from evidence.complaints.models import Category as AllegationCategory
from evidence.complaints.models import (
    Complaint,
    Letter,
    Named,
    Question,
    Rate,
    Template,
    Wording,
)
from evidence.custody import checkpoints, sequencer
from evidence.custody.models import Alarm, Audit, Event
from evidence.fixity.models import Damage
from evidence.people.models import Unit, User
from evidence.recordings.models import (
    Category,
    Grant,
    IncidentType,
    Marker,
    Package,
    Recording,
    Restricted,
    Rule,
)
from evidence.retention import actions as retention
from evidence.retention.actions.arriving import Wish
from evidence.retention.actions.holds import Why
from evidence.retention.models import (
    Batch,
    Hold,
    Kind,
    ReleaseRequest,
    Tombstone,
    Unassigned,
    Watch,
)
from evidence.retention.models import Item as DisposalItem
from evidence.review.models import Note
from evidence.sampling import actions as sampling
from evidence.sampling.models import Item, PanelSession, Plan
from evidence.sharing.models import Basis, Contact, Domain
from ingest.accounting.models import ColdRule, Price
from ingest.devices.models import Camera, Dock, Issue
from ingest.requests import actions as requests
from ingest.requests.models import UploadRequest
from ingest.uploads.models import Quarantine, Upload
from tests import factories, sharing
from tests.evidence.exhibits import casting
from tests.evidence.people import matrix

pytestmark = pytest.mark.django_db


def _person(name: str, roles: list[str], unit: str = "Metropolis", **more: Any) -> User:
    return factories.Person(
        username=name, name=f"{name} {name}".title(), roles=roles, unit=factories.unit(unit), **more
    )


@pytest.fixture
def cast(shah: User, okoro: User, hughes: User, lane: User, auditor: User,
         administrator: User) -> dict[str, User | None]:  # fmt: skip
    return {
        "own": shah, "mate": _person("mate", ["officer"], "Charing Cross"), "far": okoro,
        "sup": hughes, "sup2": _person("sup2", ["supervisor"], "Lewisham"),
        "case": _person("case", ["case_officer"]), "cas0": _person("cas0", ["case_officer"]),
        "psd": lane, "psdN": _person("psdn", ["professional_standards"]),
        "aa": _person("aa", ["appropriate_authority"]), "em": _person("em", ["evidence_manager"]),
        "disc": _person("disc", ["disclosure_officer"]), "pan": _person("pan", ["panel_member"]),
        "pan0": _person("pan0", ["panel_member"]), "aud": auditor,
        "dock": _person("dock", ["dock"]), "adm": administrator, "out": None,
    }  # fmt: skip


@pytest.fixture
def things(cast: dict[str, User | None], dock: Dock, camera: Camera, film: bytes) -> dict[str, Any]:
    """One of each model, so that each has a page."""
    shah, lane, named = cast["own"], cast["psd"], cast["psdN"]
    assert shah and lane and named
    recording = factories.docked(dock, film)
    factories.docked(dock, b"words", name="B.MP4")
    factories.docked(dock, film, name="C.MP4", camera="X-9")
    sequencer.run()
    now = timezone.now()
    for who in ("case", "disc", "pan"):
        person = cast[who]
        assert person
        grant = Grant.objects.create(recording=recording, person=person, reason="x",
                                     until=now + timedelta(days=1), granted_by=lane)  # fmt: skip
    complaint = Complaint.objects.create(
        reference="PC/1/26", received=now.date(), complainant="A", account="B",
        start=now - timedelta(days=1), end=now, recorded_by=lane,
    )  # fmt: skip
    complaint.officers.set([shah, named])
    Named.objects.filter(officer=shah).update(served_on=now.date(), notice="What is alleged.")
    retention.watch(by=lane, kind=Kind.COMPLAINT, reference="PC/1/26", reason="x",
                    officers=[shah, named], start=complaint.start, end=complaint.end)  # fmt: skip
    by_hand = retention.hold(by=lane, recording=recording, kind=Kind.ACCESS, reason="x",
                             reference="SAR/1/26")  # fmt: skip
    retention.ask_release(by=lane, hold=by_hand, reason="x")
    retention.hold_many(by=lane, wish=Wish(
        Why(Kind.COURT, "x", "O/1"), officers=[shah, named], start=complaint.start,
        end=complaint.end, later=True))  # fmt: skip
    package = Package.objects.create(purpose="Charging", made_by=lane, state="ready", key="x")
    package.recordings.add(recording)
    case = Case.objects.create(urn="01AB/12345/26", title="R v Marsh", officer_in_case=shah)
    CaseLink.objects.create(case=case, recording=recording, reason="x", linked_by=lane)
    for who, part in (("case", "case_officer"), ("disc", "disclosure_officer")):
        person = cast[who]
        assert person
        CaseMember.objects.create(case=case, person=person, part=part, reason="x",
                                  added_by=lane)  # fmt: skip
    CourtDate.objects.create(case=case, date=now.date() + timedelta(days=1), added_by=lane)
    casting.exhibit(case, recording, shah, "AS/1")
    share = sharing.make(lane, recording, case=case).share
    alarm = Alarm(source="audit", sentence="Something is wrong.")
    alarm.save()
    item, session = _sample(cast)
    batch = _batch(cast)
    _rules()
    return {
        "retention.batch": batch,
        "sampling.item": item, "sampling.panelsession": session,
        "recordings.recording": recording, "recordings.category": Category.objects.first(),
        "recordings.incidenttype": IncidentType.objects.first(), "recordings.grant": grant,
        "recordings.package": package,
        "recordings.restricted": Restricted.objects.get(
            pk=factories.recording(cast["far"], restricted="covert").pk
        ),
        "retention.unassigned": Unassigned.objects.get(officer=None),
        "retention.hold": Hold.objects.get(recording=recording, kind="complaint"),
        "cases.case": case,
        "complaints.complaint": complaint, "sharing.share": share,
        "sharing.domain": Domain.objects.first(), "sharing.basis": Basis.objects.first(),
        "sharing.contact": Contact.objects.create(name="J M", organisation="CPS", email="j@x.uk"),
        "complaints.category": AllegationCategory.objects.first(),
        "complaints.wording": Wording.objects.first(),
        "complaints.question": Question.objects.first(),
        "complaints.template": Template.objects.first(), "complaints.rate": Rate.objects.first(),
        "complaints.letter": Letter.objects.create(
            complaint=complaint, template=Template.objects.get(code="update"), to="A", subject="B",
            body="C", sha256="0" * 64, made_by=lane,
        ),
        "custody.event": Event.objects.first(), "custody.checkpoint": checkpoints.sign(),
        "custody.alarm": alarm, "uploads.upload": Upload.objects.first(),
        "uploads.quarantine": Quarantine.objects.first(),
        "devices.camera": camera, "devices.dock": dock, "devices.issue": Issue.objects.first(),
        "accounting.price": Price.objects.create(storage_class="STANDARD", per_tb_month=20),
        "accounting.coldrule": ColdRule.objects.create(after_days=31, storage_class="STANDARD_IA"),
        "requests_in.uploadrequest": _asked(cast["case"]),
        "people.user": cast["mate"], "people.unit": Unit.objects.first(),
    }  # fmt: skip


def _batch(cast: dict[str, User | None]) -> Batch:
    """A batch on its way out: one of its recordings can be restored, of one a tombstone stays."""
    rule = Rule.objects.get(category__code="stop-search")
    batch = Batch.objects.create(rule=rule, ground="x", state="leaving", by_rule=True)
    for state in ("leaving", "gone"):
        recording = factories.recording(cast["far"])
        item = DisposalItem.objects.create(batch=batch, recording=recording, state=state,
                                           goes_at=timezone.now() + timedelta(days=1))  # fmt: skip
    row = recording.originals.get()
    Tombstone.objects.create(
        recording=recording, item=item, reference=row.reference, upload=row.upload, size=row.size,
        sha256=row.sha256, key=row.key, version_id="1", docked_at=row.docked_at,
        sealed_at=row.sealed_at, ground="x", gone_at=timezone.now(),
    )  # fmt: skip
    return batch


def _rules() -> None:
    """Of traffic, a version that waits for being for what is held, and one that is proposed."""
    who, now = _person("prop", ["evidence_manager"]), timezone.now()
    made = {"category": Category.objects.get(code="traffic"), "days": 99, "source": "x",
            "proposed_by": who}  # fmt: skip
    Rule.objects.create(version=2, state="in_force", in_force_at=now, held_proposed_by=who,
                        held_proposed_at=now, **made)  # fmt: skip
    Rule.objects.create(version=3, **made)


def _asked(who: User | None) -> UploadRequest:
    """A request of `case`'s, for no case, and a file that came by it."""
    assert who
    made = requests.make(by=who, wish=requests.Wish(
        "J", "j@example.org", "x", timezone.now() + timedelta(days=1)))  # fmt: skip
    sent = Upload.objects.create(
        identity="x", camera=made.camera, dock=Dock.objects.get(kind="request"), file_id="a",
        size=1, sha256="0" * 64, part_size=1, key="x", state="quarantined",
    )  # fmt: skip
    Quarantine.objects.create(
        upload=sent, kind="outside", reason="x",
        recording=factories.recording(None, restricted="outside", camera=made.reference),
    )  # fmt: skip
    return made


def _sample(cast: dict[str, User | None]) -> tuple[Item, PanelSession]:
    """A sample of PC Shah's, and a session in which `pan` is the chair and sees it."""
    lane, shah, panel = cast["psd"], cast["own"], cast["pan"]
    assert lane and shah and shah.unit and panel
    now, today = timezone.now(), timezone.localdate()
    kind = {"code": "x", "name": "X", "categories": ["stop-search"], "incidents": []}
    wish = sampling.Wish("X", today + timedelta(days=1), today + timedelta(days=2), [shah.unit],
                         [kind], 1)  # fmt: skip
    plan = sampling.commit(by=lane, wish=wish)
    # Its days moved into the past: nobody waits here.
    Plan.objects.update(start=today - timedelta(days=30), end=today - timedelta(days=20))
    factories.recording(shah, category=Category.objects.get(code="stop-search"),
                        happened_at=now - timedelta(days=25))  # fmt: skip
    sampling.draw(by=lane, plan=plan)
    item = Item.objects.get()
    session = sampling.seat(by=lane, plan=plan, wish=sampling.Sitting(
        "X", now, now + timedelta(hours=1), [panel], panel))  # fmt: skip
    sampling.choose(by=panel, session=session, items=[item.pk])
    return item, session


class Asker:
    """Asks as everybody, each time leaving everything as it was."""

    def __init__(self, cast: dict[str, User | None]) -> None:
        self.cast = cast
        self.clients = {who: Client() for who in cast}
        for who, user in cast.items():
            if user is not None:
                self.clients[who].force_login(user)

    def ask(self, who: str, path: str, method: str = "get") -> str:
        """The answer in the matrix's letters."""
        savepoint = transaction.savepoint()
        try:
            answer = getattr(self.clients[who], method)(path)
        finally:
            transaction.savepoint_rollback(savepoint)
        away = str(answer.headers.get("Location", ""))
        if answer.status_code == 302 and away.startswith("/sign-in/?next"):
            return ">"
        if answer.status_code == 302 and away == "/sign-in/" and who == "out":
            return ">"
        if path.startswith("/admin/") and away == "/admin/":
            return "-"  # the admin's way of saying that there is no such object
        if answer.status_code == 405:
            return "x"
        if answer.status_code == 404:
            return "-"
        if answer.status_code in (200, 302, 409, 422):
            return "y" if method == "get" else "p"
        return str(answer.status_code)

    def check(self, table: list[tuple[str, str, str, dict[str, str]]]) -> list[str]:
        """Rows as (route, method, path, cells): what differs, in words."""
        return [
            f"{route}: {who} got {got}, not {cell}"
            for route, method, path, cells in table
            for who, cell in cells.items()
            if (got := self.ask(who, path, method)) != cell
        ]


def routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    for item in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from routes(item.url_patterns, route)
        elif isinstance(item, URLPattern):
            yield route


def test_every_route_has_a_row() -> None:
    ours = {r for r in routes() if not r.startswith(("admin/", "api/"))}
    listed = {row.split()[1].removeprefix("/") for row in matrix.rows(matrix.PAGES)}
    assert ours == listed


def test_every_admin_model_has_a_row() -> None:
    registered = {model._meta.label_lower for model in admin.site._registry}
    assert registered == set(matrix.rows(matrix.ADMIN))


def test_the_admin_has_no_act_on_many_at_once() -> None:
    """Such acts would need rows of their own."""
    for model, site in admin.site._registry.items():
        assert not site.actions, model


def test_every_extra_page_of_the_admin_has_a_row() -> None:
    """Custom admin routes of ours: neither Django's own nor the theme's."""
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

    known = {
        shape(row.split()[1].partition("/")[2].partition("/")[2])
        for row in matrix.rows(matrix.ACTS)
    }
    assert {shape(name) for name in names} - known == set()


def _unusual(person: User, recording: Recording) -> Unusual:
    row, _ = Unusual.objects.get_or_create(
        rule="odd_hours", key="x", event_index=1, person=person.ref,
        object_ref=recording.reference, at=recording.happened_at,
    )  # fmt: skip
    return row


def _damaged(recording: Recording) -> Damage:
    """A file of it that was found damaged, and is held."""
    return Damage.objects.get_or_create(
        source="original", row=recording.originals.get().pk, kind="original", key="x",
        reference=recording.reference, recording=recording, what="missing", state="held",
        alias="originals", bucket="x",
    )[0]  # fmt: skip


def _paths(things: dict[str, Any]) -> dict[str, str]:
    recording: Recording = things["recordings.recording"]
    return {
        "<ref:reference>": recording.reference, "<ref:recording>": recording.reference,
        "<int:original>": str(recording.originals.get().pk), "<int:pk>": "1",
        "<int:marker>": str(Marker.objects.get_or_create(
            recording=recording, at_ms=0, made_by=recording.officer)[0].pk),
        "<slug:provider_id>": "force", "<slug:uidb36>": "1", "<str:key>": "x",
        "<str:name>": things["devices.dock"].name,
        "<str:subject>": recording.reference, "<str:person>": things["people.user"].ref,
        "<int:damage>": str(_damaged(recording).pk),
        "<int:unusual>": str(_unusual(things["people.user"], recording).pk),
        "<path:name>": things["devices.dock"].name, "<mark:mark>": "AS-1", "<slug:code>": "traffic",
        "<paper:kind>": "mg12", "<format:wanted>": "pdf", "<item:key>": recording.reference,
        "<urn:urn>": "01AB-12345-26",
        "<int:member>": str(CaseMember.objects.filter(part="disclosure_officer").get().pk),
        "<int:day>": str(CourtDate.objects.get().pk),
        "<request:reference>": things["requests_in.uploadrequest"].reference,
        "<uuid:upload>": str(things["uploads.upload"].pk),
        "<int:quarantine>": str(Quarantine.objects.get(kind="outside").pk),
        "<sample:plan>": things["sampling.item"].stratum.plan.reference,
        "<sample:session>": things["sampling.panelsession"].reference,
        "<batch:batch>": things["retention.batch"].reference,
        "<int:rule>": str(things["retention.batch"].rule_id),
        "<int:item>": str(DisposalItem.objects.get(state="leaving").pk),
        "<number:item>": str(things["sampling.item"].pk),
        "<int:contact>": str(things["sharing.contact"].pk), "<int:number>": "1",
        "<uuid:viewing>": "00000000-0000-4000-8000-000000000000",
        "<str:letter>": "v", "<int:file>": "0",
        "<int:hold>": str(Hold.objects.get(kind=Kind.ACCESS).pk),
        "<int:watch>": str(Watch.objects.get(kind=Kind.COURT).pk),
        "<int:release>": str(ReleaseRequest.objects.get().pk),
        "<int:notice>": str(Named.objects.get(served_on__isnull=False).pk),
    }  # fmt: skip


def _path(route: str, things: dict[str, Any]) -> str:
    """The address of a route: of the share where it is one of shares', else of the recording."""
    path = "/" + route.removeprefix("/")
    found = _paths(things)
    if path.startswith("/shares/"):
        found["<ref:reference>"] = things["sharing.share"].reference
    for name, value in found.items():
        path = path.replace(name, value)
    return path


def test_pages(cast: dict[str, User | None], things: dict[str, Any]) -> None:
    table = []
    for row, cells in matrix.rows(matrix.PAGES).items():
        method, route = row.split()
        table.append((row, method, _path(route, things), cells))
    assert "\n".join(Asker(cast).check(table)) == ""


def test_what_is_posted_is_not_done_by_a_link(
    cast: dict[str, User | None], things: dict[str, Any]
) -> None:
    asker = Asker(cast)
    rows = matrix.rows(matrix.PAGES)
    for row in rows:
        method, route = row.split()
        if method == "post" and f"get {route}" not in rows:
            path = _path(route, things)
            assert asker.ask("own", path, "get") == "x", path


def test_admin(cast: dict[str, User | None], things: dict[str, Any]) -> None:
    asker, wrong = Asker(cast), []
    for model, cells in matrix.rows(matrix.ADMIN).items():
        base, thing = f"/admin/{model.replace('.', '/')}/", things[model]
        for who, cell in cells.items():
            page = f"{base}{thing.pk}/change/"
            asked = {page: cell[0], f"{base}{thing.pk}/delete/": "-" if who != "out" else ">"}
            # A list opens for whoever may see some of it, or add to it.
            asked[base] = "y" if cell == "-+" or (who == "psdN" and model == "retention.hold") \
                else cell[0]  # fmt: skip
            asked[f"{base}add/"] = ">" if who == "out" else "y" if cell.endswith("+") else "-"
            wrong += [
                f"{path}: {who} got {got}, not {wanted}"
                for path, wanted in asked.items()
                if (got := asker.ask(who, path)) != wanted
            ]
    assert "\n".join(wrong) == ""


def test_acts_of_the_admin(cast: dict[str, User | None], things: dict[str, Any]) -> None:
    recording = things["recordings.recording"]
    audit = Audit.objects.create(asked_for=recording.reference, asked_by="lane", total=1)
    investigator = cast["psd"]
    assert investigator
    note = Note.objects.create(
        complaint=things["complaints.complaint"], recording=recording, at_ms=0, text="x",
        made_by=investigator,
    )  # fmt: skip
    ids = {name.rpartition(".")[2]: thing.pk for name, thing in things.items()}
    table = []
    for row, cells in matrix.rows(matrix.ACTS).items():
        method, route = row.split()
        more = {"audit": audit.pk, "recording": recording.pk, "note": note.pk}
        more |= {"code": "update", "figure": "units"}
        path = "/admin/" + route.format(**ids | more, reference=recording.reference)
        table.append((row, method, path, cells))
    assert "\n".join(Asker(cast).check(table)) == ""


def test_every_operation_of_the_api_asks_for_a_dock(cast: dict[str, User | None]) -> None:
    """Nobody's session opens it, whatever the role: a dock's token alone."""
    from ingest.uploads.api import api

    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                if path == "/enrol":
                    continue
                for user in cast.values():
                    client = Client()
                    if user is not None:
                        client.force_login(user)
                    answer = client.generic(operation.methods[0], f"/api{prefix}{path}".replace(
                        "{upload_id}", "01a205ae-7264-761f-8005-43b1bf25e787"))  # fmt: skip
                    assert answer.status_code == 401, path


def test_a_suspended_person_is_nobody(cast: dict[str, User | None], things: dict[str, Any]) -> None:
    client = Client()
    shah = cast["own"]
    assert shah
    client.force_login(shah)
    path = f"/footage/{things['recordings.recording'].reference}/"
    assert client.get(path).status_code == 200
    User.objects.filter(pk=shah.pk).update(status="suspended")
    assert client.get(path).headers["Location"].startswith("/sign-in/")


def test_restricted_footage_is_nobodys_without_a_grant(
    cast: dict[str, User | None], things: dict[str, Any]
) -> None:
    recording = things["recordings.recording"]
    Recording.objects.filter(pk=recording.pk).update(restricted="sexual_offence")
    asker, path = Asker(cast), f"/footage/{recording.reference}/"
    seen = {who for who in cast if asker.ask(who, path) == "y"}
    assert seen == {"case", "disc", "pan"}
    Grant.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert not {who for who in cast if asker.ask(who, path) == "y"}


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
