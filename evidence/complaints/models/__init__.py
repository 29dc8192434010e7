"""Complaints: recording one holds its footage (Police Reform Act 2002 Sch 3 para 1)."""

from evidence.complaints.models.allegations import Allegation, Category, Finding, Wording
from evidence.complaints.models.complaint import REFERENCE, Complaint, Named
from evidence.complaints.models.costs import Rate, Work
from evidence.complaints.models.letters import Letter, Template, Told
from evidence.complaints.models.mail import HandlerMail
from evidence.complaints.models.process import (
    Answer,
    BodyChoice,
    Measure,
    Question,
    Referral,
    Review,
)

__all__ = [
    "REFERENCE",
    "Allegation",
    "Answer",
    "BodyChoice",
    "Category",
    "Complaint",
    "Finding",
    "HandlerMail",
    "Letter",
    "Measure",
    "Named",
    "Question",
    "Rate",
    "Referral",
    "Review",
    "Template",
    "Told",
    "Wording",
    "Work",
]
