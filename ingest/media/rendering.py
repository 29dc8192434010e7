"""From one file to its renditions: pure files in, files out."""

from __future__ import annotations

import array
import json
import math
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.media import commands, frames, sandbox, stills, tools, track
from ingest.media.sandbox import Limits, MediaFailed

LONGEST = 24 * 3600.0
PROXY_BYTES, STILL_BYTES, WAVE_BYTES = 64 * 2**30, 16 * 2**20, 4 * 2**30
TELEMETRY_BYTES = 64 * 2**20
MOST_PACKETS = 200_000


@dataclass(frozen=True)
class Made:
    """One rendition on disk."""

    kind: str
    path: Path
    content_type: str
    facts: dict[str, Any] = field(default_factory=dict)
    # Where it was not the one run of ffmpeg that made everything else.
    tool: str = "ffmpeg"
    arguments: list[str] | None = None


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

    Besides, from headers alone: when each frame is shown, and where the camera was. A fault
    in those costs their rendition, never the viewing copy. `on_progress` gets per cents.
    Raises MediaFailed with a reason for a person.
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
    if steps.audio is not None and steps.video is not None:
        made += _tried(_sound, out, mode)
    if steps.video is not None:
        made += _tried(_frames, out, mode)
    made += _tried(_track, source, out, demuxer, found, mode)
    arguments = list(argv[1:])
    return Result(found, made, arguments, seconds)


def shrink(
    proxy: Path,
    out: Path,
    parent: str,
    *,
    threads: int = 2,
    mode: str = "bwrap",
    on_line: Callable[[str], None] | None = None,
) -> Made:
    """Make the small viewing copy in `out`, from a viewing copy and its SHA-256.

    Every frame is kept, at its own time; that is measured, because frame steps rely on it.
    Raises MediaFailed with a reason for a person.
    """
    found = probe(proxy, "mov", mode)
    steps = plan(found, "mov", threads)
    if steps.video is None:
        raise MediaFailed("it holds no moving picture")
    argv = commands.shrink(tools.path("ffmpeg"), threads, steps.audio is not None, parent)
    budget = 120 + 4 * (seconds_of(found) or LONGEST / 8)
    limits = Limits(wall=budget * 2, cpu=int(budget * max(threads, 1)))
    sandbox.run(argv, source=proxy, out=out, limits=limits, mode=mode, on_line=on_line)
    target = out / "small.mp4"
    if not own(target, PROXY_BYTES):
        raise MediaFailed("nothing came out of it")
    shown = probe(target, "mov", mode)
    picture = next((i for i in shown["streams"] if i.get("codec_type") == "video"), None)
    times = _ticks(proxy, found, mode)
    if picture is None or times is None or not _same(times, _ticks(target, shown, mode)):
        raise MediaFailed("its frames are not at the viewing copy's times")
    facts = {
        "seconds": seconds_of(shown), "frames": len(times[0]), "from": parent,
        "width": int(picture["width"]), "height": int(picture["height"]),
    }  # fmt: skip
    return Made("small", target, "video/mp4", facts, "ffmpeg", argv[1:])


def _same(one: tuple[Sequence[int], int], other: tuple[Sequence[int], int] | None) -> bool:
    """Whether both show as many frames, each within a millisecond of the other's."""
    if other is None or len(one[0]) != len(other[0]):
        return False
    return all(
        abs(a * other[1] - b * one[1]) * 1000 <= one[1] * other[1]
        for a, b in zip(one[0], other[0], strict=True)
    )


def _ticks(film: Path, found: dict[str, Any], mode: str) -> tuple[Sequence[int], int] | None:
    """When each frame of a film of ours is shown, and ticks a second; None for too many."""
    picture = next(item for item in found["streams"] if item.get("codec_type") == "video")
    _, _, scale = str(picture.get("time_base", "")).partition("/")
    argv = commands.packets(tools.path("ffprobe"), "mov", int(picture["index"]), "pts")
    ticks = frames.Ticks()
    limits = Limits(wall=900, cpu=300)
    sandbox.run(argv, source=film, limits=limits, mode=mode, on_line=ticks.line)
    if ticks.full or not scale.isdigit() or not int(scale):
        return None
    ticks.times[:] = array.array("q", sorted(ticks.times))
    return ticks.times, int(scale)


def own(path: Path, limit: int) -> bool:
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
    if not own(proxy, PROXY_BYTES):
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
    posters = [path for path in sorted(out.glob("poster-*.jpg")) if own(path, STILL_BYTES)]
    tiles = [path for path in sorted(out.glob("tile-*.jpg")) if own(path, STILL_BYTES)]
    if posters:
        made.append(Made("poster", posters[-1], "image/jpeg", size))
    if tiles:
        sheet = derived / "storyboard.jpg"
        facts = stills.storyboard(tiles[: commands.MOST_TILES], sheet) | {
            "interval": steps.interval
        }
        made.append(Made("storyboard", sheet, "image/jpeg", facts))
    raw = out / "wave.raw"
    if own(raw, WAVE_BYTES):
        values = stills.levels(raw, seconds)
        loud = stills.loud_passages(values, seconds)
        wave = derived / "waveform.json"
        wave.write_text(json.dumps({"version": 2, "levels": values, "loud": loud}))
        facts = {
            "levels": values, "loud": loud, "seconds": round(stills.sound_seconds(raw), 3),
        }  # fmt: skip
        made.append(Made("waveform", wave, "application/json", facts))
    return made, seconds


def _tried(make: Callable[..., list[Made]], *arguments: Any) -> list[Made]:
    """What an extra gives; nothing when it fails: a viewing copy without it still plays."""
    try:
        return make(*arguments)
    except MediaFailed:
        return []


def _sound(out: Path, mode: str) -> list[Made]:
    """The viewing copy's sound alone, copied: for lines that carry no picture."""
    argv = commands.copy_sound(tools.path("ffmpeg"))
    folder = out.with_name("sound")
    folder.mkdir(exist_ok=True)
    sandbox.run(
        argv, source=out / "proxy.mp4", out=folder, limits=Limits(wall=900, cpu=300), mode=mode
    )
    target = folder / "sound.mp4"
    if not own(target, WAVE_BYTES):
        return []
    return [Made("sound", target, "audio/mp4", arguments=argv[1:])]


def _frames(out: Path, mode: str) -> list[Made]:
    """The table of the viewing copy's frames, from its packets' headers."""
    proxy = out / "proxy.mp4"
    shown = probe(proxy, "mov", mode)
    picture = next(item for item in shown["streams"] if item.get("codec_type") == "video")
    _, _, scale = str(picture.get("time_base", "")).partition("/")
    argv = commands.packets(tools.path("ffprobe"), "mov", int(picture["index"]), "pts")
    ticks = frames.Ticks()
    limits = Limits(wall=900, cpu=300)
    sandbox.run(argv, source=proxy, limits=limits, mode=mode, on_line=ticks.line)
    found = frames.table(ticks.times, int(scale)) if scale.isdigit() and not ticks.full else None
    if found is None:
        return []
    target = out.with_name("derived") / "frames.json"
    target.write_text(json.dumps(found, separators=(",", ":")))
    facts = {"count": found["count"], "runs": len(found["runs"])}
    return [Made("frames", target, "application/json", facts, "ffprobe", argv[1:])]


def _track(source: Path, out: Path, demuxer: str, found: dict[str, Any], mode: str) -> list[Made]:
    """Where the camera was: its telemetry, else the place that the container names."""
    fixes: list[track.Fix] = []
    origin, arguments = "", list[str]()
    for stream in found.get("streams", []):
        reader = _telemetry(stream)
        if reader is None or fixes:
            continue
        arguments = commands.copy_data(
            tools.path("ffmpeg"), demuxer, int(stream["index"]), TELEMETRY_BYTES
        )[1:]
        packets = _packets(source, out, demuxer, int(stream["index"]), mode)
        fixes, origin = track.sane(reader(packets)), reader.__name__.removeprefix("from_")
    if not fixes:
        fixes, origin, arguments = track.sane(track.from_tags(found)), "tags", []
    return keep_track(fixes, origin, out, arguments) if fixes else []


def keep_track(fixes: list[track.Fix], origin: str, out: Path, arguments: list[str]) -> list[Made]:
    """The positions as a rendition."""
    target = out.with_name("derived") / "track.json"
    target.write_text(json.dumps(track.document(fixes), separators=(",", ":"), allow_nan=False))
    facts = {
        "fixes": len(fixes), "from": origin, "metres": round(track.metres(fixes)),
        "first": [fixes[0].latitude, fixes[0].longitude],
        # South, west, north, east: a complaint about a place asks who came by it.
        "box": [
            min(fix.latitude for fix in fixes), min(fix.longitude for fix in fixes),
            max(fix.latitude for fix in fixes), max(fix.longitude for fix in fixes),
        ],
    }  # fmt: skip
    return [Made("track", target, "application/json", facts, "ffmpeg", arguments)]


def _telemetry(
    stream: dict[str, Any],
) -> Callable[[list[track.Packet]], list[track.Fix]] | None:
    """What reads this stream's packets, if it may hold positions."""
    if stream.get("codec_tag_string") == "gpmd":
        return track.from_gpmf
    if stream.get("codec_name") in ("mov_text", "subrip", "text"):
        return track.from_text
    return None


def _packets(source: Path, out: Path, demuxer: str, stream: int, mode: str) -> list[track.Packet]:
    """One data stream's packets, taken out in the sandbox."""
    limits = Limits(wall=600, cpu=120, file_bytes=2 * TELEMETRY_BYTES)
    argv = commands.copy_data(tools.path("ffmpeg"), demuxer, stream, TELEMETRY_BYTES)
    folder = out.with_name("telemetry")
    folder.mkdir(exist_ok=True)
    sandbox.run(argv, source=source, out=folder, limits=limits, mode=mode)
    blob = folder / "telemetry.bin"
    if not own(blob, 2 * TELEMETRY_BYTES):
        return []
    lines: list[str] = []

    def line(text: str) -> None:
        if len(lines) < MOST_PACKETS:
            lines.append(text)

    # In ffprobe's own order, whatever is asked: time, duration, size.
    argv = commands.packets(tools.path("ffprobe"), demuxer, stream, "pts_time,duration_time,size")
    sandbox.run(argv, source=source, limits=limits, mode=mode, on_line=line)
    return _cut(blob.read_bytes(), lines)


def _cut(blob: bytes, lines: list[str]) -> list[track.Packet]:
    """The bytes of the stream by its packets' sizes; stops at the first line that is none."""
    packets, at = [], 0
    for text in lines:
        words = text.strip().split(",")
        try:
            seconds, duration, size = float(words[0]), float(words[1]), int(words[2])
        except (ValueError, IndexError):
            break
        if size < 0 or at + size > len(blob) or not math.isfinite(seconds + duration):
            break
        packets.append(track.Packet(seconds, min(max(duration, 0.0), 60.0), blob[at : at + size]))
        at += size
    return packets
