"""Complaints for tests, through the acts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from evidence.complaints import actions
from evidence.complaints.models import Category, Complaint, Question, Wording
from evidence.people.models import User
from tests import factories


def draft(**more: Any) -> Complaint:
    """One that is not recorded yet: the three hours until now."""
    now = timezone.now()
    fields: dict[str, Any] = {
        "reference": "PC/1/26", "received": timezone.localdate(), "complainant": "A B",
        "account": "He was rude.", "start": now - timedelta(hours=3), "end": now,
    }  # fmt: skip
    return Complaint(**(fields | more))


def recorded(by: User, *officers: User, present: tuple[User, ...] = (), **more: Any) -> Complaint:
    """One that is recorded, read afresh."""
    made, _ = actions.record_complaint(
        by=by, complaint=draft(**more), officers=officers, present=present
    )
    return fresh(made)


def fresh(complaint: Complaint) -> Complaint:
    return Complaint.objects.get(pk=complaint.pk)


def authority(username: str = "price") -> User:
    return factories.Person(
        username=username, name="A Price", rank="Supt",
        roles=["appropriate_authority"],
    )  # fmt: skip


def investigator(username: str, **more: Any) -> User:
    return factories.Person(
        username=username, name=f"{username.title()} Other", roles=["professional_standards"],
        **more,
    )  # fmt: skip


def handed(complaint: Complaint, by: User, to: User, decides: User | None = None,
           handling: str = "otherwise") -> Complaint:  # fmt: skip
    return actions.hand(
        by=by, complaint=complaint, version=None, handler=to, authority=decides,
        handling=handling, severity="service",
    )  # fmt: skip


def all_no(complaint: Complaint, by: User) -> Complaint:
    answers = dict.fromkeys(Question.objects.filter(active=True), (False, ""))
    return actions.answer(by=by, complaint=complaint, version=None, answers=answers)


def alleged(complaint: Complaint, by: User, code: str = "H1", *officers: User) -> Any:
    return actions.allege(
        by=by, complaint=complaint, version=None, category=Category.objects.get(code=code),
        words="He swore.", officers=officers,
    )  # fmt: skip


def wording(code: str) -> Wording:
    return Wording.objects.get(code=code)


def to_outcome(complaint: Complaint, handler: User, decides: User) -> Complaint:
    """Recorded to decided, under Schedule 3."""
    handed(complaint, handler, handler, decides)
    all_no(complaint, handler)
    allegation = alleged(complaint, handler)
    finding = actions.propose(by=handler, allegation=allegation, version=None,
                              wording=wording("acceptable"), reasons="The film shows it.")  # fmt: skip
    actions.decide(by=decides, finding=finding, version=None, agree=True)
    asked = {"authority_is_lpb": False, "may_justify_proceedings": False,
             "may_involve_rights": False}  # fmt: skip
    actions.choose_body(by=handler, complaint=complaint, version=None, asked=asked)
    return actions.decide_outcome(by=decides, complaint=complaint, version=None)


def told(complaint: Complaint, days_ago: int) -> Complaint:
    """As if it had been told so many days ago."""
    day = timezone.localdate() - timedelta(days=days_ago)
    Complaint.objects.filter(pk=complaint.pk).update(status="told", told_on=day, decided_on=day)
    return fresh(complaint)
