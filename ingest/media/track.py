"""Where a recording was made: positions by time, from whatever the camera wrote them into.

Pure functions over hostile bytes. A position that can't be one (no number, off the globe,
exactly 0, 0) is left out; at most one a second is kept, and no more than MOST.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ingest.media import gpmf

MOST = 20_000
LONGEST = 24 * 3600.0
FASTEST = 350.0  # metres a second: faster is no person, car or helicopter
LINE = 200
LOCATION_TAGS = ("location", "location-eng", "com.apple.quicktime.location.ISO6709")
# ISO 6709, annex H: +DD.DDDD-DDD.DDDD with a height that is not used here.
ISO6709 = re.compile(r"([+-]\d{2}(?:\.\d{1,12})?)([+-]\d{3}(?:\.\d{1,12})?)")
# Some cameras leave out the dollar.
NMEA = re.compile(rb"(?<![A-Za-z])G[A-Z](RMC|GGA),([0-9A-Za-z.,+-]{10,120})")
CARD_ROW = re.compile(
    r"(\d{9,11}),A,(-?\d{1,3}\.\d{1,12}),(-?\d{1,3}\.\d{1,12}),[^\n]{0,100}?,([\w-]{1,80}\.\w{2,4}),"
)


@dataclass(frozen=True)
class Fix:
    """One position: seconds from the start of the file, degrees (WGS 84), metres a second."""

    seconds: float
    latitude: float
    longitude: float
    speed: float | None = None


@dataclass(frozen=True)
class Packet:
    """When a packet of a data stream is shown, for how long, and its bytes."""

    seconds: float
    duration: float
    body: bytes


def sane(found: Iterable[Fix]) -> list[Fix]:
    """Those that can be true, in order of time, at most one a second, the last one kept."""
    kept: list[Fix] = []
    last: Fix | None = None
    for fix in sorted(filter(_can_be, found), key=lambda item: item.seconds):
        if not kept or fix.seconds - kept[-1].seconds >= 1.0:
            kept.append(fix)
            last = None
        else:
            last = fix
    if last is not None:
        kept.append(last)
    step = -(-len(kept) // MOST) or 1
    return [_rounded(fix) for fix in kept[::step]]


def _can_be(fix: Fix) -> bool:
    numbers = (fix.seconds, fix.latitude, fix.longitude)
    if not all(math.isfinite(number) for number in numbers):
        return False
    if abs(fix.latitude) > 90 or abs(fix.longitude) > 180:
        return False
    # Receivers without a lock say 0, 0: a place in the sea off Ghana.
    if abs(fix.latitude) < 1e-6 and abs(fix.longitude) < 1e-6:
        return False
    return 0 <= fix.seconds <= LONGEST


def _rounded(fix: Fix) -> Fix:
    speed = fix.speed
    if speed is not None and not (math.isfinite(speed) and 0 <= speed <= FASTEST):
        speed = None
    return Fix(
        round(fix.seconds, 3), round(fix.latitude, 7), round(fix.longitude, 7),
        None if speed is None else round(speed, 2),
    )  # fmt: skip


def from_gpmf(packets: Sequence[Packet]) -> list[Fix]:
    """GoPro's stream: each packet's positions lie evenly over its duration."""
    found: list[Fix] = []
    for packet in packets:
        rows = gpmf.fixes(packet.body)
        for position, (latitude, longitude, speed) in enumerate(rows):
            at = packet.seconds + packet.duration * position / len(rows)
            found.append(Fix(at, latitude, longitude, speed))
        if len(found) > 40 * MOST:
            break
    return found


def from_text(packets: Sequence[Packet]) -> list[Fix]:
    """NMEA sentences in a stream of text, as dash cameras write them: the first of a packet."""
    found = []
    for packet in packets:
        if (place := nmea(packet.body)) is not None:
            found.append(Fix(packet.seconds, *place))
        if len(found) > MOST:
            break
    return found


def nmea(data: bytes) -> tuple[float, float, float | None] | None:
    """The first valid RMC or GGA sentence: latitude, longitude, metres a second."""
    for match in NMEA.finditer(data[:4096]):
        words = match[2].decode("ascii").split(",")
        is_rmc = match[1] == b"RMC"
        at = 2 if is_rmc else 1
        if len(words) < at + 5:
            continue
        if (words[1] != "A") if is_rmc else (words[5] in ("", "0")):
            continue
        latitude = _degrees(words[at], words[at + 1], "NS")
        longitude = _degrees(words[at + 2], words[at + 3], "EW")
        if latitude is None or longitude is None:
            continue
        return latitude, longitude, _knots(words[6]) if is_rmc and len(words) > 6 else None
    return None


def _knots(word: str) -> float | None:
    try:
        return float(word) * 0.514444
    except ValueError:
        return None


def _degrees(word: str, side: str, sides: str) -> float | None:
    """ddmm.mmmm and N or S: degrees."""
    match = re.fullmatch(r"(\d{2,3})(\d{2}(?:\.\d{1,10})?)", word)
    if match is None or side not in sides or not side:
        return None
    degrees = int(match[1]) + float(match[2]) / 60
    return -degrees if side == sides[1] else degrees


def from_tags(found: dict[str, Any]) -> list[Fix]:
    """The one position that phones write into the container: ISO 6709, at the start."""
    tags = found.get("format", {}).get("tags", {})
    for name in LOCATION_TAGS:
        text = tags.get(name) if isinstance(tags, dict) else None
        match = ISO6709.match(text[:LINE]) if isinstance(text, str) else None
        if match is not None:
            return [Fix(0.0, float(match[1]), float(match[2]))]
    return []


def from_card(text: str, file_name: str) -> list[Fix]:
    """A side-car of the card that names its film in each row (70mai's GPSData…txt).

    Rows count from the film's first.
    """
    wanted = file_name.rpartition("/")[2].rpartition("\\")[2]
    found: list[tuple[int, float, float]] = []
    for match in CARD_ROW.finditer(text):
        if match[4] == wanted:
            found.append((int(match[1]), float(match[2]), float(match[3])))
        if len(found) > MOST:
            break
    return [Fix(at - found[0][0], latitude, longitude) for at, latitude, longitude in found]


def document(fixes: Sequence[Fix]) -> dict[str, Any]:
    """The track as it is stored: rows of seconds, degrees, degrees, metres a second or null."""
    rows = [[fix.seconds, fix.latitude, fix.longitude, fix.speed] for fix in fixes]
    return {"version": 1, "datum": "WGS 84", "fixes": rows}


def metres(fixes: Sequence[Fix]) -> float:
    """How far it went, over the ground, summed from fix to fix."""
    return sum(_apart(one, other) for one, other in pairwise(fixes))


def _apart(one: Fix, other: Fix) -> float:
    north = math.radians(other.latitude - one.latitude)
    east = math.radians(other.longitude - one.longitude)
    here, there = math.radians(one.latitude), math.radians(other.latitude)
    half = math.sin(north / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(east / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(min(1.0, math.sqrt(half)))
