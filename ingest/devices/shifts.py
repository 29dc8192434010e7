"""What the issuing of cameras says of shifts, for the rules of the auditor's room."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from evidence.audit.duty import Moment
from ingest.devices.models import Issue

# A camera that somebody keeps for years says nothing of a night; one handed out that day does.
FRESH = timedelta(hours=24)


def on_duty(moments: Collection[Moment]) -> set[Moment]:
    """The moments at which the person had a camera that was handed out within a day before."""
    if not moments:
        return set()
    times = [at for _, at in moments]
    issues = Issue.objects.filter(
        officer__in={person for person, _ in moments},
        period__startswith__range=(min(times) - FRESH, max(times)),
    ).values_list("officer_id", "period")
    return {
        (person, at)
        for person, at in moments
        for officer, period in issues
        if officer == person
        and period.lower <= at < (period.upper or at + FRESH)
        and at - period.lower <= FRESH
    }
