"""Making the papers of a case: permission, the event with what was made, then the bytes."""

from __future__ import annotations

import hashlib

from django.db import transaction

from evidence.cases import access as cases
from evidence.cases.models import Case
from evidence.custody.record import Draft, record
from evidence.exhibits import papers, printing
from evidence.exhibits.papers import Kind
from evidence.people.models import User


def make(*, by: User, case: Case, kind: Kind, wanted: printing.Format, address: str) -> bytes:
    """One paper as it stands now, after writing down that it was made, with its hash.

    Raises Case.DoesNotExist, papers.NoPapers.
    """
    case = cases.find(by, case.urn, "case.papers")
    if kind is Kind.SENSITIVE:
        cases.find(by, case.urn, "disclosure.decide")
    body = printing.file(papers.build(by=by, case=case), kind, wanted)
    data = {
        "kind": kind.value, "format": wanted, "sha256": hashlib.sha256(body).hexdigest(),
        "size": len(body),
    }  # fmt: skip
    private = {"name": by.short, "address": address}
    with transaction.atomic():
        record(Draft("case.papers_made", case.subject(), by.actor(), data, private))
    return body
