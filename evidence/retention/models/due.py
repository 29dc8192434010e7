"""What nothing keeps any more, as the sweep found it: a list that a page can read at once."""

from __future__ import annotations

from django.db import models

from evidence.recordings.models import Recording, Rule


class Due(models.Model):
    """One recording that may go, or may within days. A finding, not the truth: whoever proposes,
    releases or destroys it decides again."""

    recording = models.OneToOneField(Recording, models.CASCADE, related_name="due")
    rule = models.ForeignKey(Rule, models.CASCADE, related_name="+")
    # Whether the rule alone may release it; else two people do.
    by_rule = models.BooleanField()
    # When the last of what kept it ends, and what that was.
    until = models.DateTimeField()
    ground = models.CharField(max_length=300)
    size = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["until", "id"]
        indexes = [
            models.Index(fields=["rule", "by_rule", "until", "id"], name="due_of_rule"),
            models.Index(fields=["until", "id"], name="due_by_rule", condition=models.Q(
                by_rule=True)),
            models.Index(fields=["seen_at"], name="due_seen"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.recording} from {self.until}"


class Round(models.Model):
    """How far the sweep is through what might be due; one row. It starts over when it is through:
    what was kept may have been let go of."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    began_at = models.DateTimeField(null=True)
    # The recording that was looked at last.
    at = models.DateTimeField(null=True)
    last = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"From {self.began_at}"
