"""Where footage was, and whether that is within some metres of a place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from evidence.recordings.overlaps import EARTH, metres

DEGREE = EARTH * math.pi / 180


@dataclass(frozen=True)
class Place:
    """A point, in degrees (WGS 84), and how far around it, in metres."""

    latitude: float
    longitude: float
    radius: int

    def reaches(self, latitude: float | None, longitude: float | None) -> bool:
        """Whether a position lies within it; an unknown one does not."""
        if latitude is None or longitude is None:
            return False
        return metres((self.latitude, self.longitude), (latitude, longitude)) <= self.radius

    def _square(self) -> tuple[float, float, float, float]:
        """South, west, north, east; near a pole or the date line the whole way round."""
        high = self.radius / DEGREE
        south, north = self.latitude - high, self.latitude + high
        wide = high / math.cos(math.radians(min(89.0, abs(self.latitude) + high)))
        if abs(self.longitude) + wide > 180 or abs(self.latitude) > 88:
            return south, -180.0, north, 180.0
        return south, self.longitude - wide, north, self.longitude + wide

    def around(self) -> Q:
        """Recordings in the square around it: what an index can find before `reaches` measures."""
        south, west, north, east = self._square()
        return Q(latitude__range=(south, north), longitude__range=(west, east))

    def touches(self, box: Sequence[float]) -> bool:
        """Whether it reaches into a square of south, west, north and east."""
        south, west, north, east = box
        latitude = min(max(self.latitude, south), north)
        return self.reaches(latitude, min(max(self.longitude, west), east))

    def passed(self) -> Q:
        """Tracks whose squares reach into the square around it, for `touches` to measure."""
        south, west, north, east = self._square()
        return Q(
            facts__box__0__lte=north, facts__box__1__lte=east, facts__box__2__gte=south,
            facts__box__3__gte=west,
        )  # fmt: skip
