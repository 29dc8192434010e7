"""POST <prefix>/add-checkpoint as C2SP tlog-witness asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import structlog

from evidence.custody.log import hashing, note, witnessing
from evidence.custody.log.checkpoint import Checkpoint, CheckpointError
from evidence.custody.log.keys import NoteError, VerifierKey, WitnessKey
from evidence.custody.witness.state import Memory

log = structlog.get_logger("witness")
MAX_BODY = 256 * 1024
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """Status, body and content type."""

    status: int
    body: str
    kind: str = TEXT


class Witness:
    """What it knows: its key, the logs it watches, its memory."""

    def __init__(
        self, key: WitnessKey, logs: Mapping[str, Sequence[VerifierKey]], memory: Path
    ) -> None:
        self.key, self.logs, self.memory = key, logs, memory

    def add_checkpoint(self, body: str) -> Answer:
        """The answer to one request (tlog-witness, add-checkpoint)."""
        try:
            asked = witnessing.parse(body)
            text, _ = note.split(asked.checkpoint)
            tree = Checkpoint.parse(text)
        except (hashing.ProofError, NoteError, CheckpointError) as error:
            return Answer(400, f"{error}\n")
        keys = self.logs.get(tree.origin)
        if keys is None:
            return Answer(404, "This witness does not know that log.\n")
        try:
            note.open_checkpoint(asked.checkpoint, keys)
        except (NoteError, CheckpointError) as error:
            return Answer(403, f"{error}\n")
        if asked.old > tree.size:
            return Answer(400, "The old size is larger than the checkpoint.\n")
        memory = Memory(self.memory)
        try:
            return self._decide(memory, asked, tree, text)
        finally:
            memory.close()

    def _decide(
        self, memory: Memory, asked: witnessing.Request, tree: Checkpoint, text: str
    ) -> Answer:
        refused = ""
        with memory.transaction():
            size, root = memory.latest(tree.origin)
            if asked.old != size:
                # Its own mistake, or a log that was set back: the answer names what we hold.
                if tree.size < size:
                    log.critical("a log shows less than it has shown before", origin=tree.origin,
                                 size=tree.size, held=size)  # fmt: skip
                return Answer(409, f"{size}\n", witnessing.SIZE_TYPE)
            try:
                _check(size, root, tree, asked.path)
            except hashing.ProofError as error:
                refused = str(error)
                moment = datetime.now(UTC).isoformat(timespec="seconds")
                memory.keep_refused(moment, tree.origin, refused, asked.body())
            else:
                memory.keep(tree.origin, tree.size, tree.root, asked.checkpoint)
        if refused:
            log.critical(
                "FORK: a log signed a tree that does not extend the one it showed before",
                origin=tree.origin, size=tree.size, held=size, reason=refused,
            )  # fmt: skip
            if tree.size == size:
                return Answer(409, f"{size}\n", witnessing.SIZE_TYPE)
            return Answer(422, f"{refused}\n")
        return Answer(200, self.key.sign(text))


def _check(size: int, root: bytes, tree: Checkpoint, path: Sequence[bytes]) -> None:
    if size == 0:
        if path:
            raise hashing.ProofError("a proof from an empty tree has no hashes")
        if tree.size == 0 and tree.root != hashing.EMPTY_ROOT:
            raise hashing.ProofError("an empty tree has another root")
        return
    hashing.check_consistency(size, tree.size, root, tree.root, path)


class Door(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    timeout = 30

    def do_POST(self) -> None:
        """Only add-checkpoint."""
        length = self.headers.get("Content-Length", "")
        if self.path.rstrip("/").rpartition("/")[2] != "add-checkpoint":
            self._answer(Answer(404, "There is nothing here.\n"))
        elif not length.isdigit() or int(length) > MAX_BODY:
            self._answer(Answer(413, "Too long.\n"))
        else:
            try:
                body = self.rfile.read(int(length)).decode("utf-8")
            except UnicodeDecodeError:
                self._answer(Answer(400, "Not UTF-8.\n"))
                return
            self._answer(self.server.witness.add_checkpoint(body))

    def _answer(self, answer: Answer) -> None:
        raw = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not news."""


class Server(ThreadingHTTPServer):
    """Listens."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        super().__init__(address, Door)
        self.witness = witness
