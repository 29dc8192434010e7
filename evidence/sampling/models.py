"""Plans, strata and what was drawn; reviews and their answers; sessions of the scrutiny panel."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from evidence.custody.record import Subject
from evidence.people.models import Unit
from evidence.recordings.models import ALPHABET, Recording

ZONE = ZoneInfo("Europe/London")
# After this many days past the first day on which it can be drawn, a plan is overdue.
OVERDUE_DAYS = 14


def _reference(prefix: str) -> str:
    letters = [secrets.choice(ALPHABET) for _ in range(8)]
    return f"{prefix}-{''.join(letters[:4])}-{''.join(letters[4:])}"


def plan_reference() -> str:
    """SP-7K3M-9QXD"""
    return _reference("SP")


def session_reference() -> str:
    """PS-7K3M-9QXD"""
    return _reference("PS")


class Kind(models.Model):
    """What is sampled, and by what it is known. Data (fixtures/kinds.json): a force has its own."""

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=100)
    categories = ArrayField(models.SlugField(), default=list, blank=True)
    incidents = ArrayField(models.SlugField(), default=list, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Question(models.Model):
    """What is asked of each item. Data (fixtures/questions.json): a force has its own."""

    code = models.SlugField(unique=True)
    words = models.CharField(max_length=200)
    hint = models.CharField(max_length=200, blank=True)
    # Asked for items of these kinds; empty: of all.
    kinds = ArrayField(models.SlugField(), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=100)
    # The answer that is as it should be: bars are drawn by it.
    good = models.CharField(max_length=8, default="yes")
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "words"]

    def __str__(self) -> str:
        return self.words


class Plan(models.Model):
    """What will be drawn, committed to the custody log before the period that it is about.

    `parameters` is what the commitment binds, word by word; nothing of it changes afterwards.
    """

    reference = models.CharField(max_length=12, unique=True, default=plan_reference, editable=False)
    title = models.CharField(max_length=120)
    start = models.DateField("first day")
    end = models.DateField("last day")
    units = models.ManyToManyField(Unit, related_name="+")
    parameters: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    digest = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    # Encrypted until it is revealed; both stand here afterwards, and the log has it too.
    sealed_seed = models.TextField()
    seed = models.CharField(max_length=64, blank=True)
    committed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    committed_at = models.DateTimeField(default=timezone.now)
    committed_event = models.UUIDField()
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    drawn_at = models.DateTimeField(null=True, blank=True)
    frames_digest = models.CharField(max_length=64, blank=True)
    result_digest = models.CharField(max_length=64, blank=True)
    # Footage that is in no frame, and why: restricted, unplaced, uncategorised.
    excluded: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)

    class Meta:
        ordering = ["-committed_at", "-id"]

    def __str__(self) -> str:
        return self.reference

    def subject(self) -> Subject:
        """This plan as the custody log names it."""
        return Subject(self.reference)

    @property
    def begins(self) -> datetime:
        """The first moment of the period."""
        return datetime.combine(self.start, datetime.min.time(), ZONE)

    @property
    def ends(self) -> datetime:
        """The first moment after the period."""
        return datetime.combine(self.end + timedelta(days=1), datetime.min.time(), ZONE)

    @property
    def draws_on(self) -> date:
        """The first day on which it can be drawn: cameras are docked late."""
        return self.end + timedelta(days=1 + settings.SAMPLE_SETTLE_DAYS)

    def state(self) -> str:
        """`committed`, `due`, `overdue` or `drawn`."""
        if self.drawn_at is not None:
            return "drawn"
        today = timezone.localdate()
        if today < self.draws_on:
            return "committed"
        late = today > self.draws_on + timedelta(days=OVERDUE_DAYS)
        return "overdue" if late else "due"


class Stratum(models.Model):
    """One unit, month and kind of a plan that was drawn: the frame, and how many were wanted."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="strata")
    key = models.CharField(max_length=120)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    month = models.DateField()
    kind = models.SlugField()
    kind_name = models.CharField(max_length=60)
    wanted = models.PositiveIntegerField()
    # The references of the frame, sorted, one a line: long; not read by lists.
    frame = models.TextField(blank=True)
    frame_size = models.PositiveIntegerField()
    frame_digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["plan", "key"]
        constraints = [models.UniqueConstraint(fields=["plan", "key"], name="stratum_once")]

    def __str__(self) -> str:
        return f"{self.unit}, {self.month:%B %Y}, {self.kind_name}"

    def references(self) -> list[str]:
        """The frame."""
        return self.frame.split()


class Item(models.Model):
    """One recording that chance chose, at its place in the order of its stratum."""

    class State(models.TextChoices):
        TO_DO = "to_do", "To review"
        REVIEWED = "reviewed", "Reviewed"
        SKIPPED = "skipped", "Skipped"

    stratum = models.ForeignKey(Stratum, models.PROTECT, related_name="items")
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="+")
    place = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.TO_DO)
    skipped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    skipped_at = models.DateTimeField(null=True, blank=True)
    skip_reason = models.CharField(max_length=300, blank=True)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    debriefed_on = models.DateField(null=True, blank=True)
    debriefed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        ordering = ["stratum", "place"]
        constraints = [
            models.UniqueConstraint(fields=["stratum", "place"], name="sample_place_once"),
            models.UniqueConstraint(fields=["stratum", "recording"], name="sample_recording_once"),
            models.CheckConstraint(
                name="sample_skip_has_a_reason",
                condition=~Q(state="skipped") | ~Q(skip_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stratum} no. {self.place}"


class PanelSession(models.Model):
    """A sitting of the scrutiny panel: who, from when to when, and what its chair chose."""

    reference = models.CharField(
        max_length=12, unique=True, default=session_reference, editable=False
    )
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="sessions")
    title = models.CharField(max_length=120)
    opens_at = models.DateTimeField("open from")
    closes_at = models.DateTimeField("open until")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="panel_sessions")
    chair = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    items = models.ManyToManyField(Item, related_name="sessions", blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        ordering = ["-opens_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="panel_session_runs_forward", condition=Q(closes_at__gt=models.F("opens_at"))
            )
        ]

    def __str__(self) -> str:
        return self.reference

    def subject(self) -> Subject:
        """This session as the custody log names it."""
        return Subject(self.reference)

    def state(self, now: datetime | None = None) -> str:
        """`coming`, `open` or `closed`."""
        now = now or timezone.now()
        if self.closed_at is not None or now >= self.closes_at:
            return "closed"
        return "open" if now >= self.opens_at else "coming"


class Review(models.Model):
    """What one person found in one item; in a session, as a member of the panel."""

    class Outcome(models.TextChoices):
        NOTHING = "nothing", "Nothing to raise"
        GOOD = "good", "Good practice"
        LEARNING = "learning", "Learning"
        CONCERN = "concern", "Concern"

    item = models.ForeignKey(Item, models.PROTECT, related_name="reviews")
    session = models.ForeignKey(
        PanelSession, models.PROTECT, related_name="reviews", null=True, blank=True
    )
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    words = models.TextField(blank=True, max_length=2000)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    # What professional standards did about a concern. A complaint is never made of it by itself.
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    noted_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True, max_length=2000)

    class Meta:
        ordering = ["-created", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "reviewer"], name="review_once", condition=Q(session=None)
            ),
            models.UniqueConstraint(
                fields=["item", "reviewer", "session"], name="review_of_the_panel_once",
                condition=Q(session__isnull=False),
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["-created"], name="review_concerns",
                condition=Q(outcome="concern", noted_at=None),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.item} by {self.reviewer}"


class Answer(models.Model):
    """What somebody answered to one question."""

    class Value(models.TextChoices):
        YES = "yes", "Yes"
        NO = "no", "No"
        NOT_SEEN = "not_seen", "Not seen"

    review = models.ForeignKey(Review, models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, models.PROTECT, related_name="+")
    value = models.CharField(max_length=8, choices=Value.choices)
    words = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["question"]
        constraints = [
            models.UniqueConstraint(fields=["review", "question"], name="answer_once")
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.question}: {self.value}"
