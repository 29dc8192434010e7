"""Which store is which: the system works on the source until the switch, on the target after."""

from __future__ import annotations

from evidence.store import whole
from evidence.store.whole import Store
from ingest.moving.models import Move, MoveError


def current() -> Move:
    """The move that is under way. Raises MoveError."""
    open_ = Move.objects.exclude(state__in=[Move.State.REMOVED, Move.State.ABANDONED])
    found = open_.first()
    if found is None:
        raise MoveError("No move is under way. Begin with: manage.py move_store plan --to …")
    return found


def pair(move: Move) -> tuple[Store, Store]:
    """The source and the target. Raises MoveError when the settings name neither in its turn."""
    mine = whole.here()
    source = (move.source, move.source_prefix)
    target = (move.target, move.target_prefix)
    here = (mine.endpoint, mine.prefix)
    if move.switched:
        if here != target:
            raise MoveError(
                f"The move is switched: set AWS_S3_ENDPOINT_URL={move.target} and "
                f"BWV_BUCKET_PREFIX={move.target_prefix}, and start everything anew."
            )
        return whole.other(*source), mine
    if here != source:
        raise MoveError(
            f"Until the switch everything works on {move.source} (prefix {move.source_prefix}), "
            f"and the settings name {mine.endpoint} (prefix {mine.prefix}). Set them back."
        )
    return mine, whole.other(*target)
