"""`python -m config.stack up|exec|doctor|clean`: what the Makefile calls."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from config.stack import demo, doctor, launch, prepare
from config.stack.layout import ROOT, Layout, StackError


class Supervisor:
    """Starts the processes through honcho, and ends them all."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start every line of the Procfile. Raises StackError when a port is taken."""
        self.layout.check_ports()
        launch.ready_file(self.layout).unlink(missing_ok=True)
        log = (self.layout.path("logs") / "supervisor.log").open("ab")
        environment = {**os.environ, **self.layout.environment()}
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment.get('PATH', '')}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "honcho", "-f", str(ROOT / "Procfile"), "start", "--no-colour"],
            cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        log.close()

    def check(self) -> None:
        """Raise StackError when the processes have ended."""
        assert self.process
        if self.process.poll() is not None:
            raise StackError(f"A process ended. See the logs in {self.layout.data}/logs")

    def stop(self) -> None:
        """End everything and wait until nothing is left."""
        launch.ready_file(self.layout).unlink(missing_ok=True)
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _wait_for_web(layout: Layout, supervisor: Supervisor) -> None:
    import urllib3

    url = f"http://127.0.0.1:{layout.port('http')}/readyz"

    def ask() -> None:
        supervisor.check()
        answer = urllib3.request("GET", url, timeout=5, retries=False)
        if answer.status != 200:
            raise StackError(answer.data.decode())

    prepare.wait_for("web", ask, layout)


def up(layout: Layout) -> int:
    """Start, set up, show the demonstration, wait for Ctrl-C, end everything."""
    layout.data.mkdir(parents=True, exist_ok=True)
    lock = (layout.path("run") / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StackError(f"The stack of {layout.data} is running already.") from None
    supervisor = Supervisor(layout)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    try:
        print("Starting", end="", flush=True)
        supervisor.start()
        layout.write_environment()
        prepare.everything(layout, lambda what: print(f" · {what}", end="", flush=True))
        launch.ready_file(layout).touch()
        _wait_for_web(layout, supervisor)
        print(f" · ready in {time.monotonic() - began:.0f} s\n")
        demo.show(layout)
        print("Ctrl-C stops everything. Your data is kept.", flush=True)
        while True:
            supervisor.check()
            time.sleep(1)
    except KeyboardInterrupt:
        print("\nStopping …")
        return 0
    finally:
        # A second Ctrl-C must not leave half of the stack behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        supervisor.stop()


def clean(layout: Layout) -> int:
    """Ask, then forget the data of this stack."""
    print(f"This deletes all footage, people and keys in {layout.data}")
    if layout.postgres.parent != layout.data:
        print(f"and the database in {layout.postgres}")
    if input("Type yes to delete it: ").strip() != "yes":
        print("Nothing was deleted.")
        return 1
    for folder in (layout.data, layout.postgres):
        shutil.rmtree(folder, ignore_errors=True)
    print("Deleted.")
    return 0


def main() -> int:
    """Run one verb; a sentence and 1 when it can't."""
    parser = argparse.ArgumentParser(prog="python -m config.stack")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="start everything")
    verbs.add_parser("doctor", help="what is missing and what was found")
    verbs.add_parser("clean", help="forget the data")
    execute = verbs.add_parser("exec", help="become one process")
    execute.add_argument("name")
    dock = verbs.add_parser("dock", help="dock a folder as a camera's card")
    dock.add_argument("folder", type=Path)
    dock.add_argument("--camera", default="")
    options = parser.parse_args()
    layout = Layout.from_environment()
    try:
        if options.verb == "up":
            return up(layout)
        if options.verb == "doctor":
            return doctor.run(layout)
        if options.verb == "clean":
            return clean(layout)
        if options.verb == "dock":
            return demo.dock(layout, options.folder, options.camera)
        launch.execute(options.name)
    except StackError as error:
        print(f"\n{error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
