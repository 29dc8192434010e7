"""What somebody outside does with a share: proves themselves, watches, takes away, writes."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from evidence.sharing.models.package import SharedPackage
from evidence.sharing.models.share import Item, Share


class Code(models.Model):
    """A one-time code: single use, ten minutes, bound to one share and one browser."""

    share = models.ForeignKey(Share, models.CASCADE, related_name="codes")
    browser = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    expires = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["share", "created"], name="share_code_newest")]


class Proof(models.Model):
    """A browser in which somebody proved that they are the person a share is for.

    It opens the share for a while; that it once did is remembered, so that they read whom to
    ask when the share has ended. `browser` is a hash of a cookie's secret.
    """

    share = models.ForeignKey(Share, models.CASCADE, related_name="proofs")
    browser = models.CharField(max_length=64)
    proved_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["share", "browser"], name="share_proof_browser")
        ]


class Viewing(models.Model):
    """One sitting with one thing: playing it, or taking one file of it away.

    Ranges, seeking and resuming belong to the sitting, for which there is one event.
    """

    class Kind(models.TextChoices):
        PLAY = "play", "Played"
        FILE = "file", "Downloaded"
        PACKAGE = "package", "Downloaded as a package"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    share = models.ForeignKey(Share, models.CASCADE, related_name="viewings")
    item = models.ForeignKey(Item, models.CASCADE, null=True, related_name="viewings")
    browser = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    package = models.ForeignKey(
        SharedPackage, models.PROTECT, null=True, blank=True, related_name="viewings"
    )
    # Which file of the thing, from 0.
    file = models.PositiveSmallIntegerField(default=0)
    began = models.DateTimeField(auto_now_add=True)
    last = models.DateTimeField()
    # The bytes that left, each counted as often as it left.
    sent = models.BigIntegerField(default=0)
    # The last byte of a file has left: what was taken away is whole.
    whole_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["share", "-began"], name="share_viewing_newest")]


class Message(models.Model):
    """A line between the person outside and whoever answers for the share."""

    class Kind(models.TextChoices):
        WORDS = "words", "Message"
        MORE = "more", "Asks for more time"

    share = models.ForeignKey(Share, models.CASCADE, related_name="messages")
    item = models.ForeignKey(Item, models.CASCADE, null=True, blank=True, related_name="messages")
    at_ms = models.BigIntegerField(null=True, blank=True)
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.WORDS)
    text = models.CharField(max_length=2000, blank=True)
    # Of the force; empty: of the person outside.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created", "id"]
        indexes = [
            models.Index(
                fields=["share"], name="share_message_unread", condition=Q(read_at=None, by=None)
            )
        ]


class Notice(models.Model):
    """A warning that was sent, once: before what end of a share, and which."""

    class Kind(models.TextChoices):
        FORTNIGHT = "14", "14 days before"
        THREE = "3", "3 days before"
        ONE = "1", "1 day before"
        COURT = "court", "A day in court lies behind its end"

    share = models.ForeignKey(Share, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    until = models.DateTimeField()
    court_date = models.DateField(null=True, blank=True)
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["share", "kind", "until", "court_date"], name="share_noticed_once",
                nulls_distinct=False,
            )
        ]  # fmt: skip
