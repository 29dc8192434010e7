"""Letters hold what the rules require, word for word; what was told makes the clocks run."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from evidence.complaints import clocks, letter_text, letters
from evidence.complaints.clocks import To
from evidence.complaints.letters import LetterError, Written
from evidence.complaints.models import (
    BodyChoice,
    Complaint,
    Letter,
    Named,
    Question,
    Referral,
    Template,
    Told,
    Work,
)
from evidence.custody.models import Pending
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from tests.evidence.complaints import casting

pytestmark = pytest.mark.django_db
What, How = Told.What, Told.How


@pytest.fixture(autouse=True)
def no_questions(db: None) -> None:
    """The checklist is another test's; here it is answered."""
    Question.objects.update(active=False)


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def made(lane: User, shah: User, today: date) -> Complaint:
    """Received ten days ago, about PC Shah, with one allegation."""
    found = casting.complaint(lane, about=shah, received=today - timedelta(days=10))
    casting.allegation(found)
    return found


@pytest.fixture
def decided(made: Complaint, lane: User, today: date) -> Complaint:
    BodyChoice.objects.create(complaint=made, body="lpb", chosen_by=lane)
    return casting.decided(made, casting.authority(), on=today - timedelta(days=1),
                           learning="Say why somebody is led away.")  # fmt: skip


def template(code: str) -> Template:
    return Template.objects.get(code=code, version=1)


def _filled(written: Written) -> Written:
    """With a sentence in place of everything that has to be written by hand."""
    body = letter_text.HOLE.sub("We have spoken to two witnesses.", written.body)
    return Written(letter_text.HOLE.sub("PC Shah", written.to), written.subject, body)


def _letter(by: User, of: Complaint, code: str) -> Letter:
    written = letters.draft(by=by, complaint=of, template=template(code))
    return letters.make(by=by, complaint=of, template=template(code), written=_filled(written))


def _tell(by: User, of: Complaint, what: str, **more: Any) -> Told:
    values: dict[str, Any] = {"how": How.WRITTEN, "to": To.COMPLAINANT, "on": timezone.localdate(),
                              "words": ""}  # fmt: skip
    return letters.tell(by=by, complaint=of, what=what, **(values | more))


def _last_event() -> dict[str, Any]:
    newest = Pending.objects.order_by("position").last()
    assert newest
    found: dict[str, Any] = json.loads(bytes(newest.body))
    return found


# --- words ---
@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (datetime(2026, 11, 22, 22, 14, tzinfo=UTC), datetime(2026, 11, 22, 22, 40, tzinfo=UTC),
         "22 November 2026, 10:14pm to 10:40pm"),
        (datetime(2026, 6, 30, 23, 0, tzinfo=UTC), datetime(2026, 6, 30, 23, 30, tzinfo=UTC),
         "1 July 2026, midnight to 12:30am"),
        (datetime(2026, 11, 22, 11, 5, tzinfo=UTC), datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
         "22 November 2026, 11:05am to 23 November 2026, midday"),
    ],
)  # fmt: skip
def test_days_and_hours_as_the_public_is_written_to(
    start: datetime, end: datetime, words: str
) -> None:
    assert letter_text.span(start, end) == words


@pytest.mark.parametrize("code", [
    "acknowledgement", "notice", "update", "outcome", "outcome-no-review", "outcome-outside",
    "delay", "referral", "review-outcome",
])  # fmt: skip
def test_every_template_that_comes_with_it_is_sound(code: str) -> None:
    assert letter_text.faults_of(template(code)) == []
    assert template(code).source


def test_a_template_runs_nothing(lane: User, made: Complaint) -> None:
    made.complainant = "$force {{ force }} ${reference}"
    made.save()
    evil = Template(code="x", name="x", subject="{% load x %} $reference",
                    body="{{ settings.SECRET_KEY }} $complainant $$5")  # fmt: skip
    written = letters.draft(by=lane, complaint=made, template=evil)
    assert written.subject == "{% load x %} PC/1/26"
    assert written.body == "{{ settings.SECRET_KEY }} $force {{ force }} ${reference} $5"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("$password", "$password, which stands for nothing"),
        ("costs $5", "$ that no name follows"),
        ("${complaint.recorded_by.password}", "$ that no name follows"),
    ],
)
def test_a_template_with_a_wrong_name_says_so(
    lane: User, made: Complaint, body: str, says: str
) -> None:
    wrong = Template(code="x", name="x", subject="x", body=body)
    with pytest.raises(LetterError, match=says.replace("$", r"\$")):
        letters.draft(by=lane, complaint=made, template=wrong)
    assert says in letter_text.faults_of(wrong)[0]


# --- what has to be in it ---
def test_an_outcome_has_all_that_the_rules_want(
    lane: User, decided: Complaint, today: date
) -> None:
    written = letters.draft(by=lane, complaint=decided, template=template("outcome"))
    last = f"{today + timedelta(days=28):%-d %B %Y}"
    for words in (
        "The service provided was acceptable", "The footage shows an escort hold, not a push.",
        "Say why somebody is led away.", "right to a review",
        "Local Policing Body (demonstration)", last, "PC/1/26",
    ):  # fmt: skip
        assert words in written.body, words
    assert letters.make(by=lane, complaint=decided, template=template("outcome"), written=written)


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        ("The service provided was acceptable", "the finding of each allegation"),
        ("The footage shows an escort hold", "the finding of each allegation"),
        ("Say why somebody is led away.", "what was learnt"),
        ("right to a review", "the words “right to a review”"),
        ("Local Policing Body (demonstration)", "the name and address of the review body"),
        ("1 Example Street", "the name and address of the review body"),
        ("LAST", "the last day for asking for a review"),
        ("If you disagree", "the heading “If you disagree”"),
    ],
)
def test_an_outcome_that_lacks_one_is_not_made(
    lane: User, decided: Complaint, today: date, gone: str, says: str
) -> None:
    written = letters.draft(by=lane, complaint=decided, template=template("outcome"))
    gone = f"{today + timedelta(days=28):%-d %B %Y}" if gone == "LAST" else gone
    edited = Written(written.to, written.subject, written.body.replace(gone, "…"))
    with pytest.raises(LetterError, match=says):
        letters.make(by=lane, complaint=decided, template=template("outcome"), written=edited)
    assert not Letter.objects.exists()


def test_a_force_s_own_template_can_t_leave_out_what_the_law_wants(
    lane: User, decided: Complaint
) -> None:
    weak = Template.objects.create(code="outcome", version=2, name="Short", subject="$reference",
                                   body="It is over.", needs=[])  # fmt: skip
    written = letters.draft(by=lane, complaint=decided, template=weak)
    with pytest.raises(LetterError, match="right to a review"):
        letters.make(by=lane, complaint=decided, template=weak, written=written)


def test_without_a_choice_of_the_review_body_it_is_not_made(lane: User, decided: Complaint) -> None:
    BodyChoice.objects.all().delete()
    written = letters.draft(by=lane, complaint=decided, template=template("outcome"))
    with pytest.raises(LetterError, match="a choice of who would review the outcome"):
        letters.make(by=lane, complaint=decided, template=template("outcome"), written=written)


def test_the_body_is_the_one_that_was_chosen_last(lane: User, decided: Complaint) -> None:
    BodyChoice.objects.create(complaint=decided, body="iopc", chosen_by=lane)
    body = letters.draft(by=lane, complaint=decided, template=template("outcome")).body
    assert "Independent Office for Police Conduct\nPO Box 473" in body
    assert "Local Policing Body" not in body


def test_what_has_to_be_written_by_hand_is_asked_for(lane: User, made: Complaint) -> None:
    written = letters.draft(by=lane, complaint=made, template=template("update"))
    with pytest.raises(LetterError, match=r"in place of “\[Say what was done since the last"):
        letters.make(by=lane, complaint=made, template=template("update"), written=written)
    emptied = Written(written.to, written.subject, letter_text.HOLE.sub("", written.body))
    with pytest.raises(LetterError, match="the heading “What we have done”"):
        letters.make(by=lane, complaint=made, template=template("update"), written=emptied)
    assert letters.make(by=lane, complaint=made, template=template("update"),
                        written=_filled(written))  # fmt: skip


@pytest.mark.parametrize("head", ["Dates", "Progress", "Estimate", "Reason for the delay",
                                  "Planned steps"])  # fmt: skip
def test_a_report_on_delay_has_its_five_parts(lane: User, made: Complaint, head: str) -> None:
    written = _filled(letters.draft(by=lane, complaint=made, template=template("delay")))
    without = Written(written.to, written.subject, written.body.replace(f"\n{head}\n", "\n"))
    with pytest.raises(LetterError, match=f"the heading “{head}”"):
        letters.make(by=lane, complaint=made, template=template("delay"), written=without)


def test_the_copy_of_the_record_has_the_complaint_in_its_own_words(
    lane: User, made: Complaint
) -> None:
    letter = _letter(lane, made, "acknowledgement")
    assert made.account in letter.body
    assert "1. He pushed me (Use of force)" in letter.body


def test_only_an_update_starts_the_four_weeks_anew(
    lane: User, made: Complaint, today: date
) -> None:
    def says(code: str) -> str:
        return letters.draft(by=lane, complaint=made, template=template(code)).body

    due = f"by {made.received + timedelta(days=28):%-d %B %Y} at the latest"
    anew = f"by {today + timedelta(days=28):%-d %B %Y} at the latest"
    assert due in says("acknowledgement") and anew not in says("acknowledgement")
    assert anew in says("update")


def test_a_referral_says_when_it_became_clear(lane: User, made: Complaint, today: date) -> None:
    with pytest.raises(LetterError, match="the day on which it became clear"):
        _letter(lane, made, "referral")
    Referral.objects.create(complaint=made, clear_on=today)
    question = Question.objects.create(
        code="q", words="Was somebody hurt?", source="x", version="1"
    )
    made.answers.create(question=question, yes=True, reason="A fracture", answered_by=lane)
    letter = _letter(lane, Complaint.objects.get(pk=made.pk), "referral")
    assert "Was somebody hurt? A fracture" in letter.body
    assert "PC 4127 Shah" in letter.body


def test_which_letters_fit_depends_on_the_handling(lane: User, made: Complaint) -> None:
    def codes() -> set[str]:
        found = {item.code for item in letters.templates_for(made)}
        return {code for code in found if code.startswith("outcome")}

    assert codes() == {"outcome"}
    made.handling = Complaint.Handling.DIRECTED
    assert codes() == {"outcome-no-review"}
    made.handling = Complaint.Handling.OUTSIDE
    assert codes() == {"outcome-outside"}


# --- kept ---
def test_a_letter_is_kept_word_for_word_with_its_fingerprint(lane: User, made: Complaint) -> None:
    written = Written(" Ada Marsh \r\n1 High Street", "About  it",
                      "PC/1/26\r\nOne line  \r\n\0Another\r\n")  # fmt: skip
    free = Template.objects.create(code="free", name="Free", subject="x", body="x",
                                   needs=["reference"])  # fmt: skip
    letter = letters.make(by=lane, complaint=made, template=free, written=written)
    letter.refresh_from_db()
    assert (letter.to, letter.subject) == ("Ada Marsh\n1 High Street", "About it")
    assert letter.body == "PC/1/26\nOne line\nAnother"
    text = "Ada Marsh\n1 High Street\n\nAbout it\n\nPC/1/26\nOne line\nAnother\n"
    assert letter.sha256 == hashlib.sha256(text.encode()).hexdigest()
    body = _last_event()
    assert body["type"] == "complaint.letter_made"
    assert body["data"]["sha256"] == letter.sha256
    assert "Marsh" not in str(body)


@pytest.mark.parametrize("who", ["okoro", "auditor", "administrator", "hughes"])
def test_others_write_no_letters(request: pytest.FixtureRequest, made: Complaint, who: str) -> None:
    person = request.getfixturevalue(who)
    for act in (
        lambda: letters.draft(by=person, complaint=made, template=template("update")),
        lambda: letters.make(by=person, complaint=made, template=template("update"),
                             written=Written("a", "b", "c")),
        lambda: _tell(person, made, What.UPDATE, words="x"),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            act()


def test_whoever_is_named_in_it_writes_no_letters(lane: User, made: Complaint) -> None:
    Named.objects.create(complaint=made, officer=lane)
    with pytest.raises(NotAllowed):
        letters.draft(by=lane, complaint=made, template=template("update"))


# --- told ---
def test_an_update_starts_its_clock_again(lane: User, made: Complaint, today: date) -> None:
    letter = _letter(lane, made, "update")
    told = _tell(lane, made, What.UPDATE, letter=letter)
    made.refresh_from_db()
    assert clocks.next_clock(clocks.with_facts(Complaint.objects.all()).get(pk=made.pk))
    letter.refresh_from_db()
    assert (told.on, letter.sent_on) == (today, today)
    updates = [c for c in clocks.clocks_of(made) if c.code == "update"]
    assert [c.due for c in updates] == [today + timedelta(days=28)]
    body = _last_event()
    assert (body["type"], body["data"]["what"]) == ("complaint.told", "update")
    assert "Marsh" not in str(body) and "PC/1" not in str(body)


def test_a_letter_that_is_sent_costs_what_a_letter_costs_once(lane: User, made: Complaint) -> None:
    letter = _letter(lane, made, "update")
    assert not Work.objects.exists()
    _tell(lane, made, What.UPDATE, letter=letter)
    assert Work.objects.get().pence == 350
    with pytest.raises(LetterError, match="was sent before"):
        _tell(lane, made, What.UPDATE, letter=letter)
    assert Work.objects.count() == 1


def test_the_outcome_told_starts_the_time_for_a_review(
    lane: User, decided: Complaint, today: date
) -> None:
    before = decided.version
    _tell(lane, decided, What.OUTCOME, letter=_letter(lane, decided, "outcome"))
    decided.refresh_from_db()
    assert (decided.status, decided.told_on) == (Complaint.Status.TOLD, today)
    assert decided.version == before + 1
    review = next(c for c in clocks.clocks_of(decided) if c.code == "review")
    assert review.due == today + timedelta(days=28)


def test_a_letter_with_the_last_day_of_another_day_is_not_told(
    lane: User, decided: Complaint, today: date
) -> None:
    """Written today, given out yesterday: its last day for a review would be wrong."""
    letter = _letter(lane, decided, "outcome")
    with pytest.raises(LetterError, match=r"the last day for asking for a review\. Write"):
        _tell(lane, decided, What.OUTCOME, letter=letter, on=today - timedelta(days=1))
    decided.refresh_from_db()
    assert decided.told_on is None and not Told.objects.exists()


def test_no_outcome_before_all_is_decided(lane: User, decided: Complaint) -> None:
    letter = _letter(lane, decided, "outcome")
    casting.allegation(decided, "He was rude", number=2, code="H1")
    with pytest.raises(LetterError, match="Decide allegation 2 first"):
        _tell(lane, decided, What.OUTCOME, letter=letter)
    Complaint.objects.filter(pk=decided.pk).update(status="handled")
    with pytest.raises(LetterError, match="Decide the findings first"):
        _tell(lane, decided, What.OUTCOME, letter=letter)


def test_no_outcome_before_the_referral(lane: User, decided: Complaint, today: date) -> None:
    letter = _letter(lane, decided, "outcome")
    question = Question.objects.create(code="q", words="?", source="x", version="1")
    with pytest.raises(LetterError, match="Answer every question"):
        _tell(lane, decided, What.OUTCOME, letter=letter)
    decided.answers.create(question=question, yes=True, answered_by=lane)
    Referral.objects.create(complaint=decided, clear_on=today)
    with pytest.raises(LetterError, match="Refer it to the IOPC first"):
        _tell(lane, decided, What.OUTCOME, letter=letter)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"how": "oral", "words": "x"}, "told in writing"),
        ({"words": ""}, "Enter what they were told"),
        ({"words": "x", "on": date(2999, 1, 1)}, "Choose today or a day before"),
        ({"words": "x", "on": date(2020, 1, 1)}, "after it was received"),
        ({"words": "x", "to": "The officer's mother"}, "Choose what was told"),
        ({"words": "x", "to": To.OFFICER}, "serving the notice"),
        ({"words": "x", "what": "delay"}, "goes to the IOPC"),
        ({"words": "x", "what": "delay", "to": To.IOPC}, "Choose the letter"),
        ({"words": "x", "what": "outcome"}, "Choose the letter"),
        ({"words": "x", "what": "gossip"}, "Choose what was told"),
    ],
)  # fmt: skip
def test_what_no_telling_may_be(
    lane: User, made: Complaint, change: dict[str, Any], says: str
) -> None:
    values = {"what": What.UPDATE} | change
    with pytest.raises(LetterError, match=says):
        _tell(lane, made, **values)
    assert not Told.objects.exists()
    assert not any(b"told" in bytes(row.body) for row in Pending.objects.all())


def test_outside_schedule_3_a_word_is_enough(lane: User, made: Complaint) -> None:
    made.handling = Complaint.Handling.OUTSIDE
    made.save()
    assert _tell(lane, made, What.UPDATE, how=How.ORAL, words="By telephone: it goes on.")


def test_a_letter_of_another_complaint_or_kind_is_refused(lane: User, made: Complaint) -> None:
    other = casting.complaint(lane, 2, received=made.received)
    letter = _letter(lane, made, "update")
    with pytest.raises(LetterError, match="a letter of this complaint"):
        _tell(lane, other, What.UPDATE, letter=letter)
    with pytest.raises(LetterError, match="tells something else"):
        _tell(lane, made, What.RECORD, letter=letter)


def test_a_letter_that_was_changed_in_the_database_is_not_told(lane: User, made: Complaint) -> None:
    letter = _letter(lane, made, "update")
    Letter.objects.update(body="something else")
    with pytest.raises(LetterError, match="not as it was written"):
        _tell(lane, made, What.UPDATE, letter=letter)


def test_when_the_event_can_t_be_written_nobody_was_told(
    lane: User, made: Complaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(letters, "record", broken)
    with pytest.raises(RuntimeError):
        _tell(lane, made, What.UPDATE, words="x")
    assert not Told.objects.exists()
    made.refresh_from_db()
    assert made.next_due is None


@pytest.mark.django_db(transaction=True)
def test_two_who_enter_one_letter_as_sent_at_once_enter_it_once(lane: User) -> None:
    Question.objects.update(active=False)
    made = casting.complaint(lane, received=timezone.localdate())
    letter = _letter(lane, made, "update")
    both, said = threading.Barrier(2), []

    def send() -> None:
        both.wait()
        try:
            _tell(lane, Complaint.objects.get(pk=made.pk), What.UPDATE, letter=letter)
        except LetterError as refused:
            said.append(str(refused))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Told.objects.count(), Work.objects.count(), len(said)) == (1, 1, 1)
    assert "was sent before" in said[0]
