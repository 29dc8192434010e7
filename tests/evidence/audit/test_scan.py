"""The reader of the log: finds what the rules point at, once, wherever it dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.audit import duty, scan
from evidence.audit.models import Position, Unusual
from evidence.complaints.actions import record_complaint
from evidence.complaints.models import Complaint
from evidence.custody import sequencer
from evidence.people.models import User
from evidence.recordings.models import Grant
from ingest.devices import actions as devices
from tests import factories
from tests.evidence.audit.casting import look, refuse

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def found() -> list[tuple[str, str, str]]:
    rows = Unusual.objects.order_by("rule", "event_index")
    return [(row.rule, row.person, row.object_ref) for row in rows]


def complain(lane: User, *officers: User, start: datetime, end: datetime) -> Complaint:
    complaint = Complaint(
        reference="PC/12/26", received=timezone.now().date(), complainant="A", account="B",
        start=start, end=end,
    )  # fmt: skip
    return record_complaint(by=lane, complaint=complaint, officers=officers)[0]


def test_looking_at_the_footage_of_a_complaint_about_oneself(
    shah: User, okoro: User, lane: User, hughes: User
) -> None:
    item = factories.recording(shah, happened_at=NOON - timedelta(days=2), duration_ms=60_000)
    elsewhere = factories.recording(shah, happened_at=NOON - timedelta(days=9), duration_ms=1000)
    complaint = complain(
        lane, shah, start=item.happened_at - timedelta(hours=1), end=item.happened_at
    )
    Complaint.objects.filter(pk=complaint.pk).update(created=NOON - timedelta(days=1))
    look(shah, item.reference, elsewhere.reference, at=NOON)
    look(lane, item.reference, at=NOON)
    look(hughes, item.reference, at=NOON)
    scan.run()
    assert found() == [("own_complaint", shah.ref, item.reference)]
    row = Unusual.objects.get()
    assert row.facts == {"complaint": "PC/12/26"}
    assert shah.name not in str(row.facts)


def test_a_look_before_the_complaint_is_none(shah: User, lane: User) -> None:
    item = factories.recording(shah, happened_at=NOON - timedelta(days=2), duration_ms=60_000)
    look(shah, item.reference, at=NOON)
    complain(lane, shah, start=item.happened_at, end=item.happened_at + timedelta(hours=1))
    scan.run()
    assert found() == []


def test_a_granted_look_from_another_area(shah: User, okoro: User, lane: User) -> None:
    item = factories.recording(shah)
    Grant.objects.create(
        recording=item, person=okoro, reason="Same suspect", granted_by=lane,
        until=NOON + timedelta(days=1),
    )  # fmt: skip
    Grant.objects.update(created=NOON - timedelta(hours=1))
    look(okoro, item.reference, at=NOON)
    look(okoro, item.reference, at=NOON + timedelta(hours=1), kind="evidence.played")
    look(okoro, item.reference, at=NOON + timedelta(hours=24))
    scan.run()
    assert [rule for rule, _, _ in found()] == ["out_of_area", "out_of_area"]  # once a day
    first, second = Unusual.objects.order_by("event_index")
    assert "Same suspect" in first.facts["grant"]
    assert second.facts["grant"].startswith("No grant")  # it had ended


def test_at_night_with_no_sign_of_a_shift(shah: User, hughes: User) -> None:
    item = factories.recording(shah, happened_at=NOON - timedelta(days=20))
    look(shah, item.reference, at=NIGHT)
    look(shah, item.reference, at=NIGHT + timedelta(hours=9))
    scan.run()
    assert found() == [("odd_hours", shah.ref, item.reference)]


def test_a_camera_handed_out_that_day_is_a_sign_and_one_kept_for_years_is_none(
    shah: User, okoro: User
) -> None:
    item = factories.recording(shah, happened_at=NOON - timedelta(days=20))
    other = factories.recording(okoro, happened_at=NOON - timedelta(days=20))
    factories.issued_camera("POOL-1", shah, NIGHT - timedelta(hours=6))
    factories.issued_camera("OWN-1", okoro, NIGHT - timedelta(days=900))
    look(shah, item.reference, at=NIGHT)
    look(okoro, other.reference, at=NIGHT)
    scan.run()
    assert found() == [("odd_hours", okoro.ref, other.reference)]


def test_a_camera_that_was_given_back_is_no_sign(shah: User) -> None:
    item = factories.recording(shah, happened_at=NOON - timedelta(days=20))
    camera = devices.list_camera(serial="POOL-2")
    devices.issue(camera=camera, officer=shah, start=NIGHT - timedelta(hours=9),
                  end=NIGHT - timedelta(hours=1))  # fmt: skip
    look(shah, item.reference, at=NIGHT)
    scan.run()
    assert [rule for rule, _, _ in found()] == ["odd_hours"]


def test_having_recorded_that_night_is_a_sign(shah: User) -> None:
    item = factories.recording(shah, happened_at=NIGHT - timedelta(hours=3))
    look(shah, item.reference, at=NIGHT)
    scan.run()
    assert found() == []


def test_rosters_register_themselves(shah: User) -> None:
    item = factories.recording(shah, happened_at=NOON - timedelta(days=20))
    asked: list[Any] = []

    def roster(moments: Any) -> set[Any]:
        asked.append(moments)
        return set(moments)

    duty.register(roster)
    try:
        look(shah, item.reference, at=NIGHT)
        scan.run()
    finally:
        duty._providers.remove(roster)
    assert found() == []
    assert asked == [{(shah.pk, NIGHT)}]


def test_many_in_a_row_across_two_readings(shah: User, hughes: User, settings: Any) -> None:
    settings.UNUSUAL_MANY = 4
    items = [factories.recording(shah, camera=f"C-{n}").reference for n in range(5)]
    look(hughes, *items[:3], at=NOON)
    look(hughes, *items[:3], at=NOON, kind="evidence.played")
    scan.run()
    look(hughes, items[3], at=NOON + timedelta(minutes=5))
    scan.run()
    assert found() == []
    look(hughes, items[4], at=NOON + timedelta(minutes=9))
    scan.run()
    assert found() == [("many", hughes.ref, items[4])]


def test_many_is_of_others_in_ten_minutes_and_no_list(
    shah: User, hughes: User, settings: Any
) -> None:
    settings.UNUSUAL_MANY = 4
    items = [factories.recording(shah, camera=f"C-{n}").reference for n in range(6)]
    look(shah, *items, at=NOON)  # their own
    look(hughes, *items, at=NOON, kind="evidence.listed")
    look(hughes, *items[:3], at=NOON)
    look(hughes, *items[3:], at=NOON + timedelta(minutes=11))
    scan.run()
    assert found() == []


def test_refused_tries_across_two_readings(shah: User, okoro: User) -> None:
    for minute in range(4):
        refuse(shah, NOON + timedelta(minutes=minute))
    for hour in range(5):
        refuse(okoro, NOON + timedelta(hours=1 + hour))
    scan.run()
    assert found() == []
    refuse(shah, NOON + timedelta(hours=6))
    for minute in range(4):
        refuse(shah, NOON + timedelta(hours=6, minutes=minute))
    scan.run()
    assert found() == [("refused", shah.ref, shah.ref)]


def test_reading_twice_finds_once(shah: User, okoro: User) -> None:
    item = factories.recording(shah)
    look(okoro, item.reference, at=NOON)
    assert scan.run() == sequencer.tree_size()
    assert scan.run() == 0
    Position.objects.update(next=0)  # as if it had never been kept
    scan.run()
    assert [rule for rule, _, _ in found()] == ["out_of_area"]


def test_what_was_explained_stays_explained(shah: User, okoro: User, auditor: User) -> None:
    item = factories.recording(shah)
    look(okoro, item.reference, at=NOON)
    scan.run()
    Unusual.objects.update(explained_at=NOON, explained_by=auditor, note="Asked")
    Position.objects.update(next=0)
    scan.run()
    assert Unusual.objects.get().note == "Asked"


def test_dying_between_finding_and_the_position_loses_and_doubles_nothing(
    shah: User, okoro: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [factories.recording(shah, camera=f"C-{n}").reference for n in range(6)]
    look(okoro, *items, at=NOON)
    monkeypatch.setattr(scan, "BATCH", 2)
    kept = Position.save
    calls: list[int] = []

    def dies(self: Position, **more: Any) -> None:
        calls.append(1)
        if len(calls) == 3:  # made, first batch, second
            raise RuntimeError("killed")
        kept(self, **more)

    monkeypatch.setattr(Position, "save", dies)
    with pytest.raises(RuntimeError):
        scan.run()
    assert Unusual.objects.count() == 2  # the first batch; the second is as if it never was
    assert Position.objects.get().next == 2
    scan.run()
    assert [ref for _, _, ref in found()] == items


def test_the_command_reads_to_the_end(shah: User, okoro: User, capsys: Any) -> None:
    look(okoro, factories.recording(shah).reference, at=NOON)
    call_command("audit", "scan")
    assert "events read for unusual looks" in capsys.readouterr().out
    assert len(found()) == 1


def test_the_number_of_queries_does_not_grow_with_the_batch(shah: User, okoro: User) -> None:
    def queries(count: int) -> int:
        items = [factories.recording(shah, camera=f"C-{n}").reference for n in range(count)]
        look(okoro, *items, at=NIGHT)
        with CaptureQueriesContext(connection) as captured:
            scan.run()
        return len(captured)

    scan.run()  # makes the position
    assert queries(3) == queries(60)


def test_many_is_not_hidden_among_other_events_of_ones_own(
    shah: User, hughes: User, settings: Any
) -> None:
    settings.UNUSUAL_MANY = 4
    items = [factories.recording(shah, camera=f"C-{n}").reference for n in range(5)]
    for item in items[:4]:
        look(hughes, item, at=NOON)
    look(hughes, *[hughes.ref] * 600, at=NOON, kind="evidence.searched")
    look(hughes, *items[:1] * 600, at=NOON + timedelta(minutes=1), kind="evidence.played")
    scan.run()
    assert found() == []
    look(hughes, items[4], at=NOON + timedelta(minutes=2))
    scan.run()
    assert found() == [("many", hughes.ref, items[4])]
