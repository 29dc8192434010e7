"""Audits: the log walked and the stored files read again, as a whole or for one recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from evidence.custody import checkpoints, keys, sequencer, signing, verify
from evidence.custody.log import hashing, jcs, proof
from evidence.custody.models import Audit, Checkpoint, Event
from evidence.custody.record import Draft, Subject, once_a_day, record, service
from evidence.custody.units import Fault
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import fixity
from evidence.recordings.access import find
from evidence.recordings.models import Original, Recording, Rendition

ACTOR = service("audit")
SAMPLE = 200
Progress = Callable[[int, int], None]


@dataclass
class Outcome:
    """What a walk read and found."""

    since: int = 0
    events: int = 0
    objects: int = 0
    faults: list[Fault] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """For JSON; `first_bad` is the index of the first event that something is wrong with."""
        return {
            "since": self.since,
            "events": self.events,
            "objects": self.objects,
            "first_bad": min((fault.index for fault in self.faults), default=None),
            "faults": [fault.row() for fault in self.faults],
        }


def walk(
    *, since: int = 0, objects: str = "all", workers: int = 0, progress: Progress | None = None
) -> Outcome:
    """The log from `since` on, and `objects`: all, a sample, or none.

    A sample takes what was read longest ago. `workers` 0: a process a core.
    """
    found = Outcome(since)
    found.faults = list(verify.faults(since, workers or verify.processes(), progress))
    found.events = max(0, sequencer.tree_size() - since)
    if objects != "none":
        for fault in _objects(objects):
            found.objects += 1
            if fault is not None:
                found.faults.append(fault)
    return found


def _objects(which: str) -> Iterator[Fault | None]:
    """One item an object that was read: a fault, or nothing."""
    originals = Original.objects.order_by("checked_at", "pk")
    renditions = Rendition.objects.select_related("original").order_by("pk")
    if which == "sample":
        # The longest unread first: every file's turn comes.
        originals, renditions = originals[:SAMPLE], renditions.order_by("?")[:SAMPLE]
    for original in originals.iterator(chunk_size=200):
        yield check_original(original)
    for rendition in renditions.iterator(chunk_size=200):
        yield fixity.rendition(rendition)


def check_original(original: Original) -> Fault | None:
    """Read one original and compare it with the log; remember when."""
    fault = fixity.original(original)
    if fault is None:
        Original.objects.filter(pk=original.pk).update(checked_at=timezone.now())
    return fault


# --- nightly -----------------------------------------------------------------------


def nightly() -> Audit:
    """Walk the whole log and a sample of the files; keep the outcome, and write its event."""
    row = Audit.objects.create(total=sequencer.tree_size())

    def progress(done: int, total: int) -> None:
        Audit.objects.filter(pk=row.pk).update(done=done, total=total)

    found = walk(objects="sample", workers=1, progress=progress)
    data = {"events": found.events, "objects": found.objects, "faults": len(found.faults),
            "since": found.since}  # fmt: skip
    with transaction.atomic():
        outcome: Any = "failed" if found.faults else "ok"
        record(Draft("log.audited", Subject("log"), ACTOR, data=data, outcome=outcome))
        _finish(row, found)
    if found.faults:
        first = min(found.faults)
        signing.alarm("audit", f"{len(found.faults)} faults, the first: {first.sentence}")
    return row


def _finish(row: Audit, found: Outcome) -> None:
    row.finished, row.done = timezone.now(), row.total
    row.events, row.objects_read = found.events, found.objects
    row.faults = [fault.row() for fault in found.faults[:100]]
    row.fault_count = len(found.faults)
    row.save()


# --- one recording, asked for by a person --------------------------------------------


def ask(*, by: User, recording: Recording) -> Audit:
    """Have one recording's history and files checked again. Raises NotAllowed."""
    from evidence.recordings.tasks import verify_recording

    try:
        find(by, recording.reference, "history.verify")
    except Recording.DoesNotExist:
        raise NotAllowed("There is nothing here that you can check.") from None
    running = Audit.objects.filter(
        asked_for=recording.reference, finished=None,
        started__gt=timezone.now() - timedelta(minutes=10),
    ).first()  # fmt: skip
    if running is not None:
        return running
    row = Audit.objects.create(asked_for=recording.reference, asked_by=by.username)
    transaction.on_commit(lambda: verify_recording.delay(row.pk), robust=True)
    return row


def verify_one(identifier: int) -> None:
    """Check what `ask` asked for, with progress by bytes. Twice is one outcome and one event."""
    row = Audit.objects.get(pk=identifier)
    if row.finished:
        return
    by = User.objects.get(username=row.asked_by)
    try:
        recording = find(by, row.asked_for, "history.verify")
    except Recording.DoesNotExist:
        sentence = "whoever asked for this check may not check it any more"
        _finish(row, Outcome(faults=[Fault(0, "right", sentence)]))
        return
    originals = list(recording.originals.all())
    refs = {recording.reference, *(item.reference for item in originals)}
    row.total, row.done = sum(item.size for item in originals) + 1, 0
    row.save()
    found = Outcome()
    found.faults = list(history_faults(refs))
    found.events = Event.objects.filter(object_ref__in=refs).count()
    for original in originals:
        fault = check_original(original)
        found.objects += 1
        row.done += original.size
        Audit.objects.filter(pk=row.pk).update(done=row.done)
        if fault is not None:
            found.faults.append(fault)
    data = {"events": found.events, "files": found.objects, "faults": len(found.faults)}
    with transaction.atomic():
        record(
            Draft(
                "history.verified", recording.subject(), by.actor(), data=data,
                private={"name": by.short}, outcome="failed" if found.faults else "ok",
            ),
            event_id=once_a_day(f"check:{row.pk}", row.started),
        )  # fmt: skip
        _finish(row, found)
    if found.faults:
        source = f"check {recording.reference}"
        signing.alarm(source, f"{recording.reference}: {found.faults[0].sentence}")


def history_faults(refs: set[str]) -> Iterator[Fault]:
    """What is wrong with the history of some objects: bodies, chains, proofs, details."""
    try:
        signed = checkpoints.sign()
    except checkpoints.LogBroken as error:
        yield Fault(0, "signer", f"the signer refuses to sign: {error}")
        signed = Checkpoint.objects.order_by("-size").first()
    except checkpoints.SignerAway:
        signed = Checkpoint.objects.order_by("-size").first()
    for ref in sorted(refs):
        head: tuple[int, str | None] = (0, None)
        for event in Event.objects.filter(object_ref=ref).order_by("seq"):
            body = bytes(event.body)
            leaf = hashing.leaf_hash(body)
            try:
                said = jcs.parse(body)["object"]
                link = (said["seq"], said["prev"])
                if said["ref"] != ref or link != (head[0] + 1, head[1]):
                    sentence = f"event {event.index}: the chain of {ref} is broken"
                    yield Fault(event.index, "chain", sentence)
                if signed is not None and event.index < signed.size:
                    _prove(event, body, signed)
            except (jcs.ProfileError, KeyError, TypeError, ValueError) as error:
                yield Fault(event.index, "proof", f"event {event.index}: {error}")
            head = (event.seq, leaf.hex())


def _prove(event: Event, body: bytes, signed: Checkpoint) -> None:
    proof.check(checkpoints.prove_to(event.index, signed), body, keys.log_verifiers())


def oldest_unchecked() -> Original | None:
    """The file whose bytes were read longest ago; of what is damaged more is known than that."""
    return Original.objects.filter(damaged_at=None).order_by("checked_at").first()
