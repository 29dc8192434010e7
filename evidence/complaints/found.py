"""What a complaint's hold has found: what is held, what may still come, what is gone."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.complaints.models import Complaint
from evidence.people.models import User
from evidence.recordings import arrivals
from evidence.recordings.arrivals import Expected
from evidence.retention.models import Hold, Kind
from evidence.retention.registry import Disposed, disposed_of

MOST = 5


@dataclass(frozen=True)
class Found:
    """Of one complaint."""

    held: int
    expected: Expected
    disposed: list[Disposed]

    @property
    def words(self) -> str:
        """14 held, 2 still in cameras, 1 disposed of on 3 Nov. Not docked since: BWC-7."""
        parts = [f"{self.held} held"]
        if self.expected.files:
            parts.append(f"{self.expected.files} still in cameras")
        parts += [f"{one.count} disposed of on {one.on:%-d %b %Y}" for one in self.disposed]
        words = ", ".join(parts) + "."
        out = self.expected.cameras
        if out:
            more = f" and {len(out) - MOST} more" if len(out) > MOST else ""
            words += f" Not docked since: {', '.join(out[:MOST])}{more}."
        return words


def found(complaint: Complaint) -> Found:
    """As it is now. Constant queries."""
    officers = list(User.objects.filter(pk__in=complaint.named.values("officer")))
    held = Hold.objects.filter(kind=Kind.COMPLAINT, reference=complaint.reference, released_at=None)
    window = (officers, complaint.start, complaint.end)
    return Found(held.count(), arrivals.expected(*window), disposed_of(*window))
