"""What was made of footage, and who leads to it, when it is disposed of."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evidence.cases import formats
from evidence.cases.models import Case, CaseLink
from evidence.custody import sequencer
from evidence.exhibits import checking
from evidence.exhibits.models import Clip, Exhibit
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import exports
from evidence.recordings.models import Package, Recording
from evidence.retention import tasks
from evidence.retention.models import Batch, Tombstone
from evidence.retention.registry import disposed_of
from evidence.store import s3
from ingest.devices.models import Camera, Dock
from ingest.uploads import sealing
from ingest.uploads.models import Upload
from tests import disposal, factories
from tests.docking import DockClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def vale() -> User:
    return disposal.manager("vale")


@pytest.fixture
def reed() -> User:
    return disposal.manager("reed")


def clip(recording: Recording, by: User, **more: Any) -> Clip:
    """A clip with its bytes, as its worker would have left it."""
    original, body = recording.originals.get(), b"a clip"
    sha256 = hashlib.sha256(body).hexdigest()
    made = Clip.objects.create(
        recording=recording, original=original, from_ms=0, to_ms=1000, first_frame=0, last_frame=24,
        timescale=25, first_tick=0, last_tick=24, reason="He hits him", requested_by=by,
        parent_sha256=original.sha256, sha256=sha256, size=len(body),
        **({"state": "ready", "key": f"{original.upload}/clip-1-{sha256[:8]}"} | more),
    )  # fmt: skip
    if made.key:
        s3.put("renditions", made.key, body, sha256, "video/mp4")
    return made


def test_a_clip_goes_and_its_exhibit_says_so(
    client: Client, dock: Dock, camera: Camera, shah: User, lane: User, vale: User, reed: User
) -> None:
    recording = disposal.docked(dock)
    case = Case.objects.create(urn="01AB/12345/26", title="R v Marsh", officer_in_case=shah)
    CaseLink.objects.create(case=case, recording=recording, reason="x", linked_by=lane)
    made = clip(recording, shah)
    exhibit = Exhibit.objects.create(
        case=case, recording=recording, clip=made, mark="AS/1", producer=shah, produced_by=shah,
        description="The arrest",
    )  # fmt: skip
    key = made.key
    # A case keeps what is linked to it: its period is over, and its holds were released.
    Case.objects.filter(pk=case.pk).update(
        result="acquitted",
        result_on=timezone.localdate() - timedelta(days=30),
        keep_until=timezone.localdate() - timedelta(days=1),
        holds_released_at=timezone.now(),
    )
    batch = disposal.gone(vale, reed)
    assert batch.items.get().state == "gone"
    made.refresh_from_db()
    assert (made.state, made.key, made.original, made.reason) == ("gone", "", None, "")
    assert list(s3.versions("renditions", key)) == []
    exhibit.refresh_from_db()
    assert exhibit.mark == "AS/1" and exhibit.withdrawn_at is None
    ready, why = checking.ready_to_share(exhibit)
    assert not ready and "not kept any more: it was disposed of" in why
    client.force_login(lane)
    page = client.get(reverse("case", args=[formats.slug(case.urn)]))
    assert f"{recording.reference} was disposed of on" in page.content.decode()


def test_a_clip_that_is_being_cut_is_waited_for_and_is_not_kept(
    dock: Dock, camera: Camera, shah: User, vale: User, reed: User
) -> None:
    from evidence.exhibits import making

    recording = disposal.docked(dock)
    asked = clip(recording, shah, state="waiting", key="")
    claimed = making.claim(asked.pk)
    assert claimed is not None
    batch = disposal.gone(vale, reed)
    assert batch.items.get().state == "destroying"
    facts = {"first_picture": "0", "last_picture": "1", "sound": False}
    key = f"{claimed.source.upload}/{claimed.reference}-1"
    s3.put("renditions", key, b"late", hashlib.sha256(b"late").hexdigest(), "video/mp4")
    result = making.Result(key, 4, "0" * 64, "ffmpeg", "7", [], facts)
    assert not making.kept(claimed, result)
    # Its worker dies before it takes its file away: the last list finds that.
    assert making.too_late(claimed)
    disposal.again(batch)
    assert batch.items.get().state == "gone"
    assert list(s3.versions("renditions", key)) == []
    assert making.claim(asked.pk) is None and making.forgotten() == []


def test_no_package_is_made_of_it_any_more(
    dock: Dock, camera: Camera, lane: User, vale: User, reed: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Its worker had begun: it stores after the destruction has begun, and leaves nothing."""
    recording = disposal.docked(dock)
    batch = disposal.leaving(vale, reed)
    disposal.over(batch)
    row = exports.ask(by=lane, wanted=Package(purpose="Charging"), recordings=[recording])
    real, states = exports._still_there, []

    def late(items: list[Recording]) -> None:
        real(items)
        tasks.dispose()
        states.append(batch.items.get().state)

    monkeypatch.setattr(exports, "_still_there", late)
    sequencer.run()
    exports.make(row.pk)
    assert states == ["destroying"]
    row.refresh_from_db()
    assert row.state in ("waiting", "failed")
    assert list(s3.versions("renditions", f"packages/{row.reference}")) == []
    disposal.again(batch)
    assert batch.items.get().state == "gone"
    exports.make(row.pk)
    row.refresh_from_db()
    assert row.state == "failed"
    with pytest.raises(NotAllowed):
        exports.ask(by=lane, wanted=Package(purpose="x"), recordings=[recording])


def test_a_dock_is_given_the_receipt_that_it_had(
    client_of_dock: DockClient, camera: Camera, vale: User, reed: User
) -> None:
    upload = client_of_dock.register(disposal.BODY).json()["id"]
    factories.put_parts(Upload.objects.get(), disposal.BODY)
    assert client_of_dock.post(f"uploads/{upload}/complete").status_code == 202
    sealing.verify(Upload.objects.get().pk)
    known = client_of_dock.get(f"uploads/{upload}/receipt").content
    assert known
    disposal.aged(Recording.objects.get(), 400, "stop-search")
    batch = disposal.gone(vale, reed)
    assert batch.items.get().state == "gone"
    again = client_of_dock.register(disposal.BODY).json()
    assert (again["id"], again["state"]) == (upload, "sealed")
    assert client_of_dock.get(f"uploads/{upload}/receipt").content == known
    assert Recording.objects.count() == 1 and Tombstone.objects.count() == 1


def test_a_complaint_is_told_what_is_not_there_any_more(
    dock: Dock, camera: Camera, shah: User, okoro: User, vale: User, reed: User
) -> None:
    recording = disposal.docked(dock)
    disposal.gone(vale, reed)
    window = (recording.happened_at - timedelta(hours=1), recording.happened_at)
    [found] = disposed_of([shah], *window)
    assert (found.count, found.on) == (1, timezone.localdate())
    assert disposed_of([okoro], *window) == []


def test_lists_for_machines_say_disposed(
    dock: Dock, camera: Camera, vale: User, reed: User
) -> None:
    recording = disposal.docked(dock)
    sha256 = recording.originals.get().sha256
    disposal.gone(vale, reed)
    out = StringIO()
    call_command("recordings", "--json", stdout=out)
    line = json.loads(out.getvalue())
    assert (line["state"], line["sha256"]) == ("disposed", sha256)
    out = StringIO()
    call_command("uploads", "--json", stdout=out)
    assert json.loads(out.getvalue())["state"] == "sealed"


def test_a_joined_recording_goes_whole(dock: Dock, camera: Camera, vale: User, reed: User) -> None:
    whole = disposal.docked(dock, body=disposal.BODY + b"1", name="1.MP4")
    part = disposal.docked(dock, body=disposal.BODY + b"2", name="2.MP4")
    part.originals.update(recording=whole)
    Recording.objects.filter(pk=part.pk).update(joined_into=whole, note="Mr Marsh")
    batch = disposal.gone(vale, reed)
    assert [item.recording for item in batch.items.all()] == [whole]
    assert {row.reference for row in Tombstone.objects.all()} == {whole.reference, part.reference}
    part.refresh_from_db()
    assert part.disposed_at is not None and part.note == ""
    assert [event.object_ref for event in disposal.events(part.reference, "evidence.deleted")]
    assert Batch.objects.get().state == "done"
