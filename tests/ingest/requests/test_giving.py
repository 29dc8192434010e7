"""The person outside: the way in, one browser, what is taken and what is not."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.store import s3
from ingest.devices.models import Dock
from ingest.requests import actions
from ingest.requests.models import RequestCode, UploadRequest
from ingest.uploads import actions as uploads
from ingest.uploads import sealing, tasks
from ingest.uploads.models import StoreGauge, Upload
from ingest.uploads.problems import Problem
from tests.ingest.requests.conftest import Ask, Outside, put, token

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(ask: Ask) -> UploadRequest:
    return ask()


@pytest.fixture
def secret(ask: Ask, row: UploadRequest) -> str:
    return ask.tokens[row.reference]


@pytest.fixture
def inside(jordan: Outside, secret: str) -> Outside:
    """Jordan's browser, proved."""
    assert jordan.prove(secret).status_code == 302
    return jordan


def plain(answer: Any) -> bytes:
    return re.sub(rb'value="[A-Za-z0-9]{64}"', b"", bytes(answer.content))


def test_the_whole_way(inside: Outside, row: UploadRequest, film: bytes, cole: User) -> None:
    text = inside.http.get(f"/give/{row.reference}/").text
    assert "DC 301 Cole" in text and "Your door camera" in text and "noscript" in text
    upload = inside.send(row, film)
    assert inside.http.get(f"/give/{row.reference}/files/").json()["files"][0]["state"] \
        == "received"  # fmt: skip
    sealing.verify(Upload.objects.get(pk=upload).pk)
    answer = inside.http.post(f"/give/{row.reference}/send/")
    assert answer["Location"] == f"/give/{row.reference}/"
    page = inside.http.get(answer["Location"]).text
    stored = Upload.objects.get(pk=upload)
    for words in (row.reference, stored.sha256, "door.mp4", "We read it back"):
        assert words in page
    row.refresh_from_db()
    assert row.state() == "used"
    sequencer.run()
    kinds = list(Event.objects.filter(object_ref=row.reference).values_list("type", flat=True))
    assert kinds == ["request.made", "request.opened", "request.file_received", "request.finished"]


def test_who_asked_is_told_when_it_is_sent(
    inside: Outside, row: UploadRequest, django_capture_on_commit_callbacks: Any
) -> None:
    inside.send(row, b"words")
    with django_capture_on_commit_callbacks(execute=True):
        inside.http.post(f"/give/{row.reference}/send/")
    assert mail.outbox[-1].to == ["cole@metropolis.example"]
    assert "door.mp4" not in mail.outbox[-1].body


def test_get_spends_nothing(jordan: Outside, row: UploadRequest, secret: str) -> None:
    for _ in range(3):
        assert jordan.http.get("/give/open").status_code == 200
        assert jordan.http.get("/give/prove/").status_code == 404
    assert jordan.open(secret).status_code == 302
    assert RequestCode.objects.count() == 0
    for path in ("prove/send/", "prove/check/", f"{row.reference}/send/"):
        assert jordan.http.get(f"/give/{path}").status_code == 405


def test_another_browser_finds_nothing_after_the_first_has_proved_itself(
    inside: Outside, row: UploadRequest, secret: str, film: bytes,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    thief = Outside(django_capture_on_commit_callbacks)
    assert thief.open(secret).status_code == 404
    assert thief.http.get(f"/give/{row.reference}/").status_code == 404
    assert thief.choose(row, film).status_code == 404
    # A cookie that somebody made up is no better.
    thief.http.cookies["give"] = "made up"
    assert thief.choose(row, film).status_code == 404
    assert inside.choose(row, film).status_code == 200
    # The same browser opens its link again without a code.
    assert inside.open(secret)["Location"] == f"/give/{row.reference}/"


def test_of_two_browsers_that_were_both_asked_for_a_code_one_gets_in(
    jordan: Outside, secret: str, django_capture_on_commit_callbacks: Any
) -> None:
    other = Outside(django_capture_on_commit_callbacks)
    jordan.open(secret)
    other.open(secret)
    code = jordan.code()
    assert "t right" in other.http.post("/give/prove/check/", {"code": code}).text
    assert jordan.http.post("/give/prove/check/", {"code": code}).status_code == 302
    assert other.http.post("/give/prove/send/").status_code == 404


def test_the_code_works_once_and_not_when_old(jordan: Outside, secret: str) -> None:
    jordan.open(secret)
    code = jordan.code()
    RequestCode.objects.update(expires=timezone.now())
    assert "t right" in jordan.http.post("/give/prove/check/", {"code": code}).text
    code = jordan.code()
    assert jordan.http.post("/give/prove/check/", {"code": code}).status_code == 302
    assert jordan.http.post("/give/prove/check/", {"code": code}).status_code == 404


def test_five_wrong_codes_lock_it_and_tell_who_asked(
    jordan: Outside, row: UploadRequest, secret: str, cole: User,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    jordan.open(secret)
    code = jordan.code()
    wrong = "000000" if code != "000000" else "111111"
    with django_capture_on_commit_callbacks(execute=True):
        answers = [jordan.http.post("/give/prove/check/", {"code": wrong}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [404]
    assert jordan.http.post("/give/prove/check/", {"code": code}).status_code == 404
    row.refresh_from_db()
    assert row.state() == "locked"
    assert mail.outbox[-1].to == ["cole@metropolis.example"] and "locked" in mail.outbox[-1].body
    sequencer.run()
    refused = Event.objects.filter(type="request.refused", object_ref=row.reference)
    assert refused.count() == 5
    # A new link opens it again; the old one never.
    with django_capture_on_commit_callbacks(execute=True):
        actions.renew(by=cole, request=row, until=timezone.now() + timedelta(days=2))
    assert jordan.open(secret).status_code == 404
    assert jordan.prove(token()).status_code == 302


def test_unknown_sent_ended_revoked_and_locked_look_the_same(
    ask: Ask, django_capture_on_commit_callbacks: Any
) -> None:
    now, bodies, heads = timezone.now(), set(), set()
    changes: list[dict[str, Any]] = [
        {"until": now}, {"revoked_at": now}, {"locked_at": now}, {"finished_at": now},
        {"browser_hash": "0" * 64}, {},
    ]  # fmt: skip
    for change in changes:
        row = ask()
        UploadRequest.objects.filter(pk=row.pk).update(**change)
        answer = Outside(django_capture_on_commit_callbacks).open(
            ask.tokens[row.reference] if change else "unknown"
        )
        assert answer.status_code == 404
        bodies.add(plain(answer))
        heads.add(tuple(sorted(name for name in answer.headers if name != "X-Request-Id")))
    assert len(bodies) == 1 and len(heads) == 1


def test_a_second_use_is_refused(
    inside: Outside, row: UploadRequest, secret: str, film: bytes
) -> None:
    inside.send(row, film)
    inside.http.post(f"/give/{row.reference}/send/")
    assert inside.choose(row, b"more").status_code == 404
    assert inside.open(secret).status_code == 404
    assert Upload.objects.count() == 1
    # What was received is still told, in this browser, for a week.
    assert "We have received" in inside.http.get(f"/give/{row.reference}/").text
    UploadRequest.objects.update(finished_at=timezone.now() - timedelta(days=8))
    assert inside.http.get(f"/give/{row.reference}/").status_code == 404


def test_after_its_end_nothing_is_taken(inside: Outside, row: UploadRequest, film: bytes) -> None:
    told = inside.choose(row, film).json()
    UploadRequest.objects.update(until=timezone.now())
    assert inside.sign(row, told["id"], 1, film).status_code == 404
    assert inside.post(row, f"{told['id']}/complete/", {}).status_code == 404
    assert inside.http.post(f"/give/{row.reference}/send/").status_code == 404


def test_revoked_in_the_middle_a_signed_address_leads_nowhere(
    inside: Outside, row: UploadRequest, cole: User, film: bytes,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    told = inside.choose(row, film).json()
    [signed] = inside.sign(row, told["id"], 1, film).json()["parts"]
    with django_capture_on_commit_callbacks(execute=True):
        actions.revoke(by=cole, request=row, reason="The wrong person")
    assert put(signed, film) >= 400
    assert inside.post(row, f"{told['id']}/complete/", {}).status_code == 404
    assert Upload.objects.get().state == "abandoned"
    sequencer.run()
    assert Event.objects.filter(type="request.revoked", object_ref=row.reference).count() == 1


def test_the_store_refuses_other_bytes_and_other_lengths(
    inside: Outside, row: UploadRequest, film: bytes
) -> None:
    told = inside.choose(row, film).json()
    [signed] = inside.sign(row, told["id"], 1, film).json()["parts"]
    assert put(signed, bytes(len(film))) >= 400
    assert put(signed, film + b"more") >= 400
    assert inside.post(row, f"{told['id']}/complete/", {}).json() == {"missing": [1]}
    assert put(signed, film) == 200


def test_a_lie_about_the_size_gets_nowhere(
    inside: Outside, row: UploadRequest, film: bytes
) -> None:
    told = inside.choose(row, film, size=10).json()
    [signed] = inside.sign(row, told["id"], 1, film).json()["parts"]
    assert put(signed, film) >= 400  # signed for ten bytes
    assert inside.post(row, f"{told['id']}/complete/", {}).status_code == 409


def test_a_lie_about_the_whole_is_quarantined_without_a_recording(
    inside: Outside, row: UploadRequest, film: bytes
) -> None:
    told = inside.choose(row, film, sha256="0" * 64).json()
    [signed] = inside.sign(row, told["id"], 1, film).json()["parts"]
    assert put(signed, film) == 200
    assert inside.post(row, f"{told['id']}/complete/", {}).status_code == 200
    sealing.verify(Upload.objects.get().pk)
    upload = Upload.objects.get()
    assert upload.state == "quarantined"
    assert upload.quarantines.get().kind == "disagrees"
    [said] = inside.http.get(f"/give/{row.reference}/files/").json()["files"]
    assert said["state"] == "received"  # never "checked"


def test_a_file_goes_on_where_it_stopped(
    inside: Outside, row: UploadRequest, settings: Any
) -> None:
    settings.PART_SIZE = 5 * 2**20
    data = bytes(range(256)) * 4096 * 6  # 6 MiB: two parts
    told = inside.choose(row, data).json()
    assert (told["parts"], told["have"]) == (2, [])
    [signed] = inside.sign(row, told["id"], 1, data[: 5 * 2**20]).json()["parts"]
    assert put(signed, data[: 5 * 2**20]) == 200
    again = inside.choose(row, data).json()
    assert (again["id"], again["have"]) == (told["id"], [1])
    upload = Upload.objects.get(pk=inside.send(row, data))
    sealing.verify(upload.pk)
    upload.refresh_from_db()
    assert upload.found_sha256 == upload.sha256
    assert s3.head("originals", upload.key).size == len(data)


def test_limits_are_said(inside: Outside, row: UploadRequest, film: bytes) -> None:
    UploadRequest.objects.update(most_bytes=len(film) + 5, most_files=2)
    inside.send(row, film)
    answer = inside.choose(row, b"too much", "b.mp4")
    assert answer.status_code == 422 and "5 bytes more" in answer.json()["words"]
    assert inside.choose(row, b"abc", "b.mp4").status_code == 200
    answer = inside.choose(row, b"d", "c.mp4")
    assert answer.status_code == 422 and "2 files at most" in answer.json()["words"]
    assert inside.choose(row, film).status_code == 200  # chosen again, it is the same file
    answer = inside.choose(row, b"", "empty.mp4")
    assert answer.status_code == 422


def test_what_is_left_out_makes_room(inside: Outside, row: UploadRequest) -> None:
    UploadRequest.objects.update(most_files=1)
    told = inside.choose(row, b"by mistake").json()
    assert "not here whole" in inside.http.post(f"/give/{row.reference}/send/").text
    assert inside.post(row, f"{told['id']}/leave-out/", {}).status_code == 200
    assert "at least one file" in inside.http.post(f"/give/{row.reference}/send/").text
    inside.send(row, b"this one", "b.txt")
    assert inside.post(row, f"{told['id']}/leave-out/", {}).status_code == 200
    kept = Upload.objects.get(file_id="b.txt")
    answer = inside.post(row, f"{kept.pk}/leave-out/", {})
    assert answer.status_code == 422 and "it stays" in answer.json()["words"]
    assert inside.http.post(f"/give/{row.reference}/send/").status_code == 302


def test_a_store_that_is_nearly_full_takes_nothing_new(
    inside: Outside, row: UploadRequest, settings: Any
) -> None:
    settings.STORE_CAPACITY_BYTES = 100
    StoreGauge.objects.update_or_create(pk=1, defaults={"used_bytes": 95})
    answer = inside.choose(row, b"words")
    assert answer.status_code == 503 and "Keep your file" in answer.json()["words"]


def test_while_uploads_are_paused_nothing_is_said_to_have_come(
    inside: Outside, row: UploadRequest
) -> None:
    told = inside.choose(row, b"words").json()
    uploads.pause("The store is being moved.")
    answer = inside.post(row, f"{told['id']}/complete/", {})
    assert answer.status_code == 503 and "Keep your file" in answer.json()["words"]
    assert Upload.objects.get(pk=told["id"]).state == "receiving"
    uploads.resume()
    assert inside.post(row, f"{told['id']}/complete/", {}).status_code != 503


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        "x",
        {"name": "a", "size": 1},
        {"name": "", "size": 1, "sha256": "0" * 64},
        {"name": "a\0", "size": 1, "sha256": "0" * 64},
        {"name": "a", "size": -1, "sha256": "0" * 64},
        {"name": "a", "size": 2**80, "sha256": "0" * 64},
        {"name": "a", "size": "1", "sha256": "0" * 64},
        {"name": "a", "size": 1, "sha256": "0" * 64 + "\n"},
        {"name": "\ud800", "size": 1, "sha256": "0" * 64},
        {"name": "a", "size": 1, "sha256": "0" * 64, "camera": "BWC-1"},
    ],
)
def test_odd_questions_are_refused(inside: Outside, row: UploadRequest, body: Any) -> None:
    assert inside.post(row, "", body).status_code == 422
    assert not Upload.objects.exists()


def test_names_are_data(inside: Outside, row: UploadRequest, cole: User) -> None:
    from tests.ingest.requests.test_asking import page

    name = '<img src=x onerror=alert(1)>\u202e"/../4pm.exe'
    inside.send(row, b"words", name)
    for text in (inside.http.get(f"/give/{row.reference}/").text,
                 page(cole, f"/requests/{row.reference}/").text):  # fmt: skip
        assert "<img src=x" not in text
    assert inside.http.get(f"/give/{row.reference}/files/").json()["files"][0]["name"] == name


def test_two_files_of_one_name_are_two_files(inside: Outside, row: UploadRequest) -> None:
    inside.send(row, b"one", "image.jpg")
    inside.send(row, b"two", "image.jpg")
    assert Upload.objects.count() == 2
    sequencer.run()
    assert not Event.objects.filter(type="evidence.conflict").exists()


def test_a_file_of_another_request_is_not_here(
    inside: Outside, row: UploadRequest, ask: Ask, film: bytes,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    told = inside.choose(row, film).json()
    other = ask(requester="Kim")
    kim = Outside(django_capture_on_commit_callbacks)
    kim.prove(ask.tokens[other.reference])
    assert kim.sign(other, told["id"], 1, film).status_code == 422
    assert kim.post(other, f"{told['id']}/leave-out/", {}).status_code == 422
    assert kim.sign(row, told["id"], 1, film).status_code == 404


def test_only_the_upload_page_may_reach_the_store(inside: Outside, row: UploadRequest) -> None:
    from django.conf import settings

    def reach(path: str) -> str:
        policy = str(inside.http.get(path)["Content-Security-Policy"])
        return next(one for one in policy.split(";") if "connect-src" in one)

    assert settings.S3_PUBLIC_URL in reach(f"/give/{row.reference}/")
    assert settings.S3_PUBLIC_URL not in reach("/give/open")
    answer = inside.http.get(f"/give/{row.reference}/")
    assert "no-store" in answer["Cache-Control"] and answer["X-Robots-Tag"] == "noindex"


def test_the_secret_and_the_codes_are_in_no_row_and_no_log(
    row: UploadRequest, secret: str, jordan: Outside, film: bytes, caplog: Any
) -> None:
    caplog.set_level("DEBUG")
    jordan.open(secret)
    code = jordan.code()
    jordan.http.post("/give/prove/check/", {"code": code})
    jordan.send(row, film)
    cookie = jordan.http.cookies["give"].value
    sequencer.run()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema='public'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{name}" t')
            for (line,) in cursor.fetchall():
                assert secret not in line and cookie not in line, name
                if name != "django_session":
                    assert code not in line or "requests_in" not in name, name
    ours = [one.getMessage() for one in caplog.records if one.name.split(".")[0] in
            ("django", "ingest", "evidence", "config")]  # fmt: skip
    assert not any(secret in line or cookie in line for line in ours)


def test_guesses_are_slowed_by_address(jordan: Outside, secret: str) -> None:
    statuses = [jordan.open(f"guess{number}").status_code for number in range(32)]
    assert statuses[:30] == [404] * 30 and statuses[30:] == [429] * 2
    assert jordan.open(secret).status_code == 429


def test_choosing_and_leaving_out_for_ever_fills_neither_the_rows_nor_the_log(
    inside: Outside, row: UploadRequest, cole: User, secret: str,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    UploadRequest.objects.update(most_files=1)
    for number in range(10):
        # Another file each time, and one that is chosen again.
        told = inside.choose(row, b"again" if number % 2 else b"%d" % number).json()
        assert inside.post(row, f"{told['id']}/leave-out/", {}).status_code == 200
    for data in (b"again", b"new"):
        answer = inside.choose(row, data)
        assert answer.status_code == 422 and "Ask who wrote to you" in answer.json()["words"]
    sequencer.run()
    left = Event.objects.filter(object_ref=row.reference, type="request.file_left_out")
    assert (Upload.objects.count(), left.count()) == (6, 10)
    # Who asked can give them another start.
    with django_capture_on_commit_callbacks(execute=True):
        actions.renew(by=cole, request=row, until=timezone.now() + timedelta(days=2))
    inside.prove(token())
    assert inside.choose(row, b"again").status_code == 200
    assert inside.choose(row, b"again").status_code == 200


def test_nesting_without_an_end_is_odd_and_no_fault_of_ours(
    inside: Outside, row: UploadRequest
) -> None:
    url = f"/give/{row.reference}/files/"
    body = "[" * 200_000
    assert inside.http.post(url, body, content_type="application/json").status_code == 422


def test_a_dock_sends_nothing_in_the_name_of_a_person_outside(
    inside: Outside, row: UploadRequest, dock: Dock
) -> None:
    file = uploads.File(camera=row.reference, file_id="a.mp4", size=1, sha256="0" * 64)
    with pytest.raises(Problem) as refused:
        uploads.register(dock=dock, file=file)
    assert refused.value.status == 422
    assert inside.http.get(f"/give/{row.reference}/files/").json()["files"] == []


def test_the_length_of_a_part_stands_in_its_signature(
    inside: Outside, row: UploadRequest, film: bytes
) -> None:
    told = inside.choose(row, film).json()
    [signed] = inside.sign(row, told["id"], 1, film).json()["parts"]
    assert "content-length" in signed["url"].lower()


def test_a_file_that_the_store_lost_is_told_to_a_person(
    inside: Outside, row: UploadRequest, film: bytes
) -> None:
    """Who sent it has said that that was all: nobody sends it again by themselves."""
    identifier = inside.send(row, film)
    assert inside.http.post(f"/give/{row.reference}/send/").status_code == 302
    upload = Upload.objects.get(pk=identifier)
    s3.abort_multipart("originals", upload.key, upload.multipart)
    tasks.verify(identifier)
    upload.refresh_from_db()
    assert upload.state == "quarantined"
    [told] = upload.quarantines.all()
    assert told.reason == "The store did not keep every part of it. Ask for the file again."
    sequencer.run()
    ref = upload.subject().ref
    assert Event.objects.filter(type="evidence.quarantined", object_ref=ref).count() == 1
    tasks.verify(identifier)  # once more: nothing
    assert upload.quarantines.count() == 1
