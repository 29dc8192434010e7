"""Setting holds and changing them: who answers for one, and when they look at it again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evidence.custody.record import Actor, Draft, record_all, service
from evidence.people import typed
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.keeping import day
from evidence.recordings.models import Recording
from evidence.retention.access import visible_to, watches_visible_to
from evidence.retention.models import Hold, Kind, Watch

# Nobody puts a review off for longer than this.
LONGEST_REVIEW = timedelta(days=731)


class DisposedOf(ValueError):
    """It can't be held any more: its destruction has begun."""


@dataclass(frozen=True)
class Why:
    """What a hold is for: the same for each recording that it holds."""

    kind: str
    reason: str
    reference: str = ""
    # Who answers for it, and when they look whether it is still needed.
    owner: User | None = None
    review_on: date | None = None


def tell_store(holds: Collection[Hold]) -> None:
    """Have the store's legal holds follow these rows, once the transaction is committed."""
    from evidence.retention.tasks import to_store

    numbers = [hold.pk for hold in holds]

    def tell() -> None:
        for number in numbers:
            to_store.delay(number)

    transaction.on_commit(tell, robust=True)


def held(holds: Sequence[Hold], actor: Actor, kind: str, reason: str) -> None:
    """An event for each of these holds, and the store is told."""
    record_all([
        (Draft(
            kind, hold.recording.subject(), actor,
            # The kind says whether there is a complaint: not openly, packages carry this event.
            data={"hold": hold.pk},
            private={"name": actor.name, "reason": reason, "kind": hold.kind},
        ), None)
        for hold in holds
    ])  # fmt: skip
    tell_store(holds)


def offered_review(today: date | None = None) -> date:
    """The review date of a hold of which nobody chose one."""
    return (today or timezone.localdate()) + timedelta(days=settings.HOLD_REVIEW_DAYS)


def checked(by: User, why: Why) -> Why:
    """The same, with what was left open filled in. Raises ValueError for what is wrong with it."""
    reason = typed.reason(why.reason, "Enter why it is held.")
    if why.kind not in Kind.values:
        raise ValueError("Select what it is held for.")
    reference = typed.one_line(why.reference, 40)
    if why.kind in (Kind.ACCESS, Kind.COURT) and not reference:
        raise ValueError("Enter the reference of the request or the order, like SAR/12/26.")
    owner, review_on = why.owner, why.review_on
    if why.kind != Kind.CASE:
        # A case has its own periods, and its holds end with them.
        review_on = review_on or offered_review()
        owner = owner or by
        answers_for(owner)
        looked_at(review_on)
    return Why(why.kind, reason, reference, owner, review_on)


def answers_for(owner: User) -> None:
    """Whether somebody can answer for a hold. Raises ValueError."""
    if not owner.may("hold.release"):
        raise ValueError(f"{owner.short} can't release holds. Choose somebody who can.")


def looked_at(review_on: date) -> None:
    """Whether this can be a review date. Raises ValueError."""
    today = timezone.localdate()
    if not today < review_on <= today + LONGEST_REVIEW:
        raise ValueError(
            f"Enter a review date after today and not after {day(today + LONGEST_REVIEW)}."
        )


def hold(
    *,
    by: User,
    recording: Recording,
    kind: Kind,
    reason: str,
    reference: str = "",
    owner: User | None = None,
    review_on: date | None = None,
) -> Hold:
    """Hold a recording; the same reason again is the same hold.

    The store's legal hold follows by a worker, and is found again if that dies.
    Raises NotAllowed, ValueError.
    """
    if not by.may("hold.set"):
        raise NotAllowed("You can't hold footage.")
    why = checked(by, Why(kind, reason, reference, owner, review_on))
    with transaction.atomic():
        return hold_one(by, by.actor(), recording, why)


def hold_one(by: User | None, actor: Actor, recording: Recording, why: Why) -> Hold:
    """Hold one, or what it was joined into meanwhile: a hold on a part would keep nothing. In the
    caller's transaction. Raises DisposedOf."""
    [locked] = _locked([recording.pk])
    [made] = hold_all(by, actor, [locked], why)
    return made


def _locked(recordings: Collection[int]) -> list[Recording]:
    """These as whole recordings, locked, in their order: one that was joined into another before
    its lock was had is what it is part of now."""
    rows = Recording.objects.order_by("id").select_for_update(of=("self",))
    found = {row.pk: row for row in rows.filter(pk__in=recordings)}
    parts = {row.pk: row.joined_into_id for row in found.values() if row.joined_into_id}
    if parts:
        found = {pk: row for pk, row in found.items() if pk not in parts}
        for whole in rows.filter(pk__in=set(parts.values())):
            found[whole.pk] = whole
    return sorted(found.values(), key=lambda row: row.pk)


def hold_all(by: User | None, actor: Actor, locked: Sequence[Recording], why: Why) -> list[Hold]:
    """A hold for each, in their order. Constant queries.

    They are locked, so that two holds for one reason can't both be made of any; and so that a
    hold either comes before the destruction of a recording begins, or is refused.
    """
    for item in locked:
        if item.disposed_at is not None:
            since = f"{timezone.localtime(item.disposed_at):%-d %b %Y %H:%M}"
            raise DisposedOf(f"{item.reference} is being disposed of since {since}.")
    same: dict[int, Hold] = {}
    if why.reference:
        found = Hold.objects.filter(
            recording__in=locked, kind=why.kind, reference=why.reference, released_at=None
        )
        same = {hold.recording_id: hold for hold in found}
    made = Hold.objects.bulk_create(
        Hold(recording=item, kind=why.kind, reference=why.reference, reason=why.reason,
             set_by=by, owner=why.owner, review_on=why.review_on)
        for item in locked if item.pk not in same
    )  # fmt: skip
    if made:
        held(made, actor, "hold.set", why.reason)
    same |= {hold.recording_id: hold for hold in made}
    return [same[item.pk] for item in locked]


def change(
    *, by: User, hold: Hold, owner: User, review_on: date, reason: str, all_of_it: bool = False
) -> int:
    """Say who answers for a hold from now on, and when they look at it again; with `all_of_it`
    for every hold and watch of its reference. How many holds there were.

    Raises NotAllowed, ValueError.
    """
    if not by.may("hold.set") or not visible_to(by).filter(pk=hold.pk).exists():
        raise NotAllowed("You can't change this hold.")
    with transaction.atomic():
        if all_of_it and hold.reference:
            holds, watches = _of_reference(by, hold.kind, hold.reference)
        else:
            holds, watches = [hold.pk], []
        return _change(by, holds, watches, owner, review_on, reason)


def change_watch(
    *, by: User, watch: Watch, owner: User, review_on: date, reason: str, all_of_it: bool = False
) -> int:
    """The same for what is held when it arrives; with `all_of_it` for what it caught as well. How
    many holds there were. Raises NotAllowed, ValueError."""
    if not by.may("hold.set") or not watches_visible_to(by).filter(pk=watch.pk).exists():
        raise NotAllowed("You can't change this hold.")
    with transaction.atomic():
        if all_of_it and watch.reference:
            holds, watches = _of_reference(by, watch.kind, watch.reference)
        else:
            holds, watches = [], [watch.pk]
        return _change(by, holds, watches, owner, review_on, reason)


def _of_reference(by: User, kind: str, reference: str) -> tuple[list[int], list[int]]:
    """The holds and the watches that stand for it, as far as `by` may know of them."""
    holds = visible_to(by).filter(released_at=None, kind=kind, reference=reference)
    watches = watches_visible_to(by).filter(ended_at=None, kind=kind, reference=reference)
    return list(holds.values_list("pk", flat=True)), list(watches.values_list("pk", flat=True))


def _change(
    by: User, holds: list[int], watches: list[int], owner: User, review_on: date, reason: str
) -> int:
    why = typed.reason(reason, "Enter why it is changed.")
    answers_for(owner)
    looked_at(review_on)
    rows = list(
        Hold.objects.filter(pk__in=holds, released_at=None)
        .select_related("recording").select_for_update(of=("self",)).order_by("id")
    )  # fmt: skip
    waits = list(
        Watch.objects.filter(pk__in=watches, ended_at=None).select_for_update(of=("self",))
    )
    if not rows and not waits:
        raise ValueError("It was released already.")
    Hold.objects.filter(pk__in=[row.pk for row in rows]).update(owner=owner, review_on=review_on)
    Watch.objects.filter(pk__in=[row.pk for row in waits]).update(owner=owner, review_on=review_on)
    what = f"{owner.short} answers for it, review on {day(review_on)}. {why}"
    details = {"name": by.short, "what": what, "reason": why}
    told = [(row.recording.subject(), {"hold": row.pk}) for row in rows]
    told += [(row.subject(), {"watch": row.pk}) for row in waits]
    record_all([
        (Draft("hold.changed", subject, by.actor(), data=data, private=details), None)
        for subject, data in told
    ])  # fmt: skip
    return len(rows)


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
            owner=row.owner,
            review_on=row.review_on,
        )
        held([made], service("retention"), "hold.set", row.reason)
    # What is held already must hold the files that came along.
    store_again(recordings=[into.pk])


def store_again(*, recordings: Iterable[int]) -> None:
    """Have the store hold every file of these recordings, as their holds say: for who adds files
    to one, by joining or from a replica. In the caller's transaction."""
    # Under their locks, like the worker: it may not write that the store knows what comes only now.
    of = Recording.objects.filter(pk__in=list(recordings)).order_by("id")
    numbers = list(of.select_for_update(of=("self",)).values_list("pk", flat=True))
    rows = Hold.objects.filter(recording__in=numbers, released_at=None)
    rows.update(in_store=False, store_asked_at=timezone.now())
    tell_store(list(rows))


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
    locked = _locked([item.pk for item in recordings])
    return hold_all(by, by.actor(), locked, Why(kind, reason, reference))


def hold_by_system(
    *, recording: Recording, kind: Kind, reason: str, reference: str, actor: Actor
) -> Hold:
    """Hold what a part of this system found a reason for, in its act's transaction; once a
    reference."""
    why = Why(kind, reason[:300], reference, None, offered_review())
    return hold_one(None, actor, recording, why)


def renamed(*, kind: Kind, old: str, new: str) -> None:
    """A matter has another reference now: its holds that stand go on under that one."""
    Hold.objects.filter(kind=kind, reference=old, released_at=None).update(reference=new)
