"""What the complainant and others were told, and the letters it was told in."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from evidence.complaints.models.complaint import Complaint


class Template(models.Model):
    """The text of a kind of letter. Data: a force has its own words (fixtures/letters.json).

    `needs` names what the rules require in it; a letter that lacks one is not made.
    """

    code = models.SlugField()
    version = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=160)
    body = models.TextField()
    needs: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    source = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "code", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="letter_template_once")
        ]

    def __str__(self) -> str:
        return self.name


class Letter(models.Model):
    """A letter as it was sent, word for word."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="letters")
    template = models.ForeignKey(Template, models.PROTECT)
    to = models.CharField(max_length=200)
    subject = models.CharField(max_length=160)
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    sent_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return self.subject


class Told(models.Model):
    """Somebody was told something: what the clocks run from."""

    class What(models.TextChoices):
        RECORD = "record", "Copy of the complaint's record"
        UPDATE = "update", "Progress"
        OUTCOME = "outcome", "Outcome, and the right to a review"
        DELAY = "delay", "Why it takes longer than twelve months"
        OTHER = "other", "Something else"

    class How(models.TextChoices):
        WRITTEN = "written", "In writing"
        ORAL = "oral", "By word of mouth"

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="told")
    what = models.CharField(max_length=8, choices=What.choices)
    how = models.CharField(max_length=8, choices=How.choices, default=How.WRITTEN)
    to = models.CharField(max_length=120, help_text="The complainant, an officer, IOPC, LPB")
    on = models.DateField()
    words = models.TextField(blank=True)
    letter = models.OneToOneField(Letter, models.PROTECT, null=True, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return f"{self.get_what_display()}, {self.on}"
