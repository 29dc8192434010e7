"""How much there is and how much of it was read lately, reckoned by the sweep: no page counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Sum
from django.utils import timezone

from evidence.fixity import registry
from evidence.fixity.models import Damage, Figures, ReplicaCopy
from evidence.fixity.registry import Item
from evidence.store import s3

EVERY = timedelta(hours=1)
SPANS = (30, 90, 365)
DAY = 24 * 3600


def refresh(*, now: bool = False) -> bool:
    """Reckon the figures anew where they are an hour old; whether it was done."""
    moment = timezone.now()
    newest = Figures.objects.order_by("-reckoned_at").first()
    if newest is not None and newest.reckoned_at > moment - EVERY and not now:
        return False
    since = {str(days): moment - timedelta(days=days) for days in SPANS}
    for source in registry.sources():
        found: dict[str, Any] = source.rows().aggregate(**registry.sums(since))
        found |= {"words": source.words, "reckoned_at": moment}
        if source.name == "replica":
            found |= _behind()
        Figures.objects.update_or_create(source=source.name, defaults=found)
    return True


def _behind() -> dict[str, Any]:
    rows = ReplicaCopy.objects.exclude(state=ReplicaCopy.State.THERE)
    return rows.aggregate(
        behind_objects=Count("pk"), behind_bytes=Sum("original__size", default=0),
        behind_since=Min("wanted_at"),
    )  # fmt: skip


@dataclass(frozen=True)
class Share:
    """Of one kind: what was read within so many days, of all that there is."""

    days: int
    objects: int
    bytes: int
    percent: int


@dataclass(frozen=True)
class Line:
    """One kind on the page."""

    row: Figures
    shares: list[Share]


def lines() -> list[Line]:
    """The kinds with their figures, as they were reckoned last."""
    order = {source.name: number for number, source in enumerate(registry.sources())}
    rows = [row for row in Figures.objects.all() if row.source in order and row.objects_all]
    return [Line(row, _shares(row)) for row in sorted(rows, key=lambda row: order[row.source])]


def _shares(row: Figures) -> list[Share]:
    found = []
    for days in SPANS:
        objects, size = getattr(row, f"objects_{days}"), getattr(row, f"bytes_{days}")
        # Never "100%" while something is left.
        percent = (
            100 if objects >= row.objects_all else min(99, 100 * size // max(1, row.bytes_all))
        )
        found.append(Share(days, objects, size, percent))
    return found


def oldest() -> Item | None:
    """The object that was not read for the longest; a query a kind, by index."""
    moment = timezone.now()
    heads = [item for one in registry.sources() for item in one.oldest(moment, (), 1)]
    return min(heads, key=lambda item: item.checked_at, default=None)


def round_words(rows: list[Line]) -> str:
    """How long it takes to read everything once at the set rate."""
    total = sum(line.row.bytes_all for line in rows)
    if not settings.FIXITY_BYTES_SECOND:
        return "Nothing is read again: the rate is set to nothing (BWV_FIXITY_BYTES_SECOND)."
    span = total / settings.FIXITY_BYTES_SECOND
    rate = f"{settings.FIXITY_BYTES_SECOND / 1e6:,.1f} MB a second".replace(".0 MB", " MB")
    return f"At {rate} everything is read once in {_span(span)}, and nothing twice within a day."


def _span(seconds: float) -> str:
    if seconds < 3600:
        return "less than an hour"
    if seconds < 2 * DAY:
        return f"about {round(seconds / 3600):,} hours"
    if seconds < 1000 * DAY:
        return f"about {round(seconds / DAY):,} days"
    return f"about {round(seconds / DAY / 365):,} years"


def damaged() -> int:
    """How many objects are known to be damaged, up to a thousand."""
    return Damage.objects.filter(state__in=["found", "held"]).values("pk")[:1000].count()


def behind() -> int:
    """Bytes that the replica lacked when it was last reckoned; -1 where there is none."""
    row = Figures.objects.filter(source=s3.REPLICA).first() if s3.has_replica() else None
    return row.behind_bytes if row else -1
