"""Lifting a restriction: by a different person, with a reason, of nothing that one recorded."""

from __future__ import annotations

import pytest
from django.test import Client

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings import grants
from evidence.recordings.models import Recording
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db: None) -> User:
    return factories.Person(username="reed", name="Kim Reed", roles=["evidence_manager"])


@pytest.fixture
def authority(db: None) -> User:
    return factories.Person(username="price", name="Jude Price", roles=["appropriate_authority"])


@pytest.fixture
def kept(shah: User, manager: User) -> Recording:
    made = factories.recording(shah)
    return grants.restrict(by=manager, recording=made, kind="covert", reason="An informant")


def of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def lifting(recording: Recording) -> str:
    return f"/admin/recordings/restricted/{recording.pk}/lift/"


def test_the_list_names_it_and_shows_nothing_of_it(kept: Recording, authority: User) -> None:
    page = of(authority).get("/admin/recordings/restricted/").text
    assert kept.reference in page and "Covert policing" in page
    assert "4127" not in page and kept.camera not in page


def test_somebody_else_lifts_it_with_a_reason(kept: Recording, authority: User, shah: User) -> None:
    client = of(authority)
    assert "Enter why" in client.post(lifting(kept), {"reason": " "}).text
    kept.refresh_from_db()
    assert kept.restricted == "covert"
    done = client.post(lifting(kept), {"reason": "The operation is over"}, follow=True)
    assert f"{kept.reference} is not restricted any more" in done.text
    kept.refresh_from_db()
    assert kept.restricted == ""
    sequencer.run()
    event = Event.objects.get(type="recording.unrestricted")
    assert (event.object_ref, event.actor_ref) == (kept.reference, authority.ref)
    assert of(shah).get(kept.get_absolute_url()).status_code == 200


def test_not_by_who_restricted_it(kept: Recording, manager: User) -> None:
    sequencer.run()
    said = of(manager).post(lifting(kept), {"reason": "I say so"}, follow=True).text
    assert "A different person has to lift this restriction" in said
    kept.refresh_from_db()
    assert kept.restricted == "covert"


def test_nobody_finds_their_own_there(kept: Recording, authority: User) -> None:
    Recording.objects.filter(pk=kept.pk).update(officer=authority)
    assert kept.reference not in of(authority).get("/admin/recordings/restricted/").text
    assert of(authority).post(lifting(kept), {"reason": "Mine"}).status_code == 404


def test_others_find_nothing(kept: Recording, lane: User, hughes: User) -> None:
    for user in (lane, hughes):
        assert of(user).get("/admin/recordings/restricted/").status_code == 404
        assert of(user).post(lifting(kept), {"reason": "x"}).status_code == 404
