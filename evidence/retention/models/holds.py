"""Holds: reasons not to dispose of something, which outrank every rule."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from evidence.custody.record import Subject
from evidence.recordings.models import Recording


class Kind(models.TextChoices):
    """Why something is held."""

    COMPLAINT = "complaint", "Complaint"
    CASE = "case", "Case"
    MANUAL = "manual", "By hand"
    ACCESS = "access", "Subject access"
    COURT = "court", "Court order"


# People set these and answer for them; a case's and a complaint's follow their own rooms' rules.
BY_PEOPLE = (Kind.MANUAL, Kind.ACCESS, Kind.COURT)


class Watch(models.Model):
    """A hold for footage that has not arrived yet: it is held when it does."""

    kind = models.CharField(max_length=12, choices=Kind.choices)
    reference = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)
    officers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    start = models.DateTimeField()
    end = models.DateTimeField()
    # A place holds the footage of whoever was there, as its cameras say: degrees and metres.
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    radius = models.PositiveIntegerField(null=True, blank=True)
    set_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    end_reason = models.CharField(max_length=300, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # What the holds that it sets get.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    review_on = models.DateField("review date", null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["reference"], name="watch_reference"),
            # What every arrival asks: few watches are of a place.
            models.Index(fields=["end"], name="watch_of_place",
                         condition=Q(ended_at=None, latitude__isnull=False)),
            # What the page lists.
            models.Index(fields=["-id"], name="watch_standing", condition=Q(ended_at=None)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.reference} from {self.start} to {self.end}"

    def get_absolute_url(self) -> str:
        """The page of this watch."""
        return reverse("watch", args=[self.pk])

    def subject(self) -> Subject:
        """This watch as the custody log names it."""
        return Subject(f"watch-{self.pk}")


class Hold(models.Model):
    """One reason to keep one recording."""

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    reference = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=300)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    set_at = models.DateTimeField(auto_now_add=True)
    # Who answers for it, and when they look whether it is still needed.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    review_on = models.DateField("review date", null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    release_reason = models.CharField(max_length=300, blank=True)
    # Whether the store's legal hold says the same as this row, and since when it should.
    in_store = models.BooleanField(default=False)
    store_asked_at = models.DateTimeField(default=timezone.now, editable=False)

    @property
    def by_system(self) -> bool:
        """Whether a part of this system set it: nobody's act, and nobody's who waited for it."""
        return self.kind in BY_PEOPLE and self.set_by_id is None and self.owner_id is None

    class Meta:
        ordering = ["-set_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["recording", "kind", "reference"],
                condition=Q(released_at=None) & ~Q(reference=""),
                name="held_once_a_reason",
            )
        ]
        indexes = [
            models.Index(fields=["id"], name="hold_not_in_store", condition=Q(in_store=False)),
            models.Index(fields=["-id"], name="hold_in_force", condition=Q(released_at=None)),
            models.Index(fields=["reference", "kind"], name="hold_of_reference"),
            models.Index(
                fields=["review_on"], name="hold_to_review",
                condition=Q(released_at=None, review_on__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.recording} held: {self.reason}"

    def get_absolute_url(self) -> str:
        """The page of this hold."""
        return reverse("hold", args=[self.pk])


class Unassigned(Recording):
    """Recordings of which nobody knows who made them: a list that somebody looks at."""

    class Meta:
        proxy = True
        verbose_name = "recording to be assigned"
        verbose_name_plural = "to be assigned"
