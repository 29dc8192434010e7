"""Which objects there are of a recording: as the rows name them, and as the store lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.recordings.models import Original, Recording, Rendition
from evidence.retention import registry
from evidence.retention.models import Doomed
from evidence.retention.registry import Copy
from evidence.store import s3

LEFT = "left by a worker"
# A bucket without versions calls the one that it has by this name.
UNVERSIONED = "null"


def all_of(recording: Recording) -> list[tuple[Copy, bool]]:
    """Every object of a recording, each once, and whether the store lists it: what the rows name,
    every version and delete marker of it, and what workers left. Raises StoreError."""
    named = list(_named(recording))
    found: dict[tuple[str, str, str], tuple[Copy, bool]] = {}
    for copy in _listed(recording, named):
        found[copy.alias, copy.key, copy.version_id] = (copy, True)
    for copy in named:
        versions = [key for key in found if key[:2] == (copy.alias, copy.key)]
        if not any(not copy.version_id or key[2] == copy.version_id for key in versions):
            found[copy.alias, copy.key, copy.version_id] = (copy, False)
    return list(found.values())


def _named(recording: Recording) -> Iterator[Copy]:
    for original in Original.objects.filter(recording=recording).order_by("pk"):
        yield Copy("originals", original.key, original.version_id, "original",
                   original.reference, original.size)  # fmt: skip
    rows = Rendition.objects.filter(original__recording=recording).select_related("original")
    for row in rows.order_by("pk"):
        what = row.get_kind_display().lower()
        yield Copy("renditions", row.key, "", what, row.original.reference, row.size)
    for provider in registry.copies:
        yield from provider(recording)


def _listed(recording: Recording, named: Iterable[Copy]) -> Iterator[Copy]:
    """What the store lists of it now."""
    known = {(copy.alias, copy.key): copy for copy in named}
    prefixes = []
    for original in Original.objects.filter(recording=recording).order_by("pk"):
        # Renditions and clips lie under the upload's number, those of a dead worker too.
        prefixes.append(f"{original.upload}/")
        for version in s3.versions("renditions", prefixes[-1]):
            copy = known.get(("renditions", version.key))
            what = copy.what if copy else LEFT
            yield _copy("renditions", version, what, original.reference)
    for (alias, key), copy in known.items():
        if alias != "renditions" or not key.startswith(tuple(prefixes)):
            for version in exactly(alias, key):
                yield _copy(alias, version, copy.what, copy.reference)


def _copy(alias: str, version: s3.Version, what: str, reference: str) -> Copy:
    version_id = "" if version.version_id == UNVERSIONED else version.version_id
    what = f"{what}, delete marker" if version.marker else what
    return Copy(alias, version.key, version_id, what[:60], reference, version.size)


def prefixes(recording: Recording) -> set[tuple[str, str]]:
    """Where `all_of` looks by itself: (alias, key), or what keys begin with, ending in a slash."""
    found = set()
    for original in Original.objects.filter(recording=recording):
        found |= {("originals", original.key), ("renditions", f"{original.upload}/")}
    return found


def exactly(alias: str, key: str) -> list[s3.Version]:
    """The versions and delete markers under just this key. Raises StoreError."""
    return [version for version in s3.versions(alias, key) if version.key == key]


def is_there(row: Doomed) -> bool:
    """Whether the store has it still, asked in both ways. Raises StoreError."""
    listed = {
        "" if one.version_id == UNVERSIONED else one.version_id
        for one in exactly(row.alias, row.key)
    }
    if row.version_id in listed or (listed and not row.version_id):
        return True
    if row.what.endswith("delete marker"):
        return False
    try:
        s3.head(row.alias, row.key, row.version_id)
    except s3.Missing:
        return False
    return True
