"""Segments of one press of the button become one recording.

By contiguous times on one camera: a file that begins where another ends. Each file is
first sealed as a recording of its own, so that its receipt can name one; joining moves it
into the earlier recording, and its own reference leads there from then on.
"""

from __future__ import annotations

import zlib
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from evidence.cases.models import CaseLink
from evidence.custody.record import Draft, record, service
from evidence.exhibits.models import Exhibit
from evidence.recordings import rules, search
from evidence.recordings.models import (
    Coverage,
    Grant,
    Marker,
    Original,
    Package,
    Recording,
    SyncNudge,
    Undo,
)
from evidence.recordings.said import state
from evidence.retention.actions import carry
from evidence.retention.models import Fresh, Grouping
from evidence.sharing.models import Item

# Cameras name files by whole seconds: the end of one and the start of the next may differ.
TOLERANCE = timedelta(seconds=1.5)
ACTOR = service("media")


def _lock_camera(serial: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)",
            [0x627776, zlib.crc32(serial.encode()) - 2**31],
        )


def _ends(original: Original) -> timedelta:
    return timedelta(milliseconds=original.duration_ms)


def _family(name: str) -> str:
    """Files of one channel share everything but digits: front and rear cameras never join."""
    return "".join(char for char in name if not char.isdigit())


def join(original: Original) -> Recording:
    """Join the original's recording with the neighbours that it continues or that continue it.

    In the caller's transaction. One camera's joins wait for each other.
    """
    with transaction.atomic():
        _lock_camera(original.recording.camera)
        original.refresh_from_db()
        target = original.recording
        if original.recorded_at is None or not original.duration_ms:
            return target
        near = Original.objects.filter(
            recording__camera=target.camera,
            media=Original.Media.READY,
            recorded_at__range=(
                original.recorded_at - timedelta(hours=24),
                original.recorded_at + _ends(original) + TOLERANCE,
            ),
        ).exclude(recording=target).select_related("recording")  # fmt: skip
        for other in near:
            if _family(other.file_name) != _family(original.file_name):
                continue
            first, second = sorted((original, other), key=lambda item: item.recorded_at or 0)  # type: ignore[arg-type, return-value]
            assert first.recorded_at and second.recorded_at
            gap = second.recorded_at - (first.recorded_at + _ends(first))
            if abs(gap) <= TOLERANCE:
                _merge(first.recording, second.recording, gap)
                original.refresh_from_db()
        return original.recording


def _lock(one: Recording, other: Recording) -> None:
    """Whoever changes either waits from here on; what they had changed before is seen."""
    pair = Recording.objects.filter(pk__in=[one.pk, other.pk]).order_by("pk")
    list(pair.select_for_update(of=("self",)))
    one.refresh_from_db()
    other.refresh_from_db()


def _may_join(into: Recording, gone: Recording) -> bool:
    """One officer's, and nobody has said or shown anything of either that joining would change.

    Both are locked. Joining the two would open one to whoever may see the other.
    """
    if into.pk == gone.pk or into.joined_into_id or gone.joined_into_id:
        return False
    if into.disposed_at or gone.disposed_at or into.disposals.exists() or gone.disposals.exists():
        # One of them is on its way out, or was: the other does not go or stay with it.
        return False
    return into.officer_id == gone.officer_id and not (_told(into) or _told(gone))


def _told(recording: Recording) -> bool:
    """Whether somebody said, opened or showed something of just this recording."""
    said = state(recording)
    for row in Undo.objects.filter(recording=recording):
        said = said | {f"before {key}": value for key, value in row.before.items()}
        said = said | {f"after {key}": value for key, value in row.after.items()}
    if recording.restricted or any(said.values()):
        return True
    nudged = Q(recording=recording) | Q(against=recording)
    rows: list[QuerySet[Any]] = [
        Grant.objects.filter(recording=recording, ended_at=None, until__gt=timezone.now()),
        Marker.objects.filter(recording=recording),
        Coverage.objects.filter(recording=recording),
        SyncNudge.objects.filter(nudged),
        Package.objects.filter(recordings=recording),
        CaseLink.objects.filter(recording=recording, unlinked_at=None),
        Item.objects.filter(recording=recording),
        Grouping.objects.filter(recording=recording),
        Fresh.objects.filter(recording=recording),
        # Withdrawn ones too: a mark leads to what was produced under it, and to no more.
        Exhibit.objects.filter(recording=recording),
    ]
    return any(found.exists() for found in rows)


def _merge(into: Recording, gone: Recording, gap: timedelta) -> None:
    _lock(into, gone)
    if not _may_join(into, gone):
        return
    gone.originals.update(recording=into)
    carry(gone=gone, into=into)
    Recording.objects.filter(joined_into=gone).update(joined_into=into)
    gone.joined_into = into
    gone.save(update_fields=["joined_into"])
    milliseconds = round(gap.total_seconds() * 1000)
    for one, other in ((into, gone), (gone, into)):
        record(
            Draft(
                "recording.joined",
                one.subject(),
                ACTOR,
                data={"other": other.reference, "gap_ms": milliseconds, "rule": "contiguous"},
                private={"other": other.reference},
            )
        )
    search.reindex(into)
    refresh(into)
    # The last of its files may have come days after the first.
    rules.settle(into)
    into.save(update_fields=["kept_until"])


def refresh(recording: Recording) -> None:
    """Make the recording say what its files are: length, and whether it plays."""
    states = set(recording.originals.values_list("media", flat=True))
    length = recording.originals.aggregate(total=Sum("duration_ms"))["total"] or 0
    media = Recording.Media
    if Original.Media.READY in states:
        said = media.READY
    elif Original.Media.RUNNING in states:
        said = media.RENDERING
    elif Original.Media.WAITING in states:
        said = media.WAITING
    elif Original.Media.FAILED in states:
        said = media.UNPLAYABLE
    else:
        said = media.NOT_MEDIA
    ends = recording.happened_at + timedelta(milliseconds=length) if length else None
    reason = recording.originals.exclude(media_reason="").values_list("media_reason", flat=True)
    Recording.objects.filter(pk=recording.pk).update(
        media=said,
        duration_ms=length,
        ends_at=ends,
        **({"media_reason": reason[0]} if said == media.UNPLAYABLE and reason else {}),
    )
