"""Whom a case has asked for footage, on its page: for those who may see requests."""

from __future__ import annotations

from django.urls import reverse

from evidence.cases.formats import slug
from evidence.cases.models import Case
from evidence.cases.sections import Section
from evidence.people.models import User
from ingest.requests.access import visible_to
from ingest.requests.lists import Row

MOST = 20


def requests(reader: User, case: Case) -> Section | None:
    """Newest first, at most 20; one query."""
    if not reader.may("request.view"):
        return None
    rows = [Row(one) for one in visible_to(reader).filter(case=case).order_by("-id")[: MOST + 1]]
    live = sum(row.request.state() == "open" for row in rows[:MOST])
    new = f"{reverse('request-new')}?case={slug(case.urn)}" if reader.may("request.make") else ""
    return Section(
        key="requests", title="Requests for footage", position=95,
        state=f"{live} open" if live else "None open" if rows else "None yet",
        colour="green" if live else "plain", url="" if rows else new,
        template="requests/on_case.html" if rows else "",
        context={"rows": rows[:MOST], "more": len(rows) > MOST, "new": new},
    )  # fmt: skip
