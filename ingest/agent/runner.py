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
JOIN_SECONDS = 15


@dataclass
class Bay:
    """One bay as this run has come with it."""

    folder: Path
    card: cards.Card | None = None
    total: int = 0
    base: int = 0  # what this process had sent of the camera before it was docked this time
    open: int = 0
    held: int = 0
    trouble: str = ""
    file: str = ""  # one that is held back, and why
    why: str = ""

    def state(self) -> str:
        """The word for the dock's screen. Ready needs a checked receipt for every file."""
        if self.trouble or self.held:
            return "keep"
        if self.card is None:
            return "empty"
        return "copying" if self.open else "ready"

    def came(self, card: cards.Card, sent: int) -> None:
        """Another camera than before is in this bay, of which so much was sent earlier."""
        if self.card is None or self.card.serial != card.serial:
            self.base, self.total = sent, 0
        self.card = card

    def left(self) -> None:
        """Nothing is in this bay any more."""
        self.card, self.open, self.held, self.total = None, 0, 0, 0
        self.file = self.why = ""


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
    _refused: NotAllowed | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self, once: bool) -> bool:
        """Work; with `once` until all files are wiped or held: whether nothing is held.

        Raises NotAllowed when the server ended this dock's token.
        """
        beats = threading.Thread(target=self._beats, name="heartbeat", daemon=True)
        beats.start()
        try:
            with ThreadPoolExecutor(self.files_at_once, thread_name_prefix="file") as files:
                while not self.stop.is_set():
                    left = sum(self._round(bay, files) for bay in self.bays)
                    if self._refused:
                        raise self._refused
                    if once and not left:
                        break
                    self.stop.wait(POLL if left else SCAN_EVERY)
        finally:
            self._over.set()
            beats.join(timeout=JOIN_SECONDS)
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
            bay.left()
            return 0
        if bay.card is None or bay.card.serial != card.serial:
            log.info("%s: %d files", card.serial, len(found))
        bay.open = bay.open or len(found)  # never ready between this camera and its first file
        bay.came(card, self.show.done(card.serial))
        seen = self.book.seen_all(card.serial, [(f.file_id, f.size, f.mtime_ns) for f in found])
        entries = list(zip(seen, found, strict=True))
        # Ready needs a checked receipt for every file: until then this bay is copying.
        bay.open = sum(not self._is_held(entry) for entry, _ in entries)
        size = sum(item.size for item in found)
        bay.total = max(bay.total, size)
        self.show.camera(card.serial, bay.base + bay.total, bay.state())
        left = self._carry(bay, card, entries, files)
        held = [entry for entry, _ in entries if self._is_held(entry)]
        bay.file, bay.why = (held[0].file_id, held[0].reason) if held else ("", "")
        bay.open, bay.held = left, len(held)
        self.show.camera(card.serial, bay.base + bay.total, bay.state())
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
        while running:
            self._reap(running, card, sent)
            self._settle(sent, card)
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

    # --- what the dock's screen is told ---

    def _beats(self) -> None:
        """Tell the server every two seconds, whatever the files do; once more at the end.

        In a thread of its own: a large file that is being read must not silence the dock.
        """
        while not self._over.wait(HEARTBEAT_EVERY):
            self._heartbeat()
        self._heartbeat()

    def _heartbeat(self) -> None:
        bays = [self._told(str(number), bay) for number, bay in enumerate(self.bays, 1)]
        clock = datetime.now(UTC).isoformat()
        try:
            self.client.heartbeat({"bays": bays, "dock_clock": clock, "agent": VERSION})
        except NotAllowed as error:
            self._refused = error
        except Exception as error:  # the screen is not the footage: say it and go on
            log.debug("heartbeat: %s", error)

    def _told(self, number: str, bay: Bay) -> dict[str, Any]:
        """One bay as it is at this moment: the bays are served in turn, the screen is not."""
        told: dict[str, Any] = {"bay": number, "camera": None, "state": "empty", "left": 0,
                                "done": 0, "total": 0, "file": "", "why": ""}  # fmt: skip
        known = bay.card
        try:
            here = cards.Card.read(bay.folder)
            waiting = cards.files(here) if here else []
        except cards.CardUnreadable:
            serial = known.serial if known else None
            return told | {"state": "keep", "camera": serial, "why": "The card can't be read."}
        if here is None:
            return told
        if known is None or known.serial != here.serial:
            size = sum(item.size for item in waiting)
            state = "copying" if waiting else "ready"
            told |= {"camera": here.serial, "state": state}
            return told | {"left": len(waiting), "total": size}
        done = max(0, self.show.done(here.serial) - bay.base)
        state = bay.state()
        if state == "ready" and waiting:  # put back between two looks, with new files
            state = "copying"
        return told | {
            "camera": here.serial, "state": state, "left": len(waiting),
            "done": min(done, bay.total), "total": bay.total,
            "file": _plain(bay.file), "why": _plain(bay.why),
        }  # fmt: skip


def _plain(text: str) -> str:
    """For a screen: 200 characters, nothing that does not print."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)[:200]
