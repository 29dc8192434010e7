"""The pages of one complaint: the work page, a page for each step, and recording a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from evidence.complaints import actions, clocks, referral, state
from evidence.complaints.access import NOBODY, may_handle, visible_to
from evidence.complaints.actions.recording import RECORD
from evidence.complaints.actions.saving import Conflict, Refused
from evidence.complaints.admin.forms import ActForm, AddForm
from evidence.complaints.admin.steps import STEPS, Act, Step, by_name
from evidence.complaints.found import found
from evidence.complaints.models import Allegation, Complaint, Finding, Referral
from evidence.people import fresh
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.office import staff
from evidence.recordings.access import named_to
from evidence.recordings.models import Recording
from evidence.retention.models import Hold, Kind

BIGGEST = 2**63 - 1
TAGS = {
    "recorded": "blue", "handled": "blue", "decided": "amber", "told": "green",
    "review": "purple", "closed": "grey",
}  # fmt: skip


def _open(user: User, number: int) -> Complaint:
    """The complaint, for whoever may know of it. Raises Http404."""
    if number > BIGGEST:
        raise Http404
    rows = visible_to(user).select_related("handler", "authority", "recorded_by", "closed_by")
    return get_object_or_404(rows, pk=number)


def _context(request: HttpRequest, complaint: Complaint | None, title: str) -> dict[str, Any]:
    context = {**admin.site.each_context(request), "title": title, "complaint": complaint}
    if complaint is not None:
        context |= {
            "tag": (TAGS[complaint.status], complaint.get_status_display()),
            "clocks": clocks.clocks_of(complaint),
        }
    return context


def told_of(complaint: Complaint) -> dict[str, Any]:
    """Everything that the pages of a complaint tell of it. Constant queries."""
    in_force = Prefetch(
        "findings",
        Finding.objects.select_related("wording", "proposed_by", "decided_by"),
        to_attr="all_findings",
    )
    allegations = Allegation.objects.filter(complaint=complaint).select_related("category")
    named = list(complaint.named.select_related("officer", "served_by"))
    choices = list(complaint.body_choices.select_related("chosen_by")[:5])
    return {
        "named": named,
        "allegations": list(allegations.prefetch_related("officers", in_force)),
        "referral": Referral.objects.filter(complaint=complaint)
        .select_related("referred_by")
        .first(),
        "answers": list(referral.answers_of([complaint.pk]).get(complaint.pk, {}).values()),
        "body": choices[0] if choices else None,
        "bodies_before": choices[1:],
        "reviews": list(complaint.reviews.select_related("entered_by")),
        "measures": list(
            complaint.measures.select_related("officer", "entered_by").prefetch_related(
                "recordings"
            )
        ),
        "review_ends": state.review_ends(complaint),
    }


def _incident(user: User, complaint: Complaint) -> list[Complaint]:
    """The others of its incident that this person may know of."""
    others = [pk for pk in referral.incident_of(complaint) if pk != complaint.pk]
    return list(visible_to(user).filter(pk__in=others).order_by("reference")) if others else []


@never_cache
def work(request: HttpRequest, number: int) -> HttpResponse:
    """How far it is, what is due, what was said of it."""
    user = staff(request)
    complaint = _open(user, number)
    tasks = []
    for step in STEPS:
        colour, words = step.todo(complaint)
        route = step.url or f"admin:complaints_complaint_{step.name}"
        tasks.append((step, reverse(route, args=[complaint.pk]), colour, words))
    context = _context(request, complaint, complaint.reference) | told_of(complaint)
    context |= {
        "tasks": tasks,
        "found": found(complaint),
        "incident": _incident(user, complaint),
        "nobody": "" if complaint.handler_id else _nobody(complaint),
    }
    return render(request, "admin/complaints/work.html", context)


def _nobody(complaint: Complaint) -> str:
    return "" if may_handle(complaint, "complaint.change").exists() else NOBODY


@never_cache
def step(request: HttpRequest, number: int, name: str) -> HttpResponse:
    """One step: what was said, and the acts that this person may do."""
    user = staff(request)
    complaint = _open(user, number)
    page = by_name(name)
    if page is None:
        raise Http404
    acts = [act for act in page.acts if act.applies(complaint, user)]
    forms: dict[str, ActForm] = {}
    conflict: dict[str, Any] | None = None
    reasons: tuple[str, ...] = ()
    # What was opened with: a mistake in the form may not make it newer.
    version = _version(request) if request.method == "POST" else complaint.version
    asked = next((act for act in acts if act.name == request.POST.get("act")), None)
    if request.method == "POST":
        if asked is None:
            raise Http404
        if asked.proved_again:
            fresh.require(request)
        form = _form(asked, user, complaint, request.POST)
        forms[asked.name] = form
        if form.is_valid():
            try:
                words = asked.run(request, complaint, _version(request), form)
            except NotAllowed as error:
                reasons = (str(error),)
            except Conflict as error:
                # What was typed stays; sending it again saves over what the other saved.
                conflict, version = _compared(error, form), error.saved.version
                complaint = _open(user, number)
            except Refused as error:
                reasons = error.reasons
            except ValidationError as error:
                for field, said in getattr(error, "message_dict", {"": error.messages}).items():
                    form.add_error(field if field in form.fields else None, said)
            else:
                messages.success(request, words)
                return _on(complaint, page)
    context = _context(request, complaint, f"{page.title}, {complaint.reference}")
    context |= told_of(complaint) | {
        "step": page,
        "acts": [(act, forms.get(act.name) or _form(act, user, complaint)) for act in acts],
        "version": version,
        "conflict": conflict,
        "reasons": reasons,
        "note": page.note(complaint),
        "incident": _incident(user, complaint) if page.name == "referral" else [],
        "back": reverse("admin:complaints_complaint_change", args=[complaint.pk]),
        "asked": asked,
    }
    if page.name == "holds":
        context |= _holds(user, complaint)
    wrong = conflict or reasons or any(form.errors for form in forms.values())
    status = 409 if conflict else 422 if wrong else 200
    return render(request, "admin/complaints/step.html", context, status=status)


def _version(request: HttpRequest) -> int:
    """The version that the form was opened with; one that is none never fits."""
    typed = request.POST.get("version", "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else 0


def _form(act: Act, user: User, complaint: Complaint, data: Any = None) -> ActForm:
    return act.form(data, user=user, complaint=complaint, prefix=act.name,
                    initial=act.initial(complaint))  # fmt: skip


def _on(complaint: Complaint, page: Step) -> HttpResponse:
    """Back to the same step, whose acts often come several at a time; else to the work page."""
    name = page.name if len(page.acts) > 1 else "change"
    return HttpResponseRedirect(reverse(f"admin:complaints_complaint_{name}", args=[complaint.pk]))


def _compared(error: Conflict, form: ActForm) -> dict[str, Any]:
    """Where what was saved and what was typed differ, field by field."""
    rows = []
    for name in RECORD:
        if name not in form.fields:
            continue
        theirs, yours = getattr(error.saved, name), form.cleaned_data.get(name)
        if theirs != yours:
            bound = form[name]
            shown = getattr(error.saved, f"get_{name}_display", None)
            rows.append((bound.label, shown() if shown else theirs, _said(form, name)))
    return {"words": str(error), "rows": rows}


def _said(form: ActForm, name: str) -> Any:
    """What was typed, as a person reads it."""
    value = form.cleaned_data.get(name)
    choices = dict(getattr(form.fields[name], "choices", []))
    return choices.get(value, value)


def _holds(user: User, complaint: Complaint) -> dict[str, Any]:
    """What is held, as far as this person may see it; and what may still come."""
    rows = Hold.objects.filter(kind=Kind.COMPLAINT, reference=complaint.reference, released_at=None)
    shown, others = named_to(user, Recording.objects.filter(pk__in=rows.values("recording")))
    told = rows.filter(recording__in=shown).select_related("recording", "recording__officer")
    return {"holds": list(told), "other_holds": others, "found": found(complaint)}


@never_cache
def add(request: HttpRequest) -> HttpResponse:
    """Record a new complaint: its footage is held in the same moment."""
    user = staff(request)
    if not user.may("complaint.change"):
        raise Http404
    form = AddForm(request.POST or None, user=user, complaint=Complaint())
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        complaint = Complaint(
            reference=given["reference"], severity=given["severity"],
            **{name: given[name] for name in RECORD},
        )  # fmt: skip
        try:
            actions.record_complaint(
                by=user, complaint=complaint, officers=given["about"], present=given["present"]
            )
        except (NotAllowed, Refused) as error:
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, f"Recorded. {found(complaint).words}")
            return HttpResponseRedirect(
                reverse("admin:complaints_complaint_change", args=[complaint.pk])
            )
    context = _context(request, None, "Record a complaint") | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "admin/complaints/add.html", context, status=status)
