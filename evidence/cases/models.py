"""Cases and the footage linked to them."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from evidence.custody.record import Subject
from evidence.recordings.models import Recording

URN = RegexValidator(r"^\d{2}[A-Z]{2}/\d{4,7}/\d{2}$", "Enter a URN like 01AB/12345/26")


class Case(models.Model):
    """A matter that footage is evidence in."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        CHARGED = "charged", "Charged"
        CLOSED = "closed", "Closed"

    urn = models.CharField("URN", max_length=20, unique=True, validators=[URN])
    title = models.CharField(max_length=120)
    offence = models.CharField(max_length=120, blank=True)
    officer_in_case = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    next_court_date = models.DateField(null=True, blank=True)
    recordings = models.ManyToManyField(Recording, through="CaseLink", related_name="cases")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.urn} {self.title}"

    def subject(self) -> Subject:
        """This case as the custody log names it: a number, not its URN."""
        return Subject(f"case-{self.pk}")


class CaseLink(models.Model):
    """A recording's place in a case, and why. Unlinking ends it; the row stays."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="links")
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="case_links")
    reason = models.CharField(max_length=300)
    linked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    linked_at = models.DateTimeField(auto_now_add=True)
    unlinked_at = models.DateTimeField(null=True, blank=True)
    unlink_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "recording"], condition=Q(unlinked_at=None), name="linked_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.recording} in {self.case.urn}"
