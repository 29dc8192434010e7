"""Whole-population accounting: what docks listed, what the store holds, what the rows say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from evidence.exhibits.models import Clip
from evidence.recordings.models import Original, Rendition
from evidence.store import s3
from ingest.uploads.models import Upload


@dataclass(frozen=True)
class Fault:
    """Something that does not agree: its kind, what it is about, what to do."""

    kind: str
    what: str
    todo: str

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)


def _objects(alias: str) -> Iterator[tuple[str, str, int]]:
    """(key, version, size) of every object version in a bucket."""
    pages = s3.client().get_paginator("list_object_versions").paginate(Bucket=s3.bucket(alias))
    for page in pages:
        for item in page.get("Versions", []):
            yield item["Key"], str(item.get("VersionId", "null")), item["Size"]


def faults() -> Iterator[Fault]:
    """Everything that does not agree. Memory: the keys of one bucket at a time."""
    yield from _originals()
    yield from _renditions()
    yield from _uploads()


def _originals() -> Iterator[Fault]:
    held = {(key, version): size for key, version, size in _objects("originals")}
    known_keys = set()
    rows = Original.objects.values_list("reference", "key", "version_id", "size")
    for reference, key, version, size in rows.iterator(chunk_size=2000):
        known_keys.add(key)
        found = held.pop((key, version), None)
        if found is None:
            yield Fault("missing", f"{reference} original {key}", "Look for it in backups today.")
        elif found != size:
            yield Fault("different", f"{reference} original {key}", "Run custody verify.")
    underway = set(
        Upload.objects.exclude(state="abandoned").values_list("key", flat=True).iterator()
    )
    for key, version in held:
        if key in known_keys:
            yield Fault("extra", f"another version {version} of {key}", "Find out who wrote it.")
        elif key not in underway:
            yield Fault("unknown", f"originals {key}", "Find out who wrote it.")


def _renditions() -> Iterator[Fault]:
    held = {key: size for key, _, size in _objects("renditions")}
    rows = Rendition.objects.values_list("original__reference", "kind", "key", "size")
    for reference, kind, key, size in rows.iterator(chunk_size=2000):
        if held.get(key) != size:
            yield Fault("missing", f"{reference} {kind} {key}", "Render it again.")
    clips = Clip.objects.filter(state=Clip.State.READY).values_list("reference", "key", "size")
    for reference, key, size in clips.iterator(chunk_size=2000):
        if held.get(key) != size:
            yield Fault("missing", f"clip {reference} {key}", "Look for it in backups today.")


def _uploads() -> Iterator[Fault]:
    sealed = Upload.objects.filter(state__in=["sealed"]).exclude(
        pk__in=Original.objects.values("upload")
    )
    for upload in sealed.select_related("camera"):
        what = f"{upload.camera.serial} {upload.file_id}"
        yield Fault("missing", f"sealed upload without recording: {what}", "Keep the camera.")
    for upload in Upload.objects.filter(listings=None).select_related("camera"):
        what = f"{upload.camera.serial} {upload.file_id}"
        yield Fault("unknown", f"an upload that no dock listed: {what}", "Find out who made it.")
