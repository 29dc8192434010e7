"""Clips are exact to the frame, whatever the film: shown by films that number their frames."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evidence.exhibits.ranges import ticks_of
from ingest.clips import cutting
from ingest.media import rendering, tools
from ingest.media.sandbox import MediaFailed
from tests.conftest import FOOTAGE
from tests.ingest.clips import films

SOURCES: dict[str, tuple[str, dict[str, Any]]] = {
    "even, with B frames": ("mov", {}),
    "dropped frames": ("mov", {"drop": "eq(n,3)+eq(n,4)+between(n,30,36)+eq(n,61)"}),
    "without sound": ("mov", {"sound": False}),
    "it does not begin at zero": (
        "mpegts", {"container": "mpegts", "more": ("-output_ts_offset", "77")},
    ),
    "picture later than sound": ("matroska", {"container": "matroska", "drop": "lt(n,7)"}),
    "every frame a key frame, no times": (
        "avi", {"container": "avi", "codec": ("mjpeg", "-q:v", "2")},
    ),
    "open groups": (
        "mov", {"codec": ("libx264", "-bf", "3", "-g", "20", "-x264-params", "open-gop=1")},
    ),
}  # fmt: skip


def table_of(source: Path, out: Path, demuxer: str) -> dict[str, Any]:
    """The stored frame times, as the media worker makes them."""
    out.mkdir()
    result = rendering.render(source, out, demuxer)
    [made] = [item for item in result.made if item.kind == "frames"]
    return dict(json.loads(made.path.read_text()))


def wanted(table: dict[str, Any], first: int, last: int, demuxer: str = "mov") -> cutting.Cut:
    ticks = list(ticks_of(table))
    after = ticks[last + 1] if last + 1 < len(ticks) else None
    return cutting.Cut(
        demuxer, first, last, table["timescale"], ticks[first], ticks[last], after, sound=True
    )


@pytest.mark.parametrize("name", SOURCES)
def test_a_clip_is_exactly_the_frames_that_were_asked_for(tmp_path: Path, name: str) -> None:
    demuxer, film = SOURCES[name]
    source = tmp_path / "in.bin"
    source.write_bytes(films.numbered(**film))
    table = table_of(source, tmp_path / "out", demuxer)
    said = films.numbers(source)
    assert len(said) == table["count"]
    for number, (first, last) in enumerate([(0, 2), (27, 58), (41, 42), (50, table["count"] - 1)]):
        out = tmp_path / f"clip{number}"
        out.mkdir()
        cut = wanted(table, first, last, demuxer)
        made = cutting.cut(source, out, cut)
        assert films.numbers(made.path) == said[first : last + 1]
        assert made.facts["frames"] == last - first + 1
        ticks = list(ticks_of(table))[first : last + 1]
        apart = [(tick - ticks[0]) / table["timescale"] for tick in ticks]
        assert films.times(made.path) == pytest.approx(apart, abs=0.0015)


def test_the_sound_is_that_of_the_same_time(tmp_path: Path) -> None:
    """A click at 2.000 s is in the clip at as far from its start as in the film."""
    source = tmp_path / "in.bin"
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=4",
         "-f", "lavfi", "-i", "aevalsrc='if(between(t,2,2.02),0.9,0)':d=4:s=48000",
         "-c:v", "libx264", "-c:a", "aac", "-f", "mp4", str(source)],
        check=True,
    )  # fmt: skip
    table = table_of(source, tmp_path / "out", "mov")
    for first in (10, 37):
        out = tmp_path / f"clip{first}"
        out.mkdir()
        made = cutting.cut(source, out, wanted(table, first, 70))
        raw = subprocess.run(
            [tools.path("ffmpeg"), "-v", "error", "-i", str(made.path), "-map", "0:a", "-ac", "1",
             "-ar", "48000", "-f", "u8", "-"], check=True, capture_output=True,
        ).stdout  # fmt: skip
        begins = next(at for at, value in enumerate(raw) if abs(value - 128) > 60) / 48000
        assert begins == pytest.approx(2 - first / 25, abs=0.005)
        assert len(raw) / 48000 == pytest.approx((71 - first) / 25, abs=0.05)


def test_without_sound_there_is_none(tmp_path: Path) -> None:
    source = tmp_path / "in.bin"
    source.write_bytes(films.numbered())
    table = table_of(source, tmp_path / "out", "mov")
    out = tmp_path / "clip"
    out.mkdir()
    made = cutting.cut(source, out, replace(wanted(table, 3, 30), sound=False))
    assert not made.facts["sound"]
    assert "aac" not in made.arguments


@pytest.mark.parametrize("by", [1, -1])
def test_frames_that_are_not_those_of_the_table_make_no_clip(tmp_path: Path, by: int) -> None:
    """One frame off would be no matter to anybody who looks, and is refused."""
    source = tmp_path / "in.bin"
    source.write_bytes(films.numbered())
    table = table_of(source, tmp_path / "out", "mov")
    cut = wanted(table, 30, 40)
    out = tmp_path / "clip"
    out.mkdir()
    other = replace(cut, first_frame=30 + by, last_frame=40 + by)
    with pytest.raises(MediaFailed, match="not at the times"):
        cutting.cut(source, out, other)


def test_a_range_behind_the_last_frame_makes_no_clip(tmp_path: Path) -> None:
    source = tmp_path / "in.bin"
    source.write_bytes(films.numbered())
    table = table_of(source, tmp_path / "out", "mov")
    cut = wanted(table, 30, 40)
    out = tmp_path / "clip"
    out.mkdir()
    with pytest.raises(MediaFailed):
        cutting.cut(source, out, replace(cut, first_frame=500, last_frame=510))


def test_the_picture_is_as_good_as_the_films(tmp_path: Path) -> None:
    """At the film's own size and colours, and so near that nobody sees a difference: > 42 dB."""
    source = tmp_path / "in.bin"
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=2",
         "-c:v", "libx264", "-crf", "20", "-pix_fmt", "yuv420p", "-f", "mp4", str(source)],
        check=True,
    )  # fmt: skip
    table = table_of(source, tmp_path / "out", "mov")
    out = tmp_path / "clip"
    out.mkdir()
    made = cutting.cut(source, out, wanted(table, 20, 40))
    assert (made.facts["width"], made.facts["height"]) == (640, 360)
    assert _worst(source, made.path, 20, 40) > 42


def _worst(source: Path, clip: Path, first: int, last: int) -> float:
    """The least likeness of a frame of the clip and its own frame of the film, in decibels."""
    log = clip.parent / "psnr.txt"
    graph = (
        f"[0:v]trim=start_frame={first}:end_frame={last + 1},settb=1/25,setpts=N[a];"
        f"[1:v]settb=1/25,setpts=N[b];[a][b]psnr=stats_file={log}"
    )
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-i", str(source), "-i", str(clip), "-lavfi", graph,
         "-f", "null", "-"], check=True, cwd=clip.parent,
    )  # fmt: skip
    found = [line.split("psnr_avg:")[1].split()[0] for line in log.read_text().splitlines()]
    assert len(found) == last - first + 1
    return min(100.0 if word == "inf" else float(word) for word in found)


@pytest.mark.skipif(not FOOTAGE.is_dir(), reason="no footage beside the project")
@pytest.mark.parametrize(
    ("name", "demuxer"),
    [("android-slowmo-vfr.mp4", "mov"), ("phone-720p-ducks-gps.mp4", "mov"),
     ("iphone6-portrait-gps.mov", "mov"), ("canon-dash-mjpeg.AVI", "avi"),
     ("dashcam-novatek-gps.TS", "mpegts")],
)  # fmt: skip
def test_real_footage_is_cut_to_the_frame(tmp_path: Path, name: str, demuxer: str) -> None:
    """Each frame of the clip is most like its own frame of the film, and less like the next."""
    source = FOOTAGE / "real" / name
    table = table_of(source, tmp_path / "out", demuxer)
    first = min(20, table["count"] // 3)
    last = min(first + 12, table["count"] - 3)
    out = tmp_path / "clip"
    out.mkdir()
    made = cutting.cut(source, out, wanted(table, first, last, demuxer))
    assert made.facts["frames"] == last - first + 1
    right = _worst(source, made.path, first, last)
    assert right > 38
    for off in (-1, 1):
        assert _worst(source, made.path, first + off, last + off) < right
