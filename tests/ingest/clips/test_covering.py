"""What is covered is gone and what is silenced is silent, on every frame and sample that it names:
shown by films that number their frames, by the copy's own pixels, and on real footage."""

from __future__ import annotations

import json
import subprocess
from array import array
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from evidence.exhibits.ranges import ticks_of
from ingest.clips import covering, cutting
from ingest.clips.covering import Cover, Silence
from ingest.media import commands, rendering, tools
from ingest.media.sandbox import Limits, MediaFailed
from tests.conftest import FOOTAGE
from tests.ingest.clips import films
from tests.ingest.clips.test_cutting import SOURCES, table_of, wanted

# Black as the encoder may leave it beside something bright.
BLACK = 40
WIDTH, HEIGHT = films.BITS * films.COLUMN, films.HEIGHT


def made_of(
    tmp_path: Path, source: Path, cut: cutting.Cut, *covers: Cover, silences: Any = ()
) -> cutting.Made:
    out = tmp_path / "copy"
    out.mkdir()
    return cutting.cut(
        source, out, replace(cut, redacted=True, covers=covers, silences=tuple(silences))
    )


def pictures(film: Path, width: int, height: int) -> list[bytes]:
    """The luma of every frame, in the order in which they are shown."""
    raw = subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-i", str(film), "-map", "0:v:0", "-fps_mode",
         "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    size = width * height
    assert len(raw) % size == 0
    return [raw[at : at + size] for at in range(0, len(raw), size)]


def brightest(picture: bytes, width: int, height: int, one: Cover, inset: int = 0) -> int:
    """The brightest point under a cover: every point counts that it touches, or all but so many
    at its edge, where an encoder mixes in what is beside it."""
    left, right = width * one.left // 1000, -(-width * one.right // 1000)
    top, bottom = height * one.top // 1000, -(-height * one.bottom // 1000)
    return max(
        max(picture[row * width + left + inset : row * width + right - inset])
        for row in range(top + inset, bottom - inset)
    )


def sound_of(film: Path) -> tuple[array[float], int]:
    """Every sample, both sides mixed so that none can hide, as it comes out of the decoder."""
    argv = [tools.path("ffmpeg"), "-v", "error", "-i", str(film), "-map", "0:a:0", "-ac", "1",
            "-ar", "48000", "-f", "f32le", "-"]  # fmt: skip
    raw = subprocess.run(argv, check=True, capture_output=True).stdout
    return array("f", raw), 48000


# --- the picture ---
@pytest.mark.parametrize("name", SOURCES)
def test_nothing_is_left_under_a_cover_on_any_frame_that_it_names(
    tmp_path: Path, name: str
) -> None:
    """B frames, dropped frames, uneven rates: also its first frame and its last, and no other."""
    demuxer, film = SOURCES[name]
    source = tmp_path / "in.bin"
    source.write_bytes(films.numbered(**film))
    table = table_of(source, tmp_path / "out", demuxer)
    first, last = 20, 70
    # The four lowest bits change from frame to frame; these cover them at their time.
    low = Cover(31, 44, 0, 0, 250, 1000)
    edge = Cover(first, first + 2, 0, 0, 250, 500)
    end = Cover(last - 1, last, 100, 480, 333, 777)
    made = made_of(tmp_path, source, wanted(table, first, last, demuxer), low, edge, end)
    shown = pictures(made.path, WIDTH, HEIGHT)
    assert len(shown) == last - first + 1
    for at, picture in enumerate(shown, start=first):
        for one in (low, edge, end):
            if one.first_frame <= at <= one.last_frame:
                assert brightest(picture, WIDTH, HEIGHT, one) <= BLACK, (at, one)
    # Beside it in time and place, everything is as it was.
    before = films.numbers(source)[first : last + 1]
    after = films.numbers(made.path)
    for at, (said, says) in enumerate(zip(before, after, strict=True), start=first):
        low_bits = 0 if low.first_frame <= at <= low.last_frame else said & 15
        if not edge.first_frame <= at <= edge.last_frame and at < end.first_frame:
            assert says == (said & ~15) | low_bits, at


def test_the_whole_picture_is_covered(tmp_path: Path) -> None:
    source = tmp_path / "in.bin"
    source.write_bytes(films.numbered())
    table = table_of(source, tmp_path / "out", "mov")
    whole = Cover(5, 9, 0, 0, 1000, 1000)
    made = made_of(tmp_path, source, wanted(table, 0, 20), whole)
    said = films.numbers(made.path)
    assert said[5:10] == [0] * 5
    assert said[:5] + said[10:] == [*range(5), *range(10, 21)]


def test_five_hundred_covers_are_cut(tmp_path: Path) -> None:
    source = tmp_path / "in.bin"
    source.write_bytes(films.numbered())
    table = table_of(source, tmp_path / "out", "mov")
    many = [Cover(at % 40, at % 40 + 2, at, at, at + 400, at + 400) for at in range(500)]
    quiet = [Silence(at / 500, at / 500 + 0.001) for at in range(500)]
    made = made_of(tmp_path, source, wanted(table, 0, 45), *many, silences=quiet)
    for at, picture in enumerate(pictures(made.path, WIDTH, HEIGHT)):
        for one in many[::17]:
            if one.first_frame <= at <= one.last_frame:
                # Some hundred edges in a row of blocks: a point beside one is not quite black.
                assert brightest(picture, WIDTH, HEIGHT, one) <= 2 * BLACK, (at, one)


def test_a_cover_on_a_frame_too_few_is_noticed_before_anybody_gets_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the count began again in the middle of a film: the copy is looked at."""
    source = tmp_path / "in.bin"
    source.write_bytes(films.numbered())
    table = table_of(source, tmp_path / "out", "mov")
    real, asked = covering.covered, []

    def one_late(picture: Any, covers: tuple[Cover, ...], first_frame: int) -> Any:
        asked.append(first_frame)
        late = [replace(one, first_frame=one.first_frame + 1) for one in covers]
        return real(picture, tuple(late) if len(asked) == 1 else covers, first_frame)

    monkeypatch.setattr(covering, "covered", one_late)
    with pytest.raises(MediaFailed, match="seen under a cover"):
        # Frame 31 has its five lowest bits set.
        made_of(tmp_path, source, wanted(table, 20, 60), Cover(31, 40, 0, 0, 250, 1000))
    assert len(asked) == 2


def test_a_film_that_changes_its_size_is_covered_or_there_is_no_copy(tmp_path: Path) -> None:
    """The filters begin again there, and their count with them."""
    small, large = tmp_path / "a.ts", tmp_path / "b.ts"
    for path, size, offset in ((small, "160x120", "0"), (large, "320x240", "2")):
        subprocess.run(
            [tools.path("ffmpeg"), "-v", "error", "-f", "lavfi", "-i",
             f"color=white:s={size}:r=25:d=2", "-c:v", "libx264", "-output_ts_offset", offset,
             "-f", "mpegts", str(path)], check=True,
        )  # fmt: skip
    source = tmp_path / "in.bin"
    source.write_bytes(small.read_bytes() + large.read_bytes())
    table = table_of(source, tmp_path / "out", "mpegts")
    box = Cover(60, 80, 0, 0, 500, 500)
    try:
        cut = wanted(table, 0, table["count"] - 1, "mpegts")
        made = made_of(tmp_path, source, cut, box)
    except MediaFailed:
        return
    width, height = made.facts["width"], made.facts["height"]
    for picture in pictures(made.path, width, height)[60:81]:
        assert brightest(picture, width, height, box) <= BLACK


@pytest.mark.skipif(not FOOTAGE.is_dir(), reason="no footage beside the project")
@pytest.mark.parametrize(
    ("name", "demuxer"),
    [("android-slowmo-vfr.mp4", "mov"), ("android-rot90-a.mp4", "mov"),
     ("iphone6-portrait-gps.mov", "mov"), ("gopro-hero5-trimmed.mp4", "mov"),
     ("iphone12promax-hevc10.mp4", "mov"), ("canon-dash-mjpeg.AVI", "avi"),
     ("dashcam-novatek-gps.TS", "mpegts")],
)  # fmt: skip
def test_real_footage_is_covered_and_carries_nothing_else(
    tmp_path: Path, name: str, demuxer: str
) -> None:
    source = FOOTAGE / "real" / name
    table = table_of(source, tmp_path / "out", demuxer)
    first = min(20, table["count"] // 3)
    last = min(first + 12, table["count"] - 3)
    box = Cover(first + 2, last - 2, 203, 307, 611, 713)
    made = made_of(tmp_path, source, wanted(table, first, last, demuxer), box)
    width, height = made.facts["width"], made.facts["height"]
    shown = pictures(made.path, width, height)
    for at, picture in enumerate(shown, start=first):
        light = brightest(picture, width, height, box, inset=2)
        assert brightest(picture, width, height, box) <= 2 * BLACK or light > BLACK
        assert (light <= BLACK) == (box.first_frame <= at <= box.last_frame), (at, light)
    only_what_it_may_hold(made.path)


# --- the sound ---
@pytest.mark.parametrize(
    "sound",
    ["sine=f=440:r=48000:d=4", "anoisesrc=r=44100:d=4:a=0.9", "sine=f=1000:r=8000:d=4",
     "aevalsrc=0.8*sin(3000*t)|0.8*cos(900*t):s=48000:d=4"],
)  # fmt: skip
@pytest.mark.parametrize("codec", ["aac", "pcm_s16le", "libmp3lame"])
def test_a_silence_is_digital_silence_in_all_of_its_time(
    tmp_path: Path, sound: str, codec: str
) -> None:
    source = tmp_path / "in.bin"
    container = "matroska"
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=4",
         "-f", "lavfi", "-i", sound, "-c:v", "libx264", "-c:a", codec, "-f", container,
         str(source)], check=True,
    )  # fmt: skip
    table = table_of(source, tmp_path / "out", container)
    cut = wanted(table, 10, 85, container)
    spans = [(0.4, 0.6), (1.2345, 1.789), (2.0, 2.001), (3.2, 3.44)]
    made = made_of(tmp_path, source, cut, silences=[Silence(*span) for span in spans])
    samples, rate = sound_of(made.path)
    start = float(cut.start)
    # A resampler for the measuring reaches over the edge: a millisecond of it is not the copy's.
    edge = 0 if "48000" in sound else 0.002
    for begins, ends in spans:
        inside = samples[
            max(0, round((begins - start + edge) * rate)) : round((ends - start - edge) * rate)
        ]
        assert all(value == 0 for value in inside), (begins, max(map(abs, inside)))
    # Further out than the widening everything sounds.
    for (_, ends), (begins, _) in pairwise(spans):
        middle = round(((ends + begins) / 2 - start) * rate)
        if begins - ends > 0.8 or "r=8000" not in sound:
            around = samples[middle - 240 : middle + 240]
            assert max(map(abs, around), default=0) > 0.05 or begins - ends < 0.3


def test_a_gap_in_the_sound_moves_no_silence(tmp_path: Path) -> None:
    """A second of sound was never recorded; what is said after it is silenced where it is said."""
    source = tmp_path / "in.bin"
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=4",
         "-f", "lavfi", "-i", "sine=f=440:r=48000:d=4", "-af", "asetpts='PTS+gte(T,1)/TB'",
         "-c:v", "libx264", "-c:a", "pcm_s16le", "-f", "matroska", str(source)], check=True,
    )  # fmt: skip
    table = table_of(source, tmp_path / "out", "matroska")
    cut = wanted(table, 0, 95, "matroska")
    made = made_of(tmp_path, source, cut, silences=[Silence(2.5, 3.0)])
    samples, rate = sound_of(made.path)
    assert all(value == 0 for value in samples[round(2.5 * rate) : 3 * rate])
    for at in (0.5, 2.3, 3.3):
        assert max(map(abs, samples[round(at * rate) : round(at * rate) + 480])) > 0.05, at


def test_sound_in_a_silence_is_noticed_before_anybody_gets_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "in.bin"
    source.write_bytes(films.numbered())
    table = table_of(source, tmp_path / "out", "mov")
    monkeypatch.setattr(covering, "silenced", lambda sound, *rest: sound)
    with pytest.raises(MediaFailed, match="heard in a silence"):
        made_of(tmp_path, source, wanted(table, 0, 60), silences=[Silence(1, 1.5)])


# --- what else a container holds ---
def only_what_it_may_hold(film: Path) -> dict[str, Any]:
    """One picture, at most one sound, and no word of the original; what ffprobe says."""
    out = subprocess.run(
        [tools.path("ffprobe"), "-v", "error", "-show_format", "-show_streams", "-show_chapters",
         "-of", "json", str(film)], check=True, capture_output=True,
    ).stdout  # fmt: skip
    found: dict[str, Any] = json.loads(out)
    kinds = sorted(item["codec_type"] for item in found["streams"])
    assert kinds in (["video"], ["audio", "video"])
    assert found["chapters"] == []
    assert set(found["format"].get("tags", {})) <= {
        "major_brand", "minor_version", "compatible_brands", "encoder",
    }  # fmt: skip
    for item in found["streams"]:
        assert not item["disposition"]["attached_pic"]
        assert item.get("tags", {}).get("handler_name", "VideoHandler") in (
            "VideoHandler", "SoundHandler",
        )  # fmt: skip
        assert item.get("tags", {}).get("language", "und") == "und"
        assert not set(item.get("tags", {})) & {"creation_time", "title", "timecode", "rotate"}
    return found


SECRET = "51.507300-0.127600 Marsh"


def test_of_the_originals_words_streams_and_places_nothing_is_copied(tmp_path: Path) -> None:
    """Subtitles with places, a thumbnail, a time code, chapters, titles: in the container of the
    original, and not in the bytes of the copy."""
    words = tmp_path / "words.srt"
    words.write_text(f"1\n00:00:00,000 --> 00:00:03,000\n{SECRET}\n")
    chapters = tmp_path / "chapters.txt"
    chapters.write_text(
        f";FFMETADATA1\ntitle={SECRET}\nlocation={SECRET}\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\n"
        f"END=2000\ntitle={SECRET}\n"
    )
    thumb = tmp_path / "thumb.jpg"
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x64",
         "-frames:v", "1", str(thumb)], check=True,
    )  # fmt: skip
    source = tmp_path / "in.bin"
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=3",
         "-f", "lavfi", "-i", "sine=d=3", "-i", str(words), "-i", str(chapters), "-i", str(thumb),
         "-map", "0", "-map", "1", "-map", "2", "-map", "4", "-map_metadata", "3",
         "-map_chapters", "3", "-c:v:0", "libx264", "-c:v:1", "copy", "-c:a", "aac", "-c:s",
         "mov_text", "-disposition:v:1", "attached_pic", "-timecode", "10:11:12:13",
         "-metadata:s:v:0", f"handler_name={SECRET}", "-metadata:s:a:0", "language=cym",
         "-f", "mp4", str(source)], check=True,
    )  # fmt: skip
    assert SECRET.encode() in source.read_bytes()
    table = table_of(source, tmp_path / "out", "mov")
    made = made_of(tmp_path, source, wanted(table, 5, 60), Cover(10, 20, 0, 0, 500, 500))
    only_what_it_may_hold(made.path)
    body = made.path.read_bytes()
    for piece in (SECRET.encode(), b"Marsh", b"51.507", b"tmcd", b"tx3g", b"jpeg", b"Chapter"):
        assert piece not in body, piece


@pytest.mark.skipif(not FOOTAGE.is_dir(), reason="no footage beside the project")
def test_timed_positions_are_gone(tmp_path: Path) -> None:
    """GoPro's telemetry stream: none of its signs is in the copy."""
    source = FOOTAGE / "real" / "gopro-hero5-trimmed.mp4"
    assert b"GPS5" in source.read_bytes()
    table = table_of(source, tmp_path / "out", "mov")
    made = made_of(tmp_path, source, wanted(table, 1, 9), Cover(2, 5, 0, 0, 500, 500))
    body = made.path.read_bytes()
    for sign in (b"GPS5", b"gpmd", b"GPMF", b"DEVC", b"GoPro", b"FIRM"):
        assert sign not in body, sign


def test_captions_inside_the_picture_stream_are_not_copied(tmp_path: Path) -> None:
    plan = commands.Plan("mov", 0, 1, 1.0, 1)
    cut = cutting.Cut("mov", 0, 5, 25, 0, 5, None, sound=True)
    argv = cutting.command("ffmpeg", replace(cut, redacted=True), plan, "")
    for option, value in (("-a53cc", "0"), ("-udu_sei", "0"), ("-map_chapters", "-1")):
        assert argv[argv.index(option) + 1] == value
    assert "-a53cc" not in cutting.command("ffmpeg", cut, plan, "")  # plain clips as they were


@pytest.mark.parametrize(
    "change",
    [{"streams": [{"codec_type": "video"}, {"codec_type": "data"}]},
     {"streams": [{"codec_type": "video"}, {"codec_type": "video"}]},
     {"streams": [{"codec_type": "audio"}]},
     {"format": {"tags": {"title": "x"}}},
     {"streams": [{"codec_type": "video", "tags": {"handler_name": "GoPro AVC"}}]},
     {"streams": [{"codec_type": "video", "tags": {"creation_time": "2026"}}]}],
)  # fmt: skip
def test_a_copy_with_anything_else_in_it_is_none(change: dict[str, Any]) -> None:
    good = {"streams": [{"codec_type": "video", "tags": {"language": "und"}}], "format": {}}
    covering.bare(good)
    with pytest.raises(MediaFailed):
        covering.bare(good | change)


def test_the_proof_reads_the_copy_and_not_what_was_meant(tmp_path: Path) -> None:
    """A film that nobody covered is no redacted copy, whatever its row says."""
    film = tmp_path / "clip.mp4"
    film.write_bytes(films.numbered())
    out = tmp_path / "out"
    out.mkdir()
    limits = Limits(wall=60, cpu=60)
    with pytest.raises(MediaFailed, match="seen under a cover"):
        covering.proved(
            film, out, (Cover(15, 15, 0, 0, 100, 1000),), (), first_frame=0, start=0, sound=True,
            limits=limits, mode="bwrap",
        )  # fmt: skip


def test_only_the_first_picture_and_sound_are_planned() -> None:
    found = {"streams": [
        {"index": 0, "codec_type": "data"}, {"index": 1, "codec_type": "video",
         "disposition": {"attached_pic": 1}}, {"index": 2, "codec_type": "video"},
        {"index": 3, "codec_type": "audio"}, {"index": 4, "codec_type": "audio"},
    ]}  # fmt: skip
    plan = rendering.plan(found, "mov", 1)
    assert (plan.video, plan.audio) == (2, 3)
    assert list(ticks_of({"first": 0, "runs": [[2, 2]], "timescale": 25, "count": 3})) == [0, 2, 4]
