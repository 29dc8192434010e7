"""The page of disclosure and papers of a case."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.cases import access as cases
from evidence.cases.models import Case
from evidence.cases.refusals import or_404 as case_or_404
from evidence.exhibits import disclosure, paper_actions, printing
from evidence.exhibits.disclosure import NotDecided, Said
from evidence.exhibits.models import Decision
from evidence.exhibits.papers import TITLES, Kind, NoPapers, disclosed, key_of
from evidence.people.fresh import proved_again
from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.recordings.models import Recording
from evidence.recordings.refusals import refuse

TYPES = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8"}


def _may_decide(user: User, case: Case) -> bool:
    return cases.visible_to(user, "disclosure.decide").filter(pk=case.pk).exists()


@login_required
@require_GET
def papers(request: HttpRequest, urn: str) -> HttpResponse:
    """What was decided of each thing, and the papers that can be made."""
    case = case_or_404(request, urn, "case.papers")
    return render(request, "exhibits/papers.html", _page(person(request), case))


def _page(user: User, case: Case, error: str = "") -> dict[str, Any]:
    may = _may_decide(user, case)
    found, told = disclosure.items(user, case), disclosed(case)
    return {
        "case": case, "may_decide": may, "items": found, "error": error,
        "rows": [(one, told.get(key_of(one), "")) for one in found],
        "open": [one for one in found if one.decision is None or not one.decision.relevant],
        "others": disclosure.hidden(user, case), "endings": list(TYPES),
        "kinds": [
            (kind.value, TITLES[kind]) for kind in Kind if may or kind is not Kind.SENSITIVE
        ],
    }  # fmt: skip


@login_required
@require_POST
@proved_again
def make(request: HttpRequest, urn: str, kind: Kind, wanted: printing.Format) -> HttpResponse:
    """One paper as a file."""
    user = person(request)
    case = case_or_404(request, urn, "case.papers")
    try:
        body = paper_actions.make(
            by=user, case=case, kind=kind, wanted=wanted, address=address(request)
        )
    except Case.DoesNotExist:
        refuse(request, urn)
    except NoPapers as error:
        context = _page(user, case, str(error))
        return render(request, "exhibits/papers.html", context, status=422)
    answer = HttpResponse(body, content_type=TYPES[wanted])
    day = f"{timezone.localdate():%Y-%m-%d}"
    name = f"{kind.value}-{''.join(c if c.isalnum() else '-' for c in case.urn)}-{day}.{wanted}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@login_required
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, urn: str, key: str) -> HttpResponse:
    """Decide about one recording or exhibit of the case."""
    user = person(request)
    case = case_or_404(request, urn, "disclosure.decide")
    try:
        one = disclosure.item(user, case, key)
        typed, errors = _typed(one), {}
        if request.method == "POST":
            said = _said(request)
            typed = {name: getattr(said, name) for name in typed} | {"seen": typed["seen"]}
            try:
                disclosure.decide(by=user, case=case, key=key, said=said)
                return redirect("case-papers", case.slug)
            except NotDecided as error:
                errors = {error.field: str(error)}
    except (Recording.DoesNotExist, Case.DoesNotExist):
        refuse(request, f"{urn} {key}")
    context = {
        "case": case, "item": one, "typed": typed, "errors": errors,
        "error_list": list(errors.items()), "past": disclosure.history(one, case),
        "relevant": Decision.Relevant.choices,
    }  # fmt: skip
    return render(request, "exhibits/decide.html", context, status=422 if errors else 200)


def _typed(one: disclosure.Item) -> dict[str, Any]:
    """What the form opens with: what holds now. The reason is asked for each time."""
    now = one.decision or Decision(description=one.exhibit.description if one.exhibit else "")
    return {
        "relevant": now.relevant, "used": now.used, "sensitive": now.sensitive,
        "withheld": now.withheld, "reason": "", "description": now.description,
        "location": now.location, "seen": now.pk or 0,
    }  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _said(request: HttpRequest) -> Said:
    post = request.POST
    text = {
        name: post.get(name, "").replace("\0", "")[:1200]
        for name in ("relevant", "reason", "description", "location")
    }
    return Said(
        text["relevant"], post.get("used") == "on", post.get("sensitive") == "on",
        post.get("withheld") == "on", text["reason"], text["description"], text["location"],
        _number(post.get("seen", "")),
    )  # fmt: skip
