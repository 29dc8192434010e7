"""What else was recording then: by time, by who may see, at one query."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evidence.people.models import User
from evidence.recordings import overlaps
from evidence.recordings.models import Recording
from tests import factories

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def made(officer: User | None, start: int, seconds: int, **more: Any) -> Recording:
    return factories.recording(
        officer, happened_at=NOON + timedelta(seconds=start), duration_ms=seconds * 1000, **more
    )


def test_what_overlaps_is_found_and_for_how_long(shah: User, lane: User) -> None:
    here = made(shah, 0, 60)
    before, after = made(shah, -60, 60), made(shah, 60, 60)
    early, late, inside = made(shah, -30, 40), made(shah, 50, 60), made(shah, 10, 5)
    found, more = overlaps.others(here, lane)
    assert {row.recording: row.seconds for row in found} == {early: 10, late: 10, inside: 5}
    assert not more
    assert before not in [row.recording for row in found]
    assert after not in [row.recording for row in found]


def test_the_same_unit_comes_first(shah: User, okoro: User, hughes: User, lane: User) -> None:
    here = made(shah, 0, 60)
    elsewhere, same = made(okoro, 1, 60), made(hughes, 30, 60)
    nobody = made(None, 0, 60)
    found, _ = overlaps.others(here, lane)
    assert [row.recording for row in found] == [same, nobody, elsewhere]
    assert [row.same_unit for row in found] == [True, False, False]


def test_one_sees_no_more_than_elsewhere(shah: User, okoro: User, hughes: User, lane: User) -> None:
    here = made(shah, 0, 60)
    made(okoro, 0, 60)
    made(shah, 0, 60, restricted="sexual_offence")
    made(shah, 0, 60, joined_into=here)
    made(shah, 0, 60, kind="other")
    mine = made(shah, 0, 60)
    for reader, count in ((shah, 1), (hughes, 1), (lane, 2), (okoro, 1)):
        assert len(overlaps.others(here, reader)[0]) == count, reader
    assert overlaps.others(here, shah)[0][0].recording == mine


def test_how_far_apart_where_both_say_where_they_were(shah: User, lane: User) -> None:
    here = made(shah, 0, 60, latitude=51.5079, longitude=-0.1281)
    made(shah, 1, 60, latitude=51.5079, longitude=-0.1281)
    made(shah, 2, 60, latitude=51.5088, longitude=-0.1281)
    made(shah, 3, 60, latitude=51.5246, longitude=-0.1340)
    made(shah, 4, 60)
    found, _ = overlaps.others(here, lane)
    assert [row.distance for row in found] == [
        "about 10 m away", "about 100 m away", "about 1.9 km away", "",
    ]  # fmt: skip


def test_metres() -> None:
    assert overlaps.metres((0, 0), (0, 1)) == pytest.approx(111_195, abs=1)
    assert overlaps.metres((0, 179.9), (0, -179.9)) == pytest.approx(22_239, abs=1)
    assert overlaps.metres((90, 0), (-90, 0)) == pytest.approx(20_015_115, abs=10)


def test_a_recording_without_an_end_has_no_overlap(shah: User, lane: User) -> None:
    made(shah, 0, 60)
    here = made(shah, 0, 0)
    assert overlaps.others(here, lane) == ([], False)
    here.ends_at = None
    assert overlaps.others(here, lane) == ([], False)


def test_the_cost_is_one_query_whatever_there_is(
    shah: User, lane: User, django_assert_num_queries: Any
) -> None:
    here = made(shah, 0, 60)
    for number in range(30):
        made(shah, number, 60)
    list(lane.grants.all())
    with django_assert_num_queries(4):  # grants held, what is secret to her (2), and the list
        found, more = overlaps.others(here, lane)
        assert all(row.recording.officer.unit.name for row in found)  # type: ignore[union-attr]
    assert (len(found), more) == (overlaps.MOST, True)


def test_the_list_is_found_by_the_index_of_periods(shah: User, lane: User) -> None:
    here = made(shah, 0, 60)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        overlaps.others(here, lane)
    sql = next(item["sql"] for item in seen if "tstzrange" in item["sql"])
    with connection.cursor() as cursor:
        # Enough other times that the index is the cheap way, and the planner told of them: on
        # an all but empty table it may take any index.
        cursor.execute(
            """
            INSERT INTO recordings_recording (
                reference, kind, camera, officer_id, unassigned_because, happened_at, ends_at,
                duration_ms, crime_reference, note, restricted, media, media_reason, created
            )
            SELECT 'R-' || n, 'footage', 'BWC-9', %s, '', at, at + interval '1 minute',
                60000, '', '', '', 'ready', '', at
            FROM (
                SELECT n, timestamptz '2020-01-01' + n * interval '1 hour' AS at
                FROM generate_series(1, 5000) AS n
            ) AS hours
            """,
            [shah.pk],
        )
        cursor.execute("ANALYZE recordings_recording")
        cursor.execute("EXPLAIN " + sql.replace("%", "%%"))
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "recording_period" in plan, plan


def test_the_page_offers_to_watch_them_together(shah: User) -> None:
    here, other = made(shah, 0, 60), made(shah, 10, 60)
    client = Client()
    client.force_login(shah)
    page = client.get(here.get_absolute_url()).text
    assert "What else was recording then" in page
    assert f'value="{other.reference}"' in page
    assert "50 s together" in page


def test_the_nearest_start_comes_first_before_or_after(shah: User, lane: User) -> None:
    here = made(shah, 0, 3600)
    for minute in range(21):
        made(shah, -18_000 - 60 * minute, 21_600)
    before, after = made(shah, -2, 60), made(shah, 1, 60)
    found, more = overlaps.others(here, lane)
    assert [row.recording for row in found[:2]] == [after, before]
    assert (len(found), more) == (20, True)
