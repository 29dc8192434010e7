"""Reading originals back and comparing them with what the custody log says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from evidence.custody.models import Event
from evidence.recordings.models import Original, Rendition
from evidence.store import s3


def digest(alias: str, key: str, version_id: str = "") -> tuple[str, int]:
    """SHA-256 (hex) and size of what the store holds. Raises s3.Missing or s3.StoreError."""
    found, size = hashlib.sha256(), 0
    for chunk in s3.read(alias, key, version_id):
        found.update(chunk)
        size += len(chunk)
    return found.hexdigest(), size


def faults() -> tuple[int, list[str]]:
    """How many objects were read, and a sentence for each that is not what the log says."""
    count, found = 0, []
    for sentence in _originals():
        count += 1
        if sentence:
            found.append(sentence)
    for rendition in Rendition.objects.select_related("original").iterator(chunk_size=500):
        count += 1
        found += _compare(
            f"{rendition.original.reference} {rendition.kind}",
            "renditions", rendition.key, "", rendition.sha256, rendition.size,
        )  # fmt: skip
    return count, found


def _originals() -> Iterator[str]:
    for original in Original.objects.iterator(chunk_size=500):
        where = f"{original.reference} original"
        received = Event.objects.filter(
            object_ref=original.reference, type="evidence.received"
        ).first()
        if received is None:
            yield f"{where}: the custody log does not know it"
            continue
        said = received.parsed()["object"]
        if (said.get("sha256"), said.get("size")) != (original.sha256, original.size):
            yield f"{where}: its row was changed; the custody log says {said.get('sha256')}"
            continue
        wrong = _compare(
            where, "originals", original.key, original.version_id, said["sha256"], said["size"]
        )
        yield wrong[0] if wrong else ""


def _compare(
    where: str, alias: str, key: str, version_id: str, sha256: str, size: int
) -> list[str]:
    try:
        found = digest(alias, key, version_id)
    except s3.Missing:
        return [f"{where}: it is not in the store ({key})"]
    except s3.StoreError as error:
        return [f"{where}: it could not be read: {error}"]
    if found != (sha256, size):
        return [f"{where}: the store holds other bytes ({found[0]}, {found[1]} bytes)"]
    return []
