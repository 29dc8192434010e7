"""The steps of a complaint's work page: each a page with the acts that belong there.

Rooms and files that know more of a complaint add theirs with `register`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from evidence.complaints import actions, referral, state
from evidence.complaints.access import NOBODY, may_handle
from evidence.complaints.actions.recording import RECORD
from evidence.complaints.admin import forms
from evidence.complaints.found import found
from evidence.complaints.models import Complaint, Finding, Referral
from evidence.people.models import User
from evidence.people.office import staff

Status = Complaint.Status
Run = Callable[[HttpRequest, Complaint, "int | None", Any], str]
Applies = Callable[[Complaint, User], bool]
TodoWords = Callable[[Complaint], tuple[str, str]]  # colour of the tag, words


@dataclass(frozen=True)
class Act:
    """One form with one button. `run` does it and says what was done."""

    name: str
    title: str
    verb: str
    form: type[forms.ActForm]
    run: Run
    applies: Applies = lambda complaint, user: True
    initial: Callable[[Complaint], dict[str, Any]] = lambda complaint: {}
    # The consequence of something that can't be taken back, in a sentence.
    warning: str = ""
    # Whether it needs a fresh proof of who does it.
    proved_again: bool = False


@dataclass(frozen=True)
class Step:
    """A page of the work on a complaint; `todo` says how far it is."""

    name: str
    title: str
    acts: Sequence[Act]
    todo: TodoWords
    note: Callable[[Complaint], str] = lambda complaint: ""
    # For a step whose page is elsewhere: the name of its address, by the complaint's number.
    url: str = ""


def _may(permission: str) -> Applies:
    return lambda complaint, user: user.may(permission) and complaint.status != Status.CLOSED


def _outcome_is_theirs(complaint: Complaint, user: User) -> bool:
    """Under Schedule 3 the authority decides it, outside it the handler."""
    by = "complaint.decide" if complaint.under_schedule3 else "complaint.change"
    return _may(by)(complaint, user)


def _either(complaint: Complaint, user: User) -> bool:
    may = user.may("complaint.change") or user.may("complaint.decide")
    return may and complaint.status != Status.CLOSED


def _refers(complaint: Complaint, user: User) -> bool:
    """One that has to go goes, closed or not."""
    must = Referral.objects.filter(complaint=complaint, mandatory=True, referred_on=None)
    may = user.may("complaint.change") or user.may("complaint.decide")
    return _either(complaint, user) or (may and must.exists())


change = _may("complaint.change")


# --- record, officers, allegations ---
def _record(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
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


def _initial(complaint: Complaint) -> dict[str, Any]:
    return {name: getattr(complaint, name) for name in RECORD}


def _officers(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    row, more = actions.name_officers(
        by=staff(request), complaint=complaint, version=version,
        officers=form.cleaned_data["about"] or [], present=form.cleaned_data["present"] or [],
    )  # fmt: skip
    return f"Saved. {more} more held. {found(row).words}"


def _unname(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    actions.unname_officer(
        by=staff(request), complaint=complaint, version=version,
        named=form.cleaned_data["named"], reason=form.cleaned_data["reason"],
    )  # fmt: skip
    return "Taken out. What was held stays held."


def _serve(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    named = form.cleaned_data["named"]
    actions.serve(by=staff(request), named=named, version=version, on=form.cleaned_data["on"],
                  notice=form.cleaned_data["notice"])  # fmt: skip
    return f"Served. {named.officer.short} can read the notice from now on."


def _allege(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    made = actions.allege(
        by=staff(request), complaint=complaint, version=version,
        category=form.cleaned_data["category"], words=form.cleaned_data["words"],
        officers=form.cleaned_data["officers"],
    )  # fmt: skip
    return f"Entered as allegation {made.number}."


def _withdraw(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    allegation = form.cleaned_data["allegation"]
    actions.withdraw(by=staff(request), allegation=allegation, version=version,
                     reason=form.cleaned_data["reason"])  # fmt: skip
    return f"Allegation {allegation.number} is set aside."


# --- handling and referral ---
def _hand(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    wanted = {
        name: form.cleaned_data[name] for name in ("handler", "authority", "handling", "severity")
    }
    actions.hand(by=staff(request), complaint=complaint, version=version, **wanted)
    return "Saved."


def _nobody(complaint: Complaint) -> str:
    return "" if may_handle(complaint, "complaint.change").exists() else NOBODY


def _answer(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    row = actions.answer(by=staff(request), complaint=complaint, version=version,
                         answers=form.answers)  # fmt: skip
    left = len(referral.unanswered(row))
    words = f"Saved. {left} still to answer." if left else "Saved. Every question is answered."
    due = getattr(Complaint.objects.select_related("referral").get(pk=row.pk), "referral", None)
    if due is not None and due.referred_on is None:
        words += " It has to go to the IOPC, and so has every complaint of its incident."
    return words


def _incident(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    linked = form.cleaned_data["linked"] == "yes"
    actions.same_incident(by=staff(request), complaint=complaint, version=version,
                          other=form.cleaned_data["other"], linked=linked)  # fmt: skip
    return "Saved. Both complaints say so." if linked else "Saved."


def _refer(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    actions.refer(by=staff(request), complaint=complaint, version=version,
                  on=form.cleaned_data["on"],
                  iopc_reference=form.cleaned_data["iopc_reference"])  # fmt: skip
    return "Saved as referred."


def _answered(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    actions.referral_answered(by=staff(request), complaint=complaint, version=version,
                              answered=form.cleaned_data["answered"],
                              iopc_reference=form.cleaned_data["iopc_reference"])  # fmt: skip
    return "Saved."


def _body(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    made = actions.choose_body(by=staff(request), complaint=complaint, version=version,
                               asked=form.asked)  # fmt: skip
    return f"{made.get_body_display()}. {' '.join(made.reasons)}"


# --- findings, outcome, reviews, the end ---
def _propose(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    actions.propose(
        by=staff(request), allegation=form.cleaned_data["allegation"], version=version,
        wording=form.cleaned_data["wording"], reasons=form.cleaned_data["reasons"],
        learning=form.cleaned_data["learning"],
    )  # fmt: skip
    return "Entered. The authority decides it." if complaint.under_schedule3 else "Entered."


def _decide(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    agree = form.cleaned_data["agree"] == "yes"
    actions.decide(by=staff(request), finding=form.cleaned_data["finding"], version=version,
                   agree=agree, reason=form.cleaned_data["reason"])  # fmt: skip
    return "The finding stands." if agree else "The finding goes back to the handler."


def _outcome(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    actions.decide_outcome(by=staff(request), complaint=complaint, version=version)
    return "Decided. Tell the complainant within five working days."


def _measure(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    actions.measure(
        by=staff(request), complaint=complaint, version=version, kind=form.cleaned_data["kind"],
        words=form.cleaned_data["words"], officer=form.cleaned_data["officer"],
        recordings=form.cleaned_data["footage"], due_on=form.cleaned_data["due_on"],
    )  # fmt: skip
    return "Entered."


def _done(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    actions.measure_done(by=staff(request), measure=form.cleaned_data["measure"], version=version,
                         done_on=form.cleaned_data["done_on"],
                         report=form.cleaned_data["report"])  # fmt: skip
    return "Entered."


def _review(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    given = form.cleaned_data
    actions.enter_review(
        by=staff(request), complaint=complaint, version=version, body=given["body"],
        applied_on=given["applied_on"], wrong_body_days=given["wrong_body_days"],
        grounds=given["grounds"], late_reason=given["late_reason"],
    )  # fmt: skip
    return "Entered. The complaint is at review, and its footage is held."


def _reviewed(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    actions.decide_review(
        by=staff(request), review=form.cleaned_data["review"], version=version,
        decision=form.cleaned_data["decision"], decided_on=form.cleaned_data["decided_on"],
        recommendations=form.cleaned_data["recommendations"],
    )  # fmt: skip
    return "Entered."


def _close(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    actions.close(by=staff(request), complaint=complaint, version=version)
    return "Closed. Its footage stays held until somebody releases it."


def _release(request: HttpRequest, complaint: Complaint, version: int | None, form: Any) -> str:
    gone = actions.release(by=staff(request), complaint=complaint, version=version,
                           reason=form.cleaned_data["reason"])  # fmt: skip
    return f"{len(gone)} recordings are not held for this complaint any more."


# --- how far each step is ---
def _done_record(complaint: Complaint) -> tuple[str, str]:
    return "plain", "Done"


def _todo_allegations(complaint: Complaint) -> tuple[str, str]:
    count = complaint.allegations.filter(withdrawn_at=None).count()
    return ("plain", f"{count} entered") if count else ("amber", "None yet")


def _todo_officers(complaint: Complaint) -> tuple[str, str]:
    rows = list(complaint.named.values_list("part", "served_on"))
    subjects = [served for part, served in rows if part == "subject"]
    served = sum(1 for one in subjects if one)
    return "plain", f"{len(subjects)} complained of, {served} served, {len(rows)} named"


def _todo_handling(complaint: Complaint) -> tuple[str, str]:
    if complaint.handler_id is None:
        return "amber", "No handler yet"
    return "plain", complaint.get_handling_display()


def _todo_referral(complaint: Complaint) -> tuple[str, str]:
    left = state.missing_for_referral(complaint)
    return ("amber", left[0].split(":")[0].rstrip(".")) if left else ("plain", "Done")


def _todo_body(complaint: Complaint) -> tuple[str, str]:
    chosen = state.body_of(complaint)
    if chosen is None:
        needed = complaint.under_schedule3 and not state.is_matter(complaint)
        return ("amber", "Not chosen yet") if needed else ("plain", "Not needed")
    return "plain", chosen.get_body_display()


def _todo_findings(complaint: Complaint) -> tuple[str, str]:
    waiting = Finding.objects.filter(
        allegation__complaint=complaint, replaced_at=None, decided_at=None
    ).count()
    missing = state.missing_findings(complaint)
    if waiting:
        return "amber", f"{waiting} to be decided"
    return ("grey", "Not yet") if missing else ("plain", "Done")


def _todo_outcome(complaint: Complaint) -> tuple[str, str]:
    if complaint.told_on is not None:
        return "plain", f"Told on {complaint.told_on:%-d %b %Y}"
    if complaint.decided_on is not None:
        return "amber", "Decided, to be told"
    return "grey", "Not yet"


def _todo_measures(complaint: Complaint) -> tuple[str, str]:
    rows = list(complaint.measures.values_list("done_on", flat=True))
    open_ = sum(1 for one in rows if one is None)
    if open_:
        return "amber", f"{open_} open"
    return "plain", f"{len(rows)} done" if rows else "Nothing entered"


def _todo_reviews(complaint: Complaint) -> tuple[str, str]:
    waiting = state.waiting_reviews(complaint)
    if waiting:
        return "amber", "At review"
    ends = state.review_ends(complaint)
    if ends is not None:
        over = ends < timezone.localdate()
        return "plain", f"{'Over since the end of' if over else 'Until'} {ends:%-d %b %Y}"
    return "grey", "Not yet" if state.review_right(complaint) else "No right to a review"


def _todo_holds(complaint: Complaint) -> tuple[str, str]:
    return "purple", found(complaint).words.split(". ")[0].rstrip(".")


def _todo_close(complaint: Complaint) -> tuple[str, str]:
    if complaint.status == Status.CLOSED:
        day = f" on {complaint.closed_on:%-d %b %Y}" if complaint.closed_on else ""
        return "plain", f"Closed{day}"
    left = len(state.missing_for_close(complaint))
    return ("grey", f"{left} things first") if left else ("amber", "Can be closed")


def _missing(complaint: Complaint) -> str:
    return " ".join(state.missing_for_close(complaint))


STEPS: list[Step] = [
    Step("record", "Record", [
        Act("record", "The record", "Save", forms.RecordForm, _record, change, _initial),
    ], _done_record),
    Step("officers", "Officers", [
        Act("name", "Name officers", "Save", forms.OfficersForm, _officers, change,
            warning="Their footage of the time is held at once. They learn nothing of it."),
        Act("serve", "Serve a notice", "Serve", forms.ServeForm, _serve, change,
            warning="From then on the officer knows of the complaint. It can't be taken back."),
        Act("unname", "Take out an officer named by mistake", "Take out", forms.UnnameForm,
            _unname, change),
    ], _todo_officers),
    Step("holds", "Footage held", [
        Act("release", "Release the footage", "Release", forms.ReleaseForm, _release,
            lambda complaint, user: user.may("complaint.change")
            and not state.why_kept(complaint.reference),
            warning="After this, nothing of this complaint keeps the footage.",
            proved_again=True),
    ], _todo_holds, lambda complaint: state.why_kept(complaint.reference)),
    Step("allegations", "Allegations", [
        Act("allege", "Enter an allegation", "Enter", forms.AllegeForm, _allege, change),
        Act("withdraw", "Set one aside", "Set aside", forms.WithdrawForm, _withdraw, change),
    ], _todo_allegations),
    Step("handling", "Who handles it, and how", [
        Act("hand", "Handling", "Save", forms.HandForm, _hand, change,
            lambda complaint: {"handler": complaint.handler_id,
                               "authority": complaint.authority_id,
                               "handling": complaint.handling, "severity": complaint.severity}),
    ], _todo_handling, _nobody),
    Step("referral", "Referral to the IOPC", [
        Act("answer", "The checklist", "Save", forms.AnswerForm, _answer, change),
        Act("incident", "Same incident", "Save", forms.IncidentForm, _incident, change),
        Act("refer", "Refer", "Refer", forms.ReferForm, _refer,
            _refers),
        Act("answered", "What the IOPC decided", "Save", forms.ReferralAnswerForm, _answered,
            lambda complaint, user: user.may("complaint.change")),
    ], _todo_referral),
    Step("findings", "Findings", [
        Act("propose", "Enter a finding", "Enter", forms.ProposeForm, _propose, change),
        Act("decide", "Decide a finding", "Decide", forms.DecideForm, _decide,
            _may("complaint.decide")),
    ], _todo_findings),
    Step("body", "Review body", [
        Act("body", "Who would review", "Work it out", forms.BodyForm, _body, _either),
    ], _todo_body),
    Step("outcome", "Outcome", [
        Act("outcome", "Decide the outcome", "Decide", forms.SureForm, _outcome, _outcome_is_theirs,
            warning="From that day it has to be told within five working days."),
    ], _todo_outcome, lambda complaint: " ".join(state.missing_for_outcome(complaint))),
    Step("measures", "What followed", [
        Act("measure", "Enter what followed", "Enter", forms.MeasureForm, _measure,
            lambda complaint, user: user.may("complaint.change")),
        Act("done", "What came of it", "Enter", forms.MeasureDoneForm, _done,
            lambda complaint, user: user.may("complaint.change")),
    ], _todo_measures),
    Step("reviews", "Review period", [
        Act("review", "A review was asked for", "Enter", forms.ReviewForm, _review,
            lambda complaint, user: user.may("complaint.change")),
        Act("reviewed", "What the body decided", "Enter", forms.ReviewDecisionForm, _reviewed,
            lambda complaint, user: user.may("complaint.change")),
    ], _todo_reviews),
    Step("close", "Close", [
        Act("close", "Close the complaint", "Close", forms.SureForm, _close, change,
            warning="Its footage stays held until somebody releases it."),
    ], _todo_close, _missing),
]  # fmt: skip


def register(step: Step, *, after: str) -> None:
    """Add a step from another file or room, behind one that is there; again changes nothing."""
    if step.name in {known.name for known in STEPS}:
        return
    at = next((n for n, known in enumerate(STEPS) if known.name == after), len(STEPS) - 1)
    STEPS.insert(at + 1, step)


def by_name(name: str) -> Step | None:
    """One of them."""
    return next((step for step in STEPS if step.name == name and not step.url), None)
