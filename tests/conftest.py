"""The cast, and the running parts, for all tests."""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client, TransactionTestCase
from xdist.scheduler.loadscope import LoadScopeScheduling  # type: ignore[import-untyped]

from evidence.people.models import User
from evidence.sharing import streams
from ingest.devices.models import Camera, Dock
from tests import factories
from tests.docking import DockClient

CUSTODY = [
    f"custody_{name}"
    for name in (
        "event", "event_0", "event_1", "event_2", "node", "checkpoint", "pending", "private",
        "anchor", "alarm",
    )
]  # fmt: skip
_flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def _flush_custody_too(case: TransactionTestCase) -> None:
    """Empty the database after a test, though the custody log refuses that; categories stay."""
    with connection.cursor() as cursor:
        for table in CUSTODY:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    try:
        _flush(case)
    finally:
        with connection.cursor() as cursor:
            for table in CUSTODY:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    import_module("evidence.recordings.migrations.0002_categories").load(apps, None)
    import_module("evidence.recordings.migrations.0014_first_rules").load(apps, None)
    import_module("evidence.recordings.migrations.0004_officers_pages").load(apps, None)
    import_module("evidence.complaints.migrations.0005_data").load(apps, None)
    import_module("evidence.sampling.migrations.0002_data").load(apps, None)
    import_module("evidence.exhibits.migrations.0003_redaction_reasons").load(apps, None)
    import_module("evidence.sharing.migrations.0003_data").load(apps, None)


TransactionTestCase._fixture_teardown = _flush_custody_too  # type: ignore[attr-defined]

_login = Client._login  # type: ignore[attr-defined]


def _signed_in(client: Client, user: User, backend: str | None) -> None:
    """`force_login` gives a session like that of somebody who has just used a passkey. What a
    real sign-in asks for has tests of its own (tests/evidence/people/test_sign_in.py)."""
    _login(client, user, backend)
    session = client.session
    now = time.time()
    session["began"] = session["seen"] = now
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [
        {"method": "password", "at": now, "username": user.username},
        {"method": "mfa", "at": now, "type": "webauthn", "id": 0},
    ]
    session.save()


Client._login = _signed_in  # type: ignore[attr-defined]


class Groups(LoadScopeScheduling):
    """Of two processes each runs half of the stories, which share a running system; a file's
    tests stay together. By the address of a test: pytest 9 has taken away the name that pytest-xdist
    3.8 writes its own groups into, and hands out test by test without a word."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(Path(nodeid.partition("::")[0]))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    return Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The stories are the longest, so they begin first."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: "journeys" not in item.path.parts)


OFFICE = (
    "case_story", "complaint_story", "complaints", "exhibits", "holds_story", "retention_story",
    "review", "sampling",
)  # fmt: skip


def _group(path: Path) -> str:
    if "journeys" not in path.parts:
        return str(path)
    office = path.stem.removeprefix("test_") in OFFICE
    return "stories of the back office" if office else "stories of the front"


FOOTAGE = Path(__file__).resolve().parent.parent.parent / "shared" / "footage"


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()
    # Not every test reads what it asked for to its end, as a server does.
    streams.forget()


@pytest.fixture(autouse=True)
def _own_signer(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A signer's memory for each test, made when something is signed; a bucket folder of its own."""
    settings.SIGNER_STATE = tmp_path_factory.mktemp("signer") / "state.sqlite"
    settings.CUSTODY_FOLDER = f"test-{secrets.token_hex(6)}/"


@pytest.fixture
def shah(db: None) -> User:
    """PC Shah: an officer with a camera."""
    return factories.Person(username="shah", rank="PC", collar="4127", name="Aisha Shah",
                            roles=["officer"], unit=factories.unit("Charing Cross"))  # fmt: skip


@pytest.fixture
def okoro(db: None) -> User:
    """PC Okoro: an officer elsewhere, who must see nothing of Shah's."""
    return factories.Person(username="okoro", rank="PC", collar="5530", name="Daniel Okoro",
                            roles=["officer"], unit=factories.unit("Lewisham"))  # fmt: skip


@pytest.fixture
def hughes(db: None) -> User:
    """PS Hughes supervises Charing Cross."""
    return factories.Person(username="hughes", rank="PS", collar="88", name="Rhys Hughes",
                            roles=["supervisor"], unit=factories.unit("Charing Cross"))  # fmt: skip


@pytest.fixture
def lane(db: None) -> User:
    """DS Lane: professional standards."""
    return factories.Person(username="lane", rank="DS", collar="12", name="Morgan Lane",
                            roles=["professional_standards"])  # fmt: skip


@pytest.fixture
def auditor(db: None) -> User:
    """Sees every log and no footage."""
    return factories.Person(username="audit", name="Robin Auditor", roles=["auditor"])


@pytest.fixture
def administrator(db: None) -> User:
    """Runs the system and sees no footage."""
    return factories.Person(username="admin", name="Sam Admin", roles=["administrator"])


@pytest.fixture
def camera(shah: User) -> Camera:
    """Shah's camera, issued since 2020."""
    return factories.issued_camera("BWC-1", shah, datetime(2020, 1, 1, tzinfo=UTC))


@pytest.fixture
def dock(db: None) -> Dock:
    """An enrolled dock."""
    return factories.enrolled_dock("CH-02")[0]


@pytest.fixture
def client_of_dock(db: None) -> DockClient:
    """A dock's client, in this process: no server between."""
    dock, token = factories.enrolled_dock("CH-02")
    return DockClient(dock, token)


@pytest.fixture
def film() -> bytes:
    """A real film of two seconds, made with ffmpeg."""
    return factories.film()
