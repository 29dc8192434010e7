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
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.sharing import changing
from evidence.sharing.models import Code, Share
from evidence.sharing.wishes import Made, NotShared
from tests import factories, sharing

pytestmark = pytest.mark.django_db


@pytest.fixture
def recording(shah: User) -> Recording:
    return factories.recording(shah)


@pytest.fixture
def shared(lane: User, recording: Recording, django_capture_on_commit_callbacks: Any) -> Made:
    with django_capture_on_commit_callbacks(execute=True):
        return sharing.make(lane, recording)


def code_for(client: Client, capture: Any) -> str:
    with capture(execute=True):
        assert client.post("/shared/prove/send/").status_code == 302
    found = re.search(r"\b\d{6}\b", str(mail.outbox[-1].body))
    assert found
    return found.group()


def opened(made: Made, capture: Any) -> Client:
    client = Client()
    assert client.post("/shared/open", {"token": made.token}).status_code == 302
    code = code_for(client, capture)
    assert client.post("/shared/prove/check/", {"code": code}).status_code == 302
    return client


def test_the_whole_way(
    shared: Made, recording: Recording, django_capture_on_commit_callbacks: Any
) -> None:
    share = shared.share
    assert shared.token in mail.outbox[0].body
    client = Client()
    assert client.get("/shared/open").status_code == 200
    assert client.get(f"/shared/{share.reference}/").status_code == 404
    assert client.post("/shared/open", {"token": shared.token}).status_code == 302
    code = code_for(client, django_capture_on_commit_callbacks)
    assert client.get(f"/shared/{share.reference}/").status_code == 404
    answer = client.post("/shared/prove/check/", {"code": code})
    assert answer["Location"] == f"/shared/{share.reference}/"
    assert recording.reference in client.get(answer["Location"]).text
    assert client.get(f"/shared/{share.reference}/1/").status_code == 200
    assert client.post(f"/shared/{share.reference}/1/play/").status_code == 200
    sequencer.run()
    kinds = set(Event.objects.values_list("type", flat=True))
    wanted = {"share.created", "share.sent", "share.proved", "share.opened", "share.viewed",
              "share.played"}  # fmt: skip
    assert wanted <= kinds


def test_the_code_works_once_and_in_its_browser_only(
    shared: Made, django_capture_on_commit_callbacks: Any
) -> None:
    one, two = Client(), Client()
    for client in (one, two):
        client.post("/shared/open", {"token": shared.token})
        client.get("/shared/prove/")
    code = code_for(one, django_capture_on_commit_callbacks)
    assert "t right" in two.post("/shared/prove/check/", {"code": code}).text
    assert one.post("/shared/prove/check/", {"code": code}).status_code == 302
    one.post("/shared/open", {"token": shared.token})
    assert "t right" in one.post("/shared/prove/check/", {"code": code}).text


def test_an_old_code_is_refused(shared: Made, django_capture_on_commit_callbacks: Any) -> None:
    client = Client()
    client.post("/shared/open", {"token": shared.token})
    code = code_for(client, django_capture_on_commit_callbacks)
    Code.objects.update(expires=timezone.now())
    assert "t right" in client.post("/shared/prove/check/", {"code": code}).text


def test_five_wrong_codes_lock_the_share_and_tell_the_owner(
    shared: Made, lane: User, django_capture_on_commit_callbacks: Any
) -> None:
    User.objects.filter(pk=lane.pk).update(email="lane@force.example")
    client = Client()
    client.post("/shared/open", {"token": shared.token})
    code = code_for(client, django_capture_on_commit_callbacks)
    wrong = "000000" if code != "000000" else "111111"
    with django_capture_on_commit_callbacks(execute=True):
        answers = [client.post("/shared/prove/check/", {"code": wrong}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [404]
    assert client.post("/shared/prove/check/", {"code": code}).status_code == 404
    shared.share.refresh_from_db()
    assert shared.share.state() == "locked"
    assert mail.outbox[-1].to == ["lane@force.example"]


def plain(answer: Any) -> bytes:
    return re.sub(rb'value="[A-Za-z0-9]{64}"', b"", bytes(answer.content))


def test_unknown_ended_revoked_and_locked_look_the_same(
    lane: User, recording: Recording, django_capture_on_commit_callbacks: Any
) -> None:
    now = timezone.now()
    seen = set()
    for change in (
        {"until": now, "starts": now - timedelta(days=1)}, {"revoked_at": now},
        {"locked_at": now}, {},
    ):  # fmt: skip
        made = sharing.make(lane, recording)
        Share.objects.filter(pk=made.share.pk).update(**change)
        answer = Client().post("/shared/open", {"token": made.token if change else "unknown"})
        seen.add((answer.status_code, plain(answer), tuple(sorted(answer.headers))))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 404


def test_revoking_works_at_the_next_request(
    shared: Made, lane: User, django_capture_on_commit_callbacks: Any
) -> None:
    client = opened(shared, django_capture_on_commit_callbacks)
    path = f"/shared/{shared.share.reference}/"
    assert client.get(path).status_code == 200
    changing.revoke(by=lane, share=shared.share, reason="Wrong person")
    assert client.get(path).status_code == 404
    assert client.get(f"{path}state/").status_code == 404


def test_only_what_was_shared_is_there(
    shared: Made, shah: User, django_capture_on_commit_callbacks: Any
) -> None:
    other = factories.recording(shah)
    client = opened(shared, django_capture_on_commit_callbacks)
    path = f"/shared/{shared.share.reference}/"
    assert client.get(f"{path}2/").status_code == 404
    assert client.post(f"{path}2/play/").status_code == 404
    assert client.post(f"{path}1/download/").status_code == 404  # for viewing alone
    assert client.get(other.get_absolute_url()).status_code == 302


def test_no_secret_is_in_the_database(
    shared: Made, django_capture_on_commit_callbacks: Any
) -> None:
    client = Client()
    client.post("/shared/open", {"token": shared.token})
    code = code_for(client, django_capture_on_commit_callbacks)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(s::text, ' ') FROM sharing_share s")
        assert shared.token not in cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(s::text, ' ') FROM sharing_code s")
        assert code not in cursor.fetchone()[0].split(",")[3]


def test_what_one_may_not_see_one_can_t_share(shah: User, lane: User, recording: Recording) -> None:
    with pytest.raises(NotShared):
        sharing.make(shah, recording)
    Recording.objects.filter(pk=recording.pk).update(restricted="covert")
    with pytest.raises(Recording.DoesNotExist):
        sharing.make(lane, recording)
    Recording.objects.filter(pk=recording.pk).update(restricted="")
    with pytest.raises(NotShared, match="future"):
        sharing.make(lane, recording, until=timezone.now())
    with pytest.raises(NotShared, match="at most"):
        sharing.make(lane, recording, until=timezone.now() + timedelta(days=400))
    with pytest.raises(NotShared, match="domains"):
        sharing.make(lane, recording, email="j@elsewhere.example")
