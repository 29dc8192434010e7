"""The pages of cases: the list, one case, opening and changing one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from evidence.cases import actions, lists, page
from evidence.cases.access import find, visible_to
from evidence.cases.actions.change import shown
from evidence.cases.forms import CaseForm
from evidence.cases.models import Case
from evidence.cases.refusals import or_404
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.people.table import Scope

BOTH = ["GET", "HEAD", "POST"]


def member_or_404(request: HttpRequest) -> User:
    """Whoever may see cases at all; to the others there is nothing. Raises Http404."""
    user = person(request)
    if user.scope("case.view") is Scope.NONE:
        raise Http404
    return user


def listed_errors(form: Any) -> list[tuple[str, str]]:
    """Each error with the field it is about, for the summary on top."""
    return [
        (form[name].id_for_label if name in form.fields else "", str(words[0]))
        for name, words in form.errors.items()
    ]


@login_required
@require_http_methods(BOTH)
def cases(request: HttpRequest) -> HttpResponse:
    """One's cases, what is to be done first. By POST: the case of a URN, wherever it stands."""
    user, error, typed = member_or_404(request), "", ""
    if request.method == "POST":
        typed = request.POST.get("urn", "").replace("\0", "").strip()[:40]
        try:
            return redirect(find(user, typed))
        except Case.DoesNotExist:
            error = f"There is no case {typed} that you can see. Check the URN." if typed else \
                "Enter a URN"  # fmt: skip
    show = request.GET.get("show", "")
    wider = user.scope("case.view") > Scope.OWN
    found = lists.page(
        user, everybody=wider and show == "all", closed=show == "closed",
        before=request.GET.get("before", "").replace("\0", ""),
    )  # fmt: skip
    context = {
        "page": found, "show": show if show in ("closed", "all") else "", "wider": wider,
        "may_open": user.may("case.change"), "error": error, "typed": typed,
        "first_page": not request.GET.get("before"),
    }  # fmt: skip
    return render(request, "cases/cases.html", context, status=422 if error else 200)


@login_required
@require_safe
def case(request: HttpRequest, urn: str) -> HttpResponse:
    """One case, after writing that it was opened."""
    user, found = person(request), or_404(request, urn)
    actions.looked(by=user, case=found, address=address(request))
    return render(request, "cases/case.html", page.context(user, found))


@login_required
@require_http_methods(BOTH)
def new(request: HttpRequest) -> HttpResponse:
    """Open a case."""
    user = person(request)
    if not user.may("case.change"):
        raise Http404
    form = CaseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.save(by=user, case=form.wanted, changed=[])
        except ValueError as error:
            form.add_error("urn", str(error))
        else:
            return _opened(request, made)
    return _form(request, form, "Open a case")


def _opened(request: HttpRequest, made: Case) -> HttpResponse:
    if visible_to(person(request)).filter(pk=made.pk).exists():
        messages.success(request, f"Case {made.urn} is open. Link its footage next.")
        return redirect(made)
    return redirect("cases")


@login_required
@require_http_methods(BOTH)
def change(request: HttpRequest, urn: str) -> HttpResponse:
    """Change what is said of a case; where somebody else saved it meanwhile, show both."""
    user, found = person(request), or_404(request, urn, "case.change")
    form = CaseForm(request.POST if request.method == "POST" else None, case=found)
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            saved = actions.save(
                by=user, case=form.wanted, changed=form.asked, version=version
            )  # fmt: skip
        except actions.Conflict as conflict:
            return _conflict(request, form, conflict)
        except NotAllowed:
            raise Http404 from None
        except ValueError as error:
            form.add_error("urn", str(error))
        else:
            messages.success(request, "Saved.")
            if visible_to(user).filter(pk=saved.pk).exists():
                return redirect(saved)
            return redirect("cases")
    return _form(request, form, f"Change {found.urn}")


def _form(request: HttpRequest, form: CaseForm, title: str) -> HttpResponse:
    back = form.case.get_absolute_url() if form.case.pk else reverse("cases")
    context = {"form": form, "title": title, "errors": listed_errors(form), "back": back}
    return render(request, "cases/form.html", context, status=422 if form.errors else 200)


def _conflict(request: HttpRequest, form: CaseForm, conflict: actions.Conflict) -> HttpResponse:
    """Both values of what differs, to choose from; what is the same goes along unseen."""
    theirs = CaseForm(case=conflict.theirs)
    rows = []
    for name in form.asked:
        mine, other = shown(form.wanted, name), shown(conflict.theirs, name)
        if mine != other:
            rows.append(
                {"name": name, "label": form.fields[name].label, "mine": mine, "theirs": other,
                 "my_value": _raw(form, name, bound=True),
                 "their_value": _raw(theirs, name, bound=False)}
            )  # fmt: skip
    differing = {row["name"] for row in rows}
    same = [(name, _raw(theirs, name, bound=False)) for name in form.asked if name not in differing]
    context = {
        "case": conflict.theirs, "words": str(conflict), "rows": rows, "same": same,
        "version": conflict.theirs.version,
    }  # fmt: skip
    return render(request, "cases/conflict.html", context, status=409)


def _raw(form: CaseForm, name: str, *, bound: bool) -> str:
    """A field's value as the form posts it; empty for no, none and nobody."""
    value = form.data.get(name, "") if bound else form.initial.get(name)
    if isinstance(value, bool):
        return "on" if value else ""
    return str(value or "")
