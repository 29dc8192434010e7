"""Signing the log's size and root, and proofs that lead to what was signed."""

from __future__ import annotations

from django.db import connection, transaction

from evidence.custody import keys
from evidence.custody.log import hashing, note, proof
from evidence.custody.log.checkpoint import Checkpoint as Body
from evidence.custody.log.note import open_checkpoint
from evidence.custody.models import Checkpoint
from evidence.custody.sequencer import TreeReader, tree_size

LOCK = 0x62_77_76_02


class LogBroken(RuntimeError):
    """The log does not extend what was signed before. Nothing more is signed."""


def sign() -> Checkpoint | None:
    """Sign the log as it is now, once it is shown to extend the last checkpoint.

    The newest checkpoint, also when nothing was added since; None for an empty log.
    Raises LogBroken.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        last = Checkpoint.objects.order_by("-size").first()
        size = tree_size()
        if last is not None and last.size == size:
            return last
        if size == 0:
            return None
        read = TreeReader()
        root = hashing.tree_root(size, read)
        if last is not None:
            _check_extends(last, size, root, read)
        key = keys.log_key()
        text = note.sign(Body(key.name, size, root).body(), [key])
        made = Checkpoint(size=size, root=root, note=text)
        made.save()
        return made


def _check_extends(last: Checkpoint, size: int, root: bytes, read: TreeReader) -> None:
    before = open_checkpoint(last.note, [keys.log_verifier()])
    if before.size > size:
        raise LogBroken(f"{before.size} events were signed, {size} are there")
    path = hashing.consistency_proof(before.size, size, read)
    try:
        hashing.check_consistency(before.size, size, before.root, root, path)
    except hashing.ProofError as error:
        raise LogBroken(f"the log was changed before event {before.size}: {error}") from error


def prove(index: int) -> str:
    """A tlog-proof file of the event at `index`, to a checkpoint that covers it.

    Raises LogBroken, or ProofError when there is no such event.
    """
    covering = Checkpoint.objects.filter(size__gt=index).order_by("size").first() or sign()
    if covering is None:
        raise hashing.ProofError(f"entry {index} is not in an empty log")
    path = hashing.inclusion_proof(index, covering.size, TreeReader())
    return proof.write(index, path, covering.note)
