"""The storyboard sheet with its WebVTT, the poster, and the waveform's peaks."""

from __future__ import annotations

import array
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from ingest.media.commands import WAVE_RATE

COLUMNS = 10
PEAKS = 1000
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


def peaks(raw: Path, seconds: float) -> list[int]:
    """Loudest sample (0 to 100) of each of up to 1,000 equal slices, read slice by slice."""
    total = raw.stat().st_size // 2
    if not total:
        return []
    count = min(PEAKS, max(1, round(seconds * 20)))
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
            loudest = max(max(samples), -min(samples)) if samples else 0
            found.append(min(100, round(loudest * 100 / 32767)))
    return found


def sound_seconds(raw: Path) -> float:
    """The length of the sound samples."""
    return raw.stat().st_size / 2 / WAVE_RATE
