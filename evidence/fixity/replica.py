"""The replica: a second copy of each original, in another place, made and kept by workers.

It is not made while a file is sealed: a replica that is away must not keep a camera waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from evidence.fixity import finding, reading, turns
from evidence.fixity.models import Damage, ReplicaCopy, State
from evidence.fixity.sources import Originals, sealed
from evidence.recordings.models import Original, Recording
from evidence.retention.models import Hold
from evidence.store import s3

log = structlog.get_logger(__name__)
SLICE_SECONDS = 20
CLAIM = timedelta(minutes=5)
LATER = timedelta(minutes=10)
STRIKES = 5
HOUR = timedelta(hours=1)
HOLDS = timedelta(minutes=10)
ENROL = 2000
# Numbers are given before their rows are committed: so far back is looked again.
BEHIND = 5000
LOCK_AHEAD = timedelta(days=7)
BATCH = 500
OCTETS = "application/octet-stream"
There = ReplicaCopy.State.THERE


def run() -> int:
    """One slice: new originals enrolled, some copied, locks and legal holds kept; how many were
    copied."""
    if not s3.has_replica():
        return 0
    enrol()
    began, count = time.monotonic(), 0
    for identifier in due():
        if time.monotonic() - began > SLICE_SECONDS:
            break
        count += copy(identifier) is not None
    now = timezone.now()
    idle = Q(holds_at=None) | Q(holds_at__lt=now - HOLDS)
    if State.objects.filter(idle).update(holds_at=now):  # it goes over all of them
        keep_holds()
        if extend_locks():  # more than this run had time for: the next one goes on
            State.objects.update(holds_at=None)
    return count


def enrol() -> int:
    """Want a copy of each original that has none; how many were new."""
    state = turns.state()
    rows = Original.objects.filter(pk__gt=state.enrolled - BEHIND, replica=None)
    new = list(rows.order_by("pk")[:ENROL])
    made = [ReplicaCopy(original=row, key=row.key) for row in new]
    ReplicaCopy.objects.bulk_create(made, ignore_conflicts=True)
    last = Original.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    reached = new[-1].pk if len(new) == ENROL else last
    State.objects.filter(pk=state.pk, enrolled__lt=reached).update(enrolled=reached)
    return len(made)


def due() -> list[int]:
    """What is to be copied now, the longest wanted first."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=timezone.now())
    rows = ReplicaCopy.objects.exclude(state=There).filter(free, original__damaged_at=None)
    return list(rows.order_by("wanted_at", "pk").values_list("pk", flat=True)[:BATCH])


def claim(identifier: int) -> ReplicaCopy | None:
    """Take one for this worker, unless another has it."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    mine = ReplicaCopy.objects.exclude(state=There).filter(free, pk=identifier)
    taken = mine.update(
        state=ReplicaCopy.State.COPYING, claimed_until=now + CLAIM, attempts=F("attempts") + 1
    )
    if not taken:
        return None
    return ReplicaCopy.objects.select_related("original__recording").get(pk=identifier)


def copy(identifier: int) -> ReplicaCopy | None:
    """Copy one original into the replica; None where nothing was copied. May die at any line."""
    row = claim(identifier)
    if row is None:
        return None
    original = row.original
    said = sealed(original.reference)
    if said is None or original.recording.disposed_at is not None:
        _later(row, LATER, "")
        return None
    if original.damaged_at is not None or (said.sha256, said.size) != (
        original.sha256, original.size,
    ):  # fmt: skip
        _suspect(row, "Its original is not what the custody log says.")
        return None
    try:
        version = _write(row, original)
        until = timezone.now() + timedelta(days=settings.ORIGINAL_LOCK_DAYS)
        s3.lock_until(s3.REPLICA, row.key, version, until)
    except s3.OtherBytes as error:
        _suspect(row, f"Its original: {error}")
        return None
    except s3.StoreError as error:
        log.warning("an original could not be copied", key=row.key, error=str(error))
        _later(row, LATER if row.attempts < STRIKES else HOUR, str(error))
        return None
    return _keep(row, version, until)


def _write(row: ReplicaCopy, original: Original) -> str:
    """The version under which the right bytes lie in the replica, written now or found there.

    Raises s3.OtherBytes where the original has other bytes, s3.StoreError.
    """
    there = right_version(
        s3.REPLICA, row.key, original.sha256, original.size, _bad(row), lambda: _renew(row)
    )
    if there:
        return there  # a worker wrote it and died
    pieces = reading.renewing(
        s3.read("originals", original.key, original.version_id), lambda: _renew(row)
    )
    taken = any(True for _ in s3.versions(s3.REPLICA, row.key))
    # A bad copy that is kept has the name: then it is another version of it.
    return s3.put_stream(
        s3.REPLICA, row.key, pieces, original.sha256, original.size, OCTETS, once=not taken
    )


def _bad(row: ReplicaCopy) -> set[str]:
    damages = Damage.objects.filter(alias=s3.REPLICA, key=row.key)
    return set(damages.values_list("version_id", flat=True))


def right_version(
    alias: str, key: str, sha256: str, size: int, but: set[str], renew: Callable[[], None],
) -> str:  # fmt: skip
    """A version of the key that has these bytes, read whole; empty where there is none. `renew`
    keeps a claim alive. Raises s3.StoreError."""
    for version in s3.versions(alias, key):
        named = version.key == key and not version.marker and version.version_id not in but
        if named and version.size == size:
            found = reading.digest(alias, key, version.version_id, renew)
            if found == (sha256, size):
                return version.version_id
    return ""


def _renew(row: ReplicaCopy) -> None:
    mine = ReplicaCopy.objects.filter(pk=row.pk, attempts=row.attempts)
    mine.update(claimed_until=timezone.now() + CLAIM)


def _later(row: ReplicaCopy, span: timedelta, problem: str) -> None:
    state = ReplicaCopy.State.FAILED if row.attempts >= STRIKES else ReplicaCopy.State.WAITING
    ReplicaCopy.objects.filter(pk=row.pk, attempts=row.attempts).update(
        state=state, claimed_until=timezone.now() + span, problem=problem[:300]
    )


def _suspect(row: ReplicaCopy, problem: str) -> None:
    """The original is to blame: it is read again at once, as the longest unread."""
    _later(row, HOUR, problem)
    source = Originals()
    item = source.find(row.original_id)
    if item is None:
        return
    turn = turns.take(item)
    if turn is None:
        return
    from evidence.fixity.sweep import check

    try:
        check(item, turn)
    except s3.StoreError as error:
        turns.failed(turn, str(error))


def _keep(row: ReplicaCopy, version: str, until: datetime) -> ReplicaCopy | None:
    """Write down that it is there; once. Where the footage went meanwhile, the copy goes too."""
    with transaction.atomic():
        Recording.objects.select_for_update(of=("self",)).get(pk=row.original.recording_id)
        mine = ReplicaCopy.objects.select_for_update(of=("self",)).filter(
            pk=row.pk, attempts=row.attempts, original__recording__disposed_at=None
        )
        now = timezone.now()
        kept = mine.first()
        if kept is not None:
            kept.state, kept.version_id, kept.problem = There, version, ""
            kept.claimed_until, kept.attempts = None, 0
            # Each part was refused unless its SHA-256 was right: the store has read it once.
            kept.copied_at = kept.checked_at = now
            kept.locked_until, kept.held = until, False
            kept.save()
            _made_anew(kept)
            return kept
    if Recording.objects.filter(originals=row.original_id, disposed_at=None).exists():
        return None  # another worker has it
    s3.destroy(s3.REPLICA, row.key, version)
    _later(row, LATER, "")
    return None


def _made_anew(row: ReplicaCopy) -> None:
    open_ = Damage.objects.select_for_update(of=("self",)).filter(
        source="replica", row=row.pk, state=Damage.State.FOUND
    )
    for damage in open_:
        finding.mended(damage, Damage.How.AGAIN, version=row.version_id)


def extend_locks() -> bool:
    """Lock copies further before their lock ends, as the originals are; whether time ran out."""
    began, failed = time.monotonic(), list[int]()
    now = timezone.now()
    until = now + timedelta(days=settings.ORIGINAL_LOCK_DAYS)
    ending = ReplicaCopy.objects.filter(
        state=There, locked_until__lt=min(now + LOCK_AHEAD, until)
    ).order_by("locked_until", "pk")
    while rows := list(ending.exclude(pk__in=failed)[:BATCH]):
        for row in rows:
            if time.monotonic() - began > SLICE_SECONDS:
                return True
            try:
                s3.lock_until(s3.REPLICA, row.key, row.version_id, until)
            except s3.StoreError as error:
                log.error("a replica's lock could not be extended", key=row.key, error=str(error))
                failed.append(row.pk)
                continue
            mine = ReplicaCopy.objects.filter(pk=row.pk, version_id=row.version_id)
            mine.update(locked_until=until)
        if len(failed) >= BATCH:
            break  # the place is away, or somebody has to look
    return False


def keep_holds() -> None:
    """Make the replica's legal holds say what the rows say."""
    holds = Hold.objects.filter(recording=OuterRef("original__recording"), released_at=None)
    there = ReplicaCopy.objects.filter(state=There).select_related("original")
    wanted, over = there.filter(Exists(holds), held=False), there.filter(~Exists(holds), held=True)
    for row in [*wanted[:BATCH], *over[:BATCH]]:
        try:
            with transaction.atomic():
                # As the worker of the originals: of two the later sees what the earlier wrote.
                recording = Recording.objects.select_for_update(of=("self",)).get(
                    pk=row.original.recording_id
                )
                on = Hold.objects.filter(recording=recording, released_at=None).exists()
                s3.legal_hold(s3.REPLICA, row.key, row.version_id, on)
                ReplicaCopy.objects.filter(pk=row.pk, version_id=row.version_id).update(held=on)
        except s3.StoreError as error:
            log.warning("a replica's legal hold will be tried again", key=row.key, error=str(error))
