"""The signer's memory: every leaf, id and object head that it has signed, in one SQLite file.

Some 90 bytes an event. It is what makes a rewritten, shortened or restored database
visible, so it lies outside that database and is written durably before a signature leaves.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from evidence.custody.log.hashing import HASH_SIZE, Frontier
from evidence.custody.log.sqlite import Memory

SCHEMA = """
CREATE TABLE entry (idx INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, leaf BLOB NOT NULL);
CREATE TABLE head (ref TEXT PRIMARY KEY, seq INTEGER NOT NULL, leaf BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE signed (
    size INTEGER PRIMARY KEY, root BLOB NOT NULL, frontier BLOB NOT NULL,
    latest TEXT NOT NULL, note TEXT NOT NULL, time TEXT NOT NULL
);
CREATE TABLE alarm (
    id INTEGER PRIMARY KEY, time TEXT NOT NULL, sentence TEXT NOT NULL,
    own_size INTEGER, own_root TEXT, found_size INTEGER, found_root TEXT
);
CREATE TABLE flag (name TEXT PRIMARY KEY, value TEXT NOT NULL);
PRAGMA user_version = 1;
"""


class StateMissing(RuntimeError):
    """There is no state file: a new log, or a signer that has lost its memory."""


@dataclass(frozen=True)
class Signed:
    """The newest thing that was signed. `latest` is the time of its last event."""

    size: int
    root: bytes
    frontier: Frontier
    latest: str
    note: str


NOTHING = Signed(0, Frontier().root(), Frontier(), "", "")


class State(Memory):
    """The state file. One round at a time holds it (`transaction`)."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise StateMissing(
                f"The signer has no memory at {path}. For a new log or after its loss: "
                "manage.py custody adopt (docs/operating.md, Custody keys)."
            )
        super().__init__(path)
        self._db.execute("PRAGMA journal_mode = WAL")

    @classmethod
    def create(cls, path: Path) -> State:
        """An empty memory, readable by its owner alone. Raises FileExistsError."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        with sqlite3.connect(draft) as db:
            draft.chmod(0o600)
            db.executescript(SCHEMA)
        db.close()
        # link() refuses an existing name: a memory is never replaced by an empty one.
        path.hardlink_to(draft)
        draft.unlink()
        return cls(path)

    def newest(self) -> Signed:
        """What was signed last; NOTHING before the first time."""
        row = self._db.execute(
            "SELECT size, root, frontier, latest, note FROM signed ORDER BY size DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return NOTHING
        size, root, packed, latest, note = row
        hashes = [packed[at : at + HASH_SIZE] for at in range(0, len(packed), HASH_SIZE)]
        return Signed(size, root, Frontier(size, hashes), latest, note)

    def keep(self, signed: Signed, time: str) -> None:
        """Remember what is about to leave."""
        self._db.execute(
            "INSERT INTO signed VALUES (?, ?, ?, ?, ?, ?)",
            (signed.size, signed.root, b"".join(signed.frontier.hashes), signed.latest,
             signed.note, time),
        )  # fmt: skip

    def head(self, ref: str) -> tuple[int, bytes | None]:
        """The object's newest seq and leaf that was signed; (0, None) for a new object."""
        row = self._db.execute("SELECT seq, leaf FROM head WHERE ref = ?", (ref,)).fetchone()
        return row or (0, None)

    def knows(self, identifier: bytes) -> bool:
        """Whether an event of this id was signed."""
        row = self._db.execute("SELECT 1 FROM entry WHERE id = ?", (identifier,)).fetchone()
        return row is not None

    def add(
        self, entries: list[tuple[int, bytes, bytes]], heads: dict[str, tuple[int, bytes]]
    ) -> None:
        """Remember (index, id, leaf) of events, and the heads of their objects."""
        self._db.executemany("INSERT INTO entry VALUES (?, ?, ?)", entries)
        self._db.executemany(
            "INSERT INTO head VALUES (?, ?, ?) ON CONFLICT (ref) DO UPDATE"
            " SET seq = excluded.seq, leaf = excluded.leaf",
            ((ref, seq, leaf) for ref, (seq, leaf) in heads.items()),
        )

    def leaves(self, start: int, end: int) -> list[bytes]:
        """The leaf hashes of events [start, end), as they were when signed."""
        rows = self._db.execute(
            "SELECT leaf FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", (start, end)
        )
        return [leaf for (leaf,) in rows]

    def alarm(self, sentence: str, own: tuple[int, str], found: tuple[int, str], time: str) -> None:
        """Keep an alarm with both roots, once for the same finding."""
        last = self._db.execute("SELECT sentence FROM alarm ORDER BY id DESC LIMIT 1").fetchone()
        if last != (sentence,):
            self._db.execute(
                "INSERT INTO alarm (time, sentence, own_size, own_root, found_size, found_root)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (time, sentence, *own, *found),
            )

    def alarms(self) -> list[tuple[str, str]]:
        """(time, sentence) of the newest ten alarms, newest first."""
        rows = self._db.execute("SELECT time, sentence FROM alarm ORDER BY id DESC LIMIT 10")
        return list(rows)

    def flag(self, name: str) -> str:
        """A remembered word; empty where there is none."""
        row = self._db.execute("SELECT value FROM flag WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def set_flag(self, name: str, value: str) -> None:
        """Remember a word; an empty one is forgotten."""
        self._db.execute("DELETE FROM flag WHERE name = ?", (name,))
        if value:
            self._db.execute("INSERT INTO flag VALUES (?, ?)", (name, value))
