"""Damaging what the store holds, below its S3 door: as a disk, an operator or a thief could."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import urllib3

from evidence.store import s3
from tests.embedded import LAYOUT


def _filer(method: str, path: str, *, read: bool = False, **more: Any) -> urllib3.BaseHTTPResponse:
    assert LAYOUT
    key = LAYOUT.secret(f"weed_jwt_filer_signing{'_read' if read else ''}_key")
    token = jwt.encode({"exp": int(time.time()) + 60}, key, algorithm="HS256")
    headers = {"Authorization": f"BEARER {token}", "Accept": "application/json"}
    headers |= more.pop("headers", {})
    url = f"http://127.0.0.1:{LAYOUT.port('store_filer')}{path}"
    answer = urllib3.request(method, url, headers=headers, **more)
    assert answer.status < 300, answer.data
    return answer


def _path(alias: str, key: str, version: str, bucket: str = "") -> str:
    whole = f"/buckets/{bucket or s3.bucket(alias)}/{key}"
    return f"{whole}.versions/v_{version}" if version else whole


def metadata(alias: str, key: str, version: str = "", bucket: str = "") -> dict[str, Any]:
    answer = _filer("GET", f"{_path(alias, key, version, bucket)}?metadata=true", read=True)
    return dict(json.loads(answer.data))


def overwrite(alias: str, key: str, version: str, data: bytes, bucket: str = "") -> None:
    """Other bytes under the same version, which keeps its locks and what else is said of it."""
    known = metadata(alias, key, version, bucket)["Extended"] or {}
    headers = {
        name: base64.b64decode(value).decode()
        for name, value in known.items() if name.startswith("Seaweed-")
    }  # fmt: skip
    headers["Content-Type"] = "application/octet-stream"
    _filer("PUT", _path(alias, key, version, bucket), body=data, headers=headers)


def flipped(data: bytes, at: int = 100) -> bytes:
    """The same, but for one bit."""
    found = bytearray(data)
    found[at] ^= 1
    return bytes(found)


def rot(alias: str, key: str, version: str = "") -> None:
    """One bit of it turns on the store's disk."""
    assert LAYOUT
    wanted = b"".join(s3.read(alias, key, version))[1000:1064]
    for path in LAYOUT.store.rglob("*.dat"):
        data = path.read_bytes()
        at = data.find(wanted)
        while at >= 0:
            with path.open("r+b") as file:
                file.seek(at)
                file.write(bytes([wanted[0] ^ 1]))
            at = data.find(wanted, at + 1)
