"""More footage for a case: every camera then and there, and no more of it than that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from evidence.cases import actions, finding
from evidence.cases.models import Case
from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.people.models import User
from evidence.recordings.models import Recording
from tests import factories
from tests.evidence.cases.conftest import client_of

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
TRAFALGAR = (51.5080, -0.1281)
WINDOW = {"start": "2026-11-22T22:00", "end": "2026-11-22T23:00"}


def recorded(officer: User | None, minute: float, seconds: int, **more: Any) -> Recording:
    return factories.recording(
        officer, happened_at=START + timedelta(minutes=minute), duration_ms=seconds * 1000, **more
    )


def asked(**more: str) -> finding.FindForm:
    form = finding.FindForm(WINDOW | more)
    assert form.is_valid(), form.errors
    return form


def found(reader: User, case: Case, **more: str) -> list[Recording]:
    return [one.recording for one in finding.search(reader, case, asked(**more)).found]


def test_every_camera_then_with_the_seconds_of_overlap(
    marsh: Case, price: User, shah: User, okoro: User
) -> None:
    before = recorded(shah, -10, 11 * 60, camera="A")  # one minute of it within
    within = recorded(okoro, 10, 90, camera="B")
    over = recorded(shah, 59, 600, camera="C")
    recorded(shah, -10, 10 * 60, camera="D")  # ends as the window begins
    recorded(okoro, 60, 60, camera="E")  # begins as it ends
    unmeasured = recorded(okoro, 30, 0, camera="F")
    unknown = recorded(None, 40, 60, camera="G")
    Recording.objects.filter(pk=recorded(shah, 20, 60, camera="H").pk).update(restricted="covert")
    result = finding.search(price, marsh, asked())
    assert [(one.recording.camera, one.seconds) for one in result.found] == [
        ("A", 60), ("B", 90), ("F", 0), ("G", 60), ("C", 60)
    ]  # fmt: skip
    assert [one.recording for one in result.found] == [before, within, unmeasured, unknown, over]
    assert not any(one.opens or one.linked for one in result.found)


def test_overlap_with_the_cases_own_footage_counts_no_second_twice(
    marsh: Case, price: User, shah: User, okoro: User
) -> None:
    own = [recorded(shah, 10, 120, camera="A"), recorded(shah, 11, 120, camera="B")]
    other = recorded(okoro, 9, 600, camera="C")
    for item in own:
        actions.link(by=price, case=marsh, recording=item, reason="x")
    told = {one.recording.camera: one for one in finding.search(price, marsh, asked()).found}
    assert told["C"].with_footage == 180
    assert told["A"].with_footage == 60  # with B, not with itself
    assert (told["A"].linked, told["A"].opens) == (True, True)
    assert (told["C"].linked, told["C"].opens) == (False, False)
    assert other.pk == told["C"].recording.pk
    shown = finding.suggestion(price, marsh)
    assert shown["start"] == own[0].happened_at
    assert shown["end"] == own[1].ends_at + timedelta(minutes=1)  # type: ignore[operator]


def test_it_is_narrowed_by_officers_and_unit(
    marsh: Case, price: User, shah: User, okoro: User
) -> None:
    one, other = recorded(shah, 1, 60), recorded(okoro, 2, 60)
    below = factories.Person(
        username="below", collar="7", unit=factories.unit("Strand", shah.unit), roles=["officer"]
    )
    third = recorded(below, 3, 60)
    assert found(price, marsh, officers="4127") == [one]
    assert found(price, marsh, officers="4127, 5530") == [one, other]
    assert shah.unit
    assert found(price, marsh, unit=str(shah.unit.pk)) == [one, third]
    form = finding.FindForm(WINDOW | {"officers": "4127 9999 abc"})
    assert form.errors["officers"] == ["There is nobody with the collar numbers 9999, ABC. "
                                       "Check it."]  # fmt: skip


def test_it_is_narrowed_by_place_and_what_has_none_stands_apart(
    marsh: Case, price: User, shah: User, okoro: User
) -> None:
    north = 0.0027  # some 300 m
    near = recorded(shah, 1, 60, latitude=51.5080, longitude=-0.1281, camera="A")
    edge = recorded(shah, 2, 60, latitude=51.5080 + north, longitude=-0.1281, camera="B")
    recorded(okoro, 3, 60, latitude=51.5080 + 3 * north, longitude=-0.1281, camera="C")
    # In the box round the circle, but not in the circle.
    recorded(okoro, 4, 60, latitude=51.5080 + north, longitude=-0.1281 + north / 0.6225)
    nowhere = recorded(okoro, 5, 60, camera="E")
    place = {"latitude": "51.5080", "longitude": "-0.1281", "radius": "310"}
    result = finding.search(price, marsh, asked(**place))
    assert [one.recording for one in result.found] == [near, edge]
    assert [one.distance for one in result.found] == ["10 m", "300 m"]
    assert [one.recording for one in result.unplaced] == [nowhere]
    assert finding.search(price, marsh, asked()).unplaced == []


@pytest.mark.parametrize(
    ("more", "name", "says"),
    [
        ({"end": "2026-11-22T21:00"}, "end", "The end must be after the start, 22 Nov 2026 22:00"),
        ({"end": "2026-12-22T21:00"}, "end", "Narrow it: the time between may be 7 days at most"),
        ({"start": ""}, "start", "Enter when it began"),
        ({"start": "2026-02-30T10:00"}, "start", "Enter a real time for when it began"),
        ({"start": "0001-01-01T00:00"}, "start", "Enter a real time for"),
        ({"latitude": "51.5"}, "longitude", "Enter the longitude: a place needs all three"),
        ({"latitude": "91", "longitude": "0", "radius": "5"}, "latitude", "between -90 and 90"),
        ({"latitude": "x"}, "latitude", "Enter a latitude between -90 and 90, like 51.5079"),
        ({"radius": "nan"}, "radius", "Enter a radius between 1 and 50000 metres"),
        ({"radius": "900000"}, "radius", "Enter a radius between 1 and 50000 metres"),
        ({"unit": "999999"}, "unit", "Select a unit of the list"),
    ],
)  # fmt: skip
def test_what_cant_be_asked_is_said(marsh: Case, more: dict[str, str], name: str,
                                    says: str) -> None:  # fmt: skip
    form = finding.FindForm(WINDOW | more)
    assert says in form.errors[name][0]


def test_the_page_shows_who_when_where_and_nothing_else(
    marsh: Case, price: User, shah: User
) -> None:
    item = recorded(shah, 10, 90, note="a zebranote", crime_reference="77QQ/77177/26")
    factories.poster(item)
    client = client_of(price)
    assert client.get("/cases/01AB-12345-26/find/").status_code == 200
    page = client.post("/cases/01AB-12345-26/find/", WINDOW).text
    assert item.reference in page
    assert "PC 4127 Shah" in page
    assert "90 s" in page
    assert f"/footage/{item.reference}/" not in page
    for word in ("zebranote", "77QQ", "<img", "<video"):
        assert word not in page
    sequencer.run()
    event = Event.objects.get(type="case.searched")
    assert event.parsed()["data"] == {"found": 1}
    assert Private.objects.get(event_id=event.id).parsed()["query"] == (
        "22 Nov 2026 22:00 to 22 Nov 2026 23:00"
    )
    # What is linked opens, and says so.
    answer = client.post("/cases/link/", {
        "urn": "01AB/12345/26", "pick": item.reference, "reason": "then and there", "link": "1",
    }, follow=True)  # fmt: skip
    assert "1 linked." in answer.text
    page = client.post("/cases/01AB-12345-26/find/", WINDOW).text
    assert f"/footage/{item.reference}/" in page
    assert "Linked" in page


def test_a_wrong_question_loses_nothing(marsh: Case, price: User) -> None:
    answer = client_of(price).post(
        "/cases/01AB-12345-26/find/", WINDOW | {"officers": "9999", "radius": "17"}
    )
    assert answer.status_code == 422
    assert "There is nobody with the collar number 9999. Check it." in answer.text
    assert 'value="17"' in answer.text
    sequencer.run()
    assert not Event.objects.filter(type="case.searched").exists()


def test_who_may_not_find_has_no_page(marsh: Case, price: User, reed: User, quinn: User) -> None:
    actions.add_member(by=price, case=marsh, person=reed, part="disclosure_officer", reason="x")
    for user in (reed, quinn):
        assert client_of(user).get("/cases/01AB-12345-26/find/").status_code == 404


# --- at many rows ---
@pytest.fixture
def crowd(shah: User, okoro: User) -> None:
    """100,000 recordings of two years, and 300 of that evening."""
    every = (str(field.column) for field in Recording._meta.concrete_fields)
    fields = [column for column in every if column != "id"]
    base = factories.recording(shah, duration_ms=60_000, happened_at=START - timedelta(days=800))
    columns = {
        "reference": "'R-' || lpad(upper(to_hex(n)), 8, '0')",
        "happened_at": "timestamptz '2025-01-01' + n * interval '10 minutes'",
        "ends_at": "timestamptz '2025-01-01' + n * interval '10 minutes' + interval '5 minutes'",
        "camera": "'X-' || n % 500",
    }
    chosen = ", ".join(columns.get(name, name) for name in fields)
    names = ", ".join(fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO recordings_recording ({names}) SELECT {chosen} FROM recordings_recording,"
            f" generate_series(1, 100000) n WHERE id = {base.pk}"
        )
        columns["reference"] = "'S-' || lpad(upper(to_hex(n)), 8, '0')"
        columns["happened_at"] = "timestamptz '2026-11-22 22:00Z' + n * interval '1 second'"
        columns["ends_at"] = columns["happened_at"] + " + interval '5 minutes'"
        chosen = ", ".join(columns.get(name, name) for name in fields)
        cursor.execute(
            f"INSERT INTO recordings_recording ({names}) SELECT {chosen} FROM recordings_recording,"
            f" generate_series(1, 300) n WHERE id = {base.pk}"
        )
        cursor.execute("ANALYZE recordings_recording")


def test_it_walks_indexes_and_is_capped(
    crowd: None, marsh: Case, price: User, django_assert_num_queries: Any
) -> None:
    linked = Recording.objects.get(camera="BWC-1")
    actions.link(by=price, case=marsh, recording=linked, reason="x")
    form = asked(end="2026-11-22T22:30")
    with django_assert_num_queries(7):
        result = finding.search(price, marsh, form)
    assert (len(result.found), result.more) == (200, True)
    few = asked(start="2026-11-20T10:00", end="2026-11-20T10:01")
    with django_assert_num_queries(7):
        result = finding.search(price, marsh, few)
    assert len(result.found) < 5
    rows = finding.during(few.cleaned_data["start"], few.cleaned_data["end"])
    plan = rows.order_by("happened_at", "pk")[:201].explain()
    assert "recording_period" in plan
    assert "Seq Scan" not in plan, plan


def test_the_time_is_local(marsh: Case, price: User, shah: User) -> None:
    summer = timezone.make_aware(datetime(2026, 7, 1, 22, 30))
    item = factories.recording(shah, happened_at=summer, duration_ms=60_000)
    form = finding.FindForm({"start": "2026-07-01T22:00", "end": "2026-07-01T23:00"})
    assert form.is_valid()
    assert [one.recording for one in finding.search(price, marsh, form).found] == [item]
