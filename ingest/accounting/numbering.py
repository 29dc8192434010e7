"""Cameras number their files. Where a number is missing, a file may never have been docked.

Information, no fault: cameras are renumbered, reset and lent out. It is the one sign of a file
that no dock ever saw.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from django.db.models.functions import Coalesce
from django.utils import timezone

from ingest.accounting.faults import GAP, Fault
from ingest.uploads.models import Upload

# How cameras name their files: a series, and a number in it. The first that fits is used; what
# fits none has no number. A name with a date in it has a time behind it, no number.
PATTERNS = [
    # GoPro: GX 01 0123: the chapter comes before the number.
    re.compile(r"^(?P<series>G[HXLP])\d\d(?P<number>\d{4})\.\w{2,4}$", re.IGNORECASE),
    re.compile(r"^(?P<series>(?!.*20\d\d[-_]?[01]\d[-_]?[0-3]\d).*?[A-Za-z_\-])?(?P<number>\d{3,5})"
               r"\.\w{2,4}$", re.IGNORECASE),
]  # fmt: skip
# A longer jump is a camera that was set to another number, no row of lost files.
MOST_MISSING = 500
TODO = "Ask whoever had the camera. Its files may have been numbered anew; no dock listed these."


def number_of(file_id: str) -> tuple[str, int, int] | None:
    """(series, number, digits) of a file's name; None where it has none that we know."""
    name = file_id.replace("\\", "/").rsplit("/", 1)[-1]
    for pattern in PATTERNS:
        if found := pattern.match(name):
            digits = found["number"]
            return (found["series"] or "").upper(), int(digits), len(digits)
    return None


@dataclass(frozen=True)
class Gap:
    """Numbers that no dock listed, and when the files on both sides were recorded."""

    series: str
    digits: int
    first: int
    last: int
    before: datetime
    after: datetime

    @property
    def count(self) -> int:
        """How many numbers are missing."""
        return self.last - self.first + 1

    def words(self) -> str:
        """VID_0012 to VID_0014, between the times of the neighbours."""
        name = f"{self.series}{self.first:0{self.digits}}"
        if self.count > 1:
            name += f" to {self.series}{self.last:0{self.digits}}"
        between = f"between {_when(self.before)} and {_when(self.after)}"
        return f"{name}, {between}: never listed by a dock"


def _when(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %b %Y %H:%M:%S %Z}"


@dataclass
class _Lap:
    """One series of one camera, from one start of its numbers to the next."""

    digits: int
    seen: dict[int, datetime] = field(default_factory=dict)
    newest: int = -1


def gaps_of(files: Iterable[tuple[str, datetime]]) -> Iterator[Gap]:
    """The gaps of one camera's files, which come in the order in which they were recorded.

    A number that comes again, or falls by more than half of what its digits can count, begins a
    lap: after 9999 comes 0000 or 0001, and that is no gap.
    """
    laps: dict[tuple[str, int], _Lap] = {}
    for file_id, moment in files:
        found = number_of(file_id)
        if found is None:
            continue
        series, number, digits = found
        lap = laps.get((series, digits))
        top = 10**digits
        if lap is None or (number in lap.seen and lap.seen[number] != moment):
            if lap is not None:
                yield from _missing(series, lap)
            lap = laps[series, digits] = _Lap(digits)
        elif lap.newest - number > top // 2:
            yield from _wrap(series, lap, number, moment)
            lap = laps[series, digits] = _Lap(digits)
        lap.seen[number] = moment
        lap.newest = max(lap.newest, number)
    for (series, _), lap in sorted(laps.items(), key=lambda item: item[0]):
        yield from _missing(series, lap)


def _missing(series: str, lap: _Lap) -> Iterator[Gap]:
    numbers = sorted(lap.seen)
    for one, other in pairwise(numbers):
        # Where the higher number is the older file, the camera was set anew in between.
        in_order = lap.seen[one] <= lap.seen[other]
        if in_order and 1 < other - one <= MOST_MISSING + 1:
            yield Gap(series, lap.digits, one + 1, other - 1, lap.seen[one], lap.seen[other])


def _wrap(series: str, lap: _Lap, number: int, moment: datetime) -> Iterator[Gap]:
    """The end of one lap and the start of the next: cameras begin at 0 or at 1."""
    yield from _missing(series, lap)
    last, top = lap.newest, 10**lap.digits - 1
    if 0 < top - last <= MOST_MISSING:
        yield Gap(series, lap.digits, last + 1, top, lap.seen[last], moment)
    if 1 < number <= MOST_MISSING:
        yield Gap(series, lap.digits, 1, number - 1, lap.seen[last], moment)


def findings() -> Iterator[Fault]:
    """The gaps of every camera. What was disposed of is listed still, so it is no gap."""
    rows = (
        Upload.objects.annotate(moment=Coalesce("recorded_at", "created"))
        .order_by("camera_id", "moment", "id")
        .values_list("camera__serial", "file_id", "moment")
        .iterator(chunk_size=2000)
    )
    serial, files = "", list[tuple[str, datetime]]()
    for camera, file_id, moment in rows:
        if camera != serial:
            yield from _of(serial, files)
            serial, files = camera, []
        files.append((file_id, moment))
    yield from _of(serial, files)


def _of(serial: str, files: list[tuple[str, datetime]]) -> Iterator[Fault]:
    for gap in gaps_of(files):
        yield Fault(GAP, "cameras", f"{serial}: {gap.words()}", TODO, camera=serial)
