"""Who handles a complaint and how, and what is alleged."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from evidence.complaints.access import may_handle
from evidence.complaints.actions.saving import Refused, opened, saved, still_open, undecided
from evidence.complaints.models import Allegation, Category, Complaint, Finding
from evidence.people.models import User


def hand(
    *,
    by: User,
    complaint: Complaint,
    version: int | None,
    handler: User | None,
    authority: User | None,
    handling: str,
    severity: str,
) -> Complaint:
    """Say who handles it, who decides it, how it is handled and how grave it is.

    Raises NotAllowed, Conflict, Refused.
    """
    with transaction.atomic():
        row = opened(by=by, complaint=complaint, permission="complaint.change", version=version)
        still_open(row)
        for person, permission in ((handler, "complaint.change"), (authority, "complaint.decide")):
            if person is not None and not may_handle(row, permission).filter(pk=person.pk).exists():
                # No word of why: that may be somebody else's business.
                raise Refused(f"{person.short} can't have this complaint. Choose somebody else.")
        if handling not in Complaint.Handling.values or severity not in Complaint.Severity.values:
            raise Refused("Choose how it is handled and how grave it is from the lists.")
        wanted = {
            "handler": handler, "authority": authority, "handling": handling,
            "severity": severity,
        }  # fmt: skip
        changed = [name for name, value in wanted.items() if getattr(row, name) != value]
        if not changed:
            return row
        if "handling" in changed:
            undecided(row, "How it is handled changes")
        for name, value in wanted.items():
            setattr(row, name, value)
        to_be_decided(row)
        if handler is not None and row.status == Complaint.Status.RECORDED:
            row.status = Complaint.Status.HANDLED
        return saved(
            by=by, row=row, kind="complaint.handed", data={"fields": sorted(changed)},
            private={"after": {name: str(value or "") for name, value in wanted.items()}},
        )  # fmt: skip


def to_be_decided(row: Complaint) -> None:
    """Under Schedule 3 what the handler decided alone, outside it, still has to be decided."""
    if row.under_schedule3:
        alone = Finding.objects.filter(
            allegation__complaint=row, replaced_at=None, decided_by=F("proposed_by")
        )
        alone.update(decided_by=None, decided_at=None)


def allege(
    *,
    by: User,
    complaint: Complaint,
    version: int | None,
    category: Category,
    words: str,
    officers: Iterable[User] = (),
) -> Allegation:
    """Enter one thing that is alleged, of these of the officers. Raises NotAllowed, Refused."""
    with transaction.atomic():
        row = opened(by=by, complaint=complaint, permission="complaint.change", version=version)
        still_open(row)
        undecided(row, "What is alleged changes")
        people = list(officers)
        if not words.strip():
            raise Refused("Enter what is alleged.")
        if not category.active:
            raise Refused(f"{category} is not used any more. Choose another category.")
        named = set(row.named.values_list("officer", flat=True))
        for person in people:
            if person.pk not in named:
                raise Refused(f"{person.short} is not named in {row.reference}. Name them first.")
        last = row.allegations.aggregate(last=Max("number"))["last"] or 0
        made = Allegation.objects.create(
            complaint=row, number=last + 1, category=category, words=words.strip()
        )
        made.officers.set(people)
        saved(
            by=by, row=row, kind="complaint.allegation_added",
            data={"number": made.number, "scheme": category.scheme, "version": category.version,
                  "code": category.code},
            private={"words": made.words[:1000], "who": [person.short for person in people]},
        )  # fmt: skip
    return made


def withdraw(*, by: User, allegation: Allegation, version: int | None, reason: str) -> Allegation:
    """Set an allegation aside; what was alleged stays readable. Raises NotAllowed, Refused."""
    with transaction.atomic():
        row = opened(by=by, complaint=allegation.complaint, permission="complaint.change",
                     version=version)  # fmt: skip
        still_open(row)
        found = row.allegations.select_for_update(of=("self",)).get(pk=allegation.pk)
        if found.withdrawn_at is not None:
            return found
        undecided(row, "What is alleged changes")
        if not reason.strip():
            raise Refused("Enter why it is set aside.")
        found.withdrawn_at, found.withdrawn_reason = timezone.now(), reason.strip()[:300]
        found.save(update_fields=["withdrawn_at", "withdrawn_reason"])
        saved(by=by, row=row, kind="complaint.allegation_withdrawn",
              data={"number": found.number},
              private={"reason": found.withdrawn_reason})  # fmt: skip
    return found
