"""Packages: recordings with their history and proofs, for somebody who trusts nobody."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from evidence.recordings.models.recording import Recording, make_reference


def make_package_reference() -> str:
    """P-7K3M-9QXD."""
    return "P" + make_reference()[1:]


class Package(models.Model):
    """Recordings with their history and proofs as one file, for somebody who trusts nobody.

    The file is kept for a week; the row, and the log's events, stay.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits"
        MAKING = "making", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        GONE = "gone", "No longer kept"

    class Details(models.TextChoices):
        FOOTAGE = "footage", "What happened to the footage"
        ALL = "all", "Everything, with who looked at it"
        NONE = "none", "None: only that there are some"

    reference = models.CharField(
        max_length=12, unique=True, default=make_package_reference, editable=False
    )
    recordings = models.ManyToManyField(Recording, related_name="packages")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="packages", null=True
    )
    recipient = models.CharField(max_length=200, blank=True)
    purpose = models.CharField(max_length=300)
    details = models.CharField(
        "personal details", max_length=10, choices=Details.choices, default=Details.FOOTAGE
    )
    renditions = models.BooleanField("with viewing copies", default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=300, blank=True)
    progress = models.PositiveSmallIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    checkpoint = models.BigIntegerField(default=0)
    key = models.CharField(max_length=200, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created"]
        indexes = [
            models.Index(
                fields=["created"], name="package_open",
                condition=Q(state__in=["waiting", "making"]),
            ),
            models.Index(fields=["finished"], name="package_kept", condition=Q(state="ready")),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference
