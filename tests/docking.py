"""A dock's client for tests, against the views in this process."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.test import Client

from ingest.devices.models import Dock


class DockClient:
    """Calls the dock API with one token."""

    def __init__(self, dock: Dock | None, token: str = "") -> None:
        self.dock, self.token, self.http = dock, token, Client()

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        return self.http.generic(
            method, f"/api/dock/v1/{path}", data, "application/json", headers=headers, **more
        )

    def post(self, path: str, body: Any = None) -> Any:
        return self.call("POST", path, body)

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def register(self, data: bytes = b"x", **more: Any) -> Any:
        body = {
            "camera": "BWC-1", "file_id": "A.MP4", "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "recorded_at": "2026-11-22T22:14:07Z", "camera_clock": None, "dock_clock": None,
        }  # fmt: skip
        return self.post("uploads", body | more)
