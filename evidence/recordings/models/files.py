"""The originals a recording is made of, and what was rendered from those."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from evidence.custody.record import Subject
from evidence.recordings.models.recording import Recording


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
    # Where the store keeps it, as its listing said last, and where a rule has it moved to.
    storage_class = models.CharField(max_length=40, default="STANDARD")
    cold_class = models.CharField(max_length=40, blank=True)
    # When the whole file was last read and compared; sealing does it first.
    checked_at = models.DateTimeField(default=timezone.now)
    # Since when the store is known to hold other bytes than those that were sealed, or none.
    damaged_at = models.DateTimeField(null=True, blank=True)
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
        SMALL = "small", "Small viewing copy"

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
    # When all of it was last read and compared; the store does it first, while it is written.
    checked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["original", "kind"], name="rendition_once")]
        indexes = [
            # What is read again and again: the films. Of the small ones the audit takes samples.
            models.Index(fields=["checked_at"], name="rendition_checked_longest_ago",
                         condition=Q(kind__in=["proxy", "small"])),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.original_id}"
