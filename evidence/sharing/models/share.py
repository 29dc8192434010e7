"""Shares: a permission for one named outside person to see named things until a date."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from evidence.cases.models import Case
from evidence.custody.record import Actor, Subject
from evidence.exhibits.models import Exhibit
from evidence.recordings.models import ALPHABET, Marker, Recording
from evidence.sharing.models.directory import Basis, Contact

USER = settings.AUTH_USER_MODEL


def make_reference() -> str:
    """S-4F7H-2KQX: random and sayable. It opens nothing."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"S-{letters[:4]}-{letters[4:]}"


class Share(models.Model):
    """One person's way to named things. The link's secret is kept only as a hash."""

    class How(models.TextChoices):
        """How somebody proves that they are the person."""

        CODE = "code", "A one-time code by e-mail"
        PASSPHRASE = "passphrase", "A passphrase that you tell them yourself"

    reference = models.CharField(max_length=12, unique=True, default=make_reference, editable=False)
    # --- for whom ---
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="shares"
    )
    recipient = models.CharField("for", max_length=120, help_text="One named person")
    organisation = models.CharField(max_length=120)
    email = models.EmailField("e-mail")
    # --- why ---
    case = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="shares")
    purpose = models.CharField(max_length=200)
    basis = models.ForeignKey(Basis, models.PROTECT, null=True, related_name="+")
    words = models.CharField(
        "what the case is", max_length=1000, blank=True, help_text="They read this first"
    )
    # --- how ---
    downloads = models.BooleanField("view and download", default=False)
    watermark = models.BooleanField("their name over the picture", default=False)
    how = models.CharField(max_length=10, choices=How.choices, default=How.CODE)
    passphrase = models.CharField(max_length=200, blank=True, editable=False)
    # --- how long ---
    starts = models.DateTimeField("from", default=timezone.now)
    until = models.DateTimeField()
    # When this end was set, where it is not the first: it is warned of from then on.
    until_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    # --- the link ---
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    wrong_codes = models.PositiveSmallIntegerField(default=0, editable=False)
    locked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # --- a second person, where something restricted is in it ---
    needs_approval = models.BooleanField(default=False, editable=False)
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    approved_by = models.ForeignKey(
        USER, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    refused_at = models.DateTimeField(null=True, blank=True, editable=False)
    decision_reason = models.CharField(max_length=300, blank=True, editable=False)
    # --- its end ---
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_by = models.ForeignKey(
        USER, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    revoke_reason = models.CharField(max_length=300, blank=True, editable=False)
    # --- what became of it ---
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_seen = models.DateTimeField(null=True, blank=True, editable=False)
    more_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    again_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="again", editable=False
    )
    made_by = models.ForeignKey(USER, models.PROTECT, related_name="+", editable=False)
    # Who answers for it now: the maker, until somebody takes it over.
    owner = models.ForeignKey(USER, models.PROTECT, related_name="shares_owned", editable=False)
    created = models.DateTimeField(auto_now_add=True)
    # The form that asked for it: sent twice, it makes one share.
    asked = models.UUIDField(unique=True, null=True, editable=False)

    class Meta:
        ordering = ["until"]
        constraints = [
            models.CheckConstraint(name="share_has_length", condition=Q(until__gt=F("starts"))),
        ]
        indexes = [
            # The table of live shares, soonest end first.
            models.Index(
                fields=["until", "id"], name="share_live",
                condition=Q(revoked_at=None, refused_at=None),
            ),
            models.Index(fields=["owner", "until"], name="share_of_owner"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.reference} for {self.recipient}"

    def get_absolute_url(self) -> str:
        """Its page for those who made it."""
        return reverse("share-made", args=[self.reference])

    def state(self, now: datetime | None = None) -> str:
        """revoked, refused, waiting, locked, ended, coming or live."""
        now = now or timezone.now()
        if self.revoked_at:
            return "revoked"
        if self.refused_at:
            return "refused"
        if self.until <= now:
            return "ended"
        if self.needs_approval and self.approved_at is None:
            return "waiting"
        if self.locked_at:
            return "locked"
        return "live" if self.starts <= now else "coming"

    def actor(self, address: str = "") -> Actor:
        """The person outside, as the custody log writes them."""
        return Actor("share", self.reference, auth=self.how, name=self.recipient, address=address)

    def subject(self) -> Subject:
        """This share as the custody log names it."""
        return Subject(self.reference)


class Item(models.Model):
    """One thing of a share: a recording's originals, an exhibit, or a paper as it was then."""

    share = models.ForeignKey(Share, models.CASCADE, related_name="items")
    number = models.PositiveSmallIntegerField()
    # Of an exhibit too, so that one question finds every share of a recording's footage.
    recording = models.ForeignKey(
        Recording, models.PROTECT, null=True, blank=True, related_name="share_items"
    )
    exhibit = models.ForeignKey(
        Exhibit, models.PROTECT, null=True, blank=True, related_name="share_items"
    )
    # What whoever made the share calls it, for somebody who does not know the case.
    title = models.CharField(max_length=120, blank=True)
    markers = models.ManyToManyField(Marker, related_name="+")
    # The restriction that the second person agreed to; another one since closes the item.
    restriction = models.CharField(max_length=30, blank=True)
    # --- a paper: its bytes are kept as they were made ---
    paper = models.CharField(max_length=10, blank=True)
    key = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0)
    # --- narrowed ---
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(USER, models.PROTECT, null=True, blank=True, related_name="+")
    remove_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["share", "number"], name="share_item_number"),
            models.CheckConstraint(
                name="share_item_is_something",
                condition=(Q(paper="") & Q(recording__isnull=False))
                | (~Q(paper="") & Q(recording=None, exhibit=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.share_id}"

    def subjects(self) -> list[Subject]:
        """What the custody log names for it: the exhibit, and the recording that it is of."""
        found = [] if self.exhibit is None else [self.exhibit.subject()]
        return found + ([] if self.recording is None else [self.recording.subject()])
