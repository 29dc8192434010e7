"""A move to another store, and every object version of it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class MoveError(RuntimeError):
    """It can't be moved as asked. Its sentence says what to do."""


class Move(models.Model):
    """One move: from where, to where, how far. The truth about work is here."""

    class State(models.TextChoices):
        COPYING = "copying", "Copying"
        SWITCHING = "switching", "Switching"
        SWITCHED = "switched", "Switched"
        REMOVED = "removed", "Source removed"
        ABANDONED = "abandoned", "Abandoned"

    source = models.CharField(max_length=300)
    source_prefix = models.CharField(max_length=100)
    target = models.CharField(max_length=300)
    target_prefix = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State.choices, default=State.COPYING)
    planned_by = models.CharField(max_length=150)
    planned_at = models.DateTimeField(auto_now_add=True)
    # The number of the pass that read the source's list last, and of the last comparison.
    passes = models.PositiveIntegerField(default=0)
    checks = models.PositiveIntegerField(default=0)
    check_started = models.DateTimeField(null=True, blank=True)
    check_finished = models.DateTimeField(null=True, blank=True)
    check_objects = models.BigIntegerField(default=0)
    check_bytes = models.BigIntegerField(default=0)
    fault_count = models.BigIntegerField(default=0)
    faults: models.JSONField[Any, Any] = models.JSONField(default=list)
    switched_at = models.DateTimeField(null=True, blank=True)
    switched_by = models.CharField(max_length=150, blank=True)
    # Two different people agree to the removal.
    first = models.CharField(max_length=150, blank=True)
    first_at = models.DateTimeField(null=True, blank=True)
    second = models.CharField(max_length=150, blank=True)
    second_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), name="move_one_at_a_time",
                condition=~Q(state__in=["removed", "abandoned"]),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.source} to {self.target}"

    @property
    def whole(self) -> bool:
        """Whether the last comparison was finished and found nothing."""
        return self.check_finished is not None and not self.fault_count

    @property
    def switched(self) -> bool:
        """Whether the system works on the target."""
        return self.state in (self.State.SWITCHED, self.State.REMOVED)


class Moved(models.Model):
    """One version of one object of the source, and what became of it in the target."""

    class State(models.TextChoices):
        COPYING = "copying", "Being copied"
        COPIED = "copied", "Copied"
        DISPOSED = "disposed", "Disposed of meanwhile, in the target too"
        REMOVED = "removed", "Removed from the source"

    move = models.ForeignKey(Move, models.PROTECT, related_name="versions")
    alias = models.CharField(max_length=20)
    key = models.CharField(max_length=1024)
    version_id = models.CharField(max_length=200)
    size = models.BigIntegerField()
    modified = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.COPYING)
    # Of the bytes that were copied; compared with what the target holds, and with the log.
    sha256 = models.CharField(max_length=64, blank=True)
    target_version = models.CharField(max_length=200, blank=True)
    # In which pass the source had it, in which comparison the target had it as it was.
    seen = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField(null=True, blank=True)
    # Whether the rows name the target's version.
    switched = models.BooleanField(default=False)
    # Why it stays at the source: a lock that nothing may lift.
    stays = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["move", "alias", "key", "version_id"], name="moved_once"
            )
        ]
        indexes = [
            models.Index(fields=["move", "alias", "seen"], name="moved_seen"),
            models.Index(fields=["move", "checked", "id"], name="moved_checked"),
            models.Index(fields=["move", "state"], name="moved_state"),
        ]

    def __str__(self) -> str:
        return f"{self.alias} {self.key}"
