"""What an operator does to the log by hand: a signer's memory, keys, restoring, erasing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from evidence.custody import checkpoints, keys, published, sequencer, signing
from evidence.custody.log import hashing, jcs, keyring, tiles
from evidence.custody.log.checkpoint import Checkpoint as Body
from evidence.custody.log.note import open_checkpoint
from evidence.custody.models import Checkpoint, Event, Private
from evidence.custody.record import Actor, Draft, Subject, once_a_day, record, service
from evidence.custody.signer import rounds
from evidence.custody.signer.state import State

CONSOLE = service("console")
LOG = Subject("log")
CHUNK = 1000


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
        state.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{settings.SIGNER_STATE}{suffix}").unlink(missing_ok=True)
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
    """The files first, then the event. Dying in between is mended by asking again: the step
    that was done is then only written down, under the same id."""
    sequencer.run()
    signed = checkpoints.sign()
    size = signed.size if signed else 0
    folder, origin = Path(settings.KEYS_DIR), settings.CUSTODY_ORIGIN
    known = keys.generations()
    if step == "begun":
        what, done = "new keys sign as well", sum(row.end is None for row in known) > 1
        last = known[-1]
    else:
        what = "the old keys sign no more and their private half is destroyed"
        ended = [row for row in known if row.end is not None]
        done = bool(ended) and sum(row.end is None for row in known) == 1
        last = ended[-1] if ended else known[0]
    if done and not Event.objects.filter(id=_rotation_id(step, last.serial)).exists():
        generation = last
        if step == "finished":
            keyring.destroy_seeds(folder, last.serial)
    elif step == "begun":
        generation = keyring.begin_rotation(folder, origin, size)
    else:
        generation = keyring.finish_rotation(folder, size)
    data = {"serial": generation.serial, "step": step, "size": size, "keys": list(generation.keys)}
    private = {"name": name, "what": what, "present": present}
    with transaction.atomic():
        record(
            Draft("key.rotated", LOG, CONSOLE, data=data, private=private),
            event_id=_rotation_id(step, generation.serial),
        )
    sequencer.run()
    return generation


def _rotation_id(step: str, serial: int) -> uuid.UUID:
    return once_a_day(f"key:{serial}:{step}", datetime(2026, 1, 1, tzinfo=UTC))


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
        held: list[bytes] = []
        for index, entry in entries:
            if index < size:
                if not index % CHUNK:
                    held = _bodies(index)
                if entry != (held[index % CHUNK] if index % CHUNK < len(held) else b""):
                    raise UpkeepError(
                        f"Event {index} is another one in the database than in the bucket."
                    )
                continue
            made = sequencer.event_row(index, entry, jcs.parse(entry))
            events.append(made)
            for level, position, value in hashing.completed_nodes(index, made[-1], read):
                read.known[level, position] = value
                nodes.append((level, position, value))
            count += 1
        sequencer.copy_events(events)
        sequencer.copy_nodes(nodes)
    return count


def _bodies(start: int) -> list[bytes]:
    rows = Event.objects.filter(index__gte=start, index__lt=start + CHUNK).order_by("index")
    return [bytes(body) for body in rows.values_list("body", flat=True)]


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
