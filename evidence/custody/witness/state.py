"""A witness's memory: one line a log, checked and replaced in one step."""

from __future__ import annotations

from pathlib import Path

from evidence.custody.log import sqlite
from evidence.custody.log.hashing import EMPTY_ROOT

SCHEMA = """
CREATE TABLE IF NOT EXISTS log (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, checkpoint TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS refused (
    id INTEGER PRIMARY KEY, time TEXT NOT NULL, origin TEXT NOT NULL, reason TEXT NOT NULL,
    request TEXT NOT NULL
);
"""


class Memory(sqlite.Memory):
    """The file. `transaction` makes check-and-store atomic, over processes too."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(path)
        self._db.executescript(SCHEMA)

    def latest(self, origin: str) -> tuple[int, bytes]:
        """Size and root that were cosigned last; an empty tree before the first."""
        row = self._db.execute("SELECT size, root FROM log WHERE origin = ?", (origin,)).fetchone()
        return row or (0, EMPTY_ROOT)

    def keep(self, origin: str, size: int, root: bytes, checkpoint: str) -> None:
        """Remember what is about to be cosigned."""
        self._db.execute(
            "INSERT INTO log VALUES (?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE SET"
            " size = excluded.size, root = excluded.root, checkpoint = excluded.checkpoint",
            (origin, size, root, checkpoint),
        )

    def keep_refused(self, time: str, origin: str, reason: str, request: str) -> None:
        """Keep the proof of a fork: a checkpoint that was signed and does not fit."""
        self._db.execute(
            "INSERT INTO refused (time, origin, reason, request) VALUES (?, ?, ?, ?)",
            (time, origin, reason, request),
        )

    def refused(self) -> list[tuple[str, str, str]]:
        """(time, origin, reason) of everything that was refused with a good signature."""
        return list(self._db.execute("SELECT time, origin, reason FROM refused ORDER BY id"))
