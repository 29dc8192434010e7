"""Becoming one of the stack's processes, with its log file, and dying with the supervisor."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from config.stack import programs
from config.stack.layout import Layout, StackError

SERVICES = ("postgres", "broker", "store")
APPLICATIONS = ("signer", "sequencer", "ingest", "media", "upkeep", "station", "beat", "web")
PR_SET_PDEATHSIG = 1


def _die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the parent dies, however that happens (Linux)."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)


def ready_file(layout: Layout) -> Path:
    """There while the stack is set up: applications wait for it."""
    return layout.path("run") / "ready"


def _wait_until_ready(layout: Layout) -> None:
    while not ready_file(layout).exists():
        time.sleep(0.1)


def execute(name: str) -> None:
    """Become the process of that name; does not return. Raises StackError."""
    layout = Layout.from_environment()
    _die_with_parent()
    log = layout.path("logs") / f"{name}.log"
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    environment = {**os.environ, **layout.environment()}
    if name == "postgres":
        sys.exit(_run_postgres(layout))
    if name in APPLICATIONS:
        _wait_until_ready(layout)
    if name == "station":
        # Enrolled by the demonstration's first docking; a force has stations of its own.
        while not programs.enrolled(layout).exists():
            time.sleep(0.5)
    if name == "store":
        environment |= programs.store_environment(layout)
    if name == "signer":
        environment |= layout.signer_environment()
    commands = {
        "broker": lambda: programs.broker(layout),
        "store": lambda: programs.store(layout),
        "signer": programs.signer,
        "sequencer": programs.sequencer,
        "web": lambda: programs.web(layout),
        "ingest": lambda: programs.worker(layout, "ingest", 2),
        "media": lambda: programs.worker(layout, "media", 1),
        "upkeep": lambda: programs.worker(layout, "upkeep", 1),
        "station": lambda: programs.station(layout),
        "beat": lambda: programs.beat(layout),
    }
    if name not in commands:
        raise StackError(f"There is no process {name!r}.")
    command = commands[name]()
    os.execve(command[0], command, environment)


def _run_postgres(layout: Layout) -> int:
    """PostgreSQL takes SIGTERM for "when all have left": it is told to end now instead."""
    command, user = programs.postgres(layout)
    child = subprocess.Popen(
        command, user=user, cwd="/", start_new_session=True,
        preexec_fn=lambda: _die_with_parent(signal.SIGINT),
    )  # fmt: skip

    def end(*_: object) -> None:
        child.send_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return child.wait()
