"""Taking away renditions that nothing names, by an explicit act of a person; never originals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evidence.custody.models import Event
from evidence.custody.record import Draft, Subject, record, service
from evidence.store import buckets, s3
from ingest.accounting import objects
from ingest.accounting.faults import UNKNOWN
from ingest.accounting.models import Finding
from ingest.accounting.objects import Tally

ALIAS = "renditions"
ACTOR = service("accounting")


def remove(*, by: str) -> Iterator[str]:
    """Destroy what a count has listed and a look now finds unnamed still; a line for each.

    Only what a finished or earlier count wrote down: nobody removes what no list showed. Nothing
    that is older than a restoration of the database: the rows that named it may have been lost,
    and a clip or a redacted copy can be evidence.
    """
    restored = _restored_at()
    listed = Finding.objects.filter(kind=UNKNOWN, alias=ALIAS, resolved_at=None).order_by("pk")
    for finding in listed.iterator(chunk_size=200):
        [*still] = objects.confirm(ALIAS, [finding.key], Tally())
        if not any(fault.alias == ALIAS for fault in still):
            continue
        held = objects.held_under(ALIAS, finding.key)
        size = sum(one.size for one in held)
        if restored is not None and any((one.modified or restored) <= restored for one in held):
            yield (
                f"kept {ALIAS} {finding.key}, {size:,} bytes: it is older than the restoration of "
                "the database. Find out what it is; the log may tell (clip.made, clip.redacted)."
            )
            continue
        _written(by, {"stored": f"{s3.bucket(ALIAS)}/{finding.key}", "size": size})
        s3.delete(ALIAS, finding.key)
        Finding.objects.filter(pk=finding.pk).update(resolved_at=timezone.now())
        yield f"removed {ALIAS} {finding.key}, {size:,} bytes"
    yield from _unfinished(by)


def _written(by: str, data: dict[str, object]) -> None:
    """The event is in the log before anything is taken away: who dies in between has told of what
    is there still, and the next count finds it; the other way round the log would not know."""
    with transaction.atomic(durable=True):
        record(
            Draft("accounting.orphan_removed", Subject("accounting"), ACTOR, data=data,
                  private={"name": by})
        )  # fmt: skip


def _restored_at() -> datetime | None:
    event = Event.objects.filter(type="log.restored").order_by("-index").first()
    return datetime.fromisoformat(str(event.parsed()["time"])) if event is not None else None


def _unfinished(by: str) -> Iterator[str]:
    young = timezone.now() - timedelta(seconds=settings.ACCOUNTING_GRACE_SECONDS)
    for part in buckets.multiparts(ALIAS):
        if part.begun and part.begun > young:
            continue
        stored = f"{s3.bucket(ALIAS)}/{part.key}"
        _written(by, {"stored": stored, "size": 0, "upload": part.upload_id[:200]})
        s3.abort_multipart(ALIAS, part.key, part.upload_id)
        yield f"ended the unfinished upload {part.upload_id} of {ALIAS} {part.key}"
