"""Copying in passes: each reads the source's list and copies what the target does not have.

A row is written before an object is, so that a copy that was killed is found again: what had
arrived by then is recognised by its bytes, and nothing is copied twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby

from django.apps import apps
from django.db.models import F

from evidence.store import s3
from evidence.store.whole import ALIASES, Item, Store, Stored
from ingest.moving import planning, stores
from ingest.moving.models import Move, Moved, MoveError

State = Moved.State
BATCH = 200
# Where more than this fails in one pass, a store is away, and the pass ends.
MOST_FAILED = 100
AT_ONCE = 4
Say = Callable[[str], None]


@dataclass
class Pass:
    """What one pass found."""

    seen: int = 0
    copied: int = 0
    bytes: int = 0
    disposed: int = 0
    # What could not be read or written, up to so many; the next pass tries again.
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
    """A version to copy; `again` when it was begun before, `known` what the target has of it."""

    row: Moved
    again: bool
    known: frozenset[str]


def run(move: Move, say: Say = lambda _: None) -> Pass:
    """One pass over every bucket. May be killed at any line, and run again. Raises MoveError."""
    if move.state not in (Move.State.COPYING, Move.State.SWITCHING):
        raise MoveError("The move is switched: nothing more is copied.")
    source, target = stores.pair(move)
    Move.objects.filter(pk=move.pk).update(passes=F("passes") + 1)
    move.refresh_from_db(fields=["passes"])
    found = Pass()
    for alias in ALIASES:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for batch in batches(source, alias):
                _batch(move, source, target, alias, batch, pool, found)
        found.disposed += _vanished(move, target, alias)
        say(f"{alias}: {found.seen} versions listed, {found.copied} copied so far")
    return found


def batches(store: Store, alias: str) -> Iterator[list[list[Item]]]:
    """A bucket's versions, key by key, the oldest of each first; some hundred at once."""
    waiting: list[list[Item]] = []
    count = 0
    for _, group in groupby(store.items(alias), key=lambda item: item.key):
        # The list names the newest first; times alone have only seconds.
        items = list(group)[::-1]
        items.sort(key=lambda item: item.modified)
        waiting.append(items)
        count += len(items)
        if count >= BATCH:
            yield waiting
            waiting, count = [], 0
    if waiting:
        yield waiting


def _batch(
    move: Move, source: Store, target: Store, alias: str, batch: list[list[Item]],
    pool: ThreadPoolExecutor, found: Pass,
) -> None:  # fmt: skip
    keys = [items[0].key for items in batch]
    known = {(row.key, row.version_id): row
             for row in move.versions.filter(alias=alias, key__in=keys)}  # fmt: skip
    gone = planning.gone(alias, keys)
    here: list[Moved] = []
    running: list[Future[list[tuple[Moved, Stored]]]] = []
    for items in batch:
        found.seen += len(items)
        if items[0].key in gone:
            found.disposed += len(items)
            continue
        jobs = []
        there = frozenset(
            row.target_version for row in known.values()
            if row.key == items[0].key and row.target_version
        )  # fmt: skip
        for item in items:
            row = known.get((item.key, item.version_id))
            again = row is not None
            if row is not None and same(row, item):
                here.append(row)
                if row.state != State.COPYING:
                    continue
            elif row is None:
                row = Moved(move=move, alias=alias, key=item.key, version_id=item.version_id)
            row.size, row.modified, row.state = item.size, item.modified, State.COPYING
            row.seen, row.target_version = move.passes, ""
            row.save()
            jobs.append(Job(row, again, there))
        if jobs:
            running.append(pool.submit(_copy, source, target, jobs))
    move.versions.filter(pk__in=[row.pk for row in here]).update(seen=move.passes)
    for future in running:
        try:
            done = future.result()
        except (s3.StoreError, MoveError) as error:
            # One that can't be read keeps none of the others from being moved.
            found.failed.append(str(error))
            if len(found.failed) > MOST_FAILED:
                raise
            continue
        for row, stored in done:
            row.sha256, row.target_version, row.state = (
                stored.sha256,
                stored.version_id,
                State.COPIED,
            )
            row.checked = 0
            row.save()
            found.copied += 1
            found.bytes += row.size


def same(row: Moved, item: Item) -> bool:
    """Whether a version is the one that the row was written of: where there are no versions,
    another object may lie under the key."""
    return row.size == item.size and (item.version_id != "null" or row.modified == item.modified)


# --- one key, in a thread: no database here ---------------------------------------------


def _copy(source: Store, target: Store, jobs: list[Job]) -> list[tuple[Moved, Stored]]:
    """Copy versions of one key, oldest first. What vanished meanwhile is left to the next pass."""
    done = []
    for job in jobs:
        row = job.row
        try:
            facts = source.facts(row.alias, row.key, row.version_id, tags=True)
            stored = _adopted(source, target, job) if job.again else None
            if stored is None:
                pieces = source.read(row.alias, row.key, row.version_id)
                stored = target.write(row.alias, row.key, pieces, facts)
        except s3.Missing:
            continue
        if stored.size != row.size:
            target.destroy(row.alias, row.key, stored.version_id)
            raise MoveError(
                f"{row.key} has {row.size} bytes in the source's list and {stored.size} were "
                "read. Run: manage.py custody verify"
            )
        target.protect(row.alias, row.key, stored.version_id, facts)
        done.append((row, stored))
    return done


def _adopted(source: Store, target: Store, job: Job) -> Stored | None:
    """What a copy that was killed had finished, if it had."""
    row = job.row
    target.forget_unfinished(row.alias, row.key)
    if row.version_id == "null":
        return None  # written over: there is only one
    strays = [item for item in target.items(row.alias, row.key)
              if item.key == row.key and item.version_id not in job.known]  # fmt: skip
    wanted = source.digest(row.alias, row.key, row.version_id) if strays else None
    for item in strays:
        if target.digest(row.alias, item.key, item.version_id) == wanted:
            return Stored(item.version_id, wanted[0], wanted[1])
    return None


# --- what the source does not have any more -------------------------------------------------


def _vanished(move: Move, target: Store, alias: str) -> int:
    """Destroy in the target what was disposed of meanwhile. What merely vanished stays there:
    the copy may be all that is left, and the comparison tells of it."""
    rows = move.versions.filter(alias=alias, state=State.COPIED, seen__lt=move.passes)
    count = 0
    for start in _chunks(list(rows.values_list("pk", flat=True))):
        part = list(move.versions.filter(pk__in=start))
        gone = planning.gone(alias, [row.key for row in part])
        for row in part:
            if row.key in gone or (alias == "renditions" and not named(row.key)):
                target.destroy(alias, row.key, row.target_version)
                row.state = State.DISPOSED
                row.save(update_fields=["state"])
                count += 1
    return count


def _chunks(numbers: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(numbers), BATCH):
        yield numbers[start : start + BATCH]


def named(key: str) -> bool:
    """Whether any row still names this object."""
    for model in apps.get_models():
        if model is Moved or not model.__module__.startswith(("evidence.", "ingest.")):
            continue
        names = {field.name for field in model._meta.get_fields()}
        if "key" in names and model._meta.get_field("key").get_internal_type() == "CharField":
            if model._meta.label_lower in GRAVES:
                continue
            if model._default_manager.filter(key=key).exists():
                return True
    return False


# Rows of what is gone, damaged or unknown name keys too.
GRAVES = {"retention.doomed", "retention.tombstone", "fixity.damage", "accounting.finding"}
