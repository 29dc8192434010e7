"""The recording: footage as the camera made it."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse

from evidence.custody.record import Subject
from evidence.recordings.models.lists import Category, IncidentType

# Sayable: no vowels (no words), nothing that looks like something else.
ALPHABET = "23456789BCDFGHJKMNPQRTVWXZ"


def make_reference() -> str:
    """R-7K3M-9QXD: random, never reused, says nothing of its subject."""
    letters = [secrets.choice(ALPHABET) for _ in range(8)]
    return f"R-{''.join(letters[:4])}-{''.join(letters[4:])}"


class Recording(models.Model):
    """Footage as the camera made it: one or more files from one press of the button."""

    class Kind(models.TextChoices):
        FOOTAGE = "footage", "Footage"
        OTHER = "other", "Other file"

    class Media(models.TextChoices):
        WAITING = "waiting", "Viewing copy waits"
        RENDERING = "rendering", "Viewing copy is being made"
        READY = "ready", "Ready to play"
        UNPLAYABLE = "unplayable", "Kept, but can't be shown here"
        NOT_MEDIA = "not_media", "Kept; not footage"

    class Restriction(models.TextChoices):
        NONE = "", "Not restricted"
        SEXUAL = "sexual_offence", "Sexual offence"
        COVERT = "covert", "Covert policing"
        JUVENILE = "juvenile", "Child or young person"
        OTHER = "other", "Other, as the reason says"
        # By no person: what came from outside, until somebody has accepted it.
        OUTSIDE = "outside", "From outside the force, not accepted yet"

    reference = models.CharField(max_length=12, unique=True, default=make_reference, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.FOOTAGE)
    camera = models.CharField("camera", max_length=64)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="recordings"
    )
    unassigned_because = models.CharField(max_length=200, blank=True)
    # As the camera said; never rewritten. The correction is kept beside it.
    recorded_at = models.DateTimeField(null=True, blank=True)
    clock_offset = models.DurationField(null=True, blank=True, help_text="Add to the camera's time")
    clock_within = models.DurationField(null=True, blank=True)
    # When it happened as far as is known: corrected, else docked. Lists are ordered by this.
    happened_at = models.DateTimeField()
    duration_ms = models.BigIntegerField(default=0)
    # When it ended, as far as is known; what overlaps is found by this.
    ends_at = models.DateTimeField(null=True, blank=True)
    # Where it began, degrees (WGS 84), where the camera wrote it down.
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True)
    categorised_at = models.DateTimeField(null=True, blank=True)
    incident = models.ForeignKey(
        IncidentType, models.PROTECT, null=True, blank=True, verbose_name="incident type"
    )
    crime_reference = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    # Restricted footage is seen only by those who hold a grant; the reason is in the log.
    restricted = models.CharField(
        max_length=16, choices=Restriction.choices, default=Restriction.NONE, blank=True
    )
    # What `search` finds it by; the second also holds what only the back office may know.
    search = SearchVectorField(null=True, editable=False)
    search_office = SearchVectorField(null=True, editable=False)
    media = models.CharField(max_length=12, choices=Media.choices, default=Media.WAITING)
    media_reason = models.CharField(max_length=300, blank=True)
    # Until when its category's rule keeps it; empty: not reckoned yet. Never because of a hold or
    # a case: everybody may know it, and what officers see ends with it.
    kept_until = models.DateTimeField(null=True, blank=True, editable=False)
    # When somebody said it to be what a rule lets go of by itself and at once, of what two people
    # would have had to agree to: then two people do. Empty again with a stricter category.
    lowered_at = models.DateTimeField(null=True, blank=True, editable=False)
    # From the moment at which its destruction begins: nobody sees it any more.
    disposed_at = models.DateTimeField(null=True, blank=True, editable=False)
    joined_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-happened_at", "-id"]
        indexes = [
            models.Index(fields=["officer", "-happened_at", "-id"], name="recording_of_officer"),
            models.Index(fields=["-happened_at", "-id"], name="recording_newest"),
            models.Index(fields=["camera", "recorded_at"], name="recording_of_camera"),
            models.Index(
                fields=["happened_at"], name="recording_unassigned", condition=Q(officer=None)
            ),
            models.Index(
                fields=["officer", "-happened_at"],
                name="recording_to_categorise",
                condition=Q(category=None, kind="footage", joined_into=None),
            ),
            # Few of many: without these, a list of them would read every row.
            models.Index(fields=["media"], name="recording_media", condition=~Q(media="ready")),
            models.Index(
                fields=["restricted"], name="recording_restricted", condition=~Q(restricted="")
            ),
            models.Index(
                fields=["kept_until", "id"],
                name="recording_due",
                condition=Q(disposed_at=None, joined_into=None),
            ),
            models.Index(
                fields=["-disposed_at", "-id"],
                name="recording_disposed",
                condition=Q(disposed_at__isnull=False),
            ),
            models.Index(fields=["id"], name="recording_unindexed", condition=Q(search=None)),
            GinIndex(fields=["search"], name="recording_search"),
            GinIndex(fields=["search_office"], name="recording_search_office"),
            GistIndex(
                Func(F("happened_at"), F("ends_at"), function="tstzrange"),
                name="recording_period",
                condition=Q(ends_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        """The page of this recording."""
        return reverse("recording", args=[self.reference])

    @property
    def corrected_at(self) -> datetime | None:
        """The camera's time with its measured error taken out; None when it can't be known."""
        if self.recorded_at is None or self.clock_offset is None:
            return self.recorded_at
        try:
            return self.recorded_at + self.clock_offset
        except OverflowError:
            return None

    def subject(self) -> Subject:
        """This recording as the custody log names it."""
        return Subject(self.reference)


class Restricted(Recording):
    """Restricted recordings: a list of that there are some, for those who open and lift."""

    class Meta:
        proxy = True
        verbose_name = "restricted recording"
        verbose_name_plural = "restricted recordings"
