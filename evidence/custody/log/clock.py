"""How every event writes its time."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """UTC with microseconds and Z: sorted as text it is sorted as time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
