"""Who works on cases: DC Price has one, DC Quinn another, DO Reed looks after disclosure."""

from __future__ import annotations

import pytest
from django.test import Client

from evidence.cases import actions
from evidence.cases.models import Case
from evidence.people.models import User
from tests import factories


@pytest.fixture
def price(db: None) -> User:
    return factories.Person(username="price", rank="DC", collar="2210", name="Ines Price",
                            roles=["case_officer"], unit=factories.unit("Metropolis"))  # fmt: skip


@pytest.fixture
def quinn(db: None) -> User:
    return factories.Person(username="quinn", rank="DC", collar="2211", name="Tom Quinn",
                            roles=["case_officer"], unit=factories.unit("Metropolis"))  # fmt: skip


@pytest.fixture
def reed(db: None) -> User:
    return factories.Person(username="reed", rank="DC", collar="2212", name="Kay Reed",
                            roles=["disclosure_officer"])  # fmt: skip


@pytest.fixture
def marsh(price: User) -> Case:
    """R v Marsh, which DC Price opened."""
    return actions.save(by=price, case=Case(urn="01AB/12345/26", title="R v Marsh"), changed=[])


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
