"""Footage that is due, and how far it is on its way out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings import rules
from evidence.recordings.models import Category, Original, Recording, Rendition, Rule
from evidence.retention import actions, due, tasks
from evidence.retention.actions import releasing
from evidence.retention.models import Batch, Item
from evidence.store import s3
from ingest.devices.models import Dock
from tests import factories

BODY = b"\0\0\0\x18ftypisom" + b"footage" * 40


def manager(name: str = "vale") -> User:
    return factories.Person(username=name, name=f"Jo {name.title()}", roles=["evidence_manager"])


def category(code: str) -> Category:
    return Category.objects.get(code=code)


def aged(recording: Recording, days: float, code: str | None = "non-evidential") -> Recording:
    """As if it had been recorded and docked so many days ago, as what it is."""
    moment = timezone.now() - timedelta(days=days)
    recording.category = category(code) if code else None
    recording.happened_at = recording.recorded_at = recording.created = moment
    recording.ends_at = moment + timedelta(milliseconds=recording.duration_ms)
    rules.settle(recording)
    recording.save()
    Recording.objects.filter(pk=recording.pk).update(created=moment)
    recording.refresh_from_db()
    return recording


def docked(dock: Dock, days: float = 400, code: str | None = "stop-search", body: bytes = BODY,
           **more: Any) -> Recording:  # fmt: skip
    """Footage in the store, with a rendition, that has been there for so long."""
    recording = factories.docked(dock, body, **more)
    rendered(recording.originals.get())
    return aged(recording, days, code)


def rendered(original: Original, kind: str = "poster") -> Rendition:
    """A rendition with its bytes, where a media worker would put them."""
    body = f"the {kind} of {original.pk}".encode()
    sha256 = hashlib.sha256(body).hexdigest()
    key = f"{original.upload}/{kind}-1-{sha256[:16]}"
    s3.put("renditions", key, body, sha256, "image/jpeg")
    return Rendition.objects.create(
        original=original, kind=kind, key=key, content_type="image/jpeg", size=len(body),
        sha256=sha256, parent_sha256=original.sha256, tool="ffmpeg", tool_version="test",
    )  # fmt: skip


def rule(code: str | None) -> Rule:
    return Rule.objects.get(category__code=code) if code else Rule.objects.get(category=None)


def proposed(by: User, code: str = "stop-search") -> Batch:
    """What the sweep finds due under this rule, proposed."""
    due.sweep()
    found = due.trial(rule(code), releasing.MOST)
    return actions.propose(by=by, rule=rule(code), recordings=found.recordings, reason="Over")


def leaving(by: User, other: User, code: str = "stop-search") -> Batch:
    return actions.approve(by=other, batch=proposed(by, code), reason="Nothing needs it")


def over(batch: Batch) -> None:
    """The days in which it could be restored are over."""
    now = timezone.now() - timedelta(seconds=1)
    Item.objects.filter(batch=batch, state="leaving").update(goes_at=now, claimed_until=None)


def again(batch: Batch) -> None:
    """Pauses are over, workers that died are known to be dead; one worker goes on."""
    Item.objects.filter(batch=batch).update(claimed_until=None)
    tasks.dispose()


def gone(by: User, other: User, code: str = "stop-search") -> Batch:
    batch = leaving(by, other, code)
    over(batch)
    tasks.dispose()
    batch.refresh_from_db()
    return batch


def objects(recording: Recording) -> Iterator[s3.Version]:
    """Whatever the store has of its files."""
    for upload in uploads(recording):
        yield from s3.versions("renditions", f"{upload}/")
    for original in recording.originals.all():
        yield from s3.versions("originals", original.key)
    for tomb in recording.tombstones.all():
        yield from s3.versions("originals", tomb.key)


def uploads(recording: Recording) -> list[Any]:
    own = list(recording.originals.values_list("upload", flat=True))
    return own + list(recording.tombstones.values_list("upload", flat=True))


def events(recording: Recording | str, kind: str = "evidence.deletion_") -> list[Event]:
    sequencer.run()
    ref = recording if isinstance(recording, str) else recording.reference
    found = Event.objects.filter(object_ref=ref, type__startswith=kind).order_by("index")
    return list(found)


def told(recording: Recording) -> list[str]:
    kinds = [event.type.removeprefix("evidence.") for event in events(recording, "evidence.delet")]
    return kinds
