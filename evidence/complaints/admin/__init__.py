"""Complaints in the admin: the list, the work page of one, a page for each of its steps."""

from evidence.complaints.admin.data import CategoryAdmin, QuestionAdmin, WordingAdmin
from evidence.complaints.admin.lists import ComplaintAdmin
from evidence.complaints.admin.texts import RateAdmin, TemplateAdmin

__all__ = [
    "CategoryAdmin",
    "ComplaintAdmin",
    "QuestionAdmin",
    "RateAdmin",
    "TemplateAdmin",
    "WordingAdmin",
]
