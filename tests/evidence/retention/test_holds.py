"""Holds: in the row, in the log, in the store; and for what has not arrived yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.cases import actions as cases
from evidence.cases.models import Case
from evidence.complaints.actions import record_complaint
from evidence.complaints.models import Complaint
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.retention import actions, tasks
from evidence.retention.models import Hold, Kind
from evidence.store import s3
from ingest.devices.models import Camera, Dock
from tests import factories

pytestmark = pytest.mark.django_db


def complaint(**more: Any) -> Complaint:
    now = timezone.now()
    fields: dict[str, Any] = {
        "reference": "PC/1/26", "received": now.date(), "complainant": "A B", "account": "Rude.",
        "start": now - timedelta(hours=3), "end": now,
    }  # fmt: skip
    return Complaint(**(fields | more))


def store_holds(recording: Any) -> bool:
    original = recording.originals.get()
    answer = s3.client().get_object_legal_hold(
        Bucket=s3.bucket("originals"), Key=original.key, VersionId=original.version_id
    )
    return bool(answer["LegalHold"]["Status"] == "ON")


def test_a_complaint_holds_its_footage_in_the_store_too(
    dock: Dock, camera: Camera, shah: User, okoro: User, lane: User, film: bytes
) -> None:
    recording = factories.docked(dock, film)
    other = factories.recording(okoro, happened_at=timezone.now() - timedelta(hours=1))
    _, held = record_complaint(by=lane, complaint=complaint(), officers=[shah])
    assert [hold.recording for hold in held] == [recording]
    assert not actions.is_held(other)
    tasks.to_store(held[0].pk)
    assert store_holds(recording)
    original = recording.originals.get()
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.client().delete_object(
            Bucket=s3.bucket("originals"), Key=original.key, VersionId=original.version_id,
            BypassGovernanceRetention=True,
        )  # fmt: skip


def test_footage_still_in_a_camera_is_held_when_it_arrives(
    dock: Dock, camera: Camera, shah: User, lane: User, film: bytes
) -> None:
    record_complaint(by=lane, complaint=complaint(), officers=[shah])
    assert actions.is_held(factories.docked(dock, film))
    early = timezone.now() - timedelta(days=3)
    assert not actions.is_held(factories.docked(dock, b"text", name="B.txt", recorded_at=early))


def test_footage_that_is_assigned_later_is_held_then(
    dock: Dock, camera: Camera, shah: User, lane: User, film: bytes
) -> None:
    record_complaint(by=lane, complaint=complaint(), officers=[shah])
    recording = factories.docked(dock, film, camera="X-9")
    assert not actions.is_held(recording)
    actions.assign(by=lane, recording=recording, officer=shah, reason="His spare camera")
    assert actions.is_held(recording)


def test_a_watch_costs_the_same_for_one_and_for_many(shah: User, lane: User) -> None:
    """It holds the lock that arrivals wait for."""
    start = timezone.now() - timedelta(hours=9)

    def watch(reference: str) -> tuple[int, list[Hold]]:
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            held = actions.watch(
                by=lane, kind=Kind.COMPLAINT, reference=reference, reason="x", officers=[shah],
                start=start, end=start + timedelta(hours=8),
            )  # fmt: skip
        return len(queries), held

    first = factories.recording(shah, happened_at=start, duration_ms=1000)
    one, held = watch("PC/1/26")
    assert [hold.recording for hold in held] == [first]
    more = [
        factories.recording(shah, happened_at=start + timedelta(minutes=n), duration_ms=1000)
        for n in range(30)
    ]
    factories.recording(shah, happened_at=start - timedelta(hours=1), duration_ms=1000)
    many, _ = watch("PC/2/26")
    assert many == one
    _, again = watch("PC/1/26")  # the same reason again is the same hold
    assert [hold.recording for hold in again] == [first, *more]
    assert again[0] == held[0]
    assert Hold.objects.count() == 31 + 31
    sequencer.run()
    events = Event.objects.filter(type="hold.set")
    assert events.count() == 62
    assert events.filter(object_ref=first.reference).count() == 2


def test_a_watch_tells_the_store_of_each_hold(
    shah: User, lane: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    told: list[int] = []
    monkeypatch.setattr(tasks.to_store, "delay", told.append)
    for _ in range(2):
        factories.recording(shah, happened_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        _, held = record_complaint(
            by=lane, complaint=complaint(end=timezone.now()), officers=[shah]
        )
    assert told == [hold.pk for hold in held]
    assert len(told) == 2


def test_whoever_is_named_can_t_record_or_see_or_release(shah: User, lane: User) -> None:
    recording = factories.recording(shah)
    with pytest.raises(NotAllowed):
        record_complaint(by=lane, complaint=complaint(), officers=[lane, shah])
    other = factories.Person(username="ps2", name="P S", roles=["professional_standards"])
    record_complaint(by=other, complaint=complaint(reference="PC/2/26"), officers=[lane, shah])
    hold = actions.hold(
        by=other, recording=recording, kind=Kind.COMPLAINT, reason="x", reference="PC/2/26"
    )
    assert hold not in actions.visible_to(lane)
    with pytest.raises(NotAllowed):
        actions.release(by=lane, hold=hold, reason="no")
    client = Client()
    client.force_login(lane)
    assert client.get(f"/admin/retention/hold/{hold.pk}/change/").status_code != 200
    assert "PC/2/26" not in client.get("/admin/complaints/complaint/").text


def test_two_holds_keep_until_both_are_released(
    dock: Dock, camera: Camera, lane: User, film: bytes
) -> None:
    recording = factories.docked(dock, film)
    case = cases.save(by=lane, case=Case(urn="01AB/12345/26", title="R v M"), changed=[])
    link = cases.link(by=lane, case=case, recording=recording, reason="The arrest")
    assert cases.link(by=lane, case=case, recording=recording, reason="again") == link
    manual = actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason="Asked for")
    for hold in Hold.objects.all():
        tasks.to_store(hold.pk)
    assert store_holds(recording)
    cases.unlink(by=lane, link=link, reason="Another case")
    for hold in Hold.objects.filter(in_store=False):
        tasks.to_store(hold.pk)
    assert store_holds(recording)
    actions.release(by=lane, hold=manual, reason="Done")
    tasks.to_store(manual.pk)
    assert not store_holds(recording)


def test_a_hold_without_a_reason_or_a_right_is_refused(shah: User, lane: User) -> None:
    recording = factories.recording(shah)
    with pytest.raises(ValueError, match="why"):
        actions.hold(by=lane, recording=recording, kind=Kind.MANUAL, reason=" ")
    with pytest.raises(NotAllowed):
        actions.hold(by=shah, recording=recording, kind=Kind.MANUAL, reason="x")
    assert not Hold.objects.exists()


def test_locks_are_extended_before_they_end(dock: Dock, camera: Camera, film: bytes) -> None:
    from evidence.recordings.models import Original

    factories.docked(dock, film)
    soon = timezone.now() + timedelta(days=1)
    Original.objects.update(locked_until=soon)
    tasks.extend_locks()
    extended = Original.objects.get().locked_until
    assert extended
    assert extended > soon + timedelta(days=20)


def test_locks_are_extended_as_many_as_there_are_and_the_lost_stop_none(
    dock: Dock, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evidence.recordings.models import Original

    made = [factories.docked(dock, b"f%d" % n, name=f"F{n}.bin").originals.get() for n in range(5)]
    soon = timezone.now() + timedelta(days=1)
    Original.objects.update(locked_until=soon)
    s3.destroy("originals", made[0].key, made[0].version_id)
    monkeypatch.setattr(tasks, "BATCH", 2)
    tasks.extend_locks()
    assert Original.objects.filter(locked_until__gt=soon).count() == 4


def test_a_complaint_is_recorded_in_the_admin(shah: User, lane: User) -> None:
    recording = factories.recording(shah, happened_at=timezone.now() - timedelta(hours=1))
    client = Client()
    client.force_login(lane)
    local = timezone.localtime()
    form = {
        "reference": "PC/7/26", "received": f"{local:%Y-%m-%d}", "complainant": "A B",
        "account": "Rude", "about": "4127", "source": "phone", "standing": "subject",
        "start": f"{local - timedelta(hours=2):%Y-%m-%dT%H:%M}", "severity": "service",
        "end": f"{local:%Y-%m-%dT%H:%M}", "radius": "200",
    }  # fmt: skip
    answer = client.post("/admin/complaints/complaint/add/", form, follow=True)
    assert "Recorded. 1 held" in answer.text
    assert actions.is_held(recording)
    wrong = client.post("/admin/complaints/complaint/add/", form | {"reference": "7"})
    assert "Enter a reference like PC/1234/26" in wrong.text


def test_a_case_is_opened_and_footage_linked_in_the_admin(shah: User, lane: User) -> None:
    recording = factories.recording(shah)
    client = Client()
    client.force_login(lane)
    form = {"urn": "01AB/12345/26", "title": "R v Marsh", "status": "open",
            "link": recording.reference, "reason": ""}  # fmt: skip
    assert "Enter why." in client.post("/admin/cases/case/add/", form).text
    assert not Case.objects.exists()
    client.post("/admin/cases/case/add/", form | {"reason": "The arrest"})
    assert Case.objects.get().recordings.get() == recording
    assert actions.is_held(recording)


def test_an_investigator_named_in_a_complaint_finds_no_trace_of_it_in_others_footage(
    shah: User, lane: User
) -> None:
    """Not in the history, not in why it is kept; another investigator does."""
    from evidence.recordings import keeping, pages

    named = factories.Person(username="ps9", name="P Nine", roles=["professional_standards"])
    held = factories.recording(shah)
    actions.watch(
        by=lane, kind=Kind.COMPLAINT, reference="PC/7/26", reason="Complaint PC/7/26",
        officers=[shah, named], start=held.happened_at, end=held.happened_at + timedelta(hours=1),
    )  # fmt: skip
    actions.hold(by=lane, recording=held, kind=Kind.MANUAL, reason="Inquest", reference="I/1")
    sequencer.run()

    def told(reader: User) -> str:
        lines = [line.words for line in pages.past(held, reader)]
        return " ".join(lines + [reason.words for reason in keeping_reasons(reader)])

    def keeping_reasons(reader: User) -> list[keeping.Reason]:
        return [reason for provider in keeping._providers for reason in provider(reader, held)]

    assert "PC/7/26" in told(lane)
    assert "PC/7/26" not in told(named)
    assert "Inquest" in told(named)
