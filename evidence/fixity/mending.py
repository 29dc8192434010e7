"""Mending what is damaged: originals from the replica, and reading again for people.

Numbered steps; a worker may die between any two of them, and the next one goes on.
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from evidence.custody.record import Draft, Subject, record
from evidence.fixity import finding, reading, registry, replica
from evidence.fixity.models import Damage, ReplicaCopy
from evidence.fixity.registry import Said
from evidence.fixity.sources import Replicas, sealed
from evidence.recordings.models import Original, Rendition
from evidence.retention.models import Hold
from evidence.store import s3

log = structlog.get_logger(__name__)
SLICE_SECONDS = 20
CLAIM = timedelta(minutes=5)
AGAIN = timedelta(hours=1)
BATCH = 100
What, How = Damage.What, Damage.How
NO_REPLICA = "There is no replica to restore it from."
BOTH = "The replica has no right copy of it either."


def run() -> int:
    """One slice: what people asked to be read again, what can be mended; how much was mended."""
    began, count = time.monotonic(), 0
    _made_again()
    _loosen()
    for identifier in due():
        if time.monotonic() - began > SLICE_SECONDS:
            break
        count += mend(identifier)
    return count


def due() -> list[int]:
    """Open damage with something to do, the longest waiting first."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=timezone.now())
    asked = Q(wanted_at__isnull=False)
    rows = Damage.objects.filter(free, state=Damage.State.HELD)
    rows = rows.filter(asked | Q(source="original"))
    return list(rows.order_by("claimed_until", "pk").values_list("pk", flat=True)[:BATCH])


def claim(identifier: int) -> Damage | None:
    """Take one for this worker, unless another has it."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    mine = Damage.objects.filter(free, pk=identifier, state=Damage.State.HELD)
    if not mine.update(claimed_until=now + CLAIM, mending=True, attempts=F("attempts") + 1):
        return None
    return Damage.objects.get(pk=identifier)


def mend(identifier: int) -> bool:
    """Read again what was asked for, and mend it if it can be; whether it is mended."""
    row = claim(identifier)
    if row is None:
        return False
    try:
        if row.wanted_at is not None:
            read_again(row)
        if row.source != "original":
            return _not_now(row, row.problem)
        return _restore(row)
    except s3.StoreError as error:
        log.warning("damage could not be mended", damage=row.pk, error=str(error))
        _not_now(row, str(error))
        return False


def read_again(row: Damage) -> None:
    """Read it once more for a person, and write down what was found."""
    source = registry.source(row.source)
    item = source.find(row.row)
    if item is None:
        return
    said = source.said(item)
    seen = reading.look(item, said, _Renewer(row).read)
    now = timezone.now()
    row.matches = not seen.what
    with transaction.atomic():
        mine = Damage.objects.filter(pk=row.pk, attempts=row.attempts)
        mine.update(
            wanted_at=None, read_at=now, matches=row.matches, found_sha256=seen.sha256,
            found_size=seen.size, what=seen.what or row.what,
        )  # fmt: skip
        data = {"found_sha256": seen.sha256, "found_size": seen.size} if seen.sha256 else {}
        record(
            Draft("evidence.verified", Subject(row.reference), finding.ACTOR, data=data,
                  outcome="ok" if row.matches else "failed")
        )  # fmt: skip


def _restore(row: Damage) -> bool:
    """Put the right bytes back under a new version of the same key.

    The write can't be conditional: the key is taken, by the bad version or by what is left of
    it. What keeps it from being done twice is that step 1 looks for the right bytes first.
    """
    original = Original.objects.select_related("recording").filter(pk=row.row).first()
    said = sealed(row.reference)
    if original is None or original.recording.disposed_at is not None:
        return _not_now(row, "Its footage is being disposed of.")
    if said is None or row.what in (What.ROW, What.UNKNOWN):
        return _not_now(row, "Its row in the database has to be mended, by hand.")
    # 1. The right bytes may lie there: from a worker that died, or beside what hides them.
    # What was not there, or could not be read, may be there again: the store was away in a way
    # that looked like loss. Bytes that were read and were others are not believed again.
    bad = set() if row.what in (What.MISSING, What.UNREADABLE) else {row.version_id}
    version = replica.right_version(
        "originals", original.key, said.sha256, said.size, bad, lambda: _renew(row)
    )
    how = How.REPLICA if row.attempts > 1 and version else How.VERSION
    if not version:
        copy = ReplicaCopy.objects.filter(original=original, state=ReplicaCopy.State.THERE).first()
        if copy is None or not s3.has_replica():
            return _not_now(row, BOTH if s3.has_replica() else NO_REPLICA)
        version, how = _from_replica(row, original, copy, said), How.REPLICA
        if not version:
            return _not_now(row, BOTH)
    # 2. Nobody can replace it.
    until = timezone.now() + timedelta(days=settings.ORIGINAL_LOCK_DAYS)
    s3.lock_until("originals", original.key, version, until)
    # 3. Rows, event, holds: together.
    with transaction.atomic():
        finding.lock_recording(row.recording_id)
        file = Original.objects.select_for_update(of=("self",)).get(pk=original.pk)
        mine = Damage.objects.select_for_update(of=("self",)).filter(
            pk=row.pk, attempts=row.attempts, state=Damage.State.HELD
        )
        damage = mine.first()
        if damage is None:
            return False
        if file.version_id != row.version_id:
            return _not_now(row, "Its row names another version than the one that was found bad.")
        if file.recording.disposed_at is not None:
            # Its destruction waits for this worker, and lists once more what is left.
            return _not_now(row, "Its footage is being disposed of.")
        if Hold.objects.filter(recording=row.recording_id, released_at=None).exists():
            s3.legal_hold("originals", file.key, version, True)
        file.version_id, file.locked_until, file.checked_at = version, until, timezone.now()
        file.save(update_fields=["version_id", "locked_until", "checked_at"])
        finding.mended(damage, how, version=version)
    return True


def _from_replica(row: Damage, original: Original, copy: ReplicaCopy, said: Said) -> str:
    """Stream the replica's copy back, its hash reckoned on the way; the new version. Empty where
    the replica's copy is bad too, which is written down then."""
    pieces = reading.renewing(s3.read(s3.REPLICA, copy.key, copy.version_id), lambda: _renew(row))
    try:
        return s3.put_stream(
            "originals", original.key, pieces, said.sha256, said.size, replica.OCTETS, once=False
        )
    except s3.Missing:
        seen = reading.Found(What.MISSING)
    except s3.OtherBytes as error:
        what = What.CUT if error.size != said.size else What.DIFFERENT
        seen = reading.Found(what, error.sha256, error.size)
    item = Replicas().find(copy.pk)
    if item is not None:
        finding.found(item, said, seen)
    return ""


class _Renewer:
    """Keeps the claim while somebody reads."""

    def __init__(self, row: Damage) -> None:
        self._row, self._last = row, time.monotonic()

    def read(self, count: int) -> None:
        """So many bytes more."""
        if time.monotonic() - self._last > reading.RENEW_SECONDS:
            self._last = time.monotonic()
            _renew(self._row)


def _renew(row: Damage) -> None:
    mine = Damage.objects.filter(pk=row.pk, attempts=row.attempts)
    mine.update(claimed_until=timezone.now() + CLAIM)


def _not_now(row: Damage, problem: str) -> bool:
    Damage.objects.filter(pk=row.pk, attempts=row.attempts).update(
        claimed_until=timezone.now() + AGAIN, mending=False, problem=problem[:300]
    )
    return False


def _made_again() -> None:
    """What was rendered anew takes the bad one's place."""
    rows = Damage.objects.filter(state=Damage.State.FOUND, source="film").order_by("pk")[:BATCH]
    for row in rows:
        new = Rendition.objects.filter(
            original__reference=row.reference, kind__in=["proxy", "small"],
            created__gt=row.found_at,
        )  # fmt: skip
        made = next((one for one in new if one.get_kind_display().lower() == row.kind), None)
        if made is None:
            continue
        with transaction.atomic():
            again = Damage.objects.select_for_update(of=("self",)).get(pk=row.pk)
            if again.state == Damage.State.FOUND:
                finding.mended(again, How.AGAIN)


def _in_use(row: Damage) -> bool:
    place = {"key": row.key, "version_id": row.version_id}
    if row.source == "replica":
        return ReplicaCopy.objects.filter(**place).exists()
    return Original.objects.filter(**place).exists()


def _loosen() -> None:
    """Take the legal hold off bad versions that others took the place of."""
    over = Q(state=Damage.State.MENDED, source="original") | Q(source="replica")
    rows = Damage.objects.filter(over, loosened=False).exclude(state=Damage.State.GONE)
    for row in rows.order_by("pk")[:BATCH]:
        other = row.version_id != row.new_version and (row.new_version or row.source == "replica")
        # A version that was bad and was found right later may be the one that counts now.
        other = other and not _in_use(row)
        try:
            if other and row.version_id and row.what != What.MISSING:
                s3.legal_hold(row.alias, row.key, row.version_id, False)
        except s3.Missing:
            pass
        except s3.StoreError as error:
            log.warning("a bad version is still under legal hold", key=row.key, error=str(error))
            continue
        Damage.objects.filter(pk=row.pk).update(loosened=True)
