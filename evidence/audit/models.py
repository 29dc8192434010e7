"""What the rules found in the log, and how far it was read."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from evidence.custody.record import Subject


class Position(models.Model):
    """How far a reader of the log has come. Its row is also the lock of that reader."""

    name = models.CharField(max_length=20, primary_key=True)
    next = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name}: event {self.next} is next"


class Unusual(models.Model):
    """One look that a rule (`rules.py`) points at, until somebody has explained it.

    Found from the log and found again from it: the row holds pseudonyms, no names. `key` is
    what the rule counts once, a person's night for one, so that a review of an hour is not a
    hundred rows.
    """

    rule = models.CharField(max_length=20)
    key = models.CharField(max_length=200)
    event_index = models.BigIntegerField()
    person = models.CharField(max_length=80)
    object_ref = models.CharField(max_length=80)
    at = models.DateTimeField()
    facts: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    explained_at = models.DateTimeField(null=True, blank=True)
    explained_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-event_index", "-id"]
        verbose_name = "unusual look"
        verbose_name_plural = "unusual looks"
        constraints = [
            models.UniqueConstraint(fields=["rule", "event_index"], name="unusual_once_an_event"),
            models.UniqueConstraint(fields=["rule", "key"], name="unusual_once_a_key"),
        ]
        indexes = [
            models.Index(
                fields=["-event_index", "-id"],
                name="unusual_unexplained",
                condition=Q(explained_at=None),
            ),
            models.Index(fields=["-event_index", "-id"], name="unusual_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.person} at event {self.event_index}"

    def subject(self) -> Subject:
        """Whose log says that it was explained: the person's, never the footage's.

        Those who may read the footage's history are among those whose looks are explained.
        """
        return Subject(self.person)
