"""The page that finds more footage for a case. By POST: no number or place in an address."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from evidence.cases import actions, finding
from evidence.cases.refusals import or_404
from evidence.cases.views import BOTH, listed_errors
from evidence.people.requests import address, person


@login_required
@require_http_methods(BOTH)
def find(request: HttpRequest, urn: str) -> HttpResponse:
    """Every camera that recorded then and there; each search is written down."""
    user, case = person(request), or_404(request, urn, "case.change")
    if not user.may("case.find"):
        raise Http404
    result = None
    if request.method == "POST":
        form = finding.FindForm(request.POST)
        if form.is_valid():
            result = finding.search(user, case, form)
            actions.searched(
                by=user, case=case, query=form.words(), found=result.count,
                address=address(request),
            )  # fmt: skip
    else:
        form = finding.FindForm(initial=finding.suggestion(user, case))
    errors = listed_errors(form) if form.is_bound else []
    context = {
        "case": case, "form": form, "result": result, "errors": errors,
        "placed": result is not None and form.placed,
    }  # fmt: skip
    return render(request, "cases/find.html", context, status=422 if errors else 200)
