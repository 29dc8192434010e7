"""One file's way from the card to its receipt, and only then off the card.

Each step is written into the journal before the next; `advance` may be called again after
any death and goes on from there.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from evidence.custody.log import receipt as receipts
from evidence.custody.log.note import NoteError, VerifierKey
from ingest.agent import cards, journal
from ingest.agent.client import Client, Conflict, Later, Refused
from ingest.agent.journal import Entry, Journal

DEFAULT_PART = 16 * 1024 * 1024
SIGN_AT_ONCE = 100


class Held(RuntimeError):
    """The file stays on the camera, for this reason."""


class Worker:
    """Carries files; shared by threads. `tell` gets (entry, bytes just sent)."""

    def __init__(
        self,
        client: Client,
        book: Journal,
        state: Path,
        pinned: VerifierKey,
        *,
        in_flight: int = 4,
        tell: Callable[[Entry, int], None] = lambda entry, count: None,
    ) -> None:
        self.client, self.journal, self.pinned, self.tell = client, book, pinned, tell
        self.receipts = state / "receipts"
        self.receipts.mkdir(parents=True, exist_ok=True)
        self._hashed: set[int] = set()
        self._slots = threading.BoundedSemaphore(in_flight)
        self._senders = ThreadPoolExecutor(in_flight, thread_name_prefix="part")

    def close(self) -> None:
        """End the sending threads."""
        self._senders.shutdown(wait=True, cancel_futures=True)

    # --- up to the server's verification ---

    def advance(self, entry: Entry, card: cards.Card, found: cards.Found) -> None:
        """Bring a file as far as `sent`. Raises Held, Later, OSError."""
        path = card.bay / found.path
        if entry.state in (journal.FOUND, journal.HELD, journal.WIPED):
            self._hash(entry, path)
        if entry.state == journal.HASHED:
            self._register(entry, card, found)
        if entry.state == journal.REGISTERED:
            self._send(entry, path)

    def _hash(self, entry: Entry, path: Path) -> None:
        part_size = int(self.journal.setting("part_size") or DEFAULT_PART)
        whole, parts, size = cards.fingerprint(path, part_size)
        if size != entry.size or not cards.unchanged(path, entry.size, entry.mtime_ns):
            raise Held("it changed while it was read; it will be read again")
        self._hashed.add(entry.id)
        self.journal.update(
            entry,
            state=journal.HASHED,
            sha256=whole,
            part_size=part_size,
            part_hashes=parts,
            upload="",
            reason="",
        )

    def _register(self, entry: Entry, card: cards.Card, found: cards.Found) -> None:
        now = datetime.now(UTC)
        clock = (now + card.clock_error).isoformat() if card.clock_error is not None else None
        try:
            answer = self.client.register(
                {
                    "camera": entry.camera,
                    "file_id": entry.file_id,
                    "size": entry.size,
                    "sha256": entry.sha256,
                    "recorded_at": found.recorded_at().isoformat(),
                    "camera_clock": clock,
                    "dock_clock": now.isoformat(),
                }
            )
        except Refused as error:
            raise Held(f"the server does not take it: {error}") from error
        part_size = int(answer["part_size"])
        hashes = entry.part_hashes
        if part_size != entry.part_size:
            path = card.bay / found.path
            whole, hashes, _ = cards.fingerprint(path, part_size)
            if whole != entry.sha256:
                raise Held("it reads differently each time; the card may be damaged")
            if entry.size > part_size:
                self.journal.keep_setting("part_size", str(part_size))
        sent = answer["state"] != "receiving"
        self.journal.update(
            entry,
            state=journal.SENT if sent else journal.REGISTERED,
            upload=answer["id"],
            part_size=part_size,
            part_hashes=hashes,
        )

    def _send(self, entry: Entry, path: Path) -> None:
        try:
            state = self.client.state(entry.upload)
            if state["state"] == "receiving":
                have = {part["number"] for part in state["parts"]}
                missing = [n for n in range(1, len(entry.part_hashes) + 1) if n not in have]
                self.tell(entry, sum(part["size"] for part in state["parts"]))
                self._send_parts(entry, path, missing)
                self.client.complete(entry.upload)
        except Conflict as error:
            if error.status == 404:
                self.journal.update(entry, state=journal.HASHED, upload="")
            raise Later(str(error), 0.5) from error
        except Refused as error:
            raise Held(f"the server does not take it: {error}") from error
        self.journal.update(entry, state=journal.SENT)

    def _send_parts(self, entry: Entry, path: Path, missing: list[int]) -> None:
        for start in range(0, len(missing), SIGN_AT_ONCE):
            batch = missing[start : start + SIGN_AT_ONCE]
            signed = self.client.sign(
                entry.upload, [(number, entry.part_hashes[number - 1]) for number in batch]
            )
            waiting: list[Future[None]] = []
            failed = threading.Event()
            try:
                for request in signed:
                    self._slots.acquire()
                    if failed.is_set():
                        self._slots.release()
                        break
                    try:
                        # Read only when a slot is free: memory is slots times part size.
                        data = cards.read_part(path, request.number, entry.part_size)
                        if (
                            hashlib.sha256(data).hexdigest()
                            != entry.part_hashes[request.number - 1]
                        ):
                            raise Held("it reads differently each time; the card may be damaged")
                        future = self._senders.submit(self.client.put, request, data)
                    except BaseException:
                        self._slots.release()
                        raise
                    size = len(data)
                    del data

                    def done(
                        outcome: Future[None],
                        size: int = size,
                        failed: threading.Event = failed,
                    ) -> None:
                        self._slots.release()
                        if outcome.cancelled() or outcome.exception():
                            failed.set()
                        else:
                            self.tell(entry, size)

                    future.add_done_callback(done)
                    waiting.append(future)
            finally:
                errors = [future.exception() for future in waiting]
            for error in errors:
                if error is not None:
                    raise error

    # --- the receipt, and the wipe ---

    def settle(self, entry: Entry, card: cards.Card, found: cards.Found) -> bool:
        """Wipe a sent file once its receipt is good; whether it is settled.

        Raises Held when the receipt is not good or the server put the file aside.
        """
        try:
            text = self._kept(entry) or self.client.receipt(entry.upload)
            state = self.client.state(entry.upload) if text is None else {}
        except Conflict as error:
            # The server does not know this upload (another dock's token, or a restored server).
            self.journal.update(entry, state=journal.HASHED, upload="")
            raise Later(f"registered anew: {error}", 0.5) from error
        if text is None:
            if state["state"] == "quarantined":
                raise Held(f"the server put it in quarantine: {state['reason']}")
            if state["state"] in ("receiving", "abandoned"):
                self.journal.update(entry, state=journal.HASHED, upload="")
            return False
        self._check(entry, text)
        self._keep(entry, text)
        path = card.bay / found.path
        if not _same_card(card):
            return False  # the camera was pulled out: it is wiped when it comes back
        if path.exists():
            self._same_file(entry, path)
            cards.wipe(path)
        self.journal.update(entry, state=journal.WIPED)
        return True

    def _same_file(self, entry: Entry, path: Path) -> None:
        """Raise Held unless this is the file that was hashed.

        One that this process did not hash itself (the camera was away, or the power) is read
        again: another file may have its name, size and time.
        """
        if not cards.unchanged(path, entry.size, entry.mtime_ns):
            raise Held("it changed after it was read; it will be read again")
        if entry.id not in self._hashed:
            whole, _, _ = cards.fingerprint(path, entry.part_size or DEFAULT_PART)
            if whole != entry.sha256:
                raise Held("it is another file than was stored; it will be read again")

    def _check(self, entry: Entry, text: str) -> None:
        try:
            found = receipts.open_receipt(text, [self.pinned])
        except (NoteError, receipts.ReceiptError) as error:
            raise Held(f"its receipt is not good: {error}") from error
        named = (found.sha256, found.size, found.camera, found.file, found.upload)
        own = (entry.sha256, entry.size, entry.camera, entry.file_id, entry.upload)
        if named != own:
            raise Held("its receipt names another file")

    def _kept(self, entry: Entry) -> str | None:
        path = self.receipts / f"{entry.upload}.txt"
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def _keep(self, entry: Entry, text: str) -> None:
        """Keep the receipt for ever, on disk before anything is wiped."""
        path = self.receipts / f"{entry.upload}.txt"
        if path.is_file():
            return
        draft = path.with_suffix(".part")
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        handle = os.open(self.receipts, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        self.journal.update(entry, receipt=path.name)


def _same_card(card: cards.Card) -> bool:
    try:
        now = cards.Card.read(card.bay)
    except cards.CardUnreadable:
        return False
    return now is not None and now.serial == card.serial
