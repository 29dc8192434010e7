"""What every act on a case begins with."""

from __future__ import annotations

from evidence.cases.access import visible_to
from evidence.cases.models import Case, CaseLink
from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.retention import actions as retention
from evidence.retention.models import Kind

NOTHING = "There is nothing here that you can see. Check the reference."
NO_ROLE = "{who} has no role that may see cases. Choose somebody else."


def locked(by: User, case: Case, permission: str = "case.change") -> Case:
    """The case as it is now, locked, if `by` may. In a transaction. Raises NotAllowed."""
    if not by.may(permission):
        raise NotAllowed("You can't change cases.")
    allowed = visible_to(by, permission).values("pk")
    row = Case.objects.select_for_update(of=("self",)).filter(pk=case.pk, pk__in=allowed).first()
    if row is None:
        raise NotAllowed(NOTHING)
    return row


def hold_again(by: User, row: Case) -> None:
    """A case whose holds were released holds all its footage again; in the act's transaction."""
    if row.holds_released_at is None:
        return
    # What was disposed of meanwhile is not there to be held.
    links = CaseLink.objects.filter(
        case=row, unlinked_at=None, recording__disposed_at=None
    ).select_related("recording")
    held = retention.hold_for(
        by=by, recordings=[link.recording for link in links], kind=Kind.CASE,
        reason=f"Evidence in {row.urn}", reference=row.urn,
    )  # fmt: skip
    row.holds_released_at = None
    row.save(update_fields=["holds_released_at"])
    private = {"name": by.short}
    data = {"holds": len(held)}
    record(Draft("case.held_again", row.subject(), by.actor(), data=data, private=private))
