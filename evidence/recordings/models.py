"""Recordings, the originals they are made of, and what was rendered from those."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse
from django.utils import timezone

from evidence.custody.record import Subject

# Sayable: no vowels (no words), nothing that looks like something else.
ALPHABET = "23456789BCDFGHJKMNPQRTVWXZ"


def make_reference() -> str:
    """R-7K3M-9QXD: random, never reused, says nothing of its subject."""
    letters = [secrets.choice(ALPHABET) for _ in range(8)]
    return f"R-{''.join(letters[:4])}-{''.join(letters[4:])}"


class Category(models.Model):
    """What footage is. Data (fixtures/categories.json): a force has its own list."""

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=100)
    keep_days = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: by case")
    source = models.CharField(max_length=200, blank=True, help_text="The rule behind the period")
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class IncidentType(models.Model):
    """What happened, in the force's own words. Data: a force has its own list."""

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


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


class Original(models.Model):
    """One file as the camera wrote it. Its bytes are written once, never changed, locked."""

    class Media(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        READY = "ready"
        FAILED = "failed"
        NOT_MEDIA = "not_media"

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="originals")
    # The reference that its receipt names, also after joining.
    reference = models.CharField(max_length=12, unique=True, editable=False)
    upload = models.UUIDField(unique=True)
    file_name = models.CharField(max_length=1024)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    key = models.CharField(max_length=200, unique=True)
    version_id = models.CharField(max_length=200)
    # The dock that it came in by, as it was called then.
    dock = models.CharField(max_length=60, blank=True)
    container = models.CharField(max_length=20, blank=True)
    recorded_at = models.DateTimeField(null=True, blank=True)
    camera_clock = models.DateTimeField(null=True, blank=True)
    dock_clock = models.DateTimeField(null=True, blank=True)
    docked_at = models.DateTimeField()
    sealed_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True, blank=True)
    # When the whole file was last read and compared; sealing does it first.
    checked_at = models.DateTimeField(default=timezone.now)
    # Work on the viewing copy.
    media = models.CharField(max_length=10, choices=Media.choices, default=Media.WAITING)
    media_reason = models.CharField(max_length=300, blank=True)
    media_attempts = models.PositiveSmallIntegerField(default=0)
    media_claimed_until = models.DateTimeField(null=True, blank=True)
    progress = models.PositiveSmallIntegerField(default=0)
    probe = models.JSONField(null=True, blank=True)
    duration_ms = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["recorded_at", "file_name"]
        indexes = [
            models.Index(fields=["locked_until"], name="original_lock_ends"),
            models.Index(fields=["checked_at"], name="original_checked_longest_ago"),
            models.Index(
                fields=["media_claimed_until"],
                name="original_media_open",
                condition=Q(media__in=["waiting", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recording.reference} {self.file_name}"

    def subject(self) -> Subject:
        """This file's bytes, as its own recording in the custody log."""
        return Subject(self.reference, self.sha256, self.size)


class Rendition(models.Model):
    """Anything made from an original. Names its parent's hash, the tool, version, arguments."""

    class Kind(models.TextChoices):
        PROXY = "proxy", "Viewing copy"
        POSTER = "poster", "Still"
        STORYBOARD = "storyboard", "Storyboard"
        WAVEFORM = "waveform", "Waveform"
        FRAMES = "frames", "Frame times"
        TRACK = "track", "Where it was"
        SOUND = "sound", "Sound alone"

    original = models.ForeignKey(Original, models.PROTECT, related_name="renditions")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=200, unique=True)
    content_type = models.CharField(max_length=60)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    parent_sha256 = models.CharField(max_length=64)
    tool = models.CharField(max_length=40)
    tool_version = models.CharField(max_length=80)
    arguments = models.JSONField(default=list)
    # What a page needs without reading the file: sizes, tile geometry, waveform peaks.
    facts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["original", "kind"], name="rendition_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.original_id}"


def make_package_reference() -> str:
    """P-7K3M-9QXD."""
    return "P" + make_reference()[1:]


class Package(models.Model):
    """Recordings with their history and proofs as one file, for somebody who trusts nobody.

    The file is kept for a week; the row, and the log's events, stay.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits"
        MAKING = "making", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        GONE = "gone", "No longer kept"

    class Details(models.TextChoices):
        FOOTAGE = "footage", "What happened to the footage"
        ALL = "all", "Everything, with who looked at it"
        NONE = "none", "None: only that there are some"

    reference = models.CharField(
        max_length=12, unique=True, default=make_package_reference, editable=False
    )
    recordings = models.ManyToManyField(Recording, related_name="packages")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="packages", null=True
    )
    recipient = models.CharField(max_length=200, blank=True)
    purpose = models.CharField(max_length=300)
    details = models.CharField(
        "personal details", max_length=10, choices=Details.choices, default=Details.FOOTAGE
    )
    renditions = models.BooleanField("with viewing copies", default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=300, blank=True)
    progress = models.PositiveSmallIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    checkpoint = models.BigIntegerField(default=0)
    key = models.CharField(max_length=200, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created"]
        indexes = [
            models.Index(
                fields=["created"], name="package_open",
                condition=Q(state__in=["waiting", "making"]),
            ),
            models.Index(fields=["finished"], name="package_kept", condition=Q(state="ready")),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference


class DailyMail(models.Model):
    """Somebody was written to, or is to be, about what is left on one day. Once a day."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    day = models.DateField()
    sent_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "day"], name="one_mail_a_day")]

    def __str__(self) -> str:
        return f"{self.person} on {self.day}"


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
