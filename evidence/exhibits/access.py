"""Which exhibits somebody may see: of a case that they may see, of footage that they may see."""

from __future__ import annotations

from django.db.models import QuerySet

from evidence.cases import access as cases
from evidence.cases.models import Case
from evidence.exhibits.models import Exhibit
from evidence.people.models import User
from evidence.recordings import access

MOST = 500


def of_case(user: User, case: Case) -> QuerySet[Exhibit]:
    """The exhibits of a case, where somebody may see the case, of footage that they may see."""
    rows = Exhibit.objects.filter(
        case__in=cases.visible_to(user).filter(pk=case.pk).values("pk"),
        recording__in=access.visible_to(user).values("pk"),
    )
    return rows.select_related(
        "recording__officer",
        "clip__original",
        "clip__redaction__checked_by",
        "producer",
        "produced_by",
        "withdrawn_by",
    )


def hidden(user: User, case: Case) -> bool:
    """Whether the case has exhibits, not withdrawn, of footage that this person can't see."""
    seen = access.visible_to(user).values("pk")
    return Exhibit.objects.filter(case=case, withdrawn_at=None).exclude(recording__in=seen).exists()


def find(user: User, case: Case, mark: str) -> Exhibit:
    """One exhibit by its mark, with slashes or as in an address.

    Raises Exhibit.DoesNotExist for what is not there and for what may not be seen alike.
    """
    return of_case(user, case).get(mark=mark.replace("-", "/").upper()[:40])
