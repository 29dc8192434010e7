"""Out of a batch again, and batches that come to their end: what something keeps after all, what
nobody decided, what is done. The sweep calls these; each may run twice, and die at any line.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from evidence.recordings import rules
from evidence.recordings.models import Recording
from evidence.recordings.rules import Rulebook
from evidence.retention.actions.releasing import ACTOR, CHUNK, State, carry_on, locked, tell
from evidence.retention.deciding import decide
from evidence.retention.models import Batch, Fresh, Grouping, Hold, Item

LAPSES = timedelta(days=30)
# Says of a hold, a case or a complaint nothing, not even that there is one.
KEPT_AFTER_ALL = "Something keeps it now."
NOBODY_AGREED = "Nobody agreed within 30 days."


def lapse() -> int:
    """End proposals on which nobody decided for 30 days; how many."""
    before = timezone.now() - LAPSES
    old = Batch.objects.filter(state=Batch.State.PROPOSED, proposed_at__lt=before)
    done = 0
    for batch in old[:100]:
        with transaction.atomic():
            row = locked(batch, Batch.State.PROPOSED)
            if row is None:
                continue
            row.state, row.decided_at = Batch.State.REFUSED, timezone.now()
            row.decision_reason, row.finished_at = NOBODY_AGREED, timezone.now()
            row.save()
        carry_on(row)
        done += 1
    return done


def drop_kept(most: int = 10 * CHUNK) -> int:
    """Take out of their batches what something keeps now; how many.

    Found by what changed since it was put in: holds, groups, fresh periods, and a category whose
    period ends later. Whatever else there may be is found when its destruction begins.
    """
    recording = OuterRef("recording")
    since = OuterRef("batch__proposed_at")
    changed = (
        Q(Exists(Hold.objects.filter(recording=recording, released_at=None)))
        | Q(Exists(Grouping.objects.filter(recording=recording, ended_at=None, set_at__gte=since)))
        | Q(Exists(Fresh.objects.filter(recording=recording, created__gte=since)))
        | Q(recording__kept_until__gt=F("goes_at"))
        # Said to be something else since: that is not what was released.
        | Q(recording__category=None, batch__rule__category__isnull=False)
        | Q(recording__category__isnull=False, batch__rule__category=None)
        | Q(recording__category__lt=F("batch__rule__category"))
        | Q(recording__category__gt=F("batch__rule__category"))
        | Q(state=State.PROPOSED, recording__kept_until__gt=F("batch__proposed_at"))
    )
    rows = Item.objects.filter(changed, state__in=[State.PROPOSED, State.LEAVING]).order_by("pk")
    book, done = rules.book(), 0
    for identifier in list(rows.values_list("pk", flat=True)[:most]):
        with transaction.atomic():
            done += drop_if_kept(identifier, book)
    return done


def drop_if_kept(item_id: int, book: Rulebook) -> bool:
    """Take one item out if something keeps it at the moment at which it would go; in the caller's
    transaction."""
    item = Item.objects.select_related("batch").get(pk=item_id)
    recording = Recording.objects.select_for_update(of=("self",)).get(pk=item.recording_id)
    item = (
        Item.objects.select_for_update(of=("self",)).select_related("batch__rule").get(pk=item_id)
    )
    if item.state not in (State.PROPOSED, State.LEAVING):
        return False
    if decide(recording, book).may_go(item.batch, item.goes_at or timezone.now()):
        return False
    drop(item, recording)
    return True


def drop(item: Item, recording: Recording) -> None:
    """Kept after all: out of its batch; both are locked."""
    Item.objects.filter(pk=item.pk).update(
        state=State.KEPT, ended_at=timezone.now(), ended_reason=KEPT_AFTER_ALL, claimed_until=None,
        problem="", problem_at=None,
    )  # fmt: skip
    item.recording = recording
    data = {"batch": item.batch.reference}
    tell([item], "evidence.deletion_dropped", ACTOR, data, {"reason": KEPT_AFTER_ALL})


def close() -> int:
    """Batches of which nothing is left to do are done; how many."""
    open_ = Item.objects.filter(batch=OuterRef("pk"), state__in=Item.OPEN)
    return Batch.objects.filter(~Exists(open_), state=Batch.State.LEAVING).update(
        state=Batch.State.DONE, finished_at=timezone.now()
    )


def follow_up() -> None:
    """Go on with batches that were decided and whose items don't say so yet."""
    left = Item.objects.filter(batch=OuterRef("pk"), state=State.PROPOSED)
    decided = [Batch.State.LEAVING, Batch.State.REFUSED]
    for batch in Batch.objects.filter(Exists(left), state__in=decided)[:100]:
        carry_on(batch)
