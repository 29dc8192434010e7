"""Covers and silences of a redacted copy: the filters that make them, and the proof that they took.

Covers count frames as they leave the cut, like the cut itself. What is under a cover is black
before the encoder sees it, so nothing of it is in the copy, not even in what the encoder
remembers from frame to frame.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from ingest.media import commands, sandbox, tools
from ingest.media.sandbox import INPUT, OUTPUT, Limits, MediaFailed

# A sample that the AAC decoder gives hangs on two blocks, of 2,048 samples each: for silence to
# be silence in its whole time, as much more has to be silent at each side.
REACH, BLOCK = 2048, 256
# How far the sound may be from its times before it is put right.
SLIP = 0.010
# How far from black an encoder may leave what is covered, of 255.
NEAR_BLACK = 48
LIST_BYTES = 2**30
# All that a copy's container may say of itself.
TAGS = frozenset(["major_brand", "minor_version", "compatible_brands", "encoder"])
STREAM_TAGS = frozenset(["language", "handler_name", "vendor_id", "encoder"])
PLAIN = frozenset(["", "und", "VideoHandler", "SoundHandler", "[0][0][0][0]"])
# What would go through with the frames (captions, notes of the camera's encoder) or beside them.
BARE: dict[str, Any] = {"a53cc": 0, "udu_sei": 0, "map_chapters": -1, "write_tmcd": 0}


@dataclass(frozen=True)
class Cover:
    """Frames of the file from 0, both included, and a box in per mille of the picture."""

    first_frame: int
    last_frame: int
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Silence:
    """A time of the file, in seconds."""

    start: float
    end: float


def covered(picture: Any, covers: tuple[Cover, ...], first_frame: int) -> Any:
    """The picture with its covers, from the frame that comes first."""
    for one in covers:
        # Outward to whole points, never inward.
        left, top = f"floor(iw*{one.left}/1000)", f"floor(ih*{one.top}/1000)"
        picture = picture.filter(
            "drawbox", x=left, y=top,
            w=f"ceil(iw*{one.right}/1000)-{left}", h=f"ceil(ih*{one.bottom}/1000)-{top}",
            color="black", t="fill",
            enable=f"between(n,{one.first_frame - first_frame},{one.last_frame - first_frame})",
        )  # fmt: skip
    return picture


def silenced(sound: Any, silences: tuple[Silence, ...], start: float, rate: int) -> Any:
    """The sound with its silences, cut from `start` on; its samples go by the stream's clock."""
    if not silences:
        return sound
    # The filter is switched for whole blocks: they are made small, without gaps between them,
    # so that a block's time is that of its samples.
    blocks = sound.filter(
        "aresample", **{"async": 1, "min_hard_comp": SLIP, "first_pts": 0}
    ).filter("asetnsamples", n=BLOCK, p=0)  # fmt: skip
    wider = (REACH + BLOCK) / min(rate or 8000, 48000) + SLIP
    spans = _joined([(one.start - start - wider, one.end - start + wider) for one in silences])
    return blocks.filter("volume", volume=0, enable=_within(spans))


def _within(spans: list[tuple[float, float]]) -> str:
    return "+".join(f"between(t,{begins:.6f},{ends:.6f})" for begins, ends in spans)


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Overlapping ones are one."""
    found: list[tuple[float, float]] = []
    for begins, ends in sorted(spans):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found


def bare(shown: dict[str, Any]) -> None:
    """That a copy holds a picture, perhaps sound, and nothing else. Raises MediaFailed."""
    kinds = [str(item.get("codec_type")) for item in shown.get("streams", [])]
    if kinds.count("video") != 1 or kinds.count("audio") > 1 or set(kinds) - {"video", "audio"}:
        raise MediaFailed("something besides picture and sound came out of it")
    said = set(shown.get("format", {}).get("tags", {})) - TAGS
    for item in shown["streams"]:
        tags = item.get("tags", {})
        said |= set(tags) - STREAM_TAGS
        said |= {name for name in ("language", "handler_name") if tags.get(name, "") not in PLAIN}
    if said:
        raise MediaFailed(f"words of the original came out of it: {', '.join(sorted(said))[:80]}")


def proved(
    film: Path, out: Path, covers: tuple[Cover, ...], silences: tuple[Silence, ...],
    *, first_frame: int, start: float, sound: bool, limits: Limits, mode: str,
) -> None:  # fmt: skip
    """Decode the copy and look under every cover on every frame, and into every silence.

    An original that changes its size on the way begins its count again, and would be covered
    at other frames: then there is no copy. Raises MediaFailed.
    """
    if covers:
        argv = look(tools.path("ffmpeg"), covers, first_frame)
        sandbox.run(argv, source=film, out=out, limits=limits, mode=mode)
        _black(out / "covered.txt")
    if silences and sound:
        argv = listen(tools.path("ffmpeg"), silences, start)
        _, said = sandbox.run(argv, source=film, out=out, limits=limits, mode=mode)
        _silent(said)


def look(program: str, covers: tuple[Cover, ...], first_frame: int) -> list[str]:
    """The ffmpeg command that says how far from black the covers of a copy are."""
    film = ffmpeg.input(INPUT, **commands.guards("mov"))["v:0"]
    # Eight bits, with as many colours as it has: so that one measure fits all.
    whole = film.filter("format", "yuv420p|yuv422p|yuv444p").filter_multi_output("split", 2)
    # A copy that is covered already does not change by being covered again.
    again = covered(whole[1], covers, first_frame)
    found = (
        ffmpeg.filter([whole[0], again], "blend", all_mode="difference", shortest=1)
        # The one point at an edge that an encoder blurs says nothing; what is seen is larger.
        .filter("erosion")
        .filter("signalstats")
        .filter("metadata", mode="print", file=f"{OUTPUT}/covered.txt")
    )
    graph = ffmpeg.output(found, "-", f="null", fps_mode="passthrough").global_args(
        "-nostdin", "-hide_banner", "-loglevel", "error", "-nostats", "-y"
    )
    return [str(word) for word in graph.compile(cmd=program)]


def _black(path: Path) -> None:
    """Every frame's covers are black. Raises MediaFailed."""
    if path.stat().st_size > LIST_BYTES:
        raise MediaFailed("the decoder said more than it was asked")
    frames, worst = 0, 0.0
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            frames += line.startswith("frame:")
            found = re.fullmatch(r"lavfi\.signalstats\.[YUV]MAX=([0-9.]+)\s*", line)
            worst = max(worst, float(found[1]) if found else 0.0)
    if not frames or worst > NEAR_BLACK:
        raise MediaFailed("something could be seen under a cover, so there is no copy")


def listen(program: str, silences: tuple[Silence, ...], start: float) -> list[str]:
    """The ffmpeg command that says how loud the silences of a copy are: with all else silent."""
    spans = [(one.start - start, one.end - start) for one in silences]
    found = (
        ffmpeg.input(INPUT, **commands.guards("mov"))["a:0"]
        .filter("asetnsamples", n=BLOCK, p=0)
        .filter("volume", volume=0, enable=f"not({_within(spans)})")
        .filter("volumedetect")
    )
    graph = ffmpeg.output(found, "-", f="null").global_args(
        "-nostdin", "-hide_banner", "-loglevel", "info", "-nostats", "-y"
    )
    return [str(word) for word in graph.compile(cmd=program)]


def _silent(said: str) -> None:
    """Raises MediaFailed where there was sound. A silence shorter than a block says nothing."""
    found = re.search(r"max_volume: (-?[0-9.]+|-inf) dB", said)
    if found and found[1] != "-inf" and float(found[1]) > -90:
        raise MediaFailed("something could be heard in a silence, so there is no copy")
