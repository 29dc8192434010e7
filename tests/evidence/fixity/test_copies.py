"""Viewing copies and clips: the one is made again, the other is kept and marked."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.exhibits import making
from evidence.exhibits.models import Clip
from evidence.fixity import mending, reading, sweep
from evidence.fixity.models import Damage, State, Turn
from evidence.people.models import User
from evidence.recordings.models import Original, Rendition, Smaller
from evidence.retention.models import Hold
from evidence.store import s3
from ingest.renditions import actions as rendering
from tests import damage
from tests.evidence.exhibits import casting
from tests.evidence.fixity.conftest import aged
from tests.evidence.fixity.test_sweep import Killed, events

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _allowed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    State.objects.create(pk=1, allowance=10**9)
    monkeypatch.setattr(reading, "sleep", lambda seconds: None)


@pytest.fixture
def rendered(original: Original) -> Original:
    assert rendering.render(original.pk)
    sequencer.run()
    return aged(original)


def proxy(original: Original) -> Rendition:
    return Rendition.objects.get(original=original, kind="proxy")


def spoil(row: Rendition) -> None:
    data = b"".join(s3.read("renditions", row.key))
    damage.overwrite("renditions", row.key, "", damage.flipped(data))


def test_a_bad_viewing_copy_is_made_again(rendered: Original) -> None:
    before = proxy(rendered)
    stored = set(s3.keys("renditions", f"{rendered.upload}/"))
    good = b"".join(s3.read("renditions", before.key))
    spoil(before)
    assert sweep.run() == 2
    row = Damage.objects.get()
    assert (row.source, row.kind, row.state, row.hold) == ("film", "viewing copy", "found", None)
    rendered.refresh_from_db()
    assert rendered.damaged_at is None and rendered.media == "waiting"
    assert not Hold.objects.exists(), "what can be made again is not held"
    assert not list(s3.keys("renditions", f"{rendered.upload}/"))
    assert rendering.render(rendered.pk)
    after = proxy(rendered)
    assert b"".join(s3.read("renditions", after.key)) == good
    assert len(set(s3.keys("renditions", f"{rendered.upload}/"))) == len(stored)
    assert {one.kind for one in rendered.renditions.all()} >= {"proxy", "poster", "storyboard"}
    mending.run()
    row.refresh_from_db()
    assert (row.state, row.how) == ("mended", "again")
    assert len(events("evidence.damaged")) == len(events("evidence.mended")) == 1
    aged(rendered)
    assert sweep.run() == 2 and Damage.objects.count() == 1


def test_a_viewing_copy_whose_row_was_changed_is_made_again(rendered: Original) -> None:
    Rendition.objects.filter(kind="proxy").update(sha256="0" * 64)
    sweep.run()
    assert Damage.objects.get().what == "row"
    assert not Rendition.objects.filter(kind="proxy").exists()


def test_a_bad_small_copy_is_wanted_anew_and_no_more_than_that(rendered: Original) -> None:
    body = b"small film"
    Smaller.objects.create(original=rendered, state="ready", attempts=2)
    row = Rendition.objects.create(
        original=rendered, kind="small", key=f"{rendered.upload}/small", size=len(body),
        content_type="video/mp4", sha256=hashlib.sha256(body).hexdigest(), parent_sha256="1" * 64,
        tool="ffmpeg", tool_version="x", checked_at=timezone.now() - timedelta(days=200),
    )  # fmt: skip
    s3.put("renditions", row.key, body, row.sha256, "video/mp4")
    s3.delete("renditions", row.key)
    sweep.run()
    assert Damage.objects.get().kind == "small viewing copy"
    assert Smaller.objects.get().state == "waiting" and Smaller.objects.get().attempts == 0
    assert proxy(rendered)


@pytest.mark.parametrize(
    "line", ["evidence.fixity.finding.lock_recording", "evidence.fixity.finding.record"]
)
def test_who_dies_while_a_copy_is_dropped_leaves_no_bad_bytes(
    rendered: Original, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    spoil(proxy(rendered))

    def dies(*args: Any, **more: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(line, dies)
        with pytest.raises(Killed):
            sweep.run()
    assert proxy(rendered), "the row is there still"
    Turn.objects.update(until=timezone.now() - timedelta(seconds=1))
    sweep.run()
    assert Damage.objects.get().what == "missing"
    assert rendering.render(rendered.pk)
    row = proxy(rendered)
    assert reading.digest("renditions", row.key, "") == (row.sha256, row.size)


# --- clips ---


@pytest.fixture
def clip(original: Original, shah: User) -> Clip:
    """A clip with a file, made and told to the log as a worker does it."""
    exhibit = casting.exhibit(casting.case(shah), original.recording, shah, "AS/1")
    body = f"clip {exhibit.pk}".encode() * 100
    sha256, key = hashlib.sha256(body).hexdigest(), f"{original.upload}/clip-{exhibit.pk}"
    s3.put("renditions", key, body, sha256, "video/mp4")
    Clip.objects.update(state="making", attempts=1)
    facts = {"first_picture": "1" * 64, "last_picture": "2" * 64, "sound": True, "seconds": 2}
    made = making.Result(key, len(body), sha256, "ffmpeg", "5", [], facts)
    assert making.kept(Clip.objects.get(), made)
    sequencer.run()
    aged(original)
    return Clip.objects.get()


def test_a_right_clip_is_read_again(clip: Clip) -> None:
    assert sweep.run() == 2
    clip.refresh_from_db()
    assert clip.checked_at and timezone.now() - clip.checked_at < timedelta(minutes=5)


def test_a_damaged_clip_is_kept_held_and_told_only_where_it_may_be(
    clip: Clip, original: Original
) -> None:
    data = b"".join(s3.read("renditions", clip.key))
    damage.overwrite("renditions", clip.key, "", damage.flipped(data))
    sweep.run()
    row = Damage.objects.get()
    assert (row.source, row.kind, row.state) == ("clip", "clip", "held")
    clip.refresh_from_db()
    original.refresh_from_db()
    assert clip.damaged_at is not None and original.damaged_at is None
    assert Hold.objects.get().recording == original.recording
    assert list(s3.keys("renditions", clip.key)) == [clip.key], "kept as it is"
    # Whoever recorded it may not know that somebody made a clip of it.
    [event] = events("evidence.damaged")
    assert event.object_ref == clip.exhibit.reference
    assert not Event.objects.filter(
        object_ref__in=[original.reference], type="evidence.damaged"
    ).exists()
    assert mending.run() == 0 and Damage.objects.get().state == "held"
