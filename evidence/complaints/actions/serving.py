"""Serving a notice: from that day on the officer knows, and not before."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from evidence.complaints.access import notices_of
from evidence.complaints.actions.saving import Refused, opened, saved, sensible, still_open
from evidence.complaints.models import Named
from evidence.custody.record import Draft, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User

MOST_NOTICE = 10_000


def serve(*, by: User, named: Named, version: int | None, on: date, notice: str) -> Named:
    """Write down that an officer was served, and with which words; they may read those here.

    It can't be taken back. Raises NotAllowed, Conflict, Refused.
    """
    with transaction.atomic():
        row = opened(by=by, complaint=named.complaint, permission="complaint.change",
                     version=version)  # fmt: skip
        still_open(row)
        found = row.named.select_for_update(of=("self",)).get(pk=named.pk)
        if found.served_on is not None:
            raise Refused(f"{found.officer.short} was served already; that stands.")
        if found.part != Named.Part.SUBJECT:
            raise Refused(f"{found.officer.short} was there, and is not who it is about.")
        if not notice.strip():
            raise Refused("Enter what the notice says: the officer reads this, and nothing else.")
        if len(notice) > MOST_NOTICE:
            raise Refused(f"Enter {MOST_NOTICE:,} characters or fewer.")
        found.served_on = sensible(on, what="The notice", earliest=row.received)
        found.served_by, found.notice = by, notice.strip()
        found.save(update_fields=["served_on", "served_by", "notice"])
        saved(by=by, row=row, kind="complaint.served", data={},
              private={"who": [found.officer.short], "on": on.isoformat()})  # fmt: skip
    return found


def read_notice(*, by: User, notice: int, address: str) -> Named:
    """One's own notice; reading it is an event. Raises NotAllowed, also for another's."""
    with transaction.atomic():
        found = notices_of(by).select_related("complaint").filter(pk=notice).first()
        if found is None:
            raise NotAllowed("There is nothing here that you can see.")
        record(
            Draft("notice.read", found.complaint.subject(), by.actor(address),
                  private={"name": by.short, "address": address})
        )  # fmt: skip
    return found
