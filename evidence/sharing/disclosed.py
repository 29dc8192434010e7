"""To whom things of a case were disclosed by a share: for its schedule and its exhibit list."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from evidence.cases.models import Case
from evidence.exhibits.papers import DATE, Key
from evidence.sharing.models import Item, Viewing

Kind = Viewing.Kind


def of_case(case: Case) -> dict[Key, list[str]]:
    """Each recording and exhibit that was shared out of this case, in sentences; one query.

    A paper that was shared is no material of the case. What another case or a complaint shared
    is its own business, and stands nowhere here.
    """
    found: dict[Key, list[str]] = {}
    for item in _items(case):
        words = in_words(item)
        if words and item.recording_id:
            found.setdefault((item.recording_id, item.exhibit_id), []).append(words)
    return found


def _items(case: Case) -> QuerySet[Item]:
    """With `taken`, `begun` and `played`: when a download first was whole, or was begun, and when
    it first was played. Never what a second person let go out never."""
    out = Q(share__needs_approval=False) | Q(share__approved_at__isnull=False)
    rows = Item.objects.filter(out, share__case=case, paper="", share__refused_at=None)
    looks = Viewing.objects.filter(
        Q(item=OuterRef("pk"))
        # A package is of all that stood in the share then.
        | Q(item=None, kind=Kind.PACKAGE, began__lt=Coalesce(OuterRef("removed_at"), Now())),
        share=OuterRef("share"),
    )  # fmt: skip
    takes = looks.filter(kind__in=(Kind.FILE, Kind.PACKAGE))
    whole = takes.filter(whole_at__isnull=False)
    return rows.select_related("share").order_by("share__created", "share_id", "number").annotate(
        taken=Subquery(whole.order_by("whole_at").values("whole_at")[:1]),
        begun=Subquery(takes.order_by("began").values("began")[:1]),
        played=Subquery(
            looks.filter(kind=Kind.PLAY).order_by("began").values("began")[:1]
        ),
    )  # fmt: skip


def in_words(item: Item) -> str:
    """Shared with J Marlow, CPS, 3 Nov 2026 until 20 Nov 2026; downloaded 4 Nov 2026

    Empty for what was taken back before it began.
    """
    share = item.share
    since = max(share.starts, share.approved_at or share.starts)
    ends = [(share.until, "")]
    if share.revoked_at:
        ends.append((share.revoked_at, " (revoked)"))
    if item.removed_at:
        ends.append((item.removed_at, " (taken out)"))
    until, why = min(ends)
    if until <= since:
        return ""
    return (
        f"Shared with {share.recipient}, {share.organisation}, {_day(since)} until "
        f"{_day(until)}{why}; {_done(item)}"
    )


def _done(item: Item) -> str:
    taken, begun, played = (getattr(item, name) for name in ("taken", "begun", "played"))
    if taken:
        return f"downloaded {_day(taken)}"
    if begun:
        return f"download begun {_day(begun)}, not completed"
    if played:
        return f"played {_day(played)}, not downloaded"
    if item.share.opened_at:
        return f"opened {_day(item.share.opened_at)}, not played or downloaded"
    return "not opened"


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):{DATE}}"
