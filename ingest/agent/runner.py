"""Watches the bays and keeps files moving until each is wiped or held with a reason."""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.agent import VERSION, cards, journal
from ingest.agent.client import Client, Later, NotAllowed
from ingest.agent.journal import Entry, Journal
from ingest.agent.show import Show, log
from ingest.agent.work import Held, Worker

Carried = tuple[Entry, cards.Found]
HELD_AGAIN = 600.0
SCAN_EVERY = 2.0
HEARTBEAT_EVERY = 2.0
POLL = 0.1
# Receipts asked for between two files: thousands may wait while others are still sent.
ASK_AT_ONCE = 8


@dataclass
class Bay:
    """One bay as this run has come with it."""

    folder: Path
    card: cards.Card | None = None
    total: int = 0
    open: int = 0
    held: int = 0
    trouble: str = ""

    def state(self) -> str:
        """The word for the dock's screen. Ready needs a checked receipt for every file."""
        if self.trouble or self.held:
            return "keep"
        if self.card is None:
            return "empty"
        return "copying" if self.open else "ready"


@dataclass
class _Backoff:
    """How long to leave a file alone after it failed."""

    until: float = 0.0
    tries: int = 0

    def failed(self, after: float) -> float:
        self.tries += 1
        pause: float = max(after, min(60.0, 0.5 * 2 ** min(self.tries, 7)))
        self.until = time.monotonic() + pause
        return pause


@dataclass
class Runner:
    """One dock's work. `once` ends when nothing is left to do."""

    worker: Worker
    client: Client
    book: Journal
    bays: list[Bay]
    show: Show
    files_at_once: int = 3
    stop: threading.Event = field(default_factory=threading.Event)
    _backoff: dict[int, _Backoff] = field(default_factory=dict)
    _held_at: dict[int, float] = field(default_factory=dict)
    _ask_at: dict[int, tuple[float, float]] = field(default_factory=dict)
    _next_heartbeat: float = 0.0
    _refused: NotAllowed | None = None

    def run(self, once: bool) -> bool:
        """Work; with `once` until all files are wiped or held: whether nothing is held.

        Raises NotAllowed when the server ended this dock's token.
        """
        with ThreadPoolExecutor(self.files_at_once, thread_name_prefix="file") as files:
            while not self.stop.is_set():
                left = sum(self._round(bay, files) for bay in self.bays)
                self._heartbeat()
                if self._refused:
                    raise self._refused
                if once and not left:
                    break
                self.stop.wait(POLL if left else SCAN_EVERY)
        return not any(bay.held or bay.trouble for bay in self.bays)

    def _round(self, bay: Bay, files: ThreadPoolExecutor) -> int:
        """One look at a bay: carry what lies there; how many files are still open."""
        try:
            card = cards.Card.read(bay.folder)
            found = cards.files(card) if card else []
        except cards.CardUnreadable as error:
            if bay.trouble != str(error):
                log.warning("KEEP IN DOCK %s: the card can't be read: %s", bay.folder, error)
            bay.trouble, bay.open = str(error), 0
            return 0
        bay.trouble = ""
        if card is None:
            bay.card, bay.open, bay.held = None, 0, 0
            return 0
        if bay.card is None or bay.card.serial != card.serial:
            log.info("%s: %d files", card.serial, len(found))
        bay.card = card
        seen = self.book.seen_all(card.serial, [(f.file_id, f.size, f.mtime_ns) for f in found])
        entries = list(zip(seen, found, strict=True))
        # Ready needs a checked receipt for every file: until then this bay is copying.
        bay.open = sum(not self._is_held(entry) for entry, _ in entries)
        size = sum(item.size for item in found)
        bay.total = max(bay.total, self.show.done(card.serial) + size if not bay.total else size)
        self.show.camera(card.serial, bay.total, bay.state())
        left = self._carry(bay, card, entries, files)
        bay.open, bay.held = left, sum(self._is_held(entry) for entry, _ in entries)
        self.show.camera(card.serial, bay.total, bay.state())
        return left

    def _is_held(self, entry: Entry) -> bool:
        at = self._held_at.get(entry.id)
        return entry.state == journal.HELD and at is not None and time.monotonic() < at + HELD_AGAIN

    def _carry(
        self,
        bay: Bay,
        card: cards.Card,
        entries: list[tuple[Entry, cards.Found]],
        files: ThreadPoolExecutor,
    ) -> int:
        """Carry every file of a card; how many are still open afterwards."""
        running: dict[Future[None], Carried] = {}
        sent: list[Carried] = []
        for entry, found in entries:
            if self.stop.is_set() or self._refused:
                break
            if self._is_held(entry) or self._waits(entry):
                continue
            if entry.state == journal.SENT:
                sent.append((entry, found))
                continue
            running[files.submit(self.worker.advance, entry, card, found)] = (entry, found)
            while len(running) >= self.files_at_once * 2:
                self._reap(running, card, sent)
                self._settle(sent, card)
                self._heartbeat()
        while running:
            self._reap(running, card, sent)
            self._settle(sent, card)
            self._heartbeat()
        self._settle(sent, card)
        open_states = (journal.WIPED, journal.HELD)
        return sum(entry.state not in open_states for entry, _ in entries)

    def _waits(self, entry: Entry) -> bool:
        known = self._backoff.get(entry.id)
        return known is not None and time.monotonic() < known.until

    def _reap(
        self, running: dict[Future[None], Carried], card: cards.Card, sent: list[Carried]
    ) -> None:
        done, _ = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
        for future in done:
            entry, found = running.pop(future)
            error = future.exception()
            if error is None:
                self._backoff.pop(entry.id, None)
                if entry.state == journal.SENT:
                    sent.append((entry, found))
            else:
                self._trouble(entry, error)

    def _settle(self, sent: list[Carried], card: cards.Card) -> None:
        asked = 0
        for entry, found in list(sent):
            if asked >= ASK_AT_ONCE or not self._due(entry):
                continue
            asked += 1
            try:
                if self.worker.settle(entry, card, found):
                    log.info("%s %s: stored, checked, wiped", entry.camera, entry.file_id)
                    sent.remove((entry, found))
                elif entry.state != journal.SENT:
                    sent.remove((entry, found))
            except Exception as error:
                sent.remove((entry, found))
                self._trouble(entry, error)
                if isinstance(error, Later):
                    return

    def _due(self, entry: Entry) -> bool:
        """Whether to ask for this receipt now: soon at first, then every two seconds."""
        now = time.monotonic()
        at, pause = self._ask_at.get(entry.id, (0.0, 0.1))
        if now < at:
            return False
        self._ask_at[entry.id] = (now + pause, min(2.0, pause * 2))
        return True

    def _trouble(self, entry: Entry, error: BaseException) -> None:
        name = f"{entry.camera} {entry.file_id}"
        if isinstance(error, NotAllowed):
            self._refused = error
        elif isinstance(error, Later):
            pause = self._backoff.setdefault(entry.id, _Backoff()).failed(error.after)
            log.info("%s: %s; again in %.0f s", name, error, pause)
        elif isinstance(error, Held | OSError):
            why = str(error) if isinstance(error, Held) else f"it can't be read: {error}"
            self.book.update(entry, state=journal.HELD, reason=why)
            self._held_at[entry.id] = time.monotonic()
            log.warning("KEEP IN DOCK %s: %s", name, why)
        else:
            # Something that nobody thought of must not keep the other files from their way.
            log.error("KEEP IN DOCK %s: %s: %s", name, type(error).__name__, error)
            self._held_at[entry.id] = time.monotonic()
            self.book.update(entry, state=journal.HELD, reason=f"{type(error).__name__}: {error}")

    def _heartbeat(self) -> None:
        now = time.monotonic()
        if now < self._next_heartbeat:
            return
        self._next_heartbeat = now + HEARTBEAT_EVERY
        bays: list[dict[str, Any]] = [
            {
                "bay": str(number),
                "camera": bay.card.serial if bay.card else None,
                "state": bay.state(),
                "done": self.show.done(bay.card.serial) if bay.card else 0,
                "total": bay.total,
            }
            for number, bay in enumerate(self.bays, 1)
        ]
        clock = datetime.now(UTC).isoformat()
        try:
            self.client.heartbeat({"bays": bays, "dock_clock": clock, "agent": VERSION})
        except NotAllowed as error:
            self._refused = error
        except Exception as error:  # the screen is not the footage: say it and go on
            log.debug("heartbeat: %s", error)
