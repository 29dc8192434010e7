"""Bytes for people outside: what they are, what is written of them, what stops them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, cast

import pytest
from django.test import Client
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.sharing import changing, gateway, looking, serving
from evidence.sharing.models import Proof, Viewing
from evidence.sharing.wishes import Made
from evidence.store import s3

pytestmark = pytest.mark.django_db


def bytes_of(answer: Any) -> bytes:
    return b"".join(cast(Iterable[bytes], answer))


def hang_up(answer: Any) -> None:
    """Close it as the web server does; the test's client keeps the database open meanwhile."""
    for close in answer._resource_closers:
        close()


def played(client: Client, made: Made, number: int = 1, **more: str) -> list[dict[str, str]]:
    answer = client.post(f"/shared/{made.share.reference}/{number}/play/", more)
    assert answer.status_code == 200
    return list(answer.json()["segments"])


def taken(client: Client, made: Made, number: int = 1, file: int = 0) -> str:
    path = f"/shared/{made.share.reference}/{number}/download/"
    answer = client.post(path, {"file": str(file)})
    assert answer.status_code == 302
    return str(answer["Location"])


def told(event: str) -> int:
    sequencer.run()
    return Event.objects.filter(type=event, object_ref__startswith="S-").count()


def test_playing_seeking_and_resuming_are_one_event(
    jo: Client, shared: Made, bodies: dict[str, bytes]
) -> None:
    [urls] = played(jo, shared)
    answer = jo.get(urls["proxy"], headers={"Range": "bytes=0-99"})
    assert (answer.status_code, bytes_of(answer)) == (206, bodies["proxy"][:100])
    for start in (5, 77_000, 3):
        answer = jo.get(urls["proxy"], headers={"Range": f"bytes={start}-{start + 9}"})
        assert bytes_of(answer) == bodies["proxy"][start : start + 10]
    assert bytes_of(jo.get(urls["board"])) == bodies["storyboard"]
    assert bytes_of(jo.get(urls["sound"])) == bodies["sound"]
    assert played(jo, shared, again="1")[0] == urls
    assert told("share.played") == 1
    row = Viewing.objects.get()
    assert row.sent == 130 + len(bodies["storyboard"]) + len(bodies["sound"])
    assert row.whole_at is None


def test_a_player_gets_a_part_and_comes_back(
    jo: Client, shared: Made, bodies: dict[str, bytes], monkeypatch: Any
) -> None:
    monkeypatch.setattr(gateway, "MOST", 1000)
    [urls] = played(jo, shared)
    answer = jo.get(urls["proxy"], headers={"Range": "bytes=0-"})
    assert answer["Content-Range"] == f"bytes 0-999/{len(bodies['proxy'])}"
    assert bytes_of(answer) == bodies["proxy"][:1000]


def test_a_download_is_the_file_and_says_so(
    jo: Client, shared: Made, bodies: dict[str, bytes]
) -> None:
    url = taken(jo, shared)
    digest = hashlib.sha256(bodies["original"]).hexdigest()
    head = jo.head(url)
    assert head["Content-Length"] == str(len(bodies["original"]))
    answer = jo.get(url)
    assert f'filename="AB_1-{digest[:8]}.mp4"' in answer["Content-Disposition"]
    assert answer["ETag"] == f'"{digest}"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert hashlib.sha256(bytes_of(answer)).hexdigest() == digest
    row = Viewing.objects.get()
    assert row.whole_at is not None
    assert row.sent == len(bodies["original"])
    assert told("share.downloaded") == 1


def test_a_download_that_broke_goes_on(jo: Client, shared: Made, bodies: dict[str, bytes]) -> None:
    url, body = taken(jo, shared), bodies["original"]
    answer = jo.get(url)
    pieces = iter(cast(Iterable[bytes], answer))
    first = next(pieces)
    hang_up(answer)  # the connection broke while the first piece was on its way
    assert Viewing.objects.get().whole_at is None
    tag = answer["ETag"]
    rest = jo.get(url, headers={"Range": f"bytes={len(first)}-", "If-Range": tag})
    assert rest.status_code == 206
    assert first + bytes_of(rest) == body
    other = jo.get(url, headers={"Range": "bytes=5-", "If-Range": '"another"'})
    assert (other.status_code, bytes_of(other)) == (200, body)
    assert told("share.downloaded") == 1


def test_the_last_byte_alone_is_no_whole_file(jo: Client, shared: Made) -> None:
    bytes_of(jo.get(taken(jo, shared), headers={"Range": "bytes=-1"}))
    assert Viewing.objects.get().whole_at is None


def test_a_running_stream_is_cut_at_the_next_question(
    jo: Client, shared: Made, marlow: User, settings: Any
) -> None:
    settings.SHARE_CHECK_SECONDS = 0
    answer = jo.get(taken(jo, shared))
    pieces = iter(cast(Iterable[bytes], answer))
    next(pieces)
    changing.revoke(by=marlow, share=shared.share, reason="The wrong person")
    with pytest.raises(serving.Ended):
        next(pieces)
    hang_up(answer)


def test_a_stream_asks_at_most_three_queries_a_question(
    jo: Client, shared: Made, django_assert_max_num_queries: Any
) -> None:
    played(jo, shared)
    row = Viewing.objects.select_related("share").get()
    with django_assert_max_num_queries(3):
        assert looking.still_open(row)


def test_bytes_that_leave_are_use_and_asking_the_state_is_none(jo: Client, shared: Made) -> None:
    [urls] = played(jo, shared)
    before = timezone.now() - timezone.timedelta(minutes=50)  # type: ignore[attr-defined]
    Proof.objects.update(seen_at=before)
    assert jo.get(f"/shared/{shared.share.reference}/state/").status_code == 200
    assert Proof.objects.get().seen_at == before
    bytes_of(jo.get(urls["proxy"]))
    assert Proof.objects.get().seen_at > before


def test_of_a_clip_there_is_the_clip(jo: Client, shared: Made, footage: Recording) -> None:
    [urls] = played(jo, shared, 2)
    assert urls["board"] == urls["sound"] == urls["small"] == ""
    assert bytes_of(jo.get(urls["proxy"])).startswith(b"clipclip")
    base = urls["proxy"].removesuffix("v/0/")
    for letter, file in (("b", 0), ("s", 0), ("l", 0), ("v", 1), ("w", 0), ("p", 0)):
        assert jo.get(f"{base}{letter}/{file}/").status_code == 404


def test_a_store_that_is_away_is_said(jo: Client, shared: Made, monkeypatch: Any) -> None:
    url = taken(jo, shared)

    def away(*_: Any) -> Any:
        raise s3.StoreError("away")
        yield b""

    monkeypatch.setattr(s3, "read", away)
    answer = jo.get(url)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")


def test_a_few_readers_never_take_all_threads(jo: Client, shared: Made, settings: Any) -> None:
    settings.SHARE_STREAMS = 2
    [urls] = played(jo, shared)
    one, two, three = (jo.get(urls["proxy"]) for _ in range(3))
    assert (one.status_code, two.status_code) == (200, 200)
    assert (three.status_code, three["Retry-After"]) == (503, "2")
    hang_up(one)  # before it began
    four = jo.get(urls["proxy"])
    assert four.status_code == 200
    bytes_of(four)
    bytes_of(two)
    assert jo.get(urls["proxy"]).status_code == 200


def test_one_browser_gets_few_streams(jo: Client, shared: Made, settings: Any) -> None:
    settings.SHARE_STREAMS = 100
    [urls] = played(jo, shared)
    answers = [jo.get(urls["proxy"]) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 6 + [503]
    for answer in answers[:6]:
        hang_up(answer)
