"""`make limits`: the custody log's processes, then agents, killed at random; all is counted.
Between them a package of gigabytes is streamed, and the web server's memory watched.

`python -m tests.limits --seed 1 --minutes 10 [--kills 200] [--gigabytes 3] [--only custody] [--objects 1000000]`. Exit 1 when anything is lost, twice or early,
or a guess opens a share.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import embedded
from tests.limits import custody, packages


def _card(folder: Path, dice: random.Random, round_: int) -> dict[str, bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "camera.json").write_text(json.dumps({"serial": f"BWC-LIMIT{round_}"}))
    made = {}
    for number in range(dice.randint(1, 12)):
        name = f"{round_}_{number}.bin"
        made[name] = dice.randbytes(dice.choice([0, 1, 5_000, 400_000, 20_000_000]))
        (folder / name).write_bytes(made[name])
    return made


def main() -> int:
    """Run the campaign; 0 when nothing was lost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--kills", type=int, default=200, help="of the custody log's processes")
    parser.add_argument(
        "--only",
        choices=["custody", "packages", "docks", "shares", "years", "accounting"],
        default="",
    )
    parser.add_argument("--objects", type=int, default=100_000, help="in the count")
    parser.add_argument("--gigabytes", type=float, default=3, help="in the package")
    parser.add_argument("--days", type=int, default=1095, help="of a simulated force")
    parser.add_argument(
        "--daily", type=float, default=4, help="recordings that come each day of it"
    )
    options = parser.parse_args()
    if options.only in ("", "years"):
        # In a stack of its own, whose clock runs fast.
        given = {
            "YEARS_SEED": options.seed,
            "YEARS_DAYS": options.days,
            "YEARS_DAILY": options.daily,
        }
        story = "tests/evidence/retention/test_years.py::test_months_of_a_force"
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-s", "--timeout=0",
             f"{story}_lose_nothing_and_keep_nothing_too_long"],
            env=os.environ | {name: str(value) for name, value in given.items()},
        )  # fmt: skip
        if ran.returncode or options.only:
            return ran.returncode
    dice = random.Random(options.seed)
    layout = embedded.make_layout()
    embedded.start_services(layout)
    embedded.LAYOUT = layout
    from tests import live as system

    running = system.running()
    live = next(running)
    kills = rounds = files = 0
    if options.only in ("", "shares"):
        guess = f"from tests.limits import shares; print(shares.campaign({options.seed}))"
        try:
            guessed = live.manage("shell", "-v", "0", "-c", guess).strip()
        except BaseException:
            next(running, None)
            raise
        print(f"seed {options.seed}: shares: {guessed}")
    if options.only in ("", "custody"):
        try:
            killed = custody.campaign(live, options.seed, options.kills, 60 * options.minutes)
        except BaseException:
            next(running, None)
            raise
        print(f"seed {options.seed}: custody log, kill -9: {killed}")
    if options.only in ("", "packages"):
        try:
            streamed = packages.campaign(live, options.seed, options.gigabytes)
        except BaseException:
            next(running, None)
            raise
        print(f"seed {options.seed}: a package streamed: {streamed}")
    if options.only in ("", "accounting"):
        count = (
            f"from tests.limits import accounting; print(accounting.campaign({options.objects}))"
        )
        try:
            counted = live.manage("shell", "-v", "0", "-c", count).strip()
        except BaseException:
            next(running, None)
            raise
        print(f"accounting: {counted}")
    if options.only in ("custody", "packages", "shares", "accounting"):
        next(running, None)
        return 0
    deadline = time.monotonic() + 60 * options.minutes
    try:
        with tempfile.TemporaryDirectory(prefix="bwv-limits-") as name:
            folder = Path(name)
            state = folder / "state"
            live.enrol(state, "LIMITS")
            while time.monotonic() < deadline:
                rounds += 1
                bay = folder / f"bay{rounds}"
                wanted = _card(bay, dice, rounds)
                files += len(wanted)
                for _ in range(dice.randint(1, 10)):
                    agent = live.agent(state, "run", "--bay", str(bay), "--once", "--limit", "200")
                    try:
                        agent.wait(timeout=dice.uniform(0.2, 2.0))
                    except subprocess.TimeoutExpired:
                        os.kill(agent.pid, signal.SIGKILL)
                        agent.wait()
                        kills += 1
                live.dock(state, bay)
                rows = [row for row in live.uploads() if row["camera"] == f"BWC-LIMIT{rounds}"]
                assert sorted(row["file_id"] for row in rows) == sorted(wanted), rows
                assert {row["state"] for row in rows} <= {"sealed"}, rows
                kept = len(list((state / "receipts").glob("*.txt")))
                print(f"round {rounds}: {kills} kills, {files} files, {kept} receipts", flush=True)
                assert kept == files
            verdict = json.loads(live.manage("reconcile", "--json").splitlines()[-1])
            assert verdict["faults"] == 0, verdict
            live.manage("custody", "verify")
    finally:
        next(running, None)
    print(f"seed {options.seed}: {kills} kills, {files} files sealed once, none wiped early")
    return 0


if __name__ == "__main__":
    sys.exit(main())
