"""Uploads, which docks listed them, what is in quarantine, and receipts."""

from __future__ import annotations

import uuid
from typing import Any

import uuid6
from django.conf import settings
from django.db import models
from django.db.models import Q

from evidence.custody.record import Subject
from evidence.recordings.models import Recording
from ingest.devices.models import Camera, Dock


def make_id() -> uuid.UUID:
    """UUIDv7: sorted by time, so that new rows lie together."""
    return uuid.UUID(str(uuid6.uuid7()))


class Upload(models.Model):
    """One file on its way from a dock to the store. The truth about work is here."""

    class State(models.TextChoices):
        RECEIVING = "receiving", "Receiving"
        VERIFYING = "verifying", "Verifying"
        SEALED = "sealed", "Sealed"
        QUARANTINED = "quarantined", "Quarantined"
        ABANDONED = "abandoned", "Abandoned"

    id = models.UUIDField(primary_key=True, default=make_id, editable=False)
    # Camera, file, size and hash as one hash: the same file is the same upload.
    identity = models.CharField(max_length=64, unique=True, editable=False)
    camera = models.ForeignKey(Camera, models.PROTECT, related_name="uploads")
    dock = models.ForeignKey(Dock, models.PROTECT, related_name="first_uploads")
    file_id = models.CharField("file", max_length=1024)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    recorded_at = models.DateTimeField(null=True, blank=True)
    camera_clock = models.DateTimeField(null=True, blank=True)
    dock_clock = models.DateTimeField(null=True, blank=True)
    part_size = models.BigIntegerField()

    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVING)
    reason = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=200, unique=True)
    multipart = models.CharField(max_length=1024, blank=True)
    # The SHA-256 of each part as it was signed last, 32 bytes a part; zeroes: not signed yet.
    part_hashes = models.BinaryField(default=b"")
    version_id = models.CharField(max_length=200, blank=True)
    found_sha256 = models.CharField(max_length=64, blank=True)
    found_size = models.BigIntegerField(null=True, blank=True)
    received_event = models.UUIDField(null=True, blank=True)

    created = models.DateTimeField(auto_now_add=True)
    touched = models.DateTimeField(auto_now=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    sealed_at = models.DateTimeField(null=True, blank=True)
    # Work: when it was last handed to the broker, and until when a worker has it.
    queued_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="upload_size", condition=Q(size__gte=0)),
        ]
        indexes = [
            models.Index(
                fields=["queued_at"], name="upload_verifying", condition=Q(state="verifying")
            ),
            models.Index(
                fields=["touched"], name="upload_receiving", condition=Q(state="receiving")
            ),
            # What is not settled of the cameras that stand in a dock: asked every two seconds.
            models.Index(
                fields=["camera"],
                name="upload_unsettled",
                condition=Q(state__in=["receiving", "verifying", "quarantined"]),
            ),
            models.Index(fields=["camera", "id"], name="upload_of_camera"),
            # Which of a camera's sealed files have no receipt: asked as often.
            models.Index(fields=["camera", "sealed_at"], name="upload_sealed_of_camera"),
        ]

    def __str__(self) -> str:
        return f"{self.camera_id} {self.file_id}"

    @property
    def parts(self) -> int:
        """How many parts the file has; none when it is empty."""
        return -(-self.size // self.part_size)

    def part_length(self, number: int) -> int:
        """The size in bytes of part `number`, counted from 1."""
        return min(self.part_size, self.size - (number - 1) * self.part_size)

    def subject(self) -> Subject:
        """This upload as the custody log names it, before it is a recording."""
        return Subject(f"up-{self.id}", self.sha256, self.size)


class Listing(models.Model):
    """A dock listed this file: the ledger behind whole-population accounting."""

    upload = models.ForeignKey(Upload, models.PROTECT, related_name="listings")
    dock = models.ForeignKey(Dock, models.PROTECT, related_name="listings")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "dock"], name="listed_once")]


class Quarantine(models.Model):
    """Something that is not what it says it is: kept, with the reason, until a person looks."""

    class Kind(models.TextChoices):
        DISAGREES = "disagrees", "Bytes disagree with the dock's fingerprint"
        NOT_MEDIA = "not_media", "Says it is footage and is not"
        BROKEN = "broken", "Can't be shown"
        CONFLICT = "conflict", "Same name, other content"
        OUTSIDE = "outside", "From outside the force: look before it is used"

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "Accepted as it is"
        FOLLOWED = "followed", "Followed up elsewhere"
        AGAIN = "again", "Taken in again"

    upload = models.ForeignKey(Upload, models.PROTECT, related_name="quarantines")
    recording = models.ForeignKey(Recording, models.PROTECT, null=True, blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    reason = models.CharField(max_length=300)
    created = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    note = models.CharField(max_length=300, blank=True)
    # Where the bytes that disagreed are kept, once the file was taken in again.
    kept = models.CharField(max_length=420, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["created"]
        verbose_name_plural = "quarantine"
        constraints = [
            models.UniqueConstraint(
                fields=["upload", "kind"],
                name="quarantined_once_a_kind",
                condition=Q(resolved_at=None),
            )
        ]
        indexes = [
            models.Index(fields=["created"], name="quarantine_open", condition=Q(resolved_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.upload.file_id}"


class Receipt(models.Model):
    """The signed statement that a dock was given. Written once."""

    upload = models.OneToOneField(Upload, models.PROTECT, primary_key=True)
    note = models.TextField()
    created = models.DateTimeField(auto_now_add=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only."""
        if not self._state.adding:
            raise TypeError("a receipt is written once")
        super().save(*args, **kwargs)


class StoreGauge(models.Model):
    """How many bytes of originals the store holds; one row, counted up at sealing."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    used_bytes = models.BigIntegerField(default=0)
    # Docks are told to wait while this says why (moving to another store).
    paused_because = models.CharField(max_length=200, blank=True)
