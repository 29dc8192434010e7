"""What the pages of disposal show, from the rows: constant queries, nothing counted as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.access import visible_to
from evidence.recordings.ending import may_know_that_it_went
from evidence.recordings.models import Recording
from evidence.recordings.search import clean, reference_in
from evidence.retention.models import Batch, Item, Tombstone

PAGE = 50
State = Item.State
TAGS = {
    "proposed": ("amber", "Waits for a second person"), "refused": ("plain", "Refused"),
    "leaving": ("amber", "Can still be restored"), "destroying": ("blue", "Being destroyed"),
    "gone": ("grey", "Disposed of"), "kept": ("plain", "Kept after all"),
    "restored": ("plain", "Restored"), "done": ("grey", "Done"),
}  # fmt: skip
HELD_UP = ("red", "Held up")


@dataclass(frozen=True)
class Line:
    """One recording of a batch, as its page shows it."""

    item: Item
    colour: str
    words: str
    link: bool
    may_restore: bool


def items_for(user: User, batch: Batch) -> QuerySet[Item]:
    """What of a batch is shown to somebody: not their own footage. Who sees that some of it goes
    learns of the rest, and of what leaves its batch, that something keeps it."""
    return batch.items.exclude(recording__officer=user)


def held_up(user: User | None = None) -> QuerySet[Item]:
    """What can't be destroyed, the longest first; as `items_for` where it is for somebody."""
    rows = Item.objects.exclude(problem="").filter(state__in=[State.LEAVING, State.DESTROYING])
    if user is not None:
        rows = rows.exclude(recording__officer=user)
    return rows.select_related("batch", "recording").order_by("problem_at", "pk")


def batches(show: str) -> QuerySet[Batch]:
    """Batches of one state, or all, the newest first."""
    rows = Batch.objects.select_related("rule__category", "proposed_by", "decided_by")
    return rows.filter(state=show) if show in Batch.State.values else rows


def tagged(rows: Iterable[Batch]) -> list[tuple[Batch, str, str]]:
    """Each with the tag of its state."""
    found = list(rows)
    stuck = set(
        Item.objects.filter(batch__in=found).exclude(problem="").values_list("batch", flat=True)
    )
    return [(row, *(HELD_UP if row.pk in stuck else TAGS[row.state])) for row in found]


def counts(items: QuerySet[Item]) -> list[tuple[str, int]]:
    """How many of these are in each state, in words; a batch is of some thousands."""
    rows = dict(items.order_by().values_list("state").annotate(Count("pk")))
    return [(TAGS[state][1], rows[state]) for state in State.values if state in rows]


def lines(user: User, items: list[Item]) -> list[Line]:
    """The rows of a batch's page; one query for what this person can open."""
    seen = set(
        visible_to(user).filter(pk__in=[item.recording_id for item in items])
        .values_list("pk", flat=True)
    )  # fmt: skip
    may = user.may("retention.restore")
    return [
        Line(
            item, *(HELD_UP if item.problem else TAGS[item.state]),
            item.recording_id in seen or _is_left(user, item),
            may and item.state == State.LEAVING,
        )
        for item in items
    ]  # fmt: skip


def _is_left(user: User, item: Item) -> bool:
    """Whether the page of what is left is there for them: of their own footage it is not."""
    gone = item.state in (State.DESTROYING, State.GONE)
    return gone and may_know_that_it_went(user, item.recording)


def left(batch: Batch) -> str:
    """How long it can still be restored: "6 days left to restore"."""
    if batch.state != Batch.State.LEAVING or batch.goes_at is None:
        return ""
    return remaining(batch.goes_at)


def remaining(goes_at: datetime) -> str:
    """The days, or hours, until then; what is over can't be restored for long."""
    hours = int((goes_at - timezone.now()).total_seconds() // 3600)
    if hours < 0:
        return "It is being destroyed"
    if hours < 1:
        return "Less than an hour left to restore"
    if hours < 48:
        return f"{hours} hour{'' if hours == 1 else 's'} left to restore"
    # What somebody approved a minute ago for seven days has seven days left.
    return f"{(hours + 1) // 24} days left to restore"


def tombstones(user: User, typed: str) -> QuerySet[Tombstone]:
    """Of a reference or a fingerprint; without one all, the newest first. None of their own."""
    rows = Tombstone.objects.select_related("item__batch", "recording")
    rows = rows.exclude(recording__officer=user)
    asked = typed.strip()
    if not asked:
        return rows
    if reference_in(asked):
        found = reference_in(asked)
        # A file that was joined into another recording is found by that one's name too, and all
        # of it by the name of a part. Asked first: two tables in one OR would read every row.
        named = Recording.objects.filter(reference=found).values_list("pk", "joined_into")
        whole = [into or pk for pk, into in named]
        return rows.filter(Q(reference=found) | Q(recording__in=whole))
    digits = "".join(clean(asked).lower().split())
    return rows.filter(sha256=digits) if len(digits) == 64 else rows.none()


def page_of(rows: QuerySet[Any], before: int | None) -> tuple[list[Any], int | None]:
    """One page by the rows' numbers, newest first, and where the next begins."""
    found = rows.filter(pk__lt=before) if before is not None else rows
    shown = list(found.order_by("-pk")[: PAGE + 1])
    return shown[:PAGE], shown[PAGE - 1].pk if len(shown) > PAGE else None
