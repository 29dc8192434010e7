"""What every paper shares that is printed: A4, one type size, a foot on each page, hashes whole.

A room that prints builds its own story of these pieces and gives it to `render`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import reportlab
from django.utils import timezone
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

INK, QUIET = colors.HexColor("#0b1620"), colors.HexColor("#47545f")
LINE, SHEET = colors.HexColor("#d5dbe0"), colors.HexColor("#f3f5f7")
SIDE, FOOT = 18 * mm, 22 * mm
WIDTH = A4[0] - 2 * SIDE
# ReportLab keeps so much free inside its frame: what is written and what is drawn begin alike.
PADDING = 6


def _font(name: str, file: str) -> str:
    """One of the typefaces that come with ReportLab: unlike PDF's own they know Łukasz."""
    path = Path(reportlab.__file__).parent / "fonts" / file
    pdfmetrics.registerFont(TTFont(name, str(path)))
    return name


PLAIN, BOLD = _font("paper", "Vera.ttf"), _font("paper-bold", "VeraBd.ttf")
pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)

BODY = ParagraphStyle("body", fontName=PLAIN, fontSize=10.5, leading=14.5, textColor=INK)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=9, leading=12)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=8.5, leading=11.5, textColor=QUIET)
MONO = ParagraphStyle("mono", parent=BODY, fontName="Courier", fontSize=9, leading=12)
TITLE = ParagraphStyle("title", parent=BODY, fontName=BOLD, fontSize=17, leading=22, spaceAfter=4)
HEAD = ParagraphStyle("head", parent=BODY, fontName=BOLD, fontSize=12, leading=16,
                      spaceBefore=10, spaceAfter=4)  # fmt: skip
COLUMN = ParagraphStyle("column", parent=CELL, fontName=BOLD)


@dataclass(frozen=True)
class Sheet:
    """What stands on every page: which paper, of what, by whom, when, and how far the log was
    signed then."""

    force: str
    title: str
    reference: str
    made_by: str
    made_at: datetime
    checkpoint: int

    def foot(self) -> list[str]:
        """The two lines below each page, without its number."""
        signed = f"checkpoint {self.checkpoint:,}" if self.checkpoint else "no checkpoint yet"
        return [
            f"{self.force} · {self.title} · {self.reference}",
            f"Made by {self.made_by}, {moment(self.made_at)} · {signed}",
        ]


@cache
def _has(char: str) -> bool:
    return ord(char) in pdfmetrics.getFont(PLAIN).face.charToGlyph


def printable(text: object) -> str:
    """The text with what the typeface lacks: without its accent, or as U+4E2D.

    Nothing is left out, and nothing stands there that only looks like a letter.
    """
    return "".join(_printable(char) for char in str(text))


def _printable(char: str) -> str:
    if _has(char) or char == "\n":
        return char
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co"):
        return " " if char.isspace() else ""
    plain = "".join(one for one in unicodedata.normalize("NFKD", char) if _has(one))
    return plain or f"[U+{ord(char):04X}]"


def moment(when: datetime) -> str:
    """22 Nov 2026 22:14:07 GMT."""
    try:
        local = timezone.localtime(when)
    except OverflowError:  # a camera's clock may say the year 1, which London's never was
        local = when
    return f"{local:%-d %b %Y %H:%M:%S} {local.tzname()}"


def eights(sha256: str) -> str:
    """A hash whole, in groups of eight, so that two people can read it to each other."""
    return " ".join(sha256[at : at + 8] for at in range(0, len(sha256), 8))


def p(text: object, style: ParagraphStyle = BODY) -> Paragraph:
    """A paragraph of text that somebody typed: no mark-up of theirs counts."""
    return Paragraph(escape(printable(text)).replace("\n", "<br/>"), style)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], widths: Sequence[float]) -> Table:
    """A table whose head is repeated on each page. Cells are texts, or pieces of a story.

    A row that is longer than a page goes on on the next: what people typed stops no paper.
    """
    body: list[list[Any]] = [[p(word, COLUMN) for word in head]]
    for row in rows:
        body.append([p(cell, CELL) if isinstance(cell, str) else cell for cell in row])
    made = Table(body, colWidths=list(widths), repeatRows=1, splitInRow=1)
    made.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BACKGROUND", (0, 0), (-1, 0), SHEET),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return made


class _Counted(Canvas):  # type: ignore[misc]
    """Keeps its pages until the last is known: only then "3 of 7" can be written on the third."""

    sheet: Sheet

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        """One page is drawn."""
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """All pages are drawn: write their feet."""
        for number, page in enumerate(self._kept, start=1):
            self.__dict__.update(page)
            self._foot(number, len(self._kept))
            Canvas.showPage(self)
        Canvas.save(self)

    def _foot(self, number: int, count: int) -> None:
        self.setFont(PLAIN, 7.5)
        self.setFillColor(QUIET)
        for at, line in zip((12 * mm, 8.5 * mm), self.sheet.foot(), strict=True):
            self.drawString(SIDE, at, printable(line))
        self.drawRightString(A4[0] - SIDE, 8.5 * mm, f"Page {number} of {count}")


def render(sheet: Sheet, story: Iterable[Any]) -> bytes:
    """The PDF's bytes: the story, with the sheet's foot on each page."""
    out = BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=SIDE - PADDING, rightMargin=SIDE - PADDING, topMargin=16 * mm,
        bottomMargin=FOOT,
        title=printable(f"{sheet.title}: {sheet.reference}"), author=printable(sheet.force),
        lang="en-GB",
    )  # fmt: skip
    canvas = type("Counted", (_Counted,), {"sheet": sheet})
    document.build(list(story), canvasmaker=canvas)
    return out.getvalue()
