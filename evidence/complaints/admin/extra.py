"""The office's pages of one complaint besides its steps: letters, tellings, costs, the report;
and the figures of all."""

from __future__ import annotations

from typing import Any

from django.urls import path

from evidence.complaints import costs as spent
from evidence.complaints.admin import costs, figures, letters
from evidence.complaints.admin.steps import Step, register
from evidence.complaints.models import Complaint

NAME = "complaints_complaint_"


def urls(view: Any) -> list[Any]:
    """The pages, each wrapped by the admin's own sign-in."""
    one = "<int:complaint>/"
    pages = [
        ("statistics/", figures.page, "statistics"),
        ("statistics/<slug:figure>/csv/", figures.csv, "statistics_csv"),
        (f"{one}letters/", letters.letters_of, "letters"),
        (f"{one}letters/new/<slug:template>/", letters.new, "letter_new"),
        (f"{one}letters/<int:letter>/", letters.one, "letter"),
        (f"{one}letters/<int:letter>/pdf/", letters.pdf, "letter_pdf"),
        (f"{one}told/", letters.told, "told"),
        (f"{one}costs/", costs.costs_of, "costs"),
        (f"{one}report/", costs.report_of, "report"),
    ]
    return [path(route, view(page), name=f"{NAME}{name}") for route, page, name in pages]


def _letters(complaint: Complaint) -> tuple[str, str]:
    waiting = complaint.letters.filter(sent_on=None).count()
    if waiting:
        return "amber", f"{waiting} not sent"
    last = complaint.told.order_by("-on").first()
    return "plain", f"Last told {last.on:%-d %b %Y}" if last else "Nothing told yet"


def _costs(complaint: Complaint) -> tuple[str, str]:
    found = spent.of(complaint)
    return "plain", spent.pounds(spent.total(found)) if found else "Nothing entered"


register(Step("letters", "Letters, and what was told", [], _letters,
              url=f"admin:{NAME}letters"), after="outcome")  # fmt: skip
register(Step("costs", "Cost", [], _costs, url=f"admin:{NAME}costs"), after="reviews")
register(Step("report", "Report", [], lambda complaint: ("plain", "As it stands now"),
              url=f"admin:{NAME}report"), after="costs")  # fmt: skip
