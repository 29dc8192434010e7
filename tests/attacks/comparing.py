"""Two answers side by side, and the people and things that probes ask about: what may not be seen
has to answer, byte for byte, as what does not exist."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from evidence.people.models import User
from evidence.recordings import search
from evidence.recordings.models import Category, IncidentType, Marker, Recording
from tests import factories

MOMENT = datetime(2026, 11, 22, 22, 14, 7, tzinfo=UTC)
CURSOR = "2026-11-22T22:14:08%2B00:00~999999"


# --- who asks, and of what ---
def a_person(username: str, *roles: str, unit: str | None = None, **more: Any) -> User:
    found = factories.unit(unit) if unit else None
    made, _ = User.objects.get_or_create(
        username=username,
        defaults={"name": f"{username} Test", "roles": list(roles), "unit": found, **more},
    )
    return made


READERS: dict[str, Callable[[], User]] = {
    "another officer": lambda: a_person("other", "officer", unit="Lewisham"),
    "another unit's supervisor": lambda: a_person("super", "supervisor", unit="Lewisham"),
    "a case officer without a grant": lambda: a_person("case", "case_officer"),
    "a panel member without a grant": lambda: a_person("panel", "panel_member"),
    "an administrator": lambda: a_person("root", "administrator"),
}
# These may see everything, but nothing restricted.
OFFICE: dict[str, Callable[[], User]] = {
    "who recorded it": lambda: User.objects.get(username="owner"),
    "their supervisor": lambda: a_person("chief", "supervisor", unit="Charing Cross"),
    "professional standards": lambda: a_person("stan", "professional_standards"),
    "the evidence manager": lambda: a_person("mana", "evidence_manager"),
    "the appropriate authority": lambda: a_person("auth", "appropriate_authority"),
}


def an_owner() -> User:
    return a_person("owner", "officer", unit="Charing Cross", collar="7717", rank="PC")


def a_thing(**fields: Any) -> Recording:
    """A recording with a word of its own in every field that something could find it by."""
    owner = User.objects.get(username="owner")
    made = factories.recording(
        owner, camera="CAMZEBRA-9", crime_reference="77QQ/77177/26", note="a zebranote fell",
        category=Category.objects.get(code="arrest"), incident=IncidentType.objects.first(),
        duration_ms=5000, happened_at=MOMENT, media="unplayable", **fields,
    )  # fmt: skip
    made.originals.update(file_name="ZEBRAFILE_1.MP4", dock="ZEBRADOCK")
    Marker.objects.create(recording=made, at_ms=1, text="zebramarker", made_by=owner)
    search.reindex(made)
    return made


SITUATIONS: list[tuple[str, Callable[[], User], dict[str, str]]] = [
    *((name, reader, {}) for name, reader in READERS.items()),
    *((f"{name}, restricted", reader, {"restricted": "covert"}) for name, reader in OFFICE.items()),
]


# --- two answers side by side ---
_TOKEN = re.compile(rb"[A-Za-z0-9]{64}")
_VARIES = ("X-Request-Id", "X-Request-ID", "Date", "Expires")


def plain(answer: Any, *names: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body without what differs between any two answers."""
    body = b"" if answer.streaming else bytes(answer.content)
    body = _TOKEN.sub(b"TOKEN", body)
    headers = {name: "" if name in _VARIES else value for name, value in answer.headers.items()}
    for name in names:
        for form in {name, name.lower(), name.replace("-", ""), name.replace("-", "").lower()}:
            body = body.replace(form.encode(), b"NAME")
            headers = {key: value.replace(form, "NAME") for key, value in headers.items()}
    return answer.status_code, headers, body


def difference(one: bytes, other: bytes) -> list[bytes]:
    """The first lines that differ, to say what gave it away."""
    pairs = zip(one.splitlines(), other.splitlines(), strict=False)
    return next(([a, b] for a, b in pairs if a != b), [])


def client_of(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client
