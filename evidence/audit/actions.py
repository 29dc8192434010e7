"""What an auditor does: read, take away, explain. Each with its event in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.audit.models import Unusual
from evidence.complaints.access import secret_references
from evidence.custody.record import Draft, Subject, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Recording

MOST_NOTE = 1000
NOT_YOURS = "There is nothing here that you can see. Check the reference."


class Explained(ValueError):
    """Somebody else was quicker. Its sentence is for a person."""


def _may(by: User) -> None:
    if not by.may("audit.view"):
        raise NotAllowed(NOT_YOURS)


def read(*, by: User, ref: str, address: str) -> None:
    """Write that somebody reads who looked at `ref`. Raises NotAllowed."""
    _may(by)
    private = {"name": by.short, "address": address}
    with transaction.atomic():
        record(Draft("audit.read", Subject(ref), by.actor(address), private=private))


def take(*, by: User, ref: str, address: str, lines: Sequence[object]) -> None:
    """Write that somebody takes these lines away as a file. Raises NotAllowed."""
    _may(by)
    private = {"name": by.short, "address": address}
    data = {"lines": len(lines)}
    with transaction.atomic():
        record(Draft("audit.exported", Subject(ref), by.actor(address), data, private))


def visible_to(user: User) -> QuerySet[Unusual]:
    """The unusual looks that somebody may read: an auditor's, but none of or at themselves."""
    if not user.may("audit.view"):
        return Unusual.objects.none()
    own = Recording.objects.filter(Q(officer=user) | Q(joined_into__officer=user))
    found = Unusual.objects.exclude(person=user.ref).exclude(object_ref__in=own.values("reference"))
    named = [row["reference"] for row in secret_references(user)]
    if named:
        found = found.filter(Q(facts__complaint__isnull=True) | ~Q(facts__complaint__in=named))
    return found


def explain(*, by: User, unusual: int, note: str) -> Unusual:
    """Say what was behind an unusual look; it leaves the list.

    Raises NotAllowed also for one's own looks, ValueError without a note, Explained.
    """
    words = note.strip()
    if not words:
        raise ValueError("Enter what you found out.")
    if len(words) > MOST_NOTE:
        raise ValueError(f"Enter {MOST_NOTE:,} characters or fewer.")
    with transaction.atomic():
        row = visible_to(by).select_for_update(of=("self",)).filter(pk=unusual).first()
        if row is None:
            raise NotAllowed(NOT_YOURS)
        if row.explained_at is not None:
            who = row.explained_by.short if row.explained_by else "Somebody"
            raise Explained(f"{who} explained this already.")
        row.explained_at, row.explained_by, row.note = timezone.now(), by, words
        row.save(update_fields=["explained_at", "explained_by", "note"])
        data = {"rule": row.rule, "event": row.event_index}
        private = {"name": by.short, "note": words}
        record(Draft("audit.explained", row.subject(), by.actor(), data, private))
    return row
