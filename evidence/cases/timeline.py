"""All cameras of a case on one clock: a chart a spell of time, with what nobody recorded.

Pure: rows in, numbers for an SVG out. The pages write no styles, so every place is an attribute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

# A spell ends where nothing was recorded for so long: days apart don't fit one clock.
QUIET = timedelta(hours=3)
MOST_CHARTS = 12
WIDTH = 1000
SHORTEST = 4
SHORT_GAP = timedelta(seconds=1)
MARKS = 4
SHORT = timedelta(minutes=2 * MARKS)


@dataclass(frozen=True)
class Piece:
    """One recording as the chart needs it."""

    camera: str
    officer: str
    start: datetime
    end: datetime
    reference: str
    url: str


@dataclass(frozen=True)
class Bar:
    """One recording's place on the clock, of a thousand."""

    piece: Piece
    x: float
    width: float
    words: str


@dataclass(frozen=True)
class Lane:
    """One camera's row."""

    camera: str
    officer: str
    bars: list[Bar]


@dataclass(frozen=True)
class Chart:
    """One spell of time: rows of cameras, times, and what no camera recorded."""

    start: datetime
    end: datetime
    lanes: list[Lane]
    holes: list[tuple[float, float]]
    marks: list[datetime]
    gaps: list[str]

    @property
    def short(self) -> bool:
        """Whether its times need their seconds, to be told apart."""
        return self.end - self.start < SHORT


def charts(pieces: Sequence[Piece]) -> list[Chart]:
    """A chart for each spell, earliest first."""
    spells: list[list[Piece]] = []
    latest = None
    for piece in sorted(pieces, key=lambda piece: (piece.start, piece.end)):
        if latest is None or piece.start - latest > QUIET:
            spells.append([])
            latest = piece.end
        spells[-1].append(piece)
        latest = max(latest, piece.end)
    return [_chart(spell) for spell in spells[:MOST_CHARTS]]


def _chart(spell: list[Piece]) -> Chart:
    start, end = min(p.start for p in spell), max(p.end for p in spell)
    span = max((end - start).total_seconds(), 1.0)

    def x(moment: datetime) -> float:
        return round((moment - start).total_seconds() * WIDTH / span, 1)

    lanes: dict[str, Lane] = {}
    for piece in spell:
        lane = lanes.setdefault(piece.camera, Lane(piece.camera, piece.officer, []))
        width = max(SHORTEST, round(x(piece.end) - x(piece.start), 1))
        # What is too short to be seen is drawn wider, and stays on the chart.
        left = min(x(piece.start), WIDTH - SHORTEST)
        lane.bars.append(Bar(piece, left, width, _words(piece)))
    silent = _silent(spell)
    holes = [(x(begin), round(x(until) - x(begin), 1)) for begin, until in silent]
    marks = [start + (end - start) * number / MARKS for number in range(MARKS + 1)]
    return Chart(start, end, list(lanes.values()), holes, marks, [_gap(*one) for one in silent])


def _words(piece: Piece) -> str:
    start, end = timezone.localtime(piece.start), timezone.localtime(piece.end)
    who = f"{piece.officer}, " if piece.officer else ""
    return f"{piece.reference}: {who}{piece.camera}, {start:%H:%M:%S} to {end:%H:%M:%S %Z}"


def _silent(pieces: Sequence[Piece]) -> list[tuple[datetime, datetime]]:
    """When between the first and the last of them no camera recorded."""
    found: list[tuple[datetime, datetime]] = []
    latest: datetime | None = None
    for piece in sorted(pieces, key=lambda piece: piece.start):
        if latest is not None and piece.start - latest > SHORT_GAP:
            found.append((latest, piece.start))
        latest = piece.end if latest is None else max(latest, piece.end)
    return found


def _gap(start: datetime, end: datetime) -> str:
    one, other = timezone.localtime(start), timezone.localtime(end)
    return f"No camera recorded from {one:%H:%M:%S} to {other:%H:%M:%S %Z}, {_length(end - start)}."


def _length(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
