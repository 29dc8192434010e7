"""What every paper shares: each page says which it is, of how many, by whom and when."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from evidence.custody import paper, spreadsheet

SHEET = paper.Sheet(
    "Demonstration force", "Exhibit list", "01AB/12345/26", "PC 4127 Shah",
    datetime(2026, 11, 22, 22, 14, 7, tzinfo=UTC), 18204,
)  # fmt: skip


def test_each_page_says_which_it_is_and_repeats_the_tables_head() -> None:
    rows = [(f"AS/{number}", "An arrest") for number in range(1, 121)]
    made = paper.render(SHEET, [paper.table(("Mark", "What it shows"), rows, (100, 300))])
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages]
    assert len(pages) > 2
    for number, text in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in text
        assert "What it shows" in text
        assert "Demonstration force · Exhibit list · 01AB/12345/26" in text
        assert "Made by PC 4127 Shah, 22 Nov 2026 22:14:07 GMT · checkpoint 18,204" in text


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Łukasz Dvořák", "Łukasz Dvorák"),
        ("a\u202eb\u200b", "ab"),
        ("中", "[U+4E2D]"),
        ("ế", "e"),
        ("a\0b\tc", "ab c"),
    ],
)
def test_what_the_typeface_lacks_is_never_silently_another_word(typed: str, printed: str) -> None:
    assert paper.printable(typed) == printed


def test_mark_up_in_what_somebody_typed_is_text() -> None:
    made = paper.render(SHEET, [paper.p("<b>R v <img src='x'/> & Sons</b>")])
    assert "<b>R v <img src='x'/> & Sons</b>" in PdfReader(io.BytesIO(made)).pages[0].extract_text()


def test_a_hash_is_whole_and_in_eights() -> None:
    told = paper.eights("0123456789abcdef" * 4)
    assert told.replace(" ", "") == "0123456789abcdef" * 4
    assert {len(group) for group in told.split()} == {8}


@pytest.mark.parametrize("typed", ["=1+1", "+44", "-1", "@SUM(A1)", "\t=1", "\u200b=1", "＝1"])
def test_nothing_typed_becomes_a_formula(typed: str) -> None:
    made = spreadsheet.as_csv(("what",), [(typed,)])
    assert made.startswith(b"\xef\xbb\xbf")
    [_, [cell]] = csv.reader(io.StringIO(made.decode("utf-8-sig"), newline=""))
    assert cell == f"'{typed}"
