"""Tables as files for a spreadsheet, in which nothing that somebody typed becomes a formula."""

from __future__ import annotations

import csv
import io
import itertools
import unicodedata
from collections.abc import Iterable, Sequence

# What a spreadsheet takes for the start of a formula (OWASP: CSV injection).
FORMULA = ("=", "+", "-", "−", "@", "|", "%", "\t", "\r", "\n")


def harmless(value: object) -> str:
    """The text of a cell; a quote before whatever a spreadsheet would compute.

    Some drop what comes first and can't be seen, and some read wide and small signs as the plain
    ones: what is tested is what they would see.
    """
    text = str(value)
    seen = unicodedata.normalize("NFKC", text)
    shown = "".join(itertools.dropwhile(_unseen, seen))
    return f"'{text}" if text.startswith(FORMULA) or shown.startswith(FORMULA) else text


def _unseen(char: str) -> bool:
    """Blanks, controls and marks of no width."""
    return char.isspace() or unicodedata.category(char) in ("Cc", "Cf")


def as_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The whole file: UTF-8 with a mark, so that spreadsheets read names right."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow(map(harmless, row))
    return b"\xef\xbb\xbf" + text.getvalue().encode()
