"""Destroying what was released: written down first, then object by object, then the last word.

`Item` is the truth about the work. Steps, between any two of which a worker may die:

 1. claim the item, by a conditional update
 2. begin: under the recording's lock it is decided once more; every object is written down,
    nobody sees the recording from here on, and no hold can be set any more
 3. each object: the store destroys it, its answer is kept, the store is asked whether it is gone
 4. the store lists once more: nothing may be left; what came meanwhile goes back to 3
 5. the last word: what stays of each original is written, rows and personal words go

A step that was done is seen to be done by whoever comes next. What the store refuses is said to a
person and tried again; a legal hold is never turned off from here.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from evidence.custody.record import Draft, record, service
from evidence.recordings import rules
from evidence.recordings.models import Recording
from evidence.retention import listing, refusals, registry, tombs
from evidence.retention.actions.dropping import drop
from evidence.retention.calm import calm_until
from evidence.retention.deciding import decide
from evidence.retention.models import Doomed, Hold, Item
from evidence.retention.reckoning import code_of
from evidence.retention.registry import Copy
from evidence.store import s3

log = structlog.get_logger(__name__)
ACTOR = service("retention")
CLAIM = timedelta(minutes=10)
WAIT = timedelta(minutes=1)
LONGEST = timedelta(hours=6)
# Something that writes faster than this destroys is for a person to find.
ROUNDS = 5
NOT_THERE = {"status": "was not there"}
State = Item.State


class Waits(RuntimeError):
    """Not now, and nobody's fault."""


class HeldUp(RuntimeError):
    """Something stands in the way. Its sentence is for a person."""


def next_item() -> int | None:
    """The item that has waited longest for a worker."""
    now = timezone.now()
    rows = Item.objects.filter(_free(now)).order_by("goes_at", "pk")
    return rows.values_list("pk", flat=True).first()


def _free(now: object) -> Q:
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lt=now)
    ready = Q(state=State.DESTROYING)
    if calm_until() is None:
        ready |= Q(state=State.LEAVING, goes_at__lte=now)
    return unclaimed & ready


def destroy(item_id: int) -> Item:
    """Bring one item as far as it goes. May run twice; may die at any line."""
    now = timezone.now()
    taken = Item.objects.filter(_free(now), pk=item_id).update(
        claimed_until=now + CLAIM, attempts=F("attempts") + 1
    )
    if taken:
        try:
            _destroy(item_id)
        except Waits:
            _later(item_id, WAIT)
        except HeldUp as error:
            _held_up(item_id, str(error))
        except s3.StoreError as error:
            log.warning("disposal will be tried again", item=item_id, error=str(error))
            _held_up(item_id, refusals.listing(error))
    return Item.objects.get(pk=item_id)


def _destroy(item_id: int) -> None:
    if Item.objects.get(pk=item_id).state == State.LEAVING and not begin(item_id):
        return
    for _ in range(ROUNDS):
        _each_object(item_id)
        # Asked before the store lists: a worker that was done in between would have stored
        # something that no list saw. No other begins: from `disposed_at` on none may.
        at_work = _at_work(item_id)
        if not _came_meanwhile(item_id):
            break
    else:
        raise HeldUp("Something goes on writing objects of it. Find out what, and stop it.")
    if at_work:
        # Its worker looks whether it is wanted still; only then is the last list the last.
        raise Waits
    tombs.bury(item_id)


def _at_work(item_id: int) -> bool:
    recording = Item.objects.select_related("recording").get(pk=item_id).recording
    return any(busy(recording) for busy in registry.busy)


def begin(item_id: int) -> bool:
    """Decide once more and write down every object; from here there is no way back.

    False where something keeps it after all, or somebody restored it. Raises Waits, StoreError.
    """
    recording_id = Item.objects.get(pk=item_id).recording_id
    with transaction.atomic():
        recording = Recording.objects.select_for_update(of=("self",)).get(pk=recording_id)
        rows = Item.objects.select_for_update(of=("self",)).select_related("batch__rule")
        item = rows.get(pk=item_id)
        if item.state != State.LEAVING:
            return item.state == State.DESTROYING
        book = rules.book()
        decision = decide(recording, book)
        if not decision.may_go(item.batch, timezone.now()):
            drop(item, recording)
            return False
        untold = Hold.objects.filter(recording=recording, in_store=False)
        if untold.exists():
            # A hold that ended, and the store was not told yet: it would refuse.
            transaction.on_commit(lambda: _tell_store(recording_id), robust=True)
            waits = True
        else:
            waits = False
            _begin(item, recording, code_of(decision.rule) if decision.rule else "")
    if waits:
        raise Waits
    return True


def _tell_store(recording_id: int) -> None:
    from evidence.retention.tasks import to_store

    rows = Hold.objects.filter(recording=recording_id, in_store=False)
    for identifier in rows.values_list("pk", flat=True):
        to_store.delay(identifier)


def begin_of(item: Item, recording: Recording) -> None:
    """Begin what the log says was done before, in the caller's transaction, under the recording's
    lock; nothing is decided again."""
    _begin(item, recording, "")


def _begin(item: Item, recording: Recording, rule: str) -> None:
    now = timezone.now()
    objects = listing.all_of(recording)
    Doomed.objects.bulk_create([_doomed(item, copy, there) for copy, there in objects])
    parts = Q(pk=recording.pk) | Q(joined_into=recording)
    Recording.objects.filter(parts).update(disposed_at=now)
    recording.disposed_at = now
    for withdraw in registry.withdrawers:
        withdraw(recording)
    Item.objects.filter(pk=item.pk).update(
        state=State.DESTROYING, attempts=0, problem="", problem_at=None
    )
    data = {"batch": item.batch.reference, "rule": rule, "objects": len(objects)}
    record(Draft("evidence.deletion_begun", recording.subject(), ACTOR, data))


def _doomed(item: Item, copy: Copy, there: bool) -> Doomed:
    return Doomed(
        item=item, alias=copy.alias, key=copy.key, version_id=copy.version_id,
        what=copy.what[:60], reference=copy.reference, size=copy.size,
        answer={} if there else NOT_THERE, answered_at=None if there else timezone.now(),
    )  # fmt: skip


def _each_object(item_id: int) -> None:
    """Destroy what is left; what the store refuses stops none of the others. Raises HeldUp."""
    refused = ""
    for row in Doomed.objects.filter(item=item_id, gone_at=None).order_by("pk"):
        try:
            _object(row)
        except s3.StoreError as error:
            log.warning("the store refused", key=row.key, alias=row.alias, error=str(error))
            refused = refused or refusals.words(row, error)
        except HeldUp as error:
            refused = refused or str(error)
        Item.objects.filter(pk=item_id).update(claimed_until=timezone.now() + CLAIM)
    if refused:
        raise HeldUp(refused)


def _object(row: Doomed) -> None:
    # Who died after the store's answer left it here: the first answer is the one that counts.
    if row.answered_at is None or listing.is_there(row):
        try:
            answer = s3.destroy(row.alias, row.key, row.version_id)
        except s3.Missing:
            answer = NOT_THERE
        Doomed.objects.filter(pk=row.pk).update(answer=answer, answered_at=timezone.now())
    if listing.is_there(row):
        raise HeldUp(f"The store said that the {row.what} is destroyed, and has it still.")
    Doomed.objects.filter(pk=row.pk).update(gone_at=timezone.now())


def _came_meanwhile(item_id: int) -> bool:
    """Whether the store lists anything of it still, which is written down then."""
    item = Item.objects.select_related("recording").get(pk=item_id)
    known = {
        (row.alias, row.key, row.version_id): row for row in Doomed.objects.filter(item=item_id)
    }
    left = [copy for copy, there in listing.all_of(item.recording) if there]
    seen = {(copy.alias, copy.key, copy.version_id) for copy in left}
    covered = listing.prefixes(item.recording)
    left += [
        Copy(row.alias, row.key, row.version_id, row.what, row.reference, row.size)
        for name, row in known.items()
        if name not in seen and name[:2] not in covered and not name[1].startswith(
            tuple(key for alias, key in covered if alias == name[0] and key.endswith("/")))
        and listing.is_there(row)
    ]  # fmt: skip
    for copy in left:
        row = known.get((copy.alias, copy.key, copy.version_id))
        if row is None:
            Doomed.objects.get_or_create(
                item=item, alias=copy.alias, key=copy.key, version_id=copy.version_id,
                defaults={"what": copy.what[:60], "reference": copy.reference, "size": copy.size},
            )  # fmt: skip
        else:
            # It was gone, and is there again: somebody put it back.
            Doomed.objects.filter(pk=row.pk).update(gone_at=None, answered_at=None)
    return bool(left)


def _later(item_id: int, pause: timedelta) -> None:
    Item.objects.filter(pk=item_id).update(claimed_until=timezone.now() + pause)


def _held_up(item_id: int, words: str) -> None:
    """Write down what stands in the way, once in the log, and try again after a growing pause."""
    with transaction.atomic():
        item = Item.objects.select_for_update(of=("self",)).get(pk=item_id)
        pause = min(LONGEST, WAIT * 2 ** min(item.attempts, 10))
        item.claimed_until = timezone.now() + pause
        fresh, item.problem = item.problem != words[:300], words[:300]
        item.problem_at = timezone.now() if fresh else item.problem_at
        item.save(update_fields=["claimed_until", "problem", "problem_at"])
        if not fresh:
            return
        left = Doomed.objects.filter(item=item, gone_at=None).order_by("pk").first()
        stored = _place(left) if left else ""
        data = {"batch": item.batch.reference, "stored": stored}
        draft = Draft("evidence.deletion_failed", item.recording.subject(), ACTOR, data,
                      {"problem": item.problem}, "failed")  # fmt: skip
        record(draft)


def _place(row: Doomed) -> str:
    try:
        name = s3.bucket(row.alias)
    except s3.NotConfigured:
        name = row.alias
    return f"{name}/{row.key} {row.version_id}".strip()


def try_again(item_ids: list[int]) -> int:
    """Don't wait for the end of the pause; how many. For a person who mended what was wrong."""
    rows = Item.objects.filter(pk__in=item_ids, state__in=[State.LEAVING, State.DESTROYING])
    return rows.exclude(problem="").update(claimed_until=None, attempts=0)
