"""Clips, the exhibits that people produce, and what was decided about disclosing footage."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from evidence.cases.models import Case
from evidence.custody.record import Subject
from evidence.exhibits import marks
from evidence.recordings.models import Original, Recording, make_reference

USER = settings.AUTH_USER_MODEL


def make_clip_reference() -> str:
    """C-7K3M-9QXD."""
    return "C" + make_reference()[1:]


def make_exhibit_reference() -> str:
    """X-7K3M-9QXD: how the log names an exhibit; its mark holds somebody's initials."""
    return "X" + make_reference()[1:]


class Clip(models.Model):
    """A part of one original, from a frame to a frame, made again as a film of its own.

    The row says what is wanted, then who works on it, then what was made and how.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits"
        MAKING = "making", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Could not be made"
        # With the footage that it was made of. What it was stays: a mark may lead to it.
        GONE = "gone", "Disposed of"

    reference = models.CharField(
        max_length=12, unique=True, default=make_clip_reference, editable=False
    )
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="clips")
    # Empty once the footage was disposed of.
    original = models.ForeignKey(Original, models.PROTECT, related_name="clips", null=True)
    # What was asked for, from the start of the recording.
    from_ms = models.BigIntegerField()
    to_ms = models.BigIntegerField()
    # What that is in the file: frames from 0, and their times as ticks of `timescale`.
    first_frame = models.IntegerField()
    last_frame = models.IntegerField()
    timescale = models.IntegerField()
    first_tick = models.BigIntegerField()
    last_tick = models.BigIntegerField()
    # When the frame after the last is shown; None where the last is the file's.
    after_tick = models.BigIntegerField(null=True)
    sound = models.BooleanField(default=True)
    # Whether it has a Redaction: here too, so that no list needs another row to call it so.
    redacted = models.BooleanField(default=False)
    reason = models.CharField(max_length=300)
    requested_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    # The work.
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    # What was made.
    key = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=60, default="video/mp4")
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    parent_sha256 = models.CharField(max_length=64)
    tool = models.CharField(max_length=40, blank=True)
    tool_version = models.CharField(max_length=80, blank=True)
    arguments: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    # Width, height, seconds, sound, and hashes of the first and the last picture.
    facts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    made_at = models.DateTimeField(null=True, blank=True)
    # When its file was last read and compared, the first time while it was written; and since
    # when it is known to be no longer what was made.
    checked_at = models.DateTimeField(null=True, blank=True)
    damaged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="clip_has_length", condition=Q(to_ms__gt=F("from_ms"))),
            models.CheckConstraint(
                name="clip_has_frames",
                condition=Q(first_frame__gte=0) & Q(last_frame__gte=F("first_frame")),
            ),
            models.UniqueConstraint(name="clip_key", fields=["key"], condition=~Q(key="")),
        ]
        indexes = [
            models.Index(
                fields=["requested_at"], name="clip_open",
                condition=Q(state__in=["waiting", "making"]),
            ),
            models.Index(
                fields=["checked_at"], name="clip_checked_longest_ago", condition=Q(state="ready"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference

    @property
    def source(self) -> Original:
        """The original that it is made of, as long as there is one."""
        assert self.original is not None, f"the footage of {self.reference} was disposed of"
        return self.original

    @property
    def count(self) -> int:
        """How many frames it has."""
        return self.last_frame - self.first_frame + 1


class RedactionReason(models.Model):
    """Why something is covered or silenced. Data: the law and a force change it
    (fixtures/redaction_reasons.json)."""

    code = models.SlugField(max_length=30, unique=True)
    words = models.CharField(max_length=80)
    # What it is a reason for.
    picture = models.BooleanField(default=True)
    voice = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "words"]

    def __str__(self) -> str:
        return self.words


class Redaction(models.Model):
    """What is covered and silenced in a clip, which is then a redacted copy, and who looked at
    what came out."""

    clip = models.OneToOneField(Clip, models.PROTECT, related_name="redaction")
    # As evidence.exhibits.covers reads them: times from the start of the recording, the frames
    # of the file that they cover, per mille of the picture, the reason as it was called then.
    covers: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        default=list
    )
    silences: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        default=list
    )
    # The range in microseconds of the file: a frame may stand far out of it, its sound must not.
    # Empty for copies that were asked for before this was kept.
    sound_us: models.JSONField[list[int], list[int]] = models.JSONField(default=list, blank=True)
    checked_by = models.ForeignKey(USER, models.PROTECT, related_name="+", null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="redaction_checked_by_somebody",
                condition=Q(checked_at=None, checked_by=None)
                | Q(checked_at__isnull=False, checked_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Redaction of {self.clip_id}"


class Exhibit(models.Model):
    """A recording or a clip of one, produced by a person under a mark. Never deleted: withdrawn,
    and its mark is not used again."""

    reference = models.CharField(
        max_length=12, unique=True, default=make_exhibit_reference, editable=False
    )
    case = models.ForeignKey(Case, models.PROTECT, related_name="exhibits")
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="exhibits")
    clip = models.OneToOneField(Clip, models.PROTECT, related_name="exhibit", null=True, blank=True)
    mark = models.CharField(max_length=marks.LONGEST)
    producer = models.ForeignKey(USER, models.PROTECT, related_name="exhibits")
    description = models.CharField(max_length=300)
    produced_at = models.DateTimeField(auto_now_add=True)
    # Who typed it: where that is not the producer, with the reason.
    produced_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(USER, models.PROTECT, related_name="+", null=True, blank=True)
    withdraw_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["produced_at", "id"]
        constraints = [
            # Withdrawn ones too: a mark is one thing for ever.
            models.UniqueConstraint(fields=["case", "mark"], name="mark_once_a_case"),
        ]

    def __str__(self) -> str:
        return self.mark

    @property
    def slug(self) -> str:
        """The mark as it stands in an address: AS-1."""
        return marks.slug(self.mark)

    @property
    def is_redacted(self) -> bool:
        """Whether it is a copy with parts covered or silenced."""
        return self.clip is not None and self.clip.redacted

    @property
    def label(self) -> str:
        """What stands on every picture and row of it: originals and copies never look alike."""
        if self.clip is None:
            return "ORIGINAL"
        return "REDACTED COPY" if self.clip.redacted else "CLIP"

    def subject(self) -> Subject:
        """This exhibit as the custody log names it."""
        if self.clip is not None and self.clip.sha256:
            return Subject(self.reference, self.clip.sha256, self.clip.size)
        return Subject(self.reference)


class Decision(models.Model):
    """What somebody decided about disclosing one thing of a case. The newest row counts."""

    class Relevant(models.TextChoices):
        OPEN = "", "Not decided"
        YES = "yes", "Relevant"
        NO = "no", "Not relevant"

    case = models.ForeignKey(Case, models.PROTECT, related_name="decisions")
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="decisions")
    # Of an exhibit; without, of the recording itself.
    exhibit = models.ForeignKey(
        Exhibit, models.PROTECT, related_name="decisions", null=True, blank=True
    )
    relevant = models.CharField(
        max_length=4, choices=Relevant.choices, default=Relevant.OPEN, blank=True
    )
    used = models.BooleanField(default=False, help_text="Part of the prosecution's case")
    sensitive = models.BooleanField(default=False, help_text="On the MG6D, never on the MG6C")
    withheld = models.BooleanField("do not disclose", default=False)
    reason = models.CharField(max_length=300)
    # As the schedule says it.
    description = models.CharField(max_length=1000, blank=True)
    location = models.CharField(max_length=200, blank=True)
    decided_by = models.ForeignKey(USER, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["case", "recording", "-id"], name="decision_newest")]

    def __str__(self) -> str:
        return f"{self.exhibit or self.recording} in {self.case.urn}"
