"""From one file and two frame numbers to a clip: pure files in, files out.

Every frame from the first to the last, at the distances it had, and the sound of that time.
The frames are counted as they come out of the decoder, from the file's beginning: no seeking,
so no key frame, no odd start and no uneven rate moves the cut. What comes out is measured
against what was asked for before anybody gets it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from ingest.clips import covering
from ingest.media import commands, frames, rendering, sandbox, tools
from ingest.media.sandbox import INPUT, OUTPUT, Limits, MediaFailed

MOST_BYTES = 64 * 2**30
CRF, PRESET = 14, "medium"
# What libx264 takes as it is; any other picture format it turns into its own nearest.
KEPT_FORMATS = frozenset(
    ["yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "nv16", "nv21",
     "yuv420p10le", "yuv422p10le", "yuv444p10le", "nv20le", "gray", "gray10le"]
)  # fmt: skip
# Containers keep times in steps of their own, at worst a millisecond.
NEAR = Fraction(2, 1000)


@dataclass(frozen=True)
class Cut:
    """What to cut: frames from 0, both included; their times in ticks of `timescale`."""

    demuxer: str
    first_frame: int
    last_frame: int
    timescale: int
    first_tick: int
    last_tick: int
    after_tick: int | None
    sound: bool
    # A redacted copy: nothing that is not covered by this is left of the original's container.
    redacted: bool = False
    covers: tuple[covering.Cover, ...] = ()
    silences: tuple[covering.Silence, ...] = ()
    # The only time of which there may be sound, in seconds of the file; None: that of the frames.
    heard: tuple[Fraction, Fraction] | None = None

    @property
    def count(self) -> int:
        """How many frames."""
        return self.last_frame - self.first_frame + 1

    @property
    def start(self) -> Fraction:
        """When the first frame is shown, in seconds of the file."""
        return Fraction(self.first_tick, self.timescale)

    @property
    def end(self) -> Fraction | None:
        """When the frame after the last is shown."""
        return None if self.after_tick is None else Fraction(self.after_tick, self.timescale)

    @property
    def sounds(self) -> tuple[Fraction, Fraction | None]:
        """From when to when there is sound: of the frames' time that which may be heard."""
        if self.heard is None:
            return self.start, self.end
        ends = self.heard[1] if self.end is None else min(self.end, self.heard[1])
        return max(self.start, self.heard[0]), ends


@dataclass(frozen=True)
class Made:
    """The clip on disk, how it was made, and what is known of it."""

    path: Path
    arguments: list[str]
    facts: dict[str, Any]


def cut(
    source: Path,
    out: Path,
    wanted: Cut,
    *,
    threads: int = 2,
    mode: str = "bwrap",
    on_line: Callable[[str], None] | None = None,
) -> Made:
    """Make the clip in `out`. Raises MediaFailed with a reason for a person."""
    found = rendering.probe(source, wanted.demuxer, mode)
    plan = rendering.plan(found, wanted.demuxer, threads)
    if plan.video is None:
        raise MediaFailed("it holds no moving picture")
    argv = command(
        tools.path("ffmpeg"), wanted, plan, _format(found, plan.video), _rate(found, plan.audio)
    )
    budget = 300 + 20 * float(wanted.end or wanted.start + 3600)
    limits = Limits(wall=2 * budget, cpu=int(budget * threads), file_bytes=MOST_BYTES)
    sandbox.run(argv, source=source, out=out, limits=limits, mode=mode, on_line=on_line)
    proof = _pictures(out / "pictures.txt", wanted)
    film = out / "clip.mp4"
    if not rendering.own(film, MOST_BYTES):
        raise MediaFailed("nothing came out of it")
    facts = _measured(film, wanted, mode) | proof
    if wanted.redacted:
        covering.proved(
            film, out, wanted.covers, wanted.silences, first_frame=wanted.first_frame,
            start=float(wanted.start), sound=facts["sound"], limits=limits, mode=mode,
        )  # fmt: skip
    return Made(film, argv[1:], facts)


def command(
    program: str, wanted: Cut, plan: commands.Plan, pixels: str, rate: int = 0
) -> list[str]:
    """One ffmpeg command: the clip, and hashes of its first and last picture as decoded."""
    source = ffmpeg.input(
        INPUT, max_pixels=40_000_000, threads=plan.threads, **commands.guards(plan.demuxer)
    )
    # `trim` counts frames, and ends the reading after the last: nothing behind it is decoded.
    picture = (
        source[str(plan.video)]
        .filter("trim", start_frame=wanted.first_frame, end_frame=wanted.last_frame + 1)
        .filter_multi_output("split", 2)
    )
    shown = covering.covered(picture[0], wanted.covers, wanted.first_frame)
    streams = [shown.filter("setpts", "PTS-STARTPTS")]
    ends = picture[1].filter("select", f"eq(n,0)+eq(n,{wanted.count - 1})")
    options: dict[str, Any] = {
        "vcodec": "libx264", "preset": PRESET, "crf": CRF, "fps_mode": "passthrough",
        "enc_time_base": -1, "threads": plan.threads, "map_metadata": -1,
        "movflags": "+faststart", "f": "mp4",
    }  # fmt: skip
    if wanted.redacted:
        options |= covering.BARE
    if pixels:
        options["pix_fmt"] = pixels
    if wanted.sound and plan.audio is not None:
        sound = _sound(source, plan.audio, wanted)
        streams.append(covering.silenced(sound, wanted.silences, float(wanted.start), rate))
        options |= {"acodec": "aac", "audio_bitrate": "192k"}
    film = ffmpeg.output(*streams, f"{OUTPUT}/clip.mp4", **options)
    hashes = ffmpeg.output(
        ends, f"{OUTPUT}/pictures.txt", f="framehash", fps_mode="passthrough", enc_time_base=-1,
        **{"hash": "sha256"},
    )  # fmt: skip
    graph = ffmpeg.merge_outputs(film, hashes).global_args(
        "-nostdin", "-hide_banner", "-loglevel", "error", "-nostats", "-progress", "pipe:1", "-y"
    )
    return [str(word) for word in graph.compile(cmd=program)]


def _sound(source: Any, stream: int, wanted: Cut) -> Any:
    """The sound of the same time. Moved by as much as the picture is: they stay together."""
    start, (begins, ends) = f"{float(wanted.start):.6f}", wanted.sounds
    span = {"start": f"{float(begins):.6f}"}
    if ends is not None:
        span["end"] = f"{float(ends):.6f}"
    return source[str(stream)].filter("atrim", **span).filter("asetpts", f"PTS-{start}/TB")


def _format(found: dict[str, Any], stream: int) -> str:
    """The picture's own format where the encoder takes it; empty: the nearest that it has.

    A picture of odd size has no half of it for its colours: then each point keeps its own.
    """
    said = next(item for item in found["streams"] if int(item["index"]) == stream)
    pixels = str(said.get("pix_fmt", ""))
    odd = int(said.get("width", 0)) % 2 or int(said.get("height", 0)) % 2
    if odd and pixels.startswith(("yuv420p", "yuvj420p", "yuv422p", "yuvj422p")):
        return pixels.replace("420", "444").replace("422", "444")
    return pixels if pixels in KEPT_FORMATS else ""


def _rate(found: dict[str, Any], stream: int | None) -> int:
    """How many samples of sound a second; 0 where there are none."""
    rates = [item.get("sample_rate") for item in found["streams"] if int(item["index"]) == stream]
    rate = str(rates[0]) if rates else ""
    return int(rate) if rate.isdecimal() else 0


def _pictures(path: Path, wanted: Cut) -> dict[str, Any]:
    """The hashes of the first and the last picture, after comparing when they are shown.

    Were the file's frames not those that the frame times are of, the clip would begin at
    another: then there is none.
    """
    if not rendering.own(path, 2**20):
        raise MediaFailed("no picture of that range could be decoded")
    base, rows = Fraction(0), []
    for line in path.read_text("utf-8", "replace").splitlines():
        if line.startswith("#tb 0:"):
            base = Fraction(line.partition(":")[2].strip())
        elif line and not line.startswith("#"):
            words = [word.strip() for word in line.split(",")]
            rows.append((int(words[2]) * base, words[5]))
    if len(rows) != min(2, wanted.count):
        raise MediaFailed("it has fewer frames than its table of frame times says")
    last = Fraction(wanted.last_tick, wanted.timescale)
    if abs(rows[0][0] - wanted.start) > NEAR or abs(rows[-1][0] - last) > NEAR:
        raise MediaFailed("its frames are not at the times that the viewing copy's have")
    return {"first_picture": rows[0][1], "last_picture": rows[-1][1]}


def _measured(film: Path, wanted: Cut, mode: str) -> dict[str, Any]:
    """What the clip is, after counting its frames and comparing their times."""
    shown = rendering.probe(film, "mov", mode)
    if wanted.redacted:
        covering.bare(shown)
    picture = next((i for i in shown["streams"] if i.get("codec_type") == "video"), None)
    if picture is None:
        raise MediaFailed("no picture came out of it")
    ticks = frames.Ticks()
    argv = commands.packets(tools.path("ffprobe"), "mov", int(picture["index"]), "pts")
    sandbox.run(argv, source=film, limits=Limits(wall=900, cpu=300), mode=mode,
                on_line=ticks.line)  # fmt: skip
    times = sorted(ticks.times)
    if len(times) != wanted.count:
        raise MediaFailed(f"it came out with {len(times):,} frames, not {wanted.count:,}")
    base = Fraction(str(picture["time_base"]))
    span = Fraction(wanted.last_tick - wanted.first_tick, wanted.timescale)
    if abs((times[-1] - times[0]) * base - span) > NEAR:
        raise MediaFailed("its frames came out at other distances")
    return {
        "width": int(picture["width"]), "height": int(picture["height"]),
        "seconds": rendering.seconds_of(shown), "frames": len(times),
        "sound": any(item.get("codec_type") == "audio" for item in shown["streams"]),
    }  # fmt: skip
