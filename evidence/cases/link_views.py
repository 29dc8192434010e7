"""Linking footage, many at once; unlinking one, after saying what that does."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from evidence.cases import actions, lists, unlinking
from evidence.cases.access import find, visible_to
from evidence.cases.actions import linking
from evidence.cases.models import Case, CaseLink
from evidence.cases.refusals import or_404
from evidence.cases.views import BOTH
from evidence.people import fresh
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.requests import person
from evidence.recordings.access import there_for
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.recordings.models import Recording
from evidence.recordings.references import is_reference


@dataclass(frozen=True)
class Proposed:
    """One recording that somebody chose, and how it stands to the cases they may see."""

    reference: str
    recording: Recording | None
    cases: list[str]


def picked(request: HttpRequest) -> list[str]:
    """The references that were ticked and typed; in order, once each."""
    typed = request.POST.get("references", "").replace(",", " ").replace("\0", " ")
    words = [*request.POST.getlist("pick"), *typed.split()]
    found = [word.strip().upper()[:40] for word in words]
    return list(dict.fromkeys(word for word in found if word))


def proposed(user: User, references: list[str]) -> list[Proposed]:
    """What was chosen with its state; three queries, however many."""
    sound = [one for one in references[: linking.MOST + 1] if is_reference(one)]
    chosen = Q(pk__in=recordings_visible_to(user).filter(reference__in=sound).values("pk"))
    if user.may("case.find"):
        open_ = Q(restricted="", joined_into=None, kind=Recording.Kind.FOOTAGE)
        chosen |= open_ & there_for(user)
    seen = Recording.objects.filter(chosen, reference__in=sound)
    rows = {row.reference: row for row in seen.select_related("officer")}
    links = CaseLink.objects.filter(
        recording__in=rows.values(), unlinked_at=None, case__in=visible_to(user).values("pk")
    )
    cases: dict[int, list[str]] = {}
    for link in links.select_related("case").order_by("case__urn"):
        cases.setdefault(link.recording_id, []).append(link.case.urn)
    made = []
    for reference in references[: linking.MOST + 1]:
        row = rows.get(reference)
        made.append(Proposed(reference, row, cases.get(row.pk, []) if row else []))
    return made


@login_required
@require_POST
def link(request: HttpRequest) -> HttpResponse:
    """Choose a case for what was picked; with a case and a reason, link it."""
    user = person(request)
    if not user.may("case.change"):
        raise Http404
    references, errors = picked(request), dict[str, str]()
    urn = (request.POST.get("other", "").strip() or request.POST.get("urn", ""))[:60]
    urn, reason = urn.replace("\0", ""), request.POST.get("reason", "").replace("\0", "")
    if "link" in request.POST:
        case = _case(user, urn, errors)
        if not references:
            errors["references"] = "Choose at least one recording, or enter its reference"
        if not reason.strip():
            errors["reason"] = linking.WHY
        if case and not errors:
            try:
                done = actions.link_many(by=user, case=case, references=references, reason=reason)
            except ValueError as error:
                errors["references"] = str(error)
            else:
                return _linked(request, case, done)
    context = {
        "proposed": proposed(user, references), "cases": lists.recent(user), "urn": urn,
        "other": request.POST.get("other", "")[:60], "reason": reason,
        "errors": [(f"id_{name}", words) for name, words in errors.items()], "error": errors,
        "references": references,
    }  # fmt: skip
    return render(request, "cases/link.html", context, status=422 if errors else 200)


def _case(user: User, urn: str, errors: dict[str, str]) -> Case | None:
    try:
        return find(user, urn, "case.change")
    except Case.DoesNotExist:
        errors["urn"] = (
            f"There is no case {urn} that you can change. Check the URN." if urn
            else "Select a case, or enter its URN"
        )  # fmt: skip
        return None


def _linked(request: HttpRequest, case: Case, done: actions.Outcome) -> HttpResponse:
    level = messages.SUCCESS if done.linked and not done.failed else messages.WARNING
    messages.add_message(request, level, done.words)
    return redirect(case)


@login_required
@require_http_methods(BOTH)
def unlink(request: HttpRequest, urn: str, reference: str) -> HttpResponse:
    """What unlinking does to how long it is kept, then the reason; after a fresh proof."""
    user, case = person(request), or_404(request, urn, "case.change")
    seen = recordings_visible_to(user).filter(reference=reference).values("pk")
    found = (
        CaseLink.objects.filter(case=case, unlinked_at=None, recording__in=seen)
        .select_related("recording__category", "recording__officer", "linked_by", "case")
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404
    fresh.require(request)
    error, reason = "", request.POST.get("reason", "")
    if request.method == "POST":
        try:
            row = actions.unlink(by=user, link=found, reason=reason)
        except NotAllowed:
            raise Http404 from None
        except ValueError as refused:
            error = str(refused)
        else:
            grace = f" The case's hold stays until {row.hold_until:%-d %b %Y}." \
                if row.hold_until else ""  # fmt: skip
            messages.success(request, f"{reference} is unlinked.{grace}")
            return redirect(case)
    context = {
        "case": case, "link": found, "error": error, "reason": reason,
        "preview": unlinking.preview(user, found),
    }  # fmt: skip
    return render(request, "cases/unlink.html", context, status=422 if error else 200)
