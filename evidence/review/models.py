"""Notes that reviewers make, at a time of one camera, and what they have not finished writing."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from evidence.complaints.models import Allegation, Complaint
from evidence.recordings.models import Recording


class Note(models.Model):
    """What somebody saw. Shown to those who may see the complaint, and to nobody else."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="notes")
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="+")
    at_ms = models.BigIntegerField(help_text="From the start of the recording, milliseconds")
    allegation = models.ForeignKey(
        Allegation, models.PROTECT, null=True, blank=True, related_name="notes"
    )
    text = models.TextField(max_length=4000)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    # Taken back, and kept: what was once noted stays readable in the log.
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["recording_id", "at_ms", "id"]
        constraints = [
            models.CheckConstraint(name="note_not_before_start", condition=Q(at_ms__gte=0))
        ]

    def __str__(self) -> str:
        return f"Note {self.pk} of {self.complaint_id}"


class NoteDraft(models.Model):
    """A note as far as somebody has typed it: kept when the page goes, seen by nobody else."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recording = models.CharField(max_length=12, blank=True)
    at = models.CharField(max_length=40, blank=True)
    allegation = models.CharField(max_length=12, blank=True)
    text = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["complaint", "person"], name="note_draft_once")
        ]

    def __str__(self) -> str:
        return f"Draft of {self.person_id} for {self.complaint_id}"
