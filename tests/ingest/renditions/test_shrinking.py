"""Small viewing copies: made from the viewing copy, frame by frame, of what somebody wants."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings import actions, fixity, player_data, smaller
from evidence.recordings.models import Original, Recording, Rendition, Smaller
from evidence.store import s3
from ingest.devices.models import Camera, Dock
from ingest.media import commands, rendering, tools
from ingest.media.sandbox import MediaFailed
from ingest.renditions import actions as renditions
from ingest.renditions import shrinking, tasks
from tests import factories
from tests.ingest.clips import films

pytestmark = pytest.mark.django_db
State = Smaller.State


@pytest.fixture(autouse=True)
def _scratch(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_SCRATCH = tmp_path / "scratch"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which originals a worker was told of."""
    told: list[int] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, arguments: told.append(arguments[0]))
    return told


@pytest.fixture
def original(dock: Dock, camera: Camera, film: bytes) -> Original:
    """Docked, with its viewing copy."""
    made = factories.docked(dock, film)
    renditions.render(made.originals.get().pk)
    return made.originals.get()


def shown(film: Path) -> dict[str, Any]:
    return {item["codec_type"]: item for item in rendering.probe(film, "mov")["streams"]}


# --- the file ---


@pytest.mark.parametrize("film", [
    {}, {"drop": "eq(n,3)+eq(n,4)+between(n,30,36)+eq(n,61)"}, {"sound": False},
    {"codec": ("libx264", "-bf", "3", "-g", "20", "-x264-params", "open-gop=1")},
], ids=["even", "dropped frames", "no sound", "B frames"])  # fmt: skip
def test_each_frame_is_there_at_its_own_time(tmp_path: Path, film: dict[str, Any]) -> None:
    source, out, thin = tmp_path / "in.bin", tmp_path / "out", tmp_path / "thin"
    source.write_bytes(films.numbered(**film))
    out.mkdir()
    thin.mkdir()
    rendering.render(source, out, "mov")
    made = rendering.shrink(out / "proxy.mp4", thin, "ab" * 32)
    assert films.numbers(made.path) == films.numbers(source)
    assert films.times(made.path) == pytest.approx(films.times(out / "proxy.mp4"), abs=0.001)
    assert ("audio" in shown(made.path)) is film.get("sound", True)


def test_it_is_small(tmp_path: Path) -> None:
    """Of a picture that moves everywhere, and with noise: at most so many bits a second."""
    source, out, thin = tmp_path / "in.bin", tmp_path / "out", tmp_path / "thin"
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-f", "lavfi", "-i",
         "testsrc2=s=1280x720:r=30:d=20,noise=alls=20:allf=t", "-f", "lavfi", "-i", "sine=d=20",
         "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f",
         "mp4", str(source)], check=True,
    )  # fmt: skip
    out.mkdir()
    thin.mkdir()
    rendering.render(source, out, "mov")
    made = rendering.shrink(out / "proxy.mp4", thin, "ab" * 32)
    streams = shown(made.path)
    assert (streams["video"]["width"], streams["video"]["height"]) == (640, 360)
    assert streams["audio"]["channels"] == 1
    assert made.facts["frames"] == 600
    assert made.path.stat().st_size * 8 / made.facts["seconds"] < 420_000


def test_frames_at_other_times_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out, thin = tmp_path / "in.bin", tmp_path / "out", tmp_path / "thin"
    source.write_bytes(films.numbered())
    out.mkdir()
    thin.mkdir()
    rendering.render(source, out, "mov")
    whole = commands.shrink

    def halved(*arguments: Any) -> list[str]:
        """A frame rate of its own, as a player on a phone would not mind."""
        words = whole(*arguments)
        words[words.index("passthrough")] = "cfr"
        at = words.index("/out/small.mp4")
        return [*words[:at], "-r", "12", *words[at:]]

    monkeypatch.setattr(commands, "shrink", halved)
    with pytest.raises(MediaFailed):
        rendering.shrink(out / "proxy.mp4", thin, "ab" * 32)


# --- the work ---


def test_wanted_made_and_written_down(
    original: Original, sent: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:  # fmt: skip
    recording = original.recording
    with django_capture_on_commit_callbacks(execute=True):
        smaller.want([recording])
        assert sent == []  # before the commit there is nothing to find
    assert sent == [original.pk]
    assert not smaller.ready(recording)
    [before] = actions.segments(recording)
    assert before.small == "" and not player_data.player(recording)["segments"][0]["small"]
    work = shrinking.shrink(original.pk)
    assert work is not None and work.state == State.READY
    row = Rendition.objects.get(original=original, kind="small")
    proxy = Rendition.objects.get(original=original, kind="proxy")
    body = b"".join(s3.read("renditions", row.key))
    assert len(body) == row.size
    assert (row.parent_sha256, row.facts["from"]) == (original.sha256, proxy.sha256)
    assert f"comment=of {proxy.sha256}" in row.arguments
    assert row.facts["frames"] == proxy.facts["frames"]
    [after] = actions.segments(recording)
    assert "/small-" in after.urls()["small"]
    assert player_data.player(recording)["segments"][0]["small"] is True
    assert smaller.ready(recording)
    sequencer.run()
    events = Event.objects.filter(object_ref=original.reference, type="rendition.created")
    [event] = [item.parsed() for item in events if item.parsed()["data"]["kind"] == "small"]
    assert event["data"]["sha256"] == row.sha256 and event["data"]["parent"] == original.sha256
    assert fixity.rendition(row) is None


def test_again_changes_nothing(original: Original, sent: list[int]) -> None:
    for _ in range(3):
        smaller.want([original.recording])
        shrinking.shrink(original.pk)
    assert Smaller.objects.count() == 1
    assert Rendition.objects.filter(kind="small").count() == 1
    assert shrinking.shrink(original.pk) is None


def test_what_was_rolled_back_is_not_wanted(original: Original, sent: list[int]) -> None:
    with transaction.atomic():
        smaller.want([original.recording])
        transaction.set_rollback(True)
    assert not Smaller.objects.exists()
    assert shrinking.shrink(original.pk) is None


def test_one_worker_has_it(original: Original, sent: list[int]) -> None:
    smaller.want([original.recording])
    first = smaller.claim(original.pk)
    assert first is not None and smaller.claim(original.pk) is None
    # It died; another takes over, and what the first still says no longer counts.
    Smaller.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert smaller.claim(original.pk) is not None
    assert not smaller.kept(first, smaller.Result("k", 1, "0" * 64, "ffmpeg", "1", [], {}))
    smaller.give_up(first, "x")
    assert Smaller.objects.get().state == State.MAKING


def test_three_strikes(
    original: Original, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: Any, **more: Any) -> None:
        raise MediaFailed("it can't be read")

    monkeypatch.setattr(rendering, "shrink", fails)
    smaller.want([original.recording])
    for state in (State.WAITING, State.WAITING, State.FAILED):
        shrinking.shrink(original.pk)
        assert Smaller.objects.get().state == state
    assert shrinking.shrink(original.pk) is None
    smaller.want([original.recording])
    assert Smaller.objects.get().state == State.FAILED and smaller.failed_of(original.recording)
    [segment] = actions.segments(original.recording)
    assert segment.proxy and not segment.small


def test_workers_that_die_are_a_verdict_too(original: Original, sent: list[int]) -> None:
    smaller.want([original.recording])
    for _ in range(3):
        assert smaller.claim(original.pk) is not None
        Smaller.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert smaller.claim(original.pk) is None
    assert Smaller.objects.get().state == State.FAILED


def test_the_stores_fault_is_no_strike(
    original: Original, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*arguments: Any) -> None:
        raise s3.StoreError("The store does not answer.")

    smaller.want([original.recording])
    monkeypatch.setattr(s3, "read", away)
    with pytest.raises(s3.StoreError):
        shrinking.shrink(original.pk)
    row = Smaller.objects.get()
    assert (row.state, row.attempts) == (State.WAITING, 0)


def test_other_bytes_are_not_shrunk(original: Original, sent: list[int]) -> None:
    smaller.want([original.recording])
    Rendition.objects.filter(kind="proxy").update(sha256="0" * 64)
    work = shrinking.shrink(original.pk)
    assert work is not None and work.state == State.WAITING and "bytes" in work.problem


def test_the_sweep_finds_what_nobody_was_told_of(
    original: Original, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(tasks.shrink, "delay", told.append)
    Smaller.objects.create(original=original)
    tasks.sweep_small()
    assert told == []  # a moment ago
    Smaller.objects.update(wanted_at=timezone.now() - timedelta(hours=1))
    tasks.sweep_small()
    tasks.sweep_small()
    assert told == [original.pk]


def test_it_waits_for_the_viewing_copy(
    dock: Dock, camera: Camera, film: bytes, sent: list[int],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    recording = factories.docked(dock, film)
    original = recording.originals.get()
    with django_capture_on_commit_callbacks(execute=True):
        smaller.want([recording])
    assert sent == [] and smaller.claim(original.pk) is None
    Smaller.objects.update(wanted_at=timezone.now() - timedelta(hours=1))
    assert smaller.forgotten() == []
    with django_capture_on_commit_callbacks(execute=True):
        renditions.render(original.pk)
    assert original.pk in sent
    work = shrinking.shrink(original.pk)
    assert work is not None and work.state == State.READY


def test_sound_alone_has_no_small_picture(
    dock: Dock, camera: Camera, sent: list[int], tmp_path: Path
) -> None:
    target = tmp_path / "sound.mp4"
    subprocess.run(
        [tools.path("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "sine=d=2", "-c:a", "aac",
         str(target)], check=True,
    )  # fmt: skip
    recording = factories.docked(dock, target.read_bytes())
    renditions.render(recording.originals.get().pk)
    smaller.want([recording])
    assert shrinking.shrink(recording.originals.get().pk) is None
    assert smaller.ready(recording)


# --- the page ---


def test_whoever_may_see_it_may_ask(
    original: Original, shah: User, okoro: User, sent: list[int]
) -> None:
    Recording.objects.filter(pk=original.recording_id).update(officer=shah)
    path = f"/footage/{original.recording.reference}/small/"
    mine, other = Client(), Client()
    mine.force_login(shah)
    other.force_login(okoro)
    assert other.post(path).status_code == 404
    assert not Smaller.objects.exists()
    assert mine.post(path).json() == {"ready": False, "failed": False}
    shrinking.shrink(original.pk)
    assert mine.post(path).json() == {"ready": True, "failed": False}
    assert mine.get(path).status_code == 405
