"""The two lines of a case's task list that are this room's: exhibits, and papers."""

from __future__ import annotations

from django.urls import reverse

from evidence.cases import access as cases
from evidence.cases.models import Case
from evidence.cases.sections import Section
from evidence.exhibits import access, disclosure
from evidence.exhibits.models import Clip
from evidence.people.models import User


def exhibits(reader: User, case: Case) -> Section | None:
    """How many there are, and whether one waits for somebody. One query."""
    rows = access.of_case(reader, case).filter(withdrawn_at=None)
    named = rows.values_list("clip__state", "clip__redacted", "clip__redaction__checked_at")
    found = list(named[: access.MOST + 1])
    states = [state for state, _, _ in found]
    unwatched = sum(
        state == Clip.State.READY and redacted and checked is None
        for state, redacted, checked in found
    )
    url = reverse("exhibits", args=[case.slug])
    failed, waits = states.count(Clip.State.FAILED), 0
    waits = sum(state in (Clip.State.WAITING, Clip.State.MAKING) for state in states)
    count = f"more than {access.MOST}" if len(states) > access.MOST else f"{len(states)}"
    if failed:
        state, colour = f"{failed} could not be made", "red"
    elif waits:
        state, colour = f"{count}, {waits} being made", "blue"
    elif unwatched:
        state, colour = f"{count}, {unwatched} to be watched", "amber"
    else:
        state, colour = (f"{count} produced" if states else "None yet"), "plain"
    return Section("exhibits", "Exhibits", state, colour, url, position=30)


def papers(reader: User, case: Case) -> Section | None:
    """Where papers are made and disclosure is decided, for those who may do one of them."""
    may = cases.visible_to(reader, "case.papers").filter(pk=case.pk).exists()
    if not may:
        return None
    url = reverse("case-papers", args=[case.slug])
    items = disclosure.items(reader, case)
    left = sum(one.decision is None or not one.decision.relevant for one in items)
    state, colour = (f"{left} not decided", "amber") if left else ("All decided", "plain")
    if not items:
        state = "Nothing to decide yet"
    return Section("papers", "Disclosure and papers", state, colour, url, position=40)
