"""The shares of a case's footage, on the case's page: for those who may see shares."""

from __future__ import annotations

from django.urls import reverse

from evidence.cases import access as cases
from evidence.cases.models import Case
from evidence.cases.sections import Section
from evidence.people.models import User
from evidence.sharing import access, lists

MOST = 20


def shares(reader: User, case: Case) -> Section | None:
    """What stands first, then the newest; at most 20, and where to share. Constant queries."""
    if not reader.may("share.view"):
        return None
    found = access.visible_to(reader).filter(case=case).order_by("-until", "-pk")
    rows = list(found[: MOST + 1])
    may = cases.visible_to(reader, "share.make").filter(pk=case.pk).exists()
    shown = [lists.Row(row, *lists.STATES[row.state()], [], "", False) for row in rows[:MOST]]
    live = sum(row.share.state() == "live" for row in shown)
    waiting = sum(row.share.state() == "waiting" for row in shown)
    state, colour = (f"{live} live", "green") if live else ("None live", "plain")
    if waiting:
        state, colour = f"{waiting} waiting for approval", "amber"
    return Section(
        key="shares", title="Shares", position=90, state=state if rows else "None yet",
        colour=colour if rows else "plain", url="" if rows or may else reverse("shares"),
        template="sharing/on_case.html" if rows or may else "",
        context={"rows": shown, "more": len(rows) > MOST,
                 "new": f"{reverse('share-new')}?case={case.slug}" if may else ""},
    )  # fmt: skip
