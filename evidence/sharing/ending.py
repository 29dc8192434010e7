"""Warnings before a share ends: 14, 3 and 1 days before, and when a day in court lies behind it.

To whoever answers for the share and to the person outside, also to one who never opened it. Days
are local days: what ends on the 6th is warned of from the morning of the 5th, however late on the
6th. Each warning is noted first and mailed after the commit. Whoever dies between the two leaves
a mail unsent, never sends two; where the mail server took neither mail the note goes again, and
the next run writes anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import (
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Greatest, TruncDate
from django.utils import timezone

from evidence.cases.models import CourtDate
from evidence.sharing import mailing
from evidence.sharing.models import Notice, Share
from evidence.sharing.wishes import when

Kind = Notice.Kind
# A warning's days before the end, and at how many the next one takes its place.
DAYS = {Kind.FORTNIGHT: (14, 3), Kind.THREE: (3, 1), Kind.ONE: (1, -1)}
# No mail before or after these hours, local time.
MORNING, EVENING = 7, 20
# A court has risen by then: a share that lasts so long lasts through its day in court.
RISEN = timedelta(hours=18)
BATCH = 200


def warn(now: datetime | None = None) -> tuple[int, int]:
    """Write every warning that is due; how many were, and were not, written.

    Safe to run twice, also at once. Nothing at night: what is due then comes in the morning.
    """
    now = now or timezone.now()
    if not MORNING <= timezone.localtime(now).hour < EVENING:
        return 0, 0
    told = [_tell(notice, now) for kind in Kind for notice in _note(kind, due(kind, now))]
    return sum(told), len(told) - sum(told)


def due(kind: str, now: datetime) -> QuerySet[Share]:
    """The shares that need this warning and have not had it, by the index of live shares."""
    approved = Q(needs_approval=False) | Q(approved_at__isnull=False)
    rows = Share.objects.filter(approved, revoked_at=None, refused_at=None, until__gt=now)
    rows = _before_court(rows) if kind == Kind.COURT else _before_end(rows, kind, now)
    had = Notice.objects.filter(share=OuterRef("pk"), kind=kind, until=OuterRef("until"))
    if kind == Kind.COURT:
        had = had.filter(court_date=OuterRef("court"))
    return rows.filter(~Exists(had))


def _before_end(rows: QuerySet[Share], kind: str, now: datetime) -> QuerySet[Share]:
    """Those whose end is so near, and was set before the day of the warning: nobody is warned
    of what they chose just now."""
    days, nearer = DAYS[Kind(kind)]
    today = timezone.localtime(now).date()
    set_at = TruncDate(Greatest("created", "approved_at", "until_set_at"))
    return rows.filter(
        until__gte=_midnight(today + timedelta(days=nearer + 1)),
        until__lt=_midnight(today + timedelta(days=days + 1)),
    ).alias(set_on=set_at, ends_on=TruncDate("until")).filter(
        set_on__lt=ExpressionWrapper(F("ends_on") - timedelta(days=days), DateTimeField())
    )  # fmt: skip


def _before_court(rows: QuerySet[Share]) -> QuerySet[Share]:
    """Those with a day in court through which they don't last; `court` is the first such day."""
    last = TruncDate(ExpressionWrapper(OuterRef("until") - RISEN, DateTimeField()))
    behind = CourtDate.objects.filter(case=OuterRef("case"), removed_at=None, date__gt=last)
    first = Subquery(behind.order_by("date").values("date")[:1])
    return rows.annotate(court=first).filter(court__isnull=False)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _note(kind: str, rows: QuerySet[Share]) -> Iterator[Notice]:
    """Note each warning in batches of three queries, one committed before its first is told.

    1. The shares are locked; what another run has locked it notes.
    2. Under the lock the notes are read again: those of a run that has just ended count.
    3. The new notes are written.
    """
    last: tuple[datetime, int] | None = None
    while True:
        page = rows if last is None else rows.filter(
            Q(until__gt=last[0]) | Q(until=last[0], pk__gt=last[1])
        )  # fmt: skip
        with transaction.atomic():
            locked = page.select_related("owner", "case").order_by("until", "pk")
            found = list(locked.select_for_update(of=("self",), skip_locked=True)[:BATCH])
            if not found:
                return
            had = set(
                Notice.objects.filter(share__in=found, kind=kind)
                .values_list("share", "until", "court_date")
            )  # fmt: skip
            wanted = [(share, share.until, getattr(share, "court", None)) for share in found]
            new = [
                Notice(share=share, kind=kind, until=until, court_date=court)
                for share, until, court in wanted
                if (share.pk, until, court) not in had
            ]
            Notice.objects.bulk_create(new)
        yield from new
        last = (found[-1].until, found[-1].pk)


def _tell(notice: Notice, now: datetime) -> bool:
    """Mail both; whether the mail server took a mail. Where it took none the note goes."""
    share = notice.share
    force, ends = settings.FORCE_NAME, when(notice.until)
    context = {"ends": ends, "left": _left(notice.until, now), "court": notice.court_date}
    if notice.kind == Kind.COURT:
        name, own = "court", f"Share {share.reference} ends before a day in court"
        other = f"Evidence from {force} ends before a day in court"
    else:
        name, own = "ending", f"Share {share.reference} ends {context['left']}"
        other = f"Evidence from {force} ends {context['left']}"
    took = mailing.now(share, name, other, share.email, **context)
    if share.owner.is_active and share.owner.email:
        took |= mailing.now(share, f"{name}_owner", own, share.owner.email, **context)
    if not took:
        Notice.objects.filter(pk=notice.pk).delete()
    return took


def _left(until: datetime, now: datetime) -> str:
    """today, tomorrow, in 14 days"""
    days = (timezone.localtime(until).date() - timezone.localtime(now).date()).days
    return {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")
