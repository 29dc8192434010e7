"""Work on small viewing copies, for thin lines: made only of what somebody wants them of."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from evidence.recordings.models.files import Original


class Smaller(models.Model):
    """Somebody wants a small viewing copy of one original. The file itself is a rendition."""

    class State(models.TextChoices):
        WAITING = "waiting"
        MAKING = "making"
        READY = "ready"
        FAILED = "failed"

    original = models.OneToOneField(Original, models.CASCADE, related_name="smaller")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    wanted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["claimed_until"], name="smaller_open",
                         condition=Q(state__in=["waiting", "making"])),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.state} of {self.original_id}"
