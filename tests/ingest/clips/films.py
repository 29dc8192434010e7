"""Films whose every frame says its number in pixels: sixteen columns, black or white, a bit each."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.media import tools

BITS, COLUMN, HEIGHT = 16, 20, 64
PICTURE = f"geq=lum='255*mod(floor(N/pow(2,floor(X/{COLUMN}))),2)':cb=128:cr=128"


@lru_cache
def numbered(
    *,
    seconds: float = 4,
    drop: str = "",
    container: str = "mp4",
    codec: tuple[str, ...] = ("libx264", "-bf", "3", "-g", "40"),
    more: tuple[str, ...] = (),
    sound: bool = True,
) -> bytes:
    """A film of 25 frames a second; `drop` says which of them the camera lost."""
    picture = f"color=black:s={BITS * COLUMN}x{HEIGHT}:r=25:d={seconds},format=yuv420p,{PICTURE}"
    if drop:
        picture += f",select='not({drop})'"
    inputs = ["-f", "lavfi", "-i", picture]
    if sound:
        inputs += ["-f", "lavfi", "-i", f"sine=f=440:d={seconds}:r=48000"]
    with TemporaryDirectory() as folder:
        target = Path(folder) / "film"
        subprocess.run(
            [tools.path("ffmpeg"), "-v", "error", *inputs, "-fps_mode", "passthrough",
             "-c:v", *codec, *([] if "mjpeg" in codec else ["-pix_fmt", "yuv420p"]),
             "-c:a", "aac" if container != "avi" else "pcm_s16le", *more, "-f", container,
             str(target)],
            check=True,
        )  # fmt: skip
        return target.read_bytes()


def numbers(film: Path) -> list[int]:
    """What each frame of a film says, in the order in which it is shown."""
    raw = subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-i", str(film), "-map", "0:v:0", "-fps_mode",
         "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    width = BITS * COLUMN
    frames = [raw[at : at + width * HEIGHT] for at in range(0, len(raw), width * HEIGHT)]
    row = width * (HEIGHT // 2)
    return [
        sum(1 << bit for bit in range(BITS) if frame[row + bit * COLUMN + COLUMN // 2] > 127)
        for frame in frames
    ]


def times(film: Path) -> list[float]:
    """When each frame is shown, in seconds."""
    out = subprocess.run(
        [tools.path("ffprobe"), "-v", "error", "-select_streams", "v:0", "-show_entries",
         "packet=pts_time", "-of", "csv=p=0", str(film)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return sorted(float(line.strip(",")) for line in out.split())
