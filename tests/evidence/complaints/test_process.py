"""From the checklist to the release: what is refused, why, and what follows from what."""

from __future__ import annotations

import itertools
import json
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from evidence.complaints import actions, bodies, referral, state
from evidence.complaints.bodies import Facts, choose
from evidence.complaints.models import (
    Answer,
    BodyChoice,
    Category,
    Complaint,
    Finding,
    Question,
    Referral,
    Wording,
)
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.retention import actions as retention
from evidence.retention.models import Hold, Watch
from tests import factories
from tests.evidence.complaints import making

pytestmark = pytest.mark.django_db
IOPC, LPB, NONE = BodyChoice.Body.IOPC, BodyChoice.Body.LPB, BodyChoice.Body.NONE


@pytest.fixture
def price(db: None) -> User:
    return making.authority()


@pytest.fixture
def complaint(shah: User, lane: User) -> Complaint:
    factories.recording(shah, happened_at=timezone.now() - timedelta(hours=1), duration_ms=1000)
    return making.recorded(lane, shah)


def yes(complaint: Complaint, by: User, code: str = "serious_assault") -> None:
    question = Question.objects.get(code=code)
    actions.answer(by=by, complaint=complaint, version=None, answers={question: (True, "")})


# --- data ---
def test_the_lists_of_the_law_are_there_with_their_sources(db: None) -> None:
    found = Category.objects.filter(scheme="IOPC", version="2021-01")
    assert found.count() == 45
    assert not found.filter(code__startswith="I").exists()
    assert {"C", "E", "K", "L", "H1", "F10", "J3"} <= set(found.values_list("code", flat=True))
    assert not found.filter(source="").exists()
    assert Question.objects.filter(active=True).count() == 7
    handlings = {one for row in Wording.objects.all() for one in row.handlings.split()}
    assert handlings == set(Complaint.Handling.values)


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_categories_are_imported(tmp_path: Path, kind: str) -> None:
    row = {"scheme": "IOPC", "version": "2030", "code": "A1", "name": "New", "position": "5"}
    changed = row | {"version": "2021-01", "name": "Renamed"}
    file = tmp_path / f"list.{kind}"
    if kind == "json":
        file.write_text(json.dumps([row, changed]))
    else:
        lines = [",".join(row), ",".join(row.values()), ",".join(changed.values())]
        file.write_text("\n".join(lines))
    call_command("complaints", "import-categories", str(file))
    assert Category.objects.get(version="2030").name == "New"
    assert Category.objects.get(version="2021-01", code="A1").name == "Renamed"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"), ("{}", "list of entries"), ("[]", "1 to 2,000"),
        ('[{"scheme": "S", "version": "1", "code": "A"}]', "Enter its name"),
        ('[{"scheme": "S", "version": "1", "code": "A", "name": "x", "odd": 1}]', "no field odd"),
        ('[{"scheme": "S", "version": "1", "code": "TOO LONG A CODE", "name": "x"}]', "at most 8"),
        ('[{"scheme": "S", "version": "1", "code": "A", "name": "x", "position": "n"}]', "number"),
        ('[{"scheme": "S", "version": "1", "code": "A", "name": "x", "active": "maybe"}]', "true"),
        ('[{"scheme": "S", "version": "1", "code": "A", "name": "x"},'
         '{"scheme": "S", "version": "1", "code": "A", "name": "y"}]', "twice"),
    ],
)  # fmt: skip
def test_a_faulty_list_is_refused_as_a_whole(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "list.json"
    file.write_text(text)
    before = Category.objects.count()
    with pytest.raises(CommandError, match=words):
        call_command("complaints", "import-categories", str(file))
    assert Category.objects.count() == before


# --- referral ---
def test_any_yes_means_that_it_goes_and_so_do_all_of_its_incident(
    complaint: Complaint, shah: User, okoro: User, lane: User
) -> None:
    two = making.recorded(lane, okoro, reference="PC/2/26")
    three = making.recorded(lane, okoro, reference="PC/3/26")
    actions.same_incident(by=lane, complaint=complaint, version=None, other="pc/2/26")
    actions.same_incident(by=lane, complaint=two, version=None, other="PC/3/26")
    assert not Referral.objects.exists()
    yes(complaint, lane)
    assert {row.complaint for row in Referral.objects.all()} == {complaint, two, three}
    assert all(row.mandatory for row in Referral.objects.all())
    assert state.missing_for_referral(three)[1].startswith("Refer it to the IOPC, by the end of")
    # Another of the incident comes later: it goes too.
    four = making.recorded(lane, shah, reference="PC/4/26")
    actions.same_incident(by=lane, complaint=four, version=None, other="PC/3/26")
    assert Referral.objects.filter(complaint=four, mandatory=True).exists()
    # Not of the incident after all, before it went: it needn't.
    actions.same_incident(by=lane, complaint=four, version=None, other="PC/3/26", linked=False)
    assert not Referral.objects.filter(complaint=four).exists()


def test_an_answer_that_is_taken_back_needs_a_reason_and_stays_readable(
    complaint: Complaint, lane: User
) -> None:
    yes(complaint, lane)
    question = Question.objects.get(code="serious_assault")
    with pytest.raises(actions.Refused, match="why the answer is no now"):
        actions.answer(by=lane, complaint=complaint, version=None, answers={question: (False, "")})
    actions.answer(by=lane, complaint=complaint, version=None,
                   answers={question: (False, "The doctor's letter")})  # fmt: skip
    assert not Referral.objects.exists()
    assert Answer.objects.filter(question=question).count() == 2
    yes(complaint, lane)
    actions.refer(by=lane, complaint=complaint, version=None, on=timezone.localdate())
    actions.answer(by=lane, complaint=complaint, version=None,
                   answers={question: (False, "Again")})  # fmt: skip
    assert Referral.objects.get().referred_on  # what was referred stays referred


def test_a_referral_is_on_a_day_that_can_have_been(complaint: Complaint, lane: User) -> None:
    yes(complaint, lane)
    for day in (timezone.localdate() + timedelta(days=1), complaint.received - timedelta(days=1)):
        with pytest.raises(actions.Refused, match="can't be on"):
            actions.refer(by=lane, complaint=complaint, version=None, on=day)
    actions.refer(by=lane, complaint=complaint, version=None, on=timezone.localdate())
    with pytest.raises(actions.Refused, match="went to the IOPC on"):
        actions.refer(by=lane, complaint=complaint, version=None, on=timezone.localdate())
    actions.referral_answered(by=lane, complaint=complaint, version=None, answered="independent")
    assert making.fresh(complaint).handling == "independent"


# --- who reviews ---
FLAGS = [field.name for field in fields(Facts)]


@pytest.mark.parametrize("values", list(itertools.product([False, True], repeat=len(FLAGS))))
def test_the_review_body_of_every_combination(values: tuple[bool, ...]) -> None:
    facts = Facts(**dict(zip(FLAGS, values, strict=True)))
    choice = choose(facts)
    none = facts.outside_schedule3 or facts.directed_or_independent
    iopc = any((facts.senior_officer, facts.referred, facts.same_incident_referred,
                facts.authority_is_lpb, facts.may_justify_proceedings,
                facts.may_involve_rights))  # fmt: skip
    assert choice.body == (NONE if none else IOPC if iopc else LPB)
    true = sum(values[:2]) if none else sum(values[2:])
    assert len(choice.reasons) == (true or 1)


def test_what_the_complaint_says_is_not_asked(complaint: Complaint, shah: User, lane: User) -> None:
    asked = dict.fromkeys(bodies.ASKED, False)
    first = actions.choose_body(by=lane, complaint=complaint, version=None, asked=asked)
    assert first.body == LPB
    assert not bodies.is_stale(complaint, first)
    User.objects.filter(pk=shah.pk).update(rank="assistant CHIEF constable")
    assert bodies.is_stale(complaint, first)
    second = actions.choose_body(by=lane, complaint=complaint, version=None, asked=asked)
    assert second.body == IOPC
    assert "senior officer" in second.reasons[0]
    User.objects.filter(pk=shah.pk).update(rank="Chief Superintendent")
    yes(complaint, lane)
    third = actions.choose_body(by=lane, complaint=complaint, version=None, asked=asked)
    assert third.facts["referred"]
    assert complaint.body_choices.count() == 3
    with pytest.raises(actions.Refused, match="Article 2 or 3"):
        actions.choose_body(by=lane, complaint=complaint, version=None,
                            asked={"authority_is_lpb": False})  # fmt: skip


# --- findings ---
def test_findings_have_the_words_of_the_handling_alone(complaint: Complaint, lane: User) -> None:
    allegation = making.alleged(complaint, lane)
    making.handed(complaint, lane, lane, handling="outside")
    with pytest.raises(actions.Refused, match="no finding of this handling"):
        actions.propose(by=lane, allegation=allegation, version=None,
                        wording=making.wording("acceptable"), reasons="x")  # fmt: skip
    found = actions.propose(by=lane, allegation=allegation, version=None,
                            wording=making.wording("resolved"), reasons="x")  # fmt: skip
    assert found.decided_by == lane  # outside Schedule 3 the handler decides
    assert not state.missing_findings(making.fresh(complaint))
    row = making.handed(complaint, lane, lane, handling="local")
    assert "no finding of this handling" in state.missing_findings(row)[0]


def test_under_schedule_3_somebody_else_decides(
    complaint: Complaint, lane: User, price: User, shah: User
) -> None:
    allegation = making.alleged(complaint, lane)
    other = making.authority("other")
    making.handed(complaint, lane, lane, price)
    jo = making.investigator("jo")
    with pytest.raises(actions.Refused, match="Whoever handles it"):
        actions.propose(by=jo, allegation=allegation, version=None,
                        wording=making.wording("acceptable"), reasons="x")  # fmt: skip
    one = actions.propose(by=lane, allegation=allegation, version=None,
                          wording=making.wording("acceptable"), reasons="x")  # fmt: skip
    with pytest.raises(NotAllowed):
        actions.decide(by=lane, finding=one, version=None, agree=True)
    with pytest.raises(actions.Refused, match="decides this complaint"):
        actions.decide(by=other, finding=one, version=None, agree=True)
    with pytest.raises(actions.Refused, match="why the finding goes back"):
        actions.decide(by=price, finding=one, version=None, agree=False)
    actions.decide(by=price, finding=one, version=None, agree=False, reason="Look again")
    two = actions.propose(by=lane, allegation=allegation, version=None,
                          wording=making.wording("not_acceptable"), reasons="y")  # fmt: skip
    with pytest.raises(actions.Refused, match="replaced"):
        actions.decide(by=price, finding=one, version=None, agree=True)
    decided = actions.decide(by=price, finding=two, version=None, agree=True)
    assert (decided.decided_by, Finding.objects.count()) == (price, 2)
    # Even with two roles, nobody decides what they proposed.
    Finding.objects.filter(pk=two.pk).update(proposed_by=price, decided_at=None, decided_by=None)
    with pytest.raises(actions.Refused, match="A different person has to approve"):
        actions.decide(by=price, finding=two, version=None, agree=True)


def test_an_allegation_that_is_set_aside_needs_no_finding(
    complaint: Complaint, lane: User, okoro: User
) -> None:
    one = making.alleged(complaint, lane)
    with pytest.raises(actions.Refused, match="not named"):
        making.alleged(complaint, lane, "B4", okoro)
    assert state.missing_findings(complaint) == ["Enter a finding of allegation 1."]
    actions.withdraw(by=lane, allegation=one, version=None, reason="Taken back")
    assert state.missing_findings(complaint) == []
    assert making.alleged(complaint, lane).number == 2


# --- outcome, review, end ---
def test_the_outcome_waits_for_everything_and_names_it(
    complaint: Complaint, lane: User, price: User
) -> None:
    with pytest.raises(actions.Refused) as refused:
        actions.decide_outcome(by=price, complaint=complaint, version=None)
    assert refused.value.reasons == (
        "Answer the referral checklist: 7 questions need an answer.", "Say who handles it.",
        "Enter what is alleged, each allegation with its category.", "Choose the review body.",
    )  # fmt: skip
    yes(complaint, lane)
    with pytest.raises(actions.Refused, match="Refer it to the IOPC"):
        actions.decide_outcome(by=price, complaint=complaint, version=None)
    with pytest.raises(actions.Refused, match="checklist: 6 questions"):
        actions.close(by=lane, complaint=complaint, version=None)


def test_the_handler_does_not_decide_the_outcome_under_schedule_3(
    complaint: Complaint, lane: User, price: User
) -> None:
    row = making.to_outcome(complaint, lane, price)
    assert (row.status, row.decided_on) == ("decided", timezone.localdate())
    Complaint.objects.filter(pk=row.pk).update(status="handled", decided_on=None)
    with pytest.raises(actions.Refused, match="A different person has to decide"):
        actions.decide_outcome(by=lane, complaint=complaint, version=None)


@pytest.mark.parametrize(("days", "over"), [(27, False), (28, False), (29, True)])
def test_it_closes_and_releases_only_after_the_review_period(
    complaint: Complaint, lane: User, price: User, days: int, over: bool
) -> None:
    making.to_outcome(complaint, lane, price)
    making.told(complaint, days)
    if not over:
        with pytest.raises(actions.Refused, match="review period"):
            actions.close(by=lane, complaint=complaint, version=None)
        Complaint.objects.filter(pk=complaint.pk).update(status="closed")
        with pytest.raises(actions.Refused, match="review period runs to the end of"):
            actions.release(by=lane, complaint=complaint, version=None, reason="x")
        with pytest.raises(ValueError, match="review period"):
            retention.release(by=lane, hold=Hold.objects.get(), reason="x")
        return
    actions.close(by=lane, complaint=complaint, version=None)
    assert Hold.objects.get().released_at is None  # only a person ends it
    with pytest.raises(actions.Refused, match="Enter why"):
        actions.release(by=lane, complaint=complaint, version=None, reason=" ")
    assert len(actions.release(by=lane, complaint=complaint, version=None, reason="Over")) == 1
    hold = Hold.objects.get()
    assert (hold.released_by, hold.in_store) == (lane, False)
    assert not Watch.objects.filter(ended_at=None).exists()


def test_the_hold_of_an_open_complaint_is_released_nowhere(
    complaint: Complaint, lane: User
) -> None:
    hold = Hold.objects.get()
    with pytest.raises(ValueError, match=r"Held for PC/1/26, which is open\. Close it first\."):
        retention.release(by=lane, hold=hold, reason="x")
    client = Client()
    client.force_login(lane)
    path = f"/admin/retention/hold/{hold.pk}/release/"
    assert "Close it first" in client.post(path, {"reason": "x"}, follow=True).text
    hold.refresh_from_db()
    assert hold.released_at is None


def test_a_review_in_time_one_too_late_and_one_that_was_at_the_wrong_body(
    complaint: Complaint, lane: User, price: User
) -> None:
    enter: dict[str, Any] = {"by": lane, "complaint": complaint, "version": None, "body": "lpb"}
    with pytest.raises(actions.Refused, match="not told yet"):
        actions.enter_review(**enter, applied_on=timezone.localdate())
    making.to_outcome(complaint, lane, price)
    making.told(complaint, 40)
    today = timezone.localdate()
    late = today - timedelta(days=11)  # the 29th day
    with pytest.raises(actions.Refused, match="after the last day"):
        actions.enter_review(**enter, applied_on=late)
    with pytest.raises(actions.Refused, match="can't be on"):
        actions.enter_review(**enter, applied_on=today - timedelta(days=41))
    actions.enter_review(**enter, applied_on=late, wrong_body_days=1)
    actions.enter_review(**enter, applied_on=today, late_reason="In hospital")
    actions.enter_review(**enter, applied_on=late - timedelta(days=1))
    assert making.fresh(complaint).status == "review"
    assert complaint.reviews.count() == 3


def test_a_review_opens_a_closed_complaint_again_and_holds_its_footage_again(
    complaint: Complaint, lane: User, price: User, shah: User
) -> None:
    making.to_outcome(complaint, lane, price)
    making.told(complaint, 40)
    actions.close(by=lane, complaint=complaint, version=None)
    actions.release(by=lane, complaint=complaint, version=None, reason="Over")
    review = actions.enter_review(by=lane, complaint=complaint, version=None, body="lpb",
                                  applied_on=timezone.localdate(), late_reason="Ill")  # fmt: skip
    assert Hold.objects.filter(released_at=None).count() == 1
    assert state.why_kept("PC/1/26").startswith("Held for PC/1/26, which is open")
    with pytest.raises(actions.Refused, match="what came of the review"):
        actions.close(by=lane, complaint=complaint, version=None)
    actions.decide_review(by=lane, review=review, version=None, decision="not",
                          decided_on=timezone.localdate())  # fmt: skip
    row = making.fresh(complaint)
    assert (row.status, row.told_on, row.closed_on) == ("handled", None, None)


def test_outside_schedule_3_there_is_no_review_and_the_handler_decides(
    complaint: Complaint, lane: User
) -> None:
    making.handed(complaint, lane, lane, handling="outside")
    making.all_no(complaint, lane)
    allegation = making.alleged(complaint, lane)
    actions.propose(by=lane, allegation=allegation, version=None,
                    wording=making.wording("resolved"), reasons="Said sorry")  # fmt: skip
    actions.decide_outcome(by=lane, complaint=complaint, version=None)
    making.told(complaint, 0)
    with pytest.raises(actions.Refused, match="no right to a review"):
        actions.enter_review(by=lane, complaint=complaint, version=None, body="lpb",
                             applied_on=timezone.localdate())  # fmt: skip
    actions.close(by=lane, complaint=complaint, version=None)
    for act in (
        lambda: making.alleged(complaint, lane), lambda: making.all_no(complaint, lane),
        lambda: making.handed(complaint, lane, lane),
        lambda: actions.change_record(by=lane, complaint=complaint, version=None,
                                      values={"place": "x"}),
    ):  # fmt: skip
        with pytest.raises(actions.Refused, match="is closed"):
            act()


def test_what_followed_names_its_footage_as_far_as_one_may_see_it(
    complaint: Complaint, lane: User, shah: User, okoro: User
) -> None:
    seen = factories.recording(shah)
    hidden = factories.recording(shah, restricted="covert")
    with pytest.raises(actions.Refused, match="can't see"):
        actions.measure(by=lane, complaint=complaint, version=None, kind="reflective", words="x",
                        officer=shah, recordings=[seen, hidden])  # fmt: skip
    with pytest.raises(actions.Refused, match="of one officer"):
        actions.measure(by=lane, complaint=complaint, version=None, kind="reflective", words="x")
    with pytest.raises(actions.Refused, match="not named"):
        actions.measure(by=lane, complaint=complaint, version=None, kind="learning", words="x",
                        officer=okoro)  # fmt: skip
    made = actions.measure(by=lane, complaint=complaint, version=None, kind="reflective",
                           words="Talk", officer=shah, recordings=[seen])  # fmt: skip
    done = actions.measure_done(by=lane, measure=made, version=None,
                                done_on=timezone.localdate(), report="Talked")  # fmt: skip
    assert (done.report, list(done.recordings.all())) == ("Talked", [seen])


def test_the_incident_is_found_through_others(complaint: Complaint, shah: User, lane: User) -> None:
    rows = [complaint] + [
        making.recorded(lane, shah, reference=f"PC/{n}/26") for n in range(2, 6)
    ]  # fmt: skip
    for one, other in itertools.pairwise(rows):
        one.same_incident.add(other)
    assert referral.incident_of(rows[2]) == [row.pk for row in rows]
