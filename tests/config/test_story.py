"""The demonstration's prosecutor has something to open, once."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core import mail

from config.management import story
from evidence.cases.models import Case
from evidence.exhibits.models import Clip
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.sharing.models import Share
from tests import factories
from tests.evidence.exhibits import casting

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(shah: User, lane: User) -> dict[str, User]:
    factories.unit("Westminster")
    cole = casting.case_officer("cole", name="Erin Cole", collar="733")
    marsh = factories.Person(username="marsh", name="Marsh", roles=["disclosure_officer"])
    return {"cole": cole, "marsh": marsh, "shah": shah, "lane": lane}


@pytest.fixture
def recording(shah: User, people: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> Recording:
    monkeypatch.setattr(story, "PATIENCE", 0)
    made: Recording = casting.playable(factories.recording(shah))
    return made


def test_the_clip_and_the_recording_are_shared_with_a_prosecutor(
    people: dict[str, User], recording: Recording, django_capture_on_commit_callbacks: Any
) -> None:
    story._case(people, [recording])
    Clip.objects.update(state="ready", key="x", size=1234, sha256="a" * 64)
    with django_capture_on_commit_callbacks(execute=True):
        said = story.tell()
    share = Share.objects.get()
    assert (share.recipient, share.organisation) == ("J Marlow", "CPS London")
    assert (share.downloads, share.how, share.state()) == (True, Share.How.CODE, "live")
    things = [(one.exhibit is not None, one.recording_id) for one in share.items.all()]
    assert things == [(True, recording.pk), (False, recording.pk)]
    assert [one.to for one in mail.outbox] == [["j.marlow@cps.example"]]
    assert f"{settings.PUBLIC_URL}/shared/open#" in str(mail.outbox[0].body)
    # It says where that mail is; again it makes nothing new.
    assert f"({share.reference}). Their link and codes: {settings.PUBLIC_URL}/mail/" in said
    assert story.tell() == said
    assert Share.objects.count() == Case.objects.count() == 1


def test_without_a_clip_the_recording_is_shared_alone(
    people: dict[str, User], recording: Recording
) -> None:
    assert "J Marlow" in story.tell()
    [item] = Share.objects.get().items.all()
    assert (item.exhibit, item.recording) == (None, recording)


def test_without_footage_there_is_nothing_to_share(people: dict[str, User]) -> None:
    assert "shared" not in story.tell()
    assert not Share.objects.exists()
