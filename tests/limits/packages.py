"""A package of gigabytes through a real web server: its memory stays as it is.

One reader takes all of it, over connections that break at random places; others ask for random
ranges meanwhile. What came is the package, and the server has not grown.
"""

from __future__ import annotations

import hashlib
import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from config.stack.layout import ROOT
from tests import embedded

GROWTH = 64 << 20
READERS = 3
PIECE = 1 << 16


class Watch:
    """The resident memory of a process and its children, looked at all the time."""

    def __init__(self, pid: int) -> None:
        self.pid, self.most = pid, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def resident(self) -> int:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return sum(map(_resident, [str(self.pid), *children]))

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self.most = max(self.most, self.resident())

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()


def _resident(pid: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0
    return next((int(x.split()[1]) * 1024 for x in lines if x.startswith("VmRSS")), 0)


@contextmanager
def _server(live: Any) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "tests.limits.package_app", "--bind",
         f"127.0.0.1:{port}", "--workers", "1", "--threads", "8", "--no-control-socket"],
        cwd=ROOT, env=live.environment,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return urllib3.request("HEAD", f"{url}/0", retries=False).status > 0
        except urllib3.exceptions.HTTPError:
            return False

    try:
        live.wait(answers, "the server of packages")
        yield process, url
    finally:
        embedded.stop(process)


def _take(
    url: str, made: dict[str, Any], start: int, end: int, give_up: int = 0
) -> Iterator[bytes]:
    """A range, piece by piece; given up after so many bytes."""
    headers = {"Range": f"bytes={start}-{end - 1}", "If-Range": f'"{made["sha256"]}"'}
    answer = urllib3.request(
        "GET", url, headers=headers, preload_content=False, retries=False, timeout=300
    )
    assert answer.status == 206, answer.status
    assert answer.headers["Content-Length"] == str(end - start)
    count = 0
    try:
        for piece in answer.stream(PIECE):
            count += len(piece)
            yield piece
            if give_up and count >= give_up:
                return
        assert count == end - start
    finally:
        answer.close()


def _random_ranges(
    url: str, made: dict[str, Any], seed: int, over: threading.Event, faults: list[str]
) -> None:
    dice = random.Random(seed)
    try:
        while not over.is_set():
            start = dice.randrange(made["size"])
            end = min(made["size"], start + dice.choice([1, 10_000, 50_000_000]))
            give_up = dice.choice([0, 0, 1_000_000])
            for _ in _take(url, made, start, end, give_up):
                pass
    except Exception as error:
        faults.append(repr(error))


def campaign(live: Any, seed: int, gigabytes: float) -> dict[str, int]:
    """Make the package, read it; raises AssertionError where the server grew, or it differs."""
    dice = random.Random(seed)
    done = subprocess.run(
        [sys.executable, "-m", "tests.limits.packing", "--seed", str(seed), "--gigabytes",
         str(gigabytes)], cwd=ROOT, env=live.environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert done.returncode == 0, "the package could not be made"
    made = json.loads(done.stdout.splitlines()[-1])
    print(f"packages: {made}", flush=True)
    assert made["grown"] < GROWTH, f"making it took {made['grown']} bytes of memory"
    began = time.monotonic()
    with _server(live) as (process, root):
        url, watch = f"{root}/{made['package']}", Watch(process.pid)
        for _ in range(20):  # everything is loaded, every thread has its connections
            for _ in _take(url, made, 0, 1_000_000):
                pass
        before = watch.resident()
        over, faults = threading.Event(), list[str]()
        readers = [
            threading.Thread(target=_random_ranges, args=(url, made, seed + n, over, faults))
            for n in range(READERS)
        ]
        digest, at, breaks = hashlib.sha256(), 0, 0
        with watch:
            for reader in readers:
                reader.start()
            while at < made["size"]:
                give_up = dice.choice([1, 3_000_000, 400_000_000, 1 << 40])
                for piece in _take(url, made, at, made["size"], give_up):
                    digest.update(piece)
                    at += len(piece)
                breaks += 1
            over.set()
            for reader in readers:
                reader.join()
        grown = watch.most - before
    assert not faults, faults
    assert digest.hexdigest() == made["sha256"], "what came is not the package"
    assert grown < GROWTH, f"the server grew by {grown} bytes"
    seconds = int(time.monotonic() - began)
    return {"bytes": at, "connections": breaks, "before": before, "grown": grown,
            "seconds": seconds}  # fmt: skip
