"""Reading originals back and comparing them with what the custody log says of them."""

from __future__ import annotations

import hashlib

from evidence.custody.models import Event
from evidence.custody.units import Fault
from evidence.recordings.models import Original, Rendition
from evidence.store import s3


def digest(alias: str, key: str, version_id: str = "") -> tuple[str, int]:
    """SHA-256 (hex) and size of what the store holds. Raises s3.Missing or s3.StoreError."""
    found, size = hashlib.sha256(), 0
    for chunk in s3.read(alias, key, version_id):
        found.update(chunk)
        size += len(chunk)
    return found.hexdigest(), size


def original(row: Original) -> Fault | None:
    """Read an original and compare it with the log; what is wrong, or nothing."""
    where = f"{row.reference} original"
    received = Event.objects.filter(object_ref=row.reference, type="evidence.received").first()
    if received is None:
        return Fault(0, "object", f"{where}: the custody log does not know it")
    said = received.parsed()["object"]
    if (said.get("sha256"), said.get("size")) != (row.sha256, row.size):
        return Fault(
            received.index, "object",
            f"{where}: its row was changed; the custody log says {said.get('sha256')}",
        )  # fmt: skip
    return _compare(
        received.index, where, "originals", row.key, row.version_id, said["sha256"], said["size"]
    )


def rendition(row: Rendition) -> Fault | None:
    """The same for what was made from one: its row, and where the log has its hash, the log."""
    where = f"{row.original.reference} {row.kind}"
    index = 0
    for event in Event.objects.filter(
        object_ref=row.original.reference, type="rendition.created"
    ).order_by("-seq"):
        data = event.parsed().get("data", {})
        if data.get("kind") == row.kind:
            index = event.index
            if data.get("sha256", row.sha256) != row.sha256:
                return Fault(index, "object", f"{where}: its row was changed")
            break
    return _compare(index, where, "renditions", row.key, "", row.sha256, row.size)


def _compare(
    index: int, where: str, alias: str, key: str, version_id: str, sha256: str, size: int
) -> Fault | None:
    try:
        found = digest(alias, key, version_id)
    except s3.Missing:
        return Fault(index, "object", f"{where}: it is not in the store ({key})")
    except s3.StoreError as error:
        return Fault(index, "object", f"{where}: it could not be read: {error}")
    if found != (sha256, size):
        sentence = f"{where}: the store holds other bytes ({found[0]}, {found[1]} bytes)"
        return Fault(index, "object", sentence)
    return None
