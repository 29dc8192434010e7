"""What is done with a case: refused in words, written down, and never half."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from evidence.cases import actions, unlinking
from evidence.cases.keeping import kept_by_cases
from evidence.cases.models import Case, CaseLink, CaseMember, CourtDate
from evidence.cases.tasks import end_grace
from evidence.custody import history, sequencer
from evidence.custody.models import Event
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.retention import actions as retention
from evidence.retention.models import Hold, Kind
from tests import factories

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2020, 1, 1, 12, tzinfo=UTC)


def held(recording: Recording) -> bool:
    return Hold.objects.filter(recording=recording, released_at=None).exists()


def events(kind: str) -> list[Event]:
    sequencer.run()
    return list(Event.objects.filter(type=kind).order_by("index"))


def change(case: Case, by: User, **fields: Any) -> Case:
    row = Case.objects.get(pk=case.pk)
    for name, value in fields.items():
        setattr(row, name, value)
    return actions.save(by=by, case=row, changed=list(fields), version=row.version)


# --- what a case may be ---
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"urn": "12345"}, "Enter a URN like 01AB/12345/26"),
        ({"crime_reference": "x"}, "Enter a crime reference like 01AB/12345/26"),
        ({"title": " "}, "Enter a title, like R v Marsh"),
        ({"result": "convicted"}, "Enter the day of the result"),
        ({"result_on": date(2026, 3, 3)}, "Select the result of that day, or take the date away"),
        ({"result": "convicted", "result_on": date(2190, 1, 1)},
         "The day of the result can't be after today"),
        ({"result": "convicted", "result_on": date(1066, 1, 1)},
         "Enter a real date for the result"),
        ({"result": "convicted", "result_on": date(2026, 3, 3), "released_on": date(2026, 3, 2)},
         "The day of the release can't be before the conviction, 3 Mar 2026"),
        ({"result": "acquitted", "result_on": date(2026, 3, 3), "released_on": date(2026, 3, 4)},
         "The day of the release needs the result Convicted"),
        ({"result": "convicted", "result_on": date(2026, 3, 3),
          "appeal_ended_on": date(2026, 3, 1)}, "can't be before the conviction"),
        ({"investigation_ended_on": date(2190, 1, 1)},
         "The day of the end of the investigation can't be after today"),
    ],
)  # fmt: skip
def test_what_cant_be_is_refused_and_nothing_is_kept(
    marsh: Case, price: User, fields: dict[str, Any], says: str
) -> None:
    before = Case.objects.values().get()
    with pytest.raises(ValueError, match=re.escape(says)):
        change(marsh, price, **fields)
    assert Case.objects.values().get() == before
    assert not events("case.changed")


def test_the_urn_follows_the_forces_setting(settings: Any, price: User) -> None:
    settings.URN, settings.URN_EXAMPLE = r"\d{2}/[A-Z]\d{3}", "52/A123"
    with pytest.raises(ValueError, match="Enter a URN like 52/A123"):
        actions.save(by=price, case=Case(urn="01AB/12345/26", title="x"), changed=[])
    made = actions.save(by=price, case=Case(urn="52/a123", title="x"), changed=[])
    assert (made.urn, made.slug) == ("52/A123", "52-A123")


def test_two_cases_have_no_urn_in_common(marsh: Case, price: User, quinn: User) -> None:
    with pytest.raises(ValueError, match="There is a case with the URN 01AB/12345/26 already"):
        actions.save(by=quinn, case=Case(urn="01AB/12345/26", title="x"), changed=[])
    other = actions.save(by=quinn, case=Case(urn="01AB/9999/26", title="x"), changed=[])
    with pytest.raises(ValueError, match="already"):
        change(other, quinn, urn="01AB/12345/26")


def test_only_the_team_and_standards_change_a_case(
    marsh: Case, quinn: User, shah: User, lane: User
) -> None:
    for user in (quinn, shah):
        with pytest.raises(NotAllowed):
            actions.save(by=user, case=marsh, changed=["title"], version=1)
        with pytest.raises(NotAllowed):
            actions.add_court_date(by=user, case=marsh, on=timezone.localdate())
        with pytest.raises(NotAllowed):
            actions.add_member(by=user, case=marsh, person=user, part="investigator", reason="x")
        with pytest.raises(NotAllowed):
            actions.release_holds(by=user, case=marsh, reason="x")
    assert change(marsh, lane, title="R v Marsh and others").version == 2


def test_a_change_is_an_event_with_before_and_after(marsh: Case, price: User, shah: User) -> None:
    change(marsh, price, title="R v Marsh (No 2)", officer_in_case=shah)
    [event] = events("case.changed")
    assert event.parsed()["data"] == {"fields": ["officer_in_case", "title"]}
    assert b"Marsh" not in bytes(event.body)
    assert change(marsh, price, title="R v Marsh (No 2)").version == 2  # nothing changed


def test_two_editors_dont_overwrite_each_other(marsh: Case, price: User, lane: User) -> None:
    mine, theirs = Case.objects.get(), Case.objects.get()
    theirs.title = "R v Marsh and Webb"
    actions.save(by=lane, case=theirs, changed=["title"], version=1)
    mine.title = "R v Marsh and others"
    with pytest.raises(actions.Conflict, match=r"DS 12 Lane saved this at \d\d:\d\d. Compare and"):
        actions.save(by=price, case=mine, changed=["title"], version=1)
    assert Case.objects.get().title == "R v Marsh and Webb"
    assert len(events("case.changed")) == 1
    actions.save(by=price, case=mine, changed=["title"], version=2)
    assert Case.objects.get().title == "R v Marsh and others"


# --- days in court, the team ---
def test_the_next_day_in_court_is_the_next_one(marsh: Case, price: User) -> None:
    today = timezone.localdate()
    assert marsh.next_court_date is None
    CourtDate.objects.create(case=marsh, date=today - timedelta(days=1), added_by=price)
    later = actions.add_court_date(by=price, case=marsh, on=today + timedelta(days=9))
    sooner = actions.add_court_date(
        by=price, case=marsh, on=today + timedelta(days=3), court="Southwark", what="plea"
    )
    assert marsh.next_court_date == sooner.date
    same = actions.add_court_date(by=price, case=marsh, on=sooner.date, court="Southwark",
                                  what="plea")  # fmt: skip
    assert same == sooner
    actions.remove_court_date(by=price, court_date=sooner)
    assert marsh.next_court_date == later.date
    past = CourtDate.objects.earliest("date")
    with pytest.raises(ValueError, match="A day in court that is past stays"):
        actions.remove_court_date(by=price, court_date=past)
    with pytest.raises(ValueError, match="Enter a real date"):
        actions.add_court_date(by=price, case=marsh, on=date(1, 1, 1))
    assert len(events("case.changed")) == 3


def test_who_joins_and_leaves_a_team_is_written(marsh: Case, price: User, reed: User,
                                                auditor: User) -> None:  # fmt: skip
    with pytest.raises(ValueError, match="Enter why"):
        actions.add_member(by=price, case=marsh, person=reed, part="investigator", reason=" ")
    with pytest.raises(ValueError, match="has no role that may see cases"):
        actions.add_member(by=price, case=marsh, person=auditor, part="investigator", reason="x")
    with pytest.raises(ValueError, match="Select what this person does"):
        actions.add_member(by=price, case=marsh, person=reed, part="king", reason="x")
    with pytest.raises(ValueError, match="Enter an end after now"):
        actions.add_member(by=price, case=marsh, person=reed, part="investigator", reason="x",
                           until=timezone.now())  # fmt: skip
    soon = timezone.now() + timedelta(days=1)
    made = actions.add_member(
        by=price, case=marsh, person=reed, part="investigator", reason="x", until=soon
    )
    assert made == actions.add_member(
        by=price, case=marsh, person=reed, part="investigator", reason="again", until=soon
    )
    # One that ran out is over: somebody who comes again has a new row.
    CaseMember.objects.filter(pk=made.pk).update(until=timezone.now() - timedelta(days=1))
    again = actions.add_member(
        by=price, case=marsh, person=reed, part="investigator", reason="back"
    )
    assert again != made
    actions.remove_member(by=price, member=again, reason="moved on")
    actions.remove_member(by=price, member=again, reason="moved on")
    assert [len(events(f"case.member_{word}")) for word in ("joined", "left")] == [2, 1]
    assert b"Reed" not in bytes(events("case.member_joined")[0].body)


# --- linking ---
def test_linking_holds_without_the_right_to_hold(marsh: Case, price: User, shah: User) -> None:
    item = factories.recording(shah)
    assert not price.may("hold.set")
    link = actions.link(by=price, case=marsh, recording=item, reason="the arrest")
    assert actions.link(by=price, case=marsh, recording=item, reason="again") == link
    hold = Hold.objects.get(recording=item)
    assert (hold.kind, hold.reference, hold.set_by) == (Kind.CASE, marsh.urn, price)
    assert len(events("case.linked")) == len(events("hold.set")) == 1


def test_one_recording_serves_many_cases(marsh: Case, price: User, quinn: User, shah: User) -> None:
    item = factories.recording(shah)
    other = actions.save(by=quinn, case=Case(urn="01AB/9999/26", title="x"), changed=[])
    first = actions.link(by=price, case=marsh, recording=item, reason="x")
    actions.link(by=quinn, case=other, recording=item, reason="y")
    assert Hold.objects.filter(recording=item, released_at=None).count() == 2
    actions.unlink(by=price, link=first, reason="no")
    assert Hold.objects.get(recording=item, released_at=None).reference == other.urn


def test_many_are_linked_and_what_cant_be_is_named(
    marsh: Case, price: User, shah: User, lane: User
) -> None:
    items = [factories.recording(shah) for _ in range(12)]
    Recording.objects.filter(pk=items[3].pk).update(restricted="covert")
    actions.link(by=lane, case=marsh, recording=items[0], reason="x")
    done = actions.link_many(
        by=price, case=marsh, reason="the chase",
        references=[item.reference for item in items] + ["R-2222-2222"],
    )  # fmt: skip
    assert len(done.linked) == 10
    assert done.words == (
        f"10 linked. 1 was linked already. 2 were not: there is nothing at {items[3].reference} "
        "that you can see; there is nothing at R-2222-2222 that you can see."
    )
    assert not held(items[3])
    with pytest.raises(ValueError, match="Choose at least one"):
        actions.link_many(by=price, case=marsh, references=[], reason="x")
    with pytest.raises(ValueError, match="Enter why this footage belongs"):
        actions.link_many(by=price, case=marsh, references=["R-2222-2222"], reason=" ")


def test_somebody_who_may_not_find_links_only_what_they_see(
    marsh: Case, price: User, shah: User, reed: User
) -> None:
    item = factories.recording(shah)
    actions.add_member(by=price, case=marsh, person=reed, part="disclosure_officer", reason="x")
    with pytest.raises(NotAllowed):
        actions.link(by=reed, case=marsh, recording=item, reason="x")
    Recording.objects.filter(pk=item.pk).update(restricted="covert")
    with pytest.raises(NotAllowed):
        actions.link(by=price, case=marsh, recording=item, reason="x")


# --- unlinking ---
def test_unlinking_says_first_what_it_does(marsh: Case, price: User, shah: User) -> None:
    item = factories.recording(shah, happened_at=timezone.now() - timedelta(days=1))
    last = timezone.localdate() + timedelta(days=30)
    link = actions.link(by=price, case=marsh, recording=item, reason="x")
    shown = unlinking.preview(price, link)
    assert shown.words == f"After this it goes on {last:%-d %b %Y}, not when the case has ended."
    link.case.keep_until = date(2032, 3, 1)
    assert unlinking.preview(price, link).words == (
        f"After this it goes on {last:%-d %b %Y}, not in 2032."
    )
    actions.unlink(by=price, link=link, reason="another door")
    assert not held(item)
    assert CaseLink.objects.get(pk=link.pk).unlinked_by == price


def test_other_holds_count_as_far_as_the_reader_may_know(
    marsh: Case, price: User, shah: User, lane: User
) -> None:
    item = factories.recording(shah, happened_at=timezone.now())
    link = actions.link(by=price, case=marsh, recording=item, reason="x")
    before = unlinking.preview(price, link)
    retention.hold(by=lane, recording=item, kind=Kind.COMPLAINT, reason="x", reference="PC/1/26")
    assert unlinking.preview(price, link) == before  # no trace of what is hidden
    assert unlinking.preview(lane, link).words == "Another hold keeps it."
    other = actions.save(by=price, case=Case(urn="01AB/9999/26", title="x"), changed=[])
    actions.link(by=price, case=other, recording=item, reason="y")
    assert unlinking.preview(price, link).words == "Another hold keeps it."
    assert unlinking.preview(lane, link).words == "Two other holds keep it."
    actions.unlink(by=price, link=link, reason="no")
    assert Hold.objects.filter(recording=item, released_at=None).count() == 2


def test_what_is_past_its_own_days_is_not_due_at_once(
    marsh: Case, price: User, shah: User, lane: User, settings: Any
) -> None:
    item = factories.recording(shah, happened_at=LONG_AGO)
    link = actions.link(by=price, case=marsh, recording=item, reason="x")
    grace = timezone.localdate() + timedelta(days=settings.UNLINK_GRACE_DAYS)
    shown = unlinking.preview(price, link)
    assert shown.until == grace
    assert "the case's hold stays for 14 days" in shown.more
    row = actions.unlink(by=price, link=link, reason="no")
    assert row.hold_until == grace
    assert held(item)
    words = [reason.words for reason in kept_by_cases(lane, item)]
    assert words == [f"Unlinked from 01AB/12345/26; the case's hold stays until "
                     f"{grace:%-d %B %Y}."]  # fmt: skip
    end_grace()
    assert held(item)
    CaseLink.objects.update(hold_until=timezone.localdate() - timedelta(days=1))
    end_grace()
    end_grace()
    assert not held(item)
    [event] = events("hold.released")
    assert event.parsed()["actor"]["ref"] == "svc-retention"
    assert kept_by_cases(lane, item) == []


def test_what_is_linked_again_within_the_grace_stays(
    marsh: Case, price: User, shah: User, lane: User
) -> None:
    item = factories.recording(shah, happened_at=LONG_AGO)
    link = actions.link(by=price, case=marsh, recording=item, reason="x")
    actions.unlink(by=price, link=link, reason="no")
    actions.link(by=price, case=marsh, recording=item, reason="it does belong")
    assert not CaseLink.objects.exclude(hold_until=None).exists()
    end_grace()
    assert Hold.objects.filter(recording=item, released_at=None).count() == 1


def test_what_another_room_says_keeps_it_in_the_case(
    marsh: Case, price: User, shah: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = factories.recording(shah)
    link = actions.link(by=price, case=marsh, recording=item, reason="x")
    sentence = "It is exhibit AB/1. Withdraw the exhibit first."
    monkeypatch.setattr(unlinking, "_blockers", [lambda case, recording: sentence])
    assert unlinking.preview(price, link).blocked == sentence
    with pytest.raises(ValueError, match="It is exhibit AB/1"):
        actions.unlink(by=price, link=link, reason="no")
    assert held(item)
    assert CaseLink.objects.get().unlinked_at is None


# --- the period ---
def convict(case: Case, by: User, on: date, **more: Any) -> Case:
    return change(case, by, result="convicted", result_on=on, **more)


def test_nothing_is_released_by_itself(marsh: Case, price: User, shah: User) -> None:
    item = factories.recording(shah)
    actions.link(by=price, case=marsh, recording=item, reason="x")
    with pytest.raises(ValueError, match="No result is known yet"):
        actions.release_holds(by=price, case=marsh, reason="done")
    today = timezone.localdate()
    convict(marsh, price, today)
    with pytest.raises(ValueError, match="The case keeps its footage until"):
        actions.release_holds(by=price, case=marsh, reason="done")
    assert not actions.due_for_release(price).exists()
    convict(marsh, price, date(2024, 3, 3))
    assert list(actions.due_for_release(price)) == [marsh]
    assert Case.objects.get().keep_until == date(2024, 9, 3)
    end_grace()
    assert held(item)
    assert "the case's holds stand until somebody releases" in kept_by_cases(price, item)[0].words


def test_a_person_releases_and_a_new_result_holds_again(
    marsh: Case, price: User, quinn: User, shah: User
) -> None:
    items = [factories.recording(shah) for _ in range(3)]
    for item in items:
        actions.link(by=price, case=marsh, recording=item, reason="x")
    convict(marsh, price, date(2024, 3, 3))
    assert not actions.due_for_release(quinn).exists()
    with pytest.raises(ValueError, match="Enter why the case's holds are released"):
        actions.release_holds(by=price, case=marsh, reason="")
    assert actions.release_holds(by=price, case=marsh, reason="the period is over") == 3
    assert actions.release_holds(by=price, case=marsh, reason="the period is over") == 0
    assert not any(map(held, items))
    assert kept_by_cases(price, items[0]) == []
    assert not actions.due_for_release(price).exists()
    [event] = events("case.released")
    assert event.parsed()["data"] == {"holds": 3}
    # An appeal nobody knew of: kept again, at once.
    change(marsh, price, appeal=True)
    assert all(map(held, items))
    assert Case.objects.get().holds_released_at is None
    assert len(events("case.held_again")) == 1


def test_what_is_linked_after_the_release_is_asked_about_again(
    marsh: Case, price: User, shah: User
) -> None:
    convict(marsh, price, date(2024, 3, 3))
    actions.release_holds(by=price, case=marsh, reason="over")
    item = factories.recording(shah)
    actions.link(by=price, case=marsh, recording=item, reason="found late")
    assert held(item)
    assert list(actions.due_for_release(price)) == [marsh]


def test_a_corrected_urn_takes_its_holds_along(marsh: Case, price: User, shah: User) -> None:
    item = factories.recording(shah)
    link = actions.link(by=price, case=marsh, recording=item, reason="x")
    change(marsh, price, urn="01AB/54321/26")
    assert Hold.objects.get().reference == "01AB/54321/26"
    actions.unlink(by=price, link=link, reason="no")
    assert not held(item)


def test_the_history_names_whom_it_can(marsh: Case, price: User, reed: User) -> None:
    actions.add_member(by=price, case=marsh, person=reed, part="disclosure_officer", reason="CPIA")
    sequencer.run()
    words = [line.words for line in history.lines(marsh.subject().ref)]
    assert words[0] == (
        "DC 2212 Reed joined the case as disclosure officer, added by DC 2210 Price: CPIA"
    )
