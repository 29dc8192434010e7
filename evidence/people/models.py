"""People and the units they belong to."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.crypto import salted_hmac

from evidence.custody.record import Actor
from evidence.people import table


def make_ref() -> str:
    """A pseudonym that says nothing of the person."""
    return "u-" + secrets.token_hex(6)


class Unit(models.Model):
    """A force, command, borough or team. `path` is the ids from the top down, '/1/4/'."""

    name = models.CharField(max_length=100, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True)
    path = models.CharField(max_length=200, editable=False, db_index=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds people by their user name, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        """The person who signs in with this name."""
        return self.get(username__iexact=username)

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """Make a person; without a password they can't sign in."""
        user = User(username=username.lower(), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save()
        return user


class User(AbstractBaseUser):
    """Somebody who signs in. Never deleted: the log's pseudonyms lead here."""

    class Status(models.TextChoices):
        WORKING = "working", "Working"
        SUSPENDED = "suspended", "Suspended"
        LEFT = "left", "Left the force"

    username = models.CharField(max_length=60, unique=True)
    ref = models.CharField(max_length=20, unique=True, default=make_ref, editable=False)
    name = models.CharField("full name", max_length=120)
    rank = models.CharField(max_length=40, blank=True)
    collar = models.CharField("collar number", max_length=20, unique=True, null=True, blank=True)
    email = models.EmailField(blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True)
    supervisor = models.ForeignKey("self", models.PROTECT, null=True, blank=True)
    roles = ArrayField(
        models.CharField(max_length=40, choices=list(table.ROLES.items())), default=list, blank=True
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WORKING)
    daily_mail = models.BooleanField(
        "one mail a day", default=True, help_text="What is left to do, never with evidence in it"
    )
    # What the force's identity provider calls this person: its `sub`, written down by an
    # administrator. An e-mail address alone never joins two accounts.
    sso_subject = models.CharField(
        "identity at the force's provider", max_length=255, unique=True, null=True, blank=True
    )
    # Who last changed where this person's links go, and when: for a day, another acts on it.
    address_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    address_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Counted up, every session of this person ends.
    sessions_ended = models.PositiveIntegerField(default=0, editable=False)
    joined = models.DateTimeField(auto_now_add=True)
    # How this person proved who they are in the request at hand; set by the middleware.
    proved_by = ""

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    class Meta:
        ordering = ["collar", "name"]
        verbose_name = "person"
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.short

    @property
    def short(self) -> str:
        """PC 4127 Shah: how the field names a person."""
        last = self.name.rsplit(" ", 1)[-1]
        return " ".join(part for part in (self.rank, self.collar or "", last) if part)

    def clean(self) -> None:
        """Refuse pairs of roles that one person may not have."""
        super().clean()
        for one, other, why in table.EXCLUDED_PAIRS:
            if one in self.roles and other in self.roles:
                names = f"{table.ROLES[one]} and {table.ROLES[other]}"
                raise ValidationError({"roles": f"One person can't be {names}: {why}."})

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Whether this person may sign in and do anything (Django's name for it)."""
        return self.status == self.Status.WORKING

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must agree with: it ends with the password, the roles or the status
        that it began with (ASVS 5.0 7.4.2)."""
        said = [self.password, *sorted(self.roles), self.status, str(self.sessions_ended)]
        said.append(str(self.unit_id))
        key_salt = "evidence.people.models.User.session"
        return salted_hmac(key_salt, "\0".join(said), secret=secret, algorithm="sha256").hexdigest()

    # --- what they may do ---
    def scope(self, permission: str) -> table.Scope:
        """How far a permission reaches for this person; NONE for somebody suspended."""
        return table.scope(self.roles, permission) if self.is_active else table.Scope.NONE

    def may(self, permission: str) -> bool:
        """Whether this person has the permission at all."""
        return self.scope(permission) > table.Scope.NONE

    @property
    def is_staff(self) -> bool:
        """Whether the admin opens for this person (Django's name for it)."""
        return self.may("admin.open")

    is_superuser = False

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's question, answered by the one table."""
        from evidence.people.backend import TableBackend

        return TableBackend().has_perm(self, perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether the admin shows this app at all."""
        from evidence.people.backend import MODEL_PERMISSIONS

        return self.is_staff and any(
            self.may(view)
            for label, (view, _) in MODEL_PERMISSIONS.items()
            if label.startswith(app_label + ".")
        )

    def actor(self, address: str = "") -> Actor:
        """This person as the custody log writes them, with the roles as they are now."""
        return Actor("user", self.ref, tuple(self.roles), self.proved_by, self.short, address)


class Supervision(models.Model):
    """Who supervised whom, from when to when: an account says only how it is now.

    Whoever supervised somebody named in a complaint, or was supervised by them, in the time that
    it is about or since, neither handles nor sees it.
    """

    person = models.ForeignKey(User, models.PROTECT, related_name="supervisions")
    supervisor = models.ForeignKey(User, models.PROTECT, related_name="supervised")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-since", "-id"]
        indexes = [
            models.Index(fields=["person", "until"], name="supervision_of_person"),
            models.Index(fields=["supervisor", "until"], name="supervision_by_person"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(until=None), name="one_supervisor_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} under {self.supervisor}"
