"""The mail of the day, once a person and day."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class DailyMail(models.Model):
    """Somebody was written to, or is to be, about what is left on one day. Once a day."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    day = models.DateField()
    sent_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "day"], name="one_mail_a_day")]

    def __str__(self) -> str:
        return f"{self.person} on {self.day}"
