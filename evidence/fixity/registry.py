"""What is read again: each room registers the objects that it answers for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import Count, Q, QuerySet, Sum

from evidence.custody.record import Subject
from evidence.recordings.models import Recording


@dataclass(frozen=True)
class Item:
    """An object of the store, as its row says."""

    source: str
    pk: int
    # What it is (an original, a viewing copy), and how the log and people call it.
    kind: str
    reference: str
    recording: Recording
    alias: str
    key: str
    version_id: str
    size: int
    sha256: str
    checked_at: datetime


@dataclass(frozen=True)
class Said:
    """What the custody log says of an object's bytes."""

    sha256: str
    size: int


class Source(Protocol):
    """One kind of object: how its rows are found, and what damage means to them."""

    name: str
    # In the plural, as the page says it.
    words: str
    # What can't be made again is held, and is not shown until it is mended.
    holds: bool

    def oldest(self, before: datetime, without: Collection[int], limit: int) -> list[Item]:
        """Those not read since `before`, the longest unread first; none that is damaged."""

    def find(self, pk: int) -> Item | None:
        """One by its row, damaged or not; None when there is none to be read."""

    def lock(self, pk: int) -> Item | None:
        """As `find`, with the row locked, in the caller's transaction."""

    def said(self, item: Item) -> Said | None:
        """What the custody log says; None when it says nothing yet."""

    def seen(self, item: Item, at: datetime) -> None:
        """Write down that it was read and is right; nothing where the row has moved on."""

    def spoil(self, item: Item, at: datetime) -> None:
        """Take it out of use, in the transaction that writes the damage down."""

    def heal(self, pk: int) -> None:
        """Put it back into use, in the transaction that writes down that it is mended."""

    def subject(self, item: Item) -> Subject:
        """Whose history tells of it."""

    def rows(self) -> QuerySet[object]:
        """All of them, with `checked_at` and the size under `bytes`: for the figures."""


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Add a kind of object; the same again changes nothing."""
    _sources.setdefault(source.name, source)


def sources() -> list[Source]:
    """All kinds."""
    return list(_sources.values())


def source(name: str) -> Source:
    """One kind by its name. Raises KeyError."""
    return _sources[name]


def sums(since: dict[str, datetime]) -> dict[str, object]:
    """The aggregates of a kind's figures: all, and what was checked since each moment."""
    found: dict[str, object] = {
        "objects_all": Count("pk"), "bytes_all": Sum("bytes", default=0),
    }  # fmt: skip
    for name, moment in since.items():
        recent = Q(checked_at__gte=moment)
        found[f"objects_{name}"] = Count("pk", filter=recent)
        found[f"bytes_{name}"] = Sum("bytes", filter=recent, default=0)
    return found
