"""Looks as a file for a spreadsheet, in which nothing that somebody typed becomes a formula."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from evidence.audit.looks import Line
from evidence.custody import spreadsheet
from evidence.recordings.templatetags.evidence import clock, day

MOST = 5000
HEAD = (
    "time (UTC)", "date", "local time", "who", "pseudonym", "roles", "what", "of", "reason",
    "address", "outcome", "event type", "event number",
)  # fmt: skip


def as_csv(lines: Sequence[Line], more: bool) -> bytes:
    """The whole file: UTF-8 with a mark, so that spreadsheets read names right."""
    rows: list[tuple[object, ...]] = [_cells(line) for line in lines]
    if more:
        rows.append((f"Only the newest {MOST} are here: narrow the dates for the others.",))
    return spreadsheet.as_csv(HEAD, rows)


def _cells(line: Line) -> tuple[object, ...]:
    return (
        line.at.astimezone(UTC).isoformat(), day(line.at), clock(line.at), line.who, line.who_ref,
        line.roles, line.sentence(), line.object_ref, line.reason, line.address,
        line.outcome or "Done", line.type, line.index,
    )  # fmt: skip
