"""The cases that a recording is linked to, for those who may see these cases."""

from __future__ import annotations

from evidence.cases.access import visible_to
from evidence.cases.models import CaseLink
from evidence.people.models import User
from evidence.recordings.links import Link
from evidence.recordings.models import Recording

MOST = 20


def cases(reader: User, recording: Recording) -> list[Link]:
    """One query; none for those who may see no case, and never a case that is not theirs."""
    if not reader.may("case.view"):
        return []
    rows = CaseLink.objects.filter(recording=recording, unlinked_at=None)
    rows = rows.filter(case__in=visible_to(reader).values("pk")).select_related("case")
    return [
        Link("Case", row.case.urn, row.case.get_absolute_url(), f"{row.case.title}. {row.reason}")
        for row in rows[:MOST]
    ]
