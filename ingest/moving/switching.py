"""Switching: the rows name the target's versions, and the custody log says so of each original."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.record import Draft, Subject, record, record_all, service
from evidence.fixity.models import Damage
from evidence.recordings.models import Original
from evidence.retention.models import Doomed
from evidence.store import s3
from evidence.store.whole import ALIASES, Store
from ingest.moving import checking, copying, planning, stores
from ingest.moving.models import Move, Moved, MoveError
from ingest.uploads.models import Quarantine, Upload

ACTOR = service("console")
BATCH = 200


def run(move: Move, *, by: str) -> int:
    """Make the target the store of every row; how many originals. Again: goes on.

    Refused unless uploads are paused, nothing is being verified, the last comparison was whole,
    and what came since is copied and compared too. Raises MoveError, StoreError.
    """
    who = planning.person(by)
    if move.switched:
        raise MoveError("The move is switched already.")
    source, target = stores.pair(move)
    if move.state == Move.State.COPYING:
        _ready(move)
        _rest(move, source, target)
        move.state, move.switched_by = Move.State.SWITCHING, who.username
        move.save(update_fields=["state", "switched_by"])
    count = 0
    while rows := list(_waiting(move)):
        for row in rows:
            # A hold or a lock that was set since the comparison.
            wanted = source.facts(row.alias, row.key, row.version_id)
            target.protect(row.alias, row.key, row.target_version, wanted)
        count += _rename(target, rows)
    with transaction.atomic():
        # What was sent in part lies in the old store alone: it is sent again.
        Upload.objects.filter(state=Upload.State.RECEIVING).update(multipart="", part_hashes=b"")
        move.state, move.switched_at = Move.State.SWITCHED, timezone.now()
        move.save(update_fields=["state", "switched_at"])
        data = {"objects": move.check_objects, "bytes": move.check_bytes}
        record(
            Draft("store.switched", Subject("store"), ACTOR, data=data,
                  private={"name": who.short, "from": move.source, "to": move.target})
        )  # fmt: skip
    sequencer.run()
    return count


def _ready(move: Move) -> None:
    if not planning.paused():
        raise MoveError("Docks still send. Let them wait first: manage.py move_store pause")
    busy = Upload.objects.filter(state=Upload.State.VERIFYING).count()
    if busy:
        raise MoveError(f"{busy} files are still being verified. Wait for the ingest workers.")
    _replica_stays(move)
    if not move.whole:
        raise MoveError(
            f"The last comparison was not whole ({move.fault_count} faults, or not finished). "
            "Run: manage.py move_store reconcile"
        )


def _replica_stays(move: Move) -> None:
    """A replica without an endpoint of its own follows the store in use: each copy would be
    missing after the switch."""
    if not s3.has_replica() or os.environ.get("BWV_REPLICA_ENDPOINT"):
        return
    options: Any = settings.STORAGES[s3.REPLICA]["OPTIONS"]  # type: ignore[index]
    if str(options["endpoint_url"]).rstrip("/") == move.source:
        raise MoveError(
            "The replica has no endpoint of its own and lies in the store that is left; it is not "
            f"moved. Set BWV_REPLICA_ENDPOINT={move.source} everywhere, so that it stays where it "
            "is, and switch again. Better: give it another store first."
        )


def _rest(move: Move, source: Store, target: Store) -> None:
    """What came since the comparison is copied and compared; then nothing may come any more."""
    copying.run(move)
    found = checking.Findings(move)
    checking.objects(move, source, target, found)
    for alias in ALIASES:
        checking.listed(move, source, alias, found)
    checking.lost(move, source, found)
    found.keep()
    if move.fault_count:
        first = move.faults[0]
        raise MoveError(
            f"Not everything is in the target: {first['what']}. If something still writes, stop "
            "the workers and `custody run`; then reconcile again."
        )


def _waiting(move: Move) -> list[Moved]:
    rows = move.versions.filter(alias="originals", state=Moved.State.COPIED, switched=False)
    return list(rows.order_by("pk")[:BATCH])


def _rename(target: Store, rows: list[Moved]) -> int:
    """Rows and events of one batch, in one transaction; how many originals."""
    drafts = []
    with transaction.atomic():
        originals = {
            (row.key, row.version_id): row
            for row in Original.objects.select_for_update(of=("self",)).filter(
                key__in=[row.key for row in rows]
            )
        }
        for moved in rows:
            place = {"key": moved.key, "version_id": moved.version_id}
            now = f"{target.bucket('originals')}/{moved.key} {moved.target_version}"
            Upload.objects.filter(**place).update(version_id=moved.target_version)
            Quarantine.objects.filter(kept=f"{moved.key} {moved.version_id}").update(
                kept=f"{moved.key} {moved.target_version}"
            )
            _fixity(moved, target.bucket("originals"))
            Doomed.objects.filter(alias="originals", gone_at=None, **place).update(
                version_id=moved.target_version
            )
            original = originals.get((moved.key, moved.version_id))
            if original is not None:
                original.version_id = moved.target_version
                original.save(update_fields=["version_id"])
                draft = Draft("evidence.moved", original.subject(), ACTOR, data={"stored": [now]})
                drafts.append((draft, None))
        Moved.objects.filter(pk__in=[row.pk for row in rows]).update(switched=True)
        if drafts:
            record_all(drafts)
    return len(drafts)


def _fixity(moved: Moved, bucket: str) -> None:
    """What was found bad, and what took its place, is named as the target has it: or nobody could
    mend it any more, and the accounting would not know it."""
    rows = Damage.objects.filter(alias="originals", key=moved.key)
    rows.filter(version_id=moved.version_id).update(
        version_id=moved.target_version, bucket=bucket
    )  # fmt: skip
    rows.filter(new_version=moved.version_id).update(new_version=moved.target_version)
