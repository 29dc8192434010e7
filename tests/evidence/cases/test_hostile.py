"""What a hostile reading of cases found: each of these was so once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from evidence.cases import actions, unlinking
from evidence.cases.actions import linking
from evidence.cases.keeping import kept_by_cases
from evidence.cases.models import Case, CaseLink
from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.retention import actions as retention
from evidence.retention.models import Hold
from tests import factories
from tests.evidence.cases.conftest import client_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def held(recording: Recording) -> bool:
    return Hold.objects.filter(recording=recording, released_at=None).exists()


def change(case: Case, by: User, **fields: Any) -> Case:
    row = Case.objects.get(pk=case.pk)
    for name, value in fields.items():
        setattr(row, name, value)
    return actions.save(by=by, case=row, changed=list(fields), version=row.version)


@pytest.fixture
def released(marsh: Case, price: User, shah: User) -> tuple[Case, Recording]:
    """A case whose holds were released, with the one recording that it had."""
    old = factories.recording(shah)
    actions.link(by=price, case=marsh, recording=old, reason="shows it")
    yesterday = timezone.localdate() - timedelta(days=1)
    change(marsh, price, result="no_action", result_on=yesterday)
    actions.release_holds(by=price, case=marsh, reason="over")
    assert not held(old)
    return Case.objects.get(pk=marsh.pk), old


# --- footage goes by surprise ---
def test_a_case_that_keeps_again_keeps_all_of_it(
    released: tuple[Case, Recording], price: User, shah: User
) -> None:
    case, old = released
    new = factories.recording(shah)
    actions.link(by=price, case=case, recording=new, reason="found later")
    assert held(new) and held(old)
    # Whoever reads why, reads what is so.
    assert kept_by_cases(price, old)
    sequencer.run()
    assert Event.objects.filter(type="case.held_again").count() == 1


def test_a_result_that_is_taken_back_after_a_link_holds_the_old_footage(
    released: tuple[Case, Recording], price: User, shah: User
) -> None:
    case, old = released
    actions.link(by=price, case=case, recording=factories.recording(shah), reason="later")
    change(case, price, result="", result_on=None)
    assert held(old)


def test_what_a_reader_is_told_keeps_it_does_keep_it(
    released: tuple[Case, Recording], price: User, shah: User
) -> None:
    case, old = released
    other = actions.save(by=price, case=Case(urn="01AB/99999/26", title="R v Webb"), changed=[])
    link = actions.link(by=price, case=other, recording=old, reason="also there")
    actions.link(by=price, case=case, recording=factories.recording(shah), reason="later")
    said = unlinking.preview(price, link)
    actions.unlink(by=price, link=link, reason="not there")
    assert "hold keeps it" not in said.words or held(old)


def test_footage_joined_meanwhile_is_linked_as_what_it_joined(
    marsh: Case, price: User, shah: User, monkeypatch: Any
) -> None:
    gone, into = factories.recording(shah), factories.recording(shah)
    real = linking.linkable

    def found(by: User, reference: str) -> Recording:
        row = real(by, reference)
        Recording.objects.filter(pk=gone.pk).update(joined_into=into)
        return row

    monkeypatch.setattr(linking, "linkable", found)
    actions.link(by=price, case=marsh, recording=gone, reason="shows it")
    assert list(CaseLink.objects.values_list("recording", flat=True)) == [into.pk]
    assert held(into)


def test_restricted_meanwhile_is_not_linked(
    marsh: Case, price: User, shah: User, monkeypatch: Any
) -> None:
    footage = factories.recording(shah)
    real = linking.linkable

    def found(by: User, reference: str) -> Recording:
        row = real(by, reference)
        Recording.objects.filter(pk=footage.pk).update(restricted="covert")
        return row

    monkeypatch.setattr(linking, "linkable", found)
    with pytest.raises(NotAllowed):
        actions.link(by=price, case=marsh, recording=footage, reason="shows it")
    assert not CaseLink.objects.exists()


# --- holes ---
def test_a_managers_admin_shows_no_case_that_is_not_theirs(marsh: Case, price: User) -> None:
    both = factories.Person(username="both", roles=["officer", "evidence_manager"])
    client = client_of(both)
    assert b"Marsh" not in client.get("/admin/cases/case/").content
    assert b"R v Marsh" not in client.get("/admin/cases/case/?q=Marsh").content
    assert b"Marsh" not in client.get(f"/admin/cases/case/{marsh.pk}/change/", follow=True).content


def test_a_case_opened_in_the_admin_is_a_look(marsh: Case, lane: User) -> None:
    assert client_of(lane).get(f"/admin/cases/case/{marsh.pk}/change/").status_code == 200
    sequencer.run()
    assert Event.objects.filter(type="case.viewed").count() == 1


def test_the_admin_does_not_say_saved_of_what_was_not(marsh: Case, lane: User, price: User) -> None:
    client, path = client_of(lane), f"/admin/cases/case/{marsh.pk}/change/"
    change(marsh, price, title="R v Marsh and Webb")
    sent = {"urn": marsh.urn, "title": "Mine", "status": "open", "result": "", "seen_version": "1"}
    page = client.post(path, sent, follow=True).text
    assert Case.objects.get().title == "R v Marsh and Webb"
    assert "saved this" in page and "changed successfully" not in page and "was changed" not in page
    # Without the version nobody knows what was read.
    del sent["seen_version"]
    client.post(path, sent)
    assert Case.objects.get().title == "R v Marsh and Webb"


def test_the_officer_in_the_case_is_somebody_who_may_see_it(
    marsh: Case, lane: User, administrator: User
) -> None:
    with pytest.raises(ValueError, match="no role that may see cases"):
        change(marsh, lane, officer_in_case=administrator)


# --- bad input ---
@pytest.mark.parametrize("pick", ["R-\0", "R-7K3M-9QX\0", "\0", "ß" * 50, "R-7K3M-9QXD\u202e"])
def test_odd_references_are_refused_in_words(
    marsh: Case, price: User, shah: User, pick: str
) -> None:
    good = factories.recording(shah)
    sent = {"link": "1", "urn": marsh.urn, "reason": "there", "pick": [pick, good.reference]}
    answer = client_of(price).post("/cases/link/", sent, follow=True)
    assert answer.status_code == 200, answer.text[:500]
    assert "NUL" not in answer.text and "1 linked" in answer.text


def test_the_hour_that_comes_twice_can_be_searched(marsh: Case, price: User) -> None:
    """London, 26 Oct 2025: 01:30 is 00:30 UTC and again 01:30 UTC."""
    first = factories.recording(None, happened_at=datetime(2025, 10, 26, 0, 40, tzinfo=UTC))
    again = factories.recording(None, happened_at=datetime(2025, 10, 26, 1, 20, tzinfo=UTC))
    where, client = f"/cases/{marsh.slug}/find/", client_of(price)
    page = client.post(where, {"start": "2025-10-26T01:30", "end": "2025-10-26T01:30"})
    assert page.status_code == 200
    assert first.reference in page.text and again.reference in page.text
    # And the hour that never was.
    page = client.post(where, {"start": "2026-03-29T01:30", "end": "2026-03-29T03:00"})
    assert page.status_code == 200


def test_a_urn_has_plain_digits(price: User) -> None:
    with pytest.raises(ValueError, match="Enter a URN"):
        actions.save(by=price, case=Case(urn="01AB/١٢٣٤٥/26", title="x"), changed=[])


def test_a_title_is_one_line(price: User) -> None:
    made = actions.save(
        by=price, case=Case(urn="01AB/55555/26", title="R v Marsh\r\nBcc: all"), changed=[]
    )
    assert made.title == "R v Marsh Bcc: all"


# --- what is said is so ---
def test_another_end_for_the_same_part_is_not_swallowed(
    marsh: Case, price: User, quinn: User
) -> None:
    end = timezone.now() + timedelta(days=3)
    given: dict[str, Any] = {"by": price, "case": marsh, "person": quinn, "part": "case_officer",
                             "reason": "helps"}  # fmt: skip
    made = actions.add_member(**given, until=end)
    assert actions.add_member(**given, until=end) == made
    with pytest.raises(ValueError, match="works on this case already"):
        actions.add_member(**given, until=end + timedelta(days=30))


def test_a_standing_link_is_told_however_often_it_was_unlinked(
    marsh: Case, price: User, shah: User
) -> None:
    footage = factories.recording(shah)
    CaseLink.objects.bulk_create(
        CaseLink(case=marsh, recording=footage, reason="x", linked_by=price, unlinked_at=NOW,
                 unlinked_by=price, unlink_reason="x") for _ in range(25)
    )  # fmt: skip
    actions.link(by=price, case=marsh, recording=footage, reason="there")
    assert kept_by_cases(price, footage)


def test_a_cases_hold_is_not_released_behind_its_back(marsh: Case, price: User, shah: User) -> None:
    """The case would go on saying that it keeps it, and linking again would hold nothing."""
    manager = factories.Person(username="keeper", roles=["evidence_manager"])
    footage = factories.recording(shah)
    link = actions.link(by=price, case=marsh, recording=footage, reason="there")
    hold = Hold.objects.get()
    with pytest.raises(ValueError, match="Unlink it there"):
        retention.release(by=manager, hold=hold, reason="tidy")
    assert held(footage)
    actions.unlink(by=price, link=link, reason="not there")
    assert not held(footage)
