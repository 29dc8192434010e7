"""Checkpoints: what the signer signed, and proofs that lead to it."""

from __future__ import annotations

from django.db import connection, transaction

from evidence.custody import keys, signing
from evidence.custody.log import hashing, proof
from evidence.custody.log.note import open_checkpoint
from evidence.custody.models import Checkpoint, Event
from evidence.custody.sequencer import TreeReader, tree_size
from evidence.custody.signing import LogBroken, NothingToSign, SignerAway
from evidence.custody.vocabulary import HOUSEKEEPING

__all__ = ["LogBroken", "SignerAway", "due", "prove", "sign"]
LOCK = 0x62_77_76_02
ROUND = 1000  # events after which a checkpoint does not wait for its minute


def sign() -> Checkpoint | None:
    """The checkpoint of the log as it is now: the newest one, or a new one from the signer.

    None for an empty log. Raises LogBroken or SignerAway.
    """
    last = Checkpoint.objects.order_by("-size").first()
    if last is not None and last.size == tree_size():
        return last
    try:
        note = signing.ask()
    except NothingToSign:
        return None
    return keep(note)


def keep(note: str) -> Checkpoint:
    """Keep a checkpoint that the signer gave, once its signatures are found good.

    Raises LogBroken when the signer gives a note that its own keys don't open, or another
    root than was kept for the same size.
    """
    try:
        body = open_checkpoint(note, keys.log_verifiers())
    except ValueError as error:
        raise LogBroken(f"the signer's checkpoint is not good: {error}") from error
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        known = Checkpoint.objects.filter(size=body.size).first()
        if known is None:
            known = Checkpoint(size=body.size, root=body.root, note=note)
            known.save()
    if bytes(known.root) != body.root:
        sentence = f"two roots were signed for {body.size} events"
        signing.alarm("application", sentence)
        raise LogBroken(sentence)
    return known


def due() -> int:
    """How many events since the last checkpoint are worth a new one.

    What the log says of its own anchors does not count: otherwise each checkpoint would
    be the reason for the next, for ever.
    """
    last = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    waiting = Event.objects.filter(index__gte=last).exclude(type__in=HOUSEKEEPING)
    return waiting[: ROUND + 1].count()


def prove(index: int) -> str:
    """A tlog-proof file of the event at `index`, to a checkpoint that covers it.

    Raises LogBroken or SignerAway, or ProofError when there is no such event.
    """
    covering = Checkpoint.objects.filter(size__gt=index).order_by("size").first() or sign()
    if covering is None:
        raise hashing.ProofError(f"entry {index} is not in an empty log")
    return prove_to(index, covering)


def prove_to(index: int, checkpoint: Checkpoint) -> str:
    """A tlog-proof file of the event at `index` to one checkpoint. Raises ProofError."""
    wanted: list[tuple[int, int]] = []

    def note(level: int, position: int) -> bytes:
        wanted.append((level, position))
        return hashing.EMPTY_ROOT

    hashing.inclusion_proof(index, checkpoint.size, note)
    path = hashing.inclusion_proof(index, checkpoint.size, load_nodes(wanted))
    return proof.write(index, path, checkpoint.signed())


def load_nodes(wanted: list[tuple[int, int]]) -> TreeReader:
    """A reader that has read these (level, position) at once. Raises ProofError for a hole."""
    reader = TreeReader()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.level, n.position, n.hash FROM custody_node n JOIN"
            " unnest(%s::int2[], %s::int8[]) AS w(level, position)"
            " ON n.level = w.level AND n.position = w.position",
            [[level for level, _ in wanted], [position for _, position in wanted]],
        )
        for level, position, value in cursor.fetchall():
            reader.known[level, position] = bytes(value)
    if len(reader.known) != len(set(wanted)):
        raise hashing.ProofError("the stored tree has holes; run manage.py custody verify")
    return reader
