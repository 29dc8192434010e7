"""The package of a share on the pages of the person outside: asked for, made, taken, shut."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from django.test import Client

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.sharing import changing, packaging
from evidence.sharing.models import SharedPackage, Viewing
from evidence.sharing.wishes import Made
from ingest.devices.models import Dock
from tests import factories, sharing
from tests.evidence.custody.test_package import check, trust  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def recording(dock: Dock, camera: Any, film: bytes) -> Recording:
    return factories.docked(dock, film, name="SHARED-FILE.MP4")


@pytest.fixture
def made(lane: User, recording: Recording, django_capture_on_commit_callbacks: Any) -> Made:
    with django_capture_on_commit_callbacks(execute=True):
        return sharing.make(lane, recording, downloads=True)


@pytest.fixture
def jo(made: Made, django_capture_on_commit_callbacks: Any) -> Client:
    return sharing.opened(made, django_capture_on_commit_callbacks)


def bytes_of(answer: Any) -> bytes:
    return b"".join(cast(Iterable[bytes], answer))


def ready(jo: Client, made: Made) -> SharedPackage:
    answer = jo.post(f"/shared/{made.share.reference}/package/")
    assert answer.status_code == 302
    row = SharedPackage.objects.get(share=made.share)
    packaging.prepare(row.pk)
    row.refresh_from_db()
    assert row.state == "ready", row.reason
    return row


def begun(jo: Client, made: Made) -> str:
    answer = jo.post(f"/shared/{made.share.reference}/package/take/")
    assert answer.status_code == 302
    return str(answer["Location"])


def told() -> list[Event]:
    sequencer.run()
    return list(Event.objects.filter(type="share.downloaded").order_by("index"))


def test_asked_for_made_and_taken_in_two_halves(
    jo: Client, made: Made, recording: Recording, tmp_path: Path,
    trust: Path,
) -> None:  # fmt: skip
    path = f"/shared/{made.share.reference}/"
    assert "Make one package of everything" in jo.get(path).text
    jo.post(f"{path}package/")
    assert "is being made: 0%" in jo.get(f"{path}package/state/").text
    row = ready(jo, made)
    assert SharedPackage.objects.count() == 1
    assert f"{row.reference}.zip" in jo.get(f"{path}package/state/").text
    assert told() == []  # nothing has left yet
    where = begun(jo, made)
    half = row.size // 2
    first = jo.get(where, headers={"Range": f"bytes=0-{half - 1}"})
    assert first.status_code == 206
    assert first["Content-Range"] == f"bytes 0-{half - 1}/{row.size}"
    body = bytes_of(first)
    rest = jo.get(where, headers={"Range": f"bytes={half}-", "If-Range": first["ETag"]})
    assert rest.status_code == 206
    body += bytes_of(rest)
    assert hashlib.sha256(body).hexdigest() == row.sha256
    out = tmp_path / f"{row.reference}.zip"
    out.write_bytes(body)
    code, said = check(out, "--policy", trust)
    assert (code, said["verdict"]) == (0, "VERIFIED")
    # One sitting, however many ranges: one event in each history.
    events = told()
    assert {event.object_ref for event in events} == {made.share.reference, recording.reference}
    assert len(events) == 2
    assert {event.parsed()["data"]["sha256"] for event in events} == {row.sha256}
    sitting = Viewing.objects.get(kind="package")
    assert (sitting.sent, sitting.whole_at is not None) == (row.size, True)
    whole = jo.get(where)
    assert (whole.status_code, whole["Content-Length"]) == (200, str(row.size))
    assert f'filename="{row.reference}.zip"' in whole["Content-Disposition"]


def test_what_was_narrowed_or_revoked_is_not_taken_any_more(
    jo: Client, made: Made, lane: User, settings: Any
) -> None:
    settings.SHARE_CHECK_SECONDS = 0
    ready(jo, made)
    where = begun(jo, made)
    running = jo.get(where)
    changing.revoke(by=lane, share=made.share, reason="Wrong person")
    assert jo.get(where).status_code == 404
    with pytest.raises(BrokenPipeError):  # the stream that runs, at its next question
        bytes_of(running)
    assert jo.post(f"/shared/{made.share.reference}/package/take/").status_code == 404


def test_a_package_of_something_that_was_restricted_since_is_gone(
    jo: Client, made: Made, recording: Recording
) -> None:
    ready(jo, made)
    where = begun(jo, made)
    Recording.objects.filter(pk=recording.pk).update(restricted="covert")
    assert jo.get(where).status_code == 404
    answer = jo.post(f"/shared/{made.share.reference}/package/take/")
    assert answer["Location"].endswith("#package")
    assert "Download everything" not in jo.get(f"/shared/{made.share.reference}/").text


def test_a_share_for_viewing_has_none(
    lane: User, recording: Recording, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        made = sharing.make(lane, recording)
    jo = sharing.opened(made, django_capture_on_commit_callbacks)
    path = f"/shared/{made.share.reference}/"
    assert "package" not in jo.get(path).text.lower()
    for method, name in (
        ("post", "package/"),
        ("get", "package/state/"),
        ("post", "package/take/"),
    ):
        assert getattr(jo, method)(path + name).status_code == 404
    assert not SharedPackage.objects.exists()


def test_a_sitting_belongs_to_its_browser(
    jo: Client, made: Made, django_capture_on_commit_callbacks: Any
) -> None:
    ready(jo, made)
    where = begun(jo, made)
    other = sharing.opened(made, django_capture_on_commit_callbacks)
    assert other.get(where).status_code == 404
    assert Client().get(where).status_code == 404
