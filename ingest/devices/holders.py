"""With whom a recording's camera was when it recorded."""

from __future__ import annotations

from django.utils import timezone

from evidence.recordings.models import Recording
from ingest.devices.models import Issue


def had(recording: Recording) -> str:
    """PC 4127 Shah, from 22 Nov 2026 18:00 to 23 Nov 2026 06:00; empty where nobody had it."""
    row = (
        Issue.objects.filter(
            camera__serial=recording.camera, period__contains=recording.happened_at
        )
        .select_related("officer")
        .first()
    )
    if row is None:
        return ""
    start, end = row.period.lower, row.period.upper
    until = f" to {timezone.localtime(end):%-d %b %Y %H:%M %Z}" if end else ", still out"
    since = (
        f"from {timezone.localtime(start):%-d %b %Y %H:%M %Z}" if start else "from the beginning"
    )
    return f"{row.officer.short}, {since}{until}"
