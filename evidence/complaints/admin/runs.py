"""What each button of a complaint's steps does, and the sentence that says that it was done."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from evidence.complaints import actions, referral
from evidence.complaints.access import NOBODY, may_handle
from evidence.complaints.actions.recording import RECORD
from evidence.complaints.found import found
from evidence.complaints.models import Complaint
from evidence.people.office import staff

Status = Complaint.Status


def record(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Save what was changed in the record; what more is held is said."""
    values = {name: form.cleaned_data[name] for name in RECORD}
    row, more, narrower = actions.change_record(
        by=staff(request), complaint=complaint, version=version, values=values
    )
    words = f"Saved. {found(row).words}"
    if more:
        words += f" {more} more than before."
    if narrower:
        words += " What was held stays held: a hold never shrinks with the time or the place."
    return words


def initial(complaint: Complaint) -> dict[str, Any]:
    """The record as it stands, for its form."""
    return {name: getattr(complaint, name) for name in RECORD}


def officers(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Name officers, or say that they were there; their footage is held."""
    row, more = actions.name_officers(
        by=staff(request), complaint=complaint, version=version,
        officers=form.cleaned_data["about"] or [], present=form.cleaned_data["present"] or [],
    )  # fmt: skip
    return f"Saved. {more} more held. {found(row).words}"


def unname(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Take out an officer who was named by mistake."""
    actions.unname_officer(
        by=staff(request), complaint=complaint, version=version,
        named=form.cleaned_data["named"], reason=form.cleaned_data["reason"],
    )  # fmt: skip
    return "Taken out. What was held stays held."


def serve(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Serve a notice: from then on the officer knows."""
    named = form.cleaned_data["named"]
    actions.serve(by=staff(request), named=named, version=version, on=form.cleaned_data["on"],
                  notice=form.cleaned_data["notice"])  # fmt: skip
    return f"Served. {named.officer.short} can read the notice from now on."


def allege(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Enter an allegation."""
    made = actions.allege(
        by=staff(request), complaint=complaint, version=version,
        category=form.cleaned_data["category"], words=form.cleaned_data["words"],
        officers=form.cleaned_data["officers"],
    )  # fmt: skip
    return f"Entered as allegation {made.number}."


def withdraw(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Set an allegation aside."""
    allegation = form.cleaned_data["allegation"]
    actions.withdraw(by=staff(request), allegation=allegation, version=version,
                     reason=form.cleaned_data["reason"])  # fmt: skip
    return f"Allegation {allegation.number} is set aside."


# --- handling and referral ---
def hand(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Say who handles and decides it, how, and how grave it is."""
    wanted = {
        name: form.cleaned_data[name] for name in ("handler", "authority", "handling", "severity")
    }
    actions.hand(by=staff(request), complaint=complaint, version=version, **wanted)
    return "Saved."


def nobody(complaint: Complaint) -> str:
    """In words, that nobody here may handle it; or nothing."""
    return "" if may_handle(complaint, "complaint.change").exists() else NOBODY


def answer(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Keep answers of the referral checklist."""
    row = actions.answer(by=staff(request), complaint=complaint, version=version,
                         answers=form.answers)  # fmt: skip
    left = len(referral.unanswered(row))
    words = f"Saved. {left} still to answer." if left else "Saved. Every question is answered."
    due = getattr(Complaint.objects.select_related("referral").get(pk=row.pk), "referral", None)
    if due is not None and due.referred_on is None:
        words += " It has to go to the IOPC, and so has every complaint of its incident."
    return words


def incident(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Say that another complaint is of the same incident, or is not."""
    linked = form.cleaned_data["linked"] == "yes"
    actions.same_incident(by=staff(request), complaint=complaint, version=version,
                          other=form.cleaned_data["other"], linked=linked)  # fmt: skip
    return "Saved. Both complaints say so." if linked else "Saved."


def refer(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Say that it went to the IOPC."""
    actions.refer(by=staff(request), complaint=complaint, version=version,
                  on=form.cleaned_data["on"],
                  iopc_reference=form.cleaned_data["iopc_reference"])  # fmt: skip
    return "Saved as referred."


def answered(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Say what the IOPC decided."""
    actions.referral_answered(by=staff(request), complaint=complaint, version=version,
                              answered=form.cleaned_data["answered"],
                              iopc_reference=form.cleaned_data["iopc_reference"])  # fmt: skip
    return "Saved."


def body(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Work out who would review it."""
    made = actions.choose_body(by=staff(request), complaint=complaint, version=version,
                               asked=form.asked)  # fmt: skip
    return f"{made.get_body_display()}. {' '.join(made.reasons)}"


# --- findings, outcome, reviews, the end ---
def propose(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Enter a finding."""
    actions.propose(
        by=staff(request), allegation=form.cleaned_data["allegation"], version=version,
        wording=form.cleaned_data["wording"], reasons=form.cleaned_data["reasons"],
        learning=form.cleaned_data["learning"],
    )  # fmt: skip
    return "Entered. The authority decides it." if complaint.under_schedule3 else "Entered."


def decide(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Agree with a finding, or send it back."""
    agree = form.cleaned_data["agree"] == "yes"
    actions.decide(by=staff(request), finding=form.cleaned_data["finding"], version=version,
                   agree=agree, reason=form.cleaned_data["reason"])  # fmt: skip
    return "The finding stands." if agree else "The finding goes back to the handler."


def outcome(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Decide the outcome."""
    actions.decide_outcome(by=staff(request), complaint=complaint, version=version)
    return "Decided. Tell the complainant within five working days."


def measure(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Enter what followed."""
    actions.measure(
        by=staff(request), complaint=complaint, version=version, kind=form.cleaned_data["kind"],
        words=form.cleaned_data["words"], officer=form.cleaned_data["officer"],
        recordings=form.cleaned_data["footage"], due_on=form.cleaned_data["due_on"],
    )  # fmt: skip
    return "Entered."


def done(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Enter what came of that."""
    actions.measure_done(by=staff(request), measure=form.cleaned_data["measure"], version=version,
                         done_on=form.cleaned_data["done_on"],
                         report=form.cleaned_data["report"])  # fmt: skip
    return "Entered."


def review(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Enter an application for review."""
    given = form.cleaned_data
    actions.enter_review(
        by=staff(request), complaint=complaint, version=version, body=given["body"],
        applied_on=given["applied_on"], wrong_body_days=given["wrong_body_days"],
        grounds=given["grounds"], late_reason=given["late_reason"],
    )  # fmt: skip
    return "Entered. The complaint is at review, and its footage is held."


def reviewed(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Enter what the review body decided."""
    actions.decide_review(
        by=staff(request), review=form.cleaned_data["review"], version=version,
        decision=form.cleaned_data["decision"], decided_on=form.cleaned_data["decided_on"],
        recommendations=form.cleaned_data["recommendations"],
    )  # fmt: skip
    return "Entered."


def close(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Close the complaint."""
    actions.close(by=staff(request), complaint=complaint, version=version)
    return "Closed. Its footage stays held until somebody releases it."


def release(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    """Release its footage."""
    gone = actions.release(by=staff(request), complaint=complaint, version=version,
                           reason=form.cleaned_data["reason"])  # fmt: skip
    return f"{len(gone)} recordings are not held for this complaint any more."
