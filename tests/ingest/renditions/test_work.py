"""The work on viewing copies: claimed once, given up after three strikes, joined where it belongs."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from evidence.cases.models import Case, CaseLink
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.exhibits.models import Exhibit
from evidence.people.models import User
from evidence.recordings.access import find
from evidence.recordings.models import (
    Category,
    Grant,
    Marker,
    Original,
    Package,
    Recording,
    Rendition,
    SyncNudge,
    Undo,
)
from evidence.retention import actions as retention
from evidence.retention.models import Hold, Kind
from evidence.sharing.models import Item, Share
from evidence.store import s3
from ingest.devices.models import Camera, Dock
from ingest.media import rendering
from ingest.renditions import actions, joining, tasks
from ingest.uploads.models import Quarantine
from tests import factories
from tests.ingest.media import gpmf_film

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _scratch(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_SCRATCH = tmp_path / "scratch"


def segment(dock: Dock, number: int, seconds: float = 0, **more: Any) -> Recording:
    """A film of two seconds, the n-th of one press of the button."""
    data = factories.film() + str(number).encode()
    began = START + timedelta(seconds=seconds or 2 * number)
    return factories.docked(
        dock, data, name=more.pop("name", f"BWC_{number:03}.MP4"), recorded_at=began, **more
    )


def render(recording: Recording) -> None:
    original = Original.objects.get(reference=recording.reference)
    assert actions.render(original.pk)


def shown() -> list[Recording]:
    return list(Recording.objects.filter(joined_into=None).order_by("happened_at"))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_segments_become_one_recording_in_whatever_order_they_come(
    dock: Dock, camera: Camera, shah: User, order: tuple[int, ...]
) -> None:
    made = {number: segment(dock, number) for number in order}
    for number in order:
        render(made[number])
    [whole] = shown()
    assert whole == made[0]
    assert [file.file_name for file in whole.originals.all()] == [
        "BWC_000.MP4", "BWC_001.MP4", "BWC_002.MP4",
    ]  # fmt: skip
    assert 5900 < whole.duration_ms < 6300
    for part in made.values():
        assert find(shah, part.reference) == whole
    sequencer.run()
    assert Event.objects.filter(type="recording.joined").count() == 4


@pytest.mark.parametrize(
    "other",
    [
        {"seconds": 9}, {"name": "REAR_001.MP4"}, {"camera": "X-9"},
    ],
)  # fmt: skip
def test_what_does_not_follow_stays_apart(
    dock: Dock, camera: Camera, other: dict[str, Any]
) -> None:
    render(segment(dock, 0))
    render(segment(dock, 1, **other))
    assert len(shown()) == 2


def test_a_hold_moves_along_and_holds_the_whole(dock: Dock, camera: Camera, lane: User) -> None:
    one, two = segment(dock, 0), segment(dock, 1)
    retention.hold(by=lane, recording=two, kind=Kind.COMPLAINT, reason="C", reference="PC/1/26")
    render(one)
    render(two)
    assert shown() == [one]
    assert retention.is_held(one)
    assert not Hold.objects.get(recording=one).in_store


def test_what_somebody_has_categorised_is_not_joined_away(
    dock: Dock, camera: Camera, shah: User
) -> None:
    from evidence.recordings.actions import categorise
    from evidence.recordings.models import Category

    one, two = segment(dock, 0), segment(dock, 1)
    categorise(by=shah, recording=two, category=Category.objects.get(code="arrest"))
    render(one)
    render(two)
    assert len(shown()) == 2


def neighbours(officer: User) -> tuple[Recording, Recording]:
    """Two files of one press of the button, as recordings of their own; no bytes behind them."""
    one = factories.recording(officer, happened_at=START, duration_ms=2000)
    two = factories.recording(
        officer, happened_at=START + timedelta(seconds=2), duration_ms=2000
    )  # fmt: skip
    Original.objects.filter(recording__in=[one, two]).update(media="ready", duration_ms=2000)
    return one, two


def _case(it: Recording, by: User) -> None:
    case = Case.objects.create(urn="01AB/12345/26", title="R v X")
    CaseLink.objects.create(case=case, recording=it, reason="x", linked_by=by)


def _exhibit(it: Recording, by: User) -> None:
    """Withdrawn, and no longer of its case: what it was stays what it was."""
    case = Case.objects.create(urn="01AB/12345/26", title="R v X")
    Exhibit.objects.create(
        case=case, recording=it, mark="AS/1", producer=by, produced_by=by, description="x",
        withdrawn_at=timezone.now(),
    )  # fmt: skip


def _share(it: Recording, by: User) -> None:
    until = timezone.now() + timedelta(days=1)
    share = Share.objects.create(
        recipient="A", organisation="B", email="a@b.example", purpose="p", until=until,
        token_hash="0" * 64, made_by=by, owner=by,
    )  # fmt: skip
    Item.objects.create(share=share, number=1, recording=it)


def _grant(it: Recording, by: User) -> None:
    until = timezone.now() + timedelta(days=1)
    Grant.objects.create(recording=it, person=by, reason="x", until=until, granted_by=by)


def _category(it: Recording, by: User) -> None:
    Recording.objects.filter(pk=it.pk).update(category=Category.objects.first())


def _said(before: str) -> Callable[[Recording, User], None]:
    def say(it: Recording, by: User) -> None:
        Undo.objects.create(recording=it, by=by, before={"note": before}, after={"note": ""})

    return say


TOLD: dict[str, Callable[[Recording, User], Any]] = {
    "restriction": lambda it, by: Recording.objects.filter(pk=it.pk).update(restricted="covert"),
    "category": _category,
    "note": lambda it, by: Recording.objects.filter(pk=it.pk).update(note="x"),
    "undo": _said("what was written before"),
    "grant": _grant,
    "marker": lambda it, by: Marker.objects.create(recording=it, at_ms=1, made_by=by),
    "nudge": lambda it, by: SyncNudge.objects.create(
        recording=it, against=factories.recording(by), milliseconds=1, reason="x", by=by
    ),
    "nudge against it": lambda it, by: SyncNudge.objects.create(
        recording=factories.recording(by), against=it, milliseconds=1, reason="x", by=by
    ),
    "package": lambda it, by: Package.objects.create(made_by=by, purpose="x").recordings.set([it]),
    "case": _case,
    "exhibit": _exhibit,
    "share": _share,
}


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("what", TOLD)
def test_what_somebody_said_opened_or_showed_is_never_joined(
    shah: User, lane: User, what: str, which: int
) -> None:
    """Joining would drop the restriction of one, or open the other to who may see it."""
    pair = neighbours(shah)
    TOLD[what](pair[which], lane)
    joining.join(pair[0].originals.get())
    assert not Recording.objects.exclude(joined_into=None).exists()


def test_what_ended_or_says_nothing_does_not_keep_segments_apart(shah: User, lane: User) -> None:
    one, two = neighbours(shah)
    _grant(two, lane)
    Grant.objects.update(ended_at=timezone.now())
    _said("")(two, lane)
    joining.join(one.originals.get())
    two.refresh_from_db()
    assert two.joined_into == one


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("which", [0, 1])
def test_joining_waits_for_who_restricts_one_of_them_just_now(shah: User, which: int) -> None:
    pair = neighbours(shah)
    failed: list[Exception] = []

    def join() -> None:
        try:
            joining.join(pair[0].originals.get())
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=join)
    with transaction.atomic():
        Recording.objects.filter(pk=pair[which].pk).update(restricted="covert")
        other.start()
        while other.is_alive():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pid FROM pg_locks WHERE NOT granted")
                if cursor.fetchone():
                    break
    other.join(60)
    assert not failed
    assert not Recording.objects.exclude(joined_into=None).exists()


def test_a_store_that_is_away_is_no_strike_against_a_film(
    dock: Dock, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = segment(dock, 0).originals.get()

    def away(*_: Any, **__: Any) -> Any:
        raise s3.StoreError("the store is away")

    with monkeypatch.context() as patched:
        patched.setattr(s3, "read", away)
        for _ in range(5):
            with pytest.raises(s3.StoreError):
                actions.render(original.pk)
    original.refresh_from_db()
    assert (original.media, original.media_attempts) == ("waiting", 0)
    render(original.recording)
    original.refresh_from_db()
    assert original.media == "ready"


def test_a_side_car_that_can_t_be_read_is_no_track_and_no_failure(
    dock: Dock, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = factories.docked(dock, b"$V02\n", name="GPSData000001.txt").originals.get()
    film, read = segment(dock, 0), s3.read

    def partly(alias: str, key: str, *rest: Any) -> Any:
        if key == text.key:
            raise s3.StoreError("that one is away")
        return read(alias, key, *rest)

    monkeypatch.setattr(s3, "read", partly)
    render(film)
    film.refresh_from_db()
    assert film.media == "ready"


def test_each_rendition_names_its_parent_and_has_its_event(dock: Dock, camera: Camera) -> None:
    recording = segment(dock, 0)
    render(recording)
    original = recording.originals.get()
    sequencer.run()
    for rendition in Rendition.objects.all():
        assert rendition.parent_sha256 == original.sha256
        tool = "ffprobe" if rendition.kind == "frames" else "ffmpeg"
        assert rendition.tool == tool
        assert rendition.tool_version.startswith(tool)
    events = [event.parsed() for event in Event.objects.filter(type="rendition.created")]
    assert {event["data"]["kind"] for event in events} == {
        "proxy",
        "poster",
        "storyboard",
        "waveform",
        "sound",
        "frames",
    }
    assert {event["data"]["parent"] for event in events} == {original.sha256}
    recording.refresh_from_db()
    assert recording.media == "ready"
    assert actions.render(original.pk) is None  # a second message finds nothing to do


def test_a_broken_film_is_given_up_after_three_strikes_and_listed(
    dock: Dock, camera: Camera
) -> None:
    recording = factories.docked(dock, factories.film()[:2000], name="BROKEN.MP4")
    original = recording.originals.get()
    for _ in range(3):
        assert actions.render(original.pk)
    recording.refresh_from_db()
    assert recording.media == "unplayable"
    assert Quarantine.objects.get().kind == "broken"
    assert actions.render(original.pk) is None
    sequencer.run()
    assert Event.objects.filter(type="rendition.failed").count() == 1


def test_a_file_that_kills_its_workers_is_given_up_too(
    dock: Dock, camera: Camera, monkeypatch: Any
) -> None:
    class Died(BaseException):
        pass

    def dies(*args: Any, **kwargs: Any) -> Any:
        raise Died

    original = segment(dock, 0).originals.get()
    monkeypatch.setattr(rendering, "render", dies)
    for _ in range(3):
        with pytest.raises(Died):
            actions.render(original.pk)
        Original.objects.update(media_claimed_until=timezone.now() - timedelta(seconds=1))
    assert actions.render(original.pk) is None
    original.refresh_from_db()
    assert original.media == "failed"


def test_one_worker_at_a_time_and_the_sweep_finds_the_dead(
    dock: Dock, camera: Camera, monkeypatch: Any
) -> None:
    original = segment(dock, 0).originals.get()
    assert actions.claim(original.pk)
    assert actions.claim(original.pk) is None
    sent: list[int] = []
    monkeypatch.setattr(tasks.render, "delay", sent.append)
    tasks.sweep()
    assert sent == []
    Original.objects.update(media_claimed_until=timezone.now() - timedelta(seconds=1))
    tasks.sweep()
    tasks.sweep()
    assert sent == [original.pk]


def test_what_killed_workers_left_is_purged(tmp_path: Path) -> None:
    old, new = tmp_path / "1-old", tmp_path / "2-new"
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (1, 1))
    actions.purge(tmp_path)
    assert (old.exists(), new.exists()) == (False, True)


def test_a_recording_began_where_its_earliest_file_says(dock: Dock, camera: Camera) -> None:
    """Two files of one press of the button, the later one rendered first."""
    made = []
    for number, north in enumerate((51.5, 51.6)):
        film = gpmf_film.with_telemetry(factories.film(2), [gpmf_film.packet([(north, -0.1, 1.0)])])
        name, began = f"BWC_{number:03}.MP4", START + timedelta(seconds=2 * number)
        made.append(factories.docked(dock, film, name=name, recorded_at=began))
    for recording in reversed(made):
        render(recording)
    [whole] = shown()
    assert (whole.latitude, whole.longitude) == (51.5, -0.1)
    assert Rendition.objects.filter(kind="track").count() == 2


def test_a_cards_side_car_says_where_its_film_was_made(dock: Dock, camera: Camera) -> None:
    rows = "".join(
        f"{1767240000 + n},A,50.000{n}00,30.000000,9000,1389,0,100,0,{name},0,0,0\n"
        for name in ("NO_001F.MP4", "NO_002F.MP4")
        for n in range(3)
    )
    side_car = factories.docked(dock, ("$V02\n" + rows).encode(), name="GPSData000001.txt")
    recording = segment(dock, 0, name="Normal/NO_002F.MP4")
    render(recording)
    recording.refresh_from_db()
    assert (recording.latitude, recording.longitude) == (50.0, 30.0)
    made = Rendition.objects.get(kind="track")
    assert (made.facts["fixes"], made.tool) == (3, "side-car")
    assert made.arguments == [side_car.reference, side_car.originals.get().sha256]
    other = segment(dock, 5, name="Normal/XX_003F.MP4")
    render(other)
    assert Rendition.objects.filter(kind="track").count() == 1
