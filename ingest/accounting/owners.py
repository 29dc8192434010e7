"""Every row that names an object: what has to be there, what may be, what must be gone."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db.models import Exists, F, Func, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Collate
from django.utils import timezone

from evidence.exhibits.models import Clip
from evidence.recordings.models import Original, Package, Rendition
from evidence.retention.models import Doomed, Tombstone
from evidence.sharing.models import Item, SharedPackage
from ingest.uploads.models import Quarantine, Upload

MUST, MAY, GONE = "must", "may", "gone"
CHUNK = 2000
LOST = "Look for it in backups today."
AGAIN = "Have it made again from the original."


@dataclass(frozen=True)
class Named:
    """A row's word of an object. Version and size are empty where the row does not say them."""

    key: str
    version: str
    size: int | None
    need: str
    about: str
    todo: str = LOST
    # What the store said last time of where it lies, and the row that keeps it.
    storage_class: str = ""
    original: int = 0


Make = Callable[[tuple[Any, ...]], Named]


@dataclass(frozen=True)
class Owner:
    """One kind of row: its columns, the first of which is the key, and what they mean."""

    alias: str
    rows: Callable[[], QuerySet[Any, Any]]
    columns: tuple[str, ...]
    make: Make

    def all(self) -> Iterator[Named]:
        """Every row in order of its key; in portions, however many they are."""
        first = self.columns[0]
        # To text before the order: PostgreSQL's own "C" is the order of S3.
        rows = self.rows().order_by(Collate(F(first), "C")).values_list(*self.columns)
        return map(self.make, rows.iterator(chunk_size=CHUNK))

    def of(self, keys: Sequence[str]) -> list[Named]:
        """Those of some keys, as they are now."""
        rows = self.rows().filter(**{f"{self.columns[0]}__in": keys})
        return [self.make(row) for row in rows.values_list(*self.columns)]


def _original(row: tuple[Any, ...]) -> Named:
    key, version, size, reference, stored, pk, disposing = row
    # While it is being disposed of, its objects go before its row does.
    need = MAY if disposing else MUST
    return Named(key, version, size, need, f"{reference} original", LOST, stored, pk)


def _upload(row: tuple[Any, ...]) -> Named:
    key, version, state, serial, file, found = row
    about = f"upload of {serial} {file}"
    if state == Upload.State.QUARANTINED and version:
        return Named(key, version, found, MUST, f"quarantined {about}")
    return Named(key, version, None, MAY, about)


def _verifying(row: tuple[Any, ...]) -> Named:
    key, version, serial, file = row
    return Named(key, version, None, MUST, f"upload of {serial} {file}", "Keep the camera.")


def _kept(row: tuple[Any, ...]) -> Named:
    key, kept, serial, file, disposed, disposing = row
    version = kept.partition(" ")[2]
    # It goes with the footage that it was the first try of.
    need = GONE if disposed else MAY if disposing else MUST
    return Named(key, version, None, need, f"quarantined first try of {serial} {file}")


def _tombstone(row: tuple[Any, ...]) -> Named:
    key, version, reference = row
    return Named(key, version, None, GONE, reference)


def _rendition(row: tuple[Any, ...]) -> Named:
    key, size, reference, kind, disposing = row
    return Named(key, "", size, MAY if disposing else MUST, f"{reference} {kind}", AGAIN)


def _clip(row: tuple[Any, ...]) -> Named:
    key, size, state, reference, disposing = row
    need = MUST if state == Clip.State.READY and not disposing else MAY
    return Named(key, "", size if need == MUST else None, need, f"clip {reference}")


def _package(row: tuple[Any, ...]) -> Named:
    key, size, state, reference = row
    need = MUST if state == "ready" else MAY
    todo = "Make the package again."
    return Named(key, "", size if need == MUST else None, need, f"package {reference}", todo)


def _paper(row: tuple[Any, ...]) -> Named:
    key, size, share, number = row
    todo = "Look for it in backups, or share the paper again."
    return Named(key, "", size, MUST, f"paper {number} of share {share}", todo)


def _doomed(row: tuple[Any, ...]) -> Named:
    key, version, state, reference = row
    return Named(key, version, None, GONE if state == "gone" else MAY, reference)


def _kept_keys() -> QuerySet[Any, Any]:
    """`kept` is "KEY VERSION"."""
    rows = Quarantine.objects.exclude(kept="")
    part = Func(F("kept"), Value(" "), Value(1), function="split_part", output_field=TextField())
    stone = Tombstone.objects.filter(upload=OuterRef("upload"))
    leaving = Original.objects.filter(
        upload=OuterRef("upload"), recording__disposed_at__isnull=False
    )
    return rows.annotate(kept_key=part, disposed=Exists(stone), disposing=Exists(leaving))


def _own_uploads() -> QuerySet[Any, Any]:
    """Those whose object no original names. Of a file under verification see `_verifying`."""
    stone = Tombstone.objects.filter(upload=OuterRef("pk"))
    rows = Upload.objects.filter(state__in=["receiving", "verifying", "quarantined", "abandoned"])
    # What was taken in from quarantine and disposed of since is the tombstone's to name.
    return rows.exclude(Exists(stone))


def _long_assembled() -> QuerySet[Any, Any]:
    before = timezone.now() - timedelta(minutes=5)
    return Upload.objects.filter(state="verifying", completed_at__lt=before).exclude(version_id="")


OWNERS: list[Owner] = [
    Owner("originals", Original.objects.all,
          ("key", "version_id", "size", "reference", "storage_class", "pk",
           "recording__disposed_at"), _original),
    Owner("originals", _own_uploads,
          ("key", "version_id", "state", "camera__serial", "file_id", "found_size"), _upload),
    Owner("originals", _long_assembled,
          ("key", "version_id", "camera__serial", "file_id"), _verifying),
    Owner("originals", _kept_keys,
          ("kept_key", "kept", "upload__camera__serial", "upload__file_id", "disposed",
           "disposing"), _kept),
    Owner("originals", Tombstone.objects.all, ("key", "version_id", "reference"),
          _tombstone),
    Owner("renditions", Rendition.objects.all,
          ("key", "size", "original__reference", "kind", "original__recording__disposed_at"),
          _rendition),
    Owner("renditions", lambda: Clip.objects.exclude(key=""),
          ("key", "size", "state", "reference", "recording__disposed_at"), _clip),
    Owner("renditions", lambda: Package.objects.exclude(key=""),
          ("key", "size", "state", "reference"), _package),
    Owner("renditions", lambda: SharedPackage.objects.exclude(key=""),
          ("key", "key_size", "state", "reference"), _package),
    Owner("renditions", lambda: Item.objects.exclude(key=""),
          ("key", "size", "share__reference", "number"), _paper),
]  # fmt: skip


def _replica(row: tuple[Any, ...]) -> Named:
    key, version, state, size, reference, disposing = row
    need = MUST if state == "there" and not disposing else MAY
    todo = "Have it copied again, as long as the original is there."
    return Named(key, version, size if need == MUST else None, need, f"{reference} replica", todo)


def _damaged(row: tuple[Any, ...]) -> Named:
    key, version, reference = row
    return Named(key, version, None, MAY, f"{reference} damaged version")


def _tombstone_there(row: tuple[Any, ...]) -> Named:
    return _tombstone((row[0], "", row[1]))


def _fixity(name: str) -> Any:
    return apps.get_model("fixity", name)


def owners_of(alias: str) -> list[Owner]:
    """The kinds of rows that name objects of a bucket."""
    found = [owner for owner in OWNERS if owner.alias == alias]
    # What a disposal has on its list: under way, then gone. A folder is no object.
    doomed = Doomed.objects.filter(alias=alias, item__state__in=["destroying", "gone"])
    listed = doomed.exclude(key__endswith="/").all
    found.append(Owner(alias, listed, ("key", "version_id", "item__state",
                                       "item__recording__reference"), _doomed))  # fmt: skip
    if not apps.is_installed("evidence.fixity"):
        return found
    damage = _fixity("Damage").objects
    # What fixity found bad is kept beside what replaced it.
    bad = damage.filter(alias=alias).exclude(version_id="").exclude(state="gone")
    found.append(Owner(alias, bad.all, ("key", "version_id", "reference"), _damaged))
    if alias == "replica":
        copies = _fixity("ReplicaCopy").objects
        found += [
            Owner(alias, copies.all,
                  ("key", "version_id", "state", "original__size", "original__reference",
                   "original__recording__disposed_at"), _replica),
            Owner(alias, Tombstone.objects.all, ("key", "reference"), _tombstone_there),
        ]  # fmt: skip
    return found


def named(alias: str) -> Iterator[Named]:
    """Every row's word of a bucket's objects, in order of the keys."""
    streams = [owner.all() for owner in owners_of(alias)]
    return heapq.merge(*streams, key=lambda row: row.key)


def named_of(alias: str, keys: Sequence[str]) -> dict[str, list[Named]]:
    """The words of some keys, read now."""
    found: dict[str, list[Named]] = {key: [] for key in keys}
    for owner in owners_of(alias):
        for row in owner.of(keys):
            found[row.key].append(row)
    return found
