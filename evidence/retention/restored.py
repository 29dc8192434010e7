"""After the database was restored: what had gone by then goes again, and is not shown meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from evidence.custody.models import Event
from evidence.recordings.models import Original, Recording
from evidence.retention import destroying, listing
from evidence.retention.models import Batch, Item

GROUND = "Disposed of before the database was lost, as the custody log says"
WORDS = "The database was restored from a backup that did not know of this proposal."


@dataclass(frozen=True)
class Gone:
    """A recording that the log says was disposed of: what became of its rows."""

    reference: str
    problem: str = ""


def back_again() -> list[int]:
    """Recordings whose rows are here, and of which the log says that they were disposed of."""
    said = Event.objects.filter(type="evidence.deleted", object_ref=OuterRef("reference"))
    rows = Original.objects.filter(Exists(said)).order_by("recording")
    return list(rows.values_list("recording", flat=True).distinct())


def dispose_again() -> Iterator[Gone]:
    """Bring rows that came back with a backup to where the log says that they were.

    Two people or a rule had let go of it, and the store does not have it any more: only then.
    What the store has still is told, and goes by an ordinary disposal or not at all. May run
    twice; may die at any line. Raises s3.StoreError.
    """
    for pk in back_again():
        recording = Recording.objects.get(pk=pk)
        left = [one for one in Original.objects.filter(recording=pk) if _there(one)]
        if left:
            yield Gone(recording.reference, f"The store has {left[0].reference} still.")
            continue
        item = _begun(pk)
        destroying.destroy(item.pk)
        item.refresh_from_db()
        waits = "" if item.state == Item.State.GONE else "A worker goes on with it."
        yield Gone(recording.reference, item.problem or waits)


def _there(original: Original) -> bool:
    return any(not one.marker for one in listing.exactly("originals", original.key))


def _begun(pk: int) -> Item:
    now = timezone.now()
    with transaction.atomic():
        recording = Recording.objects.select_for_update(of=("self",)).get(pk=pk)
        open_ = Item.objects.select_for_update(of=("self",)).filter(
            recording=recording, state__in=Item.OPEN
        )
        item = open_.select_related("batch").first()
        if item is not None and item.state == Item.State.DESTROYING:
            return item
        if item is not None:
            Item.objects.filter(pk=item.pk).update(
                state=Item.State.KEPT, ended_at=now, ended_reason=WORDS
            )
        batch = Batch.objects.create(
            by_rule=True, ground=GROUND, state=Batch.State.LEAVING, count=1, decided_at=now,
            goes_at=now,
        )  # fmt: skip
        item = Item.objects.create(
            batch=batch, recording=recording, state=Item.State.LEAVING, goes_at=now
        )
        destroying.begin_of(item, recording)
    return item
