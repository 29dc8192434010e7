"""Setting and releasing holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from evidence.custody.record import Actor, Draft, record_all, service
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import actions as recordings
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.recordings.models import Recording
from evidence.retention.models import Hold, Kind, Watch

LOCK = 0x62_77_76_03


def _held(holds: Sequence[Hold], actor: Actor, kind: str, reason: str) -> None:
    from evidence.retention.tasks import to_store

    drafts = [
        Draft(
            kind,
            hold.recording.subject(),
            actor,
            # The kind says whether there is a complaint: not openly, packages carry this event.
            data={"hold": hold.pk},
            private={"name": actor.name, "reason": reason, "kind": hold.kind},
        )
        for hold in holds
    ]
    record_all([(draft, None) for draft in drafts])

    def tell_store() -> None:
        for hold in holds:
            to_store.delay(hold.pk)

    transaction.on_commit(tell_store, robust=True)


def hold(*, by: User, recording: Recording, kind: Kind, reason: str, reference: str = "") -> Hold:
    """Hold a recording; the same reason again is the same hold.

    The store's legal hold follows by a worker, and is found again if that dies.
    Raises NotAllowed, ValueError.
    """
    if not by.may("hold.set"):
        raise NotAllowed("You can't hold footage.")
    if not reason.strip():
        raise ValueError("Enter why it is held.")
    with transaction.atomic():
        return _hold(by, by.actor(), recording, kind, reason, reference)


def _hold(
    by: User | None, actor: Actor, recording: Recording, kind: str, reason: str, reference: str
) -> Hold:
    locked = Recording.objects.select_for_update().get(pk=recording.pk)
    [made] = _hold_all(by, actor, [locked], kind, reason, reference)
    return made


def _hold_all(
    by: User | None,
    actor: Actor,
    locked: Sequence[Recording],
    kind: str,
    reason: str,
    reference: str,
) -> list[Hold]:
    """A hold for each, in their order. Constant queries.

    They are locked, so that two holds for one reason can't both be made of any.
    """
    same: dict[int, Hold] = {}
    if reference:
        found = Hold.objects.filter(
            recording__in=locked, kind=kind, reference=reference, released_at=None
        )
        same = {hold.recording_id: hold for hold in found}
    made = Hold.objects.bulk_create(
        Hold(recording=item, kind=kind, reference=reference, reason=reason, set_by=by)
        for item in locked if item.pk not in same
    )  # fmt: skip
    if made:
        _held(made, actor, "hold.set", reason)
    same |= {hold.recording_id: hold for hold in made}
    return [same[item.pk] for item in locked]


def release(*, by: User, hold: Hold, reason: str) -> Hold:
    """End one hold; others on the same recording stay. Raises NotAllowed, ValueError."""
    if not by.may("hold.release") or not visible_to(by).filter(pk=hold.pk).exists():
        raise NotAllowed("You can't release this hold.")
    if not reason.strip():
        raise ValueError("Enter why it is released.")
    with transaction.atomic():
        row = Hold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
        if row.released_at is not None:
            return row
        row.released_at, row.released_by, row.release_reason = timezone.now(), by, reason
        row.in_store = False
        row.save()
        _held([row], by.actor(), "hold.released", reason)
    return row


def watch(
    *,
    by: User,
    kind: Kind,
    reference: str,
    reason: str,
    officers: Iterable[User],
    start: datetime,
    end: datetime,
) -> list[Hold]:
    """Hold all footage of these officers in this window: what is there, and what arrives later.

    In the caller's transaction. Raises NotAllowed.
    """
    if not by.may("hold.set"):
        raise NotAllowed("You can't hold footage.")
    people = list(officers)
    with transaction.atomic():
        _one_at_a_time()
        row = Watch.objects.create(
            kind=kind, reference=reference, reason=reason, start=start, end=end, set_by=by
        )
        row.officers.set(people)
        # Arrivals wait meanwhile, so not a query a recording. Locked where they are found.
        found = (
            Recording.objects.filter(
                joined_into=None, officer__in=people, happened_at__range=(_earlier(start), end)
            ).order_by("id").select_for_update(of=("self",))
        )  # fmt: skip
        ends = [item for item in found if _ends(item) >= start]
        return _hold_all(by, by.actor(), ends, kind, reason, reference)


def _one_at_a_time() -> None:
    """Arrivals and new watches wait for each other: neither may miss what the other commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def carry(*, gone: Recording, into: Recording) -> None:
    """Move the holds of a recording that is joined into another; in the caller's transaction."""
    for row in Hold.objects.select_for_update().filter(recording=gone, released_at=None):
        same = Hold.objects.filter(
            recording=into, kind=row.kind, reference=row.reference, released_at=None
        )
        if row.reference and same.exists():
            continue
        made = Hold.objects.create(
            recording=into,
            kind=row.kind,
            reference=row.reference,
            reason=row.reason,
            set_by=row.set_by,
        )
        _held([made], service("retention"), "hold.set", row.reason)
    # What is held already must hold the files that came along.
    for held in Hold.objects.filter(recording=into, released_at=None):
        Hold.objects.filter(pk=held.pk).update(in_store=False)


def assign(*, by: User, recording: Recording, officer: User, reason: str) -> Recording:
    """Say who recorded it; what waits for that officer's footage then holds it.

    Raises NotAllowed, ValueError.
    """
    with transaction.atomic():
        assigned = recordings.assign(by=by, recording=recording, officer=officer, reason=reason)
        hold_on_arrival(assigned)
    return assigned


def visible_to(user: User) -> QuerySet[Hold]:
    """The holds that somebody may know of: on what they may see, and never those of a complaint
    that names them."""
    if not user.may("hold.view"):
        return Hold.objects.none()
    own = Watch.objects.filter(officers=user).values("reference")
    seen = recordings_visible_to(user).values("pk")
    # Whoever recorded it neither reads nor releases what keeps it.
    others = Hold.objects.filter(recording__in=seen).exclude(recording__officer=user)
    return others.exclude(kind=Kind.COMPLAINT, reference__in=own)


def _earlier(start: datetime) -> datetime:
    # A recording that began before the window may reach into it; none is longer than a shift.
    return start - timedelta(hours=24)


def _ends(recording: Recording) -> datetime:
    # Not probed yet: it may be as long as a shift, so it is held.
    length = timedelta(milliseconds=recording.duration_ms or 24 * 3600 * 1000)
    return recording.happened_at + length


def hold_on_arrival(recording: Recording) -> None:
    """Hold footage that a watch waited for; in the transaction that seals it."""
    if recording.officer is None:
        return
    _one_at_a_time()
    for row in Watch.objects.filter(
        officers=recording.officer,
        ended_at=None,
        start__lte=_ends(recording),
        end__gte=recording.happened_at,
    ):
        _hold(None, service("retention"), recording, row.kind, row.reason, row.reference)


def is_held(recording: Recording) -> bool:
    """Whether any hold keeps it."""
    return Hold.objects.filter(recording=recording, released_at=None).exists()


# --- for acts of rooms above this one, which ask for their own permission ---


def hold_for(
    *, by: User, recordings: Sequence[Recording], kind: Kind, reason: str, reference: str
) -> list[Hold]:
    """Hold what somebody put to a matter of theirs; in the transaction of that act.

    No `hold.set` is asked for: linking footage to a case is what holds it.
    """
    ids = [item.pk for item in recordings]
    locked = list(Recording.objects.filter(pk__in=ids).order_by("id").select_for_update())
    return _hold_all(by, by.actor(), locked, kind, reason, reference)


def release_for(
    *,
    by: User | None,
    recordings: Iterable[int] | None,
    kind: Kind,
    reference: str,
    reason: str,
) -> int:
    """End a matter's holds, on these recordings or (None) on all; in the act's transaction.

    Nobody in `by` is the system, at the end of a period that somebody had set. Returns how many.
    """
    rows = Hold.objects.filter(kind=kind, reference=reference, released_at=None)
    if recordings is not None:
        rows = rows.filter(recording__in=list(recordings))
    held = list(rows.select_related("recording").select_for_update(of=("self",)).order_by("id"))
    now = timezone.now()
    for row in held:
        row.released_at, row.released_by, row.release_reason = now, by, reason[:300]
        row.in_store = False
    Hold.objects.bulk_update(
        held, ["released_at", "released_by", "release_reason", "in_store"], batch_size=500
    )
    if held:
        _held(held, by.actor() if by else service("retention"), "hold.released", reason)
    return len(held)


def renamed(*, kind: Kind, old: str, new: str) -> None:
    """A matter has another reference now: its holds that stand go on under that one."""
    Hold.objects.filter(kind=kind, reference=old, released_at=None).update(reference=new)
