"""Numbers of cameras: what is a gap, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.accounting.numbering import MOST_MISSING, findings, gaps_of, number_of
from ingest.devices.models import Camera, Dock
from ingest.uploads.models import Upload
from tests import factories
from tests.ingest.accounting.conftest import dispose

START = datetime(2026, 11, 1, tzinfo=UTC)


def gaps(*names: str) -> list[tuple[str, int, int]]:
    files = [(name, START + timedelta(minutes=at)) for at, name in enumerate(names)]
    return [(gap.series, gap.first, gap.last) for gap in gaps_of(files)]


def numbers(*wanted: int, digits: int = 4) -> list[str]:
    return [f"DCIM/100/VID_{number:0{digits}}.MP4" for number in wanted]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("DCIM/100MEDIA/VID_0012.MP4", ("VID_", 12, 4)),
        ("dcim\\vid_0012.mp4", ("VID_", 12, 4)),
        ("GX010123.MP4", ("GX", 123, 4)),
        ("GH020123.mp4", ("GH", 123, 4)),
        ("00042.MTS", ("", 42, 5)),
        ("BWC-00042.mp4", ("BWC-", 42, 5)),
        ("20261122_221407.MP4", None),
        ("AXON_2026-11-22_2214.mp4", None),
        ("CH20261122_0001.mp4", None),
        ("notes.txt", None),
        ("VID_12.MP4", None),
    ],
)
def test_how_cameras_name_their_files(name: str, wanted: tuple[str, int, int] | None) -> None:
    assert number_of(name) == wanted


def test_a_gap_is_what_no_dock_listed() -> None:
    assert gaps(*numbers(1, 2, 5, 6)) == [("VID_", 3, 4)]
    assert gaps(*numbers(1, 2, 3)) == []
    assert gaps() == []


def test_each_series_has_numbers_of_its_own() -> None:
    assert gaps("GX010001.MP4", "VID_0009.MP4", "GX010002.MP4", "GX020002.MP4") == []


def test_what_comes_late_fills_its_gap() -> None:
    assert gaps(*numbers(1, 2, 4, 5, 3)) == []


def test_after_9999_comes_0000_or_0001() -> None:
    assert gaps(*numbers(9998, 9999, 0, 1)) == []
    assert gaps(*numbers(9998, 9999, 1, 2)) == []
    assert gaps(*numbers(99999, 1, digits=5)) == []
    assert gaps(*numbers(9997, 9999, 3, 4)) == [("VID_", 9998, 9998), ("VID_", 1, 2)]
    assert gaps(*numbers(9997, 1)) == [("VID_", 9998, 9999)]


def test_a_camera_that_was_set_anew_has_no_gap() -> None:
    assert gaps(*numbers(400, 401, 1, 2, 3)) == []
    assert gaps(*numbers(400, 401, 1, 2, 400, 401, 402)) == []
    assert gaps(*numbers(1, MOST_MISSING + 2)) == [("VID_", 2, MOST_MISSING + 1)]
    assert gaps(*numbers(1, MOST_MISSING + 3)) == []


@given(st.integers(0, 9999), st.integers(2, 300), st.sets(st.integers(1, 298), max_size=20))
def test_of_one_run_of_numbers_exactly_the_missing_ones_are_told(
    start: int, length: int, left_out: set[int]
) -> None:
    """Whatever number it begins with, over the wrap too."""
    run = [(start + at) % 10_000 for at in range(length)]
    lost = {run[at] for at in left_out if at < length - 1}
    found = gaps(*numbers(*[number for number in run if number not in lost]))
    told = {number for _, first, last in found for number in range(first, last + 1)}
    # A lap may begin at 0 or at 1, so nobody can say that 0 is missing.
    assert told == lost - {0}


@pytest.mark.django_db
def test_what_was_disposed_of_is_no_gap(store: None, dock: Dock, camera: Camera) -> None:
    for number in range(1, 6):
        if number != 4:
            moment = START + timedelta(days=number)
            made = factories.docked(dock, b"x%d" % number, name=f"VID_{number:04}.BIN",
                                    recorded_at=moment)  # fmt: skip
            if number == 2:
                dispose(made)
    assert Upload.objects.count() == 4
    [fault] = findings()
    assert fault.kind == "gap"
    assert fault.what == (
        "BWC-1: VID_0004, between 4 Nov 2026 00:00:00 GMT and 6 Nov 2026 00:00:00 GMT:"
        " never listed by a dock"
    )
    assert fault.camera == "BWC-1"
