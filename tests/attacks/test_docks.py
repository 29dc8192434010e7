"""One attack a test: what a stolen or hostile dock could try."""

from __future__ import annotations

import hashlib

import pytest
import urllib3

from evidence.store import s3
from ingest.devices.models import Camera
from ingest.uploads import sealing
from ingest.uploads.models import Upload
from tests import factories
from tests.docking import DockClient

pytestmark = pytest.mark.django_db


def test_a_signed_part_does_not_open_another_object(client_of_dock: DockClient) -> None:
    made = client_of_dock.register(b"abc").json()["id"]
    digest = hashlib.sha256(b"abc").hexdigest()
    body = {"parts": [{"number": 1, "sha256": digest}]}
    part = client_of_dock.post(f"uploads/{made}/parts", body).json()["parts"][0]
    upload = Upload.objects.get(pk=made)
    elsewhere = part["url"].replace(upload.key, "2026/01/01/other")
    assert urllib3.request("PUT", elsewhere, body=b"abc", headers=part["headers"]).status >= 400
    assert urllib3.request("GET", part["url"]).status >= 400
    assert urllib3.request("DELETE", part["url"]).status >= 400


def test_a_sealed_original_can_t_be_changed_by_late_parts(
    client_of_dock: DockClient, camera: Camera
) -> None:
    made = client_of_dock.register(b"abc").json()["id"]
    body = {"parts": [{"number": 1, "sha256": hashlib.sha256(b"abc").hexdigest()}]}
    part = client_of_dock.post(f"uploads/{made}/parts", body).json()["parts"][0]
    urllib3.request("PUT", part["url"], body=b"abc", headers=part["headers"])
    client_of_dock.post(f"uploads/{made}/complete")
    sealing.verify(Upload.objects.get().pk)
    urllib3.request("PUT", part["url"], body=b"abc", headers=part["headers"])
    upload = Upload.objects.get()
    assert factories.bucket_object(upload.key) == b"abc"
    assert s3.head("originals", upload.key).version_id == upload.version_id


def test_the_store_answers_nobody_without_credentials() -> None:
    base = s3.client().meta.endpoint_url
    for path in ("", f"/{s3.bucket('originals')}", f"/{s3.bucket('custody')}?list-type=2"):
        assert urllib3.request("GET", base + path).status == 403


def test_the_filer_deletes_nothing_without_a_key() -> None:
    """SeaweedFS's filer once deleted locked objects unasked; with JWT keys it does not."""
    from tests.embedded import LAYOUT

    assert LAYOUT
    filer = f"http://127.0.0.1:{LAYOUT.port('store_filer')}/buckets/bwv-originals/"
    assert urllib3.request("DELETE", filer + "?recursive=true").status == 401
    assert urllib3.request("GET", filer).status == 401
