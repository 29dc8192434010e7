"""The package of a share: what it is made of, and where; never the whole as one file."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from evidence.recordings.models.packages import make_package_reference
from evidence.sharing.models.share import Share


class SharedPackage(models.Model):
    """What a share's recipient may download as one file. The row says of which pieces it is
    made; its own bytes lie in the store, the files stay where they are."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits"
        MAKING = "making", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Could not be made"
        GONE = "gone", "No longer kept"

    reference = models.CharField(
        max_length=12, unique=True, default=make_package_reference, editable=False
    )
    share = models.ForeignKey(Share, models.PROTECT, related_name="packages")
    # Of what is in it: of a share that holds other things now, it is not the package.
    fingerprint = models.CharField(max_length=64)
    # The work.
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    progress = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    # What was made: its own bytes' key in `renditions`, and their count; the pieces in order.
    key = models.CharField(max_length=200, blank=True)
    key_size = models.BigIntegerField(default=0)
    # The numbers of the share's things that are in it: when one is taken out, it ends.
    items: models.JSONField[list[int], list[int]] = models.JSONField(default=list)
    pieces: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    checkpoint = models.BigIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True, blank=True)
    # When it was last compared with what the share holds.
    checked = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.UniqueConstraint(
                name="shared_package_once", fields=["share", "fingerprint"],
                condition=Q(state__in=["waiting", "making", "ready"]),
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["created"], name="shared_package_open",
                condition=Q(state__in=["waiting", "making", "ready"]),
            ),
            # Those whose bytes still have to be cleared away, among all that ever were.
            models.Index(
                fields=["id"], name="shared_package_to_clear",
                condition=Q(state__in=["gone", "failed"]) & ~Q(key=""),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference
