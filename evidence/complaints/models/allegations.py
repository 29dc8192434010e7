"""What is alleged, by the categories of a scheme, and what was found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from evidence.complaints.models.complaint import Complaint


class Category(models.Model):
    """A category of allegations. Data: a letter alone says nothing, so scheme, version and code.

    (fixtures/categories.json; the codes before 2020 use the same letters for other things.)
    """

    scheme = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    code = models.CharField(max_length=8)
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "code"]
        verbose_name = "allegation category"
        verbose_name_plural = "allegation categories"
        constraints = [
            models.UniqueConstraint(fields=["scheme", "version", "code"], name="category_once")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Wording(models.Model):
    """A finding as the rules word it, and for which handling. Data (fixtures/wordings.json)."""

    code = models.SlugField(unique=True)
    words = models.CharField(max_length=160)
    # The handlings (Complaint.Handling) that it may end, separated by spaces.
    handlings = models.CharField(max_length=120)
    source = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "code"]
        verbose_name = "wording of findings"
        verbose_name_plural = "wordings of findings"

    def __str__(self) -> str:
        return self.words


class Allegation(models.Model):
    """One thing that is alleged; several in a complaint are normal."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="allegations")
    number = models.PositiveSmallIntegerField()
    category = models.ForeignKey(Category, models.PROTECT)
    words = models.TextField("what is alleged")
    officers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    # Set aside rather than removed: what was alleged stays readable.
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "number"], name="allegation_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.category}"


class Finding(models.Model):
    """What was found of one allegation. Another replaces it; the row stays."""

    allegation = models.ForeignKey(Allegation, models.PROTECT, related_name="findings")
    wording = models.ForeignKey(Wording, models.PROTECT)
    reasons = models.TextField()
    learning = models.TextField(blank=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    # Under Schedule 3 the appropriate authority decides; outside it the handler does.
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-proposed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["allegation"], condition=Q(replaced_at=None), name="finding_in_force_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.allegation_id}: {self.wording}"
