"""When each frame of a viewing copy is shown: what frame steps are made of.

Never one over the frame rate: cameras drop frames and phones vary theirs. The times come
from the packets' headers, without decoding. They are kept as ticks of the stream's own
clock, as runs of equal steps, so that an even film of 24 hours is one line.
"""

from __future__ import annotations

import array
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any

# 24 hours at 60 frames a second, and some.
MOST = 6_000_000
# A table of more runs than this is as long as its frames and too much for a page.
MOST_RUNS = 400_000
FURTHEST = 2**53
NUMBER = re.compile("-?[0-9]{1,16}")
# Packets lie in the order of decoding: a frame is a few places from where it is shown.
BLOCK = 2**15


@dataclass
class Ticks:
    """Collects ffprobe's lines, one a packet, as they come."""

    times: array.array[int] = field(default_factory=lambda: array.array("q"))
    full: bool = False

    def line(self, text: str) -> None:
        """One line of `packet=pts`; what is no number is no frame."""
        word = text.strip().rstrip(",")
        if not NUMBER.fullmatch(word):
            return
        if len(self.times) >= MOST:
            self.full = True
        else:
            self.times.append(int(word))


def table(times: array.array[int], timescale: int) -> dict[str, Any] | None:
    """The table of frames: first tick, and runs of [step, how often]; None when it can't be made.

    Packets come in the order of decoding; frames before the start are not shown. The array is
    put in order where it lies: as a list of numbers, a day of film would take five times that.
    """
    if not 0 < timescale <= 10_000_000:
        return None
    _sort(times)
    first = next(_shown(times), None)
    if first is None:
        return None
    runs = []
    for step, group in groupby(b - a for a, b in pairwise(_shown(times))):
        runs.append([step, sum(1 for _ in group)])
        if len(runs) > MOST_RUNS:
            return None
    count = 1 + sum(often for _, often in runs)
    return {
        "version": 1, "timescale": timescale, "first": first, "runs": runs, "count": count,
    }  # fmt: skip


def _shown(times: Iterable[int]) -> Iterator[int]:
    """Each moment once, from times in order."""
    return (tick for tick, _ in groupby(tick for tick in times if 0 <= tick < FURTHEST))


def _sort(times: array.array[int]) -> None:
    """By blocks that overlap by half, which is enough for films; else all at once."""
    for start in range(0, len(times), BLOCK // 2):
        block = slice(start, start + BLOCK)
        times[block] = array.array("q", sorted(times[block]))
    if any(later < earlier for earlier, later in pairwise(times)):
        times[:] = array.array("q", sorted(times))
