"""Shares for tests: made by the action, with the link's secret that nobody else is told."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core import mail
from django.test import Client
from django.utils import timezone

from evidence.cases.models import Case
from evidence.exhibits.models import Clip, Exhibit
from evidence.people.models import User
from evidence.recordings.models import Recording, Rendition
from evidence.sharing import making
from evidence.sharing.models import Basis, Domain
from evidence.sharing.wishes import Made, Thing, Wish
from evidence.store import s3
from tests.evidence.exhibits import casting


def wish(*things: Recording | Exhibit | Thing, **more: Any) -> Wish:
    """What is shared with J Marlow of the CPS for a day, unless said otherwise."""
    Domain.objects.get_or_create(name="cps.example", defaults={"organisation": "CPS"})
    named = [
        one if isinstance(one, Thing)
        else Thing(exhibit=one) if isinstance(one, Exhibit) else Thing(recording=one)
        for one in things
    ]  # fmt: skip
    plain = Wish(
        recipient="J Marlow", organisation="CPS", email="j.marlow@cps.example",
        purpose="Charging", until=timezone.now() + timedelta(days=1), things=named,
        basis=Basis.objects.get(code="charging"),
    )  # fmt: skip
    return replace(plain, **more)


def make(by: User, *things: Recording | Exhibit | Thing, **more: Any) -> Made:
    """A share by its action."""
    return making.make(by=by, wish=wish(*things, **more))


def code_for(client: Client, capture: Any) -> str:
    """Ask for a code as a browser does; the one that the mail says."""
    with capture(execute=True):
        assert client.post("/shared/prove/send/").status_code == 302
    found = re.search(r"\b\d{6}\b", str(mail.outbox[-1].body))
    assert found
    return found.group()


def opened(made: Made, capture: Any, client: Client | None = None) -> Client:
    """A browser that has proved itself for a share."""
    client = client or Client()
    assert client.post("/shared/open", {"token": made.token}).status_code == 302
    code = code_for(client, capture)
    assert client.post("/shared/prove/check/", {"code": code}).status_code == 302
    return client


def filled(recording: Recording, body: bytes = b"film" * 50_000) -> dict[str, bytes]:
    """A recording with real bytes behind its original, its viewing copy, storyboard and sound."""
    found = {}
    original = recording.originals.get()
    for kind in ("original", "proxy", "storyboard", "sound", "waveform", "frames"):
        data = kind.encode() + body if kind != "frames" else json.dumps(
            {"version": 1, "timescale": 12800, "first": 0, "runs": [[512, 99]], "count": 100}
        ).encode()  # fmt: skip
        key, sha256 = f"test/{uuid.uuid4().hex}", hashlib.sha256(data).hexdigest()
        found[kind] = data
        if kind == "original":
            version = s3.put("originals", key, data, sha256, "video/mp4")
            original.__class__.objects.filter(pk=original.pk).update(
                key=key, version_id=version, size=len(data), sha256=sha256, media="ready"
            )
            continue
        s3.put("renditions", key, data, sha256, "video/mp4")
        of: dict[str, dict[str, Any]] = {
            "proxy": {"seconds": 4, "width": 320, "height": 240}, "frames": {"count": 100},
            "storyboard": {"count": 4, "interval": 1, "columns": 2, "width": 160, "height": 90},
            "waveform": {"levels": [10, 90, 20], "loud": []}, "sound": {},
        }  # fmt: skip
        Rendition.objects.create(
            original=original, kind=kind, key=key, content_type="video/mp4", size=len(data),
            sha256=sha256, parent_sha256="0" * 64, tool="ffmpeg", tool_version="test", facts=of[kind],
        )  # fmt: skip
    Recording.objects.filter(pk=recording.pk).update(media="ready", duration_ms=4000)
    recording.refresh_from_db()
    return found


def clip(case: Case, recording: Recording, by: User, mark: str = "AB/2") -> tuple[Exhibit, bytes]:
    """A clip exhibit with real bytes behind it."""
    exhibit = casting.exhibit(case, recording, by, mark)
    body = b"clip" * 30_000
    sha256 = hashlib.sha256(body).hexdigest()
    made = exhibit.clip
    assert made is not None
    s3.put("renditions", made.key, body, sha256, "video/mp4")
    Clip.objects.filter(pk=made.pk).update(size=len(body), sha256=sha256)
    return Exhibit.objects.select_related("clip", "recording").get(pk=exhibit.pk), body
