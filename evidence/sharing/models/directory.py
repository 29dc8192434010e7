"""Whom a force shares with: people outside, the domains their mail may go to, and legal bases."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models


class Domain(models.Model):
    """A mail domain that evidence may be shared with. What is not listed is not shared with."""

    name = models.CharField(
        max_length=120, unique=True,
        validators=[
            RegexValidator(
                r"^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+$",
                "Enter a domain like cps.gov.uk, in small letters",
            )
        ],
    )  # fmt: skip
    organisation = models.CharField(max_length=120)
    below = models.BooleanField(
        "with those below it", default=False, help_text="j.marlow@london.cps.gov.uk too"
    )
    active = models.BooleanField(
        "may be shared with", default=True,
        help_text="Taken away, nothing new goes there; revoke what still stands",
    )  # fmt: skip

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def covers(self, email: str) -> bool:
        """Whether an address is of this domain."""
        where = email.rpartition("@")[2].lower().rstrip(".")
        return self.active and (
            where == self.name or (self.below and where.endswith(f".{self.name}"))
        )


class Contact(models.Model):
    """Somebody outside, as they stand in the address book."""

    name = models.CharField(max_length=120)
    organisation = models.CharField(max_length=120)
    email = models.EmailField("e-mail", unique=True)
    phone = models.CharField(max_length=40, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    added_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name}, {self.organisation}"


class Basis(models.Model):
    """A legal basis on which evidence may be shared; a force's lawyer keeps the list."""

    code = models.SlugField(max_length=30, unique=True)
    words = models.CharField(max_length=160)
    source = models.CharField(max_length=160)
    position = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "code"]
        verbose_name_plural = "legal bases"

    def __str__(self) -> str:
        return self.words
