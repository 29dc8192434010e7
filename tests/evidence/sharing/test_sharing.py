"""A share opens for one person, by a code, until it ends; to everybody else it is not there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.sharing import actions
from evidence.sharing.models import Code, Share
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def recording(shah: User) -> Recording:
    return factories.recording(shah)


def make(lane: User, recording: Recording, capture: Any, **more: Any) -> tuple[Share, str]:
    fields: dict[str, Any] = {
        "recipient": "J Marlow", "organisation": "CPS", "email": "j.marlow@cps.example",
        "purpose": "Charging", "until": timezone.now() + timedelta(days=1),
    }  # fmt: skip
    with capture(execute=True):
        share, link = actions.make(by=lane, share=Share(**(fields | more)), recordings=[recording])
    return share, link.partition("#")[2]


@pytest.fixture
def shared(lane: User, recording: Recording, django_capture_on_commit_callbacks: Any) -> Any:
    return make(lane, recording, django_capture_on_commit_callbacks)


def code_for(client: Client, capture: Any) -> str:
    with capture(execute=True):
        assert client.post("/shared/prove/send/").status_code == 302
    found = re.search(r"\b\d{6}\b", str(mail.outbox[-1].body))
    assert found
    return found.group()


def test_the_whole_way(
    shared: Any, recording: Recording, django_capture_on_commit_callbacks: Any
) -> None:
    share, token = shared
    assert token in mail.outbox[0].body
    client = Client()
    assert client.get("/shared/open").status_code == 200
    assert client.get(f"/shared/{share.reference}/").status_code == 404
    assert client.post("/shared/open", {"token": token}).status_code == 302
    code = code_for(client, django_capture_on_commit_callbacks)
    assert client.get(f"/shared/{share.reference}/").status_code == 404
    answer = client.post("/shared/prove/check/", {"code": code})
    assert answer["Location"] == f"/shared/{share.reference}/"
    page = client.get(answer["Location"])
    assert recording.reference in page.text
    assert client.get(f"/shared/{share.reference}/{recording.reference}/").status_code == 200
    play = f"/shared/{share.reference}/{recording.reference}/play/"
    assert client.post(play).status_code == 200
    sequencer.run()
    kinds = set(Event.objects.values_list("type", flat=True))
    assert {"share.created", "share.proved", "share.viewed", "share.played"} <= kinds


def test_the_code_works_once_and_in_its_browser_only(
    shared: Any, django_capture_on_commit_callbacks: Any
) -> None:
    _, token = shared
    one, two = Client(), Client()
    for client in (one, two):
        client.post("/shared/open", {"token": token})
    code = code_for(one, django_capture_on_commit_callbacks)
    assert "t right" in two.post("/shared/prove/check/", {"code": code}).text
    assert one.post("/shared/prove/check/", {"code": code}).status_code == 302
    assert "t right" in one.post("/shared/prove/check/", {"code": code}).text


def test_an_old_code_is_refused(shared: Any, django_capture_on_commit_callbacks: Any) -> None:
    client = Client()
    client.post("/shared/open", {"token": shared[1]})
    code = code_for(client, django_capture_on_commit_callbacks)
    Code.objects.update(expires=timezone.now())
    assert "t right" in client.post("/shared/prove/check/", {"code": code}).text


def test_five_wrong_codes_lock_the_share(
    shared: Any, django_capture_on_commit_callbacks: Any
) -> None:
    share, token = shared
    client = Client()
    client.post("/shared/open", {"token": token})
    code = code_for(client, django_capture_on_commit_callbacks)
    wrong = "000000" if code != "000000" else "111111"
    answers = [client.post("/shared/prove/check/", {"code": wrong}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [404]
    assert client.post("/shared/prove/check/", {"code": code}).status_code == 404
    share.refresh_from_db()
    assert share.state() == "locked"


def plain(answer: Any) -> bytes:
    return re.sub(rb'value="[A-Za-z0-9]{64}"', b"", bytes(answer.content))


def test_unknown_ended_revoked_and_locked_look_the_same(
    lane: User, recording: Recording, django_capture_on_commit_callbacks: Any
) -> None:
    now = timezone.now()
    bodies = set()
    for change in ({"until": now}, {"revoked_at": now}, {"locked_at": now}, {}):
        share, token = make(lane, recording, django_capture_on_commit_callbacks)
        Share.objects.filter(pk=share.pk).update(**change)
        answer = Client().post("/shared/open", {"token": token if change else "unknown"})
        assert answer.status_code == 404
        bodies.add(plain(answer))
    assert len(bodies) == 1


def test_revoking_works_at_the_next_request(
    shared: Any, lane: User, django_capture_on_commit_callbacks: Any
) -> None:
    share, token = shared
    client = Client()
    client.post("/shared/open", {"token": token})
    code = code_for(client, django_capture_on_commit_callbacks)
    client.post("/shared/prove/check/", {"code": code})
    assert client.get(f"/shared/{share.reference}/").status_code == 200
    actions.revoke(by=lane, share=share, reason="Wrong person")
    assert client.get(f"/shared/{share.reference}/").status_code == 404


def test_only_what_was_shared_is_there(
    shared: Any, shah: User, django_capture_on_commit_callbacks: Any
) -> None:
    share, token = shared
    other = factories.recording(shah)
    client = Client()
    client.post("/shared/open", {"token": token})
    client.post(
        "/shared/prove/check/", {"code": code_for(client, django_capture_on_commit_callbacks)}
    )
    assert client.get(f"/shared/{share.reference}/{other.reference}/").status_code == 404
    assert client.post(f"/shared/{share.reference}/{other.reference}/play/").status_code == 404
    assert client.get(other.get_absolute_url()).status_code == 302


def test_no_secret_is_in_the_database(shared: Any, django_capture_on_commit_callbacks: Any) -> None:
    client = Client()
    client.post("/shared/open", {"token": shared[1]})
    code = code_for(client, django_capture_on_commit_callbacks)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(s::text, ' ') FROM sharing_share s")
        assert shared[1] not in cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(s::text, ' ') FROM sharing_code s")
        assert code not in cursor.fetchone()[0].split(",")[3]


def test_what_one_may_not_see_one_can_t_share(
    shah: User, lane: User, recording: Recording, django_capture_on_commit_callbacks: Any
) -> None:
    with pytest.raises(NotAllowed):
        make(shah, recording, django_capture_on_commit_callbacks)
    with pytest.raises(ValueError, match="future"):
        make(lane, recording, django_capture_on_commit_callbacks, until=timezone.now())
    with pytest.raises(ValueError, match="within"):
        make(lane, recording, django_capture_on_commit_callbacks,
             until=timezone.now() + timedelta(days=400))  # fmt: skip
