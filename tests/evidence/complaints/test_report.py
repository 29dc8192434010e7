"""The report says all of it, on paper that says which page it is; so do letters."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from evidence.complaints import costs, letters, report, report_facts
from evidence.complaints.letters import Written
from evidence.complaints.models import BodyChoice, Complaint, Measure, Named, Rate, Template
from evidence.custody import checkpoints, sequencer
from evidence.custody.models import Pending
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import coverage
from evidence.recordings.models import Recording
from evidence.retention.models import Hold
from ingest.devices.models import Camera, Dock
from tests import factories
from tests.evidence.complaints import casting

pytestmark = pytest.mark.django_db


def _hold(of: Complaint, recording: Recording) -> Hold:
    return Hold.objects.create(recording=recording, kind="complaint", reference=of.reference,
                               reason="x", set_by=of.recorded_by)  # fmt: skip


@pytest.fixture
def made(lane: User, shah: User) -> Complaint:
    found = casting.complaint(lane, about=shah)
    casting.allegation(found)
    BodyChoice.objects.create(complaint=found, body="lpb", chosen_by=lane,
                              reasons=["No rule sends it to the IOPC."])  # fmt: skip
    casting.told(found, "update", date(2026, 11, 24))
    Measure.objects.create(complaint=found, kind="learning", words="Say why.", entered_by=lane)
    costs.enter(by=lane, complaint=found, rate=Rate.objects.get(code="investigator"),
                on=date(2026, 11, 24), minutes=90, words="Statements")  # fmt: skip
    return casting.decided(found, casting.authority(), on=date(2026, 11, 25),
                           learning="Say why somebody is led away.")  # fmt: skip


def _text(made: bytes) -> str:
    pages = PdfReader(io.BytesIO(made)).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def test_it_says_all_of_it(
    lane: User, made: Complaint, shah: User, dock: Dock, camera: Camera, film: bytes
) -> None:
    recording = factories.docked(dock, film)
    Recording.objects.filter(pk=recording.pk).update(duration_ms=200_000)
    _hold(made, recording)
    coverage.add(person=lane, recording=recording, about=f"complaint-{made.pk}",
                 played=[[0, 50_000], [100_000, 150_000]])  # fmt: skip
    sequencer.run()
    signed = checkpoints.sign()
    assert signed
    text = _text(report.make(by=lane, complaint=made))
    original = recording.originals.get()
    groups = [original.sha256[at : at + 8] for at in range(0, 64, 8)]
    for words in (
        "Report of complaint PC/1/26", "Made by DS 12 Lane", "Ada Marsh", "PC 4127 Shah",
        "Complained of", "Not served", "The officer pushed me and was rude.",
        "1. He pushed me", "B4 Use of force (Test 1)", "The service provided was acceptable.",
        "The footage shows an escort hold, not a push.", "Learning: Say why somebody is led away.",
        "decided by Supt", "Local policing body. No rule sends it to the IOPC.",
        "24 Nov 2026 The complainant told in writing: Progress", "22 Nov 2026 22:14:00 GMT",
        recording.reference, " ".join(groups[:4]), " ".join(groups[4:]), "DS 12 Lane: 50%",
        "00:00–00:50, 01:40–02:30", "Unchanged", "£87.00", f"checkpoint {signed.size:,}",
        "Page 1 of",
    ):  # fmt: skip
        assert words in text, words


def test_footage_that_the_reader_may_not_see_is_not_told_but_that_there_is_some(
    lane: User, made: Complaint, shah: User
) -> None:
    secret = factories.recording(shah, restricted="covert")
    _hold(made, secret)
    text = _text(report.make(by=lane, complaint=made))
    assert secret.reference not in text
    assert secret.originals.get().sha256[:8] not in text
    assert "None that whoever made this report may see." in text


def test_who_has_played_nothing_is_said_too(lane: User, made: Complaint, shah: User) -> None:
    _hold(made, factories.recording(shah))
    assert "Nobody has played any of it for this complaint." in _text(
        report.make(by=lane, complaint=made)
    )


def test_making_one_is_an_event_with_the_fingerprint_of_what_was_made(
    lane: User, made: Complaint
) -> None:
    file = report.make(by=lane, complaint=made, address="10.0.0.1")
    newest = Pending.objects.order_by("position").last()
    assert newest is not None
    body = json.loads(bytes(newest.body))
    assert (body["type"], body["data"]["kind"]) == ("complaint.exported", "report")
    assert body["data"]["sha256"] == hashlib.sha256(file).hexdigest()
    assert "10.0.0.1" not in str(body) and "PC/1" not in str(body)


def test_the_chronology_is_in_order_days_before_times(lane: User, made: Complaint) -> None:
    found = report_facts.read(lane, made).chronology
    days = [entry.on for entry in found]
    assert days == sorted(days) and len(found) >= 4
    sequencer.run()
    again = report_facts.read(lane, made).chronology
    assert any(entry.at and "Statements" in entry.words for entry in again)


@pytest.mark.parametrize("who", ["shah", "okoro", "auditor", "administrator"])
def test_others_get_none(request: pytest.FixtureRequest, made: Complaint, who: str) -> None:
    person = request.getfixturevalue(who)
    with pytest.raises(NotAllowed):
        report.make(by=person, complaint=made)
    assert not any(b"exported" in bytes(row.body) for row in Pending.objects.all())


def test_whoever_is_named_gets_none(lane: User, made: Complaint) -> None:
    Named.objects.create(complaint=made, officer=lane)
    with pytest.raises(NotAllowed):
        report.make(by=lane, complaint=made)


def test_the_same_queries_for_much_footage(lane: User, made: Complaint, shah: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            report_facts.read(lane, made)
        return len(asked)

    _hold(made, factories.recording(shah))
    one = queries()
    for _ in range(20):
        _hold(made, factories.recording(shah))
    assert queries() == one


def test_mark_up_that_somebody_typed_is_text(lane: User, made: Complaint) -> None:
    made.account = "<b>He</b> & <font color='red'>she</font> <img src=x>"
    made.save()
    assert "<b>He</b> & <font color='red'>she</font> <img src=x>" in _text(
        report.make(by=lane, complaint=made)
    )


def test_a_letter_on_paper_is_the_letter_word_for_word(lane: User, made: Complaint) -> None:
    template = Template.objects.get(code="acknowledgement")
    written = letters.draft(by=lane, complaint=made, template=template)
    body = written.body + "\n\n" + "A long paragraph. " * 400
    letter = letters.make(by=lane, complaint=made, template=template,
                          written=Written(written.to, written.subject, body))  # fmt: skip
    file = report.letter(by=lane, letter=letter)
    pages: list[Any] = list(PdfReader(io.BytesIO(file)).pages)
    text = _text(file)
    plain = " ".join(letter.body.split())
    assert plain[:400] in text
    assert "Ada Marsh 1 High Street London" in text
    assert f"SHA-256 of the text: {letter.sha256}" in text
    assert len(pages) > 1 and f"Page 2 of {len(pages)}" in text
    assert "checkpoint" not in text


def test_a_letter_that_was_sent_has_the_day_of_its_sending(lane: User, made: Complaint) -> None:
    template = Template.objects.get(code="acknowledgement")
    letter = letters.make(by=lane, complaint=made, template=template,
                          written=letters.draft(by=lane, complaint=made, template=template))  # fmt: skip
    letter.sent_on = date(2026, 12, 6) + timedelta(days=0)
    letter.save()
    assert "6 December 2026" in _text(report.letter_pdf(letter))
