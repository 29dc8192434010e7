"""Who sees a case, and what footage a case opens to whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from evidence.cases import actions
from evidence.cases.access import find, visible_to
from evidence.cases.models import Case, CaseMember
from evidence.people.models import User
from evidence.recordings import links
from evidence.recordings.access import find as find_recording
from evidence.recordings.models import Recording
from tests import factories
from tests.evidence.cases.conftest import client_of

pytestmark = pytest.mark.django_db


def sees(user: User, recording: Recording, permission: str = "recording.view") -> bool:
    try:
        find_recording(user, recording.reference, permission)
    except Recording.DoesNotExist:
        return False
    return True


def test_scopes(
    marsh: Case, price: User, quinn: User, reed: User, shah: User, okoro: User, hughes: User,
    lane: User, auditor: User, administrator: User,
) -> None:  # fmt: skip
    def who() -> set[User]:
        everybody = (price, quinn, reed, shah, okoro, hughes, lane, auditor, administrator)
        return {user for user in everybody if visible_to(user).exists()}

    assert who() == {price, lane}
    # An officer in the case of Charing Cross: them, and their supervisor.
    Case.objects.update(officer_in_case=shah)
    assert who() == {price, lane, shah, hughes}
    actions.add_member(by=price, case=marsh, person=reed, part="disclosure_officer", reason="x")
    assert who() == {price, lane, shah, hughes, reed}
    changers = {user for user in who() if visible_to(user, "case.change").exists()}
    assert changers == {price, lane}
    User.objects.filter(pk=price.pk).update(status="suspended")
    price.refresh_from_db()
    assert not visible_to(price).exists()


@pytest.mark.parametrize("asked", ["01AB/12345/26", "01AB-12345-26", " 01ab-12345-26 "])
def test_a_case_is_found_by_its_urn(marsh: Case, price: User, asked: str) -> None:
    assert find(price, asked) == marsh


@pytest.mark.parametrize("asked", ["", "01AB/12345/27", "\0", "9" * 4400, "01AB 12345", "²", "%"])
def test_what_is_no_case_is_none(marsh: Case, price: User, asked: str) -> None:
    with pytest.raises(Case.DoesNotExist):
        find(price, asked)


def test_forbidden_looks_like_not_found(marsh: Case, quinn: User) -> None:
    client = client_of(quinn)
    for path in ("", "change/", "team/", "find/", "release/"):
        forbidden = client.get(f"/cases/01AB-12345-26/{path}")
        missing = client.get(f"/cases/01AB-12345-99/{path}")
        assert (forbidden.status_code, missing.status_code) == (404, 404)

        def plain(answer: Any) -> bytes:
            return bytes(answer.content.replace(answer.context["csrf_token"].encode(), b""))

        assert plain(forbidden) == plain(missing)


def test_a_case_opens_its_footage_to_its_team_and_to_nobody_else(
    marsh: Case, price: User, quinn: User, reed: User, shah: User, okoro: User, lane: User
) -> None:
    item, other = factories.recording(shah), factories.recording(shah)
    assert not sees(price, item)
    link = actions.link(by=lane, case=marsh, recording=item, reason="the arrest")
    assert sees(price, item)
    assert sees(price, item, "recording.download")
    assert sees(price, item, "recording.mark")
    assert not sees(price, item, "recording.categorise")
    assert not sees(price, other)
    assert not any(sees(user, item) for user in (quinn, reed, okoro))
    part = actions.add_member(
        by=price, case=marsh, person=reed, part="disclosure_officer", reason="x"
    )
    officer = actions.add_member(
        by=price, case=marsh, person=okoro, part="investigator", reason="took the statements"
    )
    assert sees(reed, item)
    assert sees(okoro, item)
    assert not sees(okoro, item, "recording.download")
    actions.remove_member(by=price, member=part, reason="moved on")
    assert not sees(reed, item)
    # A part that has run out opens nothing.
    CaseMember.objects.filter(pk=officer.pk).update(until=timezone.now() - timedelta(seconds=1))
    assert not sees(okoro, item)
    Case.objects.update(officer_in_case=okoro)
    assert sees(okoro, item)
    # Restricted: never, and without a word of it.
    Recording.objects.filter(pk=item.pk).update(restricted="covert")
    assert not sees(price, item)
    assert item.reference not in client_of(price).get("/cases/01AB-12345-26/").text
    Recording.objects.filter(pk=item.pk).update(restricted="")
    actions.unlink(by=price, link=link, reason="another door")
    assert not sees(price, item)
    assert not sees(okoro, item)


def test_a_recordings_page_names_the_cases_of_the_reader_alone(
    marsh: Case, price: User, quinn: User, shah: User, lane: User
) -> None:
    item = factories.recording(shah)
    other = actions.save(by=quinn, case=Case(urn="01AB/77777/26", title="R v Zebra"), changed=[])
    for case in (marsh, other):
        actions.link(by=lane, case=case, recording=item, reason="seen there")
    shown = {
        user: [link.words for link in links.of(user, item) if link.kind == "Case"]
        for user in (price, quinn, shah)
    }
    assert shown == {price: ["01AB/12345/26"], quinn: ["01AB/77777/26"], shah: []}
    found = {link.words for link in links.of(lane, item) if link.kind == "Case"}
    assert found == {"01AB/12345/26", "01AB/77777/26"}
    page = client_of(price).get(f"/footage/{item.reference}/").text
    assert "/cases/01AB-12345-26/" in page
    assert "77777" not in page
    assert "Zebra" not in page
    assert "Evidence in 01AB/12345/26" in page  # why it is kept


def test_who_opens_a_case_finds_it_again(price: User, lane: User) -> None:
    case = actions.save(by=price, case=Case(urn="01AB/1234/26", title="R v A"), changed=[])
    assert find(price, case.urn) == case
    own = actions.save(
        by=price, case=Case(urn="01AB/1235/26", title="R v B", officer_in_case=price), changed=[]
    )
    assert not own.members.exists()
    assert not actions.save(
        by=lane, case=Case(urn="01AB/1236/26", title="R v C"), changed=[]
    ).members.exists()
