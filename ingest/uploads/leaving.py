"""What the door keeps of a file, and what it forgets when the footage is disposed of."""

from __future__ import annotations

from django.db.models import F, Sum
from django.db.models.functions import Greatest

from evidence.recordings.models import Original, Recording
from evidence.retention.registry import Copy
from ingest.uploads.models import Quarantine, StoreGauge


def copies(recording: Recording) -> list[Copy]:
    """Bytes that disagreed with the dock's fingerprint and were kept when it was taken in again."""
    originals = {row.upload: row for row in Original.objects.filter(recording=recording)}
    rows = Quarantine.objects.filter(upload__in=originals).exclude(kept="").order_by("pk")
    found = []
    for row in rows:
        key, _, version = row.kept.partition(" ")
        reference = originals[row.upload_id].reference
        found.append(Copy("originals", key, version, "bytes that disagreed", reference))
    return found


def forget(recording: Recording) -> None:
    """The store holds so many bytes less."""
    size = Original.objects.filter(recording=recording).aggregate(size=Sum("size"))["size"] or 0
    StoreGauge.objects.filter(pk=1).update(used_bytes=Greatest(F("used_bytes") - size, 0))
