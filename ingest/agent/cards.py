"""What lies on a camera's card: its files in order, their times and fingerprints."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ABOUT = "camera.json"
READ = 1024 * 1024
_IN_NAME = re.compile(
    r"(?<!\d)((?:19|20)\d{2})-?(\d{2})-?(\d{2})[-_T]?(\d{2})-?(\d{2})-?(\d{2})(?!\d)"
)


class CardUnreadable(OSError):
    """The card, or a file on it, can't be read now."""


@dataclass(frozen=True)
class Card:
    """A camera in a bay.

    `camera.json` on the card is what a vendor's adapter writes there: `serial`, and
    optionally `clock_error_seconds` (camera minus dock) and `marked` (file names).
    Without it the bay's folder name is the serial number.
    """

    bay: Path
    serial: str
    clock_error: timedelta | None
    marked: frozenset[str]

    @classmethod
    def read(cls, bay: Path) -> Card | None:
        """The card in this bay; None when the bay is empty. Raises CardUnreadable."""
        try:
            if not bay.is_dir() or not any(bay.iterdir()):
                return None
            about: dict[str, Any] = {}
            if (bay / ABOUT).is_file():
                about = json.loads((bay / ABOUT).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CardUnreadable(f"{bay}: {error}") from error
        try:
            seconds = about.get("clock_error_seconds")
            return cls(
                bay=bay,
                serial=str(about.get("serial") or bay.name),
                clock_error=None if seconds is None else timedelta(seconds=float(seconds)),
                marked=frozenset(str(name) for name in about.get("marked", [])),
            )
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            raise CardUnreadable(f"{bay / ABOUT}: {error}") from error


@dataclass(frozen=True)
class Found:
    """A file on a card. `path` is relative to the bay, `file_id` the same as text for JSON."""

    path: str
    file_id: str
    size: int
    mtime_ns: int
    marked: bool

    def recorded_at(self) -> datetime:
        """The time in the file's name as cameras write it (UTC), else its modification time."""
        match = _IN_NAME.search(Path(self.file_id).name)
        if match:
            try:
                year, month, day, hour, minute, second = map(int, match.groups())
                return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
            except ValueError:
                pass  # digits that are no date: the modification time it is
        return datetime.fromtimestamp(self.mtime_ns // 1_000_000_000, tz=UTC)


def _printable(path: str) -> str:
    """A name that JSON can hold; bytes that are not UTF-8 are shown as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def files(card: Card) -> list[Found]:
    """Every file on the card, marked ones first, then oldest first. Links are not followed.

    Raises CardUnreadable when the camera was pulled out.
    """
    found = []
    try:
        for path in _walk(card.bay):
            status = path.lstat()
            relative = str(path.relative_to(card.bay))
            file_id = _printable(relative)
            marked = file_id in card.marked or path.name in card.marked
            found.append(Found(relative, file_id, status.st_size, status.st_mtime_ns, marked))
    except OSError as error:
        raise CardUnreadable(f"{card.bay}: {error}") from error
    return sorted(found, key=lambda item: (not item.marked, item.mtime_ns, item.file_id))


def _walk(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda item: item.name):
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path))
            elif entry.is_file(follow_symlinks=False) and entry.name != ABOUT:
                yield Path(entry.path)


def fingerprint(path: Path, part_size: int) -> tuple[str, list[str], int]:
    """SHA-256 of the whole and of each part (hex), and the size, from one reading."""
    whole, part = hashlib.sha256(), hashlib.sha256()
    parts: list[str] = []
    size = in_part = 0
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(min(READ, part_size - in_part)):
            whole.update(chunk)
            part.update(chunk)
            size += len(chunk)
            in_part += len(chunk)
            if in_part == part_size:
                parts.append(part.hexdigest())
                part, in_part = hashlib.sha256(), 0
    if in_part:
        parts.append(part.hexdigest())
    return whole.hexdigest(), parts, size


def read_part(path: Path, number: int, part_size: int) -> bytes:
    """The bytes of part `number`, counted from 1."""
    with path.open("rb", buffering=0) as file:
        file.seek((number - 1) * part_size)
        pieces = bytearray()
        while len(pieces) < part_size and (chunk := file.read(part_size - len(pieces))):
            pieces += chunk
    return bytes(pieces)


def unchanged(path: Path, size: int, mtime_ns: int) -> bool:
    """Whether the file is still the one that was hashed, by size and modification time."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (size, mtime_ns)


def wipe(path: Path) -> None:
    """Delete the file and make the deletion durable."""
    path.unlink(missing_ok=True)
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
