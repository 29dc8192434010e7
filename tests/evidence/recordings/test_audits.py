"""Audits and packages as pages and the clock ask for them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from evidence.custody import checkpoints, sequencer
from evidence.custody.models import Alarm, Audit, Event
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import audits, exports
from evidence.recordings.models import Package, Recording
from evidence.store import s3
from ingest.devices.models import Dock
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def recording(dock: Dock, camera: Any, film: bytes) -> Recording:
    made = factories.docked(dock, film)
    sequencer.run()
    return made


def last(kind: str) -> dict[str, Any]:
    sequencer.run()
    return Event.objects.filter(type=kind).order_by("-index")[0].parsed()


def test_the_nightly_audit_is_an_event_and_what_it_finds_an_alarm(
    recording: Recording, lane: User, client: Client
) -> None:
    assert audits.nightly().fault_count == 0
    said = last("log.audited")
    assert (said["outcome"], said["data"]["faults"], said["data"]["objects"]) == ("ok", 0, 1)
    original = recording.originals.get()
    answer = s3.client().put_object(Bucket=s3.bucket("originals"), Key=original.key, Body=b"other")
    type(original).objects.update(version_id=answer["VersionId"])
    row = audits.nightly()
    assert row.fault_count == 1
    assert last("log.audited")["outcome"] == "failed"
    assert original.reference in Alarm.objects.get(source="audit").sentence
    client.force_login(lane)
    page = client.get("/admin/").content.decode()
    assert "found 1 faults" in page
    assert "Alarm: " in page


def test_a_sample_takes_what_was_unread_longest(
    recording: Recording, dock: Dock, monkeypatch: Any
) -> None:
    for number in range(3):
        factories.docked(dock, b"more %d" % number, name=f"{number}.bin")
    sequencer.run()
    rows = list(type(recording.originals.get()).objects.order_by("pk"))
    for days, row in enumerate(rows):
        type(row).objects.filter(pk=row.pk).update(checked_at=timezone.now() - timedelta(days=days))
    monkeypatch.setattr(audits, "SAMPLE", 2)
    assert audits.walk(objects="sample", workers=1).objects == 2
    recent = timezone.now() - timedelta(hours=1)
    read = {row.pk for row in type(rows[0]).objects.filter(checked_at__gt=recent)}
    assert read == {rows[0].pk, rows[-1].pk, rows[-2].pk}
    oldest = audits.oldest_unchecked()
    assert oldest
    assert oldest.pk == rows[-3].pk


def test_the_command_counts_and_says_what_where_and_the_first_bad_event(
    recording: Recording, capsys: Any
) -> None:
    call_command("custody", "verify", "--json", "--workers", "1")
    found = json.loads(capsys.readouterr().out)
    assert (found["faults"], found["first_bad"], found["objects"]) == ([], None, 1)
    assert found["events"] == sequencer.tree_size()
    call_command("custody", "verify", "--objects", "none", "--since", "1", "--workers", "1")
    assert "0 objects read, 0 faults" in capsys.readouterr().out
    type(recording.originals.get()).objects.update(sha256="0" * 64)
    with pytest.raises(CommandError, match="first at event"):
        call_command("custody", "verify", "--json", "--workers", "1")
    found = json.loads(capsys.readouterr().out)
    index = Event.objects.get(type="evidence.received").index
    assert (found["first_bad"], found["faults"][0]["what"]) == (index, "object")


def test_status_and_metrics_say_how_it_stands(
    recording: Recording, capsys: Any, client: Client
) -> None:
    checkpoints.sign()
    call_command("custody", "status", "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["size"] == said["checkpoint"] == sequencer.tree_size()
    assert len(said["root"]) == 64
    assert (said["backlog"], said["unsigned"], said["alarms"]) == (0, 0, [])
    call_command("custody", "status")
    assert "witnesses: -" in capsys.readouterr().out
    text = client.get("/metrics").content.decode()
    assert f"bwv_custody_size {float(said['size'])}" in text
    assert "bwv_custody_alarm 0.0" in text
    assert "bwv_custody_audit_age_seconds -1.0" in text
    assert "bwv_oldest_unchecked_object_seconds" in text


def test_verify_now_checks_one_recording_and_says_so_in_its_history(
    recording: Recording, lane: User, okoro: User, django_capture_on_commit_callbacks: Any
) -> None:
    with pytest.raises(NotAllowed):
        audits.ask(by=okoro, recording=recording)
    row = audits.ask(by=lane, recording=recording)
    assert audits.ask(by=lane, recording=recording).pk == row.pk  # one at a time
    audits.verify_one(row.pk)
    row.refresh_from_db()
    assert (row.fault_count, row.objects_read, row.percent) == (0, 1, 100)
    assert last("history.verified")["outcome"] == "ok"
    audits.verify_one(row.pk)  # again by a second worker: nothing
    assert Event.objects.filter(type="history.verified").count() == 1
    type(recording.originals.get()).objects.update(size=1)
    Audit.objects.all().delete()
    row = audits.ask(by=lane, recording=recording)
    audits.verify_one(row.pk)
    row.refresh_from_db()
    assert row.fault_count == 1
    assert last("history.verified")["outcome"] == "failed"


# --- packages that pages ask for ---------------------------------------------------


def wanted(**more: Any) -> Package:
    return Package(purpose="Charging", recipient="CPS", **more)


def test_a_package_is_made_downloaded_and_gone_after_a_week(
    recording: Recording, lane: User
) -> None:
    row = exports.ask(by=lane, wanted=wanted(renditions=True), recordings=[recording])
    exports.make(row.pk)
    row.refresh_from_db()
    assert (row.state, row.progress) == ("ready", 100)
    assert s3.head("renditions", row.key).size == row.size
    assert row.checkpoint == sequencer.tree_size()
    exports.make(row.pk)  # a second worker: nothing
    url = exports.download(by=lane, row=row, address="127.0.0.1")
    assert "X-Amz-Signature" in url
    assert last("package.downloaded")["data"] == {"package": row.reference}
    said = last("evidence.exported")
    assert said["data"]["package"] == row.reference
    assert said["actor"]["ref"] == lane.ref
    exports.sweep()
    assert s3.head("renditions", row.key)
    Package.objects.update(finished=timezone.now() - timedelta(days=8))
    exports.sweep()
    row.refresh_from_db()
    assert row.state == "gone"
    with pytest.raises(s3.Missing):
        s3.head("renditions", row.key)
    with pytest.raises(exports.ExportError, match="Make another"):
        exports.download(by=lane, row=row, address="127.0.0.1")


def test_the_right_is_asked_again_when_the_package_is_made(
    recording: Recording, lane: User, okoro: User, hughes: User
) -> None:
    for nobody in (okoro, hughes):
        with pytest.raises(NotAllowed):
            exports.ask(by=nobody, wanted=wanted(), recordings=[recording])
    row = exports.ask(by=lane, wanted=wanted(), recordings=[recording])
    lane.roles = ["officer"]
    lane.save()
    exports.make(row.pk)
    row.refresh_from_db()
    assert row.state == "failed"
    assert "can't export" in row.reason
    assert not Event.objects.filter(type="evidence.exported").exists()


def test_a_package_that_can_not_be_made_says_why_after_three_tries(
    recording: Recording, lane: User
) -> None:
    type(recording.originals.get()).objects.update(sha256="0" * 64)
    row = exports.ask(by=lane, wanted=wanted(), recordings=[recording])
    for state in ("waiting", "waiting", "failed"):
        exports.make(row.pk)
        row.refresh_from_db()
        assert row.state == state
    assert "SHA-256" in row.reason
    sequencer.run()
    assert not Event.objects.filter(type="evidence.exported").exists()


def test_a_worker_that_died_over_a_package_is_followed_by_another(
    recording: Recording, lane: User, monkeypatch: Any
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(exports, "_send", sent.append)
    row = exports.ask(by=lane, wanted=wanted(), recordings=[recording])
    Package.objects.update(state="making", claimed_until=timezone.now() + timedelta(minutes=5))
    exports.sweep()
    exports.make(row.pk)
    row.refresh_from_db()
    assert (row.state, sent) == ("making", [row.pk])
    Package.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    exports.sweep()
    assert sent == [row.pk, row.pk]
    exports.make(row.pk)
    row.refresh_from_db()
    assert row.state == "ready"


def test_the_command_exports_what_the_verifier_accepts(
    recording: Recording, tmp_path: Path, capsys: Any
) -> None:
    from evidence.custody import bwv_verify, keys

    out, trust = tmp_path / "OUT.zip", tmp_path / "policy"
    call_command("custody", "export", recording.reference.lower(), "--to", str(out), "--renditions")
    assert "Check it: python bwv_verify.py" in capsys.readouterr().out
    trust.write_text(keys.policy())
    assert bwv_verify.verify(out, trust, []).verdict()[0] == 0
    with pytest.raises(CommandError, match="no recording R-2222-2222"):
        call_command("custody", "export", "R-2222-2222", "--to", str(tmp_path / "x.zip"))
    call_command("custody", "policy")
    assert capsys.readouterr().out == keys.policy()
    call_command("custody", "checkpoint")
    assert capsys.readouterr().out.startswith("bwv.localhost/custody\n")
    size = sequencer.tree_size()
    call_command("custody", "consistency", "1", str(size))
    assert capsys.readouterr().out.strip()
    with pytest.raises(CommandError):
        call_command("custody", "consistency", "5", "2")
    call_command("custody", "anchor")
    assert "files published" in capsys.readouterr().out
    call_command("custody", "rebuild", "--from-tiles")
    assert "gives the signed root" in capsys.readouterr().out


def test_a_package_that_kills_its_worker_is_given_up(recording: Recording, lane: User) -> None:
    row = exports.ask(by=lane, wanted=wanted(), recordings=[recording])
    Package.objects.update(state="making", attempts=3,
                           claimed_until=timezone.now() - timedelta(seconds=1))  # fmt: skip
    exports.make(row.pk)
    row.refresh_from_db()
    assert (row.state, "three times" in row.reason) == ("failed", True)


def test_the_reference_of_a_joined_file_exports_the_whole_recording(
    recording: Recording, tmp_path: Path
) -> None:
    from evidence.custody.record import service

    joined = factories.recording(None, joined_into=recording)
    joined.originals.all().delete()
    wish = exports.Wish(service("test"), "x", "test")
    made = exports.to_file([joined.reference], tmp_path / "x.zip", wish)
    assert made.files == 1


def test_verify_now_says_so_when_the_log_itself_is_broken(recording: Recording, lane: User) -> None:
    from tests.custody import tamper

    checkpoints.sign()
    sequencer.run()
    tamper("UPDATE custody_node SET hash = sha256('x') WHERE level = 0")
    row = audits.ask(by=lane, recording=recording)
    audits.verify_one(row.pk)
    row.refresh_from_db()
    assert row.finished
    assert row.fault_count


def test_a_check_whose_asker_lost_the_right_ends_and_shows_nothing(
    recording: Recording, lane: User
) -> None:
    row = audits.ask(by=lane, recording=recording)
    lane.roles = ["officer"]
    lane.save()
    audits.verify_one(row.pk)
    row.refresh_from_db()
    assert row.finished
    sequencer.run()
    assert not Event.objects.filter(type="history.verified").exists()


def test_an_alarm_stands_until_who_raised_it_is_content(recording: Recording, lane: User) -> None:
    from evidence.custody import signing, status

    assert status.open_alarm() == ""
    signing.alarm("audit", "one fault")
    signing.alarm("signer", "refused")
    assert status.open_alarm() == "refused"
    checkpoints.sign()
    assert status.open_alarm() == "one fault"
    audits.nightly()
    assert status.open_alarm() == ""
    signing.alarm(f"check {recording.reference}", "a file is gone")
    audits.nightly()
    assert status.open_alarm() == "a file is gone"  # the nightly sample may not have read it
    row = audits.ask(by=lane, recording=recording)
    audits.verify_one(row.pk)
    assert status.open_alarm() == ""
    signing.alarm("bucket", "another checkpoint")
    assert status.open_alarm() == "another checkpoint"


def test_every_page_of_the_log_that_is_read_is_written_down(
    recording: Recording, auditor: User, client: Client
) -> None:
    client.force_login(auditor)

    def reads() -> int:
        sequencer.run()
        return Event.objects.filter(type="history.read").count()

    for query in ("", f"?q={recording.reference}", f"?q={recording.reference}&p=2",
                  "?dpa62=collection"):  # fmt: skip
        before = reads()
        assert client.get(f"/admin/custody/event/{query}").status_code in (200, 302)
        assert reads() > before or "p=2" in query
