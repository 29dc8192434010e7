"""The storyboard sheet with its WebVTT, the poster, and the waveform's levels."""

from __future__ import annotations

import array
import math
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from ingest.media.commands import WAVE_RATE

COLUMNS = 10
LEVELS = 2000
# The scale of loudness: from so many decibels below full scale (silence) up to full scale.
QUIETEST = -60.0
# Loud: so many steps (of 100) above what is usual here, and above this at least.
LOUDER, LOUD = 20, 55
MOST_PASSAGES = 200
# A decompression bomb can't come from our own frames, but the limit costs nothing.
Image.MAX_IMAGE_PIXELS = 40_000_000


def storyboard(frames: list[Path], target: Path) -> dict[str, Any]:
    """Put the frames into one sheet, ten in a row; the sheet's geometry."""
    with Image.open(frames[0], formats=["JPEG"]) as first:
        width, height = first.size
    rows = -(-len(frames) // COLUMNS)
    sheet = Image.new("RGB", (width * min(len(frames), COLUMNS), height * rows))
    for position, frame in enumerate(frames):
        with Image.open(frame, formats=["JPEG"]) as tile:
            at = (position % COLUMNS * width, position // COLUMNS * height)
            sheet.paste(tile, at)
    sheet.save(target, "JPEG", quality=80, optimize=True)
    return {"width": width, "height": height, "columns": COLUMNS, "count": len(frames)}


def thumbnails_vtt(facts: dict[str, Any], url: str) -> str:
    """The storyboard as WebVTT thumbnails: one cue a tile, `#xywh` into the sheet."""

    def clock(seconds: float) -> str:
        milliseconds = round(seconds * 1000)
        hours, rest = divmod(milliseconds, 3_600_000)
        minutes, rest = divmod(rest, 60_000)
        return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"

    lines = ["WEBVTT", ""]
    interval, width, height = facts["interval"], facts["width"], facts["height"]
    for position in range(facts["count"]):
        start = position * interval
        left = position % facts["columns"] * width
        top = position // facts["columns"] * height
        lines += [
            f"{clock(start)} --> {clock(start + interval)}",
            f"{url}#xywh={left},{top},{width},{height}",
            "",
        ]
    return "\n".join(lines)


def levels(raw: Path, seconds: float) -> list[int]:
    """How loud each of up to 2,000 equal slices is: 0 (silence) to 100 (full scale), in decibels.

    Decibels, because speech at a tenth of a shout's amplitude would be a flat line else.
    Read slice by slice.
    """
    total = raw.stat().st_size // 2
    if not total:
        return []
    count = min(LEVELS, max(1, round(seconds * 20)))
    found = []
    with raw.open("rb") as file:
        done = 0
        for position in range(count):
            until = total * (position + 1) // count
            samples = array.array("h")
            samples.frombytes(file.read((until - done) * 2))
            if sys.byteorder == "big":
                samples.byteswap()
            done = until
            found.append(level(max(max(samples), -min(samples)) if samples else 0))
    return found


def level(loudest: int) -> int:
    """A sample's place on the scale of loudness."""
    if loudest < 1:
        return 0
    decibels = 20 * math.log10(min(loudest, 32767) / 32767)
    return max(0, round(100 - 100 * decibels / QUIETEST))


def loud_passages(found: list[int], seconds: float) -> list[list[float]]:
    """From and to, in seconds, of what is much louder than is usual here: shouts, bangs."""
    if not found:
        return []
    heard = sorted(value for value in found if value > 0) or [0]
    least = max(LOUD, heard[len(heard) // 2] + LOUDER)
    width = seconds / len(found)
    passages: list[list[float]] = []
    for position, value in enumerate(found):
        start, end = position * width, (position + 1) * width
        if value < least:
            continue
        # What is loud again within a second is one passage.
        if passages and start - passages[-1][1] <= 1.0:
            passages[-1][1] = end
        else:
            passages.append([start, end])
    return [[round(a, 2), round(b, 2)] for a, b in passages[:MOST_PASSAGES]]


def sound_seconds(raw: Path) -> float:
    """The length of the sound samples."""
    return raw.stat().st_size / 2 / WAVE_RATE
