"""What is done with people and units."""

from __future__ import annotations

import time
from datetime import timedelta
from urllib.parse import urljoin

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from evidence.custody.record import Draft, Subject, record
from evidence.people.models import Supervision, Unit, User

MOVED = timedelta(days=1)


class NotAllowed(PermissionError):
    """Somebody may not do this. Its sentence is for a person."""


def now() -> float:
    """Seconds since 1970, as sessions keep them."""
    return time.time()


def make_unit(*, name: str, parent: Unit | None = None) -> Unit:
    """The unit of that name, made where it is missing, with its path set."""
    with transaction.atomic():
        unit, made = Unit.objects.get_or_create(name=name, defaults={"parent": parent, "path": ""})
        if made:
            unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
            unit.save(update_fields=["path"])
    return unit


def supervised(person: User) -> None:
    """Keep who supervises this person from now on, and until when it was another; in the
    transaction that changes it, wherever that is. Asked twice it changes nothing."""
    moment = timezone.now()
    rows = Supervision.objects.select_for_update().filter(person=person, until=None)
    now_by = person.supervisor_id
    standing = [row for row in rows if row.supervisor_id == now_by]
    rows.exclude(pk__in=[row.pk for row in standing]).update(until=moment)
    if now_by is not None and not standing:
        Supervision.objects.create(person=person, supervisor_id=now_by, since=moment)


def secured(*, person: User, by: User, what: str, address: str) -> None:
    """Write down that how somebody signs in has changed, and tell them by mail."""
    with transaction.atomic():
        details = {"name": by.short, "what": what, "address": address}
        record(Draft("person.secured", Subject(person.ref), by.actor(address), private=details))
    if person.email:
        EmailMessage(
            "Your sign-in has changed",
            f"{what}.\n\nIf that was not you, tell your administrator at once.\n",
            to=[person.email],
        ).send(fail_silently=True)


def proved_again(*, person: User, method: str, address: str) -> None:
    """Write down that somebody has shown again who they are."""
    with transaction.atomic():
        details = {"name": person.short, "address": address}
        record(Draft("person.proved_again", Subject(person.ref), person.actor(address),
                     data={"method": method}, private=details))  # fmt: skip


def ended_own_sessions(*, person: User, count: int, address: str) -> None:
    """Write down that somebody ended their other sessions."""
    with transaction.atomic():
        details = {"name": person.short, "address": address, "reason": "their own"}
        record(Draft("person.sessions_ended", Subject(person.ref), person.actor(address),
                     data={"count": count}, private=details))  # fmt: skip


def moved(*, person: User, by: User, old_email: str, address: str) -> None:
    """After an administrator changed where somebody's links go or who vouches for them: tell the
    old address, and let another administrator act on it for a day."""
    User.objects.filter(pk=person.pk).update(address_by=by, address_at=timezone.now())
    secured(person=person, by=by, what="Address or identity changed by an administrator",
            address=address)  # fmt: skip
    if old_email and old_email != person.email:
        EmailMessage(
            "Your sign-in has changed",
            "Your address in the evidence system was changed by an administrator.\n\n"
            "If you did not ask for it, tell professional standards at once.\n",
            to=[old_email],
        ).send(fail_silently=True)


def _not_who_moved(by: User, person: User) -> None:
    """Nobody alone changes an address and then sends the keys there."""
    if person.address_by_id == by.pk and person.address_at is not None \
            and timezone.now() - person.address_at < MOVED:  # fmt: skip
        raise NotAllowed(
            "You changed this person's address within a day: another administrator has to do this."
        )


def _administers(by: User, person: User) -> None:
    if not by.may("people.change"):
        raise NotAllowed("Only a system administrator can change accounts.")
    if by.pk == person.pk:
        raise NotAllowed("Another administrator has to change your account.")


def invite(*, by: User, person: User, address: str) -> None:
    """Mail a link with which the person sets a password themselves; nobody else learns it.

    Their second factor stays as it is. Raises NotAllowed, ValueError.
    """
    _administers(by, person)
    _not_who_moved(by, person)
    if not person.email:
        raise ValueError("Enter an e-mail address for this person first.")
    if not person.is_active:
        raise ValueError("This person may not sign in: their status is not working.")
    secured(person=person, by=by, what="A link to set a password was sent", address=address)
    key = f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"
    uidb36, _, token = key.partition("-")
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uidb36, "key": token})
    EmailMessage(
        "Set your password",
        f"Set a password for the evidence system within a day:\n\n"
        f"{urljoin(settings.PUBLIC_URL, path)}\n\nThe link works once. Your name there: "
        f"{person.username}\n",
        to=[person.email],
    ).send()


def reset_factors(*, by: User, person: User, reason: str, address: str) -> int:
    """Take away a person's passkeys, app and recovery codes, as when a telephone is lost.

    Their sessions end; at the next sign-in they set up new ones, after their password, before
    they see anything. Returns how many were taken away. Raises NotAllowed, ValueError.
    """
    _administers(by, person)
    _not_who_moved(by, person)
    if not reason.strip():
        raise ValueError("Enter why.")
    with transaction.atomic():
        gone: int = Authenticator.objects.filter(user=person).delete()[0]
        what = f"Second factors removed ({reason.strip()[:200]})"
        secured(person=person, by=by, what=what, address=address)
        end_sessions(by=by, person=person, reason=reason, address=address)
    return gone


def end_sessions(*, by: User, person: User, reason: str, address: str) -> int:
    """End every session of a person at its next request. Raises NotAllowed."""
    _administers(by, person)
    with transaction.atomic():
        User.objects.filter(pk=person.pk).update(sessions_ended=F("sessions_ended") + 1)
        count: int = UserSession.objects.filter(user=person).count()
        UserSession.objects.filter(user=person).delete()
        details = {"name": by.short, "address": address, "reason": reason.strip()[:300]}
        record(
            Draft("person.sessions_ended", Subject(person.ref), by.actor(address),
                  data={"count": count}, private=details)
        )  # fmt: skip
    return count
