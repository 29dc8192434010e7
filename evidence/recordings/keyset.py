"""Pages by a cursor, newest first, in both directions: the hundredth costs what the first does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import Http404

from evidence.recordings.models import Recording

PAGE = 50
NEWEST_FIRST = ("-happened_at", "-id")
OLDEST_FIRST = ("happened_at", "id")

Fetch = Callable[[QuerySet[Recording], tuple[str, str], int], list[Recording]]


@dataclass(frozen=True)
class Place:
    """Where a page begins: at the top, or before or after one recording."""

    at: datetime | None = None
    pk: int = 0
    backwards: bool = False


@dataclass(frozen=True)
class Page:
    """One page, and the cursors of its neighbours; None where there is none."""

    items: list[Recording]
    older: str | None
    newer: str | None


def cursor(recording: Recording) -> str:
    """The cursor of one recording: `time~id`."""
    return f"{recording.happened_at.isoformat()}~{recording.pk}"


def place(before: str, after: str = "") -> Place:
    """The place that an address names. Raises Http404 for what is no cursor."""
    given = before or after
    if not given:
        return Place()
    moment, _, key = given.rpartition("~")
    try:
        at, pk = datetime.fromisoformat(moment), int(key)
    except ValueError:
        raise Http404 from None
    if at.tzinfo is None or not 1900 < at.year < 9000 or not 0 <= pk < 2**63:
        raise Http404
    return Place(at, pk, backwards=not before)


def narrowed(recordings: QuerySet[Recording], start: Place) -> QuerySet[Recording]:
    """What lies beyond the place. The first condition is what an index can begin at."""
    if start.at is None:
        return recordings
    if start.backwards:
        beyond = Q(happened_at__gt=start.at) | Q(pk__gt=start.pk)
        return recordings.filter(beyond, happened_at__gte=start.at)
    beyond = Q(happened_at__lt=start.at) | Q(pk__lt=start.pk)
    return recordings.filter(beyond, happened_at__lte=start.at)


def _fetch(recordings: QuerySet[Recording], order: tuple[str, str], most: int) -> list[Recording]:
    return list(recordings.order_by(*order)[:most])


def page(
    recordings: QuerySet[Recording], start: Place, *, size: int = PAGE, fetch: Fetch = _fetch
) -> Page:
    """One page from a place on; one row more is read, to know whether there is another page."""
    order = OLDEST_FIRST if start.backwards else NEWEST_FIRST
    found = fetch(narrowed(recordings, start), order, size + 1)
    more, items = len(found) > size, found[:size]
    if start.backwards:
        items.reverse()
        return Page(items, *_links(items, older=True, newer=more))
    return Page(items, *_links(items, older=more, newer=start.at is not None))


def _links(
    items: Sequence[Recording], *, older: bool, newer: bool
) -> tuple[str | None, str | None]:
    if not items:
        return None, None
    return cursor(items[-1]) if older else None, cursor(items[0]) if newer else None
