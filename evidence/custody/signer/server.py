"""The signer's door: POST /sign gives a checkpoint, GET /state says what it knows.

Whoever asks can only make it sign what is there and sound, so the shared token keeps out
noise, not attackers.
"""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import structlog

from evidence.custody.log.keys import Signer as Key
from evidence.custody.signer.rounds import Refused, SqlReader, sign
from evidence.custody.signer.state import State

log = structlog.get_logger("signer")


class Signing:
    """Rounds over one database, one after the other, reconnecting where that is needed."""

    def __init__(
        self, database: str, state: Path, origin: str, keys: Callable[[], Sequence[Key]]
    ) -> None:
        self.database, self.path, self.origin, self.keys = database, state, origin, keys
        self._lock = threading.Lock()

    def sign(self) -> str:
        """One round. Raises Refused, ValueError, psycopg.Error or OSError."""
        with self._lock, psycopg.connect(self.database, autocommit=True) as connection:
            state = State(self.path)
            try:
                reader = SqlReader(lambda text, values: connection.execute(text, values).fetchall())
                return sign(reader, state, self.origin, self.keys())
            finally:
                state.close()

    def state(self) -> dict[str, Any]:
        """What it has signed last, and its alarms."""
        state = State(self.path)
        try:
            signed = state.newest()
            return {"size": signed.size, "root": signed.root.hex(), "alarms": state.alarms()}
        finally:
            state.close()


class Door(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    timeout = 30

    def do_POST(self) -> None:
        """POST /sign: the note, 409 with a sentence where it refuses."""
        if self.path != "/sign" or not self._known():
            self._answer(HTTPStatus.NOT_FOUND, "There is nothing here.\n")
            return
        try:
            self._answer(HTTPStatus.OK, self.server.signing.sign())
        except Refused as error:
            log.critical("the signer refuses to sign", reason=str(error))
            self._answer(HTTPStatus.CONFLICT, f"{error}\n")
        except ValueError as error:
            self._answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}\n")
        except Exception as error:  # whatever it is, the signer lives on and says so
            log.error("a round failed", error=str(error), kind=type(error).__name__)
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, f"{error}\n")

    def do_GET(self) -> None:
        """GET /state."""
        if self.path != "/state" or not self._known():
            self._answer(HTTPStatus.NOT_FOUND, "There is nothing here.\n")
            return
        self._answer(HTTPStatus.OK, json.dumps(self.server.signing.state()) + "\n")

    def _known(self) -> bool:
        given = self.headers.get("Authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, f"Bearer {self.server.token}".encode())

    def _answer(self, status: HTTPStatus, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not news."""


class Server(ThreadingHTTPServer):
    """Listens."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], signing: Signing, token: str) -> None:
        super().__init__(address, Door)
        self.signing, self.token = signing, token
