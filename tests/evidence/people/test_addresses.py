"""Whatever stands in an address, the answer is a page or that there is none: never our fault."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from evidence.people.models import User
from tests import factories
from tests.evidence.people import matrix

pytestmark = pytest.mark.django_db

DIGITS = "9" * 4400
HOSTILE = [
    "\0", "a\0b", DIGITS, "9" * 18, "-1", "9999-12-31", "9999-12-30", "0001-01-01", "²", "٣",
    f"{DIGITS}~{DIGITS}", "9~\0", "8999-12-31T23:59:59+00:00~\0", "nan", "\ud800", "x" * 5000,
    "' OR 1=1 --", "%", "[]", "R-2222-2222",
]  # fmt: skip
# Everything that a view of ours reads from an address.
NAMES = [
    "r", "file", "look", "since", "w", "before", "after", "whose", "show", "pick", "group", "q",
    "officer", "unit", "start", "end", "category", "incident", "camera", "state", "length",
    "restricted", "markers", "until", "kind", "rule", "next", "what", "back", "again", "p", "o",
]  # fmt: skip
ROUTES = sorted(
    row.split()[1].lstrip("/") for row in matrix.rows(matrix.PAGES) if row.startswith("get ")
)


@pytest.fixture
def everybody(lane: User, auditor: User, hughes: User, shah: User) -> list[Client]:
    clients = []
    for user in (lane, auditor, hughes, shah):
        client = Client(raise_request_exception=False)
        client.force_login(user)
        clients.append(client)
    return clients


@pytest.fixture
def values(shah: User, lane: User) -> dict[str, str]:
    recording = factories.recording(shah, duration_ms=5000)
    return {
        "<ref:reference>": recording.reference, "<ref:recording>": recording.reference,
        "<slug:provider_id>": "force", "<str:uidb36>": "1", "<str:key>": "x", "<int:pk>": "1",
        "<int:marker>": "1", "<int:original>": "1", "<int:unusual>": "1",
        "<str:subject>": recording.reference, "<str:person>": shah.ref, "<path:name>": "D-1",
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


@pytest.mark.parametrize("route", ROUTES)
def test_no_query_is_our_fault(route: str, everybody: list[Client], values: dict[str, str]) -> None:
    path = "/" + route
    for part, value in values.items():
        path = path.replace(part, value)
    found = []
    for value in HOSTILE:
        text = value.encode("utf-8", "surrogatepass")
        together = {name: [text, "R-2222-2222"] for name in NAMES}
        for client in everybody:
            # All at once, and each alone where one wrong value hides the others.
            asked = [together, *({name: one} for name, one in together.items())]
            for query in asked if client is not everybody[3] else asked[:1]:
                if broken(client, path, query):
                    found.append((value[:20], sorted(query)[:2]))
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
