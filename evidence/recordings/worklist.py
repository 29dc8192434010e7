"""An officer's work list: what is left, the buttons that fit, what belongs together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings import pages
from evidence.recordings.access import visible_to
from evidence.recordings.models import Category, IncidentType, Recording, Undo

MOST_LEFT = 200
QUICK = 3
LOOK_BACK, LOOKED_AT = timedelta(days=90), 300
OUTING, OUTING_MOST = timedelta(hours=16), 200
ARRIVED = timedelta(days=31)


@dataclass(frozen=True)
class Choices:
    """What can be said: this person's three buttons, the other categories, incident types."""

    quick: list[Category]
    others: list[Category]
    incidents: list[IncidentType]


def choices(user: User) -> Choices:
    """Three queries. The buttons are those most used in the last 90 days, not counting today:
    they don't move under a finger. Without use they are the first of the force's list."""
    categories = list(Category.objects.filter(active=True))
    now = timezone.now()
    recent = Recording.objects.filter(
        officer=user, happened_at__gt=now - LOOK_BACK, categorised_at__lt=today()
    ).order_by("-happened_at", "-id")
    used = Counter(recent.values_list("category_id", flat=True)[:LOOKED_AT])
    # A stable sort: the force's order decides between equals.
    by_use = sorted(categories, key=lambda category: -used[category.pk])
    quick = by_use[:QUICK]
    others = [category for category in categories if category not in quick]
    return Choices(quick, others, list(IncidentType.objects.filter(active=True)))


def today() -> datetime:
    """When today began, here."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def to_do(recordings: QuerySet[Recording]) -> QuerySet[Recording]:
    """Footage of which nobody said what it is."""
    return recordings.filter(category=None, kind=Recording.Kind.FOOTAGE)


def left(recordings: QuerySet[Recording]) -> int:
    """How much there is to do, over everything and not this page; MOST_LEFT + 1 for more."""
    return to_do(recordings).order_by()[: MOST_LEFT + 1].count()


def in_words(count: int) -> str:
    """4 left to do."""
    if not count:
        return "Nothing left to do"
    return f"more than {MOST_LEFT} left to do" if count > MOST_LEFT else f"{count} left to do"


def undos(recordings: Sequence[Recording], by: User) -> dict[int, Undo]:
    """What this person can still take back; one query."""
    found = Undo.objects.filter(recording__in=recordings, by=by)
    return {row.recording_id: row for row in found}


def others_of_outing(recording: Recording, by: User) -> list[Recording]:
    """The other footage of the same outing that has no crime reference yet; one query more
    than what may be categorised by this person at all."""
    start, end = recording.happened_at - OUTING, recording.happened_at + OUTING
    near = (
        visible_to(by, "recording.categorise")
        .filter(officer=recording.officer, kind=Recording.Kind.FOOTAGE)
        .filter(happened_at__range=(start, end))
        .order_by("-happened_at", "-id")
    )
    for group in pages.groups([pages.Row(item) for item in near[:OUTING_MOST]]):
        members = [row.recording for row in group.rows]
        if any(item.pk == recording.pk for item in members):
            return [
                item for item in members if item.pk != recording.pk and not item.crime_reference
            ]
    return []


def arrived_since(user: User, newest: int) -> QuerySet[Recording]:
    """The officer's own footage that became known after the recording numbered `newest`."""
    return visible_to(user).filter(
        officer=user, pk__gt=newest, happened_at__gt=timezone.now() - ARRIVED
    )


def done_today(recordings: QuerySet[Recording]) -> QuerySet[Recording]:
    """What was categorised since midnight, of what was recorded within the last months."""
    since = today()
    return recordings.filter(
        Q(categorised_at__gte=since), happened_at__gt=since - LOOK_BACK, category__isnull=False
    )


def newest(user: User) -> int:
    """The number of the officer's latest recording; 0 for none."""
    found = visible_to(user).filter(officer=user, happened_at__gt=timezone.now() - ARRIVED)
    return found.order_by().aggregate(last=Max("pk"))["last"] or 0
