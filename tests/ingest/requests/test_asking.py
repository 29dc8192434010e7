"""Who may ask whom, who sees a request, and what becomes of what came."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from evidence.cases.models import Case, CaseLink
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import grants
from evidence.recordings.access import visible_to
from evidence.recordings.models import Original, Recording
from ingest.devices import actions as devices
from ingest.devices.models import Dock
from ingest.requests import actions
from ingest.requests.models import UploadRequest
from ingest.uploads import actions as uploads
from ingest.uploads import sealing
from ingest.uploads.models import Quarantine, Upload
from tests import factories
from tests.ingest.requests.conftest import Ask, Outside

pytestmark = pytest.mark.django_db


def known(recording: Recording | None) -> Recording:
    assert recording is not None
    return recording


def page(user: User, path: str, data: Any = None) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(path) if data is None else client.post(path, data)


FORM = {
    "requester": "Jordan Ellis", "organisation": "", "email": "jordan@example.org",
    "purpose": "Your door camera", "case": "01AB/12345/26",
    "until": f"{timezone.localdate() + timedelta(days=3):%Y-%m-%d}",
}  # fmt: skip


def test_a_case_officer_asks_and_the_link_is_mailed_once(
    cole: User, marsh: Case, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = page(cole, "/requests/new/", FORM)
    row = UploadRequest.objects.get()
    assert answer["Location"] == f"/requests/{row.reference}/"
    assert row.case == marsh and row.state() == "open" and row.camera.kind == "request"
    [message] = mail.outbox
    assert message.to == ["jordan@example.org"] and "/give/open#" in message.body
    assert "01AB" not in message.body
    text = page(cole, f"/requests/{row.reference}/").text
    assert "Nothing yet" in text and "01AB/12345/26" in text
    assert row.reference in page(cole, "/requests/").text
    assert row.reference in page(cole, "/cases/01AB-12345-26/").text
    sequencer.run()
    refs = Event.objects.filter(type="request.made").values_list("object_ref", flat=True)
    assert set(refs) == {row.reference, marsh.subject().ref}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"requester": ""}, "Enter the name of the person you ask"),
        ({"email": "x"}, "Enter an e-mail address like"),
        ({"purpose": ""}, "Enter what you ask for, and why"),
        ({"case": "01AB/9/26"}, "There is no case 01AB/9/26 that you can see"),
        ({"until": "2020-01-01"}, "within 30 days"),
        ({"until": f"{timezone.localdate() + timedelta(days=31):%Y-%m-%d}"}, "within 30 days"),
    ],
)
def test_what_is_wrong_is_said(cole: User, marsh: Case, change: dict[str, str], words: str) -> None:
    answer = page(cole, "/requests/new/", FORM | change)
    assert answer.status_code == 422 and words in answer.text
    assert not UploadRequest.objects.exists()


def test_only_who_asked_and_the_cases_team_see_a_request(
    ask: Ask, cole: User, marsh: Case, lane: User, shah: User, administrator: User
) -> None:
    other = factories.Person(username="other", roles=["case_officer"])
    row = ask(case=marsh)
    path = f"/requests/{row.reference}/"
    for user, status in ((cole, 200), (lane, 200), (other, 404), (shah, 404),
                         (administrator, 404)):  # fmt: skip
        assert page(user, path).status_code == status, user
        assert page(user, f"{path}revoke/", {"reason": ""}).status_code == (
            422 if status == 200 else 404
        )
    assert row.reference not in page(other, "/requests/").text
    marsh.officer_in_case = other
    marsh.save()
    assert page(other, path).status_code == 200
    with pytest.raises(NotAllowed):
        actions.make(by=shah, wish=actions.Wish("J", "j@example.org", "x", timezone.now()))


def test_nobody_asks_for_a_case_that_they_cannot_see(ask: Ask, marsh: Case) -> None:
    other = factories.Person(username="other", roles=["case_officer"])
    with pytest.raises(NotAllowed):
        ask(by=other, case=marsh)


@pytest.fixture
def came(ask: Ask, jordan: Outside, marsh: Case, film: bytes) -> Quarantine:
    """A film that came by a request for a case, checked and in quarantine."""
    row = ask(case=marsh)
    jordan.prove(ask.tokens[row.reference])
    sealing.verify(Upload.objects.get(pk=jordan.send(row, film)).pk)
    return Quarantine.objects.select_related("upload", "recording").get()


def test_what_comes_is_kept_locked_and_quarantined(came: Quarantine, cole: User) -> None:
    upload, recording = came.upload, came.recording
    assert recording is not None
    assert (upload.state, came.kind) == ("quarantined", "outside")
    original = Original.objects.get(recording=recording)
    assert original.locked_until and original.sha256 == upload.sha256
    assert (recording.officer, recording.camera[:2], recording.kind) == (None, "Q-", "footage")
    assert recording.media == "waiting"  # rendered like everything else
    sequencer.run()
    received = Event.objects.get(type="evidence.received")
    assert received.object_ref == recording.reference
    text = page(cole, f"/requests/{recording.camera}/").text
    assert "Quarantined" in text and "door.mp4" in text


def test_before_it_is_accepted_hardly_anybody_sees_it(
    came: Quarantine, cole: User, lane: User, marsh: Case, shah: User, hughes: User,
    auditor: User, administrator: User,
) -> None:  # fmt: skip
    recording = came.recording
    assert recording is not None
    manager = factories.Person(username="em", roles=["evidence_manager"])
    authority = factories.Person(username="aa", roles=["appropriate_authority"])
    colleague = factories.Person(username="other", roles=["case_officer", "supervisor"])
    marsh.members.create(person=colleague, part="case_officer", reason="x", added_by=cole)
    sees = {u.username for u in (cole, lane, shah, hughes, auditor, administrator, manager,
            authority, colleague) if visible_to(u).filter(pk=recording.pk).exists()}  # fmt: skip
    assert sees == {"cole", "lane", "em"}
    path = f"/footage/{recording.reference}/"
    assert page(authority, path).status_code == 404
    assert page(cole, path).status_code == 200
    for permission in ("recording.mark", "recording.categorise", "recording.restrict"):
        assert not visible_to(lane, permission).filter(pk=recording.pk).exists()
    assert not visible_to(cole, "recording.download").filter(pk=recording.pk).exists()


def test_nothing_opens_it_but_acceptance(came: Quarantine, cole: User, marsh: Case) -> None:
    from evidence.cases import actions as cases

    recording, until = came.recording, timezone.now() + timedelta(days=1)
    assert recording is not None
    authority = factories.Person(username="aa", roles=["appropriate_authority"])
    with pytest.raises(ValueError, match="Accept it"):
        grants.unrestrict(by=authority, recording=recording, reason="x")
    with pytest.raises(ValueError, match="Accept it"):
        grants.grant(by=authority, recording=recording, person=cole, until=until, reason="x")
    with pytest.raises(NotAllowed, match="Accept it"):
        cases.link(by=cole, case=marsh, recording=recording, reason="x")
    recording.refresh_from_db()
    assert recording.restricted == "outside"


def test_accepted_it_is_a_recording_like_others_of_the_case(
    came: Quarantine, cole: User, marsh: Case
) -> None:
    recording = came.recording
    assert recording is not None
    colleague = factories.Person(username="other", roles=["case_officer"])
    marsh.members.create(person=colleague, part="case_officer", reason="x", added_by=cole)
    url = f"/requests/{recording.camera}/accept/{came.pk}/"
    assert page(colleague, url, {"note": "x"}).status_code == 404
    answer = page(cole, url, {"note": " "})
    assert answer.status_code == 422 and "Enter what you found." in answer.text
    assert page(cole, url, {"note": "A film of the street"}).status_code == 302
    recording.refresh_from_db()
    came.upload.refresh_from_db()
    assert (recording.restricted, came.upload.state) == ("", "sealed")
    link = CaseLink.objects.get(case=marsh, recording=recording)
    assert link.reason == f"Sent by request {recording.camera}" and link.linked_by == cole
    assert visible_to(colleague).filter(pk=recording.pk).exists()
    assert "Linked to 01AB/12345/26" in page(cole, f"/requests/{recording.camera}/").text


def test_standards_accept_in_the_back_office(came: Quarantine, lane: User, marsh: Case) -> None:
    uploads.resolve(quarantine=came, by=lane, outcome="accepted", note="Looked")
    assert CaseLink.objects.filter(case=marsh, recording=came.recording).exists()


def test_a_manager_accepts_and_the_link_is_left_to_the_team(
    came: Quarantine, cole: User, marsh: Case
) -> None:
    manager = factories.Person(username="em", roles=["evidence_manager"])
    uploads.resolve(quarantine=came, by=manager, outcome="accepted", note="Looked")
    assert not CaseLink.objects.exists()
    assert "Not linked to" in page(cole, f"/requests/{came.upload.camera.serial}/").text


def test_who_asked_without_a_case_still_sees_what_was_accepted(
    ask: Ask, jordan: Outside, cole: User, film: bytes
) -> None:
    row = ask()
    jordan.prove(ask.tokens[row.reference])
    sealing.verify(Upload.objects.get(pk=jordan.send(row, film)).pk)
    held = Quarantine.objects.get()
    actions.accept(by=cole, request=row, quarantine=held, note="Looked")
    assert visible_to(cole).filter(pk=known(held.recording).pk).exists()
    assert not CaseLink.objects.exists()


def test_a_request_accepts_nothing_but_its_own_files(
    came: Quarantine, ask: Ask, cole: User
) -> None:
    other = ask()
    assert page(cole, f"/requests/{other.reference}/accept/{came.pk}/", {"note": "x"}).status_code \
        == 404  # fmt: skip
    assert Recording.objects.get(pk=known(came.recording).pk).restricted == "outside"


def test_what_pretends_to_be_footage_waits_for_both(ask: Ask, jordan: Outside, cole: User) -> None:
    row = ask()
    jordan.prove(ask.tokens[row.reference])
    sealing.verify(Upload.objects.get(pk=jordan.send(row, b"#EXTM3U not a film")).pk)
    kinds = set(Quarantine.objects.values_list("kind", flat=True))
    assert kinds == {"outside", "not_media"}
    actions.accept(by=cole, request=row, quarantine=Quarantine.objects.get(kind="outside"),
                   note="Looked")  # fmt: skip
    upload = Upload.objects.get()
    assert upload.state == "quarantined"
    assert "not_media" in Quarantine.objects.filter(resolved_at=None).values_list("kind", flat=True)


def test_the_pseudo_dock_is_no_dock(came: Quarantine, hughes: User, administrator: User) -> None:
    pseudo = Dock.objects.get(kind="request")
    assert pseudo.name not in page(hughes, "/docks/").text
    assert page(hughes, f"/docks/{pseudo.name}/screen/").status_code == 404
    listed = page(administrator, "/admin/devices/dock/").text
    assert pseudo.name not in listed
    assert came.upload.camera.serial not in page(administrator, "/admin/devices/camera/").text
    with pytest.raises(devices.DeviceError):
        devices.make_code(name=pseudo.name)


def test_pages_take_as_many_queries_for_many(
    came: Quarantine, ask: Ask, jordan: Outside, cole: User, film: bytes,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    row = UploadRequest.objects.get()
    client = Client()
    client.force_login(cole)
    counts = []
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for count in range(2):
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(f"/requests/{row.reference}/")
        with CaptureQueriesContext(connection) as caught_list:
            client.get("/requests/")
        counts.append((len(caught), len(caught_list)))
        if count == 0:
            for name in ("b.mp4", "c.mp4"):
                sealing.verify(Upload.objects.get(pk=jordan.send(row, film, name)).pk)
            ask()
    assert counts[0] == counts[1]


def test_accepting_what_somebody_decided_otherwise_is_not_said_to_have_worked(
    came: Quarantine, cole: User, lane: User
) -> None:
    uploads.resolve(quarantine=came, by=lane, outcome="followed", note="A stranger's film")
    url = f"/requests/{came.upload.camera.serial}/accept/{came.pk}/"
    answer = page(cole, url, {"note": "Looked"})
    assert answer.status_code == 422 and "decided already" in answer.text
    assert known(Recording.objects.get(pk=known(came.recording).pk)).restricted == "outside"


def test_who_asked_and_left_the_case_is_told_no_more_of_it(
    came: Quarantine, cole: User, marsh: Case, lane: User
) -> None:
    path = f"/requests/{came.upload.camera.serial}/"
    assert marsh.urn in page(cole, path).text and marsh.urn in page(cole, "/requests/").text
    uploads.resolve(quarantine=came, by=lane, outcome="accepted", note="Looked")
    marsh.officer_in_case = factories.Person(username="other", roles=["case_officer"])
    marsh.save()
    text = page(cole, path).text
    assert marsh.urn not in text and "inked to" not in text
    assert marsh.urn not in page(cole, "/requests/").text
