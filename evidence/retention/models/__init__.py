"""Holds and watches, periods of single recordings, and disposal."""

from evidence.retention.models.disposal import Batch, Doomed, Item, Tombstone
from evidence.retention.models.due import Due, Round
from evidence.retention.models.holds import BY_PEOPLE, Hold, Kind, Unassigned, Watch
from evidence.retention.models.periods import Fresh, Grouping
from evidence.retention.models.releases import ReleaseRequest

__all__ = [
    "BY_PEOPLE",
    "Batch",
    "Doomed",
    "Due",
    "Fresh",
    "Grouping",
    "Hold",
    "Item",
    "Kind",
    "ReleaseRequest",
    "Round",
    "Tombstone",
    "Unassigned",
    "Watch",
]
