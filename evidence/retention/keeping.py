"""What holds say of why a recording is kept, to those who may know of them."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.keeping import Reason, day
from evidence.recordings.models import Recording
from evidence.retention.actions import secret_to, visible_to
from evidence.retention.models import Hold, Kind


def hidden(reader: User, recording: Recording) -> set[int]:
    """The holds that this reader may not know of: of complaints that name them."""
    of_it = Hold.objects.filter(Q(recording=recording) | Q(recording__joined_into=recording))
    return set(of_it.filter(secret_to(reader)).values_list("pk", flat=True))


def hidden_footage(reader: User) -> QuerySet[Hold, Any]:
    """The recordings that are held for a complaint of which this reader may not know."""
    return Hold.objects.filter(secret_to(reader)).order_by().values("recording")


def holds(reader: User, recording: Recording) -> list[Reason]:
    """A reason for each hold that this reader may know of; one query."""
    rows = visible_to(reader).filter(recording=recording, released_at=None).select_related("set_by")
    found = []
    for row in rows:
        since = day(timezone.localtime(row.set_at).date())
        by = f" by {row.set_by.short}" if row.set_by else ""
        reason = row.reason.rstrip(".")
        kind = str(Kind(row.kind).label).lower()
        found.append(Reason(f"Held since {since}{by} ({kind}): {reason}. Until it is released."))
    return found
