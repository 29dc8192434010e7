"""When each frame is shown: every frame of the original, at its own time."""

from __future__ import annotations

import array
import json
import random
import subprocess
import tracemalloc
from pathlib import Path

import pytest

from ingest.media import frames, rendering, tools
from tests import factories
from tests.conftest import FOOTAGE


def times(table: dict[str, object]) -> list[float]:
    tick = int(str(table["first"]))
    found = [tick]
    for step, count in table["runs"]:  # type: ignore[attr-defined]
        for _ in range(count):
            tick += step
            found.append(tick)
    return [item / int(str(table["timescale"])) for item in found]


def table_of(source: Path, tmp_path: Path) -> dict[str, object]:
    out = tmp_path / "out"
    out.mkdir()
    result = rendering.render(source, out, "mov")
    [made] = [item for item in result.made if item.kind == "frames"]
    return dict(json.loads(made.path.read_text()))


def test_an_even_film_is_one_run(tmp_path: Path) -> None:
    source = tmp_path / "in.bin"
    source.write_bytes(factories.film(2))
    table = table_of(source, tmp_path)
    assert (table["count"], len(list(table["runs"]))) == (50, 1)  # type: ignore[call-overload]
    assert times(table) == pytest.approx([number / 25 for number in range(50)])


def test_an_uneven_film_keeps_its_frames_at_their_times(tmp_path: Path) -> None:
    """Frames 3, 4 and 10 were dropped by the camera: nothing fills the holes."""
    source = tmp_path / "in.bin"
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=1",
         "-vf", "select='not(eq(n,3)+eq(n,4)+eq(n,10))'", "-fps_mode", "passthrough",
         "-c:v", "libx264", "-pix_fmt", "yuv420p", "-f", "mp4", str(source)],
        check=True,
    )  # fmt: skip
    wanted = [number / 25 for number in range(25) if number not in (3, 4, 10)]
    assert times(table_of(source, tmp_path)) == pytest.approx(wanted, abs=0.001)


@pytest.mark.skipif(not FOOTAGE.is_dir(), reason="no footage beside the project")
@pytest.mark.parametrize(
    "name", ["android-slowmo-vfr.mp4", "phone-720p-ducks-gps.mp4", "iphone6-portrait-gps.mov"]
)
def test_a_phones_uneven_frames_keep_their_times(tmp_path: Path, name: str) -> None:
    source = FOOTAGE / "real" / name
    said = subprocess.run(
        [tools.path("ffprobe"), "-v", "error", "-select_streams", "v:0", "-show_entries",
         "packet=pts_time", "-of", "csv=p=0", str(source)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    wanted = sorted(float(word.strip(",")) for word in said.split())
    assert times(table_of(source, tmp_path)) == pytest.approx(
        [item - wanted[0] for item in wanted], abs=0.002
    )


def test_lines_that_are_no_times_are_left_out() -> None:
    ticks = frames.Ticks()
    for text in ("0\n", "512,\n", "N/A", "", "9" * 40, "-512", "x1", "²", "٣", "--5", "-", "1024"):
        ticks.line(text)
    assert list(ticks.times) == [0, 512, -512, 1024]
    assert frames.table(ticks.times, 12800) == {
        "version": 1, "timescale": 12800, "first": 0, "runs": [[512, 2]], "count": 3,
    }  # fmt: skip


def test_a_long_film_is_put_in_order_without_a_copy() -> None:
    """B-frames: each four frames come as 0, 3, 1, 2. The copies would take some 40 MB here."""
    count = 400_000
    times = array.array("q", (n + (0, 2, -1, -1)[n % 4] for n in range(count)))
    times.append(count - 1)
    tracemalloc.start()
    try:
        table = frames.table(times, 25)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert table
    assert (table["first"], table["runs"], table["count"]) == (0, [[1, count - 1]], count)
    assert most < 8 * 2**20


def test_a_file_in_no_order_at_all_is_put_in_order_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "BLOCK", 4)
    dice = random.Random(1)
    wanted = sorted({dice.randrange(500) for _ in range(300)})
    mixed = wanted + wanted[::3]
    dice.shuffle(mixed)
    table = frames.table(array.array("q", mixed), 1)
    assert table
    assert times(table) == wanted


def test_a_table_has_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert frames.table(array.array("q"), 90_000) is None
    assert frames.table(array.array("q", [0, 1]), 0) is None
    monkeypatch.setattr(frames, "MOST", 3)
    ticks = frames.Ticks()
    for number in range(5):
        ticks.line(str(number))
    assert ticks.full
    monkeypatch.setattr(frames, "MOST_RUNS", 2)
    assert frames.table(array.array("q", [0, 1, 3, 6]), 10) is None
