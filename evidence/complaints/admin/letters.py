"""Letters in the admin: which were written, writing one, sending it, saying what was told."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.complaints import clocks, letters, report
from evidence.complaints.actions.saving import Refused
from evidence.complaints.admin.about import a_day, context, of_complaint, text
from evidence.complaints.clocks import To
from evidence.complaints.letters import LetterError, Written
from evidence.complaints.models import Complaint, Letter, Template, Told
from evidence.people import fresh
from evidence.people.office import staff
from evidence.people.requests import address

FORMS = ["GET", "HEAD", "POST"]
NO_DAY = "Enter the day, like 25 11 2026."
# Whom a letter of each kind goes to, where it is always the same.
SENT_TO = {"delay": (To.IOPC, To.LPB), "referral": (To.IOPC,)}


@require_GET
@of_complaint("complaint.view")
def letters_of(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    """What is due, what was written, what was told, and which letters can be written."""
    known = clocks.with_facts(Complaint.objects.all()).get(pk=complaint.pk)
    shown = context(request, complaint, f"Letters of {complaint.reference}") | {
        "clocks": clocks.clocks_of(known),
        "letters": complaint.letters.select_related("template", "made_by", "told")[:200],
        "told": complaint.told.select_related("entered_by", "letter")[:200],
        "templates": letters.templates_for(complaint),
        "may": staff(request).may("complaint.change"),
    }
    return render(request, "complaints/letters.html", shown)


@require_http_methods(FORMS)
@of_complaint("complaint.change")
def new(request: HttpRequest, complaint: Complaint, template: str) -> HttpResponse:
    """Write one: filled in from the template, edited, looked at, kept."""
    found = next((t for t in letters.templates_for(complaint) if t.code == template), None)
    if found is None:
        raise Http404
    by, errors, status = staff(request), [], 200
    if request.method == "POST":
        written = Written(text(request, "to"), text(request, "subject"), text(request, "body"))
        try:
            if request.POST.get("do") == "keep":
                kept = letters.make(by=by, complaint=complaint, template=found, written=written)
                messages.success(request, "Kept, word for word. It is not sent by this.")
                return redirect("admin:complaints_complaint_letter", complaint.pk, kept.pk)
        except Refused as refused:
            errors, status = list(refused.reasons), 422
    else:
        written = _draft(request, complaint, found, errors)
    today = timezone.localdate()
    shown = context(request, complaint, f"{found.name}: {complaint.reference}") | {
        "template": found, "written": written, "errors": errors,
        "lacks": letters.lacks(complaint, found, written, today),
        "looked": request.POST.get("do") == "look",
    }  # fmt: skip
    return render(request, "complaints/letter_new.html", shown, status=status)


def _draft(
    request: HttpRequest, complaint: Complaint, template: Template, errors: list[str]
) -> Written:
    try:
        return letters.draft(by=staff(request), complaint=complaint, template=template)
    except LetterError as refused:
        errors.extend(refused.reasons)
        return Written("", "", "")


def _letter(complaint: Complaint, key: int) -> Letter:
    rows = complaint.letters.select_related("template", "made_by", "complaint", "told")
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(FORMS)
@of_complaint("complaint.view")
def one(request: HttpRequest, complaint: Complaint, letter: int) -> HttpResponse:
    """The letter as it was written. By POST: it was sent, to whom and on which day."""
    found, by, errors, status = _letter(complaint, letter), staff(request), [], 200
    what = letters.KINDS.get(found.template.code, Told.What.OTHER)
    if request.method == "POST":
        if not by.may("complaint.change"):
            raise Http404
        on = a_day(text(request, "on", 20))
        try:
            if on is None:
                raise LetterError(NO_DAY)
            letters.tell(by=by, complaint=complaint, what=what, how=Told.How.WRITTEN,
                         to=text(request, "to", 120), on=on, letter=found)  # fmt: skip
            messages.success(request, "Entered as sent. The clocks run from that day.")
            return redirect("admin:complaints_complaint_letters", complaint.pk)
        except Refused as refused:
            errors, status = list(refused.reasons), 422
    shown = context(request, complaint, found.subject) | {
        "letter": found, "errors": errors, "today": timezone.localdate(),
        "sent": getattr(found, "told", None), "may": by.may("complaint.change"),
        "whom": SENT_TO.get(found.template.code, _everybody()),
        "right": found.sha256 == letters.fingerprint(found),
    }  # fmt: skip
    return render(request, "complaints/letter.html", shown, status=status)


def _everybody() -> list[To]:
    return [item for item in To if item is not To.OFFICER]


@require_POST
@of_complaint("complaint.view")
def pdf(request: HttpRequest, complaint: Complaint, letter: int) -> HttpResponse:
    """The letter as it is posted; taking it is an event."""
    fresh.require(request)
    found = _letter(complaint, letter)
    made = report.letter(by=staff(request), letter=found, address=address(request))
    return as_file(made, f"letter-{found.pk}.pdf", "application/pdf")


def as_file(made: bytes, name: str, kind: str) -> HttpResponse:
    """To be saved, never shown in the browser."""
    answer = HttpResponse(made, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_http_methods(FORMS)
@of_complaint("complaint.change")
def told(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    """Say what was told without a letter of this system: by word of mouth, or before it."""
    errors: list[str] = []
    typed: dict[str, Any] = {
        "on": timezone.localdate().isoformat(),
        "what": "update",
        "how": "oral",
    }
    if request.method == "POST":
        typed = {name: text(request, name, 4000) for name in ("what", "how", "to", "on", "words")}
        on = a_day(typed["on"])
        try:
            if on is None:
                raise LetterError(NO_DAY)
            letters.tell(by=staff(request), complaint=complaint, what=typed["what"],
                         how=typed["how"], to=typed["to"], on=on, words=typed["words"])  # fmt: skip
            messages.success(request, "Entered. The clocks run from that day.")
            return redirect("admin:complaints_complaint_letters", complaint.pk)
        except Refused as refused:
            errors = list(refused.reasons)
    shown = context(request, complaint, f"What was told: {complaint.reference}") | {
        "typed": typed, "errors": errors, "whats": Told.What.choices, "hows": Told.How.choices,
        "whom": _everybody(),
    }  # fmt: skip
    return render(request, "complaints/told.html", shown, status=422 if errors else 200)
