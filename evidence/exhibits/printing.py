"""The papers as files: PDF by paper's furniture, CSV for the case file. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, PageBreak, Spacer, Table, TableStyle

from evidence.custody import paper, spreadsheet
from evidence.custody.paper import BODY, CELL, COLUMN, HEAD, MONO, SMALL, TITLE, WIDTH, eights, p
from evidence.exhibits.papers import ExhibitRow, Kind, Papers, table

Format = Literal["pdf", "csv"]
MOST_ON_A_LABEL = 6
SHARES: dict[Kind, tuple[int, ...]] = {
    Kind.UNUSED: (7, 16, 35, 18, 24),
    Kind.SENSITIVE: (7, 15, 26, 15, 18, 19),
}


def file(papers: Papers, kind: Kind, wanted: Format) -> bytes:
    """One paper as one file."""
    if wanted == "csv":
        return spreadsheet.as_csv(*table(papers, kind))
    sheet = paper.Sheet(
        papers.force, kind.heading, papers.urn, papers.made_by, papers.made_at, papers.checkpoint
    )
    return paper.render(sheet, [*_top(papers, kind), *STORIES[kind](papers, kind)])


def _top(papers: Papers, kind: Kind) -> Iterable[Any]:
    yield p(kind.heading, TITLE)
    yield p(f"{papers.urn} · {papers.title}")
    if kind is Kind.SENSITIVE:
        yield p("SENSITIVE. Not for the defence.", HEAD)
    yield Spacer(1, 4 * mm)


def _labels(papers: Papers, kind: Kind) -> Iterable[Any]:
    """Six or so a page: to be cut out, each whole on one."""
    if not papers.exhibits:
        yield p("No exhibits.")
    for row in papers.exhibits:
        lines = [
            [p(row.mark, TITLE), p(papers.urn, HEAD)],
            [[p(row.what, COLUMN), p(row.description, CELL)],
             [p(f"Produced by {row.producer}", CELL), p(f"On {row.produced_on}", CELL),
              p("Signed ______________________", CELL)]],
            [[p(f"Recorded {row.recorded}", SMALL), *_few_hashes(row)], ""],
        ]  # fmt: skip
        made = Table(lines, colWidths=[WIDTH * 0.55, WIDTH * 0.45], splitInRow=1)
        made.setStyle(
            TableStyle(
                [("BOX", (0, 0), (-1, -1), 0.8, paper.INK), ("SPAN", (0, 2), (1, 2)),
                 ("VALIGN", (0, 0), (-1, -1), "TOP")]
            )
        )  # fmt: skip
        yield KeepTogether([made, Spacer(1, 5 * mm)])


def _hashes(row: ExhibitRow) -> list[Any]:
    return [p(eights(file.sha256), MONO) for file in row.files]


def _few_hashes(row: ExhibitRow) -> list[Any]:
    """As many as a label holds."""
    found, left = _hashes(row), len(row.files) - MOST_ON_A_LABEL
    if left > 1:
        more = p(f"And {left} more files: their fingerprints stand on the exhibit list.", SMALL)
        return [*found[:MOST_ON_A_LABEL], more]
    return found


def _statement(papers: Papers, kind: Kind) -> Iterable[Any]:
    """Each producer's paragraphs, from a new page: a statement is one person's."""
    producers = list(dict.fromkeys(row.producer for row in papers.exhibits))
    if not producers:
        yield p("No exhibits.")
    for number, who in enumerate(producers):
        if number:
            yield PageBreak()
        yield p(f"Statement of {who}", HEAD)
        for row in papers.exhibits:
            if row.producer == who:
                yield p(f"Exhibit {row.mark}", COLUMN)
                yield p(_in_eights(row.paragraph, row), BODY)
                yield Spacer(1, 3 * mm)
        yield Spacer(1, 8 * mm)
        yield p("Signed ______________________    Date ______________")


def _in_eights(text: str, row: ExhibitRow) -> str:
    """The paragraph with its hashes as they are printed."""
    for word in {word.strip(".,;()") for word in text.split()}:
        if len(word) == 64 and all(char in "0123456789abcdef" for char in word):
            text = text.replace(word, eights(word))
    return text


def _list(papers: Papers, kind: Kind) -> Iterable[Any]:
    head = ("Mark", "What it is", "Produced by", "Recorded, fingerprint")
    rows = []
    for row in papers.exhibits:
        what = [p(row.what, COLUMN), p(row.description, CELL)]
        if row.range:
            what.append(p(row.range, CELL))
        if row.disclosed:
            what.append(p(row.disclosed, SMALL))
        facts = [p(f"{row.recording}: {row.recorded}", CELL)]
        if row.made_how:
            facts.append(p(_in_eights(row.made_how, row), SMALL))
        rows.append(
            (p(row.mark, COLUMN), what, [p(row.producer, CELL), p(row.produced_on, CELL)],
             [*facts, *_hashes(row)])
        )  # fmt: skip
    yield paper.table(head, rows, [WIDTH * part for part in (0.11, 0.27, 0.18, 0.44)])
    if not rows:
        yield p("No exhibits.")


def _schedule(papers: Papers, kind: Kind) -> Iterable[Any]:
    head, rows = table(papers, kind)
    # By whom and when it was reviewed stands under when it was recorded, and to whom it was
    # disclosed under what it is: seven columns are too many.
    head = ("Item", "Reference", "Description; disclosed", "Location", "Recorded; reviewed by",
            *head[7:])  # fmt: skip
    rows = [_folded(row) for row in rows]
    yield paper.table(head, rows, [WIDTH * share / 100 for share in SHARES[kind]])
    if not rows:
        yield p("Nothing is on this schedule.")


def _folded(row: tuple[str, ...]) -> tuple[str, ...]:
    item, name, what, where, recorded, reviewed, disclosed, *why = row
    told = f"{what}\n{disclosed}" if disclosed else what
    return (item, name, told, where, f"{recorded}\n{reviewed}", *why)


STORIES = {
    Kind.LABELS: _labels, Kind.STATEMENT: _statement, Kind.LIST: _list, Kind.UNUSED: _schedule,
    Kind.SENSITIVE: _schedule,
}  # fmt: skip
