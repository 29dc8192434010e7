"""Letting footage go: proposed by one and agreed to by another, or released by a rule.

Whatever is proposed, agreed to or released is decided again, under the recording's lock, when its
destruction begins. Work on many goes in chunks, a transaction each; a process that dies between
two of them is followed by the sweep, which goes on from what the rows say.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min
from django.utils import timezone

from evidence.custody.log.clock import stamp
from evidence.custody.record import Actor, Draft, record_all, service
from evidence.people import typed
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import rules
from evidence.recordings.keeping import day
from evidence.recordings.models import Recording, Rule
from evidence.retention.deciding import Decision, decide, free
from evidence.retention.due import sizes_of
from evidence.retention.impartial import concerned
from evidence.retention.models import Batch, Due, Item
from evidence.retention.reckoning import code_of, words_of

MOST = 5_000
CHUNK = 500
ACTOR = service("retention")
ANOTHER = "A different person has to approve this."
State = Item.State


class NotSaid(ValueError):
    """What was asked for can't be done as it stands. Its sentence says why."""


# --- by people --------------------------------------------------------------------


def propose(*, by: User, rule: Rule, recordings: Sequence[int], reason: str) -> Batch:
    """Propose that these recordings of one rule go; each is decided again under its lock.

    What is not due any more, is in a batch already, or is not theirs to let go of, is left out.
    Raises NotAllowed, NotSaid.
    """
    if not by.may("retention.propose"):
        raise NotAllowed("You can't propose a disposal.")
    why = typed.reason(reason, "Enter why it may go.", NotSaid)
    if len(recordings) > MOST:
        raise NotSaid(f"Propose at most {MOST:,} recordings at once.")
    wanted = sorted(set(recordings))
    made: Batch | None = None
    for start in range(0, len(wanted), CHUNK):
        with transaction.atomic():
            part = wanted[start : start + CHUNK]
            chosen = _due_now(part, rule, timezone.now(), concerned(by, part))
            if not chosen:
                continue
            if made is None:
                made = Batch.objects.create(
                    rule=rule, ground=words_of(rule)[:300], reason=why, proposed_by=by,
                )  # fmt: skip
            # Somebody may have refused it meanwhile: then the rest is not put into it.
            elif not locked(made, Batch.State.PROPOSED):
                break
            _into(made, chosen, by.actor(), State.PROPOSED, {})
    if made is None:
        raise NotSaid("None of it is due any more.")
    made.refresh_from_db()
    return made


def _due_now(
    wanted: Sequence[int], rule: Rule, now: datetime, without: Collection[int]
) -> list[Decision]:
    """Those of one rule that nothing keeps, locked."""
    book = rules.book()
    locked = _lock([one for one in wanted if one not in without])
    decided = [decide(one, book) for one in locked]
    return [one for one in decided if one.due(now) and one.rule == rule]


def _lock(wanted: Sequence[int]) -> list[Recording]:
    rows = Recording.objects.filter(pk__in=wanted).order_by("id")
    list(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
    # Asked only now: who held the locks may have set a hold or taken it into a batch.
    return list(free().filter(pk__in=wanted).order_by("id"))


def _into(
    batch: Batch, chosen: Sequence[Decision], actor: Actor, state: State, goes: dict[int, datetime]
) -> None:
    """Items, events and the batch's numbers, in the caller's transaction."""
    sizes = sizes_of([one.recording.pk for one in chosen])
    Item.objects.bulk_create(
        Item(
            batch=batch, recording=one.recording, state=state, grounds=one.grounds(),
            size=sizes.get(one.recording.pk, 0), goes_at=goes.get(one.recording.pk),
        )
        for one in chosen
    )  # fmt: skip
    Batch.objects.filter(pk=batch.pk).update(
        count=F("count") + len(chosen), size=F("size") + sum(sizes.values())
    )
    Due.objects.filter(recording__in=[one.recording for one in chosen]).delete()
    kind = "evidence.deletion_proposed" if state == State.PROPOSED else "evidence.deletion_approved"
    drafts = []
    for one in chosen:
        assert one.rule is not None
        data: dict[str, Any] = {"batch": batch.reference, "rule": code_of(one.rule)}
        private: dict[str, Any] = {"name": actor.name, "reason": batch.reason}
        if state == State.PROPOSED:
            private["ground"] = one.ground
        else:
            at = goes[one.recording.pk]
            data["goes_at"] = stamp(at)
            private |= {"until": _day(at), "reason": one.rule.source}
        drafts.append(Draft(kind, one.recording.subject(), actor, data, private))
    record_all([(draft, None) for draft in drafts])


def _day(moment: datetime) -> str:
    return day(timezone.localtime(moment).date())


def locked(batch: Batch, state: Batch.State) -> Batch | None:
    """The batch under its lock, if it is in this state still."""
    return Batch.objects.select_for_update(of=("self",)).filter(pk=batch.pk, state=state).first()


def approve(*, by: User, batch: Batch, reason: str, shown: int | None = None) -> Batch:
    """Agree, as a second person: it goes after the days in which it can be restored. `shown`: how
    many recordings whoever agrees was shown.

    Raises NotAllowed, NotSaid.
    """
    _may_decide(by, batch)
    why = typed.reason(reason, "Enter why you agree.", NotSaid)
    now = timezone.now()
    with transaction.atomic():
        row = locked(batch, Batch.State.PROPOSED)
        if row is None:
            raise NotSaid("Somebody has decided this already.")
        _may_agree(by, row, shown)
        row.state, row.decided_by, row.decided_at = Batch.State.LEAVING, by, now
        row.decision_reason = why
        row.goes_at = now + timedelta(days=settings.REMORSE_DAYS)
        row.save()
    carry_on(row)
    row.refresh_from_db()
    return row


def refuse(*, by: User, batch: Batch, reason: str) -> Batch:
    """Disagree: everything in it is kept, and may be proposed again. Raises NotAllowed, NotSaid."""
    _may_decide(by, batch)
    why = typed.reason(reason, "Enter why you refuse.", NotSaid)
    with transaction.atomic():
        row = locked(batch, Batch.State.PROPOSED)
        if row is None:
            raise NotSaid("Somebody has decided this already.")
        row.state, row.decided_by, row.decided_at = Batch.State.REFUSED, by, timezone.now()
        row.decision_reason, row.finished_at = why, timezone.now()
        row.save()
    carry_on(row)
    row.refresh_from_db()
    return row


def _may_decide(by: User, batch: Batch) -> None:
    if not by.may("retention.approve"):
        raise NotAllowed("You can't decide on a disposal.")
    if batch.proposed_by_id == by.pk:
        raise NotSaid(ANOTHER)


def _may_agree(by: User, row: Batch, shown: int | None) -> None:
    """What only who agrees must not be, or must have seen; under the batch's lock."""
    proposer = row.proposed_by
    if proposer is None or not proposer.may("retention.propose"):
        who = proposer.short if proposer else "Whoever proposed it"
        raise NotSaid(f"{who} may not propose disposals any more. Refuse it, and propose it again.")
    if shown is not None and shown != row.count:
        raise NotSaid(f"It is {row.count:,} recordings now, not {shown:,}. Look again.")
    waiting = row.items.filter(state=State.PROPOSED).values_list("recording", flat=True)
    if concerned(by, list(waiting)):
        raise NotSaid(ANOTHER)


def carry_on(batch: Batch) -> int:
    """Say of each proposed item what was decided of its batch; how many. Asked for again it goes
    on where somebody stopped."""
    done = 0
    while True:
        with transaction.atomic():
            row = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
            if row.state not in (Batch.State.LEAVING, Batch.State.REFUSED):
                return done
            open_ = row.items.filter(state=State.PROPOSED).order_by("pk")
            # Locked: what somebody restores meanwhile is not said to leave after all.
            locked = open_.select_for_update(of=("self",))
            items = list(locked.select_related("recording")[:CHUNK])
            if not items:
                return done
            _decided(row, items)
            done += len(items)


def _decided(batch: Batch, items: Sequence[Item]) -> None:
    by, now = batch.decided_by, timezone.now()
    ids = [item.pk for item in items]
    if batch.state == Batch.State.LEAVING:
        assert by is not None and batch.goes_at is not None and batch.rule is not None
        Item.objects.filter(pk__in=ids).update(state=State.LEAVING, goes_at=batch.goes_at)
        data = {"batch": batch.reference, "rule": code_of(batch.rule),
                "goes_at": stamp(batch.goes_at)}  # fmt: skip
        private = {"name": by.short, "until": _day(batch.goes_at), "reason": batch.decision_reason}
        tell(items, "evidence.deletion_approved", by.actor(), data, private)
        return
    reason = batch.decision_reason
    state = State.REFUSED if by else State.KEPT
    Item.objects.filter(pk__in=ids).update(
        state=state, ended_at=now, ended_by=by, ended_reason=reason
    )
    data = {"batch": batch.reference}
    if by is None:
        tell(items, "evidence.deletion_dropped", ACTOR, data, {"reason": reason})
    else:
        private = {"name": by.short, "reason": reason}
        tell(items, "evidence.deletion_refused", by.actor(), data, private)


def tell(
    items: Sequence[Item], kind: str, actor: Actor, data: dict[str, Any], private: dict[str, Any]
) -> None:
    """An event on each recording of these."""
    record_all(
        [(Draft(kind, item.recording.subject(), actor, data, private), None) for item in items]
    )


# --- by rule ----------------------------------------------------------------------


def release_by_rule(chunks: int = 20) -> int:
    """Release what a rule alone lets go of within the days in which it can be restored; how many.

    The window lies before the end of the period, so that what ends on day 31 is gone on day 31.
    """
    done, last = 0, 0
    for _ in range(chunks):
        until = timezone.now() + timedelta(days=settings.REMORSE_DAYS)
        with transaction.atomic():
            rows = Due.objects.filter(by_rule=True, until__lte=until, pk__gt=last).order_by("pk")
            found = list(rows.values_list("pk", "recording")[:CHUNK])
            if not found:
                return done
            last = found[-1][0]
            done += _release([recording for _, recording in found])
            Due.objects.filter(pk__in=[pk for pk, _ in found]).delete()
    return done


def _release(wanted: Sequence[int]) -> int:
    now, book = timezone.now(), rules.book()
    least = now + timedelta(hours=settings.REMORSE_LEAST_HOURS)
    until = now + timedelta(days=settings.REMORSE_DAYS)
    by_rule: dict[Rule, list[Decision]] = {}
    goes: dict[int, datetime] = {}
    for one in (decide(row, book) for row in _lock(wanted)):
        if one.by_rule and one.due(until):
            assert one.rule is not None and one.verdict.until is not None
            goes[one.recording.pk] = max(one.verdict.until, least)
            by_rule.setdefault(one.rule, []).append(one)
    for rule, chosen in by_rule.items():
        batch = _todays(rule)
        _into(batch, chosen, ACTOR, State.LEAVING, goes)
        first = batch.items.aggregate(first=Min("goes_at"))["first"]
        Batch.objects.filter(pk=batch.pk).update(goes_at=first)
    return sum(len(chosen) for chosen in by_rule.values())


def _todays(rule: Rule) -> Batch:
    """The batch of this rule that was begun today and has room."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    open_ = Batch.objects.filter(
        by_rule=True, rule=rule, state=Batch.State.LEAVING, proposed_at__gte=today,
        count__lte=MOST - CHUNK,
    )  # fmt: skip
    found = open_.select_for_update(of=("self",)).first()
    return found or Batch.objects.create(
        by_rule=True, rule=rule, state=Batch.State.LEAVING, ground=words_of(rule)[:300],
        reason=rule.source[:300],
    )  # fmt: skip
