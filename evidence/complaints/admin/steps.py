"""The steps of a complaint's work page: each a page with the acts that belong there.

Rooms and files that know more of a complaint add theirs with `register`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from evidence.complaints import state
from evidence.complaints.admin import forms, progress, runs
from evidence.complaints.models import Complaint, Referral
from evidence.people.models import User

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


STEPS: list[Step] = [
    Step("record", "Record", [
        Act("record", "The record", "Save", forms.RecordForm, runs.record, change, runs.initial),
    ], progress.record),
    Step("officers", "Officers", [
        Act("name", "Name officers", "Save", forms.OfficersForm, runs.officers, change,
            warning="Their footage of the time is held at once. They learn nothing of it."),
        Act("serve", "Serve a notice", "Serve", forms.ServeForm, runs.serve, change,
            warning="From then on the officer knows of the complaint. It can't be taken back."),
        Act("unname", "Take out an officer named by mistake", "Take out", forms.UnnameForm,
            runs.unname, change),
    ], progress.officers),
    Step("holds", "Footage held", [
        Act("release", "Release the footage", "Release", forms.ReleaseForm, runs.release,
            lambda complaint, user: user.may("complaint.change")
            and not state.why_kept(complaint.reference),
            warning="After this, nothing of this complaint keeps the footage.",
            proved_again=True),
    ], progress.holds, lambda complaint: state.why_kept(complaint.reference)),
    Step("allegations", "Allegations", [
        Act("allege", "Enter an allegation", "Enter", forms.AllegeForm, runs.allege, change),
        Act("withdraw", "Set one aside", "Set aside", forms.WithdrawForm, runs.withdraw, change),
    ], progress.allegations),
    Step("handling", "Who handles it, and how", [
        Act("hand", "Handling", "Save", forms.HandForm, runs.hand, change,
            lambda complaint: {"handler": complaint.handler_id,
                               "authority": complaint.authority_id,
                               "handling": complaint.handling, "severity": complaint.severity}),
    ], progress.handling, runs.nobody),
    Step("referral", "Referral to the IOPC", [
        Act("answer", "The checklist", "Save", forms.AnswerForm, runs.answer, change),
        Act("incident", "Same incident", "Save", forms.IncidentForm, runs.incident, change),
        Act("refer", "Refer", "Refer", forms.ReferForm, runs.refer,
            _refers),
        Act("answered", "What the IOPC decided", "Save", forms.ReferralAnswerForm, runs.answered,
            lambda complaint, user: user.may("complaint.change")),
    ], progress.referred),
    Step("findings", "Findings", [
        Act("propose", "Enter a finding", "Enter", forms.ProposeForm, runs.propose, change),
        Act("decide", "Decide a finding", "Decide", forms.DecideForm, runs.decide,
            _may("complaint.decide")),
    ], progress.findings),
    Step("body", "Review body", [
        Act("body", "Who would review", "Work it out", forms.BodyForm, runs.body, _either),
    ], progress.body),
    Step("outcome", "Outcome", [
        Act("outcome", "Decide the outcome", "Decide", forms.SureForm, runs.outcome,
            _outcome_is_theirs,
            warning="From that day it has to be told within five working days."),
    ], progress.outcome, lambda complaint: " ".join(state.missing_for_outcome(complaint))),
    Step("measures", "What followed", [
        Act("measure", "Enter what followed", "Enter", forms.MeasureForm, runs.measure,
            lambda complaint, user: user.may("complaint.change")),
        Act("done", "What came of it", "Enter", forms.MeasureDoneForm, runs.done,
            lambda complaint, user: user.may("complaint.change")),
    ], progress.measures),
    Step("reviews", "Review period", [
        Act("review", "A review was asked for", "Enter", forms.ReviewForm, runs.review,
            lambda complaint, user: user.may("complaint.change")),
        Act("reviewed", "What the body decided", "Enter", forms.ReviewDecisionForm, runs.reviewed,
            lambda complaint, user: user.may("complaint.change")),
    ], progress.reviews),
    Step("close", "Close", [
        Act("close", "Close the complaint", "Close", forms.SureForm, runs.close, change,
            warning="Its footage stays held until somebody releases it."),
    ], progress.close, progress.missing),
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
