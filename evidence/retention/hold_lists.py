"""What the pages of holds show: of one hold, of one watch, and what a new hold would catch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Sum
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings import arrivals
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.recordings.models import Original, Recording
from evidence.retention import registry
from evidence.retention.access import visible_to, watches_visible_to
from evidence.retention.actions.arriving import Wish, found
from evidence.retention.models import BY_PEOPLE, Hold, Kind, ReleaseRequest, Watch

PAGE = 50
SHOWN = 20
# Each asks the docks what may still come: no more of them on a page.
WATCHES = 20


@dataclass(frozen=True)
class Preview:
    """What a wish would hold now, as far as whoever asks may see it. Nothing is held yet."""

    count: int
    size: int
    rows: list[Recording]
    # How many of them this reference holds already.
    held: int
    coming: arrivals.Expected | None
    gone: list[registry.Disposed]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.rows)

    @property
    def stamp(self) -> str:
        """What whoever says yes was shown."""
        return f"{self.count}-{self.size}"


def preview(by: User, wish: Wish) -> Preview:
    """Counts, bytes and examples; constant queries. Raises ValueError."""
    ids = [row.pk for row in found(by, wish)]
    seen = recordings_visible_to(by).filter(pk__in=ids)
    rows = list(seen.select_related("officer", "category").order_by("happened_at", "pk"))
    size = Original.objects.filter(recording__in=rows).aggregate(size=Sum("size"))["size"] or 0
    held = 0
    if wish.why.reference:
        mine = visible_to(by).filter(
            recording__in=rows, kind=wish.why.kind, reference=wish.why.reference, released_at=None
        )
        held = mine.count()
    coming, gone = None, list[registry.Disposed]()
    if wish.officers and wish.start and wish.end:
        # Nobody is told what of their own footage is gone: the rest would be what something keeps.
        others = [one for one in wish.officers if one.pk != by.pk]
        gone = registry.disposed_of(others, wish.start, wish.end) if others else []
        if wish.later:
            coming = arrivals.expected(list(wish.officers), wish.start, wish.end)
    return Preview(len(rows), size, rows[:SHOWN], held, coming, gone)


@dataclass(frozen=True)
class Waiting:
    """One watch: what it has caught, and what may still come."""

    watch: Watch
    officers: list[User]
    caught: int
    coming: arrivals.Expected | None

    @property
    def kind(self) -> str:
        """In words."""
        return str(Kind(self.watch.kind).label)

    @property
    def of(self) -> str:
        """PC 4127 Shah, DC 12 Lane; within 300 m of 51.50790, -0.12810."""
        words = ", ".join(person.short for person in self.officers)
        row = self.watch
        if row.latitude is not None:
            place = f"whoever was within {row.radius} m of {row.latitude:.5f}, {row.longitude:.5f}"
            words = f"{words}; {place}" if words else place.capitalize()
        return words

    @property
    def still(self) -> str:
        """2 files on their way; not docked since: BWC-7."""
        if self.coming is None:
            return "Not known: of a place nobody knows who will come"
        parts = []
        if self.coming.files:
            parts.append(f"{self.coming.files} file{'s' * (self.coming.files != 1)} on their way")
        out = self.coming.cameras
        if out:
            more = f" and {len(out) - 5} more" if len(out) > 5 else ""
            parts.append(f"not docked since: {', '.join(out[:5])}{more}")
        words = "; ".join(parts)
        return words[:1].upper() + words[1:] if words else "Nothing more is expected"


def waitings(reader: User, watches: Sequence[Watch]) -> list[Waiting]:
    """These watches with what they caught, of what this reader may know of."""
    counts = {
        (row["kind"], row["reference"]): row["count"]
        for row in visible_to(reader)
        .filter(released_at=None, reference__in=[one.reference for one in watches])
        .order_by().values("kind", "reference").annotate(count=Count("pk"))
    }  # fmt: skip
    made = []
    for row in watches:
        people = list(row.officers.all())
        coming = arrivals.expected(people, row.start, row.end) if people else None
        made.append(Waiting(row, people, counts.get((row.kind, row.reference), 0), coming))
    return made


def watches(reader: User, after: int = 0) -> tuple[list[Waiting], int]:
    """The watches that stand, newest first, and where the next page begins (0: nowhere)."""
    rows = watches_visible_to(reader).filter(ended_at=None).order_by("-id")
    if after:
        rows = rows.filter(pk__lt=after)
    found_ = list(
        rows.select_related("owner", "set_by").prefetch_related("officers")[: WATCHES + 1]
    )
    following = found_[WATCHES - 1].pk if len(found_) > WATCHES else 0
    return waitings(reader, found_[:WATCHES]), following


def in_force(reader: User, after: int = 0) -> tuple[list[Hold], int]:
    """The holds in force, newest first, and where the next page begins (0: nowhere)."""
    rows = visible_to(reader).filter(released_at=None).order_by("-id")
    if after:
        rows = rows.filter(pk__lt=after)
    page = list(rows.select_related("recording", "owner", "set_by")[: PAGE + 1])
    return page[:PAGE], page[PAGE - 1].pk if len(page) > PAGE else 0


def same(reader: User, thing: Hold | Watch) -> int:
    """How many holds of the same reference stand that this reader may know of."""
    if not thing.reference:
        return 1
    mine = visible_to(reader).filter(kind=thing.kind, reference=thing.reference, released_at=None)
    return mine.count()


def asked_for(reader: User, thing: Hold | Watch) -> ReleaseRequest | None:
    """The release of this that waits for a second person: of it alone, or of its reference."""
    rows = ReleaseRequest.objects.filter(state=ReleaseRequest.State.ASKED)
    one = rows.filter(hold=thing) if isinstance(thing, Hold) else rows.filter(watch=thing)
    whole = rows.filter(hold=None, watch=None, kind=thing.kind, reference=thing.reference)
    waiting = one | (whole if thing.reference else rows.none())
    return waiting.select_related("asked_by").order_by("id").first()


def released_by_people(thing: Hold | Watch) -> bool:
    """Whether its release is asked for here; a case's and a complaint's is in their own rooms."""
    return thing.kind in BY_PEOPLE


def overdue(thing: Hold | Watch) -> bool:
    """Whether its review date has passed."""
    return thing.review_on is not None and thing.review_on < timezone.localdate()
