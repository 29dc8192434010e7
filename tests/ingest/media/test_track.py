"""Where a recording was made: out of real cameras' files, and out of hostile bytes."""

from __future__ import annotations

import json
import math
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from ingest.media import gpmf, rendering, sniff, track
from ingest.media.track import Fix, Packet
from tests import factories
from tests.conftest import FOOTAGE
from tests.ingest.media import gpmf_film as made

HERE = (51.5079, -0.1281)
needs_footage = pytest.mark.skipif(not FOOTAGE.is_dir(), reason="no footage beside the project")


def tracked(source: Path, tmp_path: Path) -> dict[str, Any]:
    out = tmp_path / "out"
    out.mkdir()
    container = sniff.sniff(source.read_bytes()[:65536])
    assert container
    result = rendering.render(source, out, container.demuxer)
    [found] = [item for item in result.made if item.kind == "track"]
    return {**found.facts, **json.loads(found.path.read_text())}


def walk(seconds: int) -> list[bytes]:
    """North by one ten-thousandth of a degree a second, four positions each."""
    return [
        made.packet([(HERE[0] + (s + q / 4) / 10_000, HERE[1], 1.5) for q in range(4)])
        for s in range(seconds)
    ]


def test_a_films_telemetry_becomes_its_track(tmp_path: Path) -> None:
    source = made.write(tmp_path / "in.bin", factories.film(3), walk(3))
    found = tracked(source, tmp_path)
    assert found["from"] == "gpmf"
    assert found["first"] == [51.5079, -0.1281]
    assert [row[0] for row in found["fixes"]] == [0.0, 1.0, 2.0, 2.75]
    assert found["fixes"][1] == [1.0, 51.508, -0.1281, 1.5]
    assert found["metres"] == pytest.approx(2.75 * 11.12, abs=1)


def test_the_film_still_plays_when_its_telemetry_is_rubbish(tmp_path: Path) -> None:
    source = made.write(tmp_path / "in.bin", factories.film(1), [b"\xff" * 500])
    out = tmp_path / "out"
    out.mkdir()
    kinds = {item.kind for item in rendering.render(source, out, "mov").made}
    assert "proxy" in kinds
    assert "track" not in kinds


@needs_footage
@pytest.mark.parametrize(
    ("name", "count", "origin", "first"),
    [
        ("gopro-max-heromode.mp4", 12, "gpmf", (33.12676, -117.32734)),
        ("gopro-hero5-trimmed.mp4", 3, "gpmf", (33.12650, -117.32736)),
        ("iphone6-portrait-gps.mov", 1, "tags", (32.0929, 34.8620)),
        ("phone-720p-ducks-gps.mp4", 1, "tags", (52.3693, 6.6761)),
    ],
)
def test_real_cameras_say_where_they_were(
    tmp_path: Path, name: str, count: int, origin: str, first: tuple[float, float]
) -> None:
    found = tracked(FOOTAGE / "real" / name, tmp_path)
    assert (len(found["fixes"]), found["from"]) == (count, origin)
    assert found["first"] == pytest.approx(first, abs=2e-5)  # two metres


@needs_footage
def test_a_dash_cameras_subtitles_hold_its_sentences(tmp_path: Path) -> None:
    source = FOOTAGE / "real" / "dashcam-thinkware-subtitle-gps.mp4"
    out = tmp_path / "out"
    out.mkdir()
    found = rendering.probe(source, "mov")
    assert rendering._telemetry(found["streams"][0]) is track.from_text
    packets = rendering._packets(source, out, "mov", 0, "bwrap")
    assert len(packets) == 96
    assert len(track.sane(track.from_text(packets))) > 0


@needs_footage
def test_a_cards_side_car_names_its_films() -> None:
    text = (FOOTAGE / "real" / "sdcard-70mai" / "GPSData000001.txt").read_text()
    fixes = track.from_card(text, "Normal/Front/NO20260101-120002-000002F.MP4")
    assert [(fix.seconds, fix.latitude, fix.longitude) for fix in fixes] == [
        (0, 50.0002, 30.0), (1, 50.0003, 30.0), (2, 50.0004, 30.0),
    ]  # fmt: skip
    assert track.from_card(text, "OTHER.MP4") == []


def test_newer_cameras_rows_carry_their_own_lock() -> None:
    packet = made.packet9([(*HERE, 0), (*HERE, 3)])
    assert gpmf.fixes(packet) == [(51.5079, -0.1281, 1.5)]


def test_without_a_lock_there_is_no_position() -> None:
    assert gpmf.fixes(made.packet([(*HERE, 1)], lock=0)) == []
    assert len(gpmf.fixes(made.packet([(*HERE, 1)], lock=2))) == 1


def test_what_can_t_be_a_position_is_left_out() -> None:
    bad = [
        Fix(0, 91, 0), Fix(0, 0, 181), Fix(0, 0, 0), Fix(math.nan, *HERE), Fix(0, math.nan, 1),
        Fix(-1, *HERE), Fix(0, math.inf, 1), Fix(90_000, *HERE),
    ]  # fmt: skip
    assert track.sane(bad) == []
    assert track.sane([Fix(0, *HERE, math.nan)]) == [Fix(0, *HERE, None)]
    assert track.sane([Fix(0, *HERE, 9000)]) == [Fix(0, *HERE, None)]


def test_a_day_of_positions_stays_within_its_limit() -> None:
    many = (Fix(second, *HERE) for second in range(86_400))
    assert len(track.sane(many)) <= track.MOST


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        (b"$GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E*68", (49.27417, -123.18533)),
        (b"$GNGGA,172814.0,3723.46587704,N,12202.26957864,W,2,6,1.2,18.9,M*4F", (37.39110, -122.03783)),
        (b"$GPRMC,225446,V,4916.45,N,12311.12,W,000.5,054.7,191194*68", None),
        (b"$GPGGA,172814.0,,,,,0,0,,,M*4F", None),
        (b"$GPRMC,1,A,N,N,N,N,N,N", None), (b"", None), (b"$GPRMC," + b"9" * 5000, None),
    ],
)  # fmt: skip
def test_sentences_of_receivers(sentence: bytes, place: tuple[float, float] | None) -> None:
    found = track.nmea(b"junk\0" + sentence)
    assert (found and found[:2]) == (pytest.approx(place, abs=1e-5) if place else None)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("+52.3693+006.6761+10.534988/", (52.3693, 6.6761)), ("+51-000/", (51.0, 0.0)),
        ("52.1+6.1", None), ("+5+6", None), ("x" * 10_000, None), (7, None), (None, None),
    ],
)  # fmt: skip
def test_the_place_that_a_container_names(text: Any, place: tuple[float, float] | None) -> None:
    found = track.from_tags({"format": {"tags": {"location": text}}})
    assert [(fix.latitude, fix.longitude) for fix in found] == ([place] if place else [])


def test_no_bytes_break_the_reader() -> None:
    """Flipped, cut, repeated and random bytes: an answer of sane size, and never an error."""
    dice = random.Random(20261122)
    whole = made.packet([(*HERE, 1)] * 18) + made.packet9([(*HERE, 3)] * 10)
    for _ in range(4000):
        data = bytearray(whole[: dice.randrange(len(whole) + 1)])
        for _ in range(dice.randrange(8)):
            if data:
                data[dice.randrange(len(data))] = dice.randrange(256)
        found = gpmf.fixes(bytes(data) * dice.randrange(1, 4))
        assert len(found) <= gpmf.MOST_FIXES
        for fix in track.sane(track.from_gpmf([Packet(0, 1, bytes(data))])):
            assert abs(fix.latitude) <= 90
            assert abs(fix.longitude) <= 180
    for _ in range(500):
        gpmf.fixes(dice.randbytes(400))


def test_nesting_without_an_end_costs_little() -> None:
    data = b""
    for _ in range(2000):
        data = made.nest(b"DEVC", data) if len(data) < 60_000 else data
    assert gpmf.fixes(data) == []
    assert gpmf.fixes(struct.pack(">4sBBH", b"DEVC", 0, 0, 0) * 100_000) == []


def test_packets_are_cut_by_sizes_that_are_checked() -> None:
    cut = rendering._cut(b"abcdef", ["0.0,1.0,2", "1.0,1.0,3", "2.0,1.0,9"])
    assert [(item.seconds, item.body) for item in cut] == [(0.0, b"ab"), (1.0, b"cde")]
    for line in ("", "x", "0,1,-2", "nan,1,2", "0,1"):
        assert rendering._cut(b"abcdef", [line]) == []
