"""Complaints for the tests of their clocks, letters, reports and figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from evidence.complaints.models import (
    Allegation,
    Category,
    Complaint,
    Finding,
    Named,
    Told,
    Wording,
)
from evidence.people.models import User
from tests import factories

MOMENT = datetime(2026, 11, 22, 22, 14, tzinfo=UTC)


def complaint(by: User, number: int = 1, *, about: User | None = None, **fields: Any) -> Complaint:
    """One that was received on 23 November 2026, under Schedule 3, unless said otherwise."""
    values: dict[str, Any] = {
        "reference": f"PC/{number}/26", "received": date(2026, 11, 23), "complainant": "Ada Marsh",
        "contact": "1 High Street\nLondon", "account": "The officer pushed me and was rude.",
        "start": MOMENT, "end": MOMENT + timedelta(minutes=26), "recorded_by": by, "handler": by,
        "place": "Strand",
    }  # fmt: skip
    created = fields.pop("created", None)
    made = Complaint.objects.create(**(values | fields))
    if created is not None:
        Complaint.objects.filter(pk=made.pk).update(created=created)
        made.created = created
    if about is not None:
        Named.objects.create(complaint=made, officer=about)
    return made


def told(of: Complaint, what: str, on: date, *, to: str = "The complainant",
         how: str = "written") -> Told:  # fmt: skip
    return Told.objects.create(
        complaint=of, what=what, to=to, how=how, on=on, entered_by=of.recorded_by
    )


def category(code: str = "B4", name: str = "Use of force") -> Category:
    return Category.objects.get_or_create(
        scheme="Test", version="1", code=code, defaults={"name": name}
    )[0]


def wording(words: str = "The service provided was acceptable", code: str = "test-ok") -> Wording:
    return Wording.objects.get_or_create(
        code=code, defaults={"words": words, "handlings": "otherwise local outside"}
    )[0]


def allegation(of: Complaint, words: str = "He pushed me", *, number: int = 1,
               code: str = "B4") -> Allegation:  # fmt: skip
    return Allegation.objects.create(
        complaint=of, number=number, category=category(code), words=words
    )


def decided(of: Complaint, by: User, *, on: date, learning: str = "",
            reasons: str = "The footage shows an escort hold, not a push.") -> Complaint:  # fmt: skip
    """Every allegation found and decided."""
    for item in of.allegations.all():
        Finding.objects.create(
            allegation=item, wording=wording(), reasons=reasons, learning=learning,
            proposed_by=of.recorded_by, decided_by=by,
            decided_at=datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
        )  # fmt: skip
    of.status, of.decided_on = Complaint.Status.DECIDED, on
    of.save()
    return of


def authority() -> User:
    found = User.objects.filter(username="aa").first()
    return found or factories.Person(
        username="aa", name="Ann Able", rank="Supt", roles=["appropriate_authority"]
    )
