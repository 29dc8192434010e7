"""What the player is given, by whom it may be asked for, and what old recordings lack."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings import player_data
from evidence.recordings.models import Original, Recording, Rendition
from evidence.store import s3
from ingest.devices.models import Camera, Dock
from ingest.media import stills
from ingest.renditions import actions as renditions
from tests import factories
from tests.ingest.media import gpmf_film

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def rendition(original: Original, kind: str, **facts: Any) -> Rendition:
    return Rendition.objects.create(
        original=original, kind=kind, key=uuid.uuid4().hex, content_type="video/mp4", size=3,
        sha256="0" * 64, parent_sha256="1" * 64, tool="ffmpeg", tool_version="test", facts=facts,
    )  # fmt: skip


def proxy(original: Original, seconds: float = 10) -> Rendition:
    return rendition(original, "proxy", seconds=seconds, frames=250, width=320, height=240)


@pytest.fixture
def rendered(dock: Dock, camera: Camera, settings: Any, tmp_path: Path) -> Recording:
    """A film with telemetry, docked and rendered."""
    settings.MEDIA_SCRATCH = tmp_path / "scratch"
    packets = [gpmf_film.packet([(51.5 + n / 1000, -0.1, 1.0)]) for n in range(3)]
    film = gpmf_film.with_telemetry(factories.film(3), packets)
    recording = factories.docked(dock, film)
    assert renditions.render(recording.originals.get().pk)
    recording.refresh_from_db()
    return recording


def facts(client: Client, recording: Recording, **query: Any) -> Any:
    return client.get(f"{recording.get_absolute_url()}facts/", query)


def test_frames_and_positions_come_after_the_page(shah: User, rendered: Recording) -> None:
    client = signed_in(shah)
    page = client.get(rendered.get_absolute_url())
    data = page.context["player"]
    [segment] = data["segments"]
    assert (segment["frames"], segment["track"], segment["quiet"]) == (75, True, True)
    found = facts(client, rendered, file=0, look=data["look"]).json()
    assert found["frames"]["count"] == 75
    assert found["track"]["fixes"][0] == [0.0, 51.5, -0.1, 1.0]
    sequencer.run()
    assert Event.objects.filter(type="evidence.viewed").count() == 1
    assert (rendered.latitude, rendered.longitude) == (51.5, -0.1)


def test_whoever_did_not_open_the_page_looks_by_asking(shah: User, rendered: Recording) -> None:
    client = signed_in(shah)
    assert facts(client, rendered, file=0).status_code == 200
    assert facts(client, rendered, file=0, look="forged").status_code == 200
    sequencer.run()
    assert Event.objects.filter(type="evidence.viewed").count() == 2


def test_a_token_is_one_persons_and_one_recordings(
    shah: User, lane: User, rendered: Recording
) -> None:
    other = factories.recording(shah)
    token = player_data.opened(shah.ref, rendered)
    assert player_data.was_opened(token, shah.ref, rendered)
    assert not player_data.was_opened(token, lane.ref, rendered)
    assert not player_data.was_opened(token, shah.ref, other)
    assert not player_data.was_opened(token + "x", shah.ref, rendered)
    assert not player_data.was_opened("", shah.ref, rendered)


def test_others_find_no_facts(okoro: User, auditor: User, rendered: Recording) -> None:
    for person in (okoro, auditor):
        assert facts(signed_in(person), rendered, file=0).status_code == 404


def test_files_that_are_not_there_have_none(shah: User, rendered: Recording) -> None:
    for number in ("1", "-1", "x", "99999999999"):
        found = facts(signed_in(shah), rendered, file=number)
        assert found.json() == {"frames": None, "track": None}


def test_a_recording_of_before_still_plays(shah: User) -> None:
    recording = factories.recording(shah)
    proxy(recording.originals.get())
    rendition(recording.originals.get(), "waveform", peaks=[0, 10, 100])
    client = signed_in(shah)
    page = client.get(recording.get_absolute_url())
    [segment] = page.context["player"]["segments"]
    assert (segment["frames"], segment["track"], segment["quiet"]) == (0, False, False)
    assert segment["levels"] == [0, 67, 100]
    assert "Frame steps are being prepared" in page.text
    assert facts(client, recording, file=0).json() == {"frames": None, "track": None}
    assert client.post(f"{recording.get_absolute_url()}play/").json()["segments"][0]["sound"] == ""


def test_the_old_scale_is_the_new_one() -> None:
    for percent in (1, 5, 37, 100):
        assert abs(player_data.OLD_SCALE[percent] - stills.level(percent * 32767 // 100)) <= 1


def test_a_table_that_is_too_long_or_gone_is_not_sent(shah: User, monkeypatch: Any) -> None:
    recording = factories.recording(shah)
    row = rendition(recording.originals.get(), "frames", count=3)
    assert player_data.details_of(row) is None  # nothing in the store
    s3.put("renditions", row.key, json.dumps({"count": 3}).encode(), "", "application/json")
    assert player_data.details_of(row) == {"count": 3}
    monkeypatch.setattr(player_data, "MOST_BYTES", 2)
    assert player_data.details_of(row) is None


def test_files_play_as_one_with_their_gaps(shah: User) -> None:
    recording = factories.recording(shah)
    first = recording.originals.get()
    assert first.recorded_at
    Original.objects.filter(pk=first.pk).update(duration_ms=10_000, media="ready")
    second = factories.original(
        recording, reference="R-2222-3333", file_name="B.MP4", media="ready", duration_ms=10_000,
        recorded_at=first.recorded_at + timedelta(seconds=11.25),
    )  # fmt: skip
    for item in (second, first):
        proxy(item)
    recording.clock_offset, recording.clock_within = timedelta(seconds=16), timedelta(seconds=2)
    data = player_data.player(recording)
    assert [segment["gap"] for segment in data["segments"]] == [None, 1.25]
    assert data["segments"][1]["start"] - data["segments"][0]["said"] == 27.25
    assert data["clock"] == {"checked": True, "within": 2.0}
    assert player_data.gaps(recording) == ["1.2 s not recorded after A.MP4"]


def test_outside_nobody_learns_where(rendered: Recording) -> None:
    assert player_data.details(rendered, 0, track=False)["track"] is None
    data = player_data.player(rendered, track=False)
    assert not data["segments"][0]["track"]
    assert data["tiles"] == ""
