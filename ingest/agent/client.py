"""The dock API from the dock's side, and PUTs to the store. Threads may share one client."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import urllib3

from ingest.agent import VERSION

CHUNK = 256 * 1024


class Refused(RuntimeError):
    """The server will never take this as it is (400, 413, 422)."""


class NotAllowed(RuntimeError):
    """The dock's token is unknown or revoked (401, 403)."""


class Conflict(RuntimeError):
    """Something else must be done first (404, 409). `document` says what."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        super().__init__(str(document.get("detail", f"status {status}")))
        self.status, self.document = status, document


class Later(RuntimeError):
    """Not now: no connection, 429, 5xx, 507. `after` is seconds to wait at least."""

    def __init__(self, why: str, after: float = 1.0) -> None:
        super().__init__(why)
        self.after = after


class Limiter:
    """Holds all uploads together under a number of bytes a second; 0 is no limit."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._lock = threading.Lock()
        self._free_at = 0.0

    def take(self, count: int) -> None:
        """Wait until `count` more bytes may go."""
        if not self.rate:
            return
        with self._lock:
            now = time.monotonic()
            start = max(self._free_at, now)
            self._free_at = start + count / self.rate
        time.sleep(max(0.0, start - now))


@dataclass(frozen=True)
class Signed:
    """A request that the server signed for the store."""

    number: int
    method: str
    url: str
    headers: dict[str, str]


class Client:
    """Speaks to one server as one dock."""

    def __init__(self, server: str, token: str = "", limiter: Limiter | None = None) -> None:
        self.base = server.rstrip("/") + "/api/dock/v1"
        self.token = token
        self.limiter = limiter or Limiter(0)
        timeout = urllib3.Timeout(connect=10, read=120)
        self._http = urllib3.PoolManager(maxsize=16, timeout=timeout, retries=False)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        headers = {"User-Agent": f"bwv-agent/{VERSION}", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            answer = self._http.request(method, self.base + path, body=data, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise Later(f"the server can't be reached ({type(error).__name__})") from error
        if answer.status < 300:
            return answer.data
        raise _trouble(answer)

    def _json(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            return dict(json.loads(self._call(method, path, body)))
        except ValueError as error:
            raise Later("the server's answer can't be read") from error

    def enrol(self, code: str) -> dict[str, Any]:
        """Turn a code into name, token and the key to pin."""
        return self._json("POST", "/enrol", {"code": code})

    def register(self, file: dict[str, Any]) -> dict[str, Any]:
        """Register a file; the same file again is the same upload."""
        return self._json("POST", "/uploads", file)

    def sign(self, upload: str, parts: list[tuple[int, str]]) -> list[Signed]:
        """Signed requests for parts (number, SHA-256)."""
        body = {"parts": [{"number": number, "sha256": digest} for number, digest in parts]}
        answer = self._json("POST", f"/uploads/{upload}/parts", body)
        return [
            Signed(part["number"], part["method"], part["url"], part["headers"])
            for part in answer["parts"]
        ]

    def state(self, upload: str) -> dict[str, Any]:
        """What the server has of an upload."""
        return self._json("GET", f"/uploads/{upload}")

    def complete(self, upload: str) -> None:
        """Hand the upload to verification. Raises Conflict with the missing parts."""
        self._json("POST", f"/uploads/{upload}/complete")

    def receipt(self, upload: str) -> str | None:
        """The signed receipt; None while there is none."""
        try:
            return self._call("GET", f"/uploads/{upload}/receipt").decode()
        except Conflict as error:
            kind = str(error.document.get("type", "")).rpartition(":")[2]
            if error.status == 404 and kind in ("not-yet", "quarantined"):
                return None
            raise

    def heartbeat(self, body: dict[str, Any]) -> None:
        """Tell the server what the bays do."""
        self._call("POST", "/heartbeat", body)

    def put(self, signed: Signed, data: bytes) -> None:
        """Send one part to the store, under the bandwidth limit. Raises Later, Conflict."""

        def pieces() -> Iterator[memoryview]:
            view = memoryview(data)
            for start in range(0, len(view), CHUNK):
                piece = view[start : start + CHUNK]
                self.limiter.take(len(piece))
                yield piece

        headers = {**signed.headers, "Content-Length": str(len(data))}
        body: Any = pieces() if self.limiter.rate else data
        try:
            answer = self._http.request(
                signed.method, signed.url, body=body, headers=headers, preload_content=True
            )
        except urllib3.exceptions.HTTPError as error:
            raise Later(f"the store can't be reached ({type(error).__name__})") from error
        if answer.status < 300:
            return
        if answer.status in (400, 403, 404):
            # A signature that ran out, or an upload that the store forgot: sign again.
            raise Conflict(answer.status, {"detail": f"the store answered {answer.status}"})
        raise Later(f"the store answered {answer.status}", _after(answer))


def _after(answer: urllib3.BaseHTTPResponse) -> float:
    try:
        return min(float(answer.headers.get("Retry-After", "2")), 600.0)
    except ValueError:
        return 2.0


def _trouble(answer: urllib3.BaseHTTPResponse) -> Exception:
    try:
        document = dict(json.loads(answer.data))
    except ValueError:
        document = {}
    detail = str(document.get("detail", f"the server answered {answer.status}"))
    if answer.status in (400, 413, 422):
        return Refused(detail)
    if answer.status in (401, 403):
        return NotAllowed(detail)
    if answer.status in (404, 409):
        return Conflict(answer.status, document)
    return Later(detail, _after(answer))
