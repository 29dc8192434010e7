"""Two stores, each an engine of its own, and footage that was docked into the first."""

from __future__ import annotations

import atexit
import copy
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from config.stack import prepare
from config.stack.layout import Layout
from evidence.people.models import User
from evidence.recordings.models import Original
from evidence.store import acceptance, buckets, whole
from evidence.store.whole import Store
from ingest.devices.models import Camera, Dock
from ingest.moving import planning, removing
from ingest.moving.models import Move
from tests import embedded, factories


@pytest.fixture(scope="session")
def second() -> Iterator[Layout]:
    """A second SeaweedFS at another endpoint."""
    folder = Path(tempfile.mkdtemp(prefix="bwv-second-"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    layout = Layout(folder, embedded.free_ports())
    process = embedded.start("store", layout)
    prepare.store(layout)
    yield layout
    embedded.stop(process)


class World:
    """The system's settings, pointed at one store and then at the other."""

    def __init__(self, settings: Any, second: Layout) -> None:
        self.settings = settings
        self.first_options = dict(settings.STORAGES["originals"]["OPTIONS"])
        self.second = second
        self.prefix = f"m{secrets.token_hex(4)}"
        self.on_source()
        buckets.ensure_buckets()
        self.target = Store(self.endpoint, self.prefix, "bwv", second.secret("store"), "us-east-1")
        for alias in whole.ALIASES:
            self.target.s3.create_bucket(
                Bucket=self.target.bucket(alias), ObjectLockEnabledForBucket=alias in whole.LOCKED
            )
        self.tried()
        self.source = whole.here()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.second.port('s3')}"

    def tried(self) -> None:
        """As `manage.py store check` leaves it; that command has a test of its own."""
        self.target.s3.put_object(
            Bucket=self.target.bucket("custody"), Key=acceptance.KEY, Body=b"{}"
        )

    def _point(self, endpoint: str, secret: str) -> None:
        storages = copy.deepcopy(self.settings.STORAGES)
        for alias in (*whole.ALIASES, "default"):
            name = "renditions" if alias == "default" else alias
            storages[alias]["OPTIONS"] |= {
                "bucket_name": f"{self.prefix}-{name}", "endpoint_url": endpoint,
                "access_key": "bwv", "secret_key": secret,
            }  # fmt: skip
        self.settings.STORAGES = storages
        self.settings.S3_ENDPOINT = self.settings.S3_PUBLIC_URL = endpoint
        self.settings.BUCKET_PREFIX = self.prefix

    def on_source(self) -> None:
        self._point(self.first_options["endpoint_url"], self.first_options["secret_key"])
        self.settings.MOVE_ACCESS_KEY = "bwv"
        self.settings.MOVE_SECRET_KEY = self.second.secret("store")

    def on_target(self) -> None:
        self._point(self.endpoint, self.second.secret("store"))
        self.settings.MOVE_SECRET_KEY = self.first_options["secret_key"]

    def listed(self, store: Store, alias: str = "originals") -> list[whole.Item]:
        return list(store.items(alias))

    def plan(self) -> Move:
        return planning.plan(endpoint=self.endpoint, prefix=self.prefix, by="mason")


@pytest.fixture
def world(transactional_db: None, settings: Any, second: Layout) -> World:
    factories.Person(username="mason", name="Jo Mason", roles=["evidence_manager"])
    factories.Person(username="quill", name="Sal Quill", roles=["evidence_manager"])
    settings.MOVE_KEEP_DAYS = 0
    return World(settings, second)


@pytest.fixture
def footage(world: World, dock: Dock, camera: Camera) -> list[Original]:
    """Five files, sealed in the source."""
    return docked(dock, 5)


def docked(dock: Dock, count: int, first: int = 0) -> list[Original]:
    """So many files of a few thousand bytes, through the ingest."""
    made = []
    for number in range(first, first + count):
        recording = factories.docked(
            dock, secrets.token_bytes(3000 + number), name=f"F{number}.bin",
            recorded_at=timezone.now() - timedelta(hours=1, seconds=number),
        )  # fmt: skip
        made.append(recording.originals.get())
    return made


def agreed(move: Move) -> Move:
    """Two people have agreed that the source is cleared."""
    for name in ("mason", "quill"):
        removing.agree(by=User.objects.get(username=name))
    move.refresh_from_db()
    return move
