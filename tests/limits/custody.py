"""kill -9 of writers, sequencer and signer at random; then every acknowledged event is counted."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any

import urllib3

from config.stack.layout import ROOT
from evidence.custody.log import hashing, keyring, note


class Campaign:
    """One run against a live system."""

    def __init__(self, live: Any, seed: int, folder: Path) -> None:
        self.live, self.dice, self.folder = live, random.Random(seed), folder
        self.said: list[Path] = []
        self.writers: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []
        self.notes: list[str] = []
        self.refused: list[str] = []
        self.kills = {"writer": 0, "sequencer": 0, "signer": 0}

    def start_writer(self) -> None:
        path = self.folder / f"said-{len(self.said)}"
        self.said.append(path)
        file = path.open("wb")
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.limits.writer", str(self.dice.randrange(1 << 30))],
            cwd=ROOT, env=self.live.environment, stdout=file, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.writers.append((child, file))

    def ask(self) -> None:
        """Have the signer sign now; whatever leaves it must fit everything else that does."""
        environment = self.live.layout.environment()
        try:
            answer = urllib3.request(
                "POST", f"{environment['BWV_SIGNER_URL']}/sign", retries=False, timeout=3,
                headers={"Authorization": f"Bearer {environment['BWV_SIGNER_TOKEN']}"},
            )  # fmt: skip
            if answer.status == 200:
                self.notes.append(answer.data.decode())
            elif answer.status == 409:
                self.refused.append(answer.data.decode())
        except urllib3.exceptions.HTTPError:
            return

    def kill(self) -> None:
        name = self.dice.choice(list(self.kills))
        if name == "writer":
            child, file = self.writers.pop(0)
            child.kill()
            child.wait()
            file.close()
            self.start_writer()
        else:
            process = self.live.processes[name]
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            self.live.start(name)
        self.kills[name] += 1

    def run(self, kills: int, deadline: float) -> int:
        for _ in range(2):
            self.start_writer()
        while sum(self.kills.values()) < kills and time.monotonic() < deadline:
            time.sleep(self.dice.uniform(0.1, 1.5))
            asking = threading.Thread(target=self.ask)
            asking.start()
            time.sleep(self.dice.choice([0, 0.01, 0.05, 0.5]))
            self.kill()
            asking.join()
            if sum(self.kills.values()) % 25 == 0:
                print(f"custody: {self.kills}", flush=True)
        for child, file in self.writers:
            child.kill()
            child.wait()
            file.close()
        return sum(self.kills.values())

    def check(self) -> int:
        """Nothing acknowledged lost, nothing twice, no fork; how many were acknowledged."""
        assert self.refused == [], "the signer refused a log that nobody had changed"
        self.live.manage("custody", "checkpoint")
        self.live.manage("custody", "verify", "--objects", "none")
        said = {line for path in self.said for line in path.read_text().split("\n")[:-1]}
        with self.live.database() as database:
            held = [str(row[0]) for row in database.execute("SELECT id FROM custody_event")]
            notes = [row[0] for row in database.execute(
                "SELECT note FROM custody_checkpoint ORDER BY size")]  # fmt: skip
            nodes = {(level, at): bytes(value) for level, at, value in database.execute(
                "SELECT level, position, hash FROM custody_node")}  # fmt: skip
        assert len(held) == len(set(held)), "an event stands in the log twice"
        assert said <= set(held), f"{len(said - set(held))} acknowledged events are lost"
        keys = [key for generation in keyring.load(self.live.layout.data / "keys" / keyring.KEYRING)
                for key in generation.verifiers]  # fmt: skip
        trees = sorted(
            (note.open_checkpoint(text, keys) for text in [*notes, *self.notes]),
            key=lambda tree: tree.size,
        )
        for one, two in itertools.pairwise(trees):
            path = hashing.consistency_proof(one.size, two.size, lambda lv, at: nodes[lv, at])
            hashing.check_consistency(one.size, two.size, one.root, two.root, path)
        print(f"custody: {len(said)} events acknowledged, {len(held)} in the log, each once; "
              f"{len(trees)} signed checkpoints, one history")  # fmt: skip
        return len(said)


def campaign(live: Any, seed: int, kills: int, seconds: float) -> dict[str, int]:
    """Kill until there were so many, or the time is over; then count. Raises AssertionError."""
    with tempfile.TemporaryDirectory(prefix="bwv-custody-") as folder:
        made = Campaign(live, seed, Path(folder))
        made.run(kills, time.monotonic() + seconds)
        made.check()
    return made.kills
