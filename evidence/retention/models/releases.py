"""Releases that one person asks for and another agrees to: nobody ends a hold alone."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from evidence.retention.models.holds import Hold, Kind, Watch

USER = settings.AUTH_USER_MODEL


class ReleaseRequest(models.Model):
    """One hold, one watch, or (without either) all holds and watches of one reference."""

    class State(models.TextChoices):
        ASKED = "asked", "Waits for a second person"
        AGREED = "agreed", "Released"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Not asked for any more"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    reference = models.CharField(max_length=40, blank=True)
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="releases")
    watch = models.ForeignKey(Watch, models.PROTECT, null=True, related_name="releases")
    # How many holds there were when it was asked for.
    count = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300)
    asked_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    decided_by = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="release_decided_by_another",
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="release_agreed_by_somebody",
                condition=~Q(state__in=["agreed", "refused"]) | Q(decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="release_of_one_thing",
                condition=Q(hold=None, watch=None) & ~Q(reference="")
                | Q(hold__isnull=False, watch=None) | Q(hold=None, watch__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["hold"], name="release_of_hold_once", condition=Q(state="asked")
            ),
            models.UniqueConstraint(
                fields=["watch"], name="release_of_watch_once", condition=Q(state="asked")
            ),
            models.UniqueConstraint(
                fields=["kind", "reference"], name="release_of_reference_once",
                condition=Q(state="asked", hold=None, watch=None),
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["-id"], name="release_waiting", condition=Q(state="asked")),
        ]

    def __str__(self) -> str:
        return f"Release of {self.what}"

    def get_absolute_url(self) -> str:
        """The page on which it is decided."""
        return reverse("release", args=[self.pk])

    @property
    def what(self) -> str:
        """What would end, in words."""
        if self.hold is not None:
            return f"the hold on {self.hold.recording}"
        if self.watch is not None:
            return f"the waiting for footage for {self.reference}"
        return f"all holds of {self.reference}"
