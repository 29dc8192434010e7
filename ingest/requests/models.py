"""Requests: one named person outside is asked to send files until a date."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from evidence.cases.models import Case
from evidence.custody.record import Actor, Subject
from evidence.recordings.models import ALPHABET
from ingest.devices.models import Camera
from ingest.uploads.models import Upload

MAX_DAYS = 30
# So many times its number of files may be named by one link: each writes a row, and each that is
# left out an event that is never deleted.
CHOSEN_TIMES = 10


def make_reference() -> str:
    """Q-4F7H-2KQX: random and sayable. It opens nothing."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"Q-{letters[:4]}-{letters[4:]}"


class UploadRequest(models.Model):
    """One person's way to send files, once. The link's secret is kept only as a hash."""

    class State(models.TextChoices):
        """Worked out from what happened, never stored beside it."""

        OPEN = "open", "Open"
        USED = "used", "Sent"
        ENDED = "ended", "Ended"
        REVOKED = "revoked", "Revoked"
        LOCKED = "locked", "Locked"

    reference = models.CharField(max_length=12, unique=True, default=make_reference, editable=False)
    requester = models.CharField("who is asked", max_length=120)
    organisation = models.CharField(max_length=120, blank=True)
    email = models.EmailField("e-mail")
    purpose = models.CharField(max_length=500)
    case = models.ForeignKey(
        Case, models.PROTECT, null=True, blank=True, related_name="upload_requests"
    )
    until = models.DateTimeField()
    most_bytes = models.BigIntegerField()
    most_files = models.PositiveIntegerField()
    # What stands for a camera in the ingest: its serial number is the reference.
    camera = models.OneToOneField(Camera, models.PROTECT, related_name="request")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    # The one browser that has proved itself: the SHA-256 of its cookie for this request.
    browser_hash = models.CharField(max_length=64, blank=True, editable=False)
    wrong_codes = models.PositiveSmallIntegerField(default=0, editable=False)
    # Files that were named and not there yet, also those that were left out since.
    chosen = models.PositiveIntegerField(default=0, editable=False)
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_seen = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    locked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["made_by", "-id"], name="request_of_maker"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} to {self.requester}"

    def get_absolute_url(self) -> str:
        """Its page for staff."""
        return reverse("request", args=[self.reference])

    def state(self, now: datetime | None = None) -> str:
        """One of State. A link that was revoked stays so, whatever came later."""
        if self.revoked_at:
            return self.State.REVOKED
        if self.finished_at:
            return self.State.USED
        if self.locked_at:
            return self.State.LOCKED
        return self.State.OPEN if self.until > (now or timezone.now()) else self.State.ENDED

    def files(self) -> QuerySet[Upload]:
        """What was sent or is on its way, oldest first; not what was left out."""
        rows = Upload.objects.filter(camera=self.camera_id).exclude(state=Upload.State.ABANDONED)
        return rows.defer("part_hashes").order_by("id")

    def actor(self, address: str = "") -> Actor:
        """The person outside, as the custody log writes them."""
        return Actor("request", self.reference, auth="code", name=self.requester, address=address)

    def subject(self) -> Subject:
        """This request as the custody log names it."""
        return Subject(self.reference)


def open_now() -> Q:
    """Requests that take files, as a condition."""
    return Q(revoked_at=None, finished_at=None, locked_at=None, until__gt=timezone.now())


class RequestCode(models.Model):
    """A one-time code: single use, ten minutes, bound to one request and one browser."""

    request = models.ForeignKey(UploadRequest, models.CASCADE, related_name="codes")
    browser = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    expires = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
