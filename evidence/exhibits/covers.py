"""What a redacted copy covers and silences: as somebody wants it, as it is kept, in words.

Times are of one clock, from the start of the recording, as the player has them. A cover is on
every frame that is on show in its time, and on one more at each side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from evidence.exhibits.models import Clip, RedactionReason
from evidence.exhibits.ranges import Piece
from evidence.recordings.markers import stamp

MOST = 500
WHOLE = 1000
Row = dict[str, Any]


class NotCovered(ValueError):
    """It can't be covered so. `field` is what to change. Its sentence is for a person."""

    def __init__(self, sentence: str, field: str = "covers") -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class Silence:
    """A time without sound, and why: the code of a reason."""

    from_ms: int
    to_ms: int
    reason: str


@dataclass(frozen=True)
class Cover(Silence):
    """A part of the picture for a time, in per mille from its left and its top."""

    left: int = 0
    top: int = 0
    width: int = WHOLE
    height: int = WHOLE


@dataclass(frozen=True)
class Redacting:
    """What is to be taken out of a copy."""

    covers: tuple[Cover, ...] = ()
    silences: tuple[Silence, ...] = ()


def kept(
    piece: Piece, within: tuple[int, int], wanted: Redacting, *, sound: bool
) -> dict[str, list[Any]]:
    """The covers, the silences and the time that may be heard, as their row keeps them. One query.

    Raises NotCovered.
    """
    if not wanted.covers and not wanted.silences and sound:
        raise NotCovered("Cover a part of the picture, or silence something: nothing is yet")
    for rows, field in ((wanted.covers, "covers"), (wanted.silences, "silences")):
        if len(rows) > MOST:
            raise NotCovered(f"A copy has at most {MOST} of them; there are {len(rows):,}", field)
    reasons = {row.code: row for row in RedactionReason.objects.filter(active=True)}
    covered, silenced = [], []
    for number, cover in enumerate(wanted.covers, start=1):
        _timed(cover, within, "cover", number)
        _boxed(cover, number)
        reason = reasons.get(cover.reason)
        if reason is None or not reason.picture:
            raise NotCovered(f"Select why part {number} is covered", f"cover-{number}-reason")
        covered.append(_cover(piece, cover, reason))
    for number, silence in enumerate(wanted.silences, start=1):
        _timed(silence, within, "silence", number)
        reason = reasons.get(silence.reason)
        if reason is None or not reason.voice:
            raise NotCovered(f"Select why silence {number} is made", f"silence-{number}-reason")
        silenced.append(_silence(piece, silence, reason))
    heard = [ms * 1000 - piece.begins for ms in within]
    return {"covers": covered, "silences": silenced, "sound_us": heard}


def _timed(one: Silence, within: tuple[int, int], what: str, number: int) -> None:
    name = {"cover": "Part", "silence": "Silence"}[what]
    begins, ends = within
    inside = f"within the copy's range, {stamp(begins)} to {stamp(ends)}"
    if not begins <= one.from_ms <= ends:
        raise NotCovered(f"{name} {number}: the start must be {inside}", f"{what}-{number}-from")
    if not begins <= one.to_ms <= ends:
        raise NotCovered(f"{name} {number}: the end must be {inside}", f"{what}-{number}-to")
    if one.to_ms <= one.from_ms:
        raise NotCovered(
            f"{name} {number}: the end must be after the start, {stamp(one.from_ms)}",
            f"{what}-{number}-to",
        )


def _boxed(one: Cover, number: int) -> None:
    for start, length, name, word in (
        (one.left, one.width, "width", "left"), (one.top, one.height, "height", "top"),
    ):  # fmt: skip
        if not 0 <= start < WHOLE:
            raise NotCovered(
                f"Part {number}: {word} must be from 0 to less than 100 per cent",
                f"cover-{number}-{word}",
            )
        if not 0 < length <= WHOLE - start:
            raise NotCovered(
                f"Part {number}: {word} and {name} must be 100 per cent of the picture at most, "
                f"and the {name} more than nothing", f"cover-{number}-{name}",
            )  # fmt: skip


def _cover(piece: Piece, one: Cover, reason: RedactionReason) -> Row:
    return {
        "from_ms": one.from_ms, "to_ms": one.to_ms,
        # One frame more at each side rather than one less: a player may show one longer.
        "first_frame": max(piece.first_frame, piece.shown(one.from_ms) - 1),
        "last_frame": min(piece.last_frame, piece.shown(one.to_ms) + 1),
        "left": one.left, "top": one.top, "width": one.width, "height": one.height,
        "code": reason.code, "reason": reason.words,
    }  # fmt: skip


def _silence(piece: Piece, one: Silence, reason: RedactionReason) -> Row:
    return {
        "from_ms": one.from_ms, "to_ms": one.to_ms,
        # In the file that is cut.
        "from_us": one.from_ms * 1000 - piece.begins, "to_us": one.to_ms * 1000 - piece.begins,
        "code": reason.code, "reason": reason.words,
    }  # fmt: skip


# --- in words ---
def counted(clip: Clip) -> str:
    """2 parts covered, 1 silenced."""
    covers, silences = len(clip.redaction.covers), len(clip.redaction.silences)
    silent = f"{silences} silenced" if clip.sound else "all sound left out"
    return f"{covers} part{'' if covers == 1 else 's'} covered, {silent}"


def reasons(clip: Clip) -> str:
    """Covered: number plate (2), screen. Silenced: address."""
    parts = [
        f"{words}: {_tally(row['reason'] for row in rows)}."
        for words, rows in (
            ("Covered", clip.redaction.covers), ("Silenced", clip.redaction.silences),
        ) if rows
    ]  # fmt: skip
    return " ".join(parts)


def _tally(found: Iterable[str]) -> str:
    return ", ".join(
        f"{words[:1].lower()}{words[1:]}" + (f" ({often})" if often > 1 else "")
        for words, often in Counter(found).items()
    )


def area(row: Row) -> str:
    """Where on the picture, in per cent."""
    if (row["left"], row["top"], row["width"], row["height"]) == (0, 0, WHOLE, WHOLE):
        return "The whole picture"
    return (
        f"{percent(row['left'])} % from the left, {percent(row['top'])} % from the top, "
        f"{percent(row['width'])} % wide, {percent(row['height'])} % high"
    )


def percent(per_mille: int) -> str:
    """12.5 of 125; 40 of 400."""
    whole, rest = divmod(per_mille, 10)
    return f"{whole}.{rest}" if rest else f"{whole}"
