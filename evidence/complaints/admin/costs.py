"""What a complaint costs, and its report, in the admin."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from evidence.complaints import costs, report
from evidence.complaints.actions.saving import Refused
from evidence.complaints.admin.about import a_day, context, of_complaint, text
from evidence.complaints.admin.letters import FORMS, NO_DAY, as_file
from evidence.complaints.costs import CostError
from evidence.complaints.models import Complaint, Rate
from evidence.people import fresh
from evidence.people.office import staff
from evidence.people.requests import address

FIELDS = ("rate", "on", "minutes", "words")
# Counted by the system itself, so nobody enters them.
COUNTED = (costs.LETTER, costs.REVIEW)


@require_http_methods(FORMS)
@of_complaint("complaint.view")
def costs_of(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    """What it came to, by what; by POST: work done."""
    by, errors = staff(request), []
    typed = {"on": timezone.localdate().isoformat(), "rate": "investigator"}
    if request.method == "POST":
        typed = {name: text(request, name, 300) for name in FIELDS}
        try:
            _enter(request, complaint, typed)
            messages.success(request, "Entered.")
            return redirect("admin:complaints_complaint_costs", complaint.pk)
        except Refused as refused:
            errors = list(refused.reasons)
    found = costs.of(complaint)
    work = complaint.work.select_related("rate", "entered_by")[:200]
    shown = context(request, complaint, f"Cost of {complaint.reference}") | {
        "costs": [(item, costs.pounds(item.pence)) for item in found],
        "total": costs.pounds(costs.total(found)),
        "minutes": sum(item.minutes for item in found),
        "work": [(item, costs.pounds(item.pence)) for item in work],
        "rates": Rate.objects.filter(active=True).exclude(code__in=COUNTED),
        "typed": typed, "errors": errors, "may": costs.may_enter(by),
    }  # fmt: skip
    return render(request, "complaints/costs.html", shown, status=422 if errors else 200)


def _enter(request: HttpRequest, complaint: Complaint, typed: dict[str, str]) -> None:
    """Raises Refused, NotAllowed."""
    on = a_day(typed["on"])
    rate = Rate.objects.filter(code=typed["rate"], active=True).exclude(code__in=COUNTED).first()
    if on is None:
        raise CostError(NO_DAY)
    if rate is None:
        raise CostError("Choose a rate.")
    minutes = typed["minutes"].strip()
    number = int(minutes) if minutes.isascii() and minutes.isdecimal() and len(minutes) < 6 else 0
    costs.enter(by=staff(request), complaint=complaint, rate=rate, on=on, minutes=number,
                words=typed["words"])  # fmt: skip


@require_http_methods(FORMS)
@of_complaint("complaint.view")
def report_of(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    """A page asks first: making the report is an event, and needs a fresh proof."""
    if request.method != "POST":
        shown = context(request, complaint, f"Report of {complaint.reference}")
        return render(request, "complaints/report.html", shown)
    fresh.require(request)
    made = report.make(by=staff(request), complaint=complaint, address=address(request))
    return as_file(made, f"{complaint.reference.replace('/', '-')}-report.pdf", "application/pdf")
