"""A store with a second bucket, and files that were read long ago."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from evidence.custody import sequencer
from evidence.exhibits.models import Clip
from evidence.fixity.models import ReplicaCopy
from evidence.people.models import User
from evidence.recordings.models import Original, Rendition
from evidence.store import buckets
from ingest.devices.models import Camera, Dock
from tests import factories


@pytest.fixture
def original(dock: Dock, camera: Camera, film: bytes) -> Original:
    """A file that was docked, and not read for long."""
    made = factories.docked(dock, film).originals.get()
    sequencer.run()
    return aged(made)


@pytest.fixture
def manager(db: None) -> User:
    return factories.Person(username="keeper", name="Kit Keeper", roles=["evidence_manager"])


def aged(original: Original) -> Original:
    """Nothing of it was read for a hundred days."""
    then = timezone.now() - timedelta(days=100)
    Original.objects.filter(pk=original.pk).update(checked_at=then)
    Rendition.objects.filter(original=original).update(checked_at=then + timedelta(hours=1))
    ReplicaCopy.objects.filter(original=original).update(checked_at=then + timedelta(hours=2))
    Clip.objects.filter(original=original).update(checked_at=then + timedelta(hours=3))
    original.refresh_from_db()
    return original


@pytest.fixture
def replica(settings: Any) -> str:
    """A second bucket, in the same store."""
    storages = dict(settings.STORAGES)
    name = f"replica-{secrets.token_hex(5)}"
    options = {**storages["originals"]["OPTIONS"], "bucket_name": name}
    settings.STORAGES = {**storages, "replica": {**storages["originals"], "OPTIONS": options}}
    assert buckets.ensure_buckets() == [name]
    return name
