"""The work on clips: from the original of the log, claimed once, found again, said in words."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from array import array
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.exhibits import actions as exhibits
from evidence.exhibits import checking, covers, making
from evidence.exhibits.models import Clip, Exhibit, Redaction
from evidence.people.models import User
from evidence.recordings.models import Original
from evidence.store import s3
from ingest.accounting.reckoning import Reckoning
from ingest.clips import actions, covering, cutting, tasks
from ingest.devices.models import Camera, Dock
from ingest.media import tools
from ingest.media.sandbox import MediaFailed
from ingest.renditions import actions as renditions
from tests import factories
from tests.evidence.exhibits import casting
from tests.ingest.clips import films
from tests.ingest.clips.test_covering import only_what_it_may_hold, sound_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _scratch(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_SCRATCH = tmp_path / "scratch"


@pytest.fixture
def exhibit(dock: Dock, camera: Camera, shah: User) -> Exhibit:
    """Produced from a film that numbers its frames, docked and rendered as always."""
    recording = factories.docked(dock, films.numbered(drop="between(n,30,36)"))
    renditions.render(recording.originals.get().pk)
    marlow = casting.case_officer()
    case = casting.case(marlow)
    casting.member(case, shah, "investigator", marlow)
    casting.link(case, recording, marlow)
    return exhibits.produce(
        by=shah, case=case, reference=recording.reference, wish=casting.wish(range=(1000, 2500))
    )


@pytest.fixture
def clip(exhibit: Exhibit) -> Clip:
    assert exhibit.clip
    return exhibit.clip


def events(kind: str) -> list[Event]:
    sequencer.run()
    return list(Event.objects.filter(type=kind).order_by("index"))


def test_a_clip_is_made_from_the_original_and_its_event_says_how(
    exhibit: Exhibit, clip: Clip, tmp_path: Path
) -> None:
    done = actions.cut(clip.pk)
    assert done
    assert (done.state, done.problem) == ("ready", "")
    body = s3.read_all("renditions", done.key)
    assert (hashlib.sha256(body).hexdigest(), len(body)) == (done.sha256, done.size)
    film = tmp_path / "clip.mp4"
    film.write_bytes(body)
    # What is shown at 1.000 s to what is shown at 2.500 s; 30 to 36 were never recorded.
    assert films.numbers(film) == [*range(25, 30), *range(37, 63)]
    told = events("clip.made")
    original = clip.source
    assert [event.object_ref for event in told] == [original.reference, exhibit.reference]
    first, second = (event.parsed() for event in told)
    assert first["object"]["sha256"] == original.sha256
    assert second["object"]["sha256"] == done.sha256
    data = first["data"]
    assert data["sha256"] == done.sha256
    assert data["parent"] == original.sha256
    assert (data["from_ms"], data["to_ms"], data["frames"]) == (1000, 2500, 31)
    assert (data["first_frame"], data["last_frame"]) == (clip.first_frame, clip.last_frame)
    assert data["tool"] == "ffmpeg"
    assert data["version"].startswith("ffmpeg version")
    assert "libx264" in data["arguments"]
    assert len(data["first_picture"]) == len(data["last_picture"]) == 64
    assert not list((tmp_path / "scratch").iterdir())


def test_twice_is_once(clip: Clip) -> None:
    actions.cut(clip.pk)
    assert actions.cut(clip.pk) is None
    tasks.cut(clip.pk)
    assert len(events("clip.made")) == 2  # the original's and the exhibit's


def test_of_two_workers_one_has_it(clip: Clip) -> None:
    assert making.claim(clip.pk)
    assert making.claim(clip.pk) is None


def test_a_worker_that_comes_back_after_its_claim_ended_writes_nothing(clip: Clip) -> None:
    slow = making.claim(clip.pk)
    assert slow
    Clip.objects.filter(pk=clip.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert actions.cut(clip.pk)
    result = making.Result("k", 1, "0" * 64, "x", "y", [], {"first_picture": "", "sound": True})
    assert not making.kept(slow, result)
    making.failed(slow, "late", "x", "y")
    clip.refresh_from_db()
    assert (clip.state, len(events("clip.made")), events("clip.failed")) == ("ready", 2, [])


class Died(BaseException):
    """As when a worker is killed: nothing is caught, nothing is given back."""


@pytest.mark.parametrize("line", ["_fetch", "_room"])
def test_a_worker_that_dies_is_found_again(
    clip: Clip, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    def die(*args: Any) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(actions, line, die)
        patch.setattr(making, "give_back", lambda *args, **more: None)
        with pytest.raises(Died):
            actions.cut(clip.pk)
    assert making.forgotten() == []  # its claim still runs
    Clip.objects.filter(pk=clip.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert making.forgotten() == [clip.pk]
    assert making.forgotten() == []  # told of already
    assert actions.cut(clip.pk)


def test_a_worker_that_dies_after_storing_leaves_no_half_clip(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*args: Any) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(making, "kept", die)
        with pytest.raises(Died):
            actions.cut(clip.pk)
    clip.refresh_from_db()
    assert (clip.state, clip.key, events("clip.made")) == ("waiting", "", [])
    Clip.objects.filter(pk=clip.pk).update(claimed_until=None)
    done = actions.cut(clip.pk)
    assert done
    assert done.state == "ready"


def test_a_clip_for_which_nobody_was_woken_is_found(clip: Clip, settings: Any) -> None:
    assert making.forgotten() == []
    later = timezone.now() - timedelta(seconds=settings.SEND_AGAIN_SECONDS + 1)
    Clip.objects.filter(pk=clip.pk).update(requested_at=later)
    assert making.forgotten() == [clip.pk]


def test_other_bytes_than_the_logs_are_never_cut(clip: Clip) -> None:
    """Whoever can change the row and the store's object can't change the log."""
    original = clip.source
    body = factories.film(1)
    sha256 = hashlib.sha256(body).hexdigest()
    s3.put("originals", "another", body, sha256, "video/mp4")
    Original.objects.filter(pk=original.pk).update(key="another", version_id="", sha256=sha256)
    Clip.objects.filter(pk=clip.pk).update(parent_sha256=sha256)
    done = actions.cut(clip.pk)
    assert done
    assert (done.state, done.problem) == (
        "failed", "the store's bytes are not those that were sealed",
    )  # fmt: skip
    assert events("clip.made") == []
    [one, _] = events("clip.failed")
    assert one.parsed()["outcome"] == "failed"


def test_an_original_that_the_log_does_not_know_is_not_cut(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "sealed_sha256", lambda original: "")
    done = actions.cut(clip.pk)
    assert done
    assert done.problem == "the custody log does not know its original"


def test_what_failed_says_why_and_can_be_tried_again(
    clip: Clip, exhibit: Exhibit, shah: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **more: Any) -> None:
        raise MediaFailed("the picture is broken")

    with monkeypatch.context() as patch:
        patch.setattr(cutting, "cut", fail)
        actions.cut(clip.pk)
    clip.refresh_from_db()
    assert (clip.state, clip.problem) == ("failed", "the picture is broken")
    with pytest.raises(exhibits.NotProduced):
        exhibits.again(by=shah, exhibit=exhibit, reason="")
    exhibits.again(by=shah, exhibit=exhibit, reason="A newer ffmpeg")
    assert actions.cut(clip.pk)
    clip.refresh_from_db()
    assert (clip.state, clip.problem) == ("ready", "")
    assert events("clip.asked")


def test_a_worker_that_dies_each_time_is_a_verdict(clip: Clip) -> None:
    Clip.objects.filter(pk=clip.pk).update(attempts=making.STRIKES)
    assert actions.cut(clip.pk) is None
    clip.refresh_from_db()
    assert (clip.state, clip.problem) == ("failed", "the worker died over it every time")


@pytest.mark.parametrize("fault", ["store", "room"])
def test_what_is_not_the_clips_fault_is_no_strike(
    clip: Clip, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    def away(*args: Any, **more: Any) -> Any:
        raise s3.StoreError("away")

    if fault == "store":
        monkeypatch.setattr(s3, "read", away)
    else:
        usage = shutil.disk_usage("/")._replace(free=1000)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises((s3.StoreError, actions.NoRoom)):
        actions.cut(clip.pk)
    clip.refresh_from_db()
    assert (clip.state, clip.attempts) == ("waiting", 0)
    assert clip.claimed_until


# --- redacted copies ---
@pytest.fixture
def redacted(exhibit: Exhibit, shah: User) -> Exhibit:
    """A copy of the same film: a part covered from 1.4 s to 1.6 s, 2.0 s to 2.2 s silenced."""
    hidden = covers.Redacting(
        (covers.Cover(1400, 1600, "plate", 0, 0, 250, 1000),),
        (covers.Silence(2000, 2200, "voice"),),
    )
    return exhibits.produce(
        by=shah, case=exhibit.case, reference=exhibit.recording.reference,
        wish=casting.wish(mark="AS/9", range=(1000, 2500), redacting=hidden),
    )  # fmt: skip


def test_a_redacted_copy_is_made_from_the_original_and_nothing_is_left(
    redacted: Exhibit, tmp_path: Path
) -> None:
    assert redacted.clip
    done = actions.cut(redacted.clip.pk)
    assert done
    assert (done.state, done.problem) == ("ready", "")
    film = tmp_path / "copy.mp4"
    film.write_bytes(s3.read_all("renditions", done.key))
    # 30 to 36 were never recorded: at 1.4 s, 29 is on show; the cover begins one before.
    said = [*range(25, 30), *range(37, 63)]
    assert films.numbers(film) == [n & ~15 if 28 <= n <= 41 else n for n in said]
    samples, rate = sound_of(film)
    assert not any(samples[rate : round(1.2 * rate)])
    assert any(samples[: rate // 2])
    only_what_it_may_hold(film)
    told = events("clip.redacted")
    assert [event.object_ref for event in told] == [done.source.reference, redacted.reference]
    assert done.parent_sha256 not in bytes(told[1].body).decode()
    assert events("clip.made") == []


def test_where_something_shows_there_is_no_copy_and_the_exhibit_says_so(
    redacted: Exhibit, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = covering.covered
    calls: list[int] = []

    def never(picture: Any, asked: Any, first_frame: int) -> Any:
        calls.append(first_frame)
        return picture if len(calls) == 1 else real(picture, asked, first_frame)

    monkeypatch.setattr(covering, "covered", never)
    assert redacted.clip
    done = actions.cut(redacted.clip.pk)
    assert done
    assert (done.state, done.key) == ("failed", "")
    assert "seen under a cover" in done.problem
    assert not checking.ready_to_share(Exhibit.objects.get(pk=redacted.pk))[0]


def test_a_redacted_copy_whose_covers_are_missing_is_never_cut_as_a_plain_clip(
    redacted: Exhibit,
) -> None:
    assert redacted.clip
    redacted.clip.redaction.delete()
    with pytest.raises(Redaction.DoesNotExist):
        actions.cut(redacted.clip.pk)
    redacted.clip.refresh_from_db()
    assert (redacted.clip.state, redacted.clip.key) == ("waiting", "")


@pytest.mark.parametrize(("asked", "quiet"), [((2000, 3500), (0, 0.84)), ((1000, 2000), (1, 2.2))])
def test_of_the_sound_outside_its_range_a_redacted_copy_has_nothing(
    dock: Dock, camera: Camera, shah: User, tmp_path: Path, asked: tuple[int, int],
    quiet: tuple[float, float],
) -> None:  # fmt: skip
    """The picture stands still from 1.16 s to 3.2 s: its first or last frame reaches far out of
    what was asked for, and who types silences can reach no further than the range."""
    recording = factories.docked(dock, films.numbered(drop="between(n,30,79)"))
    renditions.render(recording.originals.get().pk)
    marlow = casting.case_officer()
    case = casting.case(marlow)
    casting.member(case, shah, "investigator", marlow)
    casting.link(case, recording, marlow)
    hidden = covers.Redacting((covers.Cover(*asked, "plate", 0, 0, 250, 1000),))
    made = exhibits.produce(
        by=shah, case=case, reference=recording.reference,
        wish=casting.wish(range=asked, redacting=hidden),
    )  # fmt: skip
    assert made.clip
    done = actions.cut(made.clip.pk)
    assert done
    assert (done.state, done.problem) == ("ready", "")
    film = tmp_path / "copy.mp4"
    film.write_bytes(s3.read_all("renditions", done.key))
    samples, rate = heard(film), 48000
    # A coder reaches over an edge by a block.
    block = 2048
    assert not any(samples[round(quiet[0] * rate) + block : round(quiet[1] * rate) - block])
    inside = round((asked[0] / 1000 - done.first_tick / done.timescale + 0.2) * rate)
    assert max(map(abs, samples[inside : inside + rate // 10])) > 0.05


def test_a_clip_that_the_store_lost_is_counted_as_missing(clip: Clip) -> None:
    done = actions.cut(clip.pk)
    assert done
    assert not [fault for fault in Reckoning().faults() if done.reference in fault.what]
    s3.delete("renditions", done.key)
    [fault] = [fault for fault in Reckoning().faults() if done.reference in fault.what]
    assert fault.kind == "missing"


def heard(film: Path) -> Any:
    """48,000 samples a second from the moment of the first picture on, nothing where there are
    none."""
    argv = [tools.path("ffmpeg"), "-v", "error", "-i", str(film), "-map", "0:a:0", "-af",
            "aresample=async=1:first_pts=0", "-ac", "1", "-ar", "48000", "-f", "f32le", "-"]  # fmt: skip
    return array("f", subprocess.run(argv, check=True, capture_output=True).stdout)
