"""Looks as a file for a spreadsheet, in which nothing that somebody typed becomes a formula."""

from __future__ import annotations

import csv
import io
import itertools
import unicodedata
from collections.abc import Sequence
from datetime import UTC

from evidence.audit.looks import Line
from evidence.recordings.templatetags.evidence import clock, day

MOST = 5000
HEAD = (
    "time (UTC)", "date", "local time", "who", "pseudonym", "roles", "what", "of", "reason",
    "address", "outcome", "event type", "event number",
)  # fmt: skip
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


def as_csv(lines: Sequence[Line], more: bool) -> bytes:
    """The whole file: UTF-8 with a mark, so that spreadsheets read names right."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEAD)
    for line in lines:
        writer.writerow(map(harmless, _cells(line)))
    if more:
        writer.writerow([f"Only the newest {MOST} are here: narrow the dates for the others."])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cells(line: Line) -> tuple[object, ...]:
    return (
        line.at.astimezone(UTC).isoformat(), day(line.at), clock(line.at), line.who, line.who_ref,
        line.roles, line.sentence(), line.object_ref, line.reason, line.address,
        line.outcome or "Done", line.type, line.index,
    )  # fmt: skip
