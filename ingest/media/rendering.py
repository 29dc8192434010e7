"""From one file to its renditions: pure files in, files out."""

from __future__ import annotations

import json
import math
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.media import commands, sandbox, stills, tools
from ingest.media.sandbox import Limits, MediaFailed

LONGEST = 24 * 3600.0
PROXY_BYTES, STILL_BYTES, WAVE_BYTES = 64 * 2**30, 16 * 2**20, 4 * 2**30


@dataclass(frozen=True)
class Made:
    """One rendition on disk."""

    kind: str
    path: Path
    content_type: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """Everything that one decode gave."""

    probe: dict[str, Any]
    made: list[Made]
    arguments: list[str]
    seconds: float


def probe(source: Path, demuxer: str, mode: str = "bwrap") -> dict[str, Any]:
    """What ffprobe says, kept as it is. Raises MediaFailed."""
    argv = commands.probe(tools.path("ffprobe"), demuxer)
    out, _ = sandbox.run(argv, source=source, limits=Limits(wall=120, cpu=60), mode=mode)
    try:
        found = json.loads(out)
    except json.JSONDecodeError:
        raise MediaFailed("ffprobe's answer can't be read") from None
    return dict(found)


def seconds_of(found: dict[str, Any]) -> float:
    """The duration that a container claims, 0 when it says none or nonsense."""
    try:
        seconds = float(found.get("format", {}).get("duration", 0))
    except (TypeError, ValueError):
        return 0.0
    return seconds if math.isfinite(seconds) and 0 < seconds <= LONGEST else 0.0


def plan(found: dict[str, Any], demuxer: str, threads: int) -> commands.Plan:
    """Which streams to render. Raises MediaFailed when there is neither picture nor sound."""
    video = audio = None
    for stream in found.get("streams", []):
        attached = stream.get("disposition", {}).get("attached_pic")
        if stream.get("codec_type") == "video" and video is None and not attached:
            video = int(stream["index"])
        if stream.get("codec_type") == "audio" and audio is None:
            audio = int(stream["index"])
    if video is None and audio is None:
        raise MediaFailed("it holds neither picture nor sound")
    # A container that does not say how long it is gets a tile every ten seconds.
    interval = max(1.0, (seconds_of(found) or 10.0 * commands.TILES) / commands.TILES)
    return commands.Plan(demuxer, video, audio, interval, threads)


def render(
    source: Path,
    out: Path,
    demuxer: str,
    *,
    threads: int = 2,
    mode: str = "bwrap",
    on_progress: Callable[[int], None] | None = None,
) -> Result:
    """Make proxy, poster, storyboard and waveform of `source` in `out`, with one decode.

    `on_progress` gets per cents. Raises MediaFailed with a reason for a person.
    """
    found = probe(source, demuxer, mode)
    steps = plan(found, demuxer, threads)
    argv = commands.render(tools.path("ffmpeg"), steps)
    claimed = seconds_of(found)

    def progress(line: str) -> None:
        name, _, value = line.partition("=")
        if name == "out_time_us" and claimed and on_progress and value.strip("-").isdigit():
            on_progress(min(99, max(0, int(int(value) / 10_000 / claimed))))
        elif name == "out_time_us" and on_progress:
            on_progress(0)

    budget = 120 + 8 * (claimed or LONGEST / 8)
    limits = Limits(wall=budget * 2, cpu=int(budget * max(threads, 1)))
    sandbox.run(argv, source=source, out=out, limits=limits, mode=mode, on_line=progress)
    made, seconds = _collect(out, steps, mode)
    arguments = list(argv[1:])
    return Result(found, made, arguments, seconds)


def _own(path: Path, limit: int) -> bool:
    """Whether this is a plain file of a sane size: what a decoder wrote is not to be trusted."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_size > limit:
        raise MediaFailed("the decoder left something that is no plain file")
    return found.st_size > 0


def _collect(out: Path, steps: commands.Plan, mode: str) -> tuple[list[Made], float]:
    proxy = out / "proxy.mp4"
    if not _own(proxy, PROXY_BYTES):
        raise MediaFailed("nothing came out of it")
    shown = probe(proxy, "mov", mode)
    seconds = seconds_of(shown)
    pictures = [item for item in shown.get("streams", []) if item.get("codec_type") == "video"]
    frames = int(pictures[0].get("nb_frames", 0)) if pictures else 0
    if not seconds or (steps.video is not None and not frames):
        raise MediaFailed("no picture could be decoded")
    size = {"width": pictures[0]["width"], "height": pictures[0]["height"]} if pictures else {}
    made = [Made("proxy", proxy, "video/mp4", {"seconds": seconds, "frames": frames, **size})]
    derived = out.with_name("derived")  # a folder that the sandbox never saw
    derived.mkdir(exist_ok=True)
    posters = [path for path in sorted(out.glob("poster-*.jpg")) if _own(path, STILL_BYTES)]
    tiles = [path for path in sorted(out.glob("tile-*.jpg")) if _own(path, STILL_BYTES)]
    if posters:
        made.append(Made("poster", posters[-1], "image/jpeg", size))
    if tiles:
        sheet = derived / "storyboard.jpg"
        facts = stills.storyboard(tiles[: commands.MOST_TILES], sheet) | {
            "interval": steps.interval
        }
        made.append(Made("storyboard", sheet, "image/jpeg", facts))
    raw = out / "wave.raw"
    if _own(raw, WAVE_BYTES):
        values = stills.peaks(raw, seconds)
        wave = derived / "waveform.json"
        wave.write_text(json.dumps({"version": 1, "peaks": values}))
        facts = {"peaks": values, "seconds": round(stills.sound_seconds(raw), 3)}
        made.append(Made("waveform", wave, "application/json", facts))
    return made, seconds
