"""Charts as SVG, by attributes alone: the pages' rules allow no style in a page.

A chart says nothing that the table below it does not say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evidence.complaints.statistics import Figure

WIDTH, LABELS, ROW, BAR = 720, 280, 30, 18
TALL, FOOT, TOP = 200, 44, 24
MOST_BARS, MOST_COLUMNS = 20, 36
LONGEST = 40


@dataclass(frozen=True)
class Bar:
    """One bar: where it lies, and its two texts with where they stand."""

    x: int
    y: int
    width: int
    height: int
    label: str
    label_x: int
    label_y: int
    value: str
    value_x: int
    value_y: int


@dataclass(frozen=True)
class Chart:
    """A picture of one column of a figure."""

    width: int
    height: int
    across: bool
    bars: list[Bar]
    left_out: int


def chart(figure: Figure) -> Chart | None:
    """Bars, or columns for what runs through time; None where there is nothing to draw."""
    pairs = [(str(row[0]), _number(row[figure.bars])) for row in figure.rows]
    if not any(value for _, value in pairs):
        return None
    return _columns(pairs[-MOST_COLUMNS:]) if figure.columns else _bars(pairs)


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _bars(pairs: Sequence[tuple[str, int]]) -> Chart:
    shown = pairs[:MOST_BARS]
    most = max(value for _, value in shown)
    room = WIDTH - LABELS - 80
    made = []
    for at, (label, value) in enumerate(shown):
        width = max(round(room * value / most), 1 if value else 0)
        y = at * ROW + (ROW - BAR) // 2
        made.append(
            Bar(LABELS, y, width, BAR, _short(label), LABELS - 8, y + 14, f"{value:,}",
                LABELS + width + 6, y + 14)
        )  # fmt: skip
    return Chart(WIDTH, len(shown) * ROW, False, made, len(pairs) - len(shown))


def _columns(pairs: Sequence[tuple[str, int]]) -> Chart:
    most = max(value for _, value in pairs)
    step = WIDTH // len(pairs)
    width = max(step - 8, 4)
    every = -(-len(pairs) // 12)  # at most twelve labels: they may not lie upon each other
    made = []
    for at, (label, value) in enumerate(pairs):
        height = max(round(TALL * value / most), 1 if value else 0)
        x, y = at * step + (step - width) // 2, TOP + TALL - height
        made.append(
            Bar(x, y, width, height, _month(label) if at % every == 0 else "", x + width // 2,
                TOP + TALL + 18, f"{value:,}" if len(pairs) <= 18 else "", x + width // 2, y - 6)
        )  # fmt: skip
    return Chart(WIDTH, TOP + TALL + FOOT, True, made, 0)


def _month(label: str) -> str:
    """Nov 26 for Nov 2026: twelve of them lie beside each other."""
    return label.replace(" 20", " ")


def _short(label: str) -> str:
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
