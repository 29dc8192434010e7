"""A whole running system for journeys and campaigns: web, workers, beat, its own buckets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import urllib3

from config.stack import launch, prepare
from config.stack.layout import ROOT, Layout
from tests import embedded

PREFIX = "live"


@dataclass
class Live:
    """The system under test, from outside: commands, HTTP, and the agent."""

    layout: Layout
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.layout.port('http')}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.layout.environment(),
            "BWV_BUCKET_PREFIX": PREFIX,
            "BWV_VIEW_REASON": "others",
        }

    def manage(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment,
            capture_output=True, text=True,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self, *names: str) -> None:
        for name in names:
            self.processes[name] = embedded.start(
                name,
                self.layout,
                BWV_BUCKET_PREFIX=PREFIX,
                BWV_SWEEP_SECONDS="2",
                BWV_VIEW_REASON="others",
                BWV_SEND_AGAIN_SECONDS="20",
            )
        if "web" in names:
            self.wait(self.ready, "the web server")

    def ready(self) -> bool:
        try:
            return urllib3.request("GET", f"{self.url}/readyz", retries=False).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def wait(self, done: Callable[[], Any], what: str, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds:.0f} s for {what}")
            time.sleep(0.2)

    def uploads(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.manage("uploads", "--json").splitlines()]

    def recordings(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.manage("recordings", "--json").splitlines()]

    def playable(self) -> bool:
        return all(
            row["media"] in ("ready", "not_media", "unplayable") for row in self.recordings()
        )

    def database(self) -> psycopg.Connection[Any]:
        """The database, as the application's role."""
        return psycopg.connect(self.layout.environment()["DATABASE_URL"])

    # --- the agent ---

    def agent(self, state: Path, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "ingest.agent", arguments[0], "--state", str(state),
             *arguments[1:]], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def enrol(self, state: Path, dock: str) -> None:
        code = self.manage("dock", "code", dock).split()[-1]
        done = self.agent(state, "enrol", "--server", self.url, "--code", code)
        out, _ = done.communicate(timeout=60)
        assert done.returncode == 0, out

    def dock(self, state: Path, bay: Path) -> str:
        done = self.agent(state, "run", "--bay", str(bay), "--once")
        try:
            out, _ = done.communicate(timeout=90)
        except subprocess.TimeoutExpired:
            done.kill()
            out, _ = done.communicate()
            raise AssertionError(
                f"the agent did not end: {out}\n{self.uploads()}\n{self.logs()}"
            ) from None
        assert done.returncode == 0, out
        return out

    def logs(self) -> str:
        """The end of each process's log."""
        return "\n".join(
            f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}"
            for path in sorted((self.layout.data / "logs").glob("*.log"))
            if path.stem in ("signer", "sequencer", "ingest", "media", "upkeep", "web")
        )


def running() -> Iterator[Live]:
    """Start everything; again ends it."""
    assert embedded.LAYOUT
    layout = replace(embedded.LAYOUT)
    live = Live(layout)
    prepare.manage(layout, "migrate", "--no-input", owner=True)
    prepare.grants(layout)
    live.manage("custody", "adopt", "--once")
    live.manage("store", "prepare")
    live.manage("force", "import", str(ROOT / "config" / "stack" / "demo-force.csv"))
    launch.ready_file(layout).touch()
    live.start("signer", "sequencer", "web", "ingest", "media", "upkeep", "beat")
    yield live
    for process in live.processes.values():
        embedded.stop(process)
