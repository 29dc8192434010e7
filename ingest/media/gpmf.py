"""GoPro's telemetry (GPMF): positions out of one packet of the camera's data stream.

The bytes are the camera's, or whoever's made the file: lengths are checked before they are
believed, nesting and counts are bounded, and what makes no sense is left out.
https://github.com/gopro/gpmf-parser describes the format: a key of four letters, a type, a
size, a count, then the values, padded to four bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

DEEPEST = 4
MOST_ITEMS = 20_000
MOST_FIXES = 400
HEADER = struct.Struct(">4sBBH")


@dataclass
class Stream:
    """What one STRM says, as far as positions go: its scale, its lock, its positions."""

    scale: list[int] = field(default_factory=list)
    lock: int = 3
    kind: bytes = b""
    shape: bytes = b""
    body: bytes = b""
    size: int = 0


Fix = tuple[float, float, float | None]


def fixes(packet: bytes) -> list[Fix]:
    """The positions of one packet, in their order: latitude, longitude, metres a second."""
    found: list[Fix] = []
    for stream in _streams(packet):
        if stream.kind == b"GPS5":
            found += _gps5(stream)
        elif stream.kind == b"GPS9":
            found += _gps9(stream)
    return found[:MOST_FIXES]


def _items(data: bytes, budget: list[int]) -> Iterator[tuple[bytes, int, int, bytes]]:
    """Key, type, size and value of each item; stops where the lengths stop making sense."""
    at = 0
    while at + HEADER.size <= len(data) and budget[0] > 0:
        budget[0] -= 1
        key, kind, size, count = HEADER.unpack_from(data, at)
        at += HEADER.size
        length = size * count
        if key == b"\0\0\0\0" or at + length > len(data):
            return
        yield key, kind, size, data[at : at + length]
        at += -(-length // 4) * 4


def _streams(data: bytes, depth: int = 0, budget: list[int] | None = None) -> Iterator[Stream]:
    budget = [MOST_ITEMS] if budget is None else budget
    for key, kind, _, value in _items(data, budget):
        if kind == 0 and key == b"STRM":
            yield _stream(value, budget)
        elif kind == 0 and depth < DEEPEST:
            yield from _streams(value, depth + 1, budget)


def _stream(data: bytes, budget: list[int]) -> Stream:
    made = Stream()
    for key, kind, size, value in _items(data, budget):
        if key == b"SCAL":
            made.scale = _whole(kind, value)
        elif key == b"GPSF":
            made.lock = int.from_bytes(value[:4], "big")
        elif key == b"TYPE":
            made.shape = value.rstrip(b"\0")
        elif key in (b"GPS5", b"GPS9"):
            made.kind, made.body, made.size = key, value, size
    return made


def _whole(kind: int, value: bytes) -> list[int]:
    """A list of whole numbers of the types that scales come in."""
    letter = {0x6C: "l", 0x4C: "L", 0x73: "h", 0x53: "H"}.get(kind)
    if letter is None:
        return []
    width = struct.calcsize(f">{letter}")
    count = min(len(value) // width, 32)
    return list(struct.unpack(f">{count}{letter}", value[: count * width]))


def _gps5(stream: Stream) -> list[Fix]:
    """Latitude, longitude, height, speed over ground, speed; all of 32 bits."""
    scale = stream.scale
    if stream.lock < 2 or len(scale) < 5 or not all(scale[:5]) or stream.size != 20:
        return []
    rows = struct.iter_unpack(">5l", stream.body[: len(stream.body) // 20 * 20])
    return [
        (row[0] / scale[0], row[1] / scale[1], row[3] / scale[3])
        for row, _ in zip(rows, range(MOST_FIXES), strict=False)
    ]


def _gps9(stream: Stream) -> list[Fix]:
    """The same of newer cameras, with day, second, doubt and lock in each row."""
    scale = stream.scale
    if stream.shape != b"lllllllSS" or len(scale) < 9 or not all(scale[:9]) or stream.size != 32:
        return []
    rows = struct.iter_unpack(">7l2H", stream.body[: len(stream.body) // 32 * 32])
    return [
        (row[0] / scale[0], row[1] / scale[1], row[3] / scale[3])
        for row, _ in zip(rows, range(MOST_FIXES), strict=False)
        if row[8] / scale[8] >= 2
    ]
