"""The state of a clip: wanted, claimed by one worker, ready or failed. Files are the worker's."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from evidence.custody.log import jcs
from evidence.custody.models import Event, Pending
from evidence.custody.record import Draft, Subject, record_all, service
from evidence.exhibits.models import Clip
from evidence.recordings.models import Original

CUT = "ingest.clips.tasks.cut"
CLAIM = timedelta(minutes=10)
STRIKES = 3
# An event's details take 16 KiB (docs/custody.md), and five hundred covers are more.
MOST_LISTED = 12_000
ACTOR = service("media")
State = Clip.State


@dataclass(frozen=True)
class Result:
    """A clip that lies in the store, and how it was made."""

    key: str
    size: int
    sha256: str
    tool: str
    version: str
    arguments: list[str]
    facts: dict[str, Any]


def wake(clip: Clip) -> None:
    """Tell a worker after the commit; where that fails, the sweep finds the clip."""
    transaction.on_commit(lambda: current_app.send_task(CUT, (clip.pk,)), robust=True)


def claim(clip_id: int) -> Clip | None:
    """Take a clip for this worker, unless another has it or it is done."""
    now = timezone.now()
    free = Q(state=State.WAITING) | Q(state=State.MAKING, claimed_until__lt=now)
    taken = Clip.objects.filter(free, pk=clip_id, recording__disposed_at=None).update(
        state=State.MAKING, claimed_until=now + CLAIM, attempts=F("attempts") + 1
    )
    if not taken:
        return None
    clip = Clip.objects.select_related("original", "recording").get(pk=clip_id)
    if clip.attempts > STRIKES:
        # Workers died over it: that is a verdict too.
        failed(clip, "the worker died over it every time", "", "")
        return None
    return clip


def renew(clip: Clip) -> None:
    """Still at it."""
    Clip.objects.filter(pk=clip.pk, state=State.MAKING, attempts=clip.attempts).update(
        claimed_until=timezone.now() + CLAIM
    )


def give_back(clip: Clip, *, strike: bool) -> None:
    """Let somebody else try. Without a strike where the clip is not to blame."""
    Clip.objects.filter(pk=clip.pk, state=State.MAKING, attempts=clip.attempts).update(
        state=State.WAITING, claimed_until=timezone.now() + timedelta(seconds=30),
        attempts=clip.attempts if strike else F("attempts") - 1,
    )  # fmt: skip


def forgotten() -> list[int]:
    """Clips for which nobody was woken, or whose worker died; each is told of once a while."""
    now, again = timezone.now(), timedelta(seconds=settings.SEND_AGAIN_SECONDS)
    open_ = Q(state=State.MAKING, claimed_until__lt=now)
    open_ |= Q(state=State.WAITING, claimed_until__lt=now)
    open_ |= Q(state=State.WAITING, claimed_until=None, requested_at__lt=now - again)
    found = []
    stays = Clip.objects.filter(open_, recording__disposed_at=None)
    for identifier in stays.values_list("pk", flat=True)[:500]:
        # The claim's time doubles as "sent": the next sweep leaves it alone for a while.
        if Clip.objects.filter(open_, pk=identifier).update(
            state=State.WAITING, claimed_until=now + again
        ):
            found.append(identifier)
    return found


def sealed_sha256(original: Original) -> str:
    """What the custody log says of an original's bytes; empty where it says nothing.

    Not what its row says: a row can be changed by whoever reaches the database.
    """
    event = (
        Event.objects.filter(object_ref=original.reference, type="evidence.received")
        .order_by("index").first()
    )  # fmt: skip
    if event is not None:
        return str(event.parsed()["object"].get("sha256", ""))
    # Written a moment ago, and not numbered yet.
    for row in Pending.objects.all()[:1000]:
        body = jcs.parse(bytes(row.body))
        if body["type"] == "evidence.received" and body["object"]["ref"] == original.reference:
            return str(body["object"].get("sha256", ""))
    return ""


def too_late(clip: Clip) -> bool:
    """Whether its footage was disposed of while it was made; its worker is done with it then."""
    return bool(
        Clip.objects.filter(pk=clip.pk, state=State.GONE, attempts=clip.attempts).update(
            claimed_until=None
        )
    )


def kept(clip: Clip, result: Result) -> bool:
    """Write down that the clip is made: row and events in one transaction; once."""
    with transaction.atomic():
        row = _locked(clip)
        if row.state != State.MAKING or row.attempts != clip.attempts:
            return False
        row.state, row.claimed_until, row.problem = State.READY, None, ""
        row.key, row.size, row.sha256 = result.key, result.size, result.sha256
        row.tool, row.tool_version, row.arguments = result.tool, result.version, result.arguments
        row.facts = result.facts
        row.made_at = row.checked_at = timezone.now()
        row.save()
        if row.redacted:
            _redacted(row)
            return True
        data = {
            "clip": row.reference, "sha256": row.sha256, "size": row.size,
            "parent": row.parent_sha256, "tool": row.tool, "version": row.tool_version,
            "arguments": row.arguments, "from_ms": row.from_ms, "to_ms": row.to_ms,
            "first_frame": row.first_frame, "last_frame": row.last_frame,
            "timescale": row.timescale, "first_tick": row.first_tick, "last_tick": row.last_tick,
            "first_picture": result.facts["first_picture"],
            "last_picture": result.facts["last_picture"],
            "frames": row.count, "sound": bool(result.facts["sound"]),
        }  # fmt: skip
        told = [Draft("clip.made", subject, ACTOR, data) for subject in _subjects(row)]
        record_all([(draft, None) for draft in told])
    return True


def _redacted(row: Clip) -> None:
    """What is said openly of a redacted copy leads to no original and tells of no cover: packages
    for outside people carry it. The rest is in the salted details."""
    data = {
        "clip": row.reference, "sha256": row.sha256, "size": row.size, "tool": row.tool,
        "version": row.tool_version,
    }  # fmt: skip
    private = {
        "parent": row.parent_sha256, "from_ms": row.from_ms, "to_ms": row.to_ms,
        "first_frame": row.first_frame, "last_frame": row.last_frame,
        "timescale": row.timescale, "first_tick": row.first_tick, "last_tick": row.last_tick,
        "first_picture": row.facts["first_picture"], "last_picture": row.facts["last_picture"],
        "frames": row.count, "sound": bool(row.facts["sound"]), "reason": row.reason,
        **_fitting({
            "covers": [_line(one) for one in row.redaction.covers],
            "silences": [_line(one) for one in row.redaction.silences],
            "arguments": row.arguments,
        }),
    }  # fmt: skip
    told = [Draft("clip.redacted", subject, ACTOR, data, private) for subject in _subjects(row)]
    record_all([(draft, None) for draft in told])


def _line(one: dict[str, Any]) -> str:
    """A cover by its frames and its box, a silence by its time, each with the reason's code."""
    if "first_frame" not in one:
        return f"{one['from_us']}-{one['to_us']} us {one['code']}"
    box = ",".join(str(one[side]) for side in ("left", "top", "width", "height"))
    return f"{one['first_frame']}-{one['last_frame']} {box} {one['code']}"


def _fitting(lists: dict[str, list[str]]) -> dict[str, str | list[str]]:
    """The fingerprint of each list, and those lists that an event has room for."""
    found: dict[str, str | list[str]] = {}
    room = MOST_LISTED
    for name, words in lists.items():
        body = json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode()
        found[f"{name}_sha256"] = hashlib.sha256(body).hexdigest()
        if len(body) <= room:
            found[name], room = words, room - len(body)
    return found


def failed(clip: Clip, reason: str, tool: str, version: str) -> None:
    """Write down that it can't be made, and why; somebody may ask again."""
    with transaction.atomic():
        row = _locked(clip)
        if row.state != State.MAKING or row.attempts != clip.attempts:
            return
        row.state, row.claimed_until, row.problem = State.FAILED, None, reason[:300]
        row.save()
        data = {"clip": row.reference, "tool": tool, "version": version, "attempts": row.attempts}
        told = [
            Draft("clip.failed", subject, ACTOR, data, {"reason": row.problem}, "failed")
            for subject in _subjects(row)
        ]
        record_all([(draft, None) for draft in told])


def _locked(clip: Clip) -> Clip:
    rows = Clip.objects.select_for_update(of=("self",)).select_related("original", "exhibit")
    return rows.get(pk=clip.pk)


def _subjects(row: Clip) -> list[Subject]:
    """The original it is of, and the exhibit that it is: an event for each."""
    found = [row.source.subject()]
    exhibit = getattr(row, "exhibit", None)
    if exhibit is not None:
        exhibit.clip = row
        found.append(exhibit.subject())
    return found
