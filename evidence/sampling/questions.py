"""What is asked of an item."""

from __future__ import annotations

from django.db.models import Q

from evidence.sampling.models import Question


def of(kind: str) -> list[Question]:
    """The questions for items of a kind, in order."""
    return list(Question.objects.filter(Q(kinds=[]) | Q(kinds__contains=[kind]), active=True))
