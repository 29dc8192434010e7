"""Days in court, the team, and the end of a case's period."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from evidence.cases import actions, rules
from evidence.cases.access import active
from evidence.cases.forms import CourtForm, MemberForm
from evidence.cases.models import CaseLink
from evidence.cases.refusals import or_404
from evidence.cases.views import BOTH, listed_errors
from evidence.people import fresh
from evidence.people.actions import NotAllowed
from evidence.people.requests import person
from evidence.recordings import keeping


@login_required
@require_http_methods(BOTH)
def court(request: HttpRequest, urn: str) -> HttpResponse:
    """The days in court, and one more."""
    case = or_404(request, urn, "case.change")
    form = CourtForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            actions.add_court_date(
                by=person(request), case=case, on=given["date"], court=given["court"],
                what=given["what"],
            )  # fmt: skip
        except NotAllowed:
            raise Http404 from None
        except ValueError as error:
            form.add_error("date", str(error))
        else:
            messages.success(request, f"In court on {keeping.day(given['date'])}: added.")
            return redirect("case-court", urn)
    context = {
        "case": case, "form": form, "errors": listed_errors(form), "today": timezone.localdate(),
        "days": list(case.court_dates.filter(removed_at=None)),
    }  # fmt: skip
    return render(request, "cases/court.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def court_day(request: HttpRequest, urn: str, day: int) -> HttpResponse:
    """Take a day off the list that has not come yet."""
    case = or_404(request, urn, "case.change")
    found = case.court_dates.filter(pk=day).first()
    if found is None:
        raise Http404
    try:
        actions.remove_court_date(by=person(request), court_date=found)
    except NotAllowed:
        raise Http404 from None
    except ValueError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{keeping.day(found.date)} is taken off.")
    return redirect("case-court", urn)


@login_required
@require_http_methods(BOTH)
def team(request: HttpRequest, urn: str) -> HttpResponse:
    """Who works on the case, and one more."""
    case = or_404(request, urn, "case.change")
    form = MemberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.add_member(by=person(request), case=case, **form.cleaned_data)
        except NotAllowed:
            raise Http404 from None
        except ValueError as error:
            form.add_error("person", str(error))
        else:
            messages.success(request, f"{made.person.short} works on this case.")
            return redirect("case-team", urn)
    context = {
        "case": case, "form": form, "errors": listed_errors(form),
        "members": list(case.members.filter(active()).select_related("person", "added_by")),
    }  # fmt: skip
    return render(request, "cases/team.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(BOTH)
def member(request: HttpRequest, urn: str, member: int) -> HttpResponse:
    """Somebody's part ends: consequence and reason first."""
    case = or_404(request, urn, "case.change")
    found = case.members.filter(active(), pk=member).select_related("person", "case").first()
    if found is None:
        raise Http404
    error, reason = "", request.POST.get("reason", "")
    if request.method == "POST":
        try:
            actions.remove_member(by=person(request), member=found, reason=reason)
        except NotAllowed:
            raise Http404 from None
        except ValueError as refused:
            error = str(refused)
        else:
            messages.success(request, f"{found.person.short} no longer works on this case.")
            gone = found.person_id == person(request).pk
            return redirect("cases") if gone else redirect("case-team", urn)
    context = {"case": case, "member": found, "error": error, "reason": reason}
    return render(request, "cases/member.html", context, status=422 if error else 200)


@login_required
@require_http_methods(BOTH)
def release(request: HttpRequest, urn: str) -> HttpResponse:
    """The case's period has ended: what that does, then the reason, after a fresh proof."""
    case = or_404(request, urn, "case.change")
    fresh.require(request)
    error, reason = "", request.POST.get("reason", "")
    if request.method == "POST":
        try:
            count = actions.release_holds(by=person(request), case=case, reason=reason)
        except NotAllowed:
            raise Http404 from None
        except ValueError as refused:
            error = str(refused)
        else:
            holds = "1 hold was" if count == 1 else f"{count} holds were"
            messages.success(request, f"The case's {holds} released. The links stay.")
            return redirect(case)
    links = CaseLink.objects.filter(case=case, unlinked_at=None)
    found = links.select_related("recording__category")[:1000]
    today = timezone.localdate()
    over = sum(keeping.until(link.recording) < today for link in found)
    kept = rules.kept(case)
    context = {
        "case": case, "kept": kept, "error": error, "reason": reason, "over": over,
        "linked": len(found), "ended": bool(kept.until and kept.until < today),
    }  # fmt: skip
    return render(request, "cases/release.html", context, status=422 if error else 200)
