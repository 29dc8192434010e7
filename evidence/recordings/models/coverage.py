"""What somebody has really played of a recording, and the pages that reported it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from evidence.recordings.models.recording import Recording


class Coverage(models.Model):
    """What somebody has really played of a recording: merged ranges, in milliseconds.

    `about` is what they reviewed it for (a complaint's subject in the log); empty for anybody
    who plays it on its own page.
    """

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="coverage")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    about = models.CharField(max_length=40, blank=True)
    ranges: models.JSONField[list[list[int]], list[list[int]]] = models.JSONField(default=list)
    played_ms = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recording", "person", "about"], name="coverage_once"
            )
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["about"], name="coverage_about", condition=~Q(about="")),
        ]

    def __str__(self) -> str:
        return f"{self.recording} by {self.person}: {self.played_ms} ms"


class Sitting(models.Model):
    """One page on which somebody plays: what it may still report, and what it has reported.

    Kept while the page may live; what was played stays in `Coverage` and in the log.
    """

    key = models.UUIDField(unique=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    about = models.CharField(max_length=40, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
    reported_at = models.DateTimeField(default=timezone.now)
    # The last report that was taken in: the same again is not counted again.
    number = models.BigIntegerField(default=0)
    # Time that it may still claim, that it has claimed, and that the person's other pages had
    # claimed when it last reported: one pair of eyes watches one page at a time.
    left_ms = models.BigIntegerField(default=0)
    spent_ms = models.BigIntegerField(default=0)
    others_ms = models.BigIntegerField(default=0)
    doubted = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["person", "reported_at"], name="sitting_of_person")]

    def __str__(self) -> str:
        return f"{self.key} of {self.person}"


class Playing(models.Model):
    """One recording in a sitting, with what was reported and is not in the log yet."""

    sitting = models.ForeignKey(Sitting, models.CASCADE, related_name="playing")
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    ranges: models.JSONField[list[list[int]], list[list[int]]] = models.JSONField(default=list)
    # Played, and not counted: too fast, or in a page that was not on show.
    uncounted: models.JSONField[list[list[int]], list[list[int]]] = models.JSONField(default=list)
    waits_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sitting", "recording"], name="playing_once")
        ]
        indexes = [
            models.Index(
                fields=["waits_since"], name="playing_to_log",
                condition=Q(waits_since__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.recording} in {self.sitting_id}"
