"""Covers and silences as they are typed: rows of fields, or packed into one by a script."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from evidence.exhibits.covers import MOST, Cover, NotCovered, Redacting, Silence
from evidence.exhibits.models import RedactionReason
from evidence.recordings.markers import NotMarked, position, stamp

COVER = ("from", "to", "area", "left", "top", "width", "height", "reason")
SILENCE = ("from", "to", "reason")
KINDS = {"cover": COVER, "silence": SILENCE}
LONGEST = 40
PER_CENT = re.compile(r"(\d{1,3})(?:[.,](\d{1,6}))?\s*%?")
MORE = 3
Typed = dict[str, str]


@dataclass(frozen=True)
class Typing:
    """Everything that was typed, as it was typed, without rows that are empty."""

    covers: list[Typed]
    silences: list[Typed]

    @classmethod
    def of(cls, post: QueryDict) -> Typing:
        """From what was posted."""
        packed = _unpacked(post.get("packed", ""))
        rows = {
            kind: packed[kind] if packed else _listed(post, kind, names)
            for kind, names in KINDS.items()
        }
        covers, silences = ([row for row in rows[kind] if _filled(row)] for kind in KINDS)
        # One more than there may be, so that too many are refused and not dropped.
        return cls(covers[: MOST + 1], silences[: MOST + 1])

    @property
    def any(self) -> bool:
        """Whether there is something to take out."""
        return bool(self.covers or self.silences)

    def redacting(self) -> Redacting:
        """As it can be kept. Raises NotCovered."""
        return Redacting(
            tuple(_cover(row, at) for at, row in enumerate(self.covers, start=1)),
            tuple(_silence(row, at) for at, row in enumerate(self.silences, start=1)),
        )


def _listed(post: QueryDict, kind: str, names: tuple[str, ...]) -> list[Typed]:
    columns = [post.getlist(f"{kind}_{name}") for name in names]
    most = max(map(len, columns))
    full = [column + [""] * (most - len(column)) for column in columns]
    return [
        {name: _said(value) for name, value in zip(names, values, strict=True)}
        for values in zip(*full, strict=True)
    ]


def _unpacked(text: str) -> dict[str, list[Typed]]:
    """Rows of words that the script put into one field: more of them than a form may have fields.

    Empty for whatever is not that.
    """
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {kind: _rows(found.get(kind), names) for kind, names in KINDS.items()}


def _rows(found: Any, names: tuple[str, ...]) -> list[Typed]:
    rows = found if isinstance(found, list) else []
    return [
        {name: _said(value if isinstance(value, str) else "")
         for name, value in zip(names, row, strict=True)}
        for row in rows if isinstance(row, list) and len(row) == len(names)
    ]  # fmt: skip


def _said(text: str) -> str:
    return text.replace("\0", "").strip()[:LONGEST]


def _filled(row: Typed) -> bool:
    return any(value for name, value in row.items() if name != "area") or row.get("area") == "whole"


def _times(row: Typed, kind: str, at: int) -> tuple[int, int]:
    found = []
    for name in ("from", "to"):
        try:
            found.append(position(row[name]))
        except NotMarked as error:
            words = "Part" if kind == "cover" else "Silence"
            raise NotCovered(f"{words} {at}: {error}", f"{kind}-{at}-{name}") from None
    return found[0], found[1]


def _cover(row: Typed, at: int) -> Cover:
    times = _times(row, "cover", at)
    if row["area"] == "whole":
        return Cover(*times, row["reason"])
    left, top, width, height = (
        _per_cent(row[name], name, at) for name in ("left", "top", "width", "height")
    )
    # Outward, never inward: what was typed is covered at least.
    starts = math.floor(left * 10), math.floor(top * 10)
    ends = math.ceil((left + width) * 10), math.ceil((top + height) * 10)
    sizes = (
        ends[0] - starts[0] if width else 0,
        ends[1] - starts[1] if height else 0,
    )
    return Cover(*times, row["reason"], *starts, *sizes)


def _per_cent(text: str, name: str, at: int) -> Decimal:
    found = PER_CENT.fullmatch(text)
    if found is None:
        raise NotCovered(
            f"Part {at}: enter {name} in per cent of the picture, like 12.5", f"cover-{at}-{name}"
        )
    return Decimal(f"{found[1]}.{found[2] or 0}")


def _silence(row: Typed, at: int) -> Silence:
    return Silence(*_times(row, "silence", at), row["reason"])


# --- back on the page ---
def page(typing: Typing, errors: dict[str, str], more: str = "") -> dict[str, Any]:
    """What the template shows: what was typed, each with what is wrong with it, and empty rows."""
    reasons = list(RedactionReason.objects.filter(active=True))
    rows = {"cover": list(typing.covers), "silence": list(typing.silences)}
    for kind, names in KINDS.items():
        blank = dict.fromkeys(names, "")
        rows[kind] += [dict(blank) for _ in range(MORE if more == kind else 1)]
    return {
        "covers": _shown(rows["cover"], "cover", errors),
        "silences": _shown(rows["silence"], "silence", errors),
        "picture_reasons": [one for one in reasons if one.picture],
        "voice_reasons": [one for one in reasons if one.voice],
        "blank": {"number": "N", "typed": {}, "errors": {}},
    }


def _shown(rows: list[Typed], kind: str, errors: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "number": at, "typed": row,
            "errors": {name: errors.get(f"{kind}-{at}-{name}", "") for name in row},
        }
        for at, row in enumerate(rows, start=1)
    ]  # fmt: skip


def range_of(begins: str, ends: str, whole: tuple[int, int]) -> tuple[str, str]:
    """The ends of a redacted copy: what is left empty is the recording's own."""
    return begins or stamp(whole[0]), ends or stamp(whole[1])
