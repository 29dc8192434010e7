"""What people type, as it is kept: without what no database takes, in one line, not endless."""

from __future__ import annotations

from collections.abc import Callable

LONGEST = 300


def one_line(text: str, most: int = LONGEST) -> str:
    """What was typed, in one line."""
    return " ".join(text.replace("\0", " ").split())[:most]


def reason(text: str, missing: str, error: Callable[[str], ValueError] = ValueError) -> str:
    """Why somebody does something, as it is kept. Raises what `error` makes of the sentence
    `missing` where nothing is left of it."""
    kept = one_line(text)
    if not kept:
        raise error(missing)
    return kept
