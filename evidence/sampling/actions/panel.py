"""Sessions of the scrutiny panel: set, chosen for, watched, closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.table import PANEL
from evidence.recordings import damage
from evidence.recordings.actions import Look, Segment, segments
from evidence.sampling.access import open_to, plans_to, sessions_to, shown_in, to_choose
from evidence.sampling.actions.words import NOT_YOURS, NotSaid, needed, require
from evidence.sampling.models import Item, PanelSession, Plan

MOST_MEMBERS, MOST_ITEMS = 30, 50
LONGEST = timedelta(days=31)


@dataclass(frozen=True)
class Sitting:
    """A session as somebody wants it."""

    title: str
    opens_at: datetime
    closes_at: datetime
    members: Sequence[User]
    chair: User | None


def seat(*, by: User, plan: Plan, wish: Sitting) -> PanelSession:
    """Set a session for a plan that was drawn; its chair then chooses.

    Raises NotAllowed, NotSaid.
    """
    require(by, "sample.draw")
    title = needed(wish.title, "Enter what this session is called", 120, "title")
    _check(wish)
    with transaction.atomic():
        drawn = plans_to(by).get(pk=plan.pk)
        if drawn.drawn_at is None:
            raise NotSaid("Draw the sample first.")
        assert wish.chair is not None
        made = PanelSession.objects.create(
            plan=drawn, title=title, opens_at=wish.opens_at, closes_at=wish.closes_at,
            chair=wish.chair, made_by=by,
        )  # fmt: skip
        made.members.set(wish.members)
        data = {"plan": drawn.reference, "members": sorted(one.ref for one in wish.members)}
        private = {
            "name": by.short, "title": title, "members": ", ".join(m.short for m in wish.members),
            "from": _minute(wish.opens_at), "until": _minute(wish.closes_at),
        }  # fmt: skip
        record(Draft("panel.set", made.subject(), by.actor(), data, private))
    return made


def _check(wish: Sitting) -> None:
    if wish.closes_at <= wish.opens_at:
        raise NotSaid(f"The end must be after the start, {_minute(wish.opens_at)}", "closes_at")
    if wish.closes_at <= timezone.now():
        raise NotSaid("The end must be after now", "closes_at")
    if wish.closes_at - wish.opens_at > LONGEST:
        raise NotSaid(f"A session is open for {LONGEST.days} days at most", "closes_at")
    if not wish.members:
        raise NotSaid("Select who sits on the panel", "members")
    if len(wish.members) > MOST_MEMBERS:
        raise NotSaid(f"Select {MOST_MEMBERS} members or fewer", "members")
    for member in wish.members:
        if PANEL not in member.roles or not member.is_active:
            raise NotSaid(f"{member} is no panel member. Select somebody who is", "members")
    if wish.chair is None or wish.chair.pk not in {member.pk for member in wish.members}:
        raise NotSaid("Select as chair one of the members", "chair")


def _minute(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %b %Y %H:%M}"


def choose(*, by: User, session: PanelSession, items: Iterable[int]) -> PanelSession:
    """The chair, and nobody of the police, says which of the sample's items the panel sees.

    Raises NotAllowed, NotSaid.
    """
    with transaction.atomic():
        row = (
            sessions_to(by).select_for_update(of=("self",)).filter(pk=session.pk, chair=by).first()
        )
        if row is None:
            raise NotAllowed(NOT_YOURS)
        wanted = set(items)
        if len(wanted) > MOST_ITEMS:
            raise NotSaid(f"Select {MOST_ITEMS} or fewer", "items")
        found = list(to_choose(row).select_related("recording").filter(pk__in=wanted))
        if len(found) != len(wanted):
            raise NotSaid("One of these is not in the sample any more. Select again", "items")
        row.items.set(found)
        data = {"plan": row.plan.reference, "items": len(found)}
        chosen = ", ".join(sorted(item.recording.reference for item in found)) or "nothing"
        private = {"name": by.short, "references": chosen}
        record(Draft("panel.chosen", row.subject(), by.actor(), data, private))
    return row


def close(*, by: User, session: PanelSession) -> PanelSession:
    """End a session now: its pages at their next request, signed addresses within minutes."""
    require(by, "sample.draw")
    with transaction.atomic():
        row = PanelSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
        if row.closed_at is None:
            row.closed_at, row.closed_by = timezone.now(), by
            row.save(update_fields=["closed_at", "closed_by"])
            data = {"plan": row.plan.reference}
            record(Draft("panel.closed", row.subject(), by.actor(), data, {"name": by.short}))
    return row


# --- watching: the panel's own way to footage, and to no more of it than plays ---


def look(*, by: User, session: str, item: int, address: str) -> tuple[PanelSession, Item]:
    """One item of an open session, after writing that its page was opened. Raises NotAllowed."""
    with transaction.atomic():
        held, row = _found(by, session, item)
        _looked("evidence.viewed", by, held, row, address)
    return held, row


def play(
    *, by: User, session: str, item: int, address: str, again: bool = False
) -> list[Segment]:  # fmt: skip
    """Addresses of the viewing copies, after writing that it was played; `again` renews them in
    one sitting. Raises NotAllowed, damage.Damaged."""
    with transaction.atomic():
        held, row = _found(by, session, item)
        damage.refuse_recording(row.recording)
        if not again:
            _looked("evidence.played", by, held, row, address, kind="proxy")
    return segments(row.recording)


def _found(by: User, session: str, item: int) -> tuple[PanelSession, Item]:
    held = open_to(by).select_related("plan").filter(reference=session).first()
    row = held and (
        shown_in(held).select_related("recording", "stratum__unit").defer("stratum__frame")
        .filter(pk=item).first()
    )  # fmt: skip
    if not held or not row:
        raise NotAllowed(NOT_YOURS)
    return held, row


def _looked(
    look: Look, by: User, session: PanelSession, item: Item, address: str, **data: str
) -> None:  # fmt: skip
    private = {"name": by.short, "address": address, "reason": f"Panel {session.reference}"}
    record(Draft(look, item.recording.subject(), by.actor(), data, private))
