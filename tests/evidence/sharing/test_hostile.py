"""Tries to get more out of a share, or to share more, than was meant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.cases.models import Case, CaseLink
from evidence.exhibits.models import Exhibit
from evidence.people.models import User
from evidence.recordings.models import Original, Recording
from evidence.sharing import access, changing, choosing, standing, writing
from evidence.sharing.models import Item, Share
from evidence.sharing.wishes import Made, NotShared, Thing
from tests import factories, sharing
from tests.evidence.exhibits import casting
from tests.evidence.sharing import staffing

pytestmark = pytest.mark.django_db


# --- what must not be disclosed ---
def test_what_is_withheld_of_a_part_is_withheld_of_the_exhibit_that_is_all_of_it(
    jo: Client, shared: Made, marlow: User, case: Case, footage: Recording, whole: Exhibit,
    cut: Exhibit,
) -> None:  # fmt: skip
    staffing.withheld(case, footage, marlow, cut)
    at = f"/shared/{shared.share.reference}/"
    assert jo.post(f"{at}1/play/").status_code == 409
    assert jo.post(f"{at}2/play/").status_code == 409
    with pytest.raises(NotShared, match="do not disclose"):
        sharing.make(marlow, whole, case=case)
    choice = choosing.of_case(marlow, case).find(whole.reference)
    assert choice is not None
    assert "do not disclose" in choice.why


def test_what_is_withheld_of_the_whole_leaves_what_was_cut_from_it(
    shared: Made, marlow: User, case: Case, footage: Recording, whole: Exhibit
) -> None:
    staffing.withheld(case, footage, marlow, whole)
    assert [one.there for one in standing.of(shared.share)] == [False, True]


# --- unlinked from the case ---
def unlink(footage: Recording) -> None:
    CaseLink.objects.filter(recording=footage).update(unlinked_at=timezone.now())


def test_what_was_unlinked_from_the_case_is_not_shared_any_more(
    jo: Client, shared: Made, footage: Recording
) -> None:
    at = f"/shared/{shared.share.reference}/"
    urls = jo.post(f"{at}1/play/").json()["segments"]
    taken = jo.post(f"{at}1/download/")["Location"]
    unlink(footage)
    assert "No longer available" in jo.get(at).text
    assert jo.post(f"{at}1/play/").status_code == 409
    assert jo.get(urls[0]["proxy"]).status_code == 404
    assert jo.get(taken).status_code == 404
    assert "unlinked" in standing.of(shared.share)[0].why
    found = standing.judge(shared.share, list(Item.objects.filter(share=shared.share)))
    assert [one.there for one in found] == [False, False]


def test_of_another_case_a_link_does_not_help(
    shared: Made, marlow: User, footage: Recording
) -> None:
    unlink(footage)
    casting.link(casting.case(marlow, "01AB/99999/26"), footage, marlow)
    assert not standing.of(shared.share)[0].there


# --- disposed of ---
def test_a_recording_that_was_disposed_of_is_not_there(
    lane: User, footage: Recording, django_capture_on_commit_callbacks: Any
) -> None:
    made = sharing.make(lane, footage, downloads=True)
    client = sharing.opened(made, django_capture_on_commit_callbacks)
    Original.objects.filter(recording=footage).update(recording=factories.recording(lane))
    at = f"/shared/{made.share.reference}/"
    assert "No longer available" in client.get(at).text
    assert client.post(f"{at}1/play/").status_code == 409
    with pytest.raises(NotShared, match="disposed of"):
        sharing.make(lane, footage)


def test_what_is_not_there_is_not_described(
    jo: Client, shared: Made, case: Case, footage: Recording
) -> None:
    at = f"/shared/{shared.share.reference}/"
    said = "The arrest in Villiers Street"
    assert f"{said}</bdi>" in jo.get(f"{at}1/").text
    Recording.objects.filter(pk=footage.pk).update(restricted="sexual")
    for url in (at, f"{at}1/", f"{at}2/"):
        assert f"{said}</bdi>" not in jo.get(url).text


# --- who left the team ---
def test_who_left_the_team_does_nothing_more_with_its_shares(
    marlow: User, case: Case, footage: Recording, shah: User
) -> None:
    share = sharing.make(marlow, Thing(paper="mg12"), case=case).share
    Case.objects.filter(pk=case.pk).update(officer_in_case=None)
    marlow = User.objects.get(pk=marlow.pk)
    for act in (
        lambda: changing.extend(by=marlow, share=share, until=share.until + timedelta(days=2)),
        lambda: changing.send_again(by=marlow, share=share),
        lambda: writing.answer(by=marlow, share=share, text="What else the case has"),
    ):
        with pytest.raises(NotShared, match="case"):
            act()
    with pytest.raises(Case.DoesNotExist):
        changing.make_again(by=marlow, share=share)
    # Taking it back stays theirs.
    assert changing.revoke(by=marlow, share=share, reason="I left").revoked_at


# --- old links ---
def test_who_opened_an_old_link_proves_nothing_by_it(
    shared: Made, marlow: User, django_capture_on_commit_callbacks: Any
) -> None:
    stranger = Client()
    stranger.post("/shared/open", {"token": shared.token})
    assert stranger.get("/shared/prove/").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        made = changing.send_again(by=marlow, share=shared.share)
    assert stranger.get("/shared/prove/").status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        assert stranger.post("/shared/prove/send/").status_code == 404
    for _ in range(6):
        assert stranger.post("/shared/prove/check/", {"code": "000000"}).status_code == 404
    assert Share.objects.get().locked_at is None
    sharing.opened(made, django_capture_on_commit_callbacks)


# --- a second person ---
def restricted(footage: Recording, *people: User) -> None:
    Recording.objects.filter(pk=footage.pk).update(restricted="sexual")
    footage.refresh_from_db()
    for person in people:
        staffing.grant(person, footage, person)


def test_an_extension_before_the_approval_says_nothing_outside(
    lane: User, marlow: User, case: Case, footage: Recording, whole: Exhibit,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    restricted(footage, lane, marlow)
    share = sharing.make(marlow, whole, case=case).share
    assert share.state() == "waiting"
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        changing.extend(by=lane, share=share, until=share.until + timedelta(days=3))
    assert not mail.outbox


def test_papers_of_restricted_footage_need_a_second_person_who_sees_it(
    lane: User, marlow: User, case: Case, footage: Recording
) -> None:
    restricted(footage, marlow)
    share = sharing.make(marlow, Thing(paper="mg12"), case=case).share
    assert share.state() == "waiting"
    with pytest.raises(NotShared, match="see"):
        changing.approve(by=lane, share=share, yes=True, reason="It may go")
    staffing.grant(lane, footage, lane)
    assert changing.approve(by=lane, share=share, yes=True, reason="It may go").approved_at


def test_whose_footage_it_is_does_not_agree_to_it(
    lane: User, marlow: User, case: Case, footage: Recording, whole: Exhibit
) -> None:
    Recording.objects.filter(pk=footage.pk).update(officer=lane)
    restricted(footage, lane, marlow)
    share = sharing.make(marlow, whole, case=case).share
    with pytest.raises(NotShared, match="recorded"):
        changing.approve(by=lane, share=share, yes=True, reason="It may go")


def test_whom_it_may_be_about_does_not_hear_of_it(lane: User, footage: Recording) -> None:
    """Professional standards send an investigator's own footage to an outside body."""
    holt = factories.Person(username="holt", name="Kit Holt", roles=["professional_standards"])
    other = factories.Person(username="other", name="Al Other", roles=["professional_standards"])
    Recording.objects.filter(pk=footage.pk).update(officer=holt)
    share = sharing.make(lane, footage, purpose="A complaint").share
    assert access.find(lane, share.reference) == share
    assert access.find(other, share.reference) == share
    for permission in ("share.view", "share.make", "share.revoke", "share.approve"):
        assert not access.visible_to(holt, permission).exists()
    client = staffing.signed_in(holt)
    assert client.get(share.get_absolute_url()).status_code == 404
    assert share.reference not in client.get("/shares/").text


# --- ten million rows ---
def test_a_list_with_its_package_asks_constant_queries(
    marlow: User, shah: User, case: Case, whole: Exhibit, footage: Recording,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    counts = []
    for more in (0, 6):
        things: list[Any] = [whole, footage]
        for n in range(more):
            recording = factories.recording(shah)
            casting.link(case, recording, marlow)
            things += [recording, casting.exhibit(case, recording, shah, f"YY/{n}", clip=False)]
        made = sharing.make(marlow, *things, case=case, downloads=True)
        client = sharing.opened(made, django_capture_on_commit_callbacks)
        at = f"/shared/{made.share.reference}/"
        client.get(at)
        for url in (at, f"{at}package/state/"):
            with CaptureQueriesContext(connection) as found:
                client.get(url)
            counts.append(len([q for q in found if "custody" not in q["sql"]]))
    assert counts[:2] == counts[2:]


def test_the_forces_page_asks_constant_queries_for_whole_exhibits(
    marlow: User, shah: User, case: Case, whole: Exhibit
) -> None:
    client, counts = staffing.signed_in(marlow), []
    for more in (0, 5):
        things: list[Any] = [whole]
        for n in range(more):
            recording = factories.recording(shah)
            things.append(casting.exhibit(case, recording, shah, f"WW/{n}", clip=False))
        made = sharing.make(marlow, *things, case=case)
        client.get(made.share.get_absolute_url())
        with CaptureQueriesContext(connection) as found:
            client.get(made.share.get_absolute_url())
        counts.append(len(found))
    assert counts[0] == counts[1]


# --- the force's references ---
def test_the_receipt_outside_does_not_name_what_a_clip_is_of(
    marlow: User, case: Case, footage: Recording, cut: Exhibit, monkeypatch: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    from evidence.sharing import receipt

    told: list[receipt.Receipt] = []
    pdf = receipt.pdf

    def noted(one: receipt.Receipt) -> bytes:
        told.append(one)
        return pdf(one)

    monkeypatch.setattr(receipt, "pdf", noted)
    made = sharing.make(marlow, cut, case=case)
    client = sharing.opened(made, django_capture_on_commit_callbacks)
    assert client.get(f"/shared/{made.share.reference}/receipt/").status_code == 200
    receipt.make(by=marlow, reference=made.share.reference, address="")
    outside, force = told
    assert footage.reference not in str(outside)
    assert footage.reference in str(force)
