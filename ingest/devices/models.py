"""Cameras, docks, and who had which camera when."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from evidence.custody.record import Actor, Subject
from evidence.people.models import User


def make_ref() -> str:
    """A pseudonym for the custody log."""
    return "d-" + secrets.token_hex(6)


class Made(models.TextChoices):
    """What a camera or dock is: one that can be touched, or one that stands for a request."""

    DEVICE = "device", "A device"
    REQUEST = "request", "Stands for uploads by request"


class Camera(models.Model):
    """A device that records."""

    kind = models.CharField(max_length=8, choices=Made.choices, default=Made.DEVICE, editable=False)
    serial = models.CharField("serial number", max_length=64, unique=True)
    model = models.CharField(max_length=60, blank=True)
    listed = models.BooleanField(
        default=True, help_text="Off: it turned up in a dock without being on the force's list"
    )
    note = models.CharField(max_length=200, blank=True)
    # When and in which dock a bay last held it, by the docks' heartbeats.
    docked_at = models.DateTimeField(null=True, blank=True, editable=False)
    docked_in = models.ForeignKey(
        "Dock", models.PROTECT, null=True, blank=True, related_name="cameras", editable=False
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["serial"]

    def __str__(self) -> str:
        return self.serial


class Dock(models.Model):
    """The station that cameras are put in. Its token is kept only as a hash."""

    class ScreenSize(models.IntegerChoices):
        """Height of a letter, in pixels: 7.5 mm on the screen that hangs there."""

        LARGE = 40, "24 inches and more"
        SMALL = 60, "15 inches"

    kind = models.CharField(max_length=8, choices=Made.choices, default=Made.DEVICE, editable=False)
    name = models.CharField(max_length=60, unique=True)
    ref = models.CharField(max_length=20, unique=True, default=make_ref, editable=False)
    site = models.CharField(max_length=100, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    enrolled_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_seen = models.DateTimeField(null=True, blank=True, editable=False)
    # Measured with each heartbeat: add to the dock's time to get the server's.
    clock_offset = models.DurationField(null=True, blank=True, editable=False)
    agent = models.CharField(max_length=60, blank=True, editable=False)
    bays = models.JSONField(default=list, blank=True, editable=False)
    # The account that its screen is signed in with: nothing but this dock's own screen.
    screen = models.OneToOneField(
        User, models.PROTECT, null=True, blank=True, related_name="dock", editable=False
    )
    screen_size = models.PositiveSmallIntegerField(
        choices=ScreenSize.choices, default=ScreenSize.LARGE
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def actor(self, address: str = "") -> Actor:
        """This dock as the custody log writes it."""
        return Actor("dock", self.ref, auth="token", name=self.name, address=address)

    def subject(self) -> Subject:
        """This dock as the custody log names it."""
        return Subject(self.ref)


class EnrolmentCode(models.Model):
    """A single-use code that turns into a dock's token, or signs its screen in."""

    dock = models.ForeignKey(Dock, models.CASCADE)
    for_screen = models.BooleanField(default=False)
    code_hash = models.CharField(max_length=64, unique=True)
    expires = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class Issue(models.Model):
    """Who had which camera from when to when. A camera is with one officer at a time."""

    camera = models.ForeignKey(Camera, models.PROTECT, related_name="issues")
    officer = models.ForeignKey(User, models.PROTECT, related_name="issues")
    period = DateTimeRangeField(help_text="From (included) to (not included); no end: still out")

    class Meta:
        ordering = ["-period"]
        constraints = [
            ExclusionConstraint(
                name="camera_with_one_officer_at_a_time",
                expressions=[
                    ("camera", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Somebody else has this camera in that time.",
            ),
            models.CheckConstraint(name="issue_is_not_empty", condition=Q(period__isempty=False)),
        ]

    def __str__(self) -> str:
        return f"{self.camera} to {self.officer}"


def latest_issues(serials: Iterable[str], moment: datetime) -> dict[str, Issue]:
    """Each camera's newest issue that had begun by then, ended or not. One query."""
    begun = Issue.objects.filter(
        camera__serial__in=list(serials), period__startswith__lte=moment
    ).select_related("camera", "officer")
    newest = begun.order_by("camera_id", "-period").distinct("camera_id")
    return {issue.camera.serial: issue for issue in newest}


def who_had(serial: str, moment: datetime) -> User | None:
    """The officer with whom the camera was at that moment."""
    found = (
        Issue.objects.filter(camera__serial=serial, period__contains=moment)
        .select_related("officer")
        .first()
    )
    return found.officer if found else None
