"""Looking is an act: a case's page was opened, more footage was looked for."""

from __future__ import annotations

from django.db import transaction

from evidence.cases.models import Case
from evidence.custody.record import Draft, record
from evidence.people.models import User


def looked(*, by: User, case: Case, address: str) -> None:
    """Write that somebody opened the page of a case."""
    private = {"name": by.short, "address": address}
    with transaction.atomic():
        record(Draft("case.viewed", case.subject(), by.actor(address), private=private))


def searched(*, by: User, case: Case, query: str, found: int, address: str) -> None:
    """Write that somebody looked for more footage, and by what; the terms are private."""
    private = {"name": by.short, "address": address, "query": query[:500]}
    draft = Draft(
        "case.searched", case.subject(), by.actor(address), data={"found": found}, private=private
    )
    with transaction.atomic():
        record(draft)
