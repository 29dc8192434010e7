"""The last word on what was destroyed: what stays of each original, and what is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Q, Value
from django.utils import timezone

from evidence.custody.record import Draft, record_all, service
from evidence.recordings.models import (
    Marker,
    Original,
    Recording,
    Rendition,
    Smaller,
    SyncNudge,
    Undo,
)
from evidence.retention import registry
from evidence.retention.models import Batch, Doomed, Grouping, Item, Tombstone
from evidence.retention.reckoning import code_of
from evidence.store import s3

ACTOR = service("retention")
# An event takes 16 KiB: as many objects are named in it, the number of all stands beside them.
ROOM = 12_000
State = Item.State


def bury(item_id: int) -> bool:
    """Write what stays, forget the rest, in one transaction; once. False where there is nothing to
    do. Every object is gone, or nothing is written."""
    recording_id = Item.objects.get(pk=item_id).recording_id
    with transaction.atomic():
        recording = Recording.objects.select_for_update(of=("self",)).get(pk=recording_id)
        rows = Item.objects.select_for_update(of=("self",))
        item = rows.select_related("batch__rule").get(pk=item_id)
        objects = list(Doomed.objects.filter(item=item).order_by("pk"))
        if item.state != State.DESTROYING or any(row.gone_at is None for row in objects):
            return False
        originals = list(Original.objects.filter(recording=recording).order_by("pk"))
        _tombstones(item, recording, originals, objects)
        for forget in registry.forgetters:
            forget(recording)
        _forget(recording)
        _tell(item, originals, objects)
        Item.objects.filter(pk=item.pk).update(
            state=State.GONE, ended_at=timezone.now(), claimed_until=None, problem="",
            problem_at=None,
        )  # fmt: skip
    return True


def _tombstones(
    item: Item, recording: Recording, originals: Sequence[Original], objects: Sequence[Doomed]
) -> None:
    Tombstone.objects.bulk_create(
        Tombstone(
            recording=recording, item=item, reference=one.reference, upload=one.upload,
            size=one.size, sha256=one.sha256, key=one.key, version_id=one.version_id,
            recorded_at=one.recorded_at, docked_at=one.docked_at, sealed_at=one.sealed_at,
            category=recording.category.name if recording.category else "",
            ground=item.batch.ground, answers=[_answer(row) for row in objects
                                               if row.reference in ("", one.reference)],
            gone_at=timezone.now(),
        ) for one in originals
    )  # fmt: skip


def _answer(row: Doomed) -> dict[str, str]:
    return {
        "what": row.what, "stored": f"{s3.bucket(row.alias)}/{row.key}",
        "version": row.version_id, "status": row.answer.get("status", ""),
        "request": row.answer.get("request", ""),
        "at": row.gone_at.isoformat() if row.gone_at else "",
    }  # fmt: skip


def _forget(recording: Recording) -> None:
    """Rows of what is gone, and every word about people that was written to it."""
    Rendition.objects.filter(original__recording=recording).delete()
    Smaller.objects.filter(original__recording=recording).delete()
    Original.objects.filter(recording=recording).delete()
    parts = Recording.objects.filter(Q(pk=recording.pk) | Q(joined_into=recording))
    # An empty index, not none: a sweep fills in those that have none.
    nothing = SearchVector(Value(""))
    parts.update(
        note="", crime_reference="", latitude=None, longitude=None, media_reason="",
        search=nothing, search_office=nothing,
    )  # fmt: skip
    Marker.objects.filter(recording__in=parts).update(text="")
    SyncNudge.objects.filter(Q(recording__in=parts) | Q(against__in=parts)).update(reason="")
    Undo.objects.filter(recording__in=parts).delete()
    # Why, and who is how old: the log says the first for as long as it is kept.
    Grouping.objects.filter(recording__in=parts).update(reason="", born_on=None)


def _tell(item: Item, originals: Sequence[Original], objects: Sequence[Doomed]) -> None:
    batch = item.batch
    rule = code_of(batch.rule) if batch.rule else ""
    private = {"name": released_by(batch), "ground": batch.ground}
    drafts = []
    for original in originals:
        own = [row for row in objects if row.reference in ("", original.reference)]
        data: dict[str, Any] = {
            "batch": batch.reference,
            "rule": rule,
            "objects": len(own),
            **_named(own),
        }
        drafts.append(Draft("evidence.deleted", original.subject(), ACTOR, data, private))
    record_all([(draft, None) for draft in drafts])


def _named(objects: Sequence[Doomed]) -> dict[str, list[str]]:
    """Where they lay and what the store answered, as many as an event has room for."""
    stored: list[str] = []
    answers: list[str] = []
    room = ROOM
    for row in objects:
        where = f"{s3.bucket(row.alias)}/{row.key} {row.version_id}".strip()
        said = " ".join(filter(None, (row.answer.get("status"), row.answer.get("request"))))
        room -= len(where.encode()) + len(said.encode()) + 6
        if room < 0:
            break
        stored.append(where)
        answers.append(said)
    return {"stored": stored, "answers": answers}


def released_by(batch: Batch) -> str:
    """Who let go of it: the two people, or the rule."""
    if batch.by_rule:
        return f"the rule: {batch.ground}"[:300]
    people = [one.short for one in (batch.proposed_by, batch.decided_by) if one]
    return " and ".join(people)
