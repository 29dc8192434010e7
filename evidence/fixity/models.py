"""What is read just now, what was found, where the replica stands, and the figures of it all."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from evidence.recordings.models import Original, Recording
from evidence.retention.models import Hold

USER = settings.AUTH_USER_MODEL


class Turn(models.Model):
    """One object that a worker reads now, or that could not be read and is tried again later."""

    source = models.CharField(max_length=20)
    row = models.BigIntegerField()
    # What it is, for people.
    words = models.CharField(max_length=80, blank=True)
    until = models.DateTimeField()
    token = models.UUIDField(default=uuid.uuid4)
    # Since when the store gives no answer for this object, and what it says instead.
    failing_since = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "row"], name="turn_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.row}"


class State(models.Model):
    """One row: how many bytes may be read now, and how far the replica knows of the originals."""

    # Below nothing: more was read than the rate allows, which the time to come pays back.
    allowance = models.BigIntegerField(default=0)
    reckoned_at = models.DateTimeField(default=timezone.now)
    # The store answered last: an object that is not read meanwhile is to blame itself.
    answered_at = models.DateTimeField(null=True, blank=True)
    replica_answered_at = models.DateTimeField(null=True, blank=True)
    enrolled = models.BigIntegerField(default=0)
    # When locks and legal holds of the replica were last compared with the rows.
    holds_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.allowance} bytes"


class Figures(models.Model):
    """How much there is of one kind, and how much of it was read lately: reckoned now and then,
    so that no page counts."""

    source = models.CharField(max_length=20, unique=True)
    words = models.CharField(max_length=60)
    objects_all = models.BigIntegerField(default=0)
    bytes_all = models.BigIntegerField(default=0)
    objects_30 = models.BigIntegerField(default=0)
    bytes_30 = models.BigIntegerField(default=0)
    objects_90 = models.BigIntegerField(default=0)
    bytes_90 = models.BigIntegerField(default=0)
    objects_365 = models.BigIntegerField(default=0)
    bytes_365 = models.BigIntegerField(default=0)
    # Of the replica: what is still to be copied, and since when the first of it waits.
    behind_objects = models.BigIntegerField(default=0)
    behind_bytes = models.BigIntegerField(default=0)
    behind_since = models.DateTimeField(null=True, blank=True)
    reckoned_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.words


class Damage(models.Model):
    """An object that is not what the custody log says of it: what was found, and what became of
    it. The row stays, also when the footage is gone."""

    class What(models.TextChoices):
        DIFFERENT = "different", "Other bytes"
        CUT = "cut", "Another size"
        MISSING = "missing", "Not in the store"
        UNREADABLE = "unreadable", "Can't be read"
        ROW = "row", "The database says other than the custody log"
        UNKNOWN = "unknown", "The custody log does not know it"

    class State(models.TextChoices):
        FOUND = "found", "To be made anew"
        HELD = "held", "Kept and held; not shown as evidence"
        MENDED = "mended", "Mended"
        GONE = "gone", "Disposed of"

    class How(models.TextChoices):
        REPLICA = "replica", "Restored from the replica"
        VERSION = "version", "The right bytes lay under another version"
        AGAIN = "again", "Made again"
        HAND = "hand", "Mended by hand"

    source = models.CharField(max_length=20)
    row = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    reference = models.CharField(max_length=40)
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="+")
    what = models.CharField(max_length=12, choices=What.choices)
    state = models.CharField(max_length=8, choices=State.choices)
    found_at = models.DateTimeField(default=timezone.now)
    # Where it lies. The bad version is kept, and goes with the footage.
    alias = models.CharField(max_length=20)
    bucket = models.CharField(max_length=100)
    key = models.CharField(max_length=200)
    version_id = models.CharField(max_length=200, blank=True)
    expected_sha256 = models.CharField(max_length=64, blank=True)
    expected_size = models.BigIntegerField(null=True)
    found_sha256 = models.CharField(max_length=64, blank=True)
    found_size = models.BigIntegerField(null=True)
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, blank=True, related_name="+")
    # Reading again that somebody asked for, and what it said.
    wanted_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    matches = models.BooleanField(default=False)
    # Work on mending it.
    claimed_until = models.DateTimeField(null=True, blank=True)
    mending = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    how = models.CharField(max_length=8, choices=How.choices, blank=True)
    mended_at = models.DateTimeField(null=True, blank=True)
    mended_by = models.ForeignKey(USER, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    new_version = models.CharField(max_length=200, blank=True)
    # The bad version's own legal hold was taken off when another took its place: it is kept by
    # its lock, and could not go with the footage otherwise.
    loosened = models.BooleanField(default=False)
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "row"], name="damage_open_once",
                condition=Q(state__in=["found", "held"]),
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["claimed_until"], name="damage_open",
                condition=Q(state__in=["found", "held"]),
            ),
            models.Index(fields=["recording"], name="damage_of_recording"),
            models.Index(
                fields=["id"], name="damage_to_loosen",
                condition=Q(loosened=False, source__in=["original", "replica"]),
            ),
            models.Index(fields=["-found_at", "-id"], name="damage_newest"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} of {self.reference}: {self.get_what_display()}"

    @property
    def is_open(self) -> bool:
        """Whether it is damaged still."""
        return self.state in (self.State.FOUND, self.State.HELD)


class ReplicaCopy(models.Model):
    """The second copy of an original: wanted, claimed by one worker, there."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits"
        COPYING = "copying", "Being copied"
        THERE = "there", "There"
        FAILED = "failed", "Failed; tried again each hour"

    original = models.OneToOneField(Original, models.PROTECT, related_name="replica")
    key = models.CharField(max_length=200)
    version_id = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    wanted_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    copied_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    locked_until = models.DateTimeField(null=True, blank=True)
    # Whether the replica's legal hold is set.
    held = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["wanted_at"], name="replica_to_copy",
                condition=~Q(state="there"),
            ),
            models.Index(
                fields=["checked_at"], name="replica_checked_longest_ago",
                condition=Q(state="there"),
            ),
            models.Index(
                fields=["locked_until"], name="replica_lock_ends", condition=Q(state="there"),
            ),
            models.Index(fields=["id"], name="replica_held", condition=Q(held=True)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.key}: {self.state}"
