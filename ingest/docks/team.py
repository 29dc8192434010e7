"""What a supervisor has to look after: cameras, footage to categorise, docks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Greatest
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from evidence.people.models import User
from evidence.recordings.access import team_of, visible_to
from evidence.recordings.digest import Lines, many
from evidence.recordings.models import Recording
from ingest.devices.models import Camera, Dock, Issue
from ingest.uploads.models import Upload

# One rule, said on the page: a camera has been out too long when its issue has lasted a day
# without a dock, or has ended without one. Two hours before the end count too: who gives a
# camera back may have docked it first.
OUT = timedelta(hours=24)
BEFORE_END = timedelta(hours=2)
# An issue that ended longer ago is nobody's next step any more: accounting finds those.
LOOK_BACK = timedelta(days=31)
SILENT = timedelta(seconds=60)
LISTED = 50
COUNTED = 1000


@dataclass(frozen=True)
class Out:
    """A camera that should be in a dock."""

    camera: str
    officer: User
    ended: datetime | None
    docked: datetime | None


@dataclass
class Pile:
    """An officer's footage that nobody has categorised."""

    officer: User
    oldest: datetime
    count: int = 0


@dataclass(frozen=True)
class Silent:
    """A dock that does not report."""

    dock: Dock
    since: datetime | None


@dataclass
class Left:
    """The three lists; each says by itself whether it was cut short."""

    cameras: list[Out] = field(default_factory=list)
    piles: list[Pile] = field(default_factory=list)
    docks: list[Silent] = field(default_factory=list)
    more_cameras: bool = False
    more_piles: bool = False
    more_docks: bool = False

    def __bool__(self) -> bool:
        return bool(self.cameras or self.piles or self.docks)

    @property
    def recordings(self) -> int:
        """How many were counted."""
        return sum(pile.count for pile in self.piles)


def look(user: User, now: datetime | None = None) -> Left:
    """What is left for this supervisor, of their own people only. Constant queries."""
    now = now or timezone.now()
    left = Left()
    cameras = list(_undocked(user, now))
    left.cameras, left.more_cameras = cameras[:LISTED], len(cameras) > LISTED
    _pile_up(user, left)
    docks = list(silent_docks(user, now)[: LISTED + 1])
    left.docks = [Silent(dock, dock.last_seen) for dock in docks[:LISTED]]
    left.more_docks = len(docks) > LISTED
    return left


def _people(user: User) -> QuerySet[User]:
    return team_of(user).exclude(pk=user.pk)


def _undocked(user: User, now: datetime) -> Iterator[Out]:
    """By the rule above, the longest out first: the newest issue of each camera only."""
    later = Issue.objects.filter(
        camera=OuterRef("camera"), period__startswith__gt=OuterRef("began"),
        period__startswith__lte=now,
    )  # fmt: skip
    last = Upload.objects.filter(camera=OuterRef("camera")).order_by("-id").values("created")[:1]
    moment = DateTimeField()
    issues = (
        Issue.objects.filter(officer__in=_people(user), period__startswith__lte=now)
        .annotate(
            began=Func(F("period"), function="lower", output_field=moment),
            ended=Func(F("period"), function="upper", output_field=moment),
            docked=Greatest(F("camera__docked_at"), Subquery(last)),
        )
        .filter(~Exists(later))
    )
    out = Q(ended=None) | Q(ended__gt=now)
    issues = issues.filter(Q(out, began__lte=now - OUT) | Q(ended__range=(now - LOOK_BACK, now)))
    due = Case(When(out, then=Value(now - OUT)), default=F("ended") - BEFORE_END,
               output_field=moment)  # fmt: skip
    missing = issues.annotate(due=due).filter(Q(docked=None) | Q(docked__lt=F("due")))
    rows = missing.select_related("camera", "officer").order_by(
        F("docked").asc(nulls_first=True), "pk"
    )
    for row in rows[: LISTED + 1]:
        yield Out(row.camera.serial, row.officer, row.period.upper, row.docked)


def _pile_up(user: User, left: Left) -> None:
    """Footage without a category, a line an officer, from the oldest thousand."""
    open_ = visible_to(user, "recording.categorise").filter(
        officer__in=_people(user), category=None, kind=Recording.Kind.FOOTAGE
    )
    rows = list(
        open_.order_by("happened_at").values_list("officer_id", "happened_at")[: COUNTED + 1]
    )
    left.more_piles = len(rows) > COUNTED
    officers = User.objects.in_bulk({officer for officer, _ in rows if officer})
    piles: dict[int, Pile] = {}
    for officer, moment in rows[:COUNTED]:
        assert officer is not None
        pile = piles.setdefault(officer, Pile(officers[officer], moment))
        pile.count += 1
    left.more_piles |= len(piles) > LISTED
    left.piles = list(piles.values())[:LISTED]  # the oldest first


def silent_docks(user: User, now: datetime) -> QuerySet[Dock]:
    """Enrolled docks that do not report, where cameras of these people were last docked.

    A dock is theirs when one of their cameras was last in it, or when it stands at the site
    of such a dock.
    """
    cameras = Camera.objects.filter(
        Exists(
            Issue.objects.filter(
                camera=OuterRef("pk"), officer__in=_people(user),
                period__overlap=TimestamptzRange(now - LOOK_BACK, now),
            )
        ),
        docked_in__isnull=False,
    )  # fmt: skip
    used = Dock.objects.filter(cameras__in=cameras)
    sites = used.exclude(site="").values("site")
    theirs = Q(pk__in=used.values("pk")) | Q(site__in=sites)
    quiet = Q(last_seen=None) | Q(last_seen__lt=now - SILENT)
    return Dock.objects.filter(
        theirs, quiet, revoked_at=None, enrolled_at__isnull=False
    ).order_by(F("last_seen").asc(nulls_first=True), "name")  # fmt: skip


def reporting(dock: Dock, now: datetime) -> bool:
    """Whether this dock has reported within the last minute."""
    return dock.last_seen is not None and now - dock.last_seen <= SILENT


def mail_lines(people: Sequence[User]) -> Lines:
    """For each supervisor the three lists as counts, for the daily mail."""
    found: Lines = {}
    for user in people:
        if user.may("team.view"):
            left = look(user)
            found[user.pk] = [
                words
                for count, more, one, several in (
                    (len(left.cameras), left.more_cameras,
                     "camera is not docked", "cameras are not docked"),
                    (left.recordings, left.more_piles,
                     "recording of your team needs a category",
                     "recordings of your team need a category"),
                    (len(left.docks), left.more_docks,
                     "dock does not report", "docks do not report"),
                )
                if (words := many(count, one, several, more=more))
            ]  # fmt: skip
    return found
