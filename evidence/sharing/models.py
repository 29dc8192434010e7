"""Shares: a permission for one named outside person to see named things until a date."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from evidence.custody.record import Actor, Subject
from evidence.recordings.models import ALPHABET, Recording

MAX_DAYS = 90
WRONG_CODES = 5


def make_reference() -> str:
    """S-4F7H-2KQX: random and sayable. It opens nothing."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"S-{letters[:4]}-{letters[4:]}"


class Share(models.Model):
    """One person's way to named recordings. The link's secret is kept only as a hash."""

    reference = models.CharField(max_length=12, unique=True, default=make_reference, editable=False)
    recipient = models.CharField("for", max_length=120, help_text="One named person")
    organisation = models.CharField(max_length=120)
    email = models.EmailField("e-mail")
    purpose = models.CharField(max_length=200, help_text="Why they may see it, and on what basis")
    recordings = models.ManyToManyField(Recording, related_name="shares")
    until = models.DateTimeField()
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    wrong_codes = models.PositiveSmallIntegerField(default=0, editable=False)
    locked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_seen = models.DateTimeField(null=True, blank=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["until"]

    def __str__(self) -> str:
        return f"{self.reference} for {self.recipient}"

    def state(self, now: datetime | None = None) -> str:
        """live, ended, revoked or locked."""
        if self.revoked_at:
            return "revoked"
        if self.locked_at:
            return "locked"
        return "live" if self.until > (now or timezone.now()) else "ended"

    def actor(self, address: str = "") -> Actor:
        """The person outside, as the custody log writes them."""
        return Actor("share", self.reference, auth="code", name=self.recipient, address=address)

    def subject(self) -> Subject:
        """This share as the custody log names it."""
        return Subject(self.reference)


class Code(models.Model):
    """A one-time code: single use, ten minutes, bound to one share and one browser."""

    share = models.ForeignKey(Share, models.CASCADE, related_name="codes")
    browser = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    expires = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
