"""A share's package: what is in it and what isn't, who makes it, and that it verifies."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.log.outline import Reference
from evidence.custody.models import Event
from evidence.custody.record import Draft, Subject, record, service
from evidence.exhibits.models import Clip
from evidence.people.models import User
from evidence.recordings import composing, exports
from evidence.recordings.composing import Composition, ExportError
from evidence.recordings.models import Original, Recording
from evidence.sharing import packaging, serving
from evidence.sharing.models import Item, Share, SharedPackage
from evidence.store import s3
from ingest.devices.models import Dock
from tests import factories
from tests.evidence.custody.test_package import (  # noqa: F401
    check,
    remanifest,
    trust,
    unpack,
)
from tests.evidence.exhibits import casting

pytestmark = pytest.mark.django_db


@pytest.fixture
def recording(dock: Dock, camera: Any, film: bytes) -> Recording:
    return factories.docked(dock, film, name="SHARED-FILE.MP4")


@pytest.fixture
def other(dock: Dock, camera: Any) -> Recording:
    return factories.docked(dock, b"another film", name="OTHER-FILE.MP4")


def share_of(by: User, *recordings: Recording) -> Share:
    made = Share.objects.create(
        recipient="Jo Marlow", organisation="CPS", email="j.marlow@cps.example",
        purpose="Charging", until=timezone.now() + timedelta(days=1), made_by=by, owner=by,
        token_hash=os.urandom(32).hex(), downloads=True,
    )  # fmt: skip
    for number, item in enumerate(recordings, 1):
        Item.objects.create(share=made, number=number, recording=item)
    return made


def take_out(share: Share, recording: Recording) -> None:
    share.items.filter(recording=recording).update(removed_at=timezone.now())


@pytest.fixture
def share(lane: User, recording: Recording) -> Share:
    return share_of(lane, recording)


@pytest.fixture
def composer() -> Iterator[Any]:
    """Plugs in what a share holds; afterwards it is as it was."""
    before = packaging._composer
    yield packaging.compose_with
    packaging.compose_with(before)


def made(share: Share) -> SharedPackage:
    row = packaging.ask(share)
    packaging.prepare(row.pk)
    row.refresh_from_db()
    assert row.state == "ready", row.reason
    return row


def whole(row: SharedPackage) -> bytes:
    return b"".join(packaging.stream(row, 0, row.size))


def kept(row: SharedPackage) -> list[str]:
    return list(s3.keys("renditions", f"packages/{row.reference}-"))


def exported() -> int:
    sequencer.run()
    return Event.objects.filter(type="evidence.exported").count()


# --- that it verifies, however it was read ------------------------------------------


def test_read_by_ranges_it_is_what_a_stranger_verifies(
    share: Share, recording: Recording, tmp_path: Path, trust: Path
) -> None:
    row = made(share)
    dice = random.Random(int(os.environ.get("SEED", "1")))
    path, at = tmp_path / f"{row.reference}.zip", 0
    with path.open("wb") as file:
        while at < row.size:  # a download that breaks and is taken up again
            end = min(row.size, at + dice.choice([1, 1000, 70_000]))
            file.write(b"".join(packaging.stream(row, at, end)))
            at = end
    assert hashlib.sha256(path.read_bytes()).hexdigest() == row.sha256
    assert path.stat().st_size == row.size
    code, said = check(path, "--policy", trust)
    assert (code, said["verdict"], said["findings"]) == (0, "VERIFIED", [])
    name = f"data/{recording.reference}/SHARED-FILE.MP4"
    assert said["facts"]["files"] == [name]
    archive = zipfile.ZipFile(path)
    assert archive.read(f"{row.reference}/{name}") == factories.bucket_object(
        recording.originals.get().key
    )


def test_random_ranges_are_the_slice(share: Share) -> None:
    row = made(share)
    body = whole(row)
    dice = random.Random(int(os.environ.get("SEED", "1")))
    for _ in range(60):
        start = dice.randint(0, row.size)
        end = dice.randint(start, row.size)
        assert b"".join(packaging.stream(row, start, end)) == body[start:end]
    with pytest.raises(ValueError):
        list(packaging.stream(row, 0, row.size + 1))


def test_only_its_own_bytes_lie_in_the_store(share: Share, film: bytes) -> None:
    row = made(share)
    [key] = kept(row)
    assert key == row.key
    held = s3.read_all("renditions", key)
    assert len(held) == row.key_size == row.size - len(film)
    assert film[:200] not in held


def test_a_download_is_taken_up_where_it_broke(share: Share) -> None:
    row = made(share)
    body = whole(row)

    def get(**headers: str) -> Any:
        request = RequestFactory().get("/", headers=headers)
        return serving.ranged(
            request, size=row.size, etag=row.sha256, content_type="application/zip",
            name=f"{row.reference}.zip", read=lambda start, end: packaging.stream(row, start, end),
            check=lambda: packaging.goes_on(row),
        )  # fmt: skip

    first = b"".join(get())[:12_345]
    answer = get(Range="bytes=12345-", **{"If-Range": f'"{row.sha256}"'})
    assert answer.status_code == 206
    assert first + b"".join(answer) == body
    Share.objects.update(revoked_at=timezone.now())
    with pytest.raises(serving.Ended):
        get()


# --- what is in it -------------------------------------------------------------------


def plant(recording: Recording, other: Recording, lane: User, hughes: User) -> list[bytes]:
    """What no recipient may find: who looked, why it is held, another file, another recipient."""
    wanted = {
        "evidence.viewed": {"name": "PS 88 Hughes", "reason": "PLANTED-REASON"},
        "hold.set": {
            "name": "DS 12 Lane",
            "reason": "PLANTED-COMPLAINT PC/77/26",
            "kind": "complaint",
        },
        "share.created": {"name": "DC Secret", "recipient": "PLANTED-RECIPIENT", "purpose": "x"},
        "share.viewed": {"recipient": "PLANTED-RECIPIENT", "address": "192.0.2.77"},
    }
    for kind, private in wanted.items():
        record(Draft(kind, recording.subject(), hughes.actor(), {}, private))
        record(Draft(kind, other.subject(), hughes.actor(), {}, private))
    sequencer.run()
    return [
        b"Hughes", b"PLANTED-", b"PC/77/26", b"DC Secret", b"OTHER-FILE", b"PLANTED-PURPOSE",
        b"192.0.2.77", b"Lane",
    ]  # fmt: skip


def test_nobody_finds_who_looked_nor_anything_of_other_things(
    share: Share, recording: Recording, other: Recording, lane: User, hughes: User, tmp_path: Path,
    trust: Path,
) -> None:  # fmt: skip
    planted = plant(recording, other, lane, hughes)
    wish = exports.Wish(service("test"), "DS 12 Lane", "PLANTED-PURPOSE", recipient="PLANTED-X")
    path = tmp_path / "both.zip"
    exports.to_file([recording.reference, other.reference], path, wish)
    row = made(share)
    body = whole(row)
    for word in planted:
        assert word in path.read_bytes(), f"the test itself plants no {word!r}"
        assert word not in body, word
    # Nor in what is made of bytes in another way.
    archive = zipfile.ZipFile(io.BytesIO(body))
    names = archive.namelist()
    assert not any(other.reference in name for name in names)
    private = json.loads(archive.read(f"{row.reference}/custody/private.json"))
    lines = archive.read(f"{row.reference}/custody/events.jsonl").splitlines()
    events = {event["id"]: event for event in map(json.loads, lines)}
    assert {event["object"]["ref"] for event in events.values()} == {recording.reference}
    opened = {events[identifier]["type"] for identifier in private["openings"]}
    assert opened == {"evidence.received", "evidence.exported"}
    own = [events[identifier] for identifier in private["openings"]
           if events[identifier]["type"] == "evidence.exported"]  # fmt: skip
    assert [event["data"]["package"] for event in own] == [row.reference]
    (tmp_path / "x.zip").write_bytes(body)
    code, said = check(tmp_path / "x.zip", "--policy", trust)
    assert code == 0, said
    assert said["facts"]["personal details"]["withheld"] >= 5


def clip_and_paper(lane: User, reference: str, ref: str = "X-2222-3333") -> Composition:
    """As a share of one exhibit may be: a clip, under the exhibit; and a paper, which is no
    object of its own, under the package."""
    found = []
    for owner, name, body in ((ref, "AB-2.mp4", b"the clip"), (reference, "MG11.pdf", b"%PDF-")):
        digest = hashlib.sha256(body).hexdigest()
        key = f"test/{digest}"
        try:
            s3.put("renditions", key, body, digest, "video/mp4")
        except s3.AlreadyThere:
            pass
        kind = "clip" if name.endswith("mp4") else "paper"
        found.append(composing.derived_file(owner, name, key=key, sha256=digest, size=len(body),
                                            made={"kind": kind, "tool": "test", "version": "1"}))  # fmt: skip
    return Composition(
        reference, [ref, reference], found, lane.actor(), {"name": "Jo Marlow"},
        packaging.may_open,
    )  # fmt: skip


def test_a_clip_and_a_paper_with_the_history_of_the_exhibit_only(
    share: Share, recording: Recording, lane: User, composer: Any, tmp_path: Path, trust: Path
) -> None:
    exhibit = Subject("X-2222-3333")
    for subject in (exhibit, recording.subject()):
        with_mark = {"name": "PLANTED-NAME", "mark": "AB/2", "case": "01AB/1/26"}
        data = {"exhibit": exhibit.ref, "recording": recording.reference}
        record(Draft("exhibit.produced", subject, lane.actor(), data, with_mark))
    composer(lambda share, reference: clip_and_paper(lane, reference))
    row = made(share)
    body = whole(row)
    path = tmp_path / "x.zip"
    path.write_bytes(body)
    code, said = check(path, "--policy", trust)
    assert (code, said["findings"]) == (0, [])
    assert said["facts"]["files"] == [
        f"data/{row.reference}/viewing/MG11.pdf", "data/X-2222-3333/viewing/AB-2.mp4",
    ]  # fmt: skip
    archive = zipfile.ZipFile(path)
    lines = archive.read(f"{row.reference}/custody/events.jsonl").splitlines()
    assert [(event["object"]["ref"], event["type"]) for event in map(json.loads, lines)] == [
        ("X-2222-3333", "exhibit.produced"), ("X-2222-3333", "rendition.created"),
        (row.reference, "rendition.created"), (row.reference, "evidence.exported"),
        ("X-2222-3333", "evidence.exported"),
    ]  # fmt: skip
    assert b"PLANTED-NAME" not in body
    # Made again, the exhibit's history says once of what it is.
    row.state = "gone"
    row.save()
    made(share)
    kinds = Event.objects.filter(object_ref="X-2222-3333", type="rendition.created")
    assert kinds.count() == 1


def test_why_a_derived_file_needs_an_event_of_its_own(
    share: Share, lane: User, composer: Any, monkeypatch: Any, tmp_path: Path, trust: Path
) -> None:
    """That the export names its hash is not enough for the verifier; nor is any other folder."""
    composer(lambda share, reference: clip_and_paper(lane, reference))
    row = made(share)
    path = tmp_path / "x.zip"
    path.write_bytes(whole(row))
    assert check(path, "--policy", trust)[0] == 0
    folder = unpack(path)
    (folder / "data/papers").mkdir()
    (folder / "data/papers/MG11.pdf").write_bytes(b"%PDF-")
    remanifest(folder)
    assert check(folder, "--policy", trust)[0] == 1
    monkeypatch.setattr(composing, "_unnamed", lambda wanted: [])
    composer(lambda share, reference: clip_and_paper(lane, reference, "X-4444-5555"))
    path.write_bytes(whole(made(share)))
    code, said = check(path, "--policy", trust)
    assert code == 1
    assert {row["what"] for row in said["findings"]} == {
        "the log knows no such file of this object"
    }


def test_everything_that_a_share_can_hold(
    lane: User, recording: Recording, other: Recording, tmp_path: Path, trust: Path
) -> None:
    """A recording, an exhibit that is the whole of it, a clip of another, and a paper."""
    case = casting.case(lane)
    exhibit = casting.exhibit(case, recording, lane, "AB/1", clip=False)
    cut = casting.exhibit(case, other, lane, "AB/2")
    assert cut.clip
    bodies = {"clip": b"the clip", "paper": b"%PDF-1.7"}
    keys = {name: f"test/{os.urandom(8).hex()}" for name in bodies}
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in bodies.items()}
    for name, body in bodies.items():
        s3.put("renditions", keys[name], body, digests[name], "x/y")
    Clip.objects.filter(pk=cut.clip.pk).update(
        key=keys["clip"], size=len(bodies["clip"]), sha256=digests["clip"]
    )
    data = {"clip": cut.clip.reference, "sha256": digests["clip"], "size": len(bodies["clip"])}
    record(Draft("clip.made", cut.subject(), service("media"), data))
    share = share_of(lane, recording)
    more: list[dict[str, Any]] = [
        {"recording": recording, "exhibit": exhibit}, {"recording": other, "exhibit": cut},
        {"paper": "list", "key": keys["paper"], "sha256": digests["paper"], "size": 8},
    ]  # fmt: skip
    for number, fields in enumerate(more, 2):
        Item.objects.create(share=share, number=number, **fields)
    row = made(share)
    assert row.items == [1, 2, 3, 4]
    (tmp_path / "x.zip").write_bytes(whole(row))
    code, said = check(tmp_path / "x.zip", "--policy", trust)
    assert (code, said["findings"]) == (0, [])
    assert sorted(said["facts"]["files"]) == sorted([
        f"data/{recording.reference}/SHARED-FILE.MP4",
        f"data/{cut.reference}/viewing/AB_2-{digests['clip'][:8]}.mp4",
        f"data/{row.reference}/viewing/list-{digests['paper'][:8]}.pdf",
    ])  # fmt: skip
    histories = {line.split(":")[0] for line in said["facts"]["histories"]}
    assert histories == {
        recording.reference, exhibit.reference, cut.reference, row.reference
    }  # fmt: skip
    assert b"OTHER-FILE" not in whole(row)
    # Another clip under the same row, though the row fits it: the log doesn't know it.
    forged = b"another clip"
    digest = hashlib.sha256(forged).hexdigest()
    s3.put("renditions", f"test/{digest}-{row.reference}", forged, digest, "x/y")
    Clip.objects.filter(pk=cut.clip.pk).update(
        key=f"test/{digest}-{row.reference}", size=len(forged), sha256=digest
    )
    assert "the log knows no file" in fails(share).reason


def test_a_file_that_nobody_said_how_it_was_made_is_refused(share: Share, lane: User) -> None:
    found = clip_and_paper(lane, "P-2222-2222")
    strange = replace(found.files[0], made={})
    with pytest.raises(ExportError, match="the log knows no file of X-2222-3333"):
        composing.to_outline(replace(found, files=[strange]))
    nowhere = replace(found.files[0], name="data/papers/MG11.pdf")
    with pytest.raises(ExportError, match="belongs to nothing"):
        composing.to_outline(replace(found, files=[nowhere]))
    with pytest.raises(ExportError, match="would both be"):
        composing.to_outline(replace(found, files=[found.files[0]] * 2))
    assert exported() == 0


def test_restricted_footage_is_not_in_it(
    lane: User, recording: Recording, other: Recording
) -> None:
    share = share_of(lane, recording, other)
    Recording.objects.filter(pk=other.pk).update(restricted="sensitive")
    body = whole(made(share))
    assert b"OTHER-FILE" not in body
    assert other.reference.encode() not in body
    Recording.objects.update(restricted="sensitive")
    with pytest.raises(ExportError, match="nothing in this share"):
        packaging.ask(share)


# --- what fails ------------------------------------------------------------------------


def another_object(original: Original, body: bytes) -> None:
    """The original's row leads to other bytes of the same length; the log is as it was."""
    key = f"test/{os.urandom(8).hex()}"
    version = s3.put("originals", key, body, hashlib.sha256(body).hexdigest(), "video/mp4")
    Original.objects.filter(pk=original.pk).update(key=key, version_id=version)


def fails(share: Share) -> SharedPackage:
    row = packaging.ask(share)
    for state in ("waiting", "waiting", "failed"):
        packaging.prepare(row.pk)
        row.refresh_from_db()
        assert row.state == state
    assert row.finished
    assert kept(row) == []
    return row


def test_a_file_that_differs_from_the_log_is_never_said_to_be_exported(
    share: Share, recording: Recording
) -> None:
    original = recording.originals.get()
    another_object(original, bytes(original.size))
    row = fails(share)
    assert "SHA-256" in row.reason
    assert exported() == 0
    # Asked for again, it is another package that may succeed.
    Original.objects.filter(pk=original.pk).update(key=original.key, version_id=original.version_id)
    assert made(share).pk != row.pk


def test_a_row_that_fits_the_file_and_not_the_log(share: Share, recording: Recording) -> None:
    original = recording.originals.get()
    forged = bytes(original.size)
    another_object(original, forged)
    Original.objects.update(sha256=hashlib.sha256(forged).hexdigest())
    assert "the log knows no file" in fails(share).reason
    assert exported() == 0


def test_a_file_that_changes_between_its_two_readings(share: Share, monkeypatch: Any) -> None:
    real = composing.fetch

    def changed(reference: Reference, start: int, end: int) -> Iterator[bytes]:
        data = b"".join(real(reference, start, end))
        yield data[:-1] + bytes([data[-1] ^ 1])

    monkeypatch.setattr(composing, "fetch", changed)
    assert "when it is read again" in fails(share).reason
    assert exported() == 0


def test_a_store_that_is_away_while_it_is_kept(share: Share, monkeypatch: Any) -> None:
    def away(*args: Any, **more: Any) -> str:
        raise s3.StoreError("away")

    monkeypatch.setattr(s3, "put", away)
    row = packaging.ask(share)
    packaging.prepare(row.pk)
    row.refresh_from_db()
    assert (row.state, "could not be stored: away" in row.reason) == ("waiting", True)
    monkeypatch.undo()
    packaging.prepare(row.pk)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("ready", "")
    assert len(kept(row)) == 1


def test_a_package_that_cannot_be_read_is_not_there(share: Share) -> None:
    row = packaging.ask(share)
    with pytest.raises(packaging.NoPackage, match="not there"):
        packaging.stream(row, 0, 0)
    assert not packaging.goes_on(row)


# --- workers -----------------------------------------------------------------------------


class Died(BaseException):
    """The process is gone."""


def expired(row: SharedPackage) -> None:
    SharedPackage.objects.filter(pk=row.pk).update(
        claimed_until=timezone.now() - timedelta(seconds=1)
    )


@pytest.mark.parametrize("where", ["reading", "before storing", "after storing"])
def test_a_worker_that_dies_is_followed_by_another(
    share: Share, monkeypatch: Any, where: str, tmp_path: Path, trust: Path
) -> None:
    real = s3.put

    def put(*args: Any, **more: Any) -> str:
        if where == "after storing":
            real(*args, **more)
        raise Died

    def read(*args: Any) -> Iterator[bytes]:
        raise Died
        yield b""

    row = packaging.ask(share)
    if where == "reading":
        monkeypatch.setattr(composing, "fetch", read)
    else:
        monkeypatch.setattr(s3, "put", put)
    with pytest.raises(Died):
        packaging.prepare(row.pk)
    monkeypatch.undo()
    packaging.prepare(row.pk)  # it is still claimed: nobody knows that the other died
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("making", 1)
    sent: list[int] = []
    monkeypatch.setattr(packaging, "send", sent.append)
    packaging.sweep()
    assert sent == []
    expired(row)
    packaging.sweep()
    assert sent == [row.pk]
    packaging.prepare(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("ready", 2)
    assert kept(row) == [row.key]  # and nothing of the one that died
    (tmp_path / "x.zip").write_bytes(whole(row))
    assert check(tmp_path / "x.zip", "--policy", trust)[0] == 0


def test_a_package_that_kills_every_worker_is_given_up(share: Share, monkeypatch: Any) -> None:
    def read(*args: Any) -> Iterator[bytes]:
        raise Died
        yield b""

    monkeypatch.setattr(composing, "fetch", read)
    row = packaging.ask(share)
    for _ in range(3):
        with pytest.raises(Died):
            packaging.prepare(row.pk)
        expired(row)
    packaging.prepare(row.pk)
    row.refresh_from_db()
    assert (row.state, "three times" in row.reason) == ("failed", True)
    assert exported() == 0


def test_who_lost_the_claim_says_nothing_and_leaves_nothing(share: Share, monkeypatch: Any) -> None:
    real = composing.to_outline

    def slow(*args: Any) -> Any:
        found = real(*args)
        SharedPackage.objects.update(attempts=2)  # another took it meanwhile
        return found

    row = packaging.ask(share)
    monkeypatch.setattr(composing, "to_outline", slow)
    packaging.prepare(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.size) == ("making", 2, 0)
    assert kept(row) == []


def test_asked_twice_it_is_one(share: Share) -> None:
    row = packaging.ask(share)
    assert packaging.ask(share) == row
    packaging.prepare(row.pk)
    packaging.prepare(row.pk)  # a second worker: nothing
    assert packaging.ask(share) == row == packaging.current(share)
    assert exported() == 1


# --- a share that changes or ends ------------------------------------------------------


def test_a_narrowed_share_needs_another(lane: User, recording: Recording, other: Recording) -> None:
    share = share_of(lane, recording, other)
    row = made(share)
    assert packaging.goes_on(row)
    take_out(share, other)
    assert packaging.current(share) is None
    assert not packaging.goes_on(row)  # at once
    assert packaging.drop_outdated(share) == 1
    row.refresh_from_db()
    with pytest.raises(packaging.NoPackage):
        packaging.stream(row, 0, 1)
    packaging.sweep()
    assert kept(row) == []
    again = made(share)
    assert again.pk != row.pk
    assert b"OTHER-FILE" not in whole(again)
    assert packaging.drop_outdated(share) == 0


def test_a_share_narrowed_while_the_package_is_made(
    lane: User, recording: Recording, other: Recording, monkeypatch: Any
) -> None:
    share = share_of(lane, recording, other)
    row = packaging.ask(share)
    take_out(share, other)
    packaging.prepare(row.pk)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("gone", packaging.CHANGED)
    assert exported() == 0
    row = packaging.ask(share)
    real = s3.put

    def put(*args: Any, **more: Any) -> str:
        done = real(*args, **more)
        SharedPackage.objects.update(state="gone")
        return done

    monkeypatch.setattr(s3, "put", put)
    packaging.prepare(row.pk)
    row.refresh_from_db()
    assert row.state == "gone"
    assert kept(row) == []


def test_what_was_restricted_since_ends_it(
    lane: User, recording: Recording, other: Recording
) -> None:
    row = made(share_of(lane, recording, other))
    packaging.sweep()
    assert packaging.goes_on(row)
    Recording.objects.filter(pk=other.pk).update(restricted="sensitive")
    assert not packaging.goes_on(row)
    packaging.sweep()
    row.refresh_from_db()
    assert (row.state, kept(row)) == ("gone", [])


def test_a_share_for_viewing_alone_gives_none(share: Share) -> None:
    row = made(share)
    Share.objects.update(downloads=False)
    assert not packaging.goes_on(row)
    packaging.sweep()
    row.refresh_from_db()
    assert row.state == "gone"
    row = packaging.ask(share)
    packaging.prepare(row.pk)
    row.refresh_from_db()
    assert row.state == "gone"


@pytest.mark.parametrize("how", ["revoked_at", "until"])
def test_it_ends_with_its_share(share: Share, how: str) -> None:
    row = made(share)
    past = timezone.now() - timedelta(seconds=1)
    Share.objects.update(starts=past - timedelta(days=1), **{how: past})
    assert not packaging.goes_on(row)
    packaging.sweep()
    row.refresh_from_db()
    assert (row.state, kept(row)) == ("gone", [])


def test_a_locked_share_keeps_its_package_and_gives_nothing(share: Share) -> None:
    row = made(share)
    Share.objects.update(locked_at=timezone.now())
    assert not packaging.goes_on(row)
    packaging.sweep()
    row.refresh_from_db()
    assert row.state == "ready"


def test_a_share_that_ended_is_not_packed(share: Share) -> None:
    row = packaging.ask(share)
    Share.objects.update(revoked_at=timezone.now())
    packaging.prepare(row.pk)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("gone", "The share has ended.")
    assert exported() == 0


# --- the store ------------------------------------------------------------------------


def test_a_connection_that_breaks_is_taken_up_where_it_broke(monkeypatch: Any) -> None:
    asked: list[int] = []

    def breaks(reference: Reference, start: int, end: int) -> Iterator[bytes]:
        asked.append(start)
        yield BODY[start : start + 30]
        if start + 30 < end:
            raise s3.StoreError("the connection broke")

    def away(reference: Reference, start: int, end: int) -> Iterator[bytes]:
        asked.append(start)
        raise s3.StoreError("away")
        yield b""

    BODY = bytes(range(100))
    monkeypatch.setattr(composing, "fetch", breaks)
    at = Reference("originals", "x", "", 100)
    assert b"".join(packaging.fetch(at, 10, 100)) == BODY[10:]
    assert asked == [10, 40, 70]
    asked.clear()
    monkeypatch.setattr(composing, "fetch", away)
    with pytest.raises(s3.StoreError):
        list(packaging.fetch(at, 0, 100))
    assert len(asked) == 4
