"""What people do with recordings: open them to somebody, mark, move on a clock, undo."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from evidence.recordings.models.recording import Recording


class Grant(models.Model):
    """Somebody may see one recording that they could not, or that is restricted, until then."""

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="grants")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="grants")
    reason = models.CharField(max_length=300)
    until = models.DateTimeField("to")
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    created = models.DateTimeField("from", auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created"]
        indexes = [
            models.Index(
                fields=["person", "until"], name="grant_of_person", condition=Q(ended_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recording} to {self.person}"


class Marker(models.Model):
    """A point in a recording that somebody marked, with a note or without."""

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="markers")
    at_ms = models.BigIntegerField(help_text="From the start of the recording, milliseconds")
    text = models.TextField(blank=True, max_length=2000)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # Made by somebody who works on complaints: not shown to those who may not know of one.
    office = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        ordering = ["at_ms", "id"]
        constraints = [
            models.CheckConstraint(name="marker_not_before_start", condition=Q(at_ms__gte=0))
        ]

    def __str__(self) -> str:
        return f"{self.recording} at {self.at_ms} ms"


class SyncNudge(models.Model):
    """How far somebody moved one camera's time against another's, by what is seen in both."""

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="nudges")
    against = models.ForeignKey(Recording, models.PROTECT, related_name="+")
    milliseconds = models.IntegerField(help_text="Added to the recording's corrected time")
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # Made by somebody who works on complaints: not shown to those who may not know of one.
    office = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created", "-id"]

    def __str__(self) -> str:
        return f"{self.recording} by {self.milliseconds} ms against {self.against}"


class Undo(models.Model):
    """What was said of a recording before somebody's last change, so that they can take it back.

    One row a recording: whoever changes it next takes the row over. Its words are kept for a day.
    """

    recording = models.OneToOneField(Recording, models.PROTECT, related_name="undo")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # Changes that were made together are taken back together.
    token = models.UUIDField(default=uuid.uuid4)
    at = models.DateTimeField(default=timezone.now)
    before: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    after: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["by", "at"], name="undo_of_person")]

    def __str__(self) -> str:
        return f"{self.recording} by {self.by}"
