"""A case that is shared from, and the form of the page that shares."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from evidence.cases.models import Case
from evidence.exhibits.models import Decision, Exhibit
from evidence.people.models import User
from evidence.recordings.models import Grant, Recording
from evidence.sharing.models import Domain
from tests import factories
from tests.evidence.exhibits import casting


def domain(name: str = "cps.example", **more: Any) -> Domain:
    made, _ = Domain.objects.get_or_create(name=name, defaults={"organisation": "CPS"} | more)
    return made


def stage(marlow: User, shah: User) -> tuple[Case, Recording, Exhibit]:
    """DC Marlow's case with a recording of PC Shah's and a clip of it, ready."""
    domain()
    case = casting.case(marlow)
    recording = factories.recording(shah, duration_ms=60_000)
    casting.link(case, recording, marlow)
    return case, recording, casting.exhibit(case, recording, shah, "AS/1")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form(*things: str, **more: Any) -> dict[str, Any]:
    """What the page posts, of these things, by their keys."""
    values = {
        "token": str(uuid.uuid4()), "contact": "", "recipient": "J Marlow", "organisation": "CPS",
        "email": "j.marlow@cps.example", "basis": "charging", "purpose": "Charging decision",
        "words": "An arrest in Villiers Street", "take": "view", "how": "code", "starts": "",
        "until": (timezone.localdate() + timedelta(days=9)).isoformat(), "thing": list(things),
        "do": "check",
    }  # fmt: skip
    return values | more


def grant(person: User, recording: Recording, by: User) -> Grant:
    return Grant.objects.create(
        recording=recording, person=person, reason="x", granted_by=by,
        until=timezone.now() + timedelta(days=1),
    )  # fmt: skip


def withheld(case: Case, recording: Recording, by: User, exhibit: Exhibit | None = None) -> None:
    Decision.objects.create(
        case=case, recording=recording, exhibit=exhibit, relevant="yes", withheld=True, reason="x",
        description="xyz", decided_by=by,
    )  # fmt: skip
