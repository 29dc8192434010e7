"""After the database was restored nothing is destroyed in haste.

Rows of a backup are older than what people did since. Somebody may have restored footage from a
batch, held it, or said that it is an arrest: that is in the custody log, and in no row.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from evidence.custody.models import Event


def calm_until() -> datetime | None:
    """Until when nothing new is destroyed, because the database was restored; None: no such time.

    What is being destroyed already goes on: its list was decided under the same rows.
    """
    event = Event.objects.filter(type="log.restored").order_by("-index").first()
    if event is None:
        return None
    said = datetime.fromisoformat(str(event.parsed()["time"]))
    until = said + timedelta(days=settings.REMORSE_DAYS)
    return until if until > timezone.now() else None
