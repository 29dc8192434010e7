"""Removing the source: the last step, and refused until everything before it is beyond doubt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.record import Draft, Subject, record, service
from evidence.fixity.models import Damage
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.retention.models import Doomed, Tombstone
from evidence.store import s3
from evidence.store.whole import ALIASES, Store
from ingest.moving import copying, planning, stores
from ingest.moving.models import Move, Moved, MoveError

log = structlog.get_logger(__name__)
ACTOR = service("console")
State = Moved.State


@dataclass
class Removal:
    """What was removed, and what stays at the source with why."""

    removed: int = 0
    bytes: int = 0
    stays: dict[str, int] = field(default_factory=dict)


def agree(*, by: User) -> Move:
    """Agree to the removal of the source, as one of two different people who may let footage go.

    Raises NotAllowed, MoveError.
    """
    if not by.may("retention.approve"):
        raise NotAllowed("There is nothing here that you can agree to.")
    with transaction.atomic():
        move = Move.objects.select_for_update().get(pk=stores.current().pk)
        beyond_doubt(move)
        now = timezone.now()
        if by.username in (move.first, move.second):
            raise MoveError("You have agreed already. A second, different person has to agree too.")
        if not move.first:
            move.first, move.first_at = by.username, now
        elif not move.second:
            move.second, move.second_at = by.username, now
        else:
            raise MoveError("Two people have agreed already.")
        move.save(update_fields=["first", "first_at", "second", "second_at"])
        draft = Draft("store.removal_agreed", Subject("store"), by.actor(),
                      private={"name": by.short, "from": move.source})  # fmt: skip
        record(draft)
    return move


def beyond_doubt(move: Move) -> None:
    """Raise MoveError with the reason why the source may not be removed yet."""
    if not move.switched or move.switched_at is None:
        raise MoveError("The system still works on the source: switch first.")
    if not move.whole or move.check_started is None or move.check_started < move.switched_at:
        raise MoveError(
            "The source stays until a comparison after the switch was whole. Run: manage.py "
            "move_store reconcile"
        )
    end = move.switched_at + timedelta(days=settings.MOVE_KEEP_DAYS)
    if timezone.now() < end:
        raise MoveError(
            f"The source stays until {timezone.localtime(end):%d %B %Y %H:%M} "
            f"({settings.MOVE_KEEP_DAYS} days after the switch; BWV_MOVE_KEEP_DAYS)."
        )


def run(move: Move) -> Removal:
    """Remove from the source what the target has, once two people agreed. Again: goes on.

    GOVERNANCE locks are lifted here and nowhere else in a move. What a COMPLIANCE lock or a
    legal hold keeps stays, and is counted by why. Raises MoveError.
    """
    beyond_doubt(move)
    if not (move.first and move.second):
        many = "One person has" if move.first else "Nobody has"
        page = f"{settings.PUBLIC_URL.rstrip('/')}/moving/"
        raise MoveError(f"{many} agreed. Two different people have to, on the page {page}")
    source, target = stores.pair(move)
    found = Removal()
    for alias in ALIASES:
        for batch in copying.batches(source, alias):
            keys = [items[0].key for items in batch]
            rows = {(row.key, row.version_id): row
                    for row in move.versions.filter(alias=alias, key__in=keys)}  # fmt: skip
            damaged = _damaged(alias, keys)
            for item in (item for items in batch for item in items):
                row = rows.get((item.key, item.version_id))
                spent = row is not None and row.checked != move.checks and not wanted(row)
                if row is None or (row.checked != move.checks and not spent):
                    _stays(found, "not matched in the target")
                    continue
                since = damaged.get(item.key)
                if since is not None and (row.checked_at is None or since > row.checked_at):
                    _stays(found, "damaged in the target since: this may be the only whole one")
                    continue
                _remove(source, target, row, found, spent=spent)
    _finish(move, found)
    return found


def wanted(row: Moved) -> bool:
    """Whether the system still wants what was moved; it disposes of things and makes them anew."""
    if planning.gone(row.alias, [row.key]):
        return False
    return row.alias != "renditions" or copying.named(row.key)


def clear_disposed(move: Move) -> int:
    """Destroy in the store that is not in use what was disposed of since; how many versions.

    Disposal destroys in the store in use alone, and what is gone must not lie on in the other
    until somebody removes it. Runs every hour. Raises StoreError.
    """
    source, target = stores.pair(move)
    doomed = Doomed.objects.filter(
        alias=OuterRef("alias"), key=OuterRef("key"), gone_at__isnull=False
    )
    buried = Tombstone.objects.filter(key=OuterRef("key"))
    rows = move.versions.filter(
        Exists(doomed) | Q(Exists(buried), alias="originals"), state=State.COPIED
    )
    count = 0
    for row in rows.iterator(chunk_size=200):
        store, version = (source, row.version_id) if move.switched else (target, row.target_version)
        try:
            store.destroy(row.alias, row.key, version)
        except s3.StoreError as error:
            why = f"disposed of, and the store refused: {error}"[:200]
            Moved.objects.filter(pk=row.pk).update(stays=why)
            log.error("disposed footage is still in the other store", key=row.key, why=why)
            continue
        Moved.objects.filter(pk=row.pk).update(state=State.DISPOSED, stays="")
        count += 1
    return count


def _damaged(alias: str, keys: list[str]) -> dict[str, datetime]:
    """Since when these are known to be damaged, where nobody has mended them."""
    rows = Damage.objects.filter(alias=alias, key__in=keys, state__in=["found", "held"])
    return dict(rows.order_by("found_at").values_list("key", "found_at"))


def _remove(
    source: Store, target: Store, row: Moved, found: Removal, *, spent: bool
) -> None:  # fmt: skip
    facts = source.facts(row.alias, row.key, row.version_id)
    why = ""
    if facts.hold:
        why = "legal hold"
    elif facts.mode == "COMPLIANCE" and facts.until and facts.until > timezone.now():
        why = f"locked until {facts.until:%d %B %Y} (COMPLIANCE)"
    elif not spent and not target.has(row.alias, row.key, row.target_version):
        why = "the target does not have it any more"
    if not why:
        try:
            source.destroy(row.alias, row.key, row.version_id)
            if source.has(row.alias, row.key, row.version_id):
                why = "the source says it is removed, and has it still"
        except s3.StoreError as error:
            why = f"the source refused: {error}"[:200]
    if why:
        _stays(found, why)
        Moved.objects.filter(pk=row.pk).update(stays=why)
        return
    Moved.objects.filter(pk=row.pk).update(state=State.REMOVED, stays="")
    found.removed += 1
    found.bytes += row.size


def _stays(found: Removal, why: str) -> None:
    found.stays[why] = found.stays.get(why, 0) + 1


def _finish(move: Move, found: Removal) -> None:
    """Say it in the log; the move ends when nothing is left that could be removed.

    What an earlier run removed before it died is counted in: the rows say it, not this run.
    """
    whole = not found.stays
    with transaction.atomic():
        gone = move.versions.filter(state=State.REMOVED).aggregate(
            objects=Count("pk"), bytes=Sum("size", default=0)
        )
        data = {**gone, "stays": sum(found.stays.values())}
        record(
            Draft("store.source_removed", Subject("store"), ACTOR, data=data,
                  private={"first": move.first, "second": move.second, "from": move.source})
        )  # fmt: skip
        if whole:
            move.state, move.removed_at = Move.State.REMOVED, timezone.now()
            move.save(update_fields=["state", "removed_at"])
    sequencer.run()
