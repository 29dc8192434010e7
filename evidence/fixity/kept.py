"""What this room keeps in the store: replica copies, and the bad versions of what was mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db.models import Q
from django.utils import timezone

from evidence.fixity.finding import OPEN
from evidence.fixity.models import Damage, ReplicaCopy, Turn
from evidence.recordings.models import Original, Recording, Rendition
from evidence.retention.registry import Copy
from evidence.store import s3

Add = Callable[[str, str, str, str, int], None]
ALL = (*OPEN, Damage.State.MENDED)


def versions() -> Iterator[tuple[str, str, str]]:
    """(alias, key, version) of everything that the store may hold for this room: what accounting
    must not call unknown."""
    there = ReplicaCopy.objects.exclude(version_id="")
    for key, version in there.values_list("key", "version_id").iterator(chunk_size=2000):
        yield s3.REPLICA, key, version
    bad = Damage.objects.filter(state__in=ALL).exclude(version_id="")
    yield from bad.values_list("alias", "key", "version_id").iterator(chunk_size=2000)


def copies(recording: Recording) -> list[Copy]:
    """The objects that go with a recording besides its originals as their rows name them."""
    originals = list(Original.objects.filter(recording=recording))
    by_key = {row.key: row for row in originals}
    current = {("originals", row.key, row.version_id) for row in originals}
    found: dict[tuple[str, str, str], Copy] = {}

    def add(alias: str, key: str, version: str, what: str, size: int) -> None:
        if version and (alias, key, version) not in current:
            one = by_key.get(key)
            made = Copy(alias, key, version, what, one.reference if one else "", size)
            found.setdefault((alias, key, version), made)

    for copy in ReplicaCopy.objects.filter(original__in=originals).select_related("original"):
        add(s3.REPLICA, copy.key, copy.version_id, "replica", copy.original.size)
        if s3.has_replica() and copy.state != ReplicaCopy.State.THERE and copy.attempts:
            # A worker may have written it and died before its row said so.
            _listed(add, s3.REPLICA, copy.key, "replica")
    for row in Damage.objects.filter(_of(recording), state__in=ALL):
        if row.alias in ("originals", s3.REPLICA) and row.what != Damage.What.MISSING:
            add(row.alias, row.key, row.version_id, "damaged version", row.found_size or 0)
        if row.source == "original" and row.attempts:
            _listed(add, "originals", row.key, "restored version")
    return list(found.values())


def _of(recording: Recording) -> Q:
    """Also what was found before it was joined into another."""
    return Q(recording=recording) | Q(recording__joined_into=recording)


def _listed(add: Add, alias: str, key: str, what: str) -> None:
    for version in s3.versions(alias, key):
        if version.key == key:
            add(alias, key, version.version_id, what, version.size)


def busy(recording: Recording) -> bool:
    """Whether a worker may just be writing a copy of it, or the right bytes of a damaged one."""
    now = timezone.now()
    writing = ReplicaCopy.objects.filter(
        original__recording=recording, state=ReplicaCopy.State.COPYING, claimed_until__gt=now
    )
    mending = Damage.objects.filter(
        recording=recording, source="original", state=Damage.State.HELD, mending=True,
        claimed_until__gt=now,
    )  # fmt: skip
    return writing.exists() or mending.exists()


def forget(recording: Recording) -> None:
    """The footage is gone: so is what this room knew of it, but for what was found."""
    originals = Original.objects.filter(recording=recording)
    copies = ReplicaCopy.objects.filter(original__in=originals)
    films = Rendition.objects.filter(original__in=originals)
    for source, rows in (("original", originals), ("replica", copies), ("film", films)):
        ids = list(rows.values_list("pk", flat=True))
        Turn.objects.filter(source=source, row__in=ids).delete()
    copies.delete()
    Damage.objects.filter(_of(recording), state__in=ALL).update(
        state=Damage.State.GONE, gone_at=timezone.now(), claimed_until=None
    )
