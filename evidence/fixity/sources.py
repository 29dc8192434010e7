"""Originals, viewing copies and replica copies, as things that are read again."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, QuerySet

from evidence.custody.log import jcs
from evidence.custody.models import Event, Pending
from evidence.fixity.models import ReplicaCopy
from evidence.fixity.registry import Item, Said, Source
from evidence.recordings.models import Original, Recording, Rendition, Smaller
from evidence.store import s3

FILMS = (Rendition.Kind.PROXY, Rendition.Kind.SMALL)
# What the log was told in the last seconds has no number yet.
MOST_PENDING = 2000


def sealed(reference: str) -> Said | None:
    """What the log says of an original's bytes."""
    event = Event.objects.filter(object_ref=reference, type="evidence.received").first()
    if event is not None:
        return _said(event.parsed()["object"])
    for body in _pending("evidence.received", reference):
        return _said(body["object"])  # type: ignore[arg-type]
    return None


def made(reference: str, kind: str) -> Said | None:
    """What the log says of the newest rendition of a kind."""
    for body in _pending("rendition.created", reference):
        if body["data"]["kind"] == kind:  # type: ignore[index]
            return _said(body["data"])  # type: ignore[arg-type]
    events = Event.objects.filter(object_ref=reference, type="rendition.created")
    for event in events.order_by("-seq"):
        data = event.parsed()["data"]
        if data["kind"] == kind and "size" in data:
            return _said(data)
    return None


def _said(body: dict[str, object]) -> Said:
    size = body.get("size")
    return Said(str(body.get("sha256", "")), size if isinstance(size, int) else -1)


def _pending(kind: str, reference: str) -> list[dict[str, object]]:
    rows = Pending.objects.order_by("-id")[:MOST_PENDING].values_list("body", flat=True)
    bodies = [jcs.parse(bytes(body)) for body in rows]
    return [
        body for body in bodies if body["type"] == kind and body["object"]["ref"] == reference
    ]  # fmt: skip


class Originals(Source[Original]):
    """The files as the cameras made them."""

    name, words, holds = "original", "Originals", True

    def all(self) -> QuerySet[Original]:
        """See `registry.Source`."""
        return Original.objects.select_related("recording")

    def unread(self) -> QuerySet[Original]:
        """See `registry.Source`."""
        return self.all().filter(damaged_at=None)

    def item(self, row: Original) -> Item:
        """See `registry.Source`."""
        return Item(
            self.name, row.pk, "original", row.reference, row.recording, "originals", row.key,
            row.version_id, row.size, row.sha256, row.checked_at,
        )  # fmt: skip

    def said(self, item: Item) -> Said | None:
        """See `registry.Source`."""
        return sealed(item.reference)

    def seen(self, item: Item, at: datetime) -> None:
        """See `registry.Source`."""
        rows = Original.objects.filter(pk=item.pk, version_id=item.version_id, damaged_at=None)
        rows.update(checked_at=at)

    def spoil(self, item: Item, at: datetime) -> None:
        """See `registry.Source`."""
        Original.objects.filter(pk=item.pk).update(damaged_at=at)

    def heal(self, pk: int) -> None:
        """See `registry.Source`."""
        Original.objects.filter(pk=pk).update(damaged_at=None)

    def rows(self) -> QuerySet[Original]:
        """See `registry.Source`."""
        return Original.objects.annotate(bytes=F("size"))


class Films(Source[Rendition]):
    """What is played in place of originals. Each can be made again."""

    name, words = "film", "Viewing copies"

    def all(self) -> QuerySet[Rendition]:
        """See `registry.Source`."""
        rows = Rendition.objects.filter(kind__in=FILMS)
        return rows.select_related("original__recording")

    def item(self, row: Rendition) -> Item:
        """See `registry.Source`."""
        kind = str(Rendition.Kind(row.kind).label).lower()
        return Item(
            self.name, row.pk, kind, row.original.reference, row.original.recording,
            "renditions", row.key, "", row.size, row.sha256, row.checked_at,
        )  # fmt: skip

    def unread(self) -> QuerySet[Rendition]:
        """See `registry.Source`."""
        # Of a damaged original the film may be all that is left: nothing is done to it.
        return self.all().filter(original__damaged_at=None)

    def made_from(self, item: Item) -> Item | None:
        """See `registry.Source`."""
        row = Rendition.objects.select_related("original__recording").filter(pk=item.pk).first()
        return Originals().item(row.original) if row is not None else None

    def lock(self, pk: int) -> Item | None:
        """See `registry.Source`."""
        # The original first, as whoever renders does it.
        found = Rendition.objects.filter(pk=pk).values("original")
        list(Original.objects.select_for_update(of=("self",)).filter(pk__in=found))
        return self.find(pk)

    def said(self, item: Item) -> Said | None:
        """See `registry.Source`."""
        row = Rendition.objects.get(pk=item.pk)
        # Older events name no hash: then the row is all there is.
        return made(item.reference, row.kind) or Said(row.sha256, row.size)

    def seen(self, item: Item, at: datetime) -> None:
        """See `registry.Source`."""
        Rendition.objects.filter(pk=item.pk, key=item.key).update(checked_at=at)

    def _with(self, row: Rendition) -> QuerySet[Rendition]:
        """What is made in one run with it: all but the small copy, which is made of the proxy."""
        small = Rendition.objects.filter(original=row.original_id, kind=Rendition.Kind.SMALL)
        if row.kind == Rendition.Kind.SMALL:
            return small
        return Rendition.objects.filter(original=row.original_id).exclude(pk__in=small)

    def drop(self, item: Item) -> None:
        """See `registry.Source`."""
        row = Rendition.objects.filter(pk=item.pk).first()
        for one in self._with(row) if row is not None else ():
            s3.delete("renditions", one.key)

    def spoil(self, item: Item, at: datetime) -> None:
        """See `registry.Source`."""
        row = Rendition.objects.filter(pk=item.pk).first()
        if row is None:
            return
        self._with(row).delete()
        if row.kind == Rendition.Kind.SMALL:
            Smaller.objects.filter(original=row.original_id).update(
                state=Smaller.State.WAITING, attempts=0, claimed_until=None, problem=""
            )
            return
        Recording.objects.filter(pk=item.recording.pk).update(media=Recording.Media.WAITING)
        Original.objects.filter(pk=row.original_id).update(
            media=Original.Media.WAITING, media_attempts=0, media_claimed_until=at, progress=0
        )

    def heal(self, pk: int) -> None:
        """Nothing: another row took its place."""

    def rows(self) -> QuerySet[Rendition]:
        """See `registry.Source`."""
        return Rendition.objects.filter(kind__in=FILMS).annotate(bytes=F("size"))


class Replicas(Source[ReplicaCopy]):
    """The second copies of originals. Each can be made again, as long as its original is right."""

    name, words = "replica", "Replica"

    def all(self) -> QuerySet[ReplicaCopy]:
        """See `registry.Source`."""
        there = ReplicaCopy.objects.filter(state=ReplicaCopy.State.THERE)
        return there.select_related("original__recording")

    def unread(self) -> QuerySet[ReplicaCopy]:
        """See `registry.Source`."""
        return self.all() if s3.has_replica() else self.all().none()

    def item(self, row: ReplicaCopy) -> Item:
        """See `registry.Source`."""
        one = row.original
        return Item(
            self.name, row.pk, "replica", one.reference, one.recording, s3.REPLICA, row.key,
            row.version_id, one.size, one.sha256, row.checked_at or row.wanted_at,
        )  # fmt: skip

    def said(self, item: Item) -> Said | None:
        """See `registry.Source`."""
        return sealed(item.reference)

    def seen(self, item: Item, at: datetime) -> None:
        """See `registry.Source`."""
        rows = ReplicaCopy.objects.filter(pk=item.pk, version_id=item.version_id)
        rows.update(checked_at=at)

    def spoil(self, item: Item, at: datetime) -> None:
        """See `registry.Source`."""
        ReplicaCopy.objects.filter(pk=item.pk).update(
            state=ReplicaCopy.State.WAITING, version_id="", wanted_at=at, claimed_until=None,
            attempts=0, copied_at=None, locked_until=None, held=False,
        )  # fmt: skip

    def heal(self, pk: int) -> None:
        """Nothing: the copy that was made anew is its row."""

    def rows(self) -> QuerySet[ReplicaCopy]:
        """See `registry.Source`."""
        there = ReplicaCopy.objects.filter(state=ReplicaCopy.State.THERE)
        return there.annotate(bytes=F("original__size"))
