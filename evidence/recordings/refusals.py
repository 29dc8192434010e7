"""What is not there for somebody who asks: one answer, and one event, whatever the cause."""

from __future__ import annotations

from typing import NoReturn

from django.db import transaction
from django.http import Http404, HttpRequest
from django.utils import timezone

from evidence.custody.record import Draft, Subject, once_a_day, record
from evidence.people.requests import address, person
from evidence.recordings.access import find
from evidence.recordings.models import Recording


def or_404(
    request: HttpRequest,
    reference: str,
    permission: str = "recording.view",
    *,
    polled: bool = False,
) -> Recording:
    """The recording, if it is there for whoever asks.

    What is missing and what is forbidden take the same way: the same queries, the same event on
    the person, the same page. What a page asks for on its own (`polled`) is written once a day.
    """
    try:
        return find(person(request), reference, permission)
    except Recording.DoesNotExist:
        refuse(request, reference, polled=polled)


def refuse(request: HttpRequest, reference: str, *, polled: bool = False) -> NoReturn:
    """Write that somebody asked for what is not there for them. Raises Http404, always."""
    write(request, reference, polled=polled)
    raise Http404


def write(request: HttpRequest, reference: str, *, polled: bool = False) -> None:
    """Write it alone: where one of many things was not there."""
    user, where = person(request), address(request)
    asked = reference.replace("\0", "")[:40]
    details = {"name": user.short, "reference": asked, "address": where}
    with transaction.atomic():
        record(
            Draft("access.refused", Subject(user.ref), user.actor(where), private=details,
                  outcome="denied"),
            event_id=once_a_day(f"refused:{user.ref}:{reference}", timezone.now())
            if polled else None,
        )  # fmt: skip
