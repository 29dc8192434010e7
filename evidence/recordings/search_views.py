"""The search page: a plain form by GET, its filters as chips that can be taken off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from evidence.people import typed
from evidence.people.models import User
from evidence.people.requests import address, person
from evidence.recordings import finding, keyset, matches, pages
from evidence.recordings.models import Recording

KEPT = "search-reasons"
KEPT_SECONDS = 30 * 60
MOST_KEPT = 10
CURSORS = ("before", "after")


@dataclass(frozen=True)
class Chip:
    """One filter that is set, and the address without it."""

    label: str
    words: str
    without: str


@login_required
@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Search what one may see. POST says why one officer's footage is looked for."""
    user = person(request)
    if not user.may("recording.view"):
        raise Http404
    given = QueryDict(request.POST.get("query", "")) if request.method == "POST" else request.GET
    start = keyset.place(given.get("before", ""), given.get("after", ""))
    form = finding.SearchForm(_tidy(given), user)
    if not form.is_valid():
        return _page(request, form, given, status=422)
    if not form.given():
        return _page(request, form, given)
    whose = finding.needs_reason(form, user)
    if request.method == "POST":
        return _say_why(request, form, given, whose)
    reason = _kept(request, whose) if whose else ""
    if whose and not reason:
        return _ask_why(request, given, whose)
    result = finding.searched(
        by=user, form=form, start=start, address=address(request), reason=reason
    )
    if isinstance(result, Recording):
        return redirect(result)
    return _page(request, form, given, _shown(request, user, form, given, result))


def _tidy(given: QueryDict) -> dict[str, str]:
    return {name: given.get(name, "").replace("\0", " ").strip() for name in given}


def _page(
    request: HttpRequest, form: finding.SearchForm, given: QueryDict,
    more: dict[str, Any] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {"form": form, "chips": _chips(form, given)} | (more or {})
    return render(request, "recordings/search.html", context, status=status)


def _shown(
    request: HttpRequest, user: User, form: finding.SearchForm, given: QueryDict,
    result: finding.Result,
) -> dict[str, Any]:  # fmt: skip
    items = result.page.items
    why = matches.reasons(form.query, items, user)
    rows = pages.rows(items, by=user, address=address(request))
    return {
        "result": result,
        "rows": [(row, why.get(row.recording.pk, [])) for row in rows],
        "drop": [chip for chip in _chips(form, given, box=True) if chip[0] in result.drop],
        "older": _address(given, before=result.page.older),
        "newer": _address(given, after=result.page.newer),
        "first": _address(given, before="") if any(map(given.get, CURSORS)) else "",
        "may_link": user.may("case.change"),
    }


def _address(given: QueryDict, **cursor: str | None) -> str:
    """This search at another place; '' where there is none."""
    if None in cursor.values():
        return ""
    asked = QueryDict(mutable=True)
    asked.update({name: value for name, value in _tidy(given).items() if value})
    for name in CURSORS:
        asked.pop(name, None)
    for name, value in cursor.items():
        if value:
            asked[name] = value
    return f"{reverse('search')}?{asked.urlencode()}"


def _chips(
    form: finding.SearchForm, given: QueryDict, *, box: bool = False
) -> list[tuple[str, Chip]]:
    """The filters that are set, in the form's order; with `box`, what stands there too."""
    found = []
    names = form.given() if form.is_valid() else {}
    for name in form.fields:
        if name in names and (box or name != "q"):
            rest = given.copy()
            for gone in (name, *CURSORS):
                rest.pop(gone, None)
            label = form.label(name) if name != "q" else "the words"
            found.append((name, Chip(label, form.shown(name), _address(rest))))
    return found


# --- why one officer ---
def _key(whose: str) -> str:
    return whose.lower()


def _kept(request: HttpRequest, whose: str) -> str:
    """The reason that was given for this officer in this sitting."""
    reason, at = request.session.get(KEPT, {}).get(_key(whose), ("", 0))
    return str(reason) if timezone.now().timestamp() - at < KEPT_SECONDS else ""


def _ask_why(
    request: HttpRequest, given: QueryDict, whose: str, error: str = "", status: int = 200
) -> HttpResponse:
    context = {"whose": whose, "query": given.urlencode(), "error": error}
    return render(request, "recordings/search_reason.html", context, status=status)


def _say_why(
    request: HttpRequest, form: finding.SearchForm, given: QueryDict, whose: str
) -> HttpResponse:
    reason = typed.one_line(request.POST.get("reason", ""))
    if whose and not reason:
        error = "Enter why you search this officer's footage"
        return _ask_why(request, given, whose, error, status=422)
    if whose:
        kept = dict(list(request.session.get(KEPT, {}).items())[1 - MOST_KEPT :])
        kept[_key(whose)] = (reason, timezone.now().timestamp())
        request.session[KEPT] = kept
    return redirect(_address(given))
