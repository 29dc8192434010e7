"""What every act on a case begins with."""

from __future__ import annotations

from evidence.cases.access import visible_to
from evidence.cases.models import Case
from evidence.people.actions import NotAllowed
from evidence.people.models import User

NOTHING = "There is nothing here that you can see. Check the reference."
LONGEST_REASON = 300


def locked(by: User, case: Case, permission: str = "case.change") -> Case:
    """The case as it is now, locked, if `by` may. In a transaction. Raises NotAllowed."""
    if not by.may(permission):
        raise NotAllowed("You can't change cases.")
    allowed = visible_to(by, permission).values("pk")
    row = Case.objects.select_for_update(of=("self",)).filter(pk=case.pk, pk__in=allowed).first()
    if row is None:
        raise NotAllowed(NOTHING)
    return row


def reason_of(given: str, sentence: str) -> str:
    """A reason as it is kept. Raises ValueError with the sentence where there is none."""
    kept = " ".join(given.replace("\0", " ").split())[:LONGEST_REASON]
    if not kept:
        raise ValueError(sentence)
    return kept
