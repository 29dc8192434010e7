"""A case with footage that can be cut: what tests of exhibits begin with."""

from __future__ import annotations

import json
import uuid
from typing import Any

from evidence.cases.models import Case, CaseLink, CaseMember
from evidence.exhibits.actions import Wish
from evidence.people.models import User
from evidence.recordings.models import Recording, Rendition
from evidence.store import s3
from tests import factories

URN = "01AB/12345/26"


def case_officer(username: str = "marlow", **more: Any) -> User:
    values = {"name": "Jo Marlow", "rank": "DC", "collar": "301", "roles": ["case_officer"]} | more
    return factories.Person(username=username, **values)


def case(officer: User | None, urn: str = URN, **more: Any) -> Case:
    return Case.objects.create(urn=urn, title="R v Marsh", officer_in_case=officer, **more)


def member(case: Case, person: User, part: str, by: User) -> None:
    CaseMember.objects.create(case=case, person=person, part=part, reason="x", added_by=by)


def link(case: Case, recording: Recording, by: User) -> None:
    CaseLink.objects.create(case=case, recording=recording, reason="At the scene", linked_by=by)


def playable(recording: Recording, seconds: int = 60) -> Recording:
    """With a viewing copy's row and the frame times of 25 frames a second; no film behind it."""
    for original in recording.originals.all():
        key = uuid.uuid4().hex
        frames = {"version": 1, "timescale": 12800, "first": 0,
                  "runs": [[512, seconds * 25 - 1]], "count": seconds * 25}  # fmt: skip
        body = json.dumps(frames).encode()
        s3.put("renditions", key, body, _sha256(body), "application/json")
        for kind, facts in (("proxy", {"seconds": seconds, "width": 320, "height": 240}),
                            ("frames", {"count": seconds * 25, "runs": 1})):  # fmt: skip
            Rendition.objects.create(
                original=original, kind=kind, key=key if kind == "frames" else uuid.uuid4().hex,
                content_type="x/y", size=len(body), sha256="0" * 64, parent_sha256=original.sha256,
                tool="ffmpeg", tool_version="test", facts=facts,
            )  # fmt: skip
    Recording.objects.filter(pk=recording.pk).update(media="ready", duration_ms=seconds * 1000)
    recording.refresh_from_db()
    return recording


def _sha256(body: bytes) -> str:
    import hashlib

    return hashlib.sha256(body).hexdigest()


def wish(**more: Any) -> Wish:
    values: dict[str, Any] = {
        "mark": "AS/1", "description": "The arrest in Villiers Street", "range": (2000, 4000),
    }  # fmt: skip
    return Wish(**(values | more))
