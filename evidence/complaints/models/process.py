"""Referral, review body, review, and what followed from a complaint."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from evidence.complaints.models.complaint import Complaint


class Question(models.Model):
    """A question of the mandatory-referral checklist. Data (fixtures/questions.json)."""

    code = models.SlugField(unique=True)
    words = models.CharField(max_length=300)
    help = models.TextField(blank=True)
    source = models.CharField(max_length=200)
    version = models.CharField(max_length=20)
    position = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "code"]
        verbose_name = "question of the referral checklist"
        verbose_name_plural = "questions of the referral checklist"

    def __str__(self) -> str:
        return self.words


class Answer(models.Model):
    """What was answered, of one complaint; the newest counts, the others stay."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="answers")
    question = models.ForeignKey(Question, models.PROTECT)
    yes = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-answered_at", "-id"]

    def __str__(self) -> str:
        return f"{self.question.code}: {'yes' if self.yes else 'no'}"


class Referral(models.Model):
    """A complaint that has to go, or went, to the IOPC."""

    class Answered(models.TextChoices):
        WAITING = "", "Not answered yet"
        BACK = "back", "Returned to the force"
        DIRECTED = "directed", "Directed investigation"
        INDEPENDENT = "independent", "Independent investigation"

    complaint = models.OneToOneField(Complaint, models.PROTECT, related_name="referral")
    mandatory = models.BooleanField(default=True)
    # The day on which it became clear: it goes by the end of the day after.
    clear_on = models.DateField()
    referred_on = models.DateField(null=True, blank=True)
    referred_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    iopc_reference = models.CharField(max_length=40, blank=True)
    answered = models.CharField(
        max_length=12, choices=Answered.choices, default=Answered.WAITING, blank=True
    )

    def __str__(self) -> str:
        return f"Referral of {self.complaint_id}"


class BodyChoice(models.Model):
    """Who would review, by which rules, from which facts. The newest counts, the others stay."""

    class Body(models.TextChoices):
        IOPC = "iopc", "IOPC"
        LPB = "lpb", "Local policing body"
        NONE = "none", "No right to a review"

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="body_choices")
    body = models.CharField(max_length=4, choices=Body.choices)
    # What was asked, and answered; and the rules that applied, in words.
    facts: models.JSONField[dict[str, bool], dict[str, bool]] = models.JSONField(default=dict)
    reasons: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-chosen_at", "-id"]

    def __str__(self) -> str:
        return self.get_body_display()


class Review(models.Model):
    """An application for review: was the outcome reasonable and proportionate?"""

    class Decision(models.TextChoices):
        WAITING = "", "Not decided yet"
        STANDS = "stands", "The outcome was reasonable and proportionate"
        NOT = "not", "The outcome was not reasonable and proportionate"
        NOT_VALID = "not_valid", "Not a valid application"

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="reviews")
    body = models.CharField(max_length=4, choices=BodyChoice.Body.choices)
    applied_on = models.DateField()
    # Days at the wrong body do not count against the 28 (SI 2020/2 reg 29(3)).
    wrong_body_days = models.PositiveSmallIntegerField(default=0)
    grounds = models.TextField(blank=True)
    late_reason = models.CharField("why it is taken late", max_length=300, blank=True)
    decision = models.CharField(
        max_length=10, choices=Decision.choices, default=Decision.WAITING, blank=True
    )
    decided_on = models.DateField(null=True, blank=True)
    recommendations = models.TextField(blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["applied_on", "id"]

    def __str__(self) -> str:
        return f"Review of {self.complaint_id}"


class Measure(models.Model):
    """What followed: learning, reflective practice, proceedings; for one officer or the force."""

    class Kind(models.TextChoices):
        LEARNING = "learning", "Learning"
        REFLECTIVE = "reflective", "Reflective practice review"
        APOLOGY = "apology", "Explanation or apology"
        PERFORMANCE = "performance", "Unsatisfactory performance procedure"
        MEETING = "meeting", "Misconduct meeting"
        HEARING = "hearing", "Misconduct hearing"
        POLICY = "policy", "Change of policy or training"

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="measures")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    words = models.TextField("what was agreed")
    # For reflective practice: the discussion, and the footage that it was about.
    recordings = models.ManyToManyField("recordings.Recording", blank=True, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    done_on = models.DateField(null=True, blank=True)
    report = models.TextField("what came of it", blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["entered_at", "id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} from {self.complaint_id}"
