"""How long footage is kept by what it is: data, in versions, each with the law behind it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from evidence.recordings.models.lists import Category


class Group(models.Model):
    """A group of the Management of Police Information. Data (fixtures/rules.json)."""

    code = models.CharField(max_length=10, unique=True)
    words = models.CharField(max_length=200)
    # Without years: until the person whom it is about is a hundred years old.
    years = models.PositiveSmallIntegerField(null=True, blank=True)
    review_years = models.PositiveSmallIntegerField(null=True, blank=True)
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ["code"]
        verbose_name = "MoPI group"

    def __str__(self) -> str:
        return f"MoPI group {self.code}"


class Rule(models.Model):
    """One version of how long a category keeps footage, and who lets go of it.

    A version that is in force is for what is sealed from then on. What was held already stays
    under the version before, until `held_from` says that somebody agreed to that too.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waits for a second person"
        IN_FORCE = "in_force", "In force"
        REFUSED = "refused", "Refused"

    class Release(models.TextChoices):
        RULE = "rule", "By this rule"
        PEOPLE = "people", "By two people"

    # Without a category: footage of which nobody has said what it is.
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="rules"
    )
    version = models.PositiveIntegerField()
    # How long: days, or a group. `by_case`: what its cases say comes first; without a case, this.
    days = models.PositiveIntegerField(null=True, blank=True)
    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="+")
    by_case = models.BooleanField(default=False)
    release = models.CharField(max_length=8, choices=Release.choices, default=Release.PEOPLE)
    source = models.CharField("the law or policy behind it", max_length=200)
    reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=300, blank=True)
    in_force_at = models.DateTimeField(null=True, blank=True)
    # For what was held before: who wants it, who agreed, what was shown to them, since when.
    held_proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    held_proposed_at = models.DateTimeField(null=True, blank=True)
    held_reason = models.CharField(max_length=300, blank=True)
    held_shown: models.JSONField[dict[str, object], dict[str, object]] = models.JSONField(
        default=dict, blank=True
    )
    held_decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    held_from = models.DateTimeField(null=True, blank=True)
    # Up to which recording the rows say so too, and when all did: a worker that dies goes on.
    held_reached = models.BigIntegerField(default=0, editable=False)
    held_done_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["category__position", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["category", "version"], name="rule_version_once"),
            models.UniqueConstraint(
                fields=["version"], name="rule_of_none_once", condition=Q(category=None)
            ),
            models.CheckConstraint(
                name="rule_has_one_length",
                condition=Q(days__isnull=False, group=None) | Q(days=None, group__isnull=False),
            ),
            models.CheckConstraint(
                name="rule_decided_by_another",
                condition=Q(decided_by=None) | Q(proposed_by=None)
                | ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="rule_for_held_decided_by_another",
                condition=Q(held_decided_by=None) | ~Q(held_decided_by=F("held_proposed_by")),
            ),
            models.UniqueConstraint(
                fields=["category"], name="rule_proposed_once", condition=Q(state="proposed")
            ),
            models.UniqueConstraint(
                fields=["state"], name="rule_of_none_proposed_once",
                condition=Q(state="proposed", category=None),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        what = self.category.name if self.category else "Without a category"
        return f"{what}, version {self.version}"
