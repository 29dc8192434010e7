"""What a complaint costs: hours by settable rates."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from evidence.complaints.models.complaint import Complaint


class Rate(models.Model):
    """What one unit of work costs. Data: a force sets its own (fixtures/rates.json)."""

    class Unit(models.TextChoices):
        HOUR = "hour", "an hour"
        EACH = "each", "each"

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=4, choices=Unit.choices, default=Unit.HOUR)
    pence = models.PositiveIntegerField(help_text="Pence a unit")
    source = models.CharField(max_length=200, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Work(models.Model):
    """Time spent on a complaint, entered by whoever spent it; with the rate of that day."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="work")
    rate = models.ForeignKey(Rate, models.PROTECT)
    on = models.DateField()
    minutes = models.PositiveIntegerField(default=0, validators=[MinValueValidator(1)])
    pence = models.PositiveIntegerField(help_text="What it came to by the rate of that day")
    words = models.CharField(max_length=200)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return f"{self.minutes} min on {self.on}"
