"""`make bench`: ratios measured side by side in one run, medians of five.

Each line names its peer: what the same work costs with the bare tool.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# The embedded stack for measuring; the same code as the tests'.
from tests import embedded

RUNS = 5
OTHERS = ("hash", "dock", "receipt", "render", "memory", "player")
MEGABYTE = 1024 * 1024
BIG = int(os.environ.get("BENCH_GB", "3")) * 1024 * MEGABYTE


def median_of(act: Callable[[int], float]) -> float:
    return statistics.median(act(run) for run in range(RUNS))


def timed(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def random_file(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        block = os.urandom(8 * MEGABYTE)
        for number in range(-(-size // len(block))):
            file.write(number.to_bytes(8, "big") + block[8:])
        file.truncate(size)
    return path


def resident(pid: int) -> int:
    """Resident memory of a process and its children, in MB."""
    import psutil

    try:
        process = psutil.Process(pid)
        return sum(p.memory_info().rss for p in [process, *process.children(recursive=True)]) >> 20
    except psutil.NoSuchProcess:
        return 0


class Peak:
    """The highest and lowest resident memory of a process while the block runs."""

    def __init__(self, pid: int) -> None:
        self.pid, self.high, self.low, self._stop = pid, 0, 1 << 30, threading.Event()

    def __enter__(self) -> Peak:
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            now = resident(self.pid)
            if now:
                self.high, self.low = max(self.high, now), min(self.low, now)

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self.thread.join()


def line(what: str, ours: float, peer: str, theirs: float, aim: float) -> None:
    print(f"| {what} | {ours:.2f} s | {peer} | {theirs:.2f} s | {ours / theirs:.2f} | {aim} |",
          flush=True)  # fmt: skip


def hashing(folder: Path) -> None:
    from ingest.agent import cards

    path = random_file(folder / "hash.bin", 1024 * MEGABYTE)
    pairs = []
    for _ in range(RUNS):
        ours = timed(lambda: hashlib.file_digest(path.open("rb"), "sha256"))
        theirs = timed(lambda: subprocess.run(
            ["openssl", "dgst", "-sha256", str(path)], check=True, capture_output=True))  # fmt: skip
        both = timed(lambda: cards.fingerprint(path, 16 * MEGABYTE))
        pairs.append((ours, theirs, both))
    ours, theirs, both = (statistics.median(column) for column in zip(*pairs, strict=True))
    line("hash 1 GiB", ours, "openssl dgst -sha256", theirs, 1.1)
    line("the agent's fingerprint of it (whole and parts)", both, "openssl dgst -sha256 twice",
         2 * theirs, 1.1)  # fmt: skip
    path.unlink()


def docking(live: Any, folder: Path) -> None:
    import boto3
    from boto3.s3.transfer import TransferConfig

    state = folder / "state"
    live.enrol(state, "BENCH")
    environment = live.environment
    client = boto3.client(
        "s3", endpoint_url=environment["AWS_S3_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1",
    )  # fmt: skip
    client.create_bucket(Bucket="bench")
    config = TransferConfig(multipart_chunksize=16 * MEGABYTE, max_concurrency=4)
    pairs = []
    for run in range(RUNS):
        bay = folder / f"BWC-BENCH{run}"
        bay.mkdir()
        path = random_file(bay / f"{run}.bin", 256 * MEGABYTE)
        copy = folder / "copy.bin"
        shutil.copyfile(path, copy)
        theirs = timed(lambda copy=copy, run=run: client.upload_file(  # type: ignore[misc]
            str(copy), "bench", f"{run}", Config=config))  # fmt: skip
        # From the dock's first look to the receipt checked and the card wiped.
        ours = timed(lambda bay=bay: live.dock(state, bay))  # type: ignore[misc]
        pairs.append((ours, theirs))
        shutil.rmtree(bay)
        copy.unlink()
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    line(
        "256 MiB from dock to sealed, receipted and wiped", ours, "boto3 upload_file", theirs, 1.15
    )


def receipt(live: Any, folder: Path) -> None:
    """From a small file on a card to its receipt checked by the agent, starting it included."""
    state = folder / "state"
    if not state.exists():
        live.enrol(state, "BENCH")
    times = []
    for run in range(10):
        bay = folder / f"BWC-SMALL{run}"
        bay.mkdir()
        random_file(bay / f"{run}.bin", 4 * MEGABYTE)
        times.append(timed(lambda bay=bay: live.dock(state, bay)))  # type: ignore[misc]
    print(f"\nA file of 4 MiB from the card to its checked receipt, the agent's start included: "
          f"median {statistics.median(times):.2f} s, slowest of ten {max(times):.2f} s (aim: 5 s)")  # fmt: skip


def rendering(folder: Path) -> None:
    from ingest.media import rendering as media
    from ingest.media import tools

    source = folder / "film.mp4"
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=30",
         "-f", "lavfi", "-i", "sine=d=30", "-vf", "noise=alls=10:allf=t", "-c:v", "libx264",
         "-preset", "ultrafast", "-b:v", "8M", "-pix_fmt", "yuv420p", "-c:a", "aac", str(source)],
        check=True,
    )  # fmt: skip
    bare = [tools.path("ffmpeg"), "-v", "error", "-nostdin", "-y", "-threads", "2", "-i",
            str(source), "-vf", "scale=960:540,format=yuv420p", "-c:v", "libx264", "-preset",
            "veryfast", "-crf", "26", "-threads", "2", "-c:a", "aac", "-b:a", "96k", "-movflags",
            "+faststart", str(folder / "bare.mp4")]  # fmt: skip
    pairs = []
    for run in range(RUNS):
        out = folder / f"out{run}" / "out"
        out.mkdir(parents=True)
        theirs = timed(lambda: subprocess.run(bare, check=True))
        ours = timed(lambda out=out: media.render(source, out, "mov"))  # type: ignore[misc]
        pairs.append((ours, theirs))
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    line("proxy, poster, storyboard, waveform of 30 s 1080p", ours, "ffmpeg for the proxy alone",
         theirs, 1.15)  # fmt: skip


def memory(live: Any, folder: Path) -> None:
    bay = folder / "BWC-BIG"
    bay.mkdir()
    random_file(bay / "big.bin", BIG)
    web = live.processes["web"]
    before = resident(web.pid)
    agent = live.agent(folder / "state", "run", "--bay", str(bay), "--once")
    with Peak(agent.pid) as of_agent, Peak(web.pid) as of_web:
        agent.communicate(timeout=1800)
    print(f"\nMemory while a file of {BIG >> 30} GiB is docked: the agent at most {of_agent.high} MB "
          f"(aim: under 150); the web processes {before} MB before, at most {of_web.high} MB during")  # fmt: skip


def main() -> int:
    layout = embedded.make_layout()
    embedded.start_services(layout)
    embedded.LAYOUT = layout
    only = set(sys.argv[1:])
    if "pages" in only:
        from tests import bench_pages

        bench_pages.main(layout)
        return 0
    if not only or "custody" in only:
        from tests import bench_custody

        print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
        print("| what | ours | peer | peer's | ratio | aim |\n|---|---|---|---|---|---|")
        bench_custody.main(layout)
        if only == {"custody"}:
            return 0
        # A stack of its own for the pages; what follows wants a log that the live signer knows.
        subprocess.run([sys.executable, "-m", "tests.bench", "pages"], check=True)
        subprocess.run([sys.executable, "-m", "tests.bench", *(only or OTHERS)], check=True)
        return 0
    from tests import live as system

    folder = Path(tempfile.mkdtemp(prefix="bwv-bench-"))
    running = system.running()
    live = next(running)
    try:
        cores = os.cpu_count()
        print(f"{cores} cores, Python {sys.version.split()[0]}, medians of {RUNS}, one run\n")
        print("| what | ours | peer | peer's | ratio | aim |\n|---|---|---|---|---|---|")
        if not only or "hash" in only:
            hashing(folder)
        if not only or "dock" in only:
            docking(live, folder)
        if not only or "receipt" in only:
            receipt(live, folder)
        if not only or "render" in only:
            rendering(folder)
        if not only or "player" in only:
            from tests import bench_player

            bench_player.main(live, folder)
        if not only or "memory" in only:
            if not (folder / "state").exists():
                live.enrol(folder / "state", "BENCH")
            memory(live, folder)
        return 0
    finally:
        next(running, None)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
