"""What somebody has really played of a recording, to the second: the rows, and who reads them.

They are written by `sittings.report` alone, from what a player reports and the server believes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from evidence.people.models import User
from evidence.recordings import ranges
from evidence.recordings.models import Coverage, Recording
from evidence.recordings.ranges import Ranges


@dataclass(frozen=True)
class Row:
    """How much one person has played of one recording, for one thing that they review."""

    recording: Recording
    person: User
    ranges: Ranges
    played_ms: int
    duration_ms: int
    updated_at: datetime

    @property
    def percent(self) -> int:
        """Whole per cent; 100 only when less than half a second is missing."""
        return ranges.percent(self.played_ms, self.duration_ms)

    @property
    def complete(self) -> bool:
        """Whether all of it was played."""
        return self.percent == 100


def of(about: str, recordings: Collection[Recording] | None = None) -> list[Row]:
    """Who has played how much for one thing, like `complaint-12`: by recording, then by person.

    One query. Without `recordings`, everything that was played for it.
    """
    if not about:
        return []
    found = Coverage.objects.filter(about=about).select_related("recording__officer", "person")
    if recordings is not None:
        found = found.filter(recording__in=recordings)
    order = found.order_by("recording__happened_at", "recording_id", "person__name", "person_id")
    return [_row(item) for item in order]


def own(person: User, recordings: Iterable[Recording], about: str = "") -> dict[int, Row]:
    """What one person has played of each, by the recording's number; one query."""
    rows = Coverage.objects.filter(person=person, recording__in=recordings, about=about)
    return {item.recording_id: _row(item) for item in rows.select_related("recording", "person")}


def _row(item: Coverage) -> Row:
    return Row(
        item.recording, item.person, item.ranges, item.played_ms, item.recording.duration_ms,
        item.updated_at,
    )  # fmt: skip


def add(*, person: User, recording: Recording, about: str, played: Ranges) -> bool:
    """Count ranges as played, whoever else counts at the same time; in the caller's transaction.

    Whether there is something among them that was not played before.
    """
    one: dict[str, Any] = {"recording": recording, "person": person, "about": about}
    Coverage.objects.get_or_create(**one)
    row = Coverage.objects.select_for_update().get(**one)
    before = row.played_ms
    row.ranges = ranges.merged(row.ranges, played)
    row.played_ms, row.updated_at = ranges.length(row.ranges), timezone.now()
    row.save(update_fields=["ranges", "played_ms", "updated_at"])
    return row.played_ms > before
