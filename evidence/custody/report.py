"""The custody report as PDF: history, fingerprints, checkpoint, and how to check them.

A report is to be read; it proves nothing by itself. The package does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from django.utils import timezone
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from evidence.custody.history import Day, ProofState

INK, QUIET = colors.HexColor("#0b1620"), colors.HexColor("#47545f")
BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9, leading=12, textColor=INK)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.5, leading=10, textColor=QUIET)
MONO = ParagraphStyle("mono", parent=BODY, fontName="Courier", fontSize=7.5, leading=10,
                      wordWrap="CJK")  # fmt: skip
TITLE = ParagraphStyle("title", parent=BODY, fontName="Helvetica-Bold", fontSize=16, leading=20)
HEAD = ParagraphStyle("head", parent=BODY, fontName="Helvetica-Bold", fontSize=11, leading=14,
                      spaceBefore=10, spaceAfter=4)  # fmt: skip


@dataclass(frozen=True)
class FileFact:
    """A file as the report names it."""

    name: str
    size: int
    sha256: str
    proof: str


@dataclass(frozen=True)
class Report:
    """What the report shows."""

    force: str
    reference: str
    about: str
    made_by: str
    made_at: datetime
    files: list[FileFact]
    days: list[Day]
    proof: ProofState
    origin: str
    root: str
    keys: list[str]


def render(report: Report) -> bytes:
    """The PDF's bytes."""
    out = BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm,
        bottomMargin=18 * mm, title=f"Custody report {report.reference}", author=report.force,
        lang="en-GB",
    )  # fmt: skip
    foot = f"{report.force} · Custody report {report.reference} · {_moment(report.made_at)}"

    def footer(canvas: Any, doc: Any) -> None:
        canvas.setFont("Helvetica", 7.5)
        canvas.setFillColor(QUIET)
        canvas.drawString(18 * mm, 10 * mm, foot)
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"Page {doc.page}")

    document.build(list(_story(report)), onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()


def _moment(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local:%-d %b %Y %H:%M:%S} {local.tzname()}"


def _p(text: object, style: ParagraphStyle = BODY) -> Paragraph:
    return Paragraph(escape(str(text)), style)


def _story(report: Report) -> Iterable[Any]:
    yield _p(f"Custody report: {report.reference}", TITLE)
    yield _p(report.about)
    yield _p(f"Made for {report.made_by} on {_moment(report.made_at)}.", SMALL)
    yield _p("What is proved", HEAD)
    yield _p(report.proof.words)
    yield _p(report.proof.detail, SMALL)
    yield _p(
        "This says nothing of what happened before the dock read the file, or whether the "
        "camera's clock was right.", SMALL,
    )  # fmt: skip
    yield _p("Files", HEAD)
    rows: list[list[Any]] = [[_p("Name"), _p("Bytes"), _p("SHA-256")]]
    for file in report.files:
        rows.append(
            [[_p(file.name), _p(file.proof, SMALL)], _p(f"{file.size:,}"), _p(file.sha256, MONO)]
        )
    yield _table(rows, [70 * mm, 26 * mm, 78 * mm])
    yield _p("History, newest first", HEAD)
    for day in report.days:
        yield _p(f"{day.date:%A %-d %B %Y}", HEAD)
        yield _table([_event(line) for line in day.lines], [28 * mm, 128 * mm, 18 * mm])
    yield _p("How to check this", HEAD)
    yield _p(
        "This page is to be read; it proves nothing by itself. Ask the force for the package of "
        f"{report.reference}: the files, this whole history as it was written, the proof of each "
        "line, and one program that checks all of it on any computer without a network "
        "(python bwv_verify.py PACKAGE --policy TRUST-FILE)."
    )
    yield _p(f"Log {report.origin}, checkpoint of {report.proof.checkpoint:,} events, root")
    yield _p(report.root or "not signed yet", MONO)
    yield _p("Keys that sign this log; compare them with the trust file:", SMALL)
    for key in report.keys:
        yield _p(key, MONO)
    yield Spacer(1, 4 * mm)


def _event(line: Any) -> list[Any]:
    local = timezone.localtime(line.time)
    words = [_p(line.words + ("" if line.outcome == "ok" else f" ({line.outcome})"))]
    more = [part for part in (line.roles, line.dpa62, f"number {line.seq}") if part]
    words.append(_p(" · ".join(more), SMALL))
    return [_p(f"{local:%H:%M:%S} {local.tzname()}"), words, _p(f"{line.index:,}", SMALL)]


def _table(rows: list[list[Any]], widths: list[float]) -> Table:
    made = Table(rows, colWidths=widths)
    made.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.HexColor("#d5dbe0")),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return made
