"""The agent's parts: what it believes, what it wipes, what it remembers."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evidence.custody.log import note
from evidence.custody.log.receipt import Receipt
from ingest.agent import cards, journal, work
from ingest.agent.client import Client, Later, Limiter
from ingest.agent.journal import Entry, Journal

KEY = note.SigningKey.from_seed("bwv.test/custody/receipts", b"\x07" * 32)
STRANGER = note.SigningKey.from_seed("bwv.test/custody/receipts", b"\x08" * 32)
DATA = b"footage"


class FakeClient(Client):
    """Answers with one receipt; everything else would be a mistake."""

    def __init__(self, text: str | None, state: str = "sealed") -> None:
        super().__init__("http://127.0.0.1:1")
        self.text, self.said = text, state

    def receipt(self, upload: str) -> str | None:
        return self.text

    def state(self, upload: str) -> dict[str, Any]:
        return {"state": self.said, "reason": "because"}


def receipt(key: note.SigningKey = KEY, **change: Any) -> str:
    facts: dict[str, Any] = {
        "origin": "bwv.test/custody", "upload": "u1", "camera": "BWC-1", "file": "A.MP4",
        "size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest(), "recording": "R-1",
        "stored": ("b/k v",), "custody": 1, "time": "2026-11-22T20:00:00.000000Z",
    }  # fmt: skip
    return note.sign(Receipt(**(facts | change)).text(), [key])


class Bench:
    """A card with one file that was sent, and a worker."""

    def __init__(self, folder: Path, text: str | None, state: str = "sealed") -> None:
        bay = folder / "BWC-1"
        bay.mkdir()
        self.file = bay / "A.MP4"
        self.file.write_bytes(DATA)
        self.book = Journal(folder / "state")
        card = cards.Card.read(bay)
        assert card
        self.card = card
        [self.found] = cards.files(card)
        self.entry = self.seen()
        self.worker = work.Worker(
            FakeClient(text, state), self.book, folder / "state", KEY.verifier
        )
        self.worker._hash(self.entry, self.file)
        self.book.update(self.entry, state=journal.SENT, upload="u1")

    def seen(self) -> Entry:
        f = self.found
        return self.book.seen("BWC-1", f.file_id, f.size, f.mtime_ns)


def test_a_good_receipt_permits_the_wipe_and_is_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path, receipt())
    assert bench.worker.settle(bench.entry, bench.card, bench.found)
    assert not bench.file.exists()
    assert (tmp_path / "state" / "receipts" / "u1.txt").read_text() == receipt()
    assert bench.seen().state == journal.WIPED


BAD = {
    "stranger's key": receipt(STRANGER),
    "another hash": receipt(sha256="0" * 64),
    "another size": receipt(size=8),
    "another file": receipt(file="B.MP4"),
    "another camera": receipt(camera="BWC-2"),
    "another upload": receipt(upload="u2"),
    "unsigned": receipt().rpartition("\n\n")[0] + "\n\n",
    "edited": receipt().replace("recording R-1", "recording R-2"),
    "empty": "",
}


@pytest.mark.parametrize("name", BAD)
def test_any_other_receipt_wipes_nothing(tmp_path: Path, name: str) -> None:
    bench = Bench(tmp_path, BAD[name])
    with pytest.raises(work.Held):
        bench.worker.settle(bench.entry, bench.card, bench.found)
    assert bench.file.read_bytes() == DATA


def test_no_receipt_yet_wipes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, None, "verifying")
    assert not bench.worker.settle(bench.entry, bench.card, bench.found)
    assert bench.file.exists()


def test_a_quarantined_file_stays_and_says_why(tmp_path: Path) -> None:
    bench = Bench(tmp_path, None, "quarantined")
    with pytest.raises(work.Held, match="because"):
        bench.worker.settle(bench.entry, bench.card, bench.found)
    assert bench.file.exists()


def test_a_file_that_changed_after_it_was_read_stays(tmp_path: Path) -> None:
    bench = Bench(tmp_path, receipt())
    bench.file.write_bytes(b"another")  # the same length
    os.utime(bench.file, ns=(1, 1))
    with pytest.raises(work.Held, match="changed"):
        bench.worker.settle(bench.entry, bench.card, bench.found)
    assert bench.file.read_bytes() == b"another"


def test_a_file_that_changes_while_it_is_read_is_not_registered(tmp_path: Path) -> None:
    bench = Bench(tmp_path, None)
    bench.book.update(bench.entry, state=journal.FOUND)
    bench.file.write_bytes(DATA + b"more")
    with pytest.raises(work.Held):
        bench.worker.advance(bench.entry, bench.card, bench.found)


def test_another_file_of_the_same_name_size_and_time_stays(tmp_path: Path) -> None:
    """The power went, and the card was written anew meanwhile."""
    bench = Bench(tmp_path, receipt())
    bench.worker._hashed.clear()  # another process than the one that hashed it
    bench.file.write_bytes(b"F" + DATA[1:])
    os.utime(bench.file, ns=(bench.entry.mtime_ns, bench.entry.mtime_ns))
    with pytest.raises(work.Held, match="another file"):
        bench.worker.settle(bench.entry, bench.card, bench.found)
    assert bench.file.exists()


def test_a_camera_that_was_pulled_out_is_not_taken_for_wiped(tmp_path: Path) -> None:
    bench = Bench(tmp_path, receipt())
    bench.file.rename(tmp_path / "elsewhere")
    assert not bench.worker.settle(bench.entry, bench.card, bench.found)
    assert bench.seen().state == journal.SENT


@pytest.mark.parametrize("about", ["[]", "{", '{"clock_error_seconds": "x"}', '{"marked": 5}'])
def test_a_card_that_says_nonsense_of_itself_is_unreadable(tmp_path: Path, about: str) -> None:
    (tmp_path / "camera.json").write_text(about)
    with pytest.raises(cards.CardUnreadable):
        cards.Card.read(tmp_path)


def test_the_journal_survives_and_forgets_no_step(tmp_path: Path) -> None:
    bench = Bench(tmp_path, receipt())
    bench.book.close()
    again = Journal(tmp_path / "state")
    f = bench.found
    entry = again.seen("BWC-1", f.file_id, f.size, f.mtime_ns)
    assert (entry.state, entry.upload) == (journal.SENT, "u1")
    assert (tmp_path / "state" / "journal.sqlite").stat().st_mode & 0o077 == 0


def test_marked_files_come_first_then_the_oldest(tmp_path: Path) -> None:
    for name, age in (("new.mp4", 30), ("old.mp4", 10), ("marked.mp4", 20)):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (age, age))
    (tmp_path / "camera.json").write_text('{"serial": "S", "marked": ["marked.mp4"]}')
    (tmp_path / "link.mp4").symlink_to("/etc/passwd")
    card = cards.Card.read(tmp_path)
    assert card
    assert card.serial == "S"
    assert [f.path for f in cards.files(card)] == ["marked.mp4", "old.mp4", "new.mp4"]


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("BWC-000117_20260314_215500_001.MP4", datetime(2026, 3, 14, 21, 55, tzinfo=UTC)),
        ("NO20260101-120000-000001F.MP4", datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ("19700101_000007.mp4", datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC)),
        ("20261399_999999.mp4", datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)),
        ("clip.mp4", datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)),
    ],
)
def test_the_time_is_the_names_or_the_files(name: str, moment: datetime) -> None:
    assert cards.Found(name, name, 1, 5_000_000_000, False).recorded_at() == moment


def test_names_that_are_not_utf8_can_be_told(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.mp4"))).write_bytes(b"x")
    card = cards.Card.read(tmp_path)
    assert card
    [found] = cards.files(card)
    assert found.file_id == "bad\\xff.mp4"
    Journal(tmp_path / "state").seen("S", found.file_id, 1, 1)


def test_a_server_that_is_away_is_waited_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, None)
    bench.worker.client = Client("http://127.0.0.1:1")
    bench.book.update(bench.entry, state=journal.HASHED)
    with pytest.raises(Later):
        bench.worker.advance(bench.entry, bench.card, bench.found)
    assert bench.seen().state == journal.HASHED


def test_the_limit_holds_for_all_together() -> None:
    limiter = Limiter(1_000_000)
    limiter.take(100)
    limiter.take(100)
    assert limiter._free_at > 0


def test_the_agent_needs_no_django() -> None:
    code = (
        "import sys; sys.modules['django'] = None; sys.modules['celery'] = None;"
        "sys.modules['boto3'] = None; import ingest.agent.__main__"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
