"""Ranges of milliseconds: `[from, to]` with `from` before `to`, sorted, none touching another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Ranges = list[list[int]]


def merged(*several: Iterable[Sequence[int]]) -> Ranges:
    """The union. Ranges that touch become one."""
    found: Ranges = []
    for start, end in sorted((item[0], item[1]) for one in several for item in one):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return found


def length(ranges: Iterable[Sequence[int]]) -> int:
    """How many milliseconds merged ranges hold."""
    return sum(end - start for start, end in ranges)


def percent(played_ms: int, whole_ms: int) -> int:
    """How much of the whole was played. 100 only when less than half a second is missing."""
    if whole_ms <= 0:
        return 0
    if whole_ms - played_ms < 500:
        return 100
    return min(99, max(0, played_ms) * 100 // whole_ms)


def words(ranges: Iterable[Sequence[int]]) -> str:
    """02:10–04:00, 05:00–06:30: as the log's sentences say them."""
    return ", ".join(f"{clock(start)}–{clock(end)}" for start, end in ranges)


def clock(milliseconds: int) -> str:
    """02:10, or 1:02:10."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"
