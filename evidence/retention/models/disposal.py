"""Footage on its way out: batches that people or a rule release, and what stays of each."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from evidence.custody.record import Subject
from evidence.recordings.models import Recording, Rule, make_reference

USER = settings.AUTH_USER_MODEL


def make_batch_reference() -> str:
    """D-7K3M-9QXD."""
    return "D" + make_reference()[1:]


class Batch(models.Model):
    """Recordings that go together: proposed and agreed to by two people, or by a rule."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waits for a second person"
        REFUSED = "refused", "Refused"
        LEAVING = "leaving", "Can still be restored"
        DONE = "done", "Done"

    reference = models.CharField(
        max_length=12, unique=True, default=make_batch_reference, editable=False
    )
    by_rule = models.BooleanField(default=False)
    # The rule whose period has ended, and how it read then.
    rule = models.ForeignKey(Rule, models.PROTECT, null=True, related_name="+")
    ground = models.CharField(max_length=300)
    reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    # As it was when it was proposed: recordings, and bytes of their originals.
    count = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    proposed_by = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=300, blank=True)
    # From when its first recording is destroyed; empty as long as nobody agreed.
    goes_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-proposed_at", "-id"]
        verbose_name_plural = "batches"
        constraints = [
            models.CheckConstraint(
                name="batch_decided_by_another",
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
            ),
            # What nobody decided goes by a rule alone.
            models.CheckConstraint(
                name="batch_released_by_rule_or_two",
                condition=Q(state__in=["proposed", "refused"]) | Q(by_rule=True)
                | Q(proposed_by__isnull=False, decided_by__isnull=False),
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["state", "-proposed_at"], name="batch_in_state"),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        """The page of this batch."""
        return reverse("batch", args=[self.reference])

    def subject(self) -> Subject:
        """This batch as the custody log names it."""
        return Subject(self.reference)


class Item(models.Model):
    """One recording of a batch, and how far it is. The truth about work is here."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        LEAVING = "leaving", "Can still be restored"
        DESTROYING = "destroying", "Being destroyed"
        GONE = "gone", "Disposed of"
        KEPT = "kept", "Kept after all"
        RESTORED = "restored", "Restored"
        REFUSED = "refused", "Refused"

    OPEN = (State.PROPOSED, State.LEAVING, State.DESTROYING)

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="items")
    recording = models.ForeignKey(Recording, models.PROTECT, related_name="disposals")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    # What had ended, as it was found when it was proposed: code, words, until, source.
    grounds: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        default=list
    )
    size = models.BigIntegerField(default=0)
    goes_at = models.DateTimeField(null=True)
    # Why and by whom it left the batch without being destroyed.
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    ended_reason = models.CharField(max_length=300, blank=True)
    # The work: until when a worker has it, how often it was tried, what stands in its way.
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    problem_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recording"], name="disposed_of_once",
                condition=Q(state__in=["proposed", "leaving", "destroying"]),
            ),
            models.UniqueConstraint(
                fields=["recording"], name="gone_once", condition=Q(state="gone")
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["goes_at", "id"], name="item_leaving",
                condition=Q(state__in=["leaving", "destroying"]),
            ),
            models.Index(
                fields=["problem_at"], name="item_with_problem", condition=~Q(problem="")
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.recording} in {self.batch}"


class Doomed(models.Model):
    """One version of one object that is to be destroyed, and what the store answered.

    Written down before the first is destroyed: a worker that dies leaves a list, not a riddle.
    """

    item = models.ForeignKey(Item, models.PROTECT, related_name="doomed")
    alias = models.CharField(max_length=20)
    key = models.CharField(max_length=400)
    version_id = models.CharField(max_length=200, blank=True)
    # original, viewing copy, still, clip, replica, …
    what = models.CharField(max_length=60)
    # The original that it belongs to, where it belongs to one.
    reference = models.CharField(max_length=12, blank=True)
    size = models.BigIntegerField(default=0)
    answer: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    answered_at = models.DateTimeField(null=True)
    # When the store was asked again and did not have it.
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "alias", "key", "version_id"], name="doomed_once"
            )
        ]
        indexes = [models.Index(fields=["alias", "key"], name="doomed_key")]

    def __str__(self) -> str:
        return f"{self.alias} {self.key}"


class Tombstone(models.Model):
    """What stays of one original: that it was, its fingerprint, and why and when it went."""

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="tombstones")
    item = models.ForeignKey(Item, models.PROTECT, related_name="tombstones")
    # As the original's row had them.
    reference = models.CharField(max_length=12, unique=True)
    upload = models.UUIDField(unique=True)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    key = models.CharField(max_length=200, unique=True)
    version_id = models.CharField(max_length=200)
    recorded_at = models.DateTimeField(null=True)
    docked_at = models.DateTimeField()
    sealed_at = models.DateTimeField()
    # What the footage was, and the rule that let go of it, as they read then.
    category = models.CharField(max_length=60, blank=True)
    ground = models.CharField(max_length=300)
    answers: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField(
        default=list
    )
    gone_at = models.DateTimeField()

    class Meta:
        ordering = ["-gone_at", "-id"]
        indexes = [models.Index(fields=["-gone_at", "-id"], name="tombstone_newest")]

    def __str__(self) -> str:
        return f"{self.reference}, disposed of"

    def subject(self) -> Subject:
        """The bytes that were, as the custody log names them."""
        return Subject(self.reference, self.sha256, self.size)
