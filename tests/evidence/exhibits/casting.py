"""A case with footage that can be cut: what tests of exhibits begin with."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from django.utils import timezone

from evidence.cases.models import Case, CaseLink, CaseMember
from evidence.exhibits.actions import Wish
from evidence.exhibits.models import Clip, Exhibit, Redaction
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


def exhibit(
    case: Case, recording: Recording, by: User, mark: str, *, clip: bool = True, **more: Any
) -> Exhibit:
    """An exhibit as it is when everything is done, linked; no file behind the clip."""
    CaseLink.objects.get_or_create(
        case=case, recording=recording, unlinked_at=None, defaults={"reason": "x", "linked_by": by}
    )
    original = recording.originals.order_by("pk")[0]
    made = Clip.objects.create(
        recording=recording, original=original, from_ms=2000, to_ms=4000, first_frame=50,
        last_frame=100, timescale=12800, first_tick=25600, last_tick=51200, after_tick=51712,
        reason="x", requested_by=by, state="ready", key=uuid.uuid4().hex, size=1234,
        sha256=_sha256(mark.encode()), parent_sha256=original.sha256, tool="ffmpeg",
        tool_version="ffmpeg version 5.1.9", arguments=["-i", "x"], made_at=timezone.now(),
        facts={"first_picture": "1" * 64, "last_picture": "2" * 64, "sound": True, "seconds": 2,
               "frames": 51},
    ) if clip else None  # fmt: skip
    values = {"description": "The arrest in Villiers Street", "producer": by} | more
    return Exhibit.objects.create(
        case=case, recording=recording, clip=made, mark=mark, produced_by=by, **values
    )


def redacted(exhibit: Exhibit) -> Exhibit:
    """The same, as a redacted copy that nobody has watched yet: two covers and a silence."""
    assert exhibit.clip
    Clip.objects.filter(pk=exhibit.clip.pk).update(redacted=True)
    exhibit.clip.refresh_from_db()
    times = {"from_ms": 2500, "to_ms": 3500}
    cover = times | {
        "first_frame": 61, "last_frame": 88, "left": 100, "top": 200, "width": 305, "height": 400,
    }  # fmt: skip
    Redaction.objects.create(
        clip=exhibit.clip,
        covers=[cover | {"code": "face", "reason": "Third party's face"},
                cover | {"code": "plate", "reason": "Number plate"}],
        silences=[times | {"from_us": 2_500_000, "to_us": 3_500_000, "code": "address",
                           "reason": "Address"}],
    )  # fmt: skip
    return exhibit


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
    return hashlib.sha256(body).hexdigest()


def wish(**more: Any) -> Wish:
    values: dict[str, Any] = {
        "mark": "AS/1", "description": "The arrest in Villiers Street", "range": (2000, 4000),
    }  # fmt: skip
    return Wish(**(values | more))
