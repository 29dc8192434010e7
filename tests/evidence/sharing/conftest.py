"""A case with an original and a clip of it, with real bytes, shared."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from evidence.cases.models import Case
from evidence.exhibits.models import Exhibit
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.sharing.wishes import Made
from tests import factories, sharing
from tests.evidence.exhibits import casting


@pytest.fixture
def footage(shah: User) -> Recording:
    """Four seconds of PC Shah's."""
    return factories.recording(shah)


@pytest.fixture
def bodies(footage: Recording) -> dict[str, bytes]:
    """What lies behind it, by kind."""
    return sharing.filled(footage)


@pytest.fixture
def marlow() -> User:
    """DC Marlow, who shares."""
    return casting.case_officer(email="marlow@force.example")


@pytest.fixture
def case(marlow: User, footage: Recording) -> Case:
    """R v Marsh, DC Marlow's."""
    made = casting.case(marlow)
    casting.link(made, footage, marlow)
    return made


@pytest.fixture
def whole(case: Case, footage: Recording, shah: User, bodies: dict[str, bytes]) -> Exhibit:
    """AB/1: all of it."""
    return casting.exhibit(case, footage, shah, "AB/1", clip=False)


@pytest.fixture
def cut(case: Case, footage: Recording, shah: User, bodies: dict[str, bytes]) -> Exhibit:
    """AB/2: two seconds of it."""
    return sharing.clip(case, footage, shah)[0]


@pytest.fixture
def shared(
    marlow: User, case: Case, whole: Exhibit, cut: Exhibit, django_capture_on_commit_callbacks: Any
) -> Made:
    """Both, to view and download."""
    with django_capture_on_commit_callbacks(execute=True):
        return sharing.make(marlow, whole, cut, case=case, downloads=True,
                            words="The arrest in Villiers Street.")  # fmt: skip


@pytest.fixture
def jo(shared: Made, django_capture_on_commit_callbacks: Any) -> Client:
    """The prosecutor's browser, proved."""
    return sharing.opened(shared, django_capture_on_commit_callbacks)
