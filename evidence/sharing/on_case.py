"""The shares of a case's footage, on the case's page: for those who may see shares."""

from __future__ import annotations

from django.urls import reverse

from evidence.cases.models import Case, CaseLink
from evidence.cases.sections import Section
from evidence.people.models import User
from evidence.sharing.models import Share

MOST = 20


def shares(reader: User, case: Case) -> Section | None:
    """Soonest end first, at most 20; one query."""
    if not reader.may("share.view"):
        return None
    linked = CaseLink.objects.filter(case=case, unlinked_at=None).values("recording")
    rows = list(
        Share.objects.filter(recordings__in=linked).distinct().order_by("until")[: MOST + 1]
    )
    live = sum(row.state() == "live" for row in rows[:MOST])
    return Section(
        key="shares", title="Shares", position=90,
        state=f"{live} live" if live else "None live" if rows else "None yet",
        colour="green" if live else "plain",
        url="" if rows else reverse("admin:sharing_share_changelist"),
        template="sharing/on_case.html" if rows else "",
        context={"rows": rows[:MOST], "more": len(rows) > MOST},
    )  # fmt: skip
