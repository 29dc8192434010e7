"""Taking footage back while it is on its way out: it gets a fresh period, and is told so."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from evidence.custody.log.clock import stamp
from evidence.custody.record import Draft, record
from evidence.people import typed
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import rules
from evidence.recordings.keeping import day
from evidence.recordings.models import Recording, Rule
from evidence.retention.actions.releasing import NotSaid
from evidence.retention.models import Batch, Fresh, Item
from evidence.retention.models import Item as Row

State = Row.State
OPEN = (State.PROPOSED, State.LEAVING)
TOO_LATE = "It is being destroyed since {}. It can't be restored any more."


def restore(*, by: User, item: Item, reason: str) -> Fresh:
    """Keep one recording after all, for as long again as its rule keeps such footage.

    Raises NotAllowed; NotSaid where its destruction has begun.
    """
    why = _may(by, reason)
    with transaction.atomic():
        fresh = _restore(by, item.pk, why)
    if fresh is None:
        item.refresh_from_db()
        raise NotSaid(_why_not(item))
    return fresh


def restore_all(*, by: User, batch: Batch, reason: str) -> tuple[int, int]:
    """Keep everything in a batch whose destruction has not begun: how many, and how many it came
    too late for. Raises NotAllowed, NotSaid."""
    why = _may(by, reason)
    kept = 0
    for identifier in list(batch.items.filter(state__in=OPEN).values_list("pk", flat=True)):
        with transaction.atomic():
            kept += _restore(by, identifier, why) is not None
    late = batch.items.filter(state__in=[State.DESTROYING, State.GONE]).count()
    if not kept:
        raise NotSaid("Nothing of it can be restored any more.")
    return kept, late


def _may(by: User, reason: str) -> str:
    if not by.may("retention.restore"):
        raise NotAllowed("You can't restore what was released.")
    return typed.reason(reason, "Enter why it is kept.", NotSaid)


def _restore(by: User, identifier: int, reason: str) -> Fresh | None:
    item = Item.objects.get(pk=identifier)
    recording = Recording.objects.select_for_update(of=("self",)).get(pk=item.recording_id)
    now = timezone.now()
    moved = Item.objects.filter(pk=identifier, state__in=OPEN).update(
        state=State.RESTORED, ended_at=now, ended_by=by, ended_reason=reason, claimed_until=None,
        problem="", problem_at=None,
    )  # fmt: skip
    if not moved:
        return None
    item = Item.objects.select_related("batch__rule").get(pk=identifier)
    until = again(item.batch.rule, recording, now)
    fresh = Fresh.objects.create(recording=recording, until=until, reason=reason, given_by=by)
    words = day(timezone.localtime(until).date())
    record(
        Draft(
            "evidence.deletion_undone", recording.subject(), by.actor(),
            {"batch": item.batch.reference, "until": stamp(until)},
            {"name": by.short, "reason": reason, "until": words},
        )
    )  # fmt: skip
    return fresh


def again(rule: Rule | None, recording: Recording, now: datetime) -> datetime:
    """When a period of this rule ends that begins now."""
    found = rule or rules.book().ends(recording).rule
    if found.group is not None:
        return rules.group_ends(found.group, now)
    return rules.days_after(now, found.days or 0)


def _why_not(item: Item) -> str:
    recording = Recording.objects.get(pk=item.recording_id)
    if recording.disposed_at is not None:
        return TOO_LATE.format(f"{timezone.localtime(recording.disposed_at):%-d %b %Y %H:%M}")
    return "It is not on its way out any more."
