"""Every file that a dock listed: sealed, on its way, in quarantine, disposed of. Or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from evidence.recordings.models import Original
from evidence.retention.models import Tombstone
from evidence.store import buckets
from ingest.accounting.faults import DIFFERENT, MISSING, UNKNOWN, Fault
from ingest.devices.models import Made
from ingest.uploads.models import Upload

VERIFYING = timedelta(days=1)
RECEIVING = timedelta(days=7)
DOCK = "Find the camera and dock it again. If it was wiped, find out by whom."
CHUNK = 2000


def states() -> dict[str, int]:
    """Every file that a dock listed, by state."""
    rows = Upload.objects.order_by().values("state").annotate(count=Count("pk"))
    return {row["state"]: row["count"] for row in rows}


def faults() -> Iterator[Fault]:
    """Uploads that are not where they should be, and those that nobody listed."""
    made = Original.objects.filter(upload=OuterRef("pk"))
    gone = Tombstone.objects.filter(upload=OuterRef("pk"))
    lost = Upload.objects.filter(state=Upload.State.SEALED).exclude(Exists(made) | Exists(gone))
    for what in _of(lost):
        todo = "Keep the camera. Look for the row in a backup of the database."
        yield Fault(MISSING, "docks", f"sealed upload without recording: {what}", todo)
    for what in _of(Upload.objects.filter(listings=None)):
        todo = "Find out who made it."
        yield Fault(UNKNOWN, "docks", f"an upload that no dock listed: {what}", todo)
    yield from _stuck()
    yield from _rows()


def _stuck() -> Iterator[Fault]:
    now = timezone.now()
    # What people outside are asked for may never come: that is theirs, and no dock listed it.
    docked = Upload.objects.exclude(camera__kind=Made.REQUEST)
    verifying = docked.filter(
        state=Upload.State.VERIFYING, completed_at__lt=now - VERIFYING
    )  # fmt: skip
    for what in _of(verifying):
        todo = "Keep the camera. Look why its verification does not end: the workers, the store."
        yield Fault(MISSING, "docks", f"all sent, and not sealed for over a day: {what}", todo)
    receiving = docked.filter(state=Upload.State.RECEIVING, touched__lt=now - RECEIVING)
    for what in _of(receiving):
        yield Fault(MISSING, "docks", f"listed, and not sent for over a week: {what}", DOCK)
    for what in _of(docked.filter(state=Upload.State.ABANDONED)):
        yield Fault(MISSING, "docks", f"listed, and never arrived whole: {what}", DOCK)


def _of(uploads: QuerySet[Upload, Upload]) -> Iterator[str]:
    rows = uploads.order_by("pk").values_list("camera__serial", "file_id")
    for serial, file in rows.iterator(chunk_size=CHUNK):
        yield f"{serial} {file}"


def _rows() -> Iterator[Fault]:
    """Rows of listings, uploads and originals that don't fit together."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT listing.id, listing.upload_id FROM uploads_listing listing WHERE NOT EXISTS"
            " (SELECT 1 FROM uploads_upload WHERE id = listing.upload_id) ORDER BY 1"
        )
        for identifier, upload in cursor.fetchall():
            what = f"listing {identifier} of a dock: its upload {upload} is not there"
            yield Fault(MISSING, "docks", what, "Look for the row in a backup of the database.")
    upload = Upload.objects.filter(pk=OuterRef("upload"))
    same = upload.filter(sha256=OuterRef("sha256"), size=OuterRef("size"))
    for reference, there in (
        Original.objects.exclude(Exists(same)).annotate(there=Exists(upload)).order_by("pk")
        .values_list("reference", "there").iterator(chunk_size=CHUNK)
    ):  # fmt: skip
        if there:
            what = f"{reference}: original and upload have not the same hash and size"
            yield Fault(DIFFERENT, "rows", what, "Compare both with the log and the receipt.")
        else:
            what = f"{reference}: the upload that it came by is not there"
            yield Fault(MISSING, "rows", what, "Look for the row in a backup of the database.")


def unfinished(alias: str) -> Iterator[Fault]:
    """Unfinished uploads in the store that no row knows. Raises s3.StoreError."""
    young = timezone.now() - timedelta(seconds=settings.ACCOUNTING_GRACE_SECONDS)
    for part in buckets.multiparts(alias):
        known = Upload.objects.filter(multipart=part.upload_id).exclude(
            state__in=[Upload.State.SEALED, Upload.State.ABANDONED]
        )
        if (part.begun and part.begun > young) or (alias == "originals" and known.exists()):
            continue
        what = f"unfinished upload {part.upload_id} in {alias}, {part.key}: no row names it"
        todo = "Nobody continues it, and its parts take room. Have the store end it."
        if alias == "renditions":
            todo = "A worker died. End it: manage.py reconcile --remove-orphans."
        yield Fault(UNKNOWN, alias, what, todo)
