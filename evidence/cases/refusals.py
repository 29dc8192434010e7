"""A case that is not there for somebody who asks: one answer and one event, whatever the cause."""

from __future__ import annotations

from django.http import HttpRequest

from evidence.cases.access import find
from evidence.cases.models import Case
from evidence.people.requests import person
from evidence.recordings.refusals import refuse


def or_404(request: HttpRequest, slug: str, permission: str = "case.view") -> Case:
    """The case of an address, if it is there for whoever asks. Raises Http404."""
    try:
        return find(person(request), slug, permission)
    except Case.DoesNotExist:
        refuse(request, slug)
