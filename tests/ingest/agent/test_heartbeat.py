"""What a dock says of its bays while it works."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from evidence.custody.log import note
from ingest.agent import cards
from ingest.agent.client import Client, Later, NotAllowed
from ingest.agent.journal import Journal
from ingest.agent.runner import Bay, Runner
from ingest.agent.show import Show
from ingest.agent.work import Worker

KEY = note.SigningKey.from_seed("bwv.test/custody/receipts", b"\x07" * 32)


class Server(Client):
    """Keeps heartbeats; takes no file until it is let."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.beats: list[dict[str, Any]] = []
        self.ended = False

    def heartbeat(self, body: dict[str, Any]) -> None:
        if self.ended:
            raise NotAllowed("revoked")
        self.beats.append(body)

    def register(self, file: dict[str, Any]) -> dict[str, Any]:
        raise Later("not now", 0.1)


class Dock:
    def __init__(self, folder: Path, bays: int = 2) -> None:
        self.folders = [folder / f"bay{number}" for number in range(1, bays + 1)]
        for bay in self.folders:
            bay.mkdir()
        self.server, self.show = Server(), Show(bars=False)
        book = Journal(folder / "state")
        self.worker = Worker(self.server, book, folder / "state", KEY.verifier)
        self.runner = Runner(
            self.worker, self.server, book, [Bay(path) for path in self.folders], self.show
        )

    def told(self) -> list[dict[str, Any]]:
        return [self.runner._told(str(n), bay) for n, bay in enumerate(self.runner.bays, 1)]

    def card(self, number: int, serial: str, files: int = 1) -> None:
        folder = self.folders[number - 1]
        (folder / "camera.json").write_text(json.dumps({"serial": serial}))
        for name in range(files):
            (folder / f"{name}.MP4").write_bytes(b"x" * 10)


@pytest.fixture
def dock(tmp_path: Path) -> Dock:
    return Dock(tmp_path)


def test_a_bay_that_was_not_served_yet_is_not_said_to_be_empty(dock: Dock) -> None:
    dock.card(2, "BWC-2", files=3)
    empty, waiting = dock.told()
    assert (empty["state"], empty["camera"]) == ("empty", None)
    assert (waiting["state"], waiting["camera"]) == ("copying", "BWC-2")
    assert (waiting["left"], waiting["done"], waiting["total"]) == (3, 0, 30)


def test_new_files_on_a_ready_camera_are_seen_at_once(dock: Dock) -> None:
    dock.card(1, "BWC-1", files=0)
    bay = dock.runner.bays[0]
    card = cards.Card.read(bay.folder)
    assert card
    bay.came(card, 0)
    assert dock.told()[0]["state"] == "ready"
    dock.card(1, "BWC-1", files=1)
    assert (dock.told()[0]["state"], dock.told()[0]["left"]) == ("copying", 1)
    bay.left()
    assert dock.told()[0]["state"] == "copying"


def test_what_is_held_back_is_named_and_printable(dock: Dock) -> None:
    dock.card(1, "BWC-1")
    bay = dock.runner.bays[0]
    card = cards.Card.read(bay.folder)
    assert card
    bay.came(card, 0)
    bay.held, bay.file, bay.why = 1, "A\x07.MP4", "w" * 500
    [told, _] = dock.told()
    assert (told["state"], told["file"]) == ("keep", "A\ufffd.MP4")
    assert len(told["why"]) == 200


def test_a_card_that_can_t_be_read_is_kept_in_the_dock(dock: Dock) -> None:
    (dock.folders[0] / "camera.json").write_text("{")
    assert dock.told()[0]["state"] == "keep"


def test_progress_begins_anew_with_each_docking(dock: Dock) -> None:
    dock.card(1, "BWC-1")
    bay = dock.runner.bays[0]
    card = cards.Card.read(bay.folder)
    assert card
    dock.show.sent("BWC-1", 500)  # an earlier docking of this camera
    bay.came(card, dock.show.done("BWC-1"))
    bay.total, bay.open = 10, 1
    assert (dock.told()[0]["done"], dock.told()[0]["total"]) == (0, 10)
    dock.show.sent("BWC-1", 4)
    assert dock.told()[0]["done"] == 4


def test_a_file_that_takes_long_does_not_silence_the_dock(
    dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The main thread stands still in a bay; the heartbeats go on, and one more at the end."""
    monkeypatch.setattr("ingest.agent.runner.HEARTBEAT_EVERY", 0.01)
    stuck, go = threading.Event(), threading.Event()

    def stand(*_: Any) -> int:
        stuck.set()
        go.wait(30)
        return 0

    monkeypatch.setattr(dock.runner, "_round", stand)
    work = threading.Thread(target=dock.runner.run, args=(True,))
    work.start()
    assert stuck.wait(30)
    while len(dock.server.beats) < 3:
        time.sleep(0.01)
    before = len(dock.server.beats)
    go.set()
    work.join(30)
    assert len(dock.server.beats) > before
    assert [bay["bay"] for bay in dock.server.beats[-1]["bays"]] == ["1", "2"]


def test_a_dock_whose_token_ended_stops(dock: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.agent.runner.HEARTBEAT_EVERY", 0.01)
    monkeypatch.setattr("ingest.agent.runner.SCAN_EVERY", 0.01)
    dock.server.ended = True
    with pytest.raises(NotAllowed):
        dock.runner.run(False)
