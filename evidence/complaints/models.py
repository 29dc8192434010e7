"""Complaints: recording one holds its footage (Police Reform Act 2002 Sch 3 para 1)."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from evidence.custody.record import Subject

REFERENCE = RegexValidator(r"^(PC|CM)/\d{1,6}/\d{2}$", "Enter a reference like PC/1234/26")


class Complaint(models.Model):
    """One complaint, the officers it is about and the time that it is about."""

    reference = models.CharField(max_length=20, unique=True, validators=[REFERENCE])
    received = models.DateField()
    complainant = models.CharField(max_length=120)
    account = models.TextField(help_text="What happened, in the complainant's words")
    officers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", help_text="Who it is about, and who was there"
    )
    start = models.DateTimeField("from", help_text="Footage that reaches into this time is held")
    end = models.DateTimeField("to")
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.reference

    def clean(self) -> None:
        """The window must run forward."""
        super().clean()
        if self.start and self.end and self.end <= self.start:
            raise ValidationError(
                {"end": f"The end must be after the start, {self.start:%d %b %Y %H:%M}."}
            )

    def subject(self) -> Subject:
        """This complaint as the custody log names it: a number, not its reference."""
        return Subject(f"complaint-{self.pk}")
