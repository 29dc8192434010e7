"""From times that people set to frames of a file: by the stored frame times, never by a rate."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from typing import Any

from django.conf import settings

from evidence.exhibits.models import Clip
from evidence.recordings import player_data
from evidence.recordings.markers import stamp
from evidence.recordings.models import Original, Recording, Rendition


class NotCut(ValueError):
    """This range can't be cut. `field`: from, to or nothing. Its sentence is for a person."""

    def __init__(self, sentence: str, field: str = "from") -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class Piece:
    """A range of one original: its frames from 0, both included, and their times in ticks."""

    original: Original
    first_frame: int
    last_frame: int
    timescale: int
    first_tick: int
    last_tick: int
    after_tick: int | None
    # Where its file begins on the player's scale, in microseconds, and when each frame of the
    # file is shown.
    begins: int = 0
    ticks: tuple[int, ...] = ()

    def shown(self, ms: int) -> int:
        """The frame of the file that is on show at a place of the player's scale."""
        return _shown(self.ticks, self.timescale, ms * 1000 - self.begins)


@dataclass(frozen=True)
class _File:
    """A playable file and where it begins on the player's scale, in microseconds."""

    original: Original
    begins: int
    ends: int


def piece(recording: Recording, from_ms: int, to_ms: int) -> Piece:
    """The frames shown at both ends, and all between them. Raises NotCut.

    The player's scale: files one after the other, without the gaps between them.
    """
    files = _files(recording)
    if not files:
        raise NotCut("This recording has no moving picture to cut. Produce all of it instead.", "")
    end = -(-files[-1].ends // 1000)
    if not 0 <= from_ms <= end:
        raise NotCut(f"The start must be within the recording, which ends at {stamp(end)}")
    if to_ms > end:
        raise NotCut(f"The end must be within the recording, which ends at {stamp(end)}", "to")
    if to_ms <= from_ms:
        raise NotCut(f"The end must be after the start, {stamp(from_ms)}", "to")
    longest = settings.CLIP_MINUTES
    if to_ms - from_ms > longest * 60_000:
        raise NotCut(
            f"A clip is {longest} minutes at most. Set a nearer end, make several clips, or "
            "produce the whole recording.", "to",
        )  # fmt: skip
    file = _holding(files, from_ms * 1000)
    if to_ms * 1000 > file.ends and file is not files[-1]:
        border = file.ends // 1000
        raise NotCut(
            f"The camera began another file at {stamp(border)}. A clip is of one file, so that "
            f"one fingerprint leads to its original: make one clip up to {stamp(border)} and "
            "another from there.", "to",
        )  # fmt: skip
    return _frames(file, from_ms * 1000 - file.begins, to_ms * 1000 - file.begins)


def whole(recording: Recording) -> tuple[int, int]:
    """All of what plays, as a range. Raises NotCut."""
    files = _files(recording)
    if not files:
        raise NotCut("This recording has no moving picture to cut. Produce all of it instead.", "")
    return 0, -(-files[-1].ends // 1000)


def _files(recording: Recording) -> list[_File]:
    """Files that have a viewing copy, in the player's order. Two queries."""
    originals = list(player_data.originals_of(recording))
    rows = Rendition.objects.filter(original__in=originals, kind="proxy")
    lengths = {row.original_id: round(float(row.facts["seconds"]) * 1_000_000) for row in rows}
    played = [item for item in originals if item.pk in lengths]
    ends = list(accumulate(lengths[item.pk] for item in played))
    return [
        _File(item, ends[at] - lengths[item.pk], ends[at]) for at, item in enumerate(played)
    ]  # fmt: skip


def _holding(files: list[_File], moment: int) -> _File:
    """The file that holds a place, as the player has it."""
    return next(file for file in reversed(files) if moment >= file.begins)


def _frames(file: _File, begins: int, ends: int) -> Piece:
    row = Rendition.objects.filter(original=file.original, kind="frames").first()
    if row is None:
        raise NotCut(
            "Frame times of this file are not known, so it can't be cut to a frame. Produce the "
            "whole recording, or try again when its viewing copy is ready.", "",
        )  # fmt: skip
    table = player_data.details_of(row)
    if table is None:
        raise NotCut("Its frame times can't be read now. Try again in a minute.", "")
    ticks, scale = list(ticks_of(table)), int(table["timescale"])
    first = _shown(ticks, scale, begins)
    last = _shown(ticks, scale, ends)
    return Piece(
        file.original, first, last, scale, ticks[first], ticks[last],
        ticks[last + 1] if last + 1 < len(ticks) else None, file.begins, tuple(ticks),
    )  # fmt: skip


def ticks_of(table: dict[str, Any]) -> Iterator[int]:
    """When each frame is shown, in order, from its runs of equal steps."""
    tick = int(table["first"])
    yield tick
    for step, often in table["runs"]:
        for _ in range(often):
            tick += step
            yield tick


def _shown(ticks: Sequence[int], scale: int, microseconds: int) -> int:
    """The frame on show then: the last that has begun; before the first, the first."""
    return max(0, bisect_right(ticks, microseconds * scale // 1_000_000) - 1)


def table_of(clip: Clip) -> dict[str, Any] | None:
    """The frame times of a clip, for the player: those of its file, from its first frame on."""
    row = Rendition.objects.filter(original=clip.original, kind="frames").first()
    table = player_data.details_of(row) if row is not None else None
    if table is None:
        return None
    ticks = list(ticks_of(table))[clip.first_frame : clip.last_frame + 1]
    steps = [later - earlier for earlier, later in pairwise(ticks)]
    runs = [[step, sum(1 for _ in group)] for step, group in groupby(steps)]
    return {
        "version": 1, "timescale": clip.timescale, "first": 0, "runs": runs, "count": clip.count,
    }  # fmt: skip
