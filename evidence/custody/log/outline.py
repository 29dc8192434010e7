"""A package that is never written down: its own bytes, and where the others lie.

What is written into a `Sink` is kept, except the payload: of that only a reference stays. The
`Outline` that comes of it can be read from any byte to any other, as often as somebody asks:
the bytes of the payload are fetched from where they lie anyway.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

# Nothing larger is held or handed on at once.
PIECE = 1 << 20
# The package's own bytes between two files are few: so many are fetched together.
BLOCK = 1 << 16


class OutlineError(RuntimeError):
    """What lies at a reference is not, or no longer, what was written."""


@dataclass(frozen=True)
class Reference:
    """An object of a store, in one version."""

    alias: str
    key: str
    version_id: str
    size: int
    sha256: str = ""


Fetch = Callable[[Reference, int, int], Iterator[bytes]]
# A piece as JSON has it: the size of bytes of the package's own, or a reference's fields.
Row = int | list[Any]


@dataclass(frozen=True)
class Piece:
    """Bytes of a package from `start`: of an object, or its own from `at` among its own."""

    start: int
    size: int
    at: int
    reference: Reference | None = None

    @property
    def end(self) -> int:
        """The first byte after it."""
        return self.start + self.size


@dataclass(frozen=True)
class Outline:
    """A package's size and SHA-256, its pieces one after the other, and its own bytes: these
    themselves, or where they lie."""

    size: int
    sha256: str
    pieces: Sequence[Piece]
    literals: bytes | Reference

    def read(self, start: int, end: int, fetch: Fetch) -> Iterator[bytes]:
        """Its bytes from `start` to before `end`, at most PIECE at once.

        One fetch a file, and one for what is between files and fits a block, however large the
        range. Raises OutlineError when a fetch gives less than it was asked for, and whatever
        `fetch` raises.
        """
        if not 0 <= start <= end <= self.size:
            raise ValueError(f"{start} to {end} is no part of {self.size} bytes")
        own = _Own(self.literals, fetch)
        for piece, first, last in _within(self.pieces, start, end):
            if piece.reference is not None:
                found = fetch(piece.reference, first, last)
                yield from _exactly(found, last - first, piece.reference.key)
            else:
                yield from own.read(piece.at + first, piece.at + last)

    def rows(self) -> list[Row]:
        """The pieces as JSON has them."""
        found: list[Row] = []
        for piece in self.pieces:
            to = piece.reference
            found.append(
                piece.size if to is None
                else [to.alias, to.key, to.version_id, to.size, to.sha256]
            )  # fmt: skip
        return found


def outline(rows: Iterable[Row], sha256: str, literals: bytes | Reference) -> Outline:
    """The outline whose `rows` these are."""
    pieces, start, at = [], 0, 0
    for row in rows:
        if isinstance(row, int):
            pieces.append(Piece(start, row, at))
            at += row
        else:
            reference = Reference(*row)
            pieces.append(Piece(start, reference.size, 0, reference))
        start = pieces[-1].end
    return Outline(start, sha256, pieces, literals)


class Sink:
    """What a zip is written to: a file that can be written and sought, and never read.

    `fetch` gives the payload once more, for the hash of the whole: that can begin only when the
    headers before the payload hold its checksum.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._pieces: list[Piece] = []
        self._literals = bytearray()
        self._at = 0
        self._reference: Reference | None = None
        self._digest, self._hashed = hashlib.sha256(), 0
        self._sha256 = ""

    # --- a file, as zipfile knows it ---

    def tell(self) -> int:
        """Where the next byte goes."""
        return self._at

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place that was written already, or to the end."""
        if whence != 0 or not 0 <= place <= self._end:
            raise ValueError("an outline is sought only from its beginning, and not past its end")
        self._at = place
        return place

    def flush(self) -> None:
        """Nothing is held back."""

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Add bytes at the end, or put others of the package's own in place of those there."""
        count = len(data)
        if self._at < self._end:
            self._replace(data)
        elif count:
            self._append(data)
        self._at += count
        return count

    @property
    def _end(self) -> int:
        return self._pieces[-1].end if self._pieces else 0

    def _append(self, data: bytes | bytearray | memoryview) -> None:
        last = self._pieces[-1] if self._pieces else None
        at = 0 if self._reference else len(self._literals)
        if last is not None and last.reference is self._reference:
            self._pieces[-1] = Piece(
                last.start, last.size + len(data), last.at, last.reference
            )  # fmt: skip
        else:
            self._pieces.append(Piece(self._end, len(data), at, self._reference))
        if self._reference is None:
            self._literals += data

    def _replace(self, data: bytes | bytearray | memoryview) -> None:
        starts = [piece.start for piece in self._pieces]
        piece = self._pieces[bisect_right(starts, self._at) - 1]
        place = piece.at + self._at - piece.start
        if piece.reference or self._at + len(data) > piece.end or self._at < self._hashed:
            raise ValueError("only the package's own bytes are changed, before they are hashed")
        self._literals[place : place + len(data)] = data

    # --- what makes an outline of it ---

    @contextmanager
    def payload(self, reference: Reference | None) -> Iterator[None]:
        """Within, what is written is that object's bytes: counted, and not kept."""
        if reference is None:
            raise ValueError("an outline needs to know where a file lies")
        self._reference = reference
        try:
            yield
        finally:
            self._reference = None

    def settle(self) -> None:
        """Hash what is there so far, reading the payload again; none of it changes any more.

        Raises OutlineError when an object's bytes are others than its reference says.
        """
        for piece, first, last in _within(self._pieces, self._hashed, self._end):
            if piece.reference is None:
                for at in range(piece.at + first, piece.at + last, PIECE):
                    self._digest.update(self._literals[at : min(at + PIECE, piece.at + last)])
            else:
                self._again(piece.reference, piece.size)
        self._hashed = self._end

    def _again(self, reference: Reference, written: int) -> None:
        found = hashlib.sha256()
        if written != reference.size:
            raise OutlineError(f"{reference.key}: {written} of {reference.size} bytes were written")
        for data in _exactly(self._fetch(reference, 0, written), written, reference.key):
            found.update(data)
            self._digest.update(data)
        if found.hexdigest() != reference.sha256:
            raise OutlineError(
                f"{reference.key} has SHA-256 {found.hexdigest()} when it is read again; "
                f"{reference.sha256} was written"
            )

    def seal(self) -> None:
        """Put the SHA-256 of all before into the last 64 bytes, which must be the package's own."""
        last = self._pieces[-1]
        if last.reference is not None or last.size < 64 or last.end - 64 < self._hashed:
            raise ValueError("there is no place for the hash at the end")
        self._pieces[-1] = Piece(last.start, last.size - 64, last.at)
        self.settle()
        self._pieces[-1] = last
        own = self._digest.hexdigest().encode()
        self._literals[-64:] = own
        self._digest.update(own)
        self._hashed, self._sha256 = last.end, self._digest.hexdigest()

    def outline(self) -> Outline:
        """What was written, sealed. Raises ValueError before that."""
        if not self._sha256:
            raise ValueError("it is not sealed")
        return Outline(self._end, self._sha256, tuple(self._pieces), bytes(self._literals))


def _within(pieces: Sequence[Piece], start: int, end: int) -> Iterator[tuple[Piece, int, int]]:
    """The pieces that lie between two places: each with where in it to begin and to end."""
    number = max(0, bisect_right([piece.start for piece in pieces], start) - 1)
    for piece in pieces[number:]:
        if piece.start >= end:
            return
        first, last = max(0, start - piece.start), min(piece.size, end - piece.start)
        if first < last:
            yield piece, first, last


def _exactly(found: Iterator[bytes], size: int, what: str) -> Iterator[bytes]:
    """These bytes in small pieces: so many, or OutlineError."""
    left = size
    try:
        for data in found:
            if len(data) > left:
                raise OutlineError(f"{what}: more bytes came than were asked for")
            left -= len(data)
            for at in range(0, len(data), PIECE):
                yield data[at : at + PIECE]
    finally:
        # A connection to the store is let go of at once, not when something is cleared away.
        close: Any = getattr(found, "close", None)
        if close is not None:
            close()
    if left:
        raise OutlineError(f"{what}: {left} of {size} bytes are missing")


class _Own:
    """The package's own bytes during one read: the few between files come from one block."""

    def __init__(self, source: bytes | Reference, fetch: Fetch) -> None:
        self._source, self._fetch = source, fetch
        self._block, self._from = b"", 0

    def read(self, start: int, end: int) -> Iterator[bytes]:
        source = self._source
        if isinstance(source, bytes):
            for at in range(start, end, PIECE):
                yield source[at : min(at + PIECE, end)]
        elif end - start > BLOCK:
            yield from _exactly(self._fetch(source, start, end), end - start, source.key)
        else:
            if not self._from <= start <= end <= self._from + len(self._block):
                upto = min(source.size, start + BLOCK)
                found = _exactly(self._fetch(source, start, upto), upto - start, source.key)
                self._from, self._block = start, b"".join(found)
            yield self._block[start - self._from : end - self._from]
