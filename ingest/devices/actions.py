"""What is done with docks and cameras."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from evidence.custody.record import Actor, Draft, Subject, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from ingest.devices.models import Camera, Dock, EnrolmentCode, Issue

CODE_LIFE = timedelta(minutes=15)
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CONSOLE = Actor("service", "svc-console", name="The console")


class DeviceError(ValueError):
    """A camera, dock or issue can't be as asked. Its sentence is for a person."""


def _digest(secret: str) -> str:
    """Tokens and codes are random enough for a plain hash (ASVS 6.5.2: 112 bits and more
    for tokens; codes live 15 minutes, are single use and throttled)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_code(*, name: str, by: User | None = None) -> str:
    """A single-use enrolment code for the dock of that name, made where it is new.

    `by` is None on the console. Raises NotAllowed.
    """
    if by is not None and not by.may("device.change"):
        raise NotAllowed("Only a system administrator can enrol docks.")
    code = "-".join("".join(secrets.choice(CODE_ALPHABET) for _ in range(4)) for _ in range(4))
    actor = by.actor() if by else CONSOLE
    with transaction.atomic():
        dock, _ = Dock.objects.get_or_create(name=name)
        EnrolmentCode.objects.create(
            dock=dock, code_hash=_digest(code), expires=timezone.now() + CODE_LIFE
        )
        details = {"name": actor.name or (by.short if by else ""), "dock": dock.name}
        record(Draft("dock.coded", dock.subject(), actor, private=details))
    return code


def enrol(*, code: str, address: str) -> tuple[Dock, str]:
    """Turn a code into a dock and its token, which is told only now.

    An earlier token of the dock ends. Raises DeviceError for a code that is unknown,
    used or older than 15 minutes.
    """
    with transaction.atomic():
        now = timezone.now()
        claimed = EnrolmentCode.objects.filter(
            code_hash=_digest(code.strip().upper()), used_at=None, expires__gt=now
        ).update(used_at=now)
        if claimed != 1:
            raise DeviceError(
                "This code is unknown, used or older than 15 minutes. Make a new one."
            )
        row = EnrolmentCode.objects.select_related("dock").get(
            code_hash=_digest(code.strip().upper())
        )
        dock, token = row.dock, secrets.token_urlsafe(32)
        dock.token_hash, dock.enrolled_at, dock.revoked_at = _digest(token), now, None
        dock.save(update_fields=["token_hash", "enrolled_at", "revoked_at"])
        details = {"dock": dock.name, "address": address}
        record(Draft("dock.enrolled", dock.subject(), dock.actor(address), private=details))
    return dock, token


def dock_of(token: str) -> Dock | None:
    """The dock that this token belongs to, also a revoked one."""
    return Dock.objects.filter(token_hash=_digest(token)).first()


def revoke(*, dock: Dock, by: User, reason: str) -> None:
    """End a dock's token at its next request. Raises NotAllowed."""
    if not by.may("device.change"):
        raise NotAllowed("Only a system administrator can revoke docks.")
    with transaction.atomic():
        dock.revoked_at = timezone.now()
        dock.save(update_fields=["revoked_at"])
        details = {"name": by.short, "dock": dock.name, "reason": reason}
        record(Draft("dock.revoked", dock.subject(), by.actor(), private=details))


def heartbeat(*, dock: Dock, bays: list[Any], agent: str, dock_clock: datetime | None) -> datetime:
    """Keep what the dock's screen shows and the dock's clock error; the server's time."""
    now = timezone.now()
    dock.last_seen, dock.bays, dock.agent = now, bays, agent[:60]
    if dock_clock is not None:
        dock.clock_offset = now - dock_clock
    dock.save(update_fields=["last_seen", "bays", "agent", "clock_offset"])
    return now


def camera_of(serial: str) -> Camera:
    """The camera of that serial number; one that nobody listed is taken and marked so."""
    camera, _ = Camera.objects.get_or_create(
        serial=serial, defaults={"listed": False, "note": "Turned up in a dock"}
    )
    return camera


def list_camera(*, serial: str, model: str = "") -> Camera:
    """Put a camera on the force's list, or complete what is there."""
    camera, _ = Camera.objects.get_or_create(serial=serial, defaults={"model": model})
    wanted = model or camera.model
    if not camera.listed or camera.model != wanted:
        camera.listed, camera.model = True, wanted
        camera.save(update_fields=["listed", "model"])
    return camera


def issue(*, camera: Camera, officer: User, start: datetime, end: datetime | None) -> Issue:
    """Write down that the officer had the camera; the same again changes nothing.

    Raises DeviceError when somebody else had it in that time or the end is before the start.
    """
    if end is not None and end <= start:
        raise DeviceError(f"The end must be after the start, {start:%d %b %Y %H:%M}.")
    period = TimestamptzRange(start, end)
    same = Issue.objects.filter(camera=camera, officer=officer, period=period).first()
    if same:
        return same
    try:
        with transaction.atomic():
            made = Issue.objects.create(camera=camera, officer=officer, period=period)
            # Who has a camera decides who sees its footage: an event on the console too.
            details = {"name": CONSOLE.name, "what": str(made), "after": {"period": str(period)}}
            record(
                Draft(
                    "device.changed",
                    Subject(f"issue-{made.pk}"),
                    CONSOLE,
                    data={"fields": ["camera", "officer", "period"]},
                    private=details,
                )
            )
            return made
    except IntegrityError as error:
        raise DeviceError(
            f"Camera {camera} is with somebody in that time already. End that issue first."
        ) from error
