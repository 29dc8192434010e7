"""Clips as files that are read again. None is made again silently: each is evidence of its own."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, QuerySet
from django.utils import timezone

from evidence.custody.models import Event
from evidence.exhibits.models import Clip
from evidence.fixity.registry import Item, Said, Source

MADE = ("clip.made", "clip.redacted")


class Clips(Source[Clip]):
    """Clips and redacted copies that are ready."""

    name, words, holds = "clip", "Clips and redacted copies", True

    def all(self) -> QuerySet[Clip]:
        """See `registry.Source`."""
        rows = Clip.objects.filter(state=Clip.State.READY)
        return rows.select_related("recording", "original", "exhibit")

    def unread(self) -> QuerySet[Clip]:
        """See `registry.Source`."""
        return self.all().filter(damaged_at=None)

    def item(self, row: Clip) -> Item:
        """See `registry.Source`."""
        # In the exhibit's history alone: the recording's own is read by whoever recorded it, who
        # may not know that there is a clip.
        exhibit = getattr(row, "exhibit", None)
        return Item(
            self.name, row.pk, "redacted copy" if row.redacted else "clip",
            exhibit.reference if exhibit else row.reference, row.recording, "renditions", row.key,
            "", row.size, row.sha256, row.checked_at or row.made_at or timezone.now(),
        )  # fmt: skip

    def said(self, item: Item) -> Said | None:
        """What the log says of the clip, in its exhibit's history or in its original's."""
        clip = Clip.objects.select_related("original").get(pk=item.pk)
        # In its exhibit's history, and in its original's.
        refs = [item.reference, *([clip.original.reference] if clip.original else [])]
        events = Event.objects.filter(object_ref__in=refs, type__in=MADE).order_by("-index")
        for event in events:
            data = event.parsed()["data"]
            if data["clip"] == clip.reference:
                return Said(str(data["sha256"]), int(data["size"]))
        return None

    def seen(self, item: Item, at: datetime) -> None:
        """See `registry.Source`."""
        Clip.objects.filter(pk=item.pk, key=item.key, damaged_at=None).update(checked_at=at)

    def spoil(self, item: Item, at: datetime) -> None:
        """See `registry.Source`."""
        Clip.objects.filter(pk=item.pk).update(damaged_at=at)

    def heal(self, pk: int) -> None:
        """See `registry.Source`."""
        Clip.objects.filter(pk=pk).update(damaged_at=None)

    def rows(self) -> QuerySet[Clip]:
        """See `registry.Source`."""
        return Clip.objects.filter(state=Clip.State.READY).annotate(bytes=F("size"))
