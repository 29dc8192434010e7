"""The replica in another store, with an account of its own: a second SeaweedFS."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.stack import prepare
from config.stack.layout import Layout
from evidence.fixity import mending, reading, replica, sweep
from evidence.fixity.models import Damage, ReplicaCopy, State
from evidence.recordings.models import Original
from evidence.store import buckets, s3
from ingest.accounting import arrivals
from tests import embedded
from tests.evidence.fixity.conftest import aged

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere(settings: Any) -> Iterator[str]:
    """Another store, in another folder, with another secret."""
    folder = Path(tempfile.mkdtemp(prefix="bwv-other-"))
    layout = Layout(folder, embedded.free_ports())
    process = embedded.start("store", layout)
    prepare.store(layout)
    endpoint = f"http://127.0.0.1:{layout.port('s3')}"
    storages = dict(settings.STORAGES)
    options = {
        **storages["originals"]["OPTIONS"], "bucket_name": "elsewhere", "endpoint_url": endpoint,
        "access_key": "bwv", "secret_key": layout.secret("store"),
    }  # fmt: skip
    settings.STORAGES = {**storages, "replica": {**storages["originals"], "OPTIONS": options}}
    assert buckets.ensure_buckets() == ["elsewhere"]
    yield endpoint
    embedded.stop(process)
    shutil.rmtree(folder, ignore_errors=True)


def test_an_original_is_copied_to_another_store_and_restored_from_it(
    original: Original, elsewhere: str, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    State.objects.create(pk=1, allowance=10**9)
    monkeypatch.setattr(reading, "sleep", lambda seconds: None)
    assert elsewhere != s3.client().meta.endpoint_url
    assert s3.client("replica").meta.endpoint_url == elsewhere
    assert replica.run() == 1
    copy = ReplicaCopy.objects.get()
    assert b"".join(s3.read("replica", copy.key, copy.version_id)) == film
    assert not [
        row for row in s3.versions("originals", copy.key) if row.version_id == copy.version_id
    ]
    with pytest.raises(s3.StoreError):
        s3.delete_version("replica", copy.key, copy.version_id)
    # What is asked of the replica is asked of its own store.
    begun = s3.start_multipart("replica", "begun", "x/y")
    assert [part.upload_id for part in buckets.multiparts("replica")] == [begun]
    assert list(arrivals.unfinished("replica")) == []
    s3.legal_hold("replica", copy.key, copy.version_id, True)
    assert s3.lock_of("replica", copy.key, copy.version_id).hold
    s3.legal_hold("replica", copy.key, copy.version_id, False)
    assert s3.lock_of("replica", copy.key, copy.version_id).mode == "GOVERNANCE"
    s3.destroy("originals", original.key, original.version_id)
    aged(original)
    sweep.run()
    assert mending.run() == 1
    original.refresh_from_db()
    assert b"".join(s3.read("originals", original.key, original.version_id)) == film
    assert Damage.objects.get().how == "replica"
    assert s3.destroy("replica", copy.key, copy.version_id)
    assert not list(s3.versions("replica", copy.key))
