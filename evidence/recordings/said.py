"""What somebody said of a recording, as one thing that can be compared, kept and put back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, Literal
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.models import Category, IncidentType, Recording, Undo

KEPT_FOR = timedelta(days=1)
LONGEST_NOTE = 2000
FIELDS = ["category", "categorised_at", "incident", "crime_reference", "note"]


class Leave(Enum):
    """Leave that as it is."""

    LEAVE = "leave"


LEAVE: Final[Literal[Leave.LEAVE]] = Leave.LEAVE


def crime_reference(given: str) -> str:
    """A crime reference as it is kept; empty for none. Raises ValueError."""
    given = given.replace("\0", "").strip()
    for form in (given, given.upper()):
        if not form or (len(form) <= 40 and re.fullmatch(settings.CRIME_REFERENCE, form)):
            return form
    raise ValueError(f"Enter a crime reference like {settings.CRIME_REFERENCE_EXAMPLE}")


def state(recording: Recording) -> dict[str, Any]:
    """Everything that was said of it."""
    at = recording.categorised_at
    return {
        "category": recording.category_id,
        "categorised_at": at.isoformat() if at else None,
        "incident": recording.incident_id,
        "crime_reference": recording.crime_reference,
        "note": recording.note,
    }


def put_back(recording: Recording, before: dict[str, Any]) -> None:
    """Set what was said before, without saving."""
    at = before["categorised_at"]
    recording.category = Category.objects.filter(pk=before["category"]).first()
    recording.categorised_at = datetime.fromisoformat(at) if at else None
    recording.incident = IncidentType.objects.filter(pk=before["incident"]).first()
    recording.crime_reference, recording.note = before["crime_reference"], before["note"]


def in_words(recording: Recording) -> str:
    """Arrest, Assault or violence, 01AB/12345/26."""
    category = recording.category.name if recording.category else "nothing yet"
    incident = recording.incident.name if recording.incident else ""
    return ", ".join(part for part in (category, incident, recording.crime_reference) if part)


def details(recording: Recording, by: User) -> dict[str, str]:
    """The private part of the event."""
    found = {"name": by.short, "category": in_words(recording), "note": recording.note}
    if recording.incident:
        found["incident"] = recording.incident.name
    if recording.crime_reference:
        found["crime_reference"] = recording.crime_reference
    return found


def remember(by: User, recording: Recording, before: dict[str, Any], token: UUID) -> None:
    """Keep what was said before this change. Changes under one token are one thing to undo."""
    row = Undo.objects.filter(recording=recording).first()
    if row and row.by_id == by.pk and row.token == token and row.after == before:
        before = row.before
    Undo.objects.update_or_create(
        recording=recording,
        defaults={
            "by": by, "token": token, "at": timezone.now(), "before": before,
            "after": state(recording),
        },
    )  # fmt: skip
    # Notes are personal: what can't be undone any more is not kept twice.
    Undo.objects.filter(by=by, at__lt=timezone.now() - KEPT_FOR).delete()
