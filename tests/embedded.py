"""The embedded stack for tests: started once a process, on free ports, in a folder of its own.

Loaded as a pytest plugin before Django's settings, which need to know where the parts are.
`python -m tests.embedded --env-only COMMAND…` runs a command with settings that import,
without starting anything.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from config.stack import prepare
from config.stack.layout import PORTS, ROOT, WITH_GRPC, Layout

_processes: list[subprocess.Popen[bytes]] = []


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports() -> dict[str, int]:
    """A free port for each part; where gRPC needs one, the one 10,000 above is free too."""
    found: dict[str, int] = {}
    # Below the range from which the kernel gives ports to connections, gRPC ports included.
    # Of two test processes one takes the even slots, so that neither takes the other's.
    odd = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 2
    candidate = 12000 + 80 * secrets.randbelow(125) + 40 * odd
    for name in PORTS:
        while True:
            candidate += 1
            needed = (candidate, candidate + 10000) if name in WITH_GRPC else (candidate,)
            if all(map(_free, needed)):
                found[name] = candidate
                break
    return found


def start(name: str, layout: Layout, **more: str) -> subprocess.Popen[bytes]:
    """Start one process of the stack; it ends with this one at the latest."""
    environment = {**os.environ, **layout.environment(), **more}
    process = subprocess.Popen(
        [sys.executable, "-m", "config.stack", "exec", name], cwd=ROOT, env=environment
    )
    _processes.append(process)
    return process


def stop(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> None:
    """End one process that `start` started."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _stop_everything(folder: Path, postgres: Path) -> None:
    for process in reversed(_processes):
        with contextlib.suppress(ProcessLookupError):
            stop(process)
    for path in (folder, postgres):
        shutil.rmtree(path, ignore_errors=True)


def make_layout() -> Layout:
    """A stack's folder and free ports, and the environment that names them."""
    folder = Path(tempfile.mkdtemp(prefix="bwv-test-"))
    folder.chmod(0o755)
    layout = Layout(folder, free_ports())
    os.environ.update(layout.owner_environment())
    os.environ.pop("BWV_PASSKEY_ROLES", None)  # as in production
    # In the tests' own process the signer works inside it, over the tests' own database.
    os.environ["BWV_SIGNER_URL"] = ""
    os.environ["BWV_DEMO"] = "1"
    os.environ["BWV_CATCH_MAIL"] = "0"  # as in production; its own tests mount the page
    # Asked for in tests of its own; the running system of the journeys has the default.
    os.environ["BWV_VIEW_REASON"] = "off"
    os.environ["BWV_LOG_FORMAT"] = "text"
    os.environ["BWV_LOG_LEVEL"] = "WARNING"
    # The tests' Chromium finds the store under the name that the pages' policy allows.
    atexit.register(_stop_everything, folder, layout.postgres)
    return layout


def start_services(layout: Layout) -> None:
    """PostgreSQL, the broker and the store, ready for use."""
    for name in ("postgres", "broker", "store"):
        start(name, layout)
    prepare.database(layout)
    prepare.broker(layout)
    prepare.store(layout)
    prepare.manage(layout, "custody", "keys")
    prepare.manage(layout, "store", "prepare")
    prepare.manage(layout, "collectstatic", "--no-input")


def only_hands_out_tests() -> bool:
    """Whether this is the process that gives tests to others (pytest -n): each has its own."""
    several = any(word.startswith(("-n", "--numprocesses")) for word in sys.argv[1:])
    return several and "PYTEST_XDIST_WORKER" not in os.environ


LAYOUT: Layout | None = None
if "pytest" in sys.modules:
    LAYOUT = make_layout()
    if not only_hands_out_tests():
        start_services(LAYOUT)


def _main(arguments: Sequence[str]) -> int:
    if arguments[:1] != ["--env-only"]:
        print(__doc__)
        return 2
    make_layout()
    return subprocess.run(list(arguments[1:])).returncode


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
