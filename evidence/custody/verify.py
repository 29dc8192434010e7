"""Walking the whole log: every body, number, chain, node and checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.conf import settings

from evidence.custody import keys, sequencer
from evidence.custody.log import hashing, jcs
from evidence.custody.log.note import open_checkpoint
from evidence.custody.models import Checkpoint, Event, Node, Pending, Private


def faults() -> Iterator[str]:
    """A sentence for each thing that does not hold, the earliest event first."""
    heads: dict[str, tuple[int, str]] = {}
    tree: dict[tuple[int, int], bytes] = {}
    # What is added while this runs is the next run's.
    size = sequencer.tree_size()
    checkpoints = {row.size: row for row in Checkpoint.objects.filter(size__lte=size)}
    latest = ""
    expected = 0
    for event in Event.objects.filter(index__lt=size).order_by("index").iterator(2000):
        where = f"event {event.index}"
        if event.index != expected:
            yield f"{where}: the events {expected} to {event.index - 1} are missing"
        expected = event.index + 1
        body = bytes(event.body)
        try:
            parsed = jcs.parse(body)
            ref, seq = parsed["object"]["ref"], parsed["object"]["seq"]
            prev, time = parsed["object"]["prev"], parsed["time"]
        except (jcs.ProfileError, KeyError, TypeError) as error:
            yield f"{where}: its body is not canonical ({error})"
            continue
        leaf = hashing.leaf_hash(body)
        if leaf != bytes(event.leaf):
            yield f"{where}: its body was changed (another leaf hash)"
        columns = (event.type, event.object_ref, event.seq, str(event.id), event.actor_ref)
        if columns != (parsed["type"], ref, seq, parsed["id"], parsed["actor"]["ref"]):
            yield f"{where}: its columns don't say what its body says"
        if parsed["log"] != settings.CUSTODY_ORIGIN:
            yield f"{where}: it is of another log, {parsed['log']}"
        known_seq, known_leaf = heads.get(ref, (0, None))
        if (seq, prev) != (known_seq + 1, known_leaf):
            yield f"{where}: the chain of {ref} is broken at number {seq}"
        if time < latest:
            yield f"{where}: it is older than the event before it"
        latest = max(latest, time)
        heads[ref] = (seq, leaf.hex())
        for level, position, value in hashing.completed_nodes(
            event.index, leaf, lambda lv, at: tree.get((lv, at), hashing.EMPTY_ROOT)
        ):
            tree[level, position] = value
        if expected in checkpoints:
            yield from _checkpoint(checkpoints.pop(expected), tree)
    for row in Checkpoint.objects.exclude(size__lte=expected).filter(size__gt=size):
        if row.size > sequencer.tree_size():
            yield f"checkpoint of {row.size}: the log has only {expected} events"
    for missed in sorted(checkpoints):
        yield f"checkpoint of {missed}: the log has only {expected} events"
    yield from _nodes(tree, size)
    yield from _private(size)


def _nodes(tree: dict[tuple[int, int], bytes], size: int) -> Iterator[str]:
    """The stored nodes are what proofs are made from: each must be what the bodies give."""
    seen = 0
    for row in Node.objects.order_by("level", "position").iterator(chunk_size=5000):
        if (row.position + 1) << row.level > size:
            continue
        seen += 1
        if tree.get((row.level, row.position)) != bytes(row.hash):
            yield f"event {row.position << row.level}: the tree's node above it was changed"
    if seen != len(tree):
        yield f"the tree has {seen} nodes where its events make {len(tree)}"


def _checkpoint(row: Checkpoint, tree: dict[tuple[int, int], bytes]) -> Iterator[str]:
    where = f"checkpoint of {row.size}"
    try:
        signed = open_checkpoint(row.note, [keys.log_verifier()])
    except ValueError as error:
        yield f"{where}: {error}"
        return
    root = hashing.tree_root(row.size, lambda lv, at: tree.get((lv, at), hashing.EMPTY_ROOT))
    if (signed.size, signed.root) != (row.size, root):
        yield f"{where}: an event before it was changed; the signed root is another"


def _private(size: int) -> Iterator[str]:
    """Private details must open the commitment of their event."""
    for row in Private.objects.iterator(chunk_size=2000):
        event = Event.objects.filter(id=row.event_id).first()
        if event is None:
            if not Pending.objects.filter(id=row.event_id).exists():
                yield f"private details of {row.event_id}: there is no such event"
            continue
        if event.index >= size:
            continue
        opened = hashlib.sha256(bytes(row.salt) + bytes(row.details)).hexdigest()
        if event.parsed().get("private", {}).get("commit") != opened:
            yield f"event {event.index}: its private details were changed"
