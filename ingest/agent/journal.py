"""What the agent knows, in SQLite: every step is written before the next is taken."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# found → hashed → registered → sent → wiped; held: kept on the camera, with the reason.
FOUND, HASHED, REGISTERED, SENT, WIPED, HELD = (
    "found", "hashed", "registered", "sent", "wiped", "held"
)  # fmt: skip

_SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS file (
    id INTEGER PRIMARY KEY,
    camera TEXT NOT NULL,
    file_id TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    sha256 TEXT NOT NULL DEFAULT '',
    part_size INTEGER NOT NULL DEFAULT 0,
    part_hashes TEXT NOT NULL DEFAULT '[]',
    upload TEXT NOT NULL DEFAULT '',
    receipt TEXT NOT NULL DEFAULT '',
    changed TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (camera, file_id, size, mtime_ns)
);
CREATE INDEX IF NOT EXISTS file_state ON file (state);
"""


@dataclass
class Entry:
    """One file of a card, as far as the agent has come with it."""

    id: int
    camera: str
    file_id: str
    size: int
    mtime_ns: int
    state: str
    reason: str
    sha256: str
    part_size: int
    part_hashes: list[str]
    upload: str
    receipt: str


class Journal:
    """The agent's memory. Survives power loss: synchronous writes, one transaction a step."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "journal.sqlite"
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def setting(self, name: str) -> str:
        """A stored setting, or the empty string."""
        with self._lock:
            row = self._db.execute("SELECT value FROM setting WHERE name = ?", [name]).fetchone()
        return str(row[0]) if row else ""

    def keep_setting(self, name: str, value: str) -> None:
        """Store a setting."""
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", [name, value])

    _COLUMNS = (
        "id, camera, file_id, size, mtime_ns, state, reason, sha256, part_size, "
        "part_hashes, upload, receipt"
    )

    def _entry(self, row: tuple[object, ...]) -> Entry:
        values = list(row)
        values[9] = json.loads(str(values[9]))
        return Entry(*values)  # type: ignore[arg-type]

    def seen(self, camera: str, file_id: str, size: int, mtime_ns: int) -> Entry:
        """The entry of one file that lies on a card, made where it is new."""
        return self.seen_all(camera, [(file_id, size, mtime_ns)])[0]

    def seen_all(self, camera: str, files: Iterable[tuple[str, int, int]]) -> list[Entry]:
        """The entries of the files (name, size, time) on a card, in one transaction.

        A file that was wiped and lies there again (the deletion did not survive a power
        loss, or the card was written anew) starts again; the server knows its content.
        """
        found = []
        with self._lock:
            self._db.execute("BEGIN")
            try:
                for file_id, size, mtime_ns in files:
                    key: list[str | int] = [camera, file_id, size, mtime_ns]
                    row = self._row(key)
                    if row is None:
                        self._db.execute(
                            "INSERT INTO file (camera, file_id, size, mtime_ns, state) "
                            "VALUES (?, ?, ?, ?, ?)",
                            [*key, FOUND],
                        )
                        row = self._row(key)
                    assert row is not None
                    found.append(self._entry(row))
            finally:
                self._db.execute("COMMIT")
        return found

    def _row(self, key: list[str | int]) -> tuple[object, ...] | None:
        row: tuple[object, ...] | None = self._db.execute(
            f"SELECT {self._COLUMNS} FROM file "
            "WHERE camera = ? AND file_id = ? AND size = ? AND mtime_ns = ?",
            key,
        ).fetchone()
        return row

    def update(self, entry: Entry, **changes: str | int | list[str]) -> None:
        """Write a step down, durably, and reflect it in `entry`."""
        columns = ", ".join(f"{name} = ?" for name in changes)
        values = [json.dumps(v) if isinstance(v, list) else v for v in changes.values()]
        with self._lock:
            self._db.execute(
                f"UPDATE file SET {columns}, changed = CURRENT_TIMESTAMP WHERE id = ?",
                [*values, entry.id],
            )
        for name, value in changes.items():
            setattr(entry, name, value)

    def counts(self) -> dict[tuple[str, str], int]:
        """How many files of each camera are in each state."""
        with self._lock:
            rows = self._db.execute(
                "SELECT camera, state, count(*) FROM file GROUP BY camera, state"
            ).fetchall()
        return {(camera, state): count for camera, state, count in rows}

    def held(self) -> list[Entry]:
        """What is kept on cameras, with the reason."""
        with self._lock:
            rows = self._db.execute(
                f"SELECT {self._COLUMNS} FROM file WHERE state = 'held' ORDER BY id"
            ).fetchall()
        return [self._entry(row) for row in rows]
