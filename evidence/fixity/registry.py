"""What is read again: each room registers the objects that it answers for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db.models import Count, Model, Q, QuerySet, Sum

from evidence.recordings.models import Recording

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Item:
    """An object of the store, as its row says."""

    source: str
    pk: int
    # What it is (an original, a viewing copy), and by which reference the log tells of it.
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


class Source(ABC, Generic[M]):
    """One kind of object: how its rows are found, and what damage means to them."""

    name: str
    # In the plural, as the page says it.
    words: str
    # What can't be made again is held, and is not shown until it is mended.
    holds = False

    @abstractmethod
    def all(self) -> QuerySet[M]:
        """The rows behind which there is an object, with what `item` needs."""

    @abstractmethod
    def item(self, row: M) -> Item:
        """A row as something to be read."""

    def unread(self) -> QuerySet[M]:
        """The rows whose turn comes: none that is known to be damaged."""
        return self.all()

    def oldest(self, before: datetime, without: Collection[int], limit: int) -> list[Item]:
        """Those not read since `before`, the longest unread first."""
        rows = self.unread().filter(checked_at__lt=before).exclude(pk__in=without)
        return [self.item(row) for row in rows.order_by("checked_at", "pk")[:limit]]

    def find(self, pk: int) -> Item | None:
        """One by its row, damaged or not; None when there is none to be read."""
        row = self.all().filter(pk=pk).first()
        return self.item(row) if row is not None else None

    def lock(self, pk: int) -> Item | None:
        """As `find`, with the row locked, in the caller's transaction."""
        row = self.all().select_for_update(of=("self",)).filter(pk=pk).first()
        return self.item(row) if row is not None else None

    @abstractmethod
    def said(self, item: Item) -> Said | None:
        """What the custody log says; None when it says nothing yet."""

    @abstractmethod
    def seen(self, item: Item, at: datetime) -> None:
        """Write down that it was read and is right; nothing where the row has moved on."""

    def made_from(self, item: Item) -> Item | None:
        """What it is made again from, when it is thrown away for being bad; None: it is kept."""
        return None

    def drop(self, item: Item) -> None:
        """Delete from the store what will be made again; before `spoil`, and before any lock.

        First the object, then its row: who dies between the two finds that it is missing. The
        other way round what is made anew could find the bad bytes under its name.
        """

    @abstractmethod
    def spoil(self, item: Item, at: datetime) -> None:
        """Take it out of use, in the transaction that writes the damage down."""

    @abstractmethod
    def heal(self, pk: int) -> None:
        """Put it back into use, in the transaction that writes down that it is mended."""

    @abstractmethod
    def rows(self) -> QuerySet[M]:
        """All of them, with `checked_at` and the size under `bytes`: for the figures."""


_sources: dict[str, Source[Any]] = {}


def register(source: Source[Any]) -> None:
    """Add a kind of object; the same again changes nothing."""
    _sources.setdefault(source.name, source)


def sources() -> list[Source[Any]]:
    """All kinds."""
    return list(_sources.values())


def source(name: str) -> Source[Any]:
    """One kind by its name. Raises KeyError."""
    return _sources[name]


def sums(since: dict[str, datetime]) -> dict[str, Any]:
    """The aggregates of a kind's figures: all, and what was checked since each moment."""
    found: dict[str, Any] = {
        "objects_all": Count("pk"), "bytes_all": Sum("bytes", default=0),
    }  # fmt: skip
    for name, moment in since.items():
        recent = Q(checked_at__gte=moment)
        found[f"objects_{name}"] = Count("pk", filter=recent)
        found[f"bytes_{name}"] = Sum("bytes", filter=recent, default=0)
    return found
