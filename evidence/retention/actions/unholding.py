"""Ending holds. What people set themselves (by hand, subject access, court order) one person asks
to release, and another agrees: the four verbs at the end. `release` and `release_all`
are the act itself, for those and for the rooms whose own rules end a case's and a complaint's.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.custody.record import Draft, record_all, service
from evidence.people import typed
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.keeping import day
from evidence.recordings.models import Recording
from evidence.retention import registry
from evidence.retention.access import releases_visible_to, visible_to, watches_visible_to
from evidence.retention.actions.arriving import one_at_a_time
from evidence.retention.actions.holds import held
from evidence.retention.models import BY_PEOPLE, Hold, Kind, ReleaseRequest, Watch

State = ReleaseRequest.State
ENDED = ["released_at", "released_by", "release_reason", "in_store", "store_asked_at"]
ANOTHER = "A different person has to approve this."


def release(*, by: User, hold: Hold, reason: str) -> Hold:
    """End one hold; others on the same recording stay. The inner act: pages ask two people first.

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
    The inner act, as `release`.

    Raises NotAllowed, ValueError; a keeper is asked once, as the reference is one.
    """
    if not by.may("hold.release"):
        raise NotAllowed("You can't release these holds.")
    with transaction.atomic():
        one_at_a_time()
        _stop(by, Watch.objects.filter(kind=kind, reference=reference, ended_at=None), reason)
        rows = _locked(Hold.objects.filter(kind=kind, reference=reference, released_at=None))
        _release_all(by, rows, reason)
    return rows


def _locked(holds: QuerySet[Hold]) -> list[Hold]:
    """These holds under their recordings' locks, in the order in which everybody takes them."""
    numbers = list(holds.order_by("id").values_list("pk", flat=True))
    mine = Hold.objects.filter(pk__in=numbers, released_at=None)
    recordings = Recording.objects.filter(pk__in=mine.values("recording")).order_by("id")
    list(recordings.select_for_update(of=("self",)).values_list("pk", flat=True))
    return list(
        mine.select_for_update(of=("self",)).select_related("recording").order_by("id")
    )  # fmt: skip


def _release_all(by: User, rows: list[Hold], reason: str) -> None:
    why = typed.reason(reason, "Enter why it is released.")
    for row in rows[:1]:
        refused = next((words for keeper in registry.keepers if (words := keeper(row))), "")
        if refused:
            raise ValueError(refused)
    _end(rows, by, why)
    if rows:
        held(rows, by.actor(), "hold.released", why)


def _end(rows: list[Hold], by: User | None, reason: str) -> None:
    now = timezone.now()
    for row in rows:
        row.released_at, row.released_by, row.release_reason = now, by, reason[:300]
        row.in_store, row.store_asked_at = False, now
    Hold.objects.bulk_update(rows, ENDED, batch_size=500)


def _stop(by: User, watches: QuerySet[Watch], reason: str) -> list[Watch]:
    """End these watches; those that people set have an event."""
    rows = list(watches.select_for_update(of=("self",)).order_by("id"))
    Watch.objects.filter(pk__in=[row.pk for row in rows]).update(
        ended_at=timezone.now(), ended_by=by, end_reason=reason.strip()[:300]
    )
    record_all([
        (Draft("hold.await_ended", row.subject(), by.actor(), data={"watch": row.pk},
               private={"name": by.short, "reason": reason.strip()[:300], "kind": row.kind}), None)
        for row in rows if row.kind in BY_PEOPLE
    ])  # fmt: skip
    return rows


def release_for(
    *,
    by: User | None,
    recordings: Iterable[int] | None,
    kind: Kind,
    reference: str,
    reason: str,
) -> int:
    """End a matter's holds, on these recordings or (None) on all; in the act's transaction.

    For rooms above this one, which ask for their own permission. Nobody in `by` is the system,
    at the end of a period that somebody had set. Returns how many.
    """
    rows = Hold.objects.filter(kind=kind, reference=reference, released_at=None)
    if recordings is not None:
        rows = rows.filter(recording__in=list(recordings))
    ending = _locked(rows)
    _end(ending, by, reason)
    if ending:
        held(ending, by.actor() if by else service("retention"), "hold.released", reason)
    return len(ending)


# --- by two people ---


def of_request(request: ReleaseRequest, by: User) -> QuerySet[Hold]:
    """The holds that would end if `by` agreed: of those they may know of, none on footage of
    whoever asked; and with them those that went with it into a joined recording."""
    mine = visible_to(by).filter(released_at=None).exclude(recording__officer=request.asked_by_id)
    if request.watch_id is not None:
        return Hold.objects.none()
    if request.hold_id is not None:
        return mine.filter(pk=request.hold_id)
    mine = mine.filter(kind=request.kind, reference=request.reference)
    joined = Q(
        recording__joined_into__in=mine.values("recording"), kind=request.kind,
        reference=request.reference, released_at=None,
    )  # fmt: skip
    return Hold.objects.filter(Q(pk__in=mine.values("pk")) | joined)


def ask_release(
    *, by: User, reason: str, hold: Hold | None = None, watch: Watch | None = None,
    all_of_it: bool = False,
) -> ReleaseRequest:  # fmt: skip
    """Ask for the release of a hold, for the end of a watch, or with `all_of_it` for the release of
    everything of its reference. Another person agrees.

    Raises NotAllowed, ValueError.
    """
    thing = hold or watch
    assert thing is not None
    seen = visible_to(by) if hold else watches_visible_to(by)
    if not by.may("hold.release") or not seen.filter(pk=thing.pk).exists():
        raise NotAllowed("You can't release this hold.")
    if thing.kind not in BY_PEOPLE:
        raise ValueError("What a case or a complaint holds is released there.")
    why = typed.reason(reason, "Enter why it is released.")
    if (hold and hold.released_at) or (watch and watch.ended_at):
        raise ValueError("It was released already.")
    row = ReleaseRequest(
        kind=thing.kind, reference=thing.reference, reason=why, asked_by=by,
        hold=None if all_of_it else hold, watch=None if all_of_it else watch,
    )  # fmt: skip
    row.asked_at = timezone.now()
    rows = list(of_request(row, by).select_related("recording"))
    row.count = len(rows)
    try:
        with transaction.atomic():
            row.save()
            _tell(by, row, rows, "hold.release_asked", row.reason)
    except IntegrityError:
        raise ValueError("It was asked for already. Another person decides.") from None
    return row


def agree_release(
    *, by: User, request: ReleaseRequest, reason: str = "", shown: int | None = None
) -> list[Hold]:
    """Agree to a release as a second person: what was asked for ends. `shown`: how many holds
    whoever agrees was shown; more or fewer now, and nothing ends.

    Raises NotAllowed, ValueError.
    """
    with transaction.atomic():
        one_at_a_time()
        row = _to_decide(by, request)
        if not row.asked_by.may("hold.release"):
            raise ValueError(f"{row.asked_by.short} may not release holds any more. Ask again.")
        rows = _locked(of_request(row, by))
        if shown is not None and len(rows) != shown:
            raise ValueError(f"There are {len(rows)} holds now, not {shown}. Look again.")
        words = f"{row.reason} (asked for by {row.asked_by.short})"
        if row.watch_id is not None:
            _stop(by, Watch.objects.filter(pk=row.watch_id, ended_at=None), words)
        elif row.hold_id is None:
            standing = watches_visible_to(by).filter(
                kind=row.kind, reference=row.reference, ended_at=None
            )
            numbers = list(standing.values_list("pk", flat=True))
            _stop(by, Watch.objects.filter(pk__in=numbers, ended_at=None), words)
        _release_all(by, rows, words)
        _decided(by, row, State.AGREED, reason)
    return rows


def refuse_release(*, by: User, request: ReleaseRequest, reason: str) -> ReleaseRequest:
    """Refuse a release as a second person: everything stays held. Raises NotAllowed, ValueError."""
    why = typed.reason(reason, "Enter why it is refused.")
    with transaction.atomic():
        row = _to_decide(by, request)
        rows = list(of_request(row, by).select_related("recording"))
        _decided(by, row, State.REFUSED, why)
        _tell(by, row, rows, "hold.release_refused", why)
    return row


def withdraw_release(*, by: User, request: ReleaseRequest) -> ReleaseRequest:
    """Ask for it no more: whoever asked. Raises NotAllowed, ValueError."""
    with transaction.atomic():
        row = ReleaseRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
        if row.asked_by_id != by.pk:
            raise NotAllowed("Only whoever asked can take it back.")
        _still(row)
        rows = list(of_request(row, by).select_related("recording"))
        row.state, row.decided_at = State.WITHDRAWN, timezone.now()
        row.save(update_fields=["state", "decided_at"])
        _tell(by, row, rows, "hold.release_withdrawn", "")
    return row


def _to_decide(by: User, request: ReleaseRequest) -> ReleaseRequest:
    """The request, locked, for a second person."""
    if not by.may("hold.release") or not releases_visible_to(by).filter(pk=request.pk).exists():
        raise NotAllowed("There is nothing here that you can decide.")
    rows = ReleaseRequest.objects.select_for_update(of=("self",)).select_related("asked_by")
    row = rows.get(pk=request.pk)
    if row.asked_by_id == by.pk:
        raise NotAllowed(ANOTHER)
    _still(row)
    return row


def _still(row: ReleaseRequest) -> None:
    if row.state != State.ASKED:
        at = timezone.localtime(row.decided_at or row.asked_at).date()
        raise ValueError(f"It was decided on {day(at)}: {State(row.state).label.lower()}.")


def _decided(by: User, row: ReleaseRequest, state: str, reason: str) -> None:
    row.state, row.decided_by, row.decided_at = state, by, timezone.now()
    row.decision_reason = typed.one_line(reason)
    row.save(update_fields=["state", "decided_by", "decided_at", "decision_reason"])


def _tell(by: User, row: ReleaseRequest, holds: list[Hold], kind: str, reason: str) -> None:
    """An event on each recording that it is about; for a watch, on the watch."""
    details = {"name": by.short, "reason": reason, "kind": row.kind}
    told = [(hold.recording.subject(), {"hold": hold.pk}) for hold in holds]
    if row.watch is not None:
        told.append((row.watch.subject(), {"watch": row.watch.pk}))
    record_all([
        (Draft(kind, subject, by.actor(), data=data, private=details), None)
        for subject, data in told
    ])  # fmt: skip
