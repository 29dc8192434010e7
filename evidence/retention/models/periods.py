"""Periods of single recordings: a group that somebody put one in, a fresh one after restoring."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from evidence.recordings.models import Group, Recording

USER = settings.AUTH_USER_MODEL


class Grouping(models.Model):
    """A recording belongs to a MoPI group, whatever its category says. The longest period wins."""

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="groupings")
    group = models.ForeignKey(Group, models.PROTECT, related_name="+")
    # For a group that keeps until the person is a hundred.
    born_on = models.DateField("date of birth of the person it is about", null=True, blank=True)
    reason = models.CharField(max_length=300)
    set_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(USER, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-set_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["recording"], name="grouped_once", condition=Q(ended_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.recording}: {self.group}"


class Fresh(models.Model):
    """A period that began anew because somebody restored the recording on its way out."""

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="fresh")
    until = models.DateTimeField()
    reason = models.CharField(max_length=300)
    given_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-until"]

    def __str__(self) -> str:
        return f"{self.recording} until {self.until}"
