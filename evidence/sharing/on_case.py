"""The shares of a case's footage, on the case's page: for those who may see shares."""

from __future__ import annotations

from django.urls import reverse

from evidence.cases.models import Case
from evidence.cases.sections import Section
from evidence.people.models import User
from evidence.sharing import access

MOST = 20


def shares(reader: User, case: Case) -> Section | None:
    """Soonest end first, at most 20; one query."""
    if not reader.may("share.view"):
        return None
    rows = list(access.visible_to(reader).filter(case=case).order_by("-until")[: MOST + 1])
    live = sum(row.state() == "live" for row in rows[:MOST])
    return Section(
        key="shares", title="Shares", position=90,
        state=f"{live} live" if live else "None live" if rows else "None yet",
        colour="green" if live else "plain",
        url="" if rows else reverse("shares"),
        template="sharing/on_case.html" if rows else "",
        context={"rows": rows[:MOST], "more": len(rows) > MOST},
    )  # fmt: skip
