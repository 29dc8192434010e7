"""The cases that a recording is linked to, for those who may see cases."""

from __future__ import annotations

from django.urls import reverse

from evidence.cases.models import CaseLink
from evidence.people.models import User
from evidence.recordings.links import Link
from evidence.recordings.models import Recording

MOST = 20


def cases(reader: User, recording: Recording) -> list[Link]:
    """One query; none for those who may not."""
    if not reader.may("case.view"):
        return []
    rows = CaseLink.objects.filter(recording=recording, unlinked_at=None).select_related("case")
    return [
        Link("Case", row.case.urn, reverse("admin:cases_case_change", args=[row.case_id]),
             f"{row.case.title}. {row.reason}")
        for row in rows[:MOST]
    ]  # fmt: skip
