"""A tiny writer of GoPro's telemetry, and a film that carries it, for a clone without footage."""

from __future__ import annotations

import struct
from pathlib import Path

SCALE = (10_000_000, 10_000_000, 1000, 1000, 100)


def item(key: bytes, kind: str, size: int, count: int, body: bytes) -> bytes:
    head = struct.pack(">4sBBH", key, ord(kind) if kind else 0, size, count)
    return head + body + b"\0" * (-len(body) % 4)


def nest(key: bytes, *items: bytes) -> bytes:
    body = b"".join(items)
    return item(key, "", 1, len(body), body)


def packet(rows: list[tuple[float, float, float]], lock: int = 3) -> bytes:
    """One second of telemetry: latitude, longitude, metres a second."""
    body = b"".join(
        struct.pack(">5l", round(a * SCALE[0]), round(b * SCALE[1]), 30_000, round(v * 1000), 0)
        for a, b, v in rows
    )
    return nest(
        b"DEVC",
        item(b"DVNM", "c", 1, 5, b"Tests"),
        nest(b"STRM", item(b"ACCL", "s", 6, 1, b"\0\1\0\2\0\3")),
        nest(
            b"STRM",
            item(b"GPSF", "L", 4, 1, struct.pack(">L", lock)),
            item(b"SCAL", "l", 4, 5, struct.pack(">5l", *SCALE)),
            item(b"GPS5", "l", 20, len(rows), body),
        ),
    )


def packet9(rows: list[tuple[float, float, int]]) -> bytes:
    """The same as newer cameras write it; the last number is the lock."""
    scale = (10_000_000, 10_000_000, 1000, 1000, 100, 1, 1000, 100, 1)
    body = b"".join(
        struct.pack(">7l2H", round(a * 1e7), round(b * 1e7), 0, 1500, 0, 9000, 0, 150, lock)
        for a, b, lock in rows
    )
    return nest(
        b"DEVC",
        nest(
            b"STRM",
            item(b"TYPE", "c", 1, 9, b"lllllllSS"),
            item(b"SCAL", "l", 4, 9, struct.pack(">9l", *scale)),
            item(b"GPS9", "?", 32, len(rows), body),
        ),
    )


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">L4s", 8 + len(body), kind) + body


def _full(kind: bytes, *parts: bytes) -> bytes:
    return _box(kind, b"\0\0\0\0", *parts)


def with_telemetry(film: bytes, packets: list[bytes]) -> bytes:
    """The film (MP4, index at its end) with a `gpmd` track of one packet a second added."""
    at = film.rindex(b"moov") - 4
    length = struct.unpack_from(">L", film, at)[0]
    assert at + length == len(film), "the index has to be last"
    media = _box(b"mdat", *packets)
    offset, offsets = at + 8, []
    for body in packets:
        offsets.append(offset)
        offset += len(body)
    count = len(packets)
    unity = struct.pack(">9l", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    tkhd = _box(
        b"tkhd", b"\0\0\0\7", struct.pack(">5L", 0, 0, 9, 0, 1000 * count), b"\0" * 16, unity,
        b"\0" * 8,
    )  # fmt: skip
    mdhd = _full(b"mdhd", struct.pack(">4L2H", 0, 0, 1000, 1000 * count, 0x55C4, 0))
    hdlr = _full(b"hdlr", b"\0\0\0\0meta", b"\0" * 12, b"telemetry\0")
    entry = _box(b"gpmd", b"\0" * 6, b"\0\1", b"\0\0\0\0")
    stbl = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">L", 1), entry),
        _full(b"stts", struct.pack(">3L", 1, count, 1000)),
        _full(b"stsc", struct.pack(">4L", 1, 1, 1, 1)),
        _full(b"stsz", struct.pack(">2L", 0, count), *(struct.pack(">L", len(b)) for b in packets)),
        _full(b"stco", struct.pack(">L", count), *(struct.pack(">L", o) for o in offsets)),
    )
    dinf = _box(b"dinf", _full(b"dref", struct.pack(">L", 1), _box(b"url ", b"\0\0\0\1")))
    minf = _box(b"minf", _full(b"nmhd"), dinf, stbl)
    track = _box(b"trak", tkhd, _box(b"mdia", mdhd, hdlr, minf))
    return film[:at] + media + _box(b"moov", film[at + 8 :], track)


def write(path: Path, film: bytes, packets: list[bytes]) -> Path:
    path.write_bytes(with_telemetry(film, packets))
    return path
