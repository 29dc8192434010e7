"""The grace after an unlinking ends by itself: the day was said when somebody unlinked."""

from __future__ import annotations

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from evidence.cases.models import Case, CaseLink
from evidence.recordings.models import Recording
from evidence.retention import actions as retention
from evidence.retention.models import Kind

BATCH = 500


@shared_task(ignore_result=True)
def end_grace() -> None:
    """End the holds of footage that was unlinked so many days ago. Twice: nothing more."""
    due = CaseLink.objects.filter(hold_until__lt=timezone.localdate()).order_by("hold_until", "pk")
    for pk in due.values_list("pk", flat=True)[:BATCH]:
        _end(pk)


def _end(pk: int) -> None:
    """In the order in which linking locks: the case, the recording, the link."""
    with transaction.atomic():
        link = CaseLink.objects.get(pk=pk)
        case = Case.objects.select_for_update(of=("self",)).get(pk=link.case_id)
        Recording.objects.select_for_update().get(pk=link.recording_id)
        row = CaseLink.objects.select_for_update(of=("self",)).get(pk=pk)
        if row.hold_until is None or row.hold_until >= timezone.localdate():
            return
        again = CaseLink.objects.filter(
            case=case, recording=row.recording_id, unlinked_at=None
        ).exists()
        if not again:
            retention.release_for(
                by=None, recordings=[row.recording_id], kind=Kind.CASE, reference=case.urn,
                reason=f"Unlinked on {timezone.localtime(row.unlinked_at):%-d %b %Y}; "
                "the days of grace are over",
            )  # fmt: skip
        row.hold_until = None
        row.save(update_fields=["hold_until"])
