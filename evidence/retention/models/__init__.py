"""Holds and watches, periods of single recordings, and disposal."""

from evidence.retention.models.disposal import Batch, Doomed, Item, Tombstone
from evidence.retention.models.due import Due, Round
from evidence.retention.models.holds import Hold, Kind, Unassigned, Watch
from evidence.retention.models.periods import Fresh, Grouping

__all__ = [
    "Batch",
    "Doomed",
    "Due",
    "Fresh",
    "Grouping",
    "Hold",
    "Item",
    "Kind",
    "Round",
    "Tombstone",
    "Unassigned",
    "Watch",
]
