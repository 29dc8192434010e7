"""Setting and releasing holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.custody.record import Actor, Draft, record_all, service
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import actions as recordings
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.recordings.models import Recording, Rendition
from evidence.retention import registry
from evidence.retention.models import Hold, Kind, Watch
from evidence.retention.places import Place

LOCK = 0x62_77_76_03


class DisposedOf(ValueError):
    """It can't be held any more: its destruction has begun."""


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

    They are locked, so that two holds for one reason can't both be made of any; and so that a
    hold either comes before the destruction of a recording begins, or is refused.
    """
    for item in locked:
        if item.disposed_at is not None:
            since = f"{timezone.localtime(item.disposed_at):%-d %b %Y %H:%M}"
            raise DisposedOf(f"{item.reference} is being disposed of since {since}.")
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
    """End one hold; others on the same recording stay.

    What the hold is for may refuse it: a complaint that is open keeps its footage.
    Raises NotAllowed, ValueError.
    """
    if not by.may("hold.release") or not visible_to(by).filter(pk=hold.pk).exists():
        raise NotAllowed("You can't release this hold.")
    with transaction.atomic():
        # Under the recording's lock, like the worker that tells the store: it may not write
        # that the store knows of this hold while the hold ends.
        Recording.objects.select_for_update().get(pk=hold.recording_id)
        row = Hold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
        if row.released_at is not None:
            return row
        _release_all(by, [row], reason)
    return row


def release_all(*, by: User, kind: Kind, reference: str, reason: str) -> list[Hold]:
    """End every hold of one reference, and stop holding what arrives for it. Constant queries.

    Raises NotAllowed, ValueError; a keeper is asked once, as the reference is one.
    """
    if not by.may("hold.release"):
        raise NotAllowed("You can't release these holds.")
    with transaction.atomic():
        _one_at_a_time()
        Watch.objects.filter(kind=kind, reference=reference, ended_at=None).update(
            ended_at=timezone.now()
        )
        mine = Hold.objects.filter(kind=kind, reference=reference, released_at=None)
        held = Recording.objects.filter(pk__in=mine.values("recording"))
        list(held.order_by("id").select_for_update(of=("self",)).values_list("pk", flat=True))
        rows = list(mine.select_for_update(of=("self",)).select_related("recording"))
        _release_all(by, rows, reason)
    return rows


def _release_all(by: User, rows: list[Hold], reason: str) -> None:
    if not reason.strip():
        raise ValueError("Enter why it is released.")
    for row in rows[:1]:
        refused = next((words for keeper in registry.keepers if (words := keeper(row))), "")
        if refused:
            raise ValueError(refused)
    now = timezone.now()
    for row in rows:
        row.released_at, row.released_by, row.release_reason = now, by, reason.strip()[:300]
        row.in_store = False
    Hold.objects.bulk_update(rows, ["released_at", "released_by", "release_reason", "in_store"])
    if rows:
        _held(rows, by.actor(), "hold.released", reason)


def watch(
    *,
    by: User,
    kind: Kind,
    reference: str,
    reason: str,
    officers: Iterable[User],
    start: datetime,
    end: datetime,
    place: Place | None = None,
) -> list[Hold]:
    """Hold all footage of these officers in this window, and of whoever was at the place: what is
    there, and what arrives later.

    In the caller's transaction. A second watch for the same reference only ever adds.
    Raises NotAllowed.
    """
    if not by.may("hold.set"):
        raise NotAllowed("You can't hold footage.")
    people = list(officers)
    with transaction.atomic():
        _one_at_a_time()
        row = Watch.objects.create(
            kind=kind, reference=reference, reason=reason, start=start, end=end, set_by=by,
            latitude=place.latitude if place else None,
            longitude=place.longitude if place else None,
            radius=place.radius if place else None,
        )  # fmt: skip
        row.officers.set(people)
        whose = Q(officer__in=people)
        if place is not None:
            tracks = Rendition.objects.filter(
                place.passed(),
                kind=Rendition.Kind.TRACK,
                original__recording__happened_at__range=(_earlier(start), end),
            )
            whose |= place.around() | Q(pk__in=tracks.values("original__recording"))
        # Arrivals wait meanwhile, so not a query a recording. Locked where they are found.
        found = (
            Recording.objects.filter(
                whose, joined_into=None, disposed_at=None,
                happened_at__range=(_earlier(start), end),
            ).order_by("id").select_for_update(of=("self",))
        )  # fmt: skip
        in_time = [item for item in found if _ends(item) >= start]
        named = {person.pk for person in people}
        boxes = _boxes([item.pk for item in in_time if item.officer_id not in named])
        wanted = [
            item for item in in_time
            if item.officer_id in named or (place is not None and _was_at(place, item, boxes))
        ]  # fmt: skip
        return _hold_all(by, by.actor(), wanted, kind, reason, reference)


def _boxes(recordings: Sequence[int]) -> dict[int, list[list[float]]]:
    """The squares within which the tracks of these recordings lie. One query."""
    rows = Rendition.objects.filter(
        original__recording__in=recordings, kind=Rendition.Kind.TRACK, facts__has_key="box"
    ).values_list("original__recording", "facts__box")
    found: dict[int, list[list[float]]] = {}
    for recording, box in rows:
        found.setdefault(recording, []).append(box)
    return found


def _was_at(place: Place, recording: Recording, boxes: dict[int, list[list[float]]]) -> bool:
    """Whether it began there, or its track may have come there: better too much than too little."""
    began = place.reaches(recording.latitude, recording.longitude)
    return began or any(place.touches(box) for box in boxes.get(recording.pk, []))


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
        # Before the recording's own lock: a new watch takes the two in this order.
        _one_at_a_time()
        assigned = recordings.assign(by=by, recording=recording, officer=officer, reason=reason)
        hold_on_arrival(assigned)
    return assigned


def secret_to(user: User) -> Q:
    """The holds of complaints that name somebody, or that they may not know of otherwise."""
    own = Watch.objects.filter(officers=user).values("reference")
    found = Q(reference__in=own)
    for secret in registry.secrets:
        found |= Q(reference__in=secret(user))
    return Q(kind=Kind.COMPLAINT) & found


def visible_to(user: User) -> QuerySet[Hold]:
    """The holds that somebody may know of: on what they may see, and never those of a complaint
    that names them."""
    if not user.may("hold.view"):
        return Hold.objects.none()
    seen = recordings_visible_to(user).values("pk")
    # Whoever recorded it neither reads nor releases what keeps it.
    others = Hold.objects.filter(recording__in=seen).exclude(recording__officer=user)
    return others.exclude(secret_to(user))


def _earlier(start: datetime) -> datetime:
    # A recording that began before the window may reach into it; none is longer than a shift.
    return start - timedelta(hours=24)


def _ends(recording: Recording) -> datetime:
    # Not probed yet: it may be as long as a shift, so it is held.
    length = timedelta(milliseconds=recording.duration_ms or 24 * 3600 * 1000)
    return recording.happened_at + length


def hold_on_arrival(recording: Recording) -> None:
    """Hold footage that a watch waited for; in the transaction that seals it."""
    if recording.officer is None and recording.latitude is None:
        return
    _one_at_a_time()
    if recording.officer is not None:
        _hold_for(Watch.objects.filter(officers=recording.officer), recording)
    if recording.latitude is not None:
        _hold_for(_near(recording), recording)


def positions_come() -> None:
    """At the start of a transaction that will write where footage was: before any row's lock,
    like every other arrival."""
    _one_at_a_time()


def hold_where(recording: Recording) -> None:
    """Hold footage of which the place is known only now; after `positions_come`, in the
    transaction that writes it down."""
    _hold_for(_near(recording), recording)


def _near(recording: Recording) -> QuerySet[Watch]:
    """Watches of a place at which it was; those of other times are told apart first."""
    rows = Watch.objects.exclude(latitude=None).filter(
        ended_at=None, start__lte=_ends(recording), end__gte=recording.happened_at
    )
    boxes = _boxes([recording.pk])
    near = [
        row.pk for row in rows
        if _was_at(
            Place(row.latitude or 0.0, row.longitude or 0.0, row.radius or 0), recording, boxes
        )
    ]  # fmt: skip
    return Watch.objects.filter(pk__in=near)


def _hold_for(watches: QuerySet[Watch], recording: Recording) -> None:
    for row in watches.filter(
        ended_at=None, start__lte=_ends(recording), end__gte=recording.happened_at
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


def hold_by_system(
    *, recording: Recording, kind: Kind, reason: str, reference: str, actor: Actor
) -> Hold:
    """Hold what a part of this system found a reason for, in its act's transaction; once a
    reference."""
    return _hold(None, actor, recording, kind, reason, reference)


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
    # Under the recordings' locks, like the worker that tells the store: it may not write that
    # the store knows of a hold while it ends.
    of = Recording.objects.filter(pk__in=rows.values("recording")).order_by("id")
    list(of.select_for_update(of=("self",)).values_list("pk", flat=True))
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
