"""The package of a history: its events with proofs, openings, checkpoints, keys, verifier."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from evidence.custody import checkpoints, keys
from evidence.custody.log import hashing, proof
from evidence.custody.log.bag import Bag
from evidence.custody.models import Anchor, Checkpoint, Event, Private
from evidence.custody.sequencer import TreeReader

HERE = Path(__file__).parent
# Older checkpoints that somebody may hold, with the proof that this log grew out of them.
MOST_OLDER = 200
MOST_STAMPS = 50


@dataclass(frozen=True)
class Contents:
    """What a package shows: events in the order of the log, up to a checkpoint."""

    events: list[Event]
    checkpoint: Checkpoint


def gather(exported: Iterable[Event], checkpoint: Checkpoint) -> Contents:
    """The whole history of each object up to its `evidence.exported` event."""
    found: list[Event] = []
    for last in exported:
        found += Event.objects.filter(object_ref=last.object_ref, seq__lte=last.seq)
    return Contents(sorted(found, key=lambda event: event.index), checkpoint)


def write(bag: Bag, contents: Contents, may_open: Callable[[Event], bool]) -> None:
    """Add everything below custody/, the verifier and its page.

    `may_open` decides which events' personal details this recipient may see. Raises
    ProofError when the stored tree has holes.
    """
    events, checkpoint = contents.events, contents.checkpoint
    lines = b"".join(bytes(event.body) + b"\n" for event in events)
    bag.add_tag("custody/events.jsonl", lines)
    signed = checkpoint.signed()
    reader = _reader([event.index for event in events], checkpoint.size)
    for event in events:
        path = hashing.inclusion_proof(event.index, checkpoint.size, reader)
        text = proof.write(event.index, path, signed)
        bag.add_tag(f"custody/proofs/{event.index}.tlog-proof", text.encode())
    bag.add_tag("custody/private.json", _private(events, may_open))
    bag.add_tag("custody/policy", keys.policy().encode())
    for generation in keys.generations():
        text = "".join(f"{key}\n" for key in generation.keys)
        bag.add_tag(f"custody/keys/log-{generation.serial}.vkeys", text.encode())
    if settings.TSA_CERTIFICATES:
        certificates = Path(settings.TSA_CERTIFICATES).read_bytes()
        bag.add_tag("custody/keys/time-stamping.pem", certificates)
    _older(bag, contents)
    for name in ("VERIFY.md", "bwv_verify.py", "bwv_mldsa44.py"):
        bag.add_tag(name, (HERE / name).read_bytes())


def _reader(indexes: list[int], size: int) -> TreeReader:
    """All nodes that these proofs need, read at once."""
    wanted: dict[tuple[int, int], None] = {}

    def note(level: int, position: int) -> bytes:
        wanted[level, position] = None
        return hashing.EMPTY_ROOT

    for index in indexes:
        hashing.inclusion_proof(index, size, note)
    return checkpoints.load_nodes(list(wanted))


def _private(events: list[Event], may_open: Callable[[Event], bool]) -> bytes:
    """Openings as the golden log has them: salt in hex, body as its canonical text."""
    rows = {
        row.event_id: row for row in Private.objects.filter(event_id__in=[e.id for e in events])
    }
    openings, erased = {}, []
    for event in events:
        row = rows.get(event.id)
        if row is None:
            if "private" in event.parsed():
                erased.append(str(event.id))
        elif may_open(event):
            openings[str(event.id)] = {
                "salt": bytes(row.salt).hex(),
                "body": bytes(row.details).decode(),
            }
    return (json.dumps({"openings": openings, "erased": erased}, indent=1) + "\n").encode()


def _older(bag: Bag, contents: Contents) -> None:
    """This checkpoint, those that covered the events first, and those that were stamped."""
    size = contents.checkpoint.size
    sizes: set[int] = set()
    for event in contents.events:
        if sizes and max(sizes) > event.index:
            continue
        covering = Checkpoint.objects.filter(size__gt=event.index).order_by("size").first()
        if covering is not None:
            sizes.add(covering.size)
    stamps = {
        row.size: bytes(row.body)
        for row in Anchor.objects.filter(kind=Anchor.Kind.TIMESTAMP, size__lte=size).order_by(
            "-size"
        )[:MOST_STAMPS]
    }
    chosen = sorted({*sorted(sizes)[-MOST_OLDER:], *stamps, size})
    for row in Checkpoint.objects.filter(size__in=chosen, size__lte=size).order_by("size"):
        bag.add_tag(f"custody/checkpoints/{row.size}", row.signed().encode())
        if row.size != size:
            bag.add_tag(f"custody/consistency/{row.size}-{size}", consistency(row.size, size))
        if row.size in stamps:
            bag.add_tag(f"custody/timestamps/{row.size}.tsr", stamps[row.size])


def consistency(old: int, new: int) -> bytes:
    """The proof that the log of `new` events grew out of that of `old`: one hash a line."""
    wanted: list[tuple[int, int]] = []

    def note(level: int, position: int) -> bytes:
        wanted.append((level, position))
        return hashing.EMPTY_ROOT

    hashing.consistency_proof(old, new, note)
    path = hashing.consistency_proof(old, new, checkpoints.load_nodes(wanted))
    return "".join(base64.b64encode(node).decode() + "\n" for node in path).encode()
