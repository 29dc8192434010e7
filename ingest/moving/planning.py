"""Beginning a move, pausing uploads for its end, and giving it up."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum

from evidence.people.models import User
from evidence.retention.models import Doomed, Tombstone
from evidence.store import whole
from ingest.moving.models import Move, Moved, MoveError
from ingest.uploads import actions as uploads
from ingest.uploads.models import StoreGauge, Upload


def person(username: str) -> User:
    """Somebody of the force who answers for it. Raises MoveError."""
    found = User.objects.filter(username=username.lower()).first()
    if found is None or not found.is_active:
        raise MoveError(f"There is nobody of the user name {username} here. Name a person.")
    return found


def plan(*, endpoint: str, prefix: str, by: str) -> Move:
    """Begin a move to an empty store that was tried. Raises MoveError, StoreError."""
    who, mine = person(by), whole.here()
    target = whole.other(endpoint.rstrip("/"), prefix)
    if (target.endpoint, prefix) == (mine.endpoint, mine.prefix):
        raise MoveError("That is the store in use. Name another endpoint or prefix.")
    unfit = target.unfit()
    if unfit:
        raise MoveError(unfit)
    for alias in whole.ALIASES:
        if next(target.items(alias), None) is not None:
            raise MoveError(
                f"The bucket {target.bucket(alias)} is not empty: what is there could not be told "
                "from what was moved. Name another prefix."
            )
    try:
        with transaction.atomic():
            return Move.objects.create(
                source=mine.endpoint, source_prefix=mine.prefix, target=target.endpoint,
                target_prefix=prefix, planned_by=who.username,
            )  # fmt: skip
    except IntegrityError:
        raise MoveError("A move is under way already: manage.py move_store status") from None


def abandon(move: Move) -> None:
    """Give a move up before its switch; what was copied stays where it is."""
    if move.switched or move.state == Move.State.SWITCHING:
        raise MoveError("The move is switched, or was begun to be: it can only go on.")
    move.state = Move.State.ABANDONED
    move.save(update_fields=["state"])
    resume_uploads()


def pause_uploads(move: Move) -> int:
    """Let docks wait; how many files are still being verified."""
    uploads.pause("The store is being moved.")
    return Upload.objects.filter(state=Upload.State.VERIFYING).count()


def resume_uploads() -> None:
    """Let docks go on."""
    uploads.resume()


def paused() -> bool:
    """Whether docks wait."""
    return StoreGauge.objects.exclude(paused_because="").exists()


def gone(alias: str, keys: list[str]) -> set[str]:
    """Which of these keys were disposed of: they must not come back."""
    doomed = Doomed.objects.filter(alias=alias, key__in=keys, gone_at__isnull=False)
    found = set(doomed.values_list("key", flat=True))
    if alias == "originals":
        found |= set(Tombstone.objects.filter(key__in=keys).values_list("key", flat=True))
    return found


def status(move: Move) -> dict[str, Any]:
    """How far it is, in words and counts."""
    rows: Any = move.versions.order_by().values("alias").annotate(
        listed=Count("pk"), bytes=Sum("size"),
        copied=Count("pk", filter=~Q(state=Moved.State.COPYING)),
        compared=Count("pk", filter=Q(checked=move.checks, checked__gt=0)),
        switched_=Count("pk", filter=Q(switched=True)),
        removed=Count("pk", filter=Q(state=Moved.State.REMOVED)),
        stays_=Count("pk", filter=~Q(stays="")),
    )  # fmt: skip
    return {
        "from": f"{move.source} {move.source_prefix}", "to": f"{move.target} {move.target_prefix}",
        "state": move.get_state_display(), "uploads_paused": paused(),
        "whole": move.whole, "faults": move.fault_count, "first_person": move.first,
        "second_person": move.second,
        "buckets": {row.pop("alias"): row for row in rows},
    }  # fmt: skip
