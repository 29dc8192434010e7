"""What is done with docks and cameras."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from psycopg.types.range import TimestamptzRange

from evidence.custody.record import Actor, Draft, Subject, record
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.people.table import DOCK
from ingest.devices.models import Camera, Dock, EnrolmentCode, Issue, Made
from ingest.devices.speed import measured

CODE_LIFE = timedelta(minutes=15)
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
NOTE_EVERY = timedelta(minutes=10)
CONSOLE = Actor("service", "svc-console", name="The console")


class DeviceError(ValueError):
    """A camera, dock or issue can't be as asked. Its sentence is for a person."""


def _digest(secret: str) -> str:
    """Tokens and codes are random enough for a plain hash (ASVS 6.5.2: 112 bits and more
    for tokens; codes live 15 minutes, are single use and throttled)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _new_code(dock: Dock, *, by: User | None, reason: str, for_screen: bool) -> str:
    code = "-".join("".join(secrets.choice(CODE_ALPHABET) for _ in range(4)) for _ in range(4))
    actor = by.actor() if by else CONSOLE
    EnrolmentCode.objects.create(
        dock=dock,
        code_hash=_digest(code),
        expires=timezone.now() + CODE_LIFE,
        for_screen=for_screen,
    )
    details = {"name": actor.name or (by.short if by else ""), "dock": dock.name}
    if reason:
        details["reason"] = reason
    data = {"screen": for_screen}
    record(Draft("dock.coded", dock.subject(), actor, data=data, private=details))
    return code


def make_code(*, name: str, by: User | None = None, reason: str = "") -> str:
    """A single-use enrolment code for the dock of that name, made where it is new.

    `by` is None on the console. Raises NotAllowed, and DeviceError for what is no dock.
    """
    if by is not None and not by.may("device.change"):
        raise NotAllowed("Only a system administrator can enrol docks.")
    with transaction.atomic():
        dock, _ = Dock.objects.get_or_create(name=name)
        if dock.kind != Made.DEVICE:
            raise DeviceError(f"{name} stands for uploads by request. Choose another name.")
        return _new_code(dock, by=by, reason=reason, for_screen=False)


def make_screen_code(*, dock: Dock, by: User | None = None, reason: str = "") -> str:
    """A single-use code that signs this dock's screen in; a screen signed in before is signed out.

    `by` is None on the console. Raises NotAllowed, DeviceError for a revoked dock.
    """
    if by is not None and not by.may("device.change"):
        raise NotAllowed("Only a system administrator can make screen codes.")
    with transaction.atomic():
        row = Dock.objects.select_for_update(of=("self",)).get(pk=dock.pk)
        if row.revoked_at is not None:
            raise DeviceError(f"{row.name} was revoked. Enrol it first, then make a screen code.")
        if row.screen is None:
            row.screen = _screen_account(row)
            row.save(update_fields=["screen"])
        _end_screen(row)
        return _new_code(row, by=by, reason=reason, for_screen=True)


def _screen_account(dock: Dock) -> User:
    """The account of a dock's screen: the one role, no password that anybody could know."""
    stem = f"dock-{slugify(dock.name)[:40] or dock.ref}"
    taken = User.objects.filter(username=stem).exists()
    username = f"{stem}-{dock.pk}" if taken else stem
    return User.objects.create_user(
        username, name=f"Screen of {dock.name}", roles=[DOCK], daily_mail=False
    )


def _end_screen(dock: Dock) -> None:
    """Sign the dock's screen out and end its unused codes.

    A session is bound to the account's password entry: a new unusable one ends every session.
    """
    EnrolmentCode.objects.filter(dock=dock, for_screen=True, used_at=None).update(
        used_at=timezone.now()
    )
    if dock.screen is not None:
        dock.screen.set_unusable_password()
        dock.screen.save(update_fields=["password"])


def _claim(code: str, *, for_screen: bool) -> Dock:
    """The dock of a code, which is used up by this: one of two racers gets it."""
    now = timezone.now()
    known = EnrolmentCode.objects.filter(
        code_hash=_digest(code.strip().upper()), for_screen=for_screen
    )
    if known.filter(used_at=None, expires__gt=now).update(used_at=now) != 1:
        raise DeviceError("This code is unknown, used or older than 15 minutes. Make a new one.")
    return known.select_related("dock__screen").get().dock


def open_screen(*, code: str, address: str) -> tuple[Dock, User]:
    """Turn a screen code into the account to sign the screen in with.

    Raises DeviceError for a code that is unknown, used or old, and for a revoked dock.
    """
    with transaction.atomic():
        dock = _claim(code, for_screen=True)
        screen = dock.screen
        if screen is None or dock.revoked_at is not None or not screen.is_active:
            raise DeviceError("This dock's screen can't be signed in. Ask the administrator.")
        actor = replace(screen.actor(address), auth="code")
        details = {"name": screen.short, "address": address}
        record(Draft("person.signed_in", Subject(screen.ref), actor, private=details))
    return dock, screen


def enrol(*, code: str, address: str) -> tuple[Dock, str]:
    """Turn a code into a dock and its token, which is told only now.

    An earlier token of the dock ends. Raises DeviceError for a code that is unknown,
    used or older than 15 minutes.
    """
    with transaction.atomic():
        dock, token = _claim(code, for_screen=False), secrets.token_urlsafe(32)
        dock.token_hash, dock.enrolled_at = _digest(token), timezone.now()
        dock.revoked_at = None
        dock.save(update_fields=["token_hash", "enrolled_at", "revoked_at"])
        details = {"dock": dock.name, "address": address}
        record(Draft("dock.enrolled", dock.subject(), dock.actor(address), private=details))
    return dock, token


def dock_of(token: str) -> Dock | None:
    """The dock that this token belongs to, also a revoked one."""
    return Dock.objects.filter(token_hash=_digest(token)).first()


def revoke(*, dock: Dock, by: User, reason: str) -> None:
    """End a dock's token, and its screen's session, at the next request. Raises NotAllowed."""
    if not by.may("device.change"):
        raise NotAllowed("Only a system administrator can revoke docks.")
    with transaction.atomic():
        dock.revoked_at = timezone.now()
        dock.save(update_fields=["revoked_at"])
        _end_screen(dock)
        details = {"name": by.short, "dock": dock.name, "reason": reason}
        record(Draft("dock.revoked", dock.subject(), by.actor(), private=details))


def heartbeat(*, dock: Dock, bays: list[Any], agent: str, dock_clock: datetime | None) -> datetime:
    """Keep what the dock's screen shows and the dock's clock error; the server's time."""
    now = timezone.now()
    known = measured(dock.bays, bays, now)
    _note_docked(dock, known, now)
    dock.last_seen, dock.bays, dock.agent = now, known, agent[:60]
    if dock_clock is not None:
        dock.clock_offset = now - dock_clock
    dock.save(update_fields=["last_seen", "bays", "agent", "clock_offset"])
    return now


def _note_docked(dock: Dock, bays: list[dict[str, Any]], now: datetime) -> None:
    """Write down which cameras are docked here: when they come, then every ten minutes."""
    stale = (now - NOTE_EVERY).isoformat()
    due = [bay for bay in bays if bay["camera"] and (bay["noted"] or "") < stale]
    if not due:
        return
    serials = [bay["camera"] for bay in due]
    known = set(Camera.objects.filter(serial__in=serials).values_list("serial", flat=True))
    Camera.objects.filter(serial__in=known).update(docked_at=now, docked_in=dock)
    for bay in due:
        # One that nobody has listed yet is written down once its first file is registered.
        if bay["camera"] in known:
            bay["noted"] = now.isoformat()


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
