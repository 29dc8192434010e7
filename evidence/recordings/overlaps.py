"""What else was recording then: other recordings whose time overlaps, as far as one may see."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.fields import DateTimeRangeField
from django.db.models import Case, DateTimeField, F, Func, IntegerField, Value, When
from django.db.models.functions import Greatest

from evidence.people.models import User
from evidence.recordings.access import visible_to
from evidence.recordings.models import Recording

MOST = 20
EARTH = 6_371_008.8  # metres, its mean radius


@dataclass(frozen=True)
class Other:
    """Another recording of that time: how long both ran, and how far apart they began."""

    recording: Recording
    seconds: float
    same_unit: bool
    metres: float | None

    @property
    def milliseconds(self) -> int:
        """How long both ran, as pages write lengths."""
        return round(self.seconds * 1000)

    @property
    def distance(self) -> str:
        """ "about 40 m away", or nothing where one of them does not say where it was."""
        if self.metres is None:
            return ""
        if self.metres < 1000:
            return f"about {max(10, round(self.metres / 10) * 10)} m away"
        return f"about {self.metres / 1000:.1f} km away"


def others(recording: Recording, reader: User) -> tuple[list[Other], bool]:
    """Up to 20 that overlap, the same unit's first, then the nearest start; and if there are more.

    One query, over the index of periods.
    """
    if recording.ends_at is None or recording.ends_at <= recording.happened_at:
        return [], False
    unit = recording.officer.unit_id if recording.officer else None
    period = Func(
        F("happened_at"), F("ends_at"), function="tstzrange", output_field=DateTimeRangeField()
    )
    # How far apart both began, whichever was first.
    began = Value(recording.happened_at, output_field=DateTimeField())
    apart = Greatest(F("happened_at") - began, began - F("happened_at"))
    found = (
        visible_to(reader)
        .exclude(pk=recording.pk)
        .filter(kind=Recording.Kind.FOOTAGE, ends_at__isnull=False)
        .alias(period=period)
        .filter(period__overlap=(recording.happened_at, recording.ends_at))
        .annotate(
            elsewhere=Case(
                When(officer__unit=unit, then=Value(0)) if unit else When(pk=0, then=Value(0)),
                default=Value(1),
                output_field=IntegerField(),
            )
        )
        .select_related("officer__unit")
        .order_by("elsewhere", apart, "happened_at", "pk")
    )
    rows = list(found[: MOST + 1])
    return [_other(recording, row) for row in rows[:MOST]], len(rows) > MOST


def _other(recording: Recording, row: Recording) -> Other:
    assert recording.ends_at
    assert row.ends_at
    start: datetime = max(recording.happened_at, row.happened_at)
    end: datetime = min(recording.ends_at, row.ends_at)
    same = row.elsewhere == 0  # type: ignore[attr-defined]
    return Other(row, max(0.0, (end - start).total_seconds()), same, _apart(recording, row))


def _apart(one: Recording, other: Recording) -> float | None:
    here, there = _place(one), _place(other)
    return None if here is None or there is None else metres(here, there)


def _place(recording: Recording) -> tuple[float, float] | None:
    if recording.latitude is None or recording.longitude is None:
        return None
    return recording.latitude, recording.longitude


def metres(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Over the ground between two places in degrees (haversine, a sphere: within 0.5 %)."""
    a, b = math.radians(here[0]), math.radians(there[0])
    north, east = (b - a) / 2, math.radians(there[1] - here[1]) / 2
    half = math.sin(north) ** 2 + math.cos(a) * math.cos(b) * math.sin(east) ** 2
    return 2 * EARTH * math.asin(min(1.0, math.sqrt(half)))
