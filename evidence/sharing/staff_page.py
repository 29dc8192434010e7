"""What the page of one share says: what is shared, who opened what, what was written, its past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from evidence.cases import access as cases
from evidence.custody import history
from evidence.people.models import User
from evidence.recordings.markers import stamp
from evidence.recordings.templatetags.evidence import day, length, size
from evidence.sharing import access, lists, standing, wishes
from evidence.sharing.changing import named
from evidence.sharing.models import Item, Message, Share, Viewing

MOST = 200
LINES = 100
UNSEEN = "Something that you can't see"


@dataclass(frozen=True)
class Thing:
    """One thing, as far as the reader may know of it."""

    number: int
    known: bool
    name: str
    title: str
    label: str
    url: str
    # How it stands: empty where it is there; else the force's reason.
    why: str
    marks: int


@dataclass(frozen=True)
class Look:
    """One sitting, in a sentence."""

    at: Any
    words: str


@dataclass(frozen=True)
class Line:
    """One message."""

    message: Message
    ours: bool
    # To which place in which thing it belongs, in words.
    place: str


def context(reader: User, share: Share) -> dict[str, Any]:
    """Everything of the page; constant queries."""
    every = list(
        Item.objects.filter(share=share)
        .select_related("recording__officer", "exhibit__clip__original", "exhibit__producer",
                        "exhibit__case", "removed_by")
        .prefetch_related("markers").order_by("number")
    )  # fmt: skip
    seen = lists.seen_by(reader, every)
    there = standing.judge(share, [item for item in every if item.removed_at is None])
    names = {item.pk: named(item) if lists.known(item, seen) else UNSEEN for item in every}
    colour, words = lists.STATES[share.state()]
    offered = wishes.offered_until(share.case)
    return {
        "share": share, "colour": colour, "state_words": words,
        "things": [_thing(one, seen) for one in there],
        "taken_out": [_taken(item, names) for item in every if item.removed_at is not None],
        "looks": _looks(share, names), "talk": _talk(share, names),
        "packages": list(share.packages.exclude(state="gone")[:5]),
        "past": history.lines(share.reference, LINES),
        "acts": acts(reader, share), "offered": offered,
        "later": offered > share.until, "first": share.again_of,
        "next": share.again.order_by("pk").first(),
        "owner_left": Share.objects.filter(access.left(), pk=share.pk).exists(),
        "now": timezone.now(),
    }  # fmt: skip


def _thing(one: standing.Standing, seen: set[int]) -> Thing:
    item = one.item
    if not lists.known(item, seen):
        return Thing(item.number, False, UNSEEN, "", "", "", one.why and "Not shown any more.", 0)
    exhibit = item.exhibit
    title = item.title or (exhibit.description if exhibit else "")
    label = "PAPER" if item.paper else exhibit.label if exhibit else "ORIGINAL"
    url = ""
    if exhibit is not None:
        url = f"{exhibit.case.get_absolute_url()}exhibits/{exhibit.slug}/"
    elif item.recording is not None:
        url = item.recording.get_absolute_url()
    return Thing(item.number, True, named(item), title, label, url, one.why,
                 len(item.markers.all()))  # fmt: skip


def _taken(item: Item, names: dict[int, str]) -> str:
    by = item.removed_by.short if item.removed_by else "Somebody"
    why = f": {item.remove_reason}" if item.remove_reason else ""
    return f"{names[item.pk]}, by {by} on {day(item.removed_at)}{why}"


def _looks(share: Share, names: dict[int, str]) -> list[Look]:
    """Who opened what: J Marlow played AC/1 for 3 min 12 s; 12.4 MB left."""
    found = []
    for row in share.viewings.order_by("-began")[:MOST]:
        what = names.get(row.item_id, "") if row.item_id else "the package"
        sent = size(row.sent) if row.sent else ""
        if row.kind == Viewing.Kind.PLAY:
            took = (row.last - row.began).total_seconds() * 1000
            span = f" for {length(round(took))}" if took >= 1000 else ""
            words = f"{share.recipient} played {what}{span}{f'; {sent} left' if sent else ''}"
        elif row.whole_at is not None:
            words = f"{share.recipient} downloaded {what}, the whole of it, {sent}"
        else:
            part = f"not the whole of it; {sent or 'nothing'} left"
            words = f"{share.recipient} began to download {what}, {part}"
        found.append(Look(row.began, words))
    return found


def _talk(share: Share, names: dict[int, str]) -> list[Line]:
    rows = share.messages.select_related("by").order_by("-created", "-id")[:MOST]
    found = []
    for row in rows:
        at = f" at {stamp(row.at_ms)}" if row.at_ms is not None else ""
        place = f"On {names.get(row.item_id, '')}{at}" if row.item_id else ""
        found.append(Line(row, row.by_id is not None, place))
    return found[::-1]


def acts(reader: User, share: Share) -> dict[str, Any]:
    """What this reader may do with it now, and why not where a button would be looked for."""
    state = share.state()

    def may(permission: str) -> bool:
        return access.visible_to(reader, permission).filter(pk=share.pk).exists()

    make, revoke = may("share.make"), may("share.revoke")
    if share.case_id is not None and make:  # who has left the case's team takes back, no more
        make = cases.visible_to(reader, "share.make").filter(pk=share.case_id).exists()
    stands = state in ("live", "coming", "locked")
    own = reader.pk in (share.made_by_id, share.owner_id)
    approve = state == "waiting" and reader.may("share.approve")
    return {
        "extend": make and state not in ("revoked", "refused"),
        "narrow": revoke and state in ("live", "coming", "locked", "waiting", "ended"),
        "revoke": revoke and state in ("live", "coming", "locked", "waiting"),
        "send": make and stands,
        "again": make,
        "decide": approve and not own,
        "own": approve and own,
        "take_over": make and share.owner_id != reader.pk and state not in ("revoked", "refused"),
        # Who has no link yet hears nothing of it.
        "answer": make and state not in ("waiting", "refused"),
    }
