"""Runs ffmpeg and ffprobe as if the file would take them over: no network, no secrets,
one readable input, one writable folder, limits on memory, time and output.

The command line is a list, never a shell's, and holds no name that a user chose.
"""

from __future__ import annotations

import os
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingest.media import tools

INPUT, OUTPUT = "/in.bin", "/out"
MEMORY = 4 * 2**30
STDERR_KEPT = 16 * 1024


class SandboxMissing(RuntimeError):
    """There is no sandbox here and nobody said that none is needed."""


class MediaFailed(RuntimeError):
    """The program ended with an error, or a limit ended it."""


@dataclass(frozen=True)
class Limits:
    """How much one run may take: seconds on the wall, seconds of processor, bytes a file."""

    wall: float
    cpu: int
    file_bytes: int = 64 * 2**30


def _wrap(argv: list[str], source: Path, out: Path | None, mode: str) -> list[str]:
    if mode == "none":
        return [
            str(source) if word == INPUT else word.replace(OUTPUT + "/", f"{out}/", 1)
            if word.startswith(OUTPUT + "/") else word
            for word in argv
        ]  # fmt: skip
    program = tools.bwrap()
    if program is None:
        raise SandboxMissing(
            "The sandbox program bwrap does not run here, so nothing is rendered. Allow user "
            "namespaces or install bubblewrap; or set BWV_MEDIA_SANDBOX=none and accept the risk."
        )
    words = [
        program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        "--clearenv", "--setenv", "PATH", "/usr/bin", "--setenv", "LANG", "C.UTF-8",
        "--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
        "--ro-bind", str(source), INPUT, "--chdir", "/tmp",
    ]  # fmt: skip
    for top in ("/bin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache"):
        words += ["--ro-bind-try", top, top]
    folder = str(Path(argv[0]).parent)
    if not folder.startswith("/usr/"):
        words += ["--ro-bind", folder, folder]
        for libraries in Path(folder).parent.glob("*.libs"):
            words += ["--ro-bind", str(libraries), str(libraries)]
    if out is not None:
        words += ["--bind", str(out), OUTPUT]
    return [*words, "--", *argv]


def _limit(limits: Limits) -> Callable[[], None]:
    def apply() -> None:
        os.nice(10)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu, limits.cpu + 5))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return apply


def run(
    argv: list[str],
    *,
    source: Path,
    out: Path | None = None,
    limits: Limits,
    mode: str = "bwrap",
    on_line: Callable[[str], None] | None = None,
) -> tuple[str, str]:
    """Run one program over `source`; its standard output and the end of its standard error.

    `argv` names the input INPUT and files below OUTPUT. `on_line` gets each line of
    output as it comes. Raises MediaFailed, SandboxMissing.
    """
    process = subprocess.Popen(
        _wrap(argv, source.resolve(), out.resolve() if out else None, mode),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        start_new_session=True,
        preexec_fn=_limit(limits),
    )
    try:
        stdout, stderr = _read(process, time.monotonic() + limits.wall, on_line)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode:
        last = stderr.strip().splitlines()[-1:] or [f"exit {process.returncode}"]
        raise MediaFailed(last[0].replace(INPUT, "the file")[:250])
    return stdout, stderr


def _read(
    process: subprocess.Popen[bytes], deadline: float, on_line: Callable[[str], None] | None
) -> tuple[str, str]:
    assert process.stdout and process.stderr
    collected, errors, pending = bytearray(), bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, collected)
        selector.register(process.stderr, selectors.EVENT_READ, errors)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                raise MediaFailed("it took longer than its limit and was ended")
            for key, _ in selector.select(min(left, 1)):
                chunk = os.read(key.fd, 65536)
                if not chunk:
                    selector.unregister(key.fileobj)
                    continue
                if key.data is errors:
                    errors += chunk
                    del errors[:-STDERR_KEPT]
                elif on_line is None:
                    collected += chunk
                    if len(collected) > 32 * 2**20:
                        raise MediaFailed("it printed more than 32 MB and was ended")
                else:
                    pending += chunk
                    *lines, rest = bytes(pending).split(b"\n")
                    pending[:] = rest[-4096:]
                    for line in lines:
                        on_line(line.decode("utf-8", "replace"))
    process.wait(timeout=max(deadline - time.monotonic(), 5))
    return collected.decode("utf-8", "replace"), errors.decode("utf-8", "replace")
