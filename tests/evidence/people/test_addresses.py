"""Whatever stands in an address, the answer is a page or that there is none: never our fault."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.utils import timezone

from evidence.cases.models import Case
from evidence.people.models import User
from evidence.retention.models import Batch
from evidence.retention.models import Item as DisposalItem
from evidence.sampling import actions as sampling
from evidence.sharing.models import Share
from ingest.requests import actions as requests
from tests import factories, sharing
from tests.evidence.exhibits import casting
from tests.evidence.people import matrix
from tests.evidence.sampling.conftest import wish

pytestmark = pytest.mark.django_db

DIGITS = "9" * 4400
HOSTILE = [
    "\0", "a\0b", DIGITS, "9" * 18, "-1", "9999-12-31", "0001-01-01", "²", f"{DIGITS}~{DIGITS}",
    "8999-12-31T23:59:59+00:00~\0", "\ud800", "x" * 5000,
]  # fmt: skip
# Everything that a view of ours reads from an address.
NAMES = [
    "r", "file", "look", "since", "w", "before", "after", "whose", "show", "pick", "group", "q",
    "officer", "unit", "start", "end", "category", "incident", "camera", "state", "length",
    "restricted", "markers", "until", "kind", "rule", "next", "what", "back", "again", "p", "o", "from",
    "to", "case", "recording", "exhibit", "item",
]  # fmt: skip
ROUTES = sorted(
    row.split()[1].lstrip("/") for row in matrix.rows(matrix.PAGES) if row.startswith("get ")
)


@pytest.fixture
def everybody(lane: User, auditor: User, hughes: User) -> list[Client]:
    clients = []
    mana = factories.Person(username="mana", name="M Mana", roles=["evidence_manager"])
    for user in (lane, auditor, hughes, mana):
        client = Client(raise_request_exception=False)
        client.force_login(user)
        clients.append(client)
    return clients


def _batch(shah: User) -> Batch:
    """On its way out, released by a rule."""
    batch = Batch.objects.create(ground="x", state="leaving", by_rule=True)
    DisposalItem.objects.create(batch=batch, recording=factories.recording(shah), state="leaving",
                                goes_at=timezone.now())  # fmt: skip
    return batch


@pytest.fixture
def values(shah: User, lane: User) -> dict[str, str]:
    recording = factories.recording(shah, duration_ms=5000)
    plan = sampling.commit(by=lane, wish=wish())
    urn = factories.case(lane, recording)
    casting.exhibit(Case.objects.get(), recording, shah, "AS/1")
    asked = requests.make(by=lane, wish=requests.Wish(
        "J", "j@example.org", "x", timezone.now() + timedelta(days=1)))  # fmt: skip
    sharing.make(lane, recording, case=Case.objects.get())
    return {
        "<ref:reference>": recording.reference, "<ref:recording>": recording.reference,
        "<slug:provider_id>": "force", "<slug:uidb36>": "1", "<str:key>": "x", "<int:pk>": "1",
        "<int:marker>": "1", "<int:original>": "1", "<int:unusual>": "1", "<int:notice>": "1",
        "<int:damage>": "1", "<int:rule>": "1", "<int:item>": "1",
        "<batch:batch>": _batch(shah).reference,
        "<str:subject>": recording.reference, "<str:person>": shah.ref, "<path:name>": "D-1",
        "<sample:plan>": plan.reference, "<sample:session>": "PS-2222-2222", "<number:item>": "1",
        "<request:reference>": asked.reference, "<uuid:upload>": str(uuid.uuid4()),
        "<int:quarantine>": "1", "<urn:urn>": urn, "<int:member>": "1", "<int:day>": "1",
        "<int:contact>": "1", "<int:number>": "1", "<mark:mark>": "AS-1",
        "<item:key>": recording.reference, "<slug:code>": "traffic",
    }  # fmt: skip


def broken(client: Client, path: str, query: dict[str, Any] | None = None) -> bool:
    savepoint = transaction.savepoint()
    try:
        return client.get(path, query).status_code >= 500
    finally:
        transaction.savepoint_rollback(savepoint)


def test_the_names_are_those_that_views_read() -> None:
    import re
    from pathlib import Path

    here = Path(__file__).parents[3]
    read = set()
    for file in [*here.glob("evidence/**/*.py"), *here.glob("ingest/**/*.py")]:
        found = re.findall(r"request\.GET(?:\.get(?:list)?\(|\[)\"(\w+)\"", file.read_text())
        read |= set(found)
    assert read <= set(NAMES)


def asked(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("route", ROUTES)
def test_no_query_is_our_fault(route: str, everybody: list[Client], values: dict[str, str]) -> None:
    path = "/" + route
    if route.startswith("shares/"):
        path = path.replace("<ref:reference>", Share.objects.get().reference)
    for part, value in values.items():
        path = path.replace(part, value)
    for value in HOSTILE:
        query = {name: [asked(value), "R-2222-2222"] for name in NAMES}
        for client in everybody:
            assert not broken(client, path, query), value[:20]


@pytest.mark.parametrize(
    "route",
    [
        "search/", "together/", "footage/", "footage/new/", "footage/categorise/",
        "footage/<ref:reference>/facts/", "audit/unusual/", "audit/people/<str:person>/",
        "audit/recordings/<str:subject>/",
    ],
)  # fmt: skip
def test_no_single_value_is_our_fault(
    route: str, everybody: list[Client], values: dict[str, str]
) -> None:
    """Where one wrong value would hide what another does."""
    assert route in ROUTES
    path, client = "/" + route, everybody[route.startswith("audit/")]
    for part, value in values.items():
        path = path.replace(part, value)
    found = [
        (name, value[:20])
        for name in NAMES for value in HOSTILE
        if broken(client, path, {name: [asked(value)]})
    ]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("route", [route for route in ROUTES if "<" in route])
def test_no_path_is_our_fault(route: str, everybody: list[Client], values: dict[str, str]) -> None:
    parts = [part for part in values if part in route]
    for hostile in ("%00", "a%00b", "9" * 4400, "9" * 19, "%ff", "²", "..", "x" * 5000):
        for client in everybody:
            for part in parts:
                path = "/" + route.replace(part, hostile)
                for other in parts:
                    path = path.replace(other, values[other])
                assert not broken(client, path), path[:80]


def test_no_list_of_the_admin_breaks(lane: User, administrator: User) -> None:
    found = []
    for user in (lane, administrator):
        client = Client(raise_request_exception=False)
        client.force_login(user)
        for model, site in admin.site._registry.items():
            path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            names = ["q", "p", "o", "_facets", "e"]
            for one in site.list_filter:  # type: ignore[attr-defined]
                name = str(getattr(one, "parameter_name", one))
                names += [name, f"{name}__exact", f"{name}__id__exact"]
            for name in names:
                found += [
                    (path, name, value[:9])
                    for value in ("\0", DIGITS, "9999-12-31")
                    if broken(client, path, {name: value})
                ]
            for value in ("%00", "9" * 4400, "_00", "²"):
                if broken(client, f"{path}{value}/change/"):
                    found.append((path, "change", value[:9]))
    assert found == []


def test_what_is_posted_with_a_nul_is_not_our_fault(lane: User, shah: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(lane)
    one, other = (factories.recording(shah, duration_ms=5000).reference for _ in range(2))
    sent: dict[str, Any] = {
        "r": [one, other],
        "camera": other,
        "seconds": "1",
        "reason": "the same door",
    }
    for name in sent:
        answer = client.post("/together/move/", sent | {name: "\0"})
        assert answer.status_code in (302, 404, 422), name
    for name in ("at", "text"):
        sent = {"at": "1", "text": "x"} | {name: "\0"}
        assert client.post(f"/footage/{one}/markers/", sent).status_code in (302, 422), name
