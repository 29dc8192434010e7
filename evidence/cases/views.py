"""The pages of cases."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from evidence.cases import sections
from evidence.cases.refusals import or_404
from evidence.people.requests import person


@login_required
@require_safe
def case(request: HttpRequest, urn: str) -> HttpResponse:
    """One case."""
    found = or_404(request, urn)
    context = {"case": found, "sections": sections.of(person(request), found)}
    return render(request, "cases/case.html", context)
