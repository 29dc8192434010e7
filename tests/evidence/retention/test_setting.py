"""Setting holds: what is needed, what it would catch before it is set, and what arrives later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.db import transaction
from django.test import Client
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings.models import Original
from evidence.retention import actions, hold_lists, tasks
from evidence.retention.actions.arriving import Wish
from evidence.retention.actions.holds import Why
from evidence.retention.models import BY_PEOPLE, Hold, Kind, Watch
from evidence.retention.places import Place
from evidence.store import s3
from ingest.devices.models import Camera, Dock
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db: None) -> User:
    return factories.Person(username="mana", name="Mo Manager", roles=["evidence_manager"])


def form(**more: Any) -> dict[str, Any]:
    day = timezone.localdate() + timedelta(days=90)
    return {"kind": "access", "reference": "SAR/12/26", "reason": "A request", "owner": "",
            "review_on": day.isoformat()} | more  # fmt: skip


def test_a_hold_has_an_owner_and_a_review_date(shah: User, lane: User, settings: Any) -> None:
    settings.HOLD_REVIEW_DAYS = 100
    recording = factories.recording(shah)
    hold = actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="x")
    assert hold.owner == lane
    assert hold.review_on == timezone.localdate() + timedelta(days=100)
    [case] = actions.hold_for(
        by=lane, recordings=[recording], kind=Kind.CASE, reason="x", reference="01AB/1/26"
    )
    assert (case.owner, case.review_on) == (None, None)  # a case has periods of its own


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": Kind.ACCESS}, "Enter the reference"),
        ({"kind": Kind.COURT, "reference": " "}, "Enter the reference"),
        ({"review_on": timezone.localdate()}, "Enter a review date after today"),
        ({"review_on": timezone.localdate() + timedelta(days=900)}, "Enter a review date"),
        ({"reason": " "}, "Enter why"),
    ],
)
def test_what_is_needed(fields: dict[str, Any], words: str, shah: User, lane: User) -> None:
    recording = factories.recording(shah)
    given: dict[str, Any] = {"kind": Kind.MANUAL, "reason": "x"} | fields
    with pytest.raises(ValueError, match=words):
        actions.hold(by=lane, recording=recording, **given)
    with pytest.raises(ValueError, match="can't release holds"):
        actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="x", owner=shah)
    assert not Hold.objects.exists()


def test_footage_that_is_being_destroyed_can_t_be_held(shah: User, lane: User) -> None:
    recording = factories.recording(shah, disposed_at=timezone.now())
    with pytest.raises(actions.DisposedOf, match="is being disposed of since"):
        actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="x")


def test_the_page_shows_what_it_would_hold_and_then_holds_it(
    shah: User, okoro: User, lane: User
) -> None:
    client = Client()
    client.force_login(lane)
    ours = [factories.recording(shah) for _ in range(2)]
    other, missing = factories.recording(okoro), "R-2222-2222"
    start = timezone.localtime(ours[0].happened_at)
    wish = form(
        owner=str(lane.pk), references=f"{ours[0].reference}, {ours[1].reference} {missing}"
    )
    shown = client.post("/retention/holds/new/", wish | {"do": "find"})
    assert "It would hold 2 recordings, 20 bytes" in shown.text
    assert missing in shown.text
    assert not Hold.objects.exists()
    # Not what was shown: nothing happens.
    stale = client.post("/retention/holds/new/", wish | {"do": "hold", "shown": "1-10"})
    assert "There are 2 recordings now. Look again." in stale.text
    unseen = client.post("/retention/holds/new/", wish | {"do": "hold"})
    assert unseen.status_code == 200
    assert not Hold.objects.exists()
    client.post("/retention/holds/new/", wish | {"do": "hold", "shown": "2-20"})
    assert {hold.recording for hold in Hold.objects.all()} == set(ours)
    # The same again, by officer and time: what is held already is said, and stays.
    found = form(owner=str(lane.pk), officers="4127", start=f"{start:%Y-%m-%dT%H:%M}",
                 end=f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}")  # fmt: skip
    again = client.post("/retention/holds/new/", found | {"do": "find"})
    assert "2 of them are held for this reference already" in again.text
    assert other.reference not in again.text


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "Name recordings, or officers, cameras or a place"),
        ({"references": "R-2222-2222"}, "There is nothing here that you can see"),
        ({"officers": "9999"}, "There is nobody with the collar number 9999"),
        ({"officers": "4127"}, "Enter when it began"),
        ({"officers": "4127", "start": "2026-11-22T10:00", "end": "2026-11-22T09:00"},
         "The end must be after the start"),
        ({"latitude": "51.5", "start": "2026-11-22T10:00", "end": "2026-11-22T11:00"},
         "a place needs all three"),
        ({"cameras": "BWC-1", "start": "2026-11-22T10:00", "end": "2026-11-22T11:00",
          "later": "on"}, "nobody knows yet what a camera will bring"),
        ({"reference": "", "officers": "4127"}, "Enter the reference of the request"),
        ({"kind": "complaint", "officers": "4127"}, "Select what it is held for"),
        ({"review_on": "2020-01-01"}, "The review date must be after today"),
        ({"references": "\0 R-\0"}, "Enter"),
    ],
)  # fmt: skip
def test_every_wrong_value_is_named(
    more: dict[str, str], words: str, shah: User, lane: User
) -> None:
    client = Client()
    client.force_login(lane)
    answer = client.post("/retention/holds/new/", form(owner=str(lane.pk)) | more | {"do": "find"})
    assert answer.status_code == 422
    assert words in answer.text


def test_restricted_footage_is_held_too_and_not_told(shah: User, lane: User) -> None:
    now = timezone.now()
    hidden = factories.recording(shah, happened_at=now, restricted="covert")
    seen = factories.recording(shah, happened_at=now)
    wish = Wish(Why(Kind.COURT, "x", "O/1"), officers=[shah], start=now - timedelta(hours=1),
                end=now + timedelta(hours=1))  # fmt: skip
    shown = hold_lists.preview(lane, wish)
    assert (shown.count, shown.rows) == (1, [seen])
    caught = actions.hold_many(by=lane, wish=wish)
    assert caught.told == 1
    assert actions.is_held(hidden)


def test_what_people_hold_without_a_reference_gets_one(shah: User, lane: User) -> None:
    rows = [factories.recording(shah) for _ in range(2)]
    wish = Wish(Why(Kind.MANUAL, "x"), recordings=[row.pk for row in rows])
    caught = actions.hold_many(by=lane, wish=wish)
    assert {hold.reference for hold in caught.holds} == {caught.reference}
    assert caught.reference.startswith("H-")


# --- what arrives later ---


@pytest.mark.parametrize("kind", BY_PEOPLE)
def test_footage_still_in_a_camera_is_held_when_it_arrives(
    kind: Kind, dock: Dock, camera: Camera, shah: User, lane: User, film: bytes
) -> None:
    now = timezone.now()
    wish = Wish(Why(kind, "x", "X/1"), officers=[shah], start=now - timedelta(hours=2), end=now,
                later=True)  # fmt: skip
    caught = actions.hold_many(by=lane, wish=wish)
    assert caught.watch
    [row] = hold_lists.waitings(lane, [caught.watch])
    assert row.caught == 0
    assert "BWC-1" in row.still
    recording = factories.docked(dock, film)
    hold = Hold.objects.get(recording=recording)
    assert (hold.kind, hold.reference, hold.owner, hold.set_by) == (kind, "X/1", lane, None)
    assert hold.review_on == caught.watch.review_on
    # Of nobody known, until somebody says whose it is.
    lost = factories.docked(dock, b"text", name="B.txt", camera="X-9")
    assert not actions.is_held(lost)
    actions.assign(by=lane, recording=lost, officer=shah, reason="His spare camera")
    assert actions.is_held(lost)
    early = factories.docked(dock, b"old", name="C.txt", recorded_at=now - timedelta(days=3))
    assert not actions.is_held(early)
    [row] = hold_lists.waitings(lane, [caught.watch])
    assert row.caught == 2


@pytest.mark.parametrize("kind", BY_PEOPLE)
def test_positions_that_come_with_rendering_are_held_too(
    kind: Kind, okoro: User, lane: User
) -> None:
    now = timezone.now()
    wish = Wish(Why(kind, "x", "X/1"), start=now - timedelta(hours=1), end=now + timedelta(hours=1),
                place=Place(51.5, -0.1, 300), later=True)  # fmt: skip
    actions.hold_many(by=lane, wish=wish)
    near = factories.recording(okoro, happened_at=now, latitude=51.5, longitude=-0.1)
    far = factories.recording(okoro, happened_at=now, latitude=52.5, longitude=-0.1)
    for recording in (near, far):
        with transaction.atomic():
            actions.positions_come()
            actions.hold_where(recording)
    assert actions.is_held(near)
    assert not actions.is_held(far)


def test_a_watch_that_ended_catches_nothing(
    dock: Dock, camera: Camera, shah: User, lane: User, film: bytes
) -> None:
    now = timezone.now()
    wish = Wish(Why(Kind.COURT, "x", "O/1"), officers=[shah], start=now - timedelta(hours=2),
                end=now, later=True)  # fmt: skip
    actions.hold_many(by=lane, wish=wish)
    Watch.objects.update(ended_at=now)
    assert not actions.is_held(factories.docked(dock, film))


def test_a_watch_is_in_the_log_before_it_catches_anything(shah: User, lane: User) -> None:
    now = timezone.now()
    wish = Wish(Why(Kind.COURT, "x", "O/1"), officers=[shah], start=now - timedelta(hours=2),
                end=now, later=True)  # fmt: skip
    assert actions.hold_many(by=lane, wish=wish).watch
    sequencer.run()
    assert Event.objects.get(type="hold.awaited").object_ref.startswith("watch-")


# --- the store ---


def _store_says(original: Original) -> str:
    """ON or OFF; what never had a legal hold is OFF too."""
    try:
        answer = s3.client().get_object_legal_hold(
            Bucket=s3.bucket("originals"), Key=original.key, VersionId=original.version_id
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchObjectLegalHold":
            raise
        return "OFF"
    return str(answer["LegalHold"]["Status"])


def _to_store() -> None:
    for number in Hold.objects.filter(in_store=False).values_list("pk", flat=True):
        tasks.to_store(number)


def test_the_store_refuses_to_destroy_what_is_held_and_lets_go_after_the_last_release(
    dock: Dock, camera: Camera, lane: User, manager: User, film: bytes
) -> None:
    recording = factories.docked(dock, film)
    one = actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="x")
    other = actions.hold(by=lane, recording=recording, kind=Kind.COURT, reason="x", reference="O/1")
    _to_store()
    original = recording.originals.get()
    for hold in (one, other):
        with pytest.raises((s3.StoreError, ClientError)):
            s3.destroy("originals", original.key, original.version_id)
        assert s3.read("originals", original.key)
        asked = actions.ask_release(by=lane, hold=hold, reason="x")
        actions.agree_release(by=manager, request=asked)
        _to_store()
    assert _store_says(original) == "OFF"
    s3.destroy("originals", original.key, original.version_id)


def test_a_file_that_comes_later_is_held_in_the_store_too(
    dock: Dock, camera: Camera, lane: User, film: bytes
) -> None:
    """Joined to a held recording, or put back from a replica."""
    recording = factories.docked(dock, film)
    hold = actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="x")
    _to_store()
    more = factories.docked(dock, b"more", name="B.MP4").originals.get()
    Original.objects.filter(pk=more.pk).update(recording=recording)
    assert _store_says(more) == "OFF"
    with transaction.atomic():
        actions.store_again(recordings=[recording.pk])
    hold.refresh_from_db()
    assert not hold.in_store
    _to_store()
    assert _store_says(more) == "ON"
