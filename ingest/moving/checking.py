"""Comparing: every version that the source lists is in the target, byte for byte.

Everything is read again from the target, and originals are compared with the hash that the
custody log has of them, not only with what was read while copying.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Sum
from django.utils import timezone

from evidence.fixity.models import Damage
from evidence.recordings.models import Original
from evidence.store import s3
from evidence.store.whole import ALIASES, Facts, Store
from ingest.moving import copying, planning, stores
from ingest.moving.models import Move, Moved, MoveError
from ingest.uploads.models import Upload

State = Moved.State
KEPT = 1000
BATCH = 64
# Told of, and no reason to stop: what was disposed of, and damage that fixity has found and holds.
LOOSE = ("disposed", "damaged")
KNOWN = "Mend it (page Fixity), here or after the move. It is held."


@dataclass(frozen=True)
class Fault:
    """Something that does not agree: its kind, what it is about, what to do."""

    kind: str
    what: str
    todo: str

    def row(self) -> dict[str, str]:
        """For JSON."""
        return {"kind": self.kind, "what": self.what, "todo": self.todo}


class Findings:
    """The faults of one comparison, kept with the move as they come."""

    def __init__(self, move: Move) -> None:
        self.move = move
        self.faults = {(one["kind"], one["what"]): Fault(**one) for one in move.faults}

    def add(self, kind: str, what: str, todo: str) -> None:
        """One more; the same again is one."""
        self.faults[kind, what] = Fault(kind, what, todo)

    def keep(self) -> None:
        """Write them down."""
        serious = [fault for fault in self.faults.values() if fault.kind not in LOOSE]
        loose = [fault for fault in self.faults.values() if fault.kind in LOOSE]
        self.move.fault_count = len(serious)
        self.move.faults = [fault.row() for fault in (serious + loose)[:KEPT]]
        self.move.save(update_fields=["faults", "fault_count"])


def run(move: Move) -> list[Fault]:
    """One whole comparison; what does not agree. One that was killed goes on where it was.

    Raises MoveError, StoreError.
    """
    source, target = stores.pair(move)
    if not move.passes:
        raise MoveError("Nothing was copied yet: manage.py move_store copy")
    if move.check_started is None or move.check_finished is not None:
        move.checks, move.check_started = move.checks + 1, timezone.now()
        move.check_finished, move.faults, move.fault_count = None, [], 0
        move.save()
    found = Findings(move)
    for alias in ALIASES:
        listed(move, source, alias, found)
    lost(move, source, found)
    found.keep()
    objects(move, source, target, found)
    for alias in ALIASES:
        _extra(move, target, alias, found)
    counted = move.versions.filter(checked=move.checks)
    move.check_objects = counted.count()
    move.check_bytes = counted.aggregate(sum=Sum("size"))["sum"] or 0
    move.check_finished = timezone.now()
    move.save()
    found.keep()
    return list(found.faults.values())


def where(alias: str, key: str, names: dict[str, str]) -> str:
    """An object as a person knows it: originals by their recording's reference."""
    return f"{names[key]} original {key}" if key in names else f"{alias} {key}"


def listed(move: Move, source: Store, alias: str, found: Findings) -> None:
    """Everything that the source lists was copied."""
    for batch in copying.batches(source, alias):
        keys = [items[0].key for items in batch]
        known = {
            (row.key, row.version_id): row
            for row in move.versions.filter(alias=alias, key__in=keys).exclude(state=State.COPYING)
        }
        gone, names = planning.gone(alias, keys), _names(alias, keys)
        damaged = _damaged(alias, keys)
        for item in (item for items in batch for item in items):
            what = where(alias, item.key, names)
            row = known.get((item.key, item.version_id))
            if item.key in gone:
                found.add(
                    "disposed", f"{what}: it was disposed of and the source has it still",
                    "It is not moved. Look at its disposal.",
                )  # fmt: skip
            elif row is None and (item.key, item.version_id) in damaged:
                found.add("damaged", f"{what}: it is damaged, and can't be copied", KNOWN)
            elif row is None or not copying.same(row, item):
                todo = "Copy once more." if not move.switched else "Find out who writes there."
                found.add("missing", f"{what}: it was not copied", todo)


def _names(alias: str, keys: list[str]) -> dict[str, str]:
    if alias != "originals":
        return {}
    return dict(Original.objects.filter(key__in=keys).values_list("key", "reference"))


def _damaged(alias: str, keys: list[str]) -> set[tuple[str, str]]:
    """The versions that fixity found bad, and that nobody has mended."""
    rows = Damage.objects.filter(alias=alias, key__in=keys, state__in=["found", "held"])
    return set(rows.values_list("key", "version_id"))


def lost(move: Move, source: Store, found: Findings) -> None:
    """Every original that the database names was in the source: what is lost there already would
    be called whole, because nothing of it is listed. After the switch the rows name the target."""
    if move.switched:
        return
    same = move.versions.filter(alias="originals", key=OuterRef("key")).exclude(state=State.COPYING)
    known = Exists(same.filter(version_id=OuterRef("version_id")))
    renamed = Exists(same.filter(target_version=OuterRef("version_id")))
    rows = Original.objects.filter(~known, ~renamed, recording__disposed_at=None).order_by("pk")
    for row in rows.iterator(chunk_size=2000):
        if source.has("originals", row.key, row.version_id):
            continue  # listed, and not copied yet: that is told
        what = f"{row.reference} original {row.key}"
        if row.damaged_at is not None:
            found.add("damaged", f"{what}: the source does not have it", KNOWN)
        else:
            todo = "The database names it. Look for it in backups; run manage.py reconcile."
            found.add("missing", f"{what}: the source does not have it", todo)


def objects(move: Move, source: Store, target: Store, found: Findings) -> None:
    """Read from the target every copy that this comparison has not read yet."""
    last = 0
    with ThreadPoolExecutor(copying.AT_ONCE) as pool:
        while True:
            rows = list(
                move.versions.filter(state=State.COPIED, checked__lt=move.checks, pk__gt=last)
                .order_by("pk")[:BATCH]
            )  # fmt: skip
            if not rows:
                return
            last = rows[-1].pk
            expected = _expected(rows)
            damaged = _damaged("originals", [row.key for row in rows])
            names = _names("originals", [row.key for row in rows if row.alias == "originals"])
            seen = pool.map(lambda row: _look(move, source, target, row), rows)
            good = []
            for row, wrong in zip(rows, seen, strict=True):
                log = expected.get(row.pk)
                if not wrong and log is not None and log != row.sha256:
                    if damaged & {(row.key, row.version_id), (row.key, row.target_version)}:
                        what = where(row.alias, row.key, names)
                        found.add("damaged", f"{what}: it is damaged in both stores alike", KNOWN)
                    else:
                        wrong = "different", "it is not what the custody log has of it"
                if wrong and not _may_be_gone(move, row, wrong[0]):
                    found.add(
                        wrong[0], f"{where(row.alias, row.key, names)}: {wrong[1]}",
                        "Forget this copy and copy it again: move_store copy --again."
                        if not move.switched else "Keep the source: it may be the only whole one.",
                    )  # fmt: skip
                elif not wrong:
                    good.append(row.pk)
            move.versions.filter(pk__in=good).update(checked=move.checks, checked_at=timezone.now())
            found.keep()


def _may_be_gone(move: Move, row: Moved, kind: str) -> bool:
    """After the switch the system lives on: what it disposed of is rightly not there."""
    if kind != "missing" or not move.switched:
        return False
    if row.key in planning.gone(row.alias, [row.key]):
        return True
    if row.alias == "originals":
        # A version that was bad, and that another took the place of; the row names that.
        bad = Damage.objects.filter(
            alias=row.alias, key=row.key, version_id=row.target_version, state="mended"
        )
        return bad.exists() and not Original.objects.filter(
            key=row.key, version_id=row.target_version
        ).exists()  # fmt: skip
    return row.alias == "renditions" and not copying.named(row.key)


def _expected(rows: list[Moved]) -> dict[int, str]:
    """What the rows of the record say of a version that they name: of sealed files the dock's
    hash, of others what was read. Other versions of a key are kept as they are: of what was
    mended the bad one."""
    keys = [row.key for row in rows if row.alias == "originals"]
    uploads = Upload.objects.filter(key__in=keys).exclude(found_sha256="")
    said = {(key, version): sha256 for key, version, sha256 in
            uploads.values_list("key", "version_id", "found_sha256")}  # fmt: skip
    originals = Original.objects.filter(key__in=keys)
    sealed = {key: (version, sha256) for key, version, sha256 in
              originals.values_list("key", "version_id", "sha256")}  # fmt: skip
    found = {}
    for row in rows:
        if row.alias != "originals":
            continue
        for version in (row.version_id, row.target_version):
            if row.key in sealed:
                if sealed[row.key][0] == version:
                    found[row.pk] = sealed[row.key][1]
            elif (row.key, version) in said:
                found[row.pk] = said[row.key, version]
    return found


def _look(move: Move, source: Store, target: Store, row: Moved) -> tuple[str, str] | None:
    """What is wrong with one copy: (kind, sentence). In a thread: no database here."""
    try:
        if target.digest(row.alias, row.key, row.target_version) != (row.sha256, row.size):
            return "different", "the target holds other bytes"
        if not move.switched:
            wanted = source.facts(row.alias, row.key, row.version_id)
            target.protect(row.alias, row.key, row.target_version, wanted)
            return _unprotected(wanted, target.facts(row.alias, row.key, row.target_version))
    except s3.Missing:
        if not move.switched and not source.has(row.alias, row.key, row.version_id):
            return "vanished", "the source does not have it any more"
        return "missing", "it is not in the target"
    except s3.StoreError as error:
        return "unknown", f"it could not be compared: {error}"
    return None


def _unprotected(wanted: Facts, now: Facts) -> tuple[str, str] | None:
    running = wanted.until is not None and wanted.until > timezone.now()
    if running and (now.mode != wanted.mode or not now.until or now.until < wanted.until):  # type: ignore[operator]
        return "different", "the target does not lock it as the source does"
    if wanted.hold != now.hold:
        return "different", "the target does not hold it as the source does"
    return None


def _extra(move: Move, target: Store, alias: str, found: Findings) -> None:
    """Nothing is in the target that was not copied; after the switch the system writes there."""
    if move.switched:
        return
    for batch in copying.batches(target, alias):
        keys = [items[0].key for items in batch]
        rows = list(move.versions.filter(alias=alias, key__in=keys))
        known = {(row.key, row.target_version) for row in rows}
        bytes_of = {(row.key, row.sha256, row.size) for row in rows}
        for item in (item for items in batch for item in items):
            if (item.key, item.version_id) in known:
                continue
            if (item.key, *target.digest(alias, item.key, item.version_id)) in bytes_of:
                # What a copy that was killed had sent can arrive after the next one has looked.
                target.destroy(alias, item.key, item.version_id)
            else:
                found.add(
                    "extra", f"{alias} {item.key}: the target has a version that was not copied",
                    "Find out who wrote it.",
                )  # fmt: skip


def again(move: Move) -> int:
    """Have the copies that the last comparison found bad made once more; how many.

    The bad copy itself is destroyed. Where a COMPLIANCE lock keeps that, only another prefix
    helps: the store's refusal is passed on (StoreError).
    """
    if move.switched:
        raise MoveError("The move is switched: nothing more is copied.")
    if move.check_finished is None:
        raise MoveError("The comparison was not finished. Run: manage.py move_store reconcile")
    rows = move.versions.filter(state=State.COPIED, checked__lt=move.checks)
    _, target = stores.pair(move)
    count = 0
    for row in rows.iterator(chunk_size=200):
        target.destroy(row.alias, row.key, row.target_version)
        row.state, row.target_version = State.COPYING, ""
        row.save(update_fields=["state", "target_version"])
        count += 1
    return count
