"""Holding what somebody's words mean, now and when it arrives: of people, then, and there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from evidence.custody.record import Draft, record, service
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import actions as recordings
from evidence.recordings.access import there_for
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.recordings.models import Recording, make_reference
from evidence.retention.actions.holds import Why, checked, hold_all, hold_one
from evidence.retention.finding import boxes_of, ends, wanted, was_at
from evidence.retention.models import BY_PEOPLE, Hold, Kind, Watch
from evidence.retention.places import Place

LOCK = 0x62_77_76_03
# Held at once; more is narrowed first.
MOST = 5000


@dataclass(frozen=True)
class Wish:
    """What somebody asks to be held: recordings that they name, or of whom, what camera, when and
    where; and whether what arrives later is held too."""

    why: Why
    recordings: Sequence[int] = ()
    officers: Sequence[User] = ()
    cameras: Sequence[str] = ()
    start: datetime | None = None
    end: datetime | None = None
    place: Place | None = None
    later: bool = False


@dataclass(frozen=True)
class Caught:
    """What it caught. `told`: how many of them whoever asked may see."""

    reference: str
    holds: list[Hold]
    told: int
    watch: Watch | None = None


def found(by: User, wish: Wish, *, lock: bool = False) -> list[Recording]:
    """What a wish means now, restricted footage too; nothing is held. Raises ValueError."""
    if wish.recordings:
        rows = recordings_visible_to(by).filter(pk__in=list(wish.recordings)).order_by("id")
        return list(rows.select_for_update(of=("self",)) if lock else rows)
    start, end = wish.start, wish.end
    if start is None or end is None or not (wish.officers or wish.cameras or wish.place):
        raise ValueError("Name recordings, or officers, cameras or a place, from when to when.")
    rows_ = wanted(wish.officers, start, end, wish.place, wish.cameras, lock=lock)
    if len(rows_) > MOST:
        raise ValueError(f"It would hold more than {MOST:,} recordings. Narrow it.")
    return rows_


def hold_many(*, by: User, wish: Wish) -> Caught:
    """Hold everything that a wish means, and, where it says so, what arrives later.

    Without a reference it gets one, so that all of it can be found and released together.
    Raises NotAllowed, ValueError.
    """
    if not by.may("hold.set"):
        raise NotAllowed("You can't hold footage.")
    why = checked(by, wish.why)
    if why.kind not in BY_PEOPLE:
        raise ValueError("A case and a complaint hold their footage themselves.")
    if not why.reference:
        why = Why(why.kind, why.reason, f"H{make_reference()[1:]}", why.owner, why.review_on)
    if wish.later and not wish.recordings:
        if not (wish.officers or wish.place):
            raise ValueError("Name officers or a place: nothing says what a camera will bring.")
        if wish.start is None or wish.end is None:
            raise ValueError("Enter from when to when.")
    with transaction.atomic():
        one_at_a_time()
        row = _wait(by, why, wish) if wish.later and not wish.recordings else None
        holds = hold_all(by, by.actor(), found(by, wish, lock=True), why)
        ids = [one.recording_id for one in holds]
        # Footage that has ended for them, like their own, is held with the rest; alone it would
        # answer whether something keeps it still.
        known = Recording.objects.filter(there_for(by), pk__in=ids).exists()
        if not known and row is None:
            raise ValueError("There is nothing of this to hold.")
        told = recordings_visible_to(by).filter(pk__in=ids).count()
    return Caught(why.reference, holds, told, row)


def _wait(by: User, why: Why, wish: Wish) -> Watch:
    assert wish.start is not None
    assert wish.end is not None
    row = _watch(by, why, wish.officers, wish.start, wish.end, wish.place)
    details = {"name": by.short, "reason": why.reason, "kind": why.kind}
    record(Draft("hold.awaited", row.subject(), by.actor(), data={"watch": row.pk},
                 private=details))  # fmt: skip
    return row


def _watch(
    by: User, why: Why, people: Iterable[User], start: datetime, end: datetime, place: Place | None
) -> Watch:
    row = Watch.objects.create(
        kind=why.kind, reference=why.reference, reason=why.reason, start=start, end=end,
        set_by=by, owner=why.owner, review_on=why.review_on,
        latitude=place.latitude if place else None,
        longitude=place.longitude if place else None,
        radius=place.radius if place else None,
    )  # fmt: skip
    row.officers.set(people)
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
    place: Place | None = None,
    owner: User | None = None,
    review_on: date | None = None,
) -> list[Hold]:
    """Hold all footage of these officers in this window, and of whoever was at the place: what is
    there, and what arrives later. For rooms whose own event says so.

    In the caller's transaction. A second watch for the same reference only ever adds.
    Raises NotAllowed, ValueError.
    """
    if not by.may("hold.set"):
        raise NotAllowed("You can't hold footage.")
    why = checked(by, Why(kind, reason, reference, owner, review_on))
    people = list(officers)
    with transaction.atomic():
        one_at_a_time()
        _watch(by, why, people, start, end, place)
        # Arrivals wait meanwhile, so not a query a recording. Locked where they are found.
        return hold_all(by, by.actor(), wanted(people, start, end, place, lock=True), why)


def one_at_a_time() -> None:
    """Arrivals and new watches wait for each other: neither may miss what the other commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def assign(*, by: User, recording: Recording, officer: User, reason: str) -> Recording:
    """Say who recorded it; what waits for that officer's footage then holds it.

    Raises NotAllowed, ValueError.
    """
    with transaction.atomic():
        # Before the recording's own lock: a new watch takes the two in this order.
        one_at_a_time()
        assigned = recordings.assign(by=by, recording=recording, officer=officer, reason=reason)
        hold_on_arrival(assigned)
    return assigned


def hold_on_arrival(recording: Recording) -> None:
    """Hold footage that a watch waited for; in the transaction that seals it."""
    if recording.officer is None and recording.latitude is None:
        return
    one_at_a_time()
    if recording.officer is not None:
        _hold_for(Watch.objects.filter(officers=recording.officer), recording)
    if recording.latitude is not None:
        _hold_for(_near(recording), recording)


def positions_come() -> None:
    """At the start of a transaction that will write where footage was: before any row's lock,
    like every other arrival."""
    one_at_a_time()


def hold_where(recording: Recording) -> None:
    """Hold footage of which the place is known only now; after `positions_come`, in the
    transaction that writes it down."""
    _hold_for(_near(recording), recording)


def _near(recording: Recording) -> QuerySet[Watch]:
    """Watches of a place at which it was; those of other times are told apart first."""
    rows = Watch.objects.exclude(latitude=None).filter(
        ended_at=None, start__lte=ends(recording), end__gte=recording.happened_at
    )
    boxes = boxes_of([recording.pk])
    near = [
        row.pk for row in rows
        if was_at(
            Place(row.latitude or 0.0, row.longitude or 0.0, row.radius or 0), recording, boxes
        )
    ]  # fmt: skip
    return Watch.objects.filter(pk__in=near)


def _hold_for(watches: QuerySet[Watch], recording: Recording) -> None:
    rows = watches.filter(
        ended_at=None, start__lte=ends(recording), end__gte=recording.happened_at
    ).select_related("owner")
    for row in rows:
        why = Why(row.kind, row.reason, row.reference, row.owner, row.review_on)
        hold_one(None, service("retention"), recording, why)
