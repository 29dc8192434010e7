"""The pages for staff: the list, asking, one request and what came by it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.requests import person
from evidence.people.table import Scope
from ingest.requests import actions, lists
from ingest.requests.access import find, visible_to
from ingest.requests.forms import RequestForm, Until, end_of, usual
from ingest.requests.models import UploadRequest
from ingest.uploads.models import Quarantine


def _or_404(user: User, reference: str, permission: str = "request.view") -> UploadRequest:
    try:
        return find(user, reference, permission)
    except UploadRequest.DoesNotExist:
        raise Http404 from None


def _asks(request: HttpRequest, permission: str) -> User:
    user = person(request)
    if user.scope(permission) is Scope.NONE:
        raise Http404
    return user


def _errors(form: Any) -> list[tuple[str, str]]:
    return [
        (form[name].id_for_label if name in form.fields else "", str(words[0]))
        for name, words in form.errors.items()
    ]


@login_required
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """Those that take files, or those that are over."""
    user = _asks(request, "request.view")
    over, before = request.GET.get("show") == "over", request.GET.get("before", "")
    rows, older = lists.page(user, over=over, before=before)
    context = {
        "rows": rows, "older": older, "over": over, "first_page": not before,
        "may_make": user.may("request.make"),
    }  # fmt: skip
    return render(request, "requests/requests.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask somebody."""
    user = _asks(request, "request.make")
    first = {"until": usual(), "case": request.GET.get("case", "").replace("\0", "")[:40]}
    form = RequestForm(request.POST if request.method == "POST" else None, user=user,
                       initial=first)  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make(by=user, wish=form.wish)
        except ValueError as error:
            form.add_error("until", str(error))
        else:
            messages.success(request, f"Link sent to {made.email}.")
            return redirect(made)
    context = {"form": form, "errors": _errors(form)}
    return render(request, "requests/new.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def request(request: HttpRequest, reference: str) -> HttpResponse:
    """One request, and the state of each file that came by it."""
    user = person(request)
    return _detail(request, user, _or_404(user, reference))


def _detail(
    request: HttpRequest, user: User, row: UploadRequest, errors: Any = (), status: int = 200
) -> HttpResponse:
    files = lists.files(user, row)
    state = row.state()
    changes = visible_to(user, "request.make").filter(pk=row.pk).exists()
    context = {
        "row": lists.one(user, row), "request_": row, "files": files, "errors": errors,
        "past": lists.past(row),
        "may_revoke": changes and state != row.State.REVOKED,
        "may_renew": changes and state not in (row.State.REVOKED, row.State.USED),
        "form": Until(initial={"until": usual()}),
    }  # fmt: skip
    return render(request, "requests/request.html", context, status=status)


@login_required
@require_POST
def revoke(request: HttpRequest, reference: str) -> HttpResponse:
    """End it now."""
    user = person(request)
    row = _or_404(user, reference, "request.make")
    try:
        actions.revoke(by=user, request=row, reason=request.POST.get("reason", ""))
    except NotAllowed:
        raise Http404 from None
    except ValueError as error:
        return _detail(request, user, row, [("reason", str(error))], 422)
    messages.success(request, "Revoked. The link takes nothing any more.")
    return redirect(row)


@login_required
@require_POST
def renew(request: HttpRequest, reference: str) -> HttpResponse:
    """Send a new link."""
    user = person(request)
    row, form = _or_404(user, reference, "request.make"), Until(request.POST)
    try:
        if not form.is_valid():
            raise ValueError(str(form.errors["until"][0]))
        actions.renew(by=user, request=row, until=end_of(form.cleaned_data["until"]))
    except NotAllowed:
        raise Http404 from None
    except ValueError as error:
        return _detail(request, user, row, [("id_until", str(error))], 422)
    messages.success(request, f"New link sent to {row.email}. The old one is dead.")
    return redirect(row)


@login_required
@require_POST
def accept(request: HttpRequest, reference: str, quarantine: int) -> HttpResponse:
    """Let one file in."""
    user = person(request)
    row = _or_404(user, reference)
    if quarantine > 2**63 - 1:
        raise Http404
    held = Quarantine.objects.select_related("upload").filter(pk=quarantine).first()
    if held is None:
        raise Http404
    note = request.POST.get("note", "").replace("\0", "")
    try:
        actions.accept(by=user, request=row, quarantine=held, note=note)
    except NotAllowed:
        raise Http404 from None
    except ValueError as error:
        return _detail(request, user, row, [(f"note-{held.pk}", str(error))], 422)
    messages.success(request, "Accepted. It is a recording like others now.")
    return redirect(reverse("request", args=[row.reference]))
