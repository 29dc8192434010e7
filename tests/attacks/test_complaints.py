"""One attack each: ways round the rules of a complaint, its holds and its letters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.complaints import actions, clocks, letter_text, state, tasks
from evidence.complaints.access import visible_to
from evidence.complaints.actions.saving import opened
from evidence.complaints.models import Complaint, Named, Question, Referral, Told
from evidence.people.actions import NotAllowed, supervised
from evidence.people.models import User
from evidence.recordings import markers, together
from evidence.retention.models import Hold
from tests import factories
from tests.evidence.complaints import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def price(db: None) -> User:
    return making.authority()


@pytest.fixture
def complaint(shah: User, lane: User) -> Complaint:
    factories.recording(shah, happened_at=timezone.now() - timedelta(hours=1), duration_ms=1000)
    return making.recorded(lane, shah)


@pytest.fixture
def decided(complaint: Complaint, lane: User, price: User) -> Complaint:
    return making.to_outcome(complaint, lane, price)


def post(user: User, complaint: Complaint, step: str, act: str, **fields: Any) -> Any:
    """What a browser sends for one act, with the version as it is now."""
    client = Client()
    client.force_login(user)
    sent = {f"{act}-{name}": value for name, value in fields.items()}
    sent |= {"act": act, "version": str(making.fresh(complaint).version)}
    return client.post(f"/admin/complaints/complaint/{complaint.pk}/{step}/", sent)


# --- who decides ---
def test_a_colleague_of_the_handler_decides_no_outcome_under_schedule_3(
    complaint: Complaint, lane: User, price: User
) -> None:
    making.to_outcome(complaint, lane, price)
    Complaint.objects.filter(pk=complaint.pk).update(
        status="handled", decided_on=None, authority=None
    )
    other = making.investigator("other")
    with pytest.raises(actions.Refused, match="appropriate authority"):
        actions.decide_outcome(by=other, complaint=complaint, version=None)
    assert post(other, complaint, "outcome", "outcome").status_code in (404, 422)
    assert making.fresh(complaint).decided_on is None


def test_a_finding_that_the_handler_decided_alone_does_not_count_under_schedule_3(
    complaint: Complaint, lane: User, price: User
) -> None:
    """“Withdrawn” ends both handlings: entered outside Schedule 3, it was decided with that."""
    making.handed(complaint, lane, lane, handling="outside")
    making.all_no(complaint, lane)
    allegation = making.alleged(complaint, lane)
    finding = actions.propose(by=lane, allegation=allegation, version=None,
                              wording=making.wording("withdrawn"), reasons="They said so.")  # fmt: skip
    assert finding.decided_at is not None
    making.handed(complaint, lane, lane, price, handling="otherwise")
    assert any(
        "has to decide" in words for words in state.missing_findings(making.fresh(complaint))
    )
    actions.decide(by=price, finding=finding, version=None, agree=True)
    finding.refresh_from_db()
    assert finding.decided_by == price


def test_a_finding_of_an_allegation_that_was_set_aside_is_not_decided(
    complaint: Complaint, lane: User, price: User
) -> None:
    making.handed(complaint, lane, lane, price)
    allegation = making.alleged(complaint, lane)
    finding = actions.propose(by=lane, allegation=allegation, version=None,
                              wording=making.wording("acceptable"), reasons="The film.")  # fmt: skip
    actions.withdraw(by=lane, allegation=allegation, version=None, reason="Said twice.")
    with pytest.raises(actions.Refused, match="set aside"):
        actions.decide(by=price, finding=finding, version=None, agree=True)


# --- after the decision ---
@pytest.mark.parametrize("status", ["decided", "told", "review"])
def test_nothing_is_alleged_or_set_aside_once_the_outcome_is_decided(
    decided: Complaint, lane: User, status: str
) -> None:
    """It would have no finding, and nothing would ask for one before the end."""
    Complaint.objects.filter(pk=decided.pk).update(status=status, told_on=timezone.localdate())
    with pytest.raises(actions.Refused, match="outcome is decided"):
        making.alleged(decided, lane)
    with pytest.raises(actions.Refused, match="outcome is decided"):
        actions.withdraw(by=lane, allegation=decided.allegations.get(), version=None, reason="x")
    assert decided.allegations.filter(withdrawn_at=None).count() == 1


def test_the_review_period_is_not_shortened_by_calling_the_handling_another(
    decided: Complaint, lane: User, price: User
) -> None:
    told = making.told(decided, 1)
    with pytest.raises(actions.Refused, match="outcome is decided"):
        making.handed(told, lane, lane, price, handling="outside")
    with pytest.raises(actions.Refused, match="review period"):
        actions.close(by=lane, complaint=told, version=None)


def test_the_review_period_is_not_shortened_by_taking_out_the_complainant(
    decided: Complaint, lane: User
) -> None:
    told = making.told(decided, 1)
    with pytest.raises(actions.Refused, match="outcome is decided"):
        actions.change_record(by=lane, complaint=told, version=None, values={"standing": "none"})
    with pytest.raises(actions.Refused, match="review period"):
        actions.close(by=lane, complaint=told, version=None)


def test_an_investigation_that_the_iopc_takes_after_the_outcome_begins_again(
    decided: Complaint, lane: User
) -> None:
    """Else a directed investigation without a review would end the 28 days that are running."""
    told = making.told(decided, 1)
    actions.refer(by=lane, complaint=told, version=None, on=timezone.localdate())
    actions.referral_answered(by=lane, complaint=told, version=None, answered="independent")
    row = making.fresh(told)
    assert (row.status, row.told_on, row.decided_on) == ("handled", None, None)
    with pytest.raises(actions.Refused):
        actions.close(by=lane, complaint=row, version=None)


def test_of_two_reviews_the_second_does_not_end_what_the_first_opened(
    decided: Complaint, lane: User
) -> None:
    told = making.told(decided, 5)
    today = timezone.localdate()
    one, two = (
        actions.enter_review(by=lane, complaint=told, version=None, body="lpb", applied_on=today)
        for _ in range(2)
    )
    actions.decide_review(by=lane, review=one, version=None, decision="not", decided_on=today)
    actions.decide_review(by=lane, review=two, version=None, decision="stands", decided_on=today)
    row = making.fresh(told)
    assert (row.status, row.told_on) == ("handled", None)
    actions.propose(by=lane, allegation=row.allegations.get(), version=None,
                    wording=making.wording("not_acceptable"), reasons="Seen again.")  # fmt: skip


def test_the_second_outcome_has_a_review_period_of_its_own(decided: Complaint, lane: User) -> None:
    told = making.told(decided, 40)
    long_ago = timezone.localdate() - timedelta(days=30)
    review = actions.enter_review(
        by=lane, complaint=told, version=None, body="lpb", applied_on=long_ago, wrong_body_days=9
    )
    actions.decide_review(by=lane, review=review, version=None, decision="not", decided_on=long_ago)
    again = making.told(told, 2)
    [clock] = [one for one in clocks.clocks_of(again) if one.code == "review"]
    assert clock.done_on is None
    assert clock.due == timezone.localdate() + timedelta(days=26)


def test_an_outcome_that_was_told_counts_as_news_when_it_is_handled_again(
    decided: Complaint, lane: User
) -> None:
    told_on = timezone.localdate() - timedelta(days=3)
    Complaint.objects.filter(pk=decided.pk).update(
        received=timezone.localdate() - timedelta(days=200), status="handled", decided_on=None
    )
    Told.objects.create(complaint=decided, what="outcome", how="written", to="The complainant",
                        on=told_on, entered_by=lane)  # fmt: skip
    [clock] = [one for one in clocks.clocks_of(making.fresh(decided)) if one.code == "update"]
    assert clock.due == told_on + timedelta(days=28)


# --- conflicts that come later ---
def test_whoever_comes_under_somebody_named_hands_the_complaint_back_by_morning(
    complaint: Complaint, shah: User, lane: User, price: User
) -> None:
    """They can't see it any more: without that its days would pass unseen by anybody."""
    making.handed(complaint, lane, lane, price)
    shah.supervisor = lane
    shah.save()
    supervised(shah)
    tasks.nightly()
    row = making.fresh(complaint)
    assert row.handler is None
    assert row.authority == price
    tasks.nightly()
    assert making.fresh(complaint).version == row.version


def test_whoever_is_named_while_their_act_waits_does_nothing(
    complaint: Complaint, lane: User, okoro: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is locked before it is asked who may know of it."""
    real = Complaint.objects.select_for_update

    def named_meanwhile(*args: Any, **more: Any) -> Any:
        Named.objects.get_or_create(complaint=complaint, officer=lane)
        return real(*args, **more)

    monkeypatch.setattr(Complaint.objects, "select_for_update", named_meanwhile)
    with pytest.raises(NotAllowed):
        opened(by=lane, complaint=complaint, permission="complaint.change")


def test_the_same_incident_is_not_handled_by_whom_another_complaint_of_it_names(
    complaint: Complaint, shah: User, okoro: User, lane: User
) -> None:
    """What is said of one, like its referral, would tell of the other."""
    stan = making.investigator("stan")
    hidden = making.recorded(lane, stan, reference="PC/2/26")
    third = making.recorded(lane, okoro, reference="PC/3/26")
    assert visible_to(stan).filter(pk=complaint.pk).exists()
    actions.same_incident(by=lane, complaint=complaint, version=None, other=hidden.reference)
    actions.same_incident(by=lane, complaint=third, version=None, other=complaint.reference)
    assert not visible_to(stan).exists()
    assert visible_to(lane).count() == 3
    client = Client()
    client.force_login(stan)
    assert client.get(f"/admin/complaints/complaint/{complaint.pk}/change/").status_code == 404
    with pytest.raises(actions.Refused, match="can't have"):
        making.handed(complaint, lane, stan)
    with pytest.raises(actions.Refused, match="can't have"):
        making.handed(third, lane, stan)


# --- holds ---
def test_footage_of_a_complaint_is_released_only_after_a_fresh_proof(
    complaint: Complaint, lane: User, settings: Any
) -> None:
    Complaint.objects.filter(pk=complaint.pk).update(status="closed")
    settings.FRESH_SECONDS = 0
    answer = post(lane, complaint, "holds", "release", reason="Over.")
    assert answer.status_code == 302
    assert "holds" not in answer["Location"].partition("?")[0]
    assert Hold.objects.filter(released_at=None).exists()


# --- what others wrote of the footage ---
def test_what_a_reviewer_marked_is_not_told_to_whom_the_complaint_is_hidden(
    shah: User, lane: User
) -> None:
    """An investigator under whom the officer stands: they see the footage, and no mark of it."""
    stan = making.investigator("stan", collar="991")
    jo = making.investigator("jo")
    one = factories.recording(shah, happened_at=timezone.now() - timedelta(hours=1),
                              duration_ms=5000)  # fmt: skip
    other = factories.recording(stan, happened_at=one.happened_at, duration_ms=5000)
    markers.add(by=lane, reference=one.reference, at_ms=1, text="zebrakick")
    mine = markers.add(by=stan, reference=one.reference, at_ms=2, text="zebramine")
    client = Client()
    client.force_login(stan)

    def told() -> str:
        asked = [f"/footage/{one.reference}/", "/search/?q=zebrakick", "/search/?markers=1",
                 f"/together/?r={one.reference}&r={other.reference}"]  # fmt: skip
        return "".join(client.get(path).text.replace("q=zebrakick", "") for path in asked)

    assert "zebrakick" in told()
    together.nudge(by=lane, reference=one.reference, against=other.reference, milliseconds=7,
                   reason="zebraclap")  # fmt: skip
    making.recorded(jo, shah)
    shah.supervisor = stan
    shah.save()
    supervised(shah)
    assert Hold.objects.filter(recording=one).exists()
    shown = told().replace('value="zebrakick"', "")
    assert "<mark>zebrakick" not in shown
    assert "zebraclap" not in shown
    assert list(markers.shown_to(stan, one)) == [mine]
    assert markers.shown_to(lane, one).count() == 2


# --- letters ---
@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("by the end of 6 December 2026.", True),
        ("by the end of 16 December 2026.", False),
        ("by the end of 6 December 20261.", False),
    ],
)
def test_a_letter_with_another_day_is_not_taken_for_one_with_the_right_day(
    text: str, there: bool
) -> None:
    assert letter_text._has(text, "6 December 2026") is there


def test_a_letter_that_denies_the_right_to_a_review_does_not_state_it(
    decided: Complaint,
) -> None:
    facts = letter_text.facts_of(decided, timezone.localdate())
    check, _ = letter_text.NEEDS["right"]
    assert check(facts, "You have a right to a review.")
    assert not check(facts, "You have no right to a review.")


# --- figures that are too big ---
def test_a_rate_that_no_cost_could_be_kept_of_is_refused(lane: User) -> None:
    client = Client()
    client.force_login(lane)
    sent = {"code": "gold", "name": "Gold", "unit": "hour", "pence": "2147483647", "active": "on"}
    answer = client.post("/admin/complaints/rate/add/", sent)
    assert answer.status_code == 200
    assert "at most" in answer.content.decode()


def test_a_referral_that_an_incident_demands_of_a_closed_complaint_can_be_made(
    complaint: Complaint, lane: User, okoro: User
) -> None:
    """Its last day passes like any other's, although nothing else of it changes."""
    other = making.recorded(lane, okoro, reference="PC/2/26")
    actions.same_incident(by=lane, complaint=complaint, version=None, other=other.reference)
    Complaint.objects.filter(pk=complaint.pk).update(status="closed")
    question = Question.objects.get(code="serious_assault")
    actions.answer(by=lane, complaint=other, version=None, answers={question: (True, "")})
    assert Referral.objects.filter(complaint=complaint, referred_on=None).exists()
    actions.refer(by=lane, complaint=complaint, version=None, on=timezone.localdate())
    assert Referral.objects.get(complaint=complaint).referred_on is not None


def test_the_list_stays_quick_for_whom_an_incident_hides(lane: User) -> None:
    """One query, however it is hidden."""
    visible_to(lane).exists()
    with CaptureQueriesContext(connection) as asked:
        list(visible_to(lane)[:10])
    assert len(asked) <= 4
