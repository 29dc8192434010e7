"""Which holds somebody should look at again, which nobody answers for, and what is not done yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case, Count, F, Min, Q, QuerySet, Value, When
from django.utils import timezone

from evidence.people import table
from evidence.people.models import User
from evidence.people.table import MANAGER, Scope
from evidence.recordings.digest import Lines, many
from evidence.retention.access import releases_visible_to, visible_to, watches_visible_to
from evidence.retention.models import BY_PEOPLE, Hold, Kind, ReleaseRequest, Watch

SOON = timedelta(days=14)
# A worker tells the store within seconds; longer, and a person should know.
STORE_MAY_TAKE = timedelta(minutes=10)
MOST = 50


@dataclass(frozen=True)
class Group:
    """Holds that are looked at together: of one reference, owner and date."""

    first: Hold
    count: int
    review_on: date | None

    @property
    def kind(self) -> str:
        """In words."""
        return str(Kind(self.first.kind).label)

    @property
    def overdue(self) -> bool:
        """Whether its date has passed."""
        return self.review_on is not None and self.review_on < timezone.localdate()


def due(holds: QuerySet[Hold], today: date | None = None) -> QuerySet[Hold]:
    """Those whose review date has come, or comes within two weeks."""
    last = (today or timezone.localdate()) + SOON
    return holds.filter(released_at=None, review_on__lte=last)


def ownerless() -> Q:
    """Holds that people set and of which nobody answers any more: who did has left, is suspended,
    or may not release holds now. As a condition, which asks nothing by itself. What the system
    holds (a damaged file) ends with its cause, and has lists of its own."""
    answers = Q(owner__status=User.Status.WORKING, owner__roles__overlap=_may_release())
    by_system = Q(set_by=None, owner=None)
    return Q(released_at=None, kind__in=BY_PEOPLE) & ~answers & ~by_system


def groups(holds: QuerySet[Hold]) -> tuple[list[Group], bool]:
    """These holds, the earliest review first, and whether there are more. Two queries."""
    alone = Case(When(reference="", then=F("pk")), default=Value(0))
    rows = list(
        holds.order_by().annotate(alone=alone)
        .values("kind", "reference", "owner", "review_on", "alone")
        .annotate(count=Count("pk"), first=Min("pk")).order_by("review_on", "first")[: MOST + 1]
    )  # fmt: skip
    found = Hold.objects.select_related("recording", "owner").in_bulk(
        [row["first"] for row in rows[:MOST]]
    )
    made = [Group(found[row["first"]], row["count"], row["review_on"]) for row in rows[:MOST]]
    return made, len(rows) > MOST


def behind(holds: QuerySet[Hold] | None = None) -> QuerySet[Hold]:
    """Holds of which the store does not say yet what their row says, for longer than it may take:
    set and not there, or released and still there."""
    rows = Hold.objects.all() if holds is None else holds
    return rows.filter(in_store=False, store_asked_at__lt=timezone.now() - STORE_MAY_TAKE)


def to_review(reader: User) -> QuerySet[Hold]:
    """What somebody has to look at: what they answer for, and, who manages, what nobody does."""
    return due(visible_to(reader)).filter(owner=reader)


def watches_due(reader: User) -> QuerySet[Watch]:
    """What is held when it arrives and has to be looked at: of theirs, and of nobody's."""
    last = timezone.localdate() + SOON
    rows = watches_visible_to(reader).filter(ended_at=None, kind__in=BY_PEOPLE)
    lost = ~Q(owner__status=User.Status.WORKING, owner__roles__overlap=_may_release())
    return rows.filter(lost | Q(owner=reader, review_on__lte=last)).select_related("owner")


def _may_release() -> list[str]:
    return [role for role in table.ROLES if table.scope([role], "hold.release") > Scope.NONE]


def waiting(reader: User) -> QuerySet[ReleaseRequest]:
    """Releases that wait for a second person, of what this reader may know of."""
    return releases_visible_to(reader).filter(
        Q(hold=None) | Q(hold__released_at=None), state=ReleaseRequest.State.ASKED
    )


def lines(people: Sequence[User]) -> Lines:
    """For the daily mail: how many holds somebody has to look at, and what waits for them. Counts
    alone; holds of complaints have a mail of their own. Four queries at most."""
    may = [person for person in people if person.may("hold.release")]
    if not may:
        return {}
    mine = Counter(dict(
        due(Hold.objects.filter(owner__in=may, kind__in=BY_PEOPLE))
        .exclude(recording__officer=F("owner")).order_by()
        .values_list("owner").annotate(Count("pk"))
    ))  # fmt: skip
    waits = Watch.objects.filter(
        owner__in=may, kind__in=BY_PEOPLE, ended_at=None, review_on__lte=timezone.localdate() + SOON
    )
    of_watches = Counter(dict(
        waits.order_by().values_list("owner").annotate(Count("pk"))
    ))  # fmt: skip
    left = Counter(dict(
        Hold.objects.filter(ownerless()).order_by()
        .values_list("recording__officer").annotate(Count("pk"))
    ))  # fmt: skip
    asked = Counter(dict(
        ReleaseRequest.objects.filter(
            Q(hold=None) | Q(hold__released_at=None), state=ReleaseRequest.State.ASKED
        ).order_by().values_list("asked_by").annotate(Count("pk"))
    ))  # fmt: skip
    found: Lines = {}
    for person in may:
        said = [
            many(mine[person.pk], "hold needs a review", "holds need a review"),
            many(of_watches[person.pk], "hold of what arrives later needs a review",
                 "holds of what arrives later need a review"),
        ]  # fmt: skip
        if MANAGER in person.roles:
            # Never of their own footage: who knows that it is held knows more than they may.
            rest = left.total() - left[person.pk]
            said.append(many(rest, "hold has nobody who answers for it",
                             "holds have nobody who answers for them"))  # fmt: skip
            rest = asked.total() - asked[person.pk]
            said.append(many(rest, "release of a hold waits for a second person",
                             "releases of holds wait for a second person"))  # fmt: skip
        found[person.pk] = [line for line in said if line]
    return found
