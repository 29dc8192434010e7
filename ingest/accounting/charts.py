"""A chart as SVG, by attributes alone: the pages' rules allow no style in a page.

It says nothing that the table below it does not say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.accounting.storage import Week

WIDTH, TALL, TOP, FOOT = 720, 160, 16, 28


@dataclass(frozen=True)
class Column:
    """One column: where it lies, and whether it went out."""

    x: int
    y: int
    width: int
    height: int
    gone: bool


@dataclass(frozen=True)
class Chart:
    """Two columns a week, and the weeks' names below."""

    width: int
    height: int
    foot: int
    columns: list[Column]
    labels: list[tuple[int, str]]


def chart(weeks: Sequence[Week]) -> Chart | None:
    """What came in and what went, week by week; None where nothing did."""
    most = max((max(week.bytes_in, week.bytes_gone) for week in weeks), default=0)
    if not most:
        return None
    step = WIDTH // len(weeks)
    wide = step // 3
    columns, labels = [], []
    for at, week in enumerate(weeks):
        left = at * step + step // 6
        for place, (size, gone) in enumerate(((week.bytes_in, False), (week.bytes_gone, True))):
            high = max(round(TALL * size / most), 1 if size else 0)
            columns.append(Column(left + place * wide, TOP + TALL - high, wide - 2, high, gone))
        labels.append((left + wide, f"{week.first:%-d %b}"))
    return Chart(WIDTH, TOP + TALL + FOOT, TOP + TALL + 18, columns, labels)
