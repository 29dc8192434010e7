"""Recording a complaint, and changing its record: the hold is part of saving and only grows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.complaints import actions
from evidence.complaints.found import found
from evidence.complaints.models import Complaint, Named
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.retention import actions as retention
from evidence.retention import registry
from evidence.retention.models import Hold, Watch
from evidence.retention.places import Place
from evidence.retention.registry import Disposed
from ingest.devices.models import Camera, Dock
from tests import factories
from tests.evidence.complaints import making

pytestmark = pytest.mark.django_db
NELSON = (51.5077, -0.1279)
# 150 m and 1.5 km to the north of it.
NEAR, FAR = (51.50905, -0.1279), (51.5212, -0.1279)


def held(recording: Recording) -> bool:
    return Hold.objects.filter(recording=recording, released_at=None).exists()


def at(officer: User | None, hours_ago: float, **more: Any) -> Recording:
    moment = timezone.now() - timedelta(hours=hours_ago)
    return factories.recording(officer, happened_at=moment, duration_ms=60_000, **more)


def test_everything_of_its_officers_those_present_and_its_place_is_held(
    shah: User, okoro: User, hughes: User, lane: User
) -> None:
    own, there, elsewhere = at(shah, 1), at(okoro, 1), at(hughes, 1)
    near = at(hughes, 2, latitude=NEAR[0], longitude=NEAR[1])
    far = at(hughes, 2, latitude=FAR[0], longitude=FAR[1])
    unknown_officer = at(None, 2, latitude=NEAR[0], longitude=NEAR[1])
    early = at(shah, 40)
    making.recorded(lane, shah, present=(okoro,), latitude=NELSON[0], longitude=NELSON[1])
    assert [held(one) for one in (own, there, near, unknown_officer)] == [True] * 4
    assert [held(one) for one in (elsewhere, far, early)] == [False] * 3


def test_footage_of_unknown_length_that_began_before_the_time_is_held(
    shah: User, lane: User
) -> None:
    moment = timezone.now() - timedelta(hours=20)
    unprobed = factories.recording(shah, happened_at=moment, duration_ms=0)
    short = factories.recording(shah, happened_at=moment, duration_ms=60_000)
    making.recorded(lane, shah)
    assert held(unprobed)
    assert not held(short)


@pytest.mark.parametrize("latitude", [0.0, 51.5, -89.5, 89.95])
@pytest.mark.parametrize("longitude", [0.0, -0.13, 179.999, -179.999])
def test_the_square_around_a_place_misses_nothing_within_it(
    shah: User, latitude: float, longitude: float
) -> None:
    place = Place(latitude, longitude, 500)
    for north in (-0.004, 0, 0.004):
        for east in (-0.02, -0.004, 0, 0.004, 0.02):
            turned = (longitude + east + 180) % 360 - 180
            lat = max(-90.0, min(90.0, latitude + north))
            factories.recording(shah, latitude=lat, longitude=turned)
    inside = {
        row.pk for row in Recording.objects.all() if place.reaches(row.latitude, row.longitude)
    }
    around = set(Recording.objects.filter(place.around()).values_list("pk", flat=True))
    assert inside
    assert inside <= around


def test_what_arrives_later_is_held_by_officer_and_by_place(
    dock: Dock, camera: Camera, shah: User, okoro: User, lane: User, film: bytes
) -> None:
    making.recorded(lane, okoro, latitude=NELSON[0], longitude=NELSON[1])
    recording = factories.docked(dock, film)  # Shah's: not an officer of the complaint
    assert not held(recording)
    retention.positions_come()
    Recording.objects.filter(pk=recording.pk).update(latitude=FAR[0], longitude=FAR[1])
    retention.hold_where(Recording.objects.get(pk=recording.pk))
    assert not held(recording)
    Recording.objects.filter(pk=recording.pk).update(latitude=NEAR[0], longitude=NEAR[1])
    retention.hold_where(Recording.objects.get(pk=recording.pk))
    assert held(recording)


def test_rendering_that_finds_where_it_was_holds_it(
    dock: Dock, camera: Camera, okoro: User, lane: User, film: bytes
) -> None:
    """The place comes with a side-car text, read when the viewing copy is made."""
    from ingest.renditions.actions import render

    began = timezone.now() - timedelta(hours=1)
    making.recorded(lane, okoro, latitude=NELSON[0], longitude=NELSON[1])
    rows = "".join(
        f"{1767240000 + n},A,{51.5077 + far - 0.001 * n:.6f},-0.127900,9000,1389,0,100,0,"
        f"NO_00{film_of}F.MP4,0,0,0\n"
        for film_of, far in ((1, 0.0), (2, 0.003), (3, 0.05)) for n in range(3)
    )  # fmt: skip
    factories.docked(dock, f"$V02\n{rows}".encode(), name="GPSData000001.txt")
    began_there, came_by, elsewhere = (
        factories.docked(dock, film, name=f"NO_00{n}F.MP4",
                         recorded_at=began + timedelta(minutes=n)) for n in (1, 2, 3)
    )  # fmt: skip
    for recording in (began_there, came_by, elsewhere):
        assert not held(recording)
        render(recording.originals.get().pk)
        recording.refresh_from_db()
        assert recording.latitude is not None
    # The second began 330 m away and came within 110 m.
    assert [held(one) for one in (began_there, came_by, elsewhere)] == [True, True, False]
    # And a complaint that is recorded later finds both of them.
    making.recorded(lane, okoro, reference="PC/2/26", latitude=NELSON[0], longitude=NELSON[1])
    rows_of = Hold.objects.filter(reference="PC/2/26").values_list("recording", flat=True)
    assert set(rows_of) == {began_there.pk, came_by.pk}


def test_the_sentence_counts_what_is_held_what_may_come_and_what_is_gone(
    dock: Dock, camera: Camera, shah: User, lane: User, film: bytes, monkeypatch: Any
) -> None:
    at(shah, 1)
    factories.send(dock, film)  # arrived, not verified yet
    complaint = making.recorded(lane, shah)
    words = found(complaint).words
    assert words == "1 held, 1 still in cameras. Not docked since: BWC-1."
    Camera.objects.update(docked_at=timezone.now())
    gone = [lambda officers, start, end: Disposed(1, date(2026, 11, 3))]
    monkeypatch.setattr(registry, "disposed", gone)
    assert found(complaint).words == "1 held, 1 still in cameras, 1 disposed of on 3 Nov 2026."


def test_a_dock_that_lists_files_is_believed_where_it_counts_more(
    dock: Dock, camera: Camera, shah: User, lane: User
) -> None:
    Camera.objects.update(docked_in=dock, docked_at=timezone.now() + timedelta(minutes=1))
    Dock.objects.update(bays=[{"camera": "BWC-1", "left": 3, "state": "copying"}])
    complaint = making.recorded(lane, shah)
    assert found(complaint).words == "0 held, 3 still in cameras."


def test_a_wider_time_holds_more_and_a_narrower_one_lets_nothing_go(
    shah: User, okoro: User, lane: User
) -> None:
    now, early = at(shah, 1), at(shah, 30)
    complaint = making.recorded(lane, shah)
    assert (held(now), held(early)) == (True, False)
    start, end = complaint.start, complaint.end
    row, more, narrower = actions.change_record(
        by=lane, complaint=complaint, version=complaint.version,
        values={"start": start - timedelta(hours=40), "received": complaint.received},
    )  # fmt: skip
    assert (more, narrower) == (1, False)
    assert held(early)
    _, more, narrower = actions.change_record(
        by=lane, complaint=row, version=row.version,
        values={"start": end - timedelta(minutes=1), "end": end},
    )  # fmt: skip
    assert (more, narrower) == (0, True)
    assert held(now)
    assert held(early)
    # What arrives for the time that was is held too.
    late = at(shah, 30)
    retention.hold_on_arrival(late)
    assert held(late)


def test_an_officer_who_is_named_later_is_held_and_one_who_is_taken_out_stays_held(
    shah: User, okoro: User, lane: User
) -> None:
    mine, theirs = at(shah, 1), at(okoro, 1)
    complaint = making.recorded(lane, shah)
    row, more = actions.name_officers(by=lane, complaint=complaint, version=None, present=[okoro])
    assert more == 1
    assert held(theirs)
    named = Named.objects.get(officer=okoro)
    with pytest.raises(actions.Refused, match="by mistake"):
        actions.unname_officer(by=lane, complaint=row, version=None, named=named, reason=" ")
    actions.unname_officer(by=lane, complaint=row, version=None, named=named, reason="Off duty")
    assert not row.named.filter(officer=okoro).exists()
    assert held(theirs)
    assert held(mine)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"received": date(2999, 1, 1)}, "not come yet"),
        ({"start": datetime(2999, 1, 1, tzinfo=UTC), "end": datetime(2999, 1, 2, tzinfo=UTC)},
         "not come yet"),
        ({"end": datetime(2999, 1, 1, tzinfo=UTC)}, "not come yet"),
        ({"start": datetime(1, 1, 2, tzinfo=UTC)}, "before 2005"),
        ({"start": datetime(2010, 1, 1, tzinfo=UTC)}, "at most a year"),
        ({"received": date(2020, 1, 1)}, "before it began"),
        ({"end": datetime(2006, 1, 1, tzinfo=UTC)}, "end must be after the start"),
        ({"reference": "12"}, "reference like PC/1234/26"),
        ({"latitude": 51.0}, "both latitude and longitude"),
        ({"latitude": 91.0, "longitude": 0.0}, "less than or equal to 90"),
        ({"radius": 9}, "greater than or equal to 10"),
        ({"account": ""}, "blank"),
    ],
)  # fmt: skip
def test_what_can_t_be_is_refused_in_words_and_nothing_is_kept(
    shah: User, lane: User, fields: dict[str, Any], words: str
) -> None:
    at(shah, 1)
    with pytest.raises(ValidationError, match=words):
        actions.record_complaint(by=lane, complaint=making.draft(**fields), officers=[shah])
    assert not Complaint.objects.exists()
    assert not Hold.objects.exists()
    assert not Watch.objects.exists()


def test_a_reference_in_use_is_refused_and_nothing_of_the_second_is_kept(
    shah: User, okoro: User, lane: User
) -> None:
    making.recorded(lane, shah)
    recording = at(okoro, 1)
    with pytest.raises(actions.Refused, match="in use"):
        actions.record_complaint(by=lane, complaint=making.draft(), officers=[okoro])
    assert Complaint.objects.count() == 1
    assert not held(recording)


def test_who_may_record(shah: User, lane: User, hughes: User) -> None:
    with pytest.raises(NotAllowed):
        actions.record_complaint(by=hughes, complaint=making.draft(), officers=[shah])
    with pytest.raises(NotAllowed, match="named"):
        actions.record_complaint(by=lane, complaint=making.draft(), officers=[lane])
    with pytest.raises(NotAllowed, match="named"):
        actions.record_complaint(by=lane, complaint=making.draft(), officers=[], present=[lane])
    User.objects.filter(pk=shah.pk).update(supervisor=lane)
    with pytest.raises(NotAllowed, match="somebody else has to record"):
        actions.record_complaint(by=lane, complaint=making.draft(), officers=[shah])
    assert not Complaint.objects.exists()


def test_recording_costs_the_same_for_one_recording_and_for_many(shah: User, lane: User) -> None:
    def cost(reference: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            making.recorded(lane, shah, reference=reference, latitude=51.5, longitude=0.0)
        return len(queries)

    at(shah, 1)
    one = cost("PC/1/26")
    for _ in range(30):
        at(shah, 1)
    assert cost("PC/2/26") == one


def test_the_event_names_nobody_openly(shah: User, lane: User) -> None:
    complaint = making.recorded(lane, shah)
    actions.name_officers(by=lane, complaint=complaint, version=None,
                          present=[factories.Person(username="zz", name="Zz Zz")])  # fmt: skip
    making.alleged(complaint, lane, "H1", shah)
    making.handed(complaint, lane, lane)
    sequencer.run()
    for event in Event.objects.filter(object_ref=f"complaint-{complaint.pk}"):
        body = str(event.parsed())
        for secret in ("Shah", "4127", "PC/1/26", "Zz", "swore", shah.ref):
            assert secret not in body, (event.type, secret)


def test_the_page_keeps_what_was_typed_and_says_what_is_wrong(shah: User, lane: User) -> None:
    client = Client()
    client.force_login(lane)
    form = {
        "reference": "pc/9/26", "received": "2999-01-01", "source": "phone", "complainant": "A B",
        "standing": "subject", "account": "zebra words", "about": "4127, 99999",
        "start": "2026-11-22T22:00", "end": "2026-11-22T21:00", "severity": "service",
        "radius": "200",
    }  # fmt: skip
    answer = client.post("/admin/complaints/complaint/add/", form)
    assert answer.status_code == 422
    assert "Nobody here has the collar number 99999. Check it." in answer.text
    assert "The end must be after the start, 22:00" in answer.text
    assert "1 Jan 2999 has not come yet." in answer.text
    assert "zebra words" in answer.text
    assert "4127, 99999" in answer.text
    assert not Complaint.objects.exists()
    for hostile in ("\0", "9" * 5000, "x" * 30_000):
        for name in form:
            answer = client.post("/admin/complaints/complaint/add/", form | {name: hostile})
            assert answer.status_code == 422, (name, hostile[:10])
