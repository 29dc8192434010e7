"""From stored bytes to a sealed original, whatever dies in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings.models import Original, Recording
from evidence.store import s3
from ingest.devices.models import Camera, Dock
from ingest.uploads import receipts, sealing, tasks
from ingest.uploads.models import Quarantine, Upload
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_sealed_file_is_a_recording_of_whoever_had_the_camera(
    dock: Dock, camera: Camera, shah: User, film: bytes
) -> None:
    recording = factories.docked(dock, film)
    assert recording.officer == shah
    assert recording.unassigned_because == ""
    original = recording.originals.get()
    assert factories.bucket_object(original.key) == film
    assert Upload.objects.get().state == "sealed"


def test_the_original_can_be_neither_replaced_nor_deleted(
    dock: Dock, camera: Camera, film: bytes
) -> None:
    original = factories.docked(dock, film).originals.get()
    with pytest.raises(s3.AlreadyThere):
        s3.put("originals", original.key, b"", s3.EMPTY_SHA256, "text/plain")
    with pytest.raises(s3.StoreError):
        s3.delete_version("originals", original.key, original.version_id)
    assert factories.bucket_object(original.key) == film


def test_the_event_says_what_was_received(dock: Dock, camera: Camera, film: bytes) -> None:
    recording = factories.docked(dock, film)
    sequencer.run()
    body = Event.objects.get(type="evidence.received").parsed()
    original = recording.originals.get()
    assert body["object"]["sha256"] == original.sha256
    assert body["object"]["size"] == len(film)
    assert body["actor"] == {"kind": "dock", "ref": dock.ref, "auth": "token"}
    assert body["data"]["recording"] == recording.reference


class Died(BaseException):
    """As if the process had been killed here."""


@pytest.mark.parametrize(
    "where", ["_assemble", "_read_back", "s3.finish_multipart", "s3.lock_until", "seal", "after"]
)
def test_a_worker_that_dies_at_any_step_leaves_work_that_the_next_finishes_once(
    dock: Dock, camera: Camera, film: bytes, monkeypatch: Any, where: str
) -> None:
    upload = factories.send(dock, film)
    target: Any = s3 if where.startswith("s3.") else sealing
    name = "seal" if where == "after" else where.removeprefix("s3.")
    real = getattr(target, name)

    def dies(*args: Any, **kwargs: Any) -> Any:
        if where in ("s3.finish_multipart", "after", "s3.lock_until"):
            real(*args, **kwargs)  # it happened; nobody heard of it
        raise Died

    monkeypatch.setattr(target, name, dies)
    with pytest.raises(Died):
        sealing.verify(upload.pk)
    monkeypatch.setattr(target, name, real)
    assert sealing.verify(upload.pk) is None  # the dead worker's claim still stands
    Upload.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    sealing.verify(upload.pk)
    upload.refresh_from_db()
    assert upload.state == "sealed"
    assert Original.objects.count() == Recording.objects.count() == 1
    sequencer.run()
    assert Event.objects.filter(type="evidence.received").count() == 1
    assert receipts.issue(upload) == receipts.issue(upload) is not None


def test_the_sweep_finds_what_a_dead_worker_left(
    dock: Dock, camera: Camera, film: bytes, monkeypatch: Any
) -> None:
    upload = factories.send(dock, film)
    sent: list[str] = []
    monkeypatch.setattr(tasks.verify, "delay", sent.append)
    tasks.sweep()
    assert sent == []  # just handed to the broker: it is given time
    Upload.objects.update(queued_at=timezone.now() - timedelta(minutes=11))
    tasks.sweep()
    assert sent == [str(upload.pk)]
    tasks.sweep()
    assert sent == [str(upload.pk)]  # not at every sweep
    Upload.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    tasks.sweep()
    assert len(sent) == 2


def test_bytes_that_rot_in_the_store_are_quarantined_with_both_hashes(
    dock: Dock, camera: Camera, film: bytes, monkeypatch: Any
) -> None:
    upload = factories.send(dock, film)
    real = s3.read

    def rotten(*args: Any, **kwargs: Any) -> Any:
        for chunk in real(*args, **kwargs):
            yield bytes([chunk[0] ^ 1]) + chunk[1:]

    monkeypatch.setattr(s3, "read", rotten)
    sealing.verify(upload.pk)
    upload.refresh_from_db()
    assert upload.state == "quarantined"
    assert upload.found_sha256 != upload.sha256
    assert receipts.issue(upload) is None
    sequencer.run()
    data = Event.objects.get(type="evidence.quarantined").parsed()["data"]
    assert data["found_sha256"] == upload.found_sha256


def test_a_store_that_is_away_gives_the_work_back(
    dock: Dock, camera: Camera, film: bytes, monkeypatch: Any
) -> None:
    upload = factories.send(dock, film)

    def away(*args: Any, **kwargs: Any) -> Any:
        raise s3.StoreError("away")

    monkeypatch.setattr(s3, "head", away)
    tasks.verify(str(upload.pk))
    upload.refresh_from_db()
    assert (upload.state, upload.claimed_until) == ("verifying", None)
    monkeypatch.undo()
    tasks.verify(str(upload.pk))
    upload.refresh_from_db()
    assert upload.state == "sealed"


def test_parts_that_the_store_lost_are_asked_for_again(
    dock: Dock, camera: Camera, film: bytes
) -> None:
    upload = factories.send(dock, film)
    s3.abort_multipart("originals", upload.key, upload.multipart)
    tasks.verify(str(upload.pk))
    upload.refresh_from_db()
    assert upload.state == "receiving"
    factories.put_parts(upload, film)
    from ingest.uploads import actions

    upload.refresh_from_db()
    actions.complete(upload=upload)
    tasks.verify(str(upload.pk))
    upload.refresh_from_db()
    assert upload.state == "sealed"


# --- who had it, and when ---


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_clock_that_cant_be_right_is_said_and_the_footage_kept(
    dock: Dock, camera: Camera, film: bytes, year: int
) -> None:
    said = datetime(year, 1, 1, tzinfo=UTC)
    recording = factories.docked(dock, film, recorded_at=said)
    assert recording.recorded_at == said
    assert recording.officer is None
    assert str(year) in recording.unassigned_because
    assert abs(recording.happened_at - timezone.now()) < timedelta(minutes=5)


def test_an_unknown_cameras_footage_is_kept_and_listed(
    dock: Dock, camera: Camera, film: bytes
) -> None:
    recording = factories.docked(dock, film, camera="X-99")
    assert recording.officer is None
    assert recording.unassigned_because == "This camera is not on the force's list."
    assert Camera.objects.get(serial="X-99").listed is False


def test_the_measured_clock_error_is_taken_out_and_the_cameras_time_kept(
    dock: Dock, camera: Camera, film: bytes
) -> None:
    now = timezone.now()
    said = now - timedelta(hours=1)
    recording = factories.docked(
        dock, film, recorded_at=said, camera_clock=now - timedelta(seconds=16), dock_clock=now
    )
    assert recording.recorded_at == said
    assert recording.corrected_at == said + timedelta(seconds=16)
    assert recording.happened_at == recording.corrected_at


def test_text_named_as_a_film_is_quarantined_and_receipted(dock: Dock, camera: Camera) -> None:
    recording = factories.docked(dock, b"just words\n", name="A.MP4")
    row = Quarantine.objects.get()
    assert (row.kind, row.recording) == ("not_media", recording)
    assert "is text" in row.reason
    assert recording.media == "not_media"


def test_a_side_car_is_what_it_says_and_is_not_quarantined(dock: Dock, camera: Camera) -> None:
    recording = factories.docked(dock, b"gps,1,2\n", name="GPSData000001.txt")
    assert not Quarantine.objects.exists()
    assert (recording.kind, recording.media) == ("other", "not_media")
    assert Upload.objects.get().state == "sealed"
