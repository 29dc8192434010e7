"""What a bucket holds against what rows name, object by object.

The store's listing and the rows are read side by side, once, in constant memory. Whatever does
not agree then is looked at again, rows and store, before it is called a finding: things change
while a count runs, and a busy system is not a broken one.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from evidence.recordings.models import Original
from evidence.retention.models import Tombstone
from evidence.store import s3
from ingest.accounting import owners
from ingest.accounting.faults import DIFFERENT, EXTRA, MISSING, UNKNOWN, Fault
from ingest.accounting.merge import full_outer
from ingest.accounting.owners import GONE, MUST, Named

BATCH = 500
# Who finds more than this wrong in one bucket need not have each looked at again.
MOST_AGAIN = 20_000
WHO = "Find out who wrote it. Don't use it."
BACK = "Find out who put it back, or left it. Destroy it in the store: its disposal is over."
PAUSE = 1.0


@dataclass
class Tally:
    """What was counted in a bucket on the way."""

    objects: int = 0
    bytes: int = 0
    originals: int = 0
    under_way: int = 0
    # The storage class of originals where the store says another one than the row.
    moved: list[tuple[int, str]] = field(default_factory=list)


Beat = Callable[[str, int], None]


def faults(alias: str, tally: Tally, beat: Beat) -> Iterator[Fault]:
    """What does not agree in a bucket. Raises s3.StoreError where it can't be listed."""
    suspects: list[str] = []
    again = 0
    pairs = full_outer(
        s3.versions(alias), lambda one: one.key, owners.named(alias), lambda one: one.key
    )
    for number, (key, held, named) in enumerate(pairs, 1):
        if number % 5000 == 0:
            beat(alias, number)
        _count(tally, held, named)
        if not judge(alias, key, held, named):
            continue
        if again > MOST_AGAIN:
            yield from judge(alias, key, held, named)
            continue
        suspects.append(key)
        if len(suspects) >= BATCH:
            for fault in confirm(alias, suspects, tally):
                again += 1
                yield fault
            suspects = []
    yield from confirm(alias, suspects, tally)
    _write_classes(tally)


def _count(tally: Tally, held: Sequence[s3.Version], named: Sequence[Named]) -> None:
    for version in held:
        if not version.marker:
            tally.objects += 1
            tally.bytes += version.size
    for row in named:
        if not row.original:
            continue
        tally.originals += 1
        match = next((one for one in held if one.version_id == row.version), None)
        if match and (match.storage_class or "STANDARD") != row.storage_class:
            tally.moved.append((row.original, match.storage_class or "STANDARD"))
    if len(tally.moved) >= BATCH:
        _write_classes(tally)


def _write_classes(tally: Tally) -> None:
    """The rows say where the store keeps each original."""
    for storage_class in {stored for _, stored in tally.moved}:
        keys = [pk for pk, stored in tally.moved if stored == storage_class]
        Original.objects.filter(pk__in=keys).update(storage_class=storage_class[:40])
    tally.moved.clear()


def judge(
    alias: str, key: str, held: Sequence[s3.Version], named: Sequence[Named]
) -> list[Fault]:  # fmt: skip
    """What does not agree under one key: nothing, mostly."""
    bytes_ = [one for one in held if not one.marker]
    found: list[Fault] = []
    claimed: set[str] = set()
    for row in named:
        if row.need == GONE:
            continue
        matching = [one for one in bytes_ if row.version in ("", one.version_id)]
        if not matching:
            if row.need == MUST:
                found.append(Fault(MISSING, alias, f"{row.about} {key}", row.todo))
            continue
        version = matching[0]
        claimed.add(version.version_id)
        if row.size is not None and version.size != row.size:
            what = f"{row.about} {key}: {version.size:,} bytes, the row says {row.size:,}"
            found.append(Fault(DIFFERENT, alias, what, _bad(alias)))
        elif any(one.marker and one.latest for one in held) and row.need == MUST:
            what = f"{row.about} {key}: a deletion hides it in the store; its bytes are there"
            todo = "Find out who deleted it, and take the delete marker away."
            found.append(Fault(DIFFERENT, alias, what, todo))
    return found + _strangers(alias, key, bytes_, named, claimed)


def _bad(alias: str) -> str:
    if alias == "originals":
        return "Keep both. Run manage.py custody verify, and look for the right one in backups."
    return "Have it made again."


def _strangers(
    alias: str, key: str, held: Sequence[s3.Version], named: Sequence[Named], claimed: set[str]
) -> list[Fault]:  # fmt: skip
    """Versions that no row names."""
    rest = [one for one in held if one.version_id not in claimed]
    gone = [row for row in named if row.need == GONE]
    known = [row for row in named if row.need != GONE]
    found = []
    for one in rest:
        if known:
            what = f"another version {one.version_id} of {known[0].about} {key}"
            found.append(Fault(EXTRA, alias, what, WHO))
        elif gone:
            found.append(_still_there(alias, key, gone[0].about))
        else:
            what = f"{alias} {key}, {one.size:,} bytes: no row names it"
            orphan = alias if alias == "renditions" else ""
            todo = WHO
            if orphan:
                todo = (
                    "A worker may have died before it wrote it down. Look, then remove it: "
                    "manage.py reconcile --remove-orphans."
                )
            found.append(Fault(UNKNOWN, alias, what, todo, alias=orphan, key=key))
    return found


def _still_there(alias: str, key: str, reference: str) -> Fault:
    what = f"{reference} was disposed of, and is still in {alias}: {key}"
    return Fault(EXTRA, alias, what, BACK)


def confirm(alias: str, keys: Sequence[str], tally: Tally) -> Iterator[Fault]:
    """What stands after a second look at rows and store, with the rows as they were on both
    sides of it, and a third a moment later."""
    left = list(dict.fromkeys(keys))
    found: dict[str, list[Fault]] = {}
    for attempt in range(2):
        if not left:
            return
        if attempt:
            time.sleep(PAUSE)
        before = owners.named_of(alias, left)
        held = {key: held_under(alias, key) for key in left}
        after = owners.named_of(alias, left)
        # What moved under the look is looked at by the next count.
        still = [key for key in left if before[key] == after[key]]
        found = {key: judge(alias, key, held[key], after[key]) for key in still}
        left = [key for key in still if found[key]]
    young = timezone.now() - timedelta(seconds=settings.ACCOUNTING_GRACE_SECONDS)
    for key in left:
        for fault in found[key]:
            fault = _of_disposed(fault)
            if fault.alias and any((one.modified or young) > young for one in held[key]):
                tally.under_way += 1  # stored, and about to be written down
            else:
                yield fault


def held_under(alias: str, key: str) -> list[s3.Version]:
    """Every version under exactly this key, now."""
    return [one for one in s3.versions(alias, prefix=key) if one.key == key]


def _of_disposed(fault: Fault) -> Fault:
    """A rendition that nothing names, of footage that was disposed of, must not be there."""
    if fault.kind != UNKNOWN or not fault.alias:
        return fault
    try:
        upload = uuid.UUID(fault.key.partition("/")[0])
    except ValueError:
        return fault
    gone = Tombstone.objects.filter(upload=upload).first()
    return fault if gone is None else _still_there(fault.area, fault.key, gone.reference)
