"""The page on which two people agree that the old store is cleared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from ingest.moving.models import Move
from tests import factories

pytestmark = pytest.mark.django_db


def manager(name: str) -> User:
    return factories.Person(username=name, name=f"Jo {name.title()}", roles=["evidence_manager"])


def page(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def move(db: None) -> Move:
    """Switched three weeks ago, and whole since."""
    then = timezone.now() - timedelta(days=20)
    return Move.objects.create(
        source="http://old.example", source_prefix="old", target="http://new.example",
        target_prefix="new", state="switched", planned_by="x", switched_at=then, passes=1,
        checks=1, check_started=then + timedelta(days=1), check_finished=then + timedelta(days=2),
        check_objects=1234, check_bytes=5 * 10**9,
    )  # fmt: skip


def test_without_a_move_it_says_so(db: None) -> None:
    assert "No move is under way" in page(manager("one")).get("/moving/").text


def test_two_different_people_agree(move: Move) -> None:
    one, other = page(manager("one")), page(manager("two"))
    assert "1,234 versions" in one.get("/moving/").text
    assert "A second, different person" in one.post("/moving/agree/", follow=True).text
    assert "You have agreed already" in one.post("/moving/agree/", follow=True).text
    move.refresh_from_db()
    assert (move.first, move.second) == ("one", "")
    said = other.post("/moving/agree/", follow=True).text
    assert "Two people have agreed" in said and "move_store remove-source" in said
    sequencer.run()
    assert Event.objects.filter(type="store.removal_agreed").count() == 2


def test_only_with_a_fresh_proof(move: Move, settings: Any) -> None:
    settings.FRESH_SECONDS = 0
    answer = page(manager("one")).post("/moving/agree/")
    assert answer.status_code == 302 and answer["Location"] != "/moving/"
    move.refresh_from_db()
    assert move.first == ""


def test_what_is_not_beyond_doubt_can_not_be_agreed_to(move: Move) -> None:
    Move.objects.update(fault_count=1)
    one = page(manager("one"))
    assert "The source stays until" in one.get("/moving/").text
    assert "The source stays until" in one.post("/moving/agree/", follow=True).text
    move.refresh_from_db()
    assert move.first == ""


def test_an_officer_finds_nothing(move: Move, shah: User) -> None:
    for client in (
        page(shah),
        page(factories.Person(username="adm", name="A", roles=["administrator"])),
    ):
        assert client.get("/moving/").status_code == 404
        assert client.post("/moving/agree/").status_code == 404
