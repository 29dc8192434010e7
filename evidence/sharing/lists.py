"""The table of shares: constant queries, pages by a cursor, what may not be seen not named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.sharing import access
from evidence.sharing.changing import named
from evidence.sharing.models import Item, Message, Share

PAGE = 50
MOST_LEFT = 20
MOST_NAMED = 6
# state -> (colour, words)
STATES = {
    "live": ("green", "Live"),
    "coming": ("blue", "To come"),
    "waiting": ("amber", "Waits for approval"),
    "locked": ("amber", "Locked"),
    "ended": ("grey", "Ended"),
    "revoked": ("grey", "Revoked"),
    "refused": ("grey", "Refused"),
}
# What the tabs show, in words.
SHOWN = {
    "": "Live",
    "waiting": "Waiting for approval",
    "locked": "Locked",
    "ended": "Ended",
    "mine": "Mine",
}


@dataclass(frozen=True)
class Row:
    """One share in the table."""

    share: Share
    colour: str
    words: str
    # What of it the reader may know; and in words that there is more.
    things: list[str]
    more: str
    unread: bool


@dataclass(frozen=True)
class Page:
    """One page, and the cursor of the next; empty where there is none."""

    rows: list[Row]
    after: str


def page(reader: User, show: str = "", after: str = "") -> Page:
    """One page of what `show` names: soonest end first; of what has ended, the newest first."""
    found = access.visible_to(reader)
    if show == "ended":
        over = ~Q(revoked_at=None) | ~Q(refused_at=None) | Q(until__lte=timezone.now())
        found = found.filter(over)
        if after:
            found = found.filter(pk__lt=_number(after))
        return _page(reader, found.order_by("-pk"), lambda last: str(last.pk))
    found = found.filter(access.not_over())
    if show == "waiting":
        found = found.filter(needs_approval=True, approved_at=None)
    elif show == "locked":
        found = found.filter(locked_at__isnull=False)
    elif show == "mine":
        found = found.filter(owner=reader)
    if after:
        until, pk = _place(after)
        found = found.filter(Q(until__gt=until) | Q(pk__gt=pk), until__gte=until)
    return _page(reader, found.order_by("until", "pk"), _cursor)


def search(reader: User, text: str) -> list[Row]:
    """Shares by name, organisation, reference or URN; whatever their state, newest first."""
    words = " ".join(text.split())[:100]
    if not words:
        return []
    wanted = (
        Q(recipient__icontains=words) | Q(organisation__icontains=words)
        | Q(reference__iexact=words) | Q(case__urn__iexact=words) | Q(case__slug__iexact=words)
        | Q(email__iexact=words)
    )  # fmt: skip
    found = _asked(access.visible_to(reader).filter(wanted).order_by("-pk"))[:PAGE]
    return rows(reader, list(found))


def to_look_at(reader: User) -> list[Row]:
    """Shares that stand and whose owner has left, is suspended or may share no more."""
    if not (reader.may("share.make") or reader.may("share.revoke")):
        return []
    found = access.visible_to(reader).filter(access.not_over(), access.left())
    return rows(reader, list(_asked(found.order_by("until", "pk"))[:MOST_LEFT]))


def _asked(found: QuerySet[Share]) -> QuerySet[Share]:
    unread = Message.objects.filter(share=OuterRef("pk"), by=None, read_at=None)
    return found.select_related("owner", "case").annotate(unread=Exists(unread))


def _page(reader: User, found: QuerySet[Share], cursor: object) -> Page:
    got = list(_asked(found)[: PAGE + 1])
    more = len(got) > PAGE
    after = cursor(got[PAGE - 1]) if more and callable(cursor) else ""
    return Page(rows(reader, got[:PAGE]), after)


def rows(reader: User, shares: Sequence[Share]) -> list[Row]:
    """Shares as rows: two queries, however many there are."""
    items = Item.objects.filter(share__in=shares, removed_at=None)
    by_share: dict[int, list[Item]] = {}
    for item in items.select_related("recording", "exhibit").order_by("share_id", "number"):
        by_share.setdefault(item.share_id, []).append(item)
    seen = seen_by(reader, [item for some in by_share.values() for item in some])
    return [_row(share, by_share.get(share.pk, []), seen) for share in shares]


def seen_by(reader: User, items: Iterable[Item]) -> set[int]:
    """The recordings of these things that somebody may see, and so may be told of."""
    wanted = {item.recording_id for item in items if item.recording_id}
    if not wanted:
        return set()
    found = recordings_visible_to(reader).filter(pk__in=wanted)
    return set(found.values_list("pk", flat=True))


def known(item: Item, seen: set[int]) -> bool:
    """Whether a thing may be named: papers, and what is of footage that the reader may see."""
    return item.recording_id is None or item.recording_id in seen


def _row(share: Share, items: list[Item], seen: set[int]) -> Row:
    told = [named(item) for item in items if known(item, seen)]
    rest = len(items) - len(told)
    more = "and others that you can't see" if rest else ""
    if len(told) > MOST_NAMED:
        more = f"and {len(items) - MOST_NAMED} more"
    colour, words = STATES[share.state()]
    unread = bool(getattr(share, "unread", False))
    return Row(share, colour, words, told[:MOST_NAMED], more, unread)


def _cursor(share: Share) -> str:
    return f"{share.until.isoformat()}~{share.pk}"


def _place(text: str) -> tuple[datetime, int]:
    moment, _, key = text.rpartition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise Http404 from None
    if at.tzinfo is None or not 1900 < at.year < 9000:
        raise Http404
    return at, _number(key)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404
    return int(text)
