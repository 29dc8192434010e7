"""What is done with holds, each on a page that says what follows from it, after a fresh proof."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from evidence.people import fresh
from evidence.people.actions import NotAllowed
from evidence.people.requests import person
from evidence.recordings.models import Recording
from evidence.recordings.refusals import or_404, refuse
from evidence.retention import actions, hold_forms, hold_lists
from evidence.retention.access import releases_visible_to
from evidence.retention.actions.arriving import Caught
from evidence.retention.actions.unholding import of_request
from evidence.retention.hold_views import hold_or_404, those_who, watch_or_404
from evidence.retention.models import Hold, Kind, ReleaseRequest, Watch

BOTH = ["GET", "POST"]
NOBODY_ALONE = "A different person has to approve this."


def _typed(request: HttpRequest, name: str = "reason") -> str:
    return request.POST.get(name, "").replace("\0", "")[:300]


def _errors(form: Any) -> list[tuple[str, str]]:
    return [
        (form[name].id_for_label if name in form.fields else "", str(words[0]))
        for name, words in form.errors.items()
    ]


@never_cache
@login_required
@require_http_methods(BOTH)
def new(request: HttpRequest) -> HttpResponse:
    """Say what is held and for what; see what that catches; then hold it."""
    user = those_who(request, "hold.set")
    begun: Recording | None = None
    if request.GET.get("recording"):
        begun = or_404(request, request.GET["recording"][:20])
    fresh.require(request)
    posted = request.method == "POST"
    form = hold_forms.NewForm(
        request.POST if posted else None, by=user, initial=hold_forms.first(begun)
    )
    errors: list[tuple[str, str]] = []
    shown: hold_lists.Preview | None = None
    if posted and form.is_valid():
        try:
            shown = hold_lists.preview(user, form.wish)
            if not shown.count and not form.wish.later:
                raise ValueError("There is nothing of this to hold.")
            if request.POST.get("do") == "hold" and request.POST.get("shown") == shown.stamp:
                return _held(request, actions.hold_many(by=user, wish=form.wish))
            if request.POST.get("do") == "hold" and request.POST.get("shown"):
                errors = [("found", f"There are {shown.count} recordings now. Look again.")]
        except (NotAllowed, ValueError) as error:
            errors, shown = [("", str(error))], None
    elif posted:
        errors = _errors(form)
    context = {"form": form, "errors": errors, "shown": shown, "missing": form.missing,
               "begun": begun}  # fmt: skip
    return render(request, "retention/hold_new.html", context, status=422 if errors else 200)


def _held(request: HttpRequest, caught: Caught) -> HttpResponse:
    recordings = f"{caught.told} recording{'s' * (caught.told != 1)}"
    words = f"{recordings} held for {caught.reference}."
    if caught.watch is not None:
        words += " What arrives later is held as well."
        messages.success(request, words)
        return redirect(caught.watch)
    messages.success(request, words)
    return redirect(f"{reverse('holds')}?show=all")


@never_cache
@login_required
@require_http_methods(BOTH)
def change(request: HttpRequest, hold: int) -> HttpResponse:
    """Who answers for it from now on, and when they look again."""
    those_who(request, "hold.set")
    return _change(request, hold_or_404(request, hold))


@never_cache
@login_required
@require_http_methods(BOTH)
def change_watch(request: HttpRequest, watch: int) -> HttpResponse:
    """The same of what is held when it arrives."""
    those_who(request, "hold.set")
    return _change(request, watch_or_404(request, watch))


def _change(request: HttpRequest, thing: Hold | Watch) -> HttpResponse:
    fresh.require(request)
    user, posted = person(request), request.method == "POST"
    form = hold_forms.ChangeForm.of(request.POST if posted else None, thing, user)
    errors: list[tuple[str, str]] = []
    if posted and form.is_valid():
        given = form.cleaned_data
        try:
            if isinstance(thing, Hold):
                actions.change(by=user, hold=thing, **given)
            else:
                actions.change_watch(by=user, watch=thing, **given)
            messages.success(request, "Changed.")
            return redirect(thing)
        except (NotAllowed, ValueError) as error:
            errors = [("", str(error))]
    elif posted:
        errors = _errors(form)
    context = {"thing": thing, "is_watch": isinstance(thing, Watch), "form": form,
               "errors": errors, "same": hold_lists.same(user, thing)}  # fmt: skip
    return render(request, "retention/hold_change.html", context, status=422 if errors else 200)


@never_cache
@login_required
@require_http_methods(BOTH)
def release(request: HttpRequest, hold: int) -> HttpResponse:
    """Ask for the release of one hold, or of all of its reference."""
    user = those_who(request, "hold.release")
    found = hold_or_404(request, hold)
    if not hold_lists.released_by_people(found):
        refuse(request, f"release of hold {hold}")
    return _ask(request, found, hold_lists.same(user, found))


@never_cache
@login_required
@require_http_methods(BOTH)
def end(request: HttpRequest, watch: int) -> HttpResponse:
    """Ask for the end of a watch, or for the release of all of its reference."""
    user = those_who(request, "hold.release")
    found = watch_or_404(request, watch)
    if not hold_lists.released_by_people(found):
        refuse(request, f"end of watch {watch}")
    return _ask(request, found, hold_lists.same(user, found))


def _ask(request: HttpRequest, thing: Hold | Watch, same: int) -> HttpResponse:
    fresh.require(request)
    user, error, field = person(request), "", "reason"
    which = request.POST.get("which", "one" if not thing.reference or same < 2 else "")
    if isinstance(thing, Watch):
        which = request.POST.get("which", "")
    if request.method == "POST":
        try:
            if which not in ("one", "all") or (which == "all" and not thing.reference):
                field = "which"
                raise ValueError("Select what is released")
            made = actions.ask_release(
                by=user, reason=_typed(request), all_of_it=which == "all",
                hold=thing if isinstance(thing, Hold) else None,
                watch=thing if isinstance(thing, Watch) else None,
            )  # fmt: skip
            messages.success(request, f"Asked for. {NOBODY_ALONE}")
            return redirect(made)
        except (NotAllowed, ValueError) as refused:
            error = str(refused)
    context = {
        "thing": thing, "kind": Kind(thing.kind).label, "same": same, "error": error,
        "field": field, "reason": _typed(request), "which": which,
        "is_watch": isinstance(thing, Watch),
    }  # fmt: skip
    return render(request, "retention/release_ask.html", context, status=422 if error else 200)


@never_cache
@login_required
@require_http_methods(BOTH)
def decide(request: HttpRequest, release: int) -> HttpResponse:
    """A second person agrees or refuses; whoever asked can take it back."""
    user = those_who(request, "hold.release")
    found = _release_or_404(request, release)
    fresh.require(request)
    error = ""
    if request.method == "POST":
        try:
            words = _decide(request, found)
            messages.success(request, words)
            return redirect(found)
        except (NotAllowed, ValueError) as refused:
            error = str(refused)
    rows = of_request(found, user).select_related("recording__officer", "owner").order_by("id")
    count = rows.count()
    context = {
        "release": found, "kind": Kind(found.kind).label, "count": count,
        "rows": list(rows[: hold_lists.SHOWN]), "more": max(0, count - hold_lists.SHOWN),
        "own": found.asked_by_id == user.pk, "open": found.state == ReleaseRequest.State.ASKED,
        "error": error, "reason": _typed(request),
    }  # fmt: skip
    return render(request, "retention/release.html", context, status=422 if error else 200)


def _decide(request: HttpRequest, found: ReleaseRequest) -> str:
    user, do = person(request), request.POST.get("do", "")
    if do == "withdraw":
        actions.withdraw_release(by=user, request=found)
        return "Taken back. Everything stays held."
    if do == "refuse":
        actions.refuse_release(by=user, request=found, reason=_typed(request))
        return "Refused. Everything stays held."
    if do != "agree":
        raise ValueError("Approve or refuse it")
    shown = request.POST.get("shown", "")
    gone = actions.agree_release(
        by=user, request=found, reason=_typed(request),
        shown=int(shown) if shown.isdecimal() and len(shown) < 10 else -1,
    )  # fmt: skip
    if found.watch_id is not None:
        return "What arrives later is not held any more."
    return f"Released: {len(gone)} hold{'s' * (len(gone) != 1)}."


def _release_or_404(request: HttpRequest, number: int) -> ReleaseRequest:
    rows = releases_visible_to(person(request)) if number < 2**63 else ReleaseRequest.objects.none()
    related = rows.select_related("hold__recording", "watch", "asked_by", "decided_by")
    found = related.filter(pk=min(number, 2**63 - 1)).first()
    if found is None:
        refuse(request, f"release {number}")
    return found
