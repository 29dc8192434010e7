"""Why is this kept: to each reader what they may know, to an operator the whole truth."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from evidence.cases import actions as cases
from evidence.cases.models import Case
from evidence.complaints.models import Complaint
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import keeping, rules
from evidence.recordings.models import Category, Group, Recording
from evidence.retention import actions as holds
from evidence.retention import explaining, groups, registry
from evidence.retention.models import Fresh, Grouping, Hold, Kind
from evidence.retention.reckoning import verdict
from tests import factories
from tests.evidence.complaints import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def mana(db: None) -> User:
    return factories.Person(username="mana", name="M Mana", roles=["evidence_manager"])


def category(code: str) -> Category:
    return Category.objects.get(code=code)


def footage(officer: User, days_ago: float = 2, code: str = "", **more: Any) -> Recording:
    moment = timezone.now() - timedelta(days=days_ago)
    of = category(code) if code else None
    return factories.recording(officer, happened_at=moment, category=of, **more)


def ladder(recording: Recording, reader: User) -> list[tuple[str, str]]:
    return [(rung.when, rung.words) for rung in keeping.why(recording, reader)[1]]


def test_the_ladder_ends_with_what_happens_then(shah: User) -> None:
    one = footage(shah, 2, "evidential-other")
    last = keeping.day(keeping.until(one))
    now, end = ladder(one, shah)
    assert now == ("Now", f"Evidential, other: kept 6 years (MoPI group 3); until {last}.")
    assert end[0] == "After that"
    assert "Two people have to agree; then it can be restored for 7 days." in end[1]
    by_rule = ladder(footage(shah, 2, "non-evidential"), shah)
    assert (
        "It goes by this rule. In the last 7 days before that it can be restored" in by_rule[1][1]
    )


def test_each_step_is_what_would_keep_it_if_the_one_before_went(
    shah: User, lane: User, mana: User
) -> None:
    one = footage(shah, 100, "non-evidential")
    holds.hold(by=lane, recording=one, kind=Kind.COURT, reason="An order", reference="O/1")
    groups.put(by=mana, recording=one, group=Group.objects.get(code="2"), reason="Robbery")
    Fresh.objects.create(
        recording=one, until=timezone.now() + timedelta(days=31), reason="x", given_by=mana
    )
    steps = ladder(one, mana)
    assert [when for when, _ in steps] == ["Now", "Then", "Then", "Then", "After that"]
    assert "An order" in steps[0][1]
    assert "MoPI group 2" in steps[1][1]
    assert "Restored on" in steps[2][1]
    assert "that ended on" in steps[3][1]
    # An officer is told the rule, and nothing else.
    assert [when for when, _ in ladder(one, shah)] == ["Now", "After that"]
    assert keeping.why(one, shah)[0].startswith("Its days ended on")


def test_late_footage_says_that_it_came_late(shah: User) -> None:
    one = footage(shah, 60, "non-evidential", created=timezone.now())
    Recording.objects.filter(pk=one.pk).update(created=timezone.now())
    one.refresh_from_db()
    rules.settle(one)
    assert "It came late, so it is kept 7 days from then at least." in ladder(one, shah)[0][1]
    assert keeping.until(one) == timezone.localdate() + timedelta(days=7)


def test_what_no_rule_is_for_is_kept(shah: User) -> None:
    odd = Category.objects.create(code="odd", name="Odd")
    one = factories.recording(shah, category=odd)
    assert keeping.why(one, shah)[0] == "Kept as long as nobody can say when it may go."
    assert not verdict(one).due(timezone.now() + timedelta(days=99_999))
    assert "Nothing goes that no rule is for" in ladder(one, shah)[-1][1]


# --- cases ---


def test_a_case_keeps_its_footage_also_where_its_hold_is_missing(shah: User, lane: User) -> None:
    one = footage(shah, 300, "arrest")
    urn = factories.case(shah, one)  # as rows: no hold
    assert not Hold.objects.exists()
    assert not verdict(one).due(timezone.now())
    assert verdict(one).until is None
    case = Case.objects.get(slug=urn)
    case.result, case.result_on = "convicted", timezone.localdate() - timedelta(days=30)
    cases.save(by=lane, case=case, changed=["result", "result_on"])
    until = verdict(one).until
    assert until is not None
    assert timezone.localtime(until).date() == case.keep_until + timedelta(days=1)  # type: ignore[operator]
    case.result_on = timezone.localdate() - timedelta(days=280)
    cases.save(by=lane, case=case, changed=["result_on"])
    assert verdict(one).due(timezone.now())


def test_a_case_s_group_runs_from_its_result(shah: User, lane: User) -> None:
    one = footage(shah, 300, "arrest")
    factories.case(shah, one)
    case = Case.objects.get()
    case.group = Group.objects.get(code="2")
    cases.save(by=lane, case=case, changed=["group"])
    assert [found.until for found in verdict(one).periods if found.code.startswith("case")] == [
        None, None,
    ]  # fmt: skip
    case.result, case.result_on = "no_action", date(2026, 3, 3)
    cases.save(by=lane, case=case, changed=["result", "result_on"])
    until = verdict(one).until
    assert until is not None
    assert timezone.localtime(until).date() == date(2036, 3, 4)
    assert "3 March 2036" in str(ladder(one, lane))
    client = Client()
    client.force_login(lane)
    assert "MoPI group 2: kept until 3 March 2036" in client.get(case.get_absolute_url()).text
    sequencer.run()
    [*_, event] = Event.objects.filter(type="case.changed").order_by("index")
    assert "group" in Event.objects.filter(type="case.changed").order_by("index")[0].parsed()[
        "data"]["fields"]  # fmt: skip
    assert event.parsed()["data"]["fields"] == ["result", "result_on"]
    case.group = Group.objects.get(code="1")
    cases.save(by=lane, case=case, changed=["group"])
    assert verdict(one).until is None


def test_the_form_of_a_case_takes_a_group(shah: User, lane: User) -> None:
    urn = factories.case(lane)
    client = Client()
    client.force_login(lane)
    group = Group.objects.get(code="3")
    given = {"urn": "01AB/12345/26", "title": "R v Marsh", "status": "open", "version": "1"}
    answer = client.post(f"/cases/{urn}/change/", given | {"group": str(group.pk)})
    assert answer.status_code == 302
    assert Case.objects.get().group == group
    again = client.post(f"/cases/{urn}/change/", given | {"version": "2", "group": "999"})
    assert again.status_code == 422
    assert "Select a group of the list, or none" in again.text


# --- complaints ---


def test_a_complaint_keeps_its_footage_also_where_its_hold_is_missing(
    shah: User, lane: User
) -> None:
    one = footage(shah, 200)
    start = one.happened_at - timedelta(hours=1)
    complaint = making.recorded(lane, shah, start=start, end=start + timedelta(hours=3))
    Hold.objects.update(released_at=timezone.now())
    assert verdict(one).until is None
    Complaint.objects.filter(pk=complaint.pk).update(
        status="closed", told_on=timezone.localdate(), closed_on=timezone.localdate()
    )
    until = verdict(one).until
    assert until is not None
    assert timezone.localtime(until).date() == timezone.localdate() + timedelta(days=29)
    assert "PC/1/26" in str(ladder(one, lane))
    assert "PC/1/26" not in str(ladder(one, shah))
    Complaint.objects.filter(pk=complaint.pk).update(told_on=date(2026, 1, 1),
                                                     closed_on=date(2026, 2, 1))  # fmt: skip
    assert verdict(one).due(timezone.now())


# --- a group of one recording ---


def test_a_group_outlasts_the_category_and_can_be_ended(shah: User, mana: User, lane: User) -> None:
    one = footage(shah, 100, "non-evidential")
    assert verdict(one).due(timezone.now())
    with pytest.raises(NotAllowed):
        groups.put(by=lane, recording=one, group=Group.objects.get(code="2"), reason="x")
    with pytest.raises(ValueError, match="Enter why"):
        groups.put(by=mana, recording=one, group=Group.objects.get(code="2"), reason=" ")
    groups.put(by=mana, recording=one, group=Group.objects.get(code="1"), reason="x")
    assert verdict(one).until is None
    groups.put(by=mana, recording=one, group=Group.objects.get(code="1"), reason="x",
               born_on=date(1990, 2, 28))  # fmt: skip
    until = verdict(one).until
    assert until is not None
    assert timezone.localtime(until).date() == date(2090, 2, 28)
    assert Grouping.objects.filter(ended_at=None).count() == 1
    kept = one.kept_until
    groups.end(by=mana, recording=one, reason="A mistake")
    assert verdict(one).due(timezone.now())
    one.refresh_from_db()
    assert one.kept_until == kept  # what everybody is told says nothing of it
    with pytest.raises(ValueError, match="no group"):
        groups.end(by=mana, recording=one, reason="x")
    sequencer.run()
    assert Event.objects.filter(type="recording.grouped", object_ref=one.reference).count() == 3


def test_the_page_of_groups(shah: User, mana: User) -> None:
    one = footage(shah, 2)
    client = Client()
    client.force_login(mana)
    url = f"/retention/groups/{one.reference}/"
    assert url in client.get(one.get_absolute_url()).text
    bad = client.post(url, {"group": "1", "born": "31/02/1990", "reason": "x"})
    assert "Enter the date of birth like" in bad.text
    client.post(url, {"group": "1", "born": "1990-11-30", "reason": "MAPPA"})
    assert Grouping.objects.get().born_on == date(1990, 11, 30)
    client.post(url, {"do": "end", "reason": "Wrong person"})
    assert Grouping.objects.get().ended_by == mana


# --- for an operator ---


def test_explain_tells_the_whole_truth(shah: User, lane: User, capsys: Any) -> None:
    one = footage(shah, 100, "non-evidential")
    holds.hold(by=lane, recording=one, kind=Kind.COMPLAINT, reason="x", reference="PC/9/26")
    sequencer.run()
    before = Event.objects.count()
    call_command("retention", "explain", one.reference.lower())
    said = capsys.readouterr().out
    assert said.startswith("This is the whole truth")
    assert "Now: Complaint: x PC/9/26, without an end" in said
    assert "Over: Non-evidential: kept 31 days" in said
    assert "It can't go as long as it is held." in said
    call_command("retention", "explain", one.reference, "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["holds"][0]["reference"] == "PC/9/26"
    assert not found["due"]
    Hold.objects.update(released_at=timezone.now())
    call_command("retention", "explain", one.reference)
    assert "due for disposal" in capsys.readouterr().out
    sequencer.run()
    assert Event.objects.count() == before
    joined = footage(shah, 90)
    Recording.objects.filter(pk=joined.pk).update(joined_into=one)
    assert explaining.explain(joined.reference).recording == one
    for unknown in ("R-2222-2222", "x"):
        with pytest.raises(CommandError, match="There is no recording"):
            call_command("retention", "explain", unknown)


def test_the_rooms_above_have_said_what_they_keep() -> None:
    names = {f"{one.__module__}.{one.__name__}" for one in registry.periods}
    assert {"evidence.cases.keeping.periods_of", "evidence.complaints.keeping.periods_of"} <= names
