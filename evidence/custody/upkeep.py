"""What an operator does to the log by hand: a signer's memory, keys, restoring, erasing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from evidence.custody import checkpoints, keys, published, sequencer, signing
from evidence.custody.log import hashing, jcs, keyring, tiles
from evidence.custody.log.checkpoint import Checkpoint as Body
from evidence.custody.log.note import open_checkpoint
from evidence.custody.models import Checkpoint, Event, Private
from evidence.custody.record import Actor, Draft, Subject, record, service
from evidence.custody.signer import rounds
from evidence.custody.signer.state import State

CONSOLE = service("console")
LOG = Subject("log")


class UpkeepError(RuntimeError):
    """It can't be done as asked. Its sentence says what to do."""


# --- the signer's memory --------------------------------------------------------


def adopt(note: str = "") -> int:
    """Make the signer's memory where there is none, up to a checkpoint; its size.

    Without `note` up to the newest checkpoint in the database; an empty log gives an empty
    memory. Raises UpkeepError when there is a memory already, or the log does not fit.
    """
    last = Checkpoint.objects.order_by("-size").first()
    text = note or (last.note if last else "")
    try:
        state = State.create(Path(settings.SIGNER_STATE))
    except FileExistsError:
        raise UpkeepError(f"The signer has a memory already: {settings.SIGNER_STATE}") from None
    try:
        if not text:
            return 0
        body = open_checkpoint(text, keys.log_verifiers())
        rounds.adopt(signing.reader(), state, settings.CUSTODY_ORIGIN, body, text)
    except (rounds.Refused, ValueError) as error:
        Path(settings.SIGNER_STATE).unlink()
        raise UpkeepError(f"The log does not fit that checkpoint: {error}") from error
    finally:
        state.close()
    return body.size


# --- keys -----------------------------------------------------------------------


def begin_rotation(name: str) -> keyring.Generation:
    """Make new keys, which sign beside the old ones from the next checkpoint on."""
    return _rotate("begun", name, "")


def finish_rotation(name: str, present: str) -> keyring.Generation:
    """End the old keys and destroy their private half before two persons (`present`)."""
    if len([item for item in present.split(",") if item.strip()]) < 2:
        raise UpkeepError("Name the two persons before whom the old key is destroyed.")
    return _rotate("finished", name, present)


def _rotate(step: str, name: str, present: str) -> keyring.Generation:
    sequencer.run()
    signed = checkpoints.sign()
    size = signed.size if signed else 0
    folder, origin = Path(settings.KEYS_DIR), settings.CUSTODY_ORIGIN
    if step == "begun":
        generation, what = keyring.begin_rotation(folder, origin, size), "new keys sign as well"
    else:
        generation = keyring.finish_rotation(folder, size)
        what = "the old keys sign no more and their private half is destroyed"
    data = {"serial": generation.serial, "step": step, "size": size, "keys": list(generation.keys)}
    private = {"name": name, "what": what, "present": present}
    with transaction.atomic():
        record(Draft("key.rotated", LOG, CONSOLE, data=data, private=private))
    return generation


# --- restoring ------------------------------------------------------------------


def rebuild() -> tuple[Body, Iterator[tuple[int, bytes]]]:
    """The newest published checkpoint, and its entries, read back from the bucket alone.

    The tree is computed twice, from the published hashes and from the published entries;
    both must give the signed root. Raises UpkeepError, or s3.StoreError.
    """
    text, size = published.newest()
    try:
        body = open_checkpoint(text, keys.log_verifiers())
        roots = {tiles.root_of(size, published.fetch, hashed=hashed) for hashed in (True, False)}
    except ValueError as error:
        raise UpkeepError(f"The published tree can't be read: {error}") from error
    if roots != {body.root}:
        raise UpkeepError(f"The published tree of {size} events does not give its signed root.")
    return body, tiles.entries(size, published.fetch)


def write_back(entries: Iterable[tuple[int, bytes]]) -> int:
    """Put published events back that the database has lost; how many.

    What the database still has must be the same. Personal details are not in the bucket:
    they come back with the database's backup or not at all. Raises UpkeepError.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sequencer.LOCK])
        size = sequencer.tree_size()
        read = sequencer.TreeReader()
        events, nodes, count = [], [], 0
        for index, entry in entries:
            if index < size:
                _same(index, entry)
                continue
            leaf = hashing.leaf_hash(entry)
            events.append(_row(index, entry, leaf))
            for level, position, value in hashing.completed_nodes(index, leaf, read):
                read.known[level, position] = value
                nodes.append((level, position, value))
            count += 1
        sequencer.copy_events(events)
        sequencer.copy_nodes(nodes)
    return count


def _same(index: int, entry: bytes) -> None:
    held = Event.objects.filter(index=index).values_list("body", flat=True).first()
    if held is None or bytes(held) != entry:
        raise UpkeepError(f"Event {index} is another one in the database than in the bucket.")


def _row(index: int, entry: bytes, leaf: bytes) -> tuple[object, ...]:
    said = jcs.parse(entry)
    subject = said["object"]
    return (
        index, uuid.UUID(said["id"]), said["type"], subject["ref"], subject["seq"],
        said["actor"]["ref"], said["outcome"], datetime.fromisoformat(said["time"]), entry, leaf,
    )  # fmt: skip


def restored(name: str, reason: str, rebuilt: int) -> None:
    """Say in the log that it was restored; the signer wants this after it saw a shorter log."""
    sequencer.run()
    size = sequencer.tree_size()
    root = hashing.tree_root(size, sequencer.TreeReader()).hex()
    data = {"size": size, "root": root, "rebuilt": rebuilt}
    with transaction.atomic():
        record(
            Draft("log.restored", LOG, CONSOLE, data=data,
                  private={"name": name, "reason": reason})
        )  # fmt: skip
    sequencer.run()


# --- erasing --------------------------------------------------------------------


def erase(events: Iterable[uuid.UUID], *, by: Actor, authority: str, reason: str) -> int:
    """Delete the personal details of events, and say so in the log; how many there were.

    DPA 2018 s.47: the events and every proof stand, the details and their salts are gone.
    `authority` is the rule or decision, openly in the log. Raises UpkeepError for an event
    that is not in the log.
    """
    wanted = list(dict.fromkeys(events))
    with transaction.atomic():
        found = list(Event.objects.filter(id__in=wanted).order_by("index"))
        if len(found) != len(wanted):
            known = {event.id for event in found}
            missing = next(item for item in wanted if item not in known)
            raise UpkeepError(f"There is no event {missing}.")
        rows = Private.objects.select_for_update().filter(event_id__in=wanted)
        present = set(rows.values_list("event_id", flat=True))
        by_object: dict[str, list[str]] = {}
        for event in found:
            if event.id in present:
                by_object.setdefault(event.object_ref, []).append(str(event.id))
        rows.delete()
        for ref, identifiers in by_object.items():
            # An event has 16 KiB: 200 ids of 39 bytes leave room.
            for start in range(0, len(identifiers), 200):
                part = identifiers[start : start + 200]
                record(
                    Draft(
                        "private.erased", Subject(ref), by,
                        data={"events": part, "authority": authority},
                        private={"name": by.name, "reason": reason},
                    )
                )  # fmt: skip
    return len(present)
