"""Counts, what they found, and what the store costs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from evidence.recordings.models import Category

Counts = dict[str, Any]


class Run(models.Model):
    """One count of everything: its progress while it runs, its outcome after."""

    class State(models.TextChoices):
        RUNNING = "running", "Counting"
        DONE = "done", "Counted"
        FAILED = "failed", "Stopped before its end"

    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    started = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True, blank=True)
    # When it last said that it goes on; a run that is silent is found by a sweep.
    beat = models.DateTimeField(auto_now_add=True)
    stage = models.CharField(max_length=60, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    # By kind of finding, by state of upload, by bucket: {"originals": {"objects": 3, …}}.
    kinds: models.JSONField[Counts, Counts] = models.JSONField(default=dict)
    states: models.JSONField[Counts, Counts] = models.JSONField(default=dict)
    buckets: models.JSONField[Counts, Counts] = models.JSONField(default=dict)
    originals = models.BigIntegerField(default=0)
    disposed = models.BigIntegerField(default=0)
    under_way = models.BigIntegerField(default=0)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-started"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="counted_one_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["state", "-started"], name="accounting_newest")]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.started:%d %b %Y}"

    @property
    def faults(self) -> int:
        """How much does not agree; gaps in cameras' numbers are no faults."""
        return sum(self.kinds.get(kind, 0) for kind in Finding.FAULTS)


class Finding(models.Model):
    """Something that does not agree, from the run that saw it first to the one that did not."""

    class Kind(models.TextChoices):
        MISSING = "missing", "Missing"
        DIFFERENT = "different", "Different"
        EXTRA = "extra", "Extra"
        UNKNOWN = "unknown", "Unknown"
        GAP = "gap", "Gap in a camera's numbers"

    FAULTS = (Kind.MISSING, Kind.DIFFERENT, Kind.EXTRA, Kind.UNKNOWN)

    kind = models.CharField(max_length=10, choices=Kind.choices)
    area = models.CharField(max_length=20)
    what = models.CharField(max_length=1500)
    todo = models.CharField(max_length=300)
    # Of kind, area and what: the same finding is the same row from run to run.
    fingerprint = models.CharField(max_length=64)
    # Of a gap the camera, so that its gaps lie together.
    camera = models.CharField(max_length=64, blank=True)
    # Where it is an object that may be removed: bucket alias, key, unfinished upload's id.
    alias = models.CharField(max_length=20, blank=True)
    key = models.CharField(max_length=1100, blank=True)
    first_seen = models.DateTimeField()
    last_run = models.ForeignKey(Run, models.PROTECT, related_name="findings")
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"], condition=Q(resolved_at=None), name="finding_open_once"
            )
        ]
        indexes = [
            models.Index(fields=["kind", "id"], name="finding_open", condition=Q(resolved_at=None)),
            models.Index(
                fields=["camera", "id"], name="finding_gaps",
                condition=Q(resolved_at=None, kind="gap"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.what[:80]}"


class Held(models.Model):
    """How much the store holds, by what it is: one row a combination, replaced each night."""

    class What(models.TextChoices):
        ORIGINAL = "original", "Originals"
        RENDITION = "rendition", "Viewing copies and other renditions"
        CLIP = "clip", "Clips and redacted copies"
        PACKAGE = "package", "Packages and papers of shares"

    class Age(models.TextChoices):
        MONTH = "month", "Up to 31 days"
        YEAR = "year", "Up to 1 year"
        SIX = "six", "Up to 6 years"
        OLDER = "older", "Older"

    what = models.CharField(max_length=10, choices=What.choices)
    age = models.CharField(max_length=6, choices=Age.choices)
    unit = models.CharField(max_length=120, blank=True)
    category = models.CharField(max_length=120, blank=True)
    storage_class = models.CharField(max_length=40, default="STANDARD")
    files = models.BigIntegerField()
    bytes = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.what} {self.age} {self.unit} {self.category} {self.storage_class}"


class Flow(models.Model):
    """What came in and what went on one day."""

    day = models.DateField(unique=True)
    files_in = models.BigIntegerField(default=0)
    bytes_in = models.BigIntegerField(default=0)
    files_gone = models.BigIntegerField(default=0)
    bytes_gone = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day}"


class Measured(models.Model):
    """When `Held` and `Flow` were reckoned, and what the store said of cold classes; one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField(null=True)
    # The classes to which the store says that it will move what is tagged, or what it says instead.
    cold_classes: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    cold_problem = models.CharField(max_length=300, blank=True)
    cold_tried_at = models.DateTimeField(null=True)


class Price(models.Model):
    """What a store takes for a terabyte and month in one storage class. None: no money shown."""

    storage_class = models.CharField(max_length=40, unique=True)
    per_tb_month = models.DecimalField(
        "pounds per TB and month", max_digits=10, decimal_places=2
    )  # fmt: skip
    source = models.CharField(max_length=200, help_text="Where the price stands, and since when")

    class Meta:
        ordering = ["storage_class"]
        constraints = [
            models.CheckConstraint(name="price_not_negative", condition=Q(per_tb_month__gte=0))
        ]

    def __str__(self) -> str:
        return self.storage_class


class ColdRule(models.Model):
    """After so many days originals move to a cheaper storage class, where the store has one."""

    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+",
        help_text="None: of every category",
    )  # fmt: skip
    after_days = models.PositiveIntegerField("after days")
    storage_class = models.CharField(max_length=40)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = "cold storage rule"
        constraints = [
            models.UniqueConstraint(
                fields=["category"], nulls_distinct=False, condition=Q(active=True),
                name="cold_rule_once_a_category",
            ),
            models.CheckConstraint(name="cold_rule_days", condition=Q(after_days__gte=1)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.storage_class} after {self.after_days} days"
