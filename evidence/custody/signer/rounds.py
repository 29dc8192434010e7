"""One round of the signer: read what is new, check all of it, sign or refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from evidence.custody.log import hashing, jcs, note
from evidence.custody.log.checkpoint import Checkpoint
from evidence.custody.log.clock import now, stamp
from evidence.custody.log.keys import Signer as Key
from evidence.custody.signer.state import Signed, State

CHUNK = 2000
# An event may be stamped by a machine whose clock is a little ahead.
AHEAD = timedelta(minutes=10)
RESTORED = "log.restored"


class Refused(RuntimeError):
    """The log is not what was signed before, or something new in it is wrong."""


Row = tuple[int, UUID, bytes, bytes]


class LogReader(Protocol):
    """What the signer reads of the database; it writes nothing there."""

    def size(self) -> int:
        """The number of events."""

    def events(self, start: int, end: int) -> Iterator[Row]:
        """(index, id, body, leaf) of events [start, end) in order."""

    def node(self, level: int, position: int) -> bytes:
        """The hash of a complete subtree. Raises KeyError where it is missing."""


class SqlReader:
    """Reads through anything that runs a statement and gives rows."""

    def __init__(self, execute: Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]) -> None:
        self._execute = execute

    def size(self) -> int:
        """The number of events."""
        rows = self._execute("SELECT index FROM custody_event ORDER BY index DESC LIMIT 1", ())
        return int(rows[0][0]) + 1 if rows else 0

    def events(self, start: int, end: int) -> Iterator[Row]:
        """(index, id, body, leaf) of events [start, end) in order, some thousand at a time."""
        for at in range(start, end, CHUNK):
            rows = self._execute(
                "SELECT index, id, body, leaf FROM custody_event"
                " WHERE index >= %s AND index < %s ORDER BY index",
                (at, min(at + CHUNK, end)),
            )
            for index, identifier, body, leaf in rows:
                yield index, identifier, bytes(body), bytes(leaf)

    def node(self, level: int, position: int) -> bytes:
        """The hash of a complete subtree. Raises KeyError where it is missing."""
        rows = self._execute(
            "SELECT hash FROM custody_node WHERE level = %s AND position = %s", (level, position)
        )
        if not rows:
            raise KeyError(f"node {level}/{position}")
        return bytes(rows[0][0])


def sign(reader: LogReader, state: State, origin: str, keys: Sequence[Key]) -> str:
    """The signed checkpoint of the log as it is now, after checking everything new in it.

    The note of the last round when nothing was added. Raises Refused, after keeping an
    alarm with both roots, when the log does not extend what was signed or a new event is
    wrong; ValueError for an empty log. C2SP tlog-checkpoint: a log must not sign a
    checkpoint that is inconsistent with any earlier one.
    """
    try:
        with state.transaction():
            return _Round(reader, state, origin, keys).sign()
    except _Wrong as wrong:
        with state.transaction():
            before = state.newest()
            state.alarm(wrong.sentence, (before.size, before.root.hex()), wrong.found, stamp(now()))
            if wrong.shorter:
                state.set_flag(RESTORED, wrong.sentence)
        raise Refused(wrong.sentence) from None


def adopt(reader: LogReader, state: State, origin: str, checkpoint: Checkpoint, text: str) -> None:
    """Give an empty memory the log up to a checkpoint that an operator vouches for.

    `text` is that checkpoint's signed note, whose signatures the caller has checked. Reads
    and checks every event up to it. Raises Refused when the log does not have its root.
    """
    try:
        with state.transaction():
            round_ = _Round(_UpTo(reader, checkpoint.size), state, origin, ())
            if round_.before.size:
                raise Refused("This signer has a memory already.")
            round_.read()
            root = round_.tree.root()
            if root != checkpoint.root:
                raise Refused(
                    f"the log's first {checkpoint.size} events don't have the root that was signed"
                )
            state.add(round_.entries, round_.heads)
            state.keep(
                Signed(checkpoint.size, root, round_.tree, round_.latest, text), stamp(now())
            )
    except _Wrong as wrong:
        raise Refused(wrong.sentence) from None


class _UpTo:
    """A log as it was when it had `end` events."""

    def __init__(self, reader: LogReader, end: int) -> None:
        self._reader, self._end = reader, end
        self.node, self.events = reader.node, reader.events

    def size(self) -> int:
        return min(self._end, self._reader.size())


class _Wrong(Exception):
    def __init__(self, sentence: str, found: tuple[int, str], shorter: bool = False) -> None:
        super().__init__(sentence)
        self.sentence, self.found, self.shorter = sentence, found, shorter


class _Round:
    def __init__(self, reader: LogReader, state: State, origin: str, keys: Sequence[Key]) -> None:
        self.reader, self.state, self.origin, self.keys = reader, state, origin, keys
        self.before = state.newest()
        self.tree = self.before.frontier.copy()
        self.size = reader.size()
        self.restored = False
        self.latest = self.before.latest
        self.heads: dict[str, tuple[int, bytes]] = {}
        self.entries: list[tuple[int, bytes, bytes]] = []
        self.identifiers: set[bytes] = set()

    def wrong(self, sentence: str, *, shorter: bool = False) -> _Wrong:
        return _Wrong(sentence, (self.size, self._database_root(self.size) or ""), shorter)

    def sign(self) -> str:
        if self.size < self.before.size:
            raise self.wrong(
                f"{self.before.size} events were signed and only {self.size} are there: "
                "an old state of the database was put in place, or events were deleted.",
                shorter=True,
            )
        self._check_past()
        if self.size == self.before.size:
            if not self.before.note:
                raise ValueError("the log is empty: there is nothing to sign")
            if not self.state.flag(RESTORED):
                return self._again()
        self.read()
        self._check_restored()
        root = self.tree.root()
        if self._database_root(self.size) != root.hex():
            raise self.wrong(
                f"the stored tree of {self.size} events is not the one that the events give, "
                f"from event {self.before.size} on"
            )
        self.state.add(self.entries, self.heads)
        return self._keep(root)

    def read(self) -> None:
        """Take in everything that is new."""
        for index, identifier, body, leaf in self.reader.events(self.before.size, self.size):
            self._take(index, identifier, body, leaf)
        if self.tree.size != self.size:
            raise self.wrong(f"event {self.tree.size} is missing")

    def _keep(self, root: bytes) -> str:
        signed = note.sign(Checkpoint(self.origin, self.size, root).body(), self.keys)
        moment = stamp(now())
        self.state.keep(Signed(self.size, root, self.tree, self.latest, signed), moment)
        return signed

    def _again(self) -> str:
        """The same size again: the same note, or one with a key that was added since."""
        _, lines = note.split(self.before.note)
        if {raw[:4] for _, raw in lines} >= {key.verifier.id for key in self.keys}:
            return self.before.note
        body = Checkpoint(self.origin, self.size, self.before.root).body()
        return note.sign(body, self.keys)

    def _check_past(self) -> None:
        """The stored tree must begin with what was signed; else name the first changed event."""
        size = self.before.size
        found = self._database_root(size)
        if found == self.before.root.hex():
            return
        first = self._first_change()
        where = f"from event {first} on" if first is not None else "in its inner nodes"
        raise self.wrong(f"the log of {size} events that was signed was changed {where}")

    def _first_change(self) -> int | None:
        for start in range(0, self.before.size, CHUNK):
            end = min(start + CHUNK, self.before.size)
            own = self.state.leaves(start, end)
            rows = self.reader.events(start, end)
            for index, leaf in enumerate(own, start):
                row = next(rows, None)
                if row is None or row[0] != index or hashing.leaf_hash(row[2]) != leaf:
                    return index
                if row[3] != leaf:
                    return index
        return self._first_wrong_node()

    def _first_wrong_node(self) -> int | None:
        """The first event below the lowest stored node that is not what our leaves give."""
        start = 0
        for level in reversed(range(self.before.size.bit_length())):
            if self.before.size >> level & 1:
                if self._node_differs(level, start >> level):
                    return self._descend(level, start >> level)
                start += 1 << level
        return None

    def _descend(self, level: int, position: int) -> int:
        while level:
            children = (position * 2, position * 2 + 1)
            wrong = [at for at in children if self._node_differs(level - 1, at)]
            if not wrong:
                break
            level, position = level - 1, wrong[0]
        return position << level

    def _node_differs(self, level: int, position: int) -> bool:
        tree = hashing.Frontier()
        for at in range(position << level, (position + 1) << level, CHUNK):
            for leaf in self.state.leaves(at, min(at + CHUNK, (position + 1) << level)):
                tree.append(leaf)
        try:
            return self.reader.node(level, position) != tree.root()
        except KeyError:
            return True

    def _database_root(self, size: int) -> str | None:
        try:
            return hashing.tree_root(size, self.reader.node).hex()
        except KeyError:
            return None

    def _take(self, index: int, identifier: UUID, body: bytes, leaf: bytes) -> None:
        where = f"event {index}"
        if index != self.tree.size:
            raise self.wrong(f"event {self.tree.size} is missing")
        if hashing.leaf_hash(body) != leaf:
            raise self.wrong(f"{where}: its leaf is not the hash of its body")
        try:
            said = jcs.parse(body)
            subject, time = said["object"], str(said["time"])
            ref, seq, prev = str(subject["ref"]), subject["seq"], subject["prev"]
            ours = said["log"] == self.origin and said["v"] == 1
            same = UUID(said["id"]) == identifier and str(identifier) == said["id"]
        except (jcs.ProfileError, KeyError, TypeError, ValueError) as error:
            raise self.wrong(f"{where}: its body is not an event ({error})") from None
        if not ours:
            raise self.wrong(f"{where}: it is of another log")
        if not same or identifier.bytes in self.identifiers or self.state.knows(identifier.bytes):
            raise self.wrong(f"{where}: its id stands in the log already, or is not its own")
        self._chain(where, ref, seq, prev, leaf)
        if time < self.latest:
            raise self.wrong(f"{where}: it is older than the event before it")
        if time > stamp(now() + AHEAD):
            raise self.wrong(f"{where}: it is from the future ({time})")
        self.latest = time
        self.restored = self.restored or said.get("type") == RESTORED
        self.identifiers.add(identifier.bytes)
        self.entries.append((index, identifier.bytes, leaf))
        self.tree.append(leaf)
        if len(self.entries) >= 50 * CHUNK:
            self._spill()

    def _spill(self) -> None:
        """A first round over a long log must not hold all of it in memory."""
        self.state.add(self.entries, self.heads)
        self.entries, self.heads, self.identifiers = [], {}, set()

    def _chain(self, where: str, ref: str, seq: Any, prev: Any, leaf: bytes) -> None:
        known_seq, known_leaf = self.heads.get(ref) or self.state.head(ref)
        wanted = known_leaf.hex() if known_leaf else None
        if (seq, prev) != (known_seq + 1, wanted):
            raise self.wrong(f"{where}: the chain of {ref} is broken at number {seq}")
        self.heads[ref] = (known_seq + 1, leaf)

    def _check_restored(self) -> None:
        """After a shorter log was seen, the log must say itself that it was restored."""
        if not self.state.flag(RESTORED):
            return
        if not self.restored:
            raise self.wrong(
                "the log was seen shorter than what was signed. Find out why, then say so in "
                "it: manage.py custody restored --reason …"
            )
        self.state.set_flag(RESTORED, "")
