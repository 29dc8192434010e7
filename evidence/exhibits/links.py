"""What a recording's page and a case say of exhibits, for those who may see the case."""

from __future__ import annotations

from django.urls import reverse

from evidence.cases.access import visible_to
from evidence.cases.models import Case
from evidence.exhibits.models import Exhibit
from evidence.people.models import User
from evidence.recordings.links import Link
from evidence.recordings.models import Recording

MOST = 50


def exhibits(reader: User, recording: Recording) -> list[Link]:
    """Where to produce it, and what it is an exhibit of. One query; none for those who may not."""
    found = []
    if reader.may("exhibit.produce"):
        url = reverse("exhibit-produce", args=[recording.reference])
        words = "Clip or produce" if recording.kind == Recording.Kind.FOOTAGE else "Produce"
        found.append(Link("Exhibit", words, url))
    if reader.may("case.view"):
        rows = Exhibit.objects.filter(
            recording=recording, case__in=visible_to(reader).values("pk")
        ).select_related("case", "clip")
        found += [_link(row) for row in rows[:MOST]]
    return found


def _link(row: Exhibit) -> Link:
    note = f"{row.label}, {row.case.urn}. {row.description}"
    return Link(
        "Exhibit", row.mark, address(row), f"Withdrawn. {note}" if row.withdrawn_at else note
    )


def address(row: Exhibit) -> str:
    """The exhibit's page."""
    return reverse("exhibit", args=[row.case.slug, row.slug])


def keeps_in_case(case: Case, recording: Recording) -> str:
    """Why a recording can't leave a case: it is an exhibit there."""
    row = Exhibit.objects.filter(case=case, recording=recording, withdrawn_at=None).first()
    return f"It is exhibit {row.mark} in {case.urn}. Withdraw that first." if row else ""
