"""What a person sees: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

log = logging.getLogger("agent")


class Show:
    """Progress a camera. Safe to call from threads."""

    def __init__(self, bars: bool | None = None) -> None:
        console = Console(stderr=False)
        self.bars = console.is_terminal if bars is None else bars
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, int] = {}
        self._progress: Progress | None = None
        if self.bars:
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TextColumn("{task.fields[note]}"),
                console=console,
            )
            handler: logging.Handler = RichHandler(
                console=console, show_path=False, show_level=False, markup=False
            )
        else:
            handler = logging.StreamHandler(sys.stdout)
            handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        log.handlers[:] = [handler]
        log.setLevel(logging.INFO)
        log.propagate = False

    def __enter__(self) -> Show:
        if self._progress:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress:
            self._progress.stop()

    def camera(self, serial: str, total: int, note: str) -> None:
        """A camera's size in bytes and a word on how it stands."""
        if self._progress is None:
            return
        with self._lock:
            if serial not in self._tasks:
                self._tasks[serial] = self._progress.add_task(serial, total=total, note=note)
            self._progress.update(self._tasks[serial], total=total, note=note)

    def sent(self, serial: str, count: int) -> None:
        """So many more bytes of this camera are in the store."""
        with self._lock:
            self._done[serial] = self._done.get(serial, 0) + count
            if self._progress is not None and serial in self._tasks:
                self._progress.update(self._tasks[serial], completed=self._done[serial])

    def done(self, serial: str) -> int:
        """Bytes sent of this camera so far."""
        with self._lock:
            return self._done.get(serial, 0)
