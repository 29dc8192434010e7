"""Making the things that tests need, through the actions where there are some."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import factory.declarations
import factory.django
import factory.faker
from django.contrib.auth.hashers import make_password
from django.contrib.postgres.search import SearchVector
from django.db.models import Value
from django.utils import timezone

from evidence.cases import formats
from evidence.cases.models import Case, CaseLink
from evidence.people.actions import make_unit
from evidence.people.models import Unit, User
from evidence.recordings import rules
from evidence.recordings.models import Original, Recording, Rendition
from evidence.retention.models import Batch, Item, Tombstone
from evidence.store import s3
from ingest.devices import actions as devices
from ingest.devices.models import Camera, Dock
from ingest.media import tools
from ingest.uploads import actions as uploads
from ingest.uploads import sealing
from ingest.uploads.models import Upload

PASSWORD = "a long pass phrase for tests"


@lru_cache
def hashed(password: str) -> str:
    """Once a run: Argon2id takes a tenth of a second, as it should."""
    return make_password(password)


class PersonFactory(factory.django.DjangoModelFactory[User]):
    """A person who can sign in with PASSWORD."""

    class Meta:
        model = User
        django_get_or_create = ("username",)

    username = factory.declarations.Sequence(lambda n: f"person{n}")
    name = factory.faker.Faker("name", locale="en_GB")
    roles: list[str] = []
    password = factory.declarations.LazyFunction(lambda: hashed(PASSWORD))


def Person(**fields: Any) -> User:
    return PersonFactory.create(**fields)


def unit(name: str, parent: Unit | None = None) -> Unit:
    return make_unit(name=name, parent=parent)


def issued_camera(serial: str, officer: User, start: datetime) -> Camera:
    camera = devices.list_camera(serial=serial)
    devices.issue(camera=camera, officer=officer, start=start, end=None)
    return camera


def enrolled_dock(name: str) -> tuple[Dock, str]:
    code = devices.make_code(name=name)
    return devices.enrol(code=code, address="127.0.0.1")


def recording(officer: User | None, **fields: Any) -> Recording:
    """A recording with one original row; no bytes behind it."""
    moment = fields.pop("happened_at", datetime(2026, 11, 22, 22, 14, 7, tzinfo=UTC))
    made = Recording.objects.create(
        officer=officer, camera=fields.pop("camera", "BWC-1"), happened_at=moment,
        recorded_at=moment,
        ends_at=moment + timedelta(milliseconds=fields.get("duration_ms", 0)), **fields,
    )  # fmt: skip
    # As if it had been docked when the shift ended: what is made long ago has been here long.
    if "created" not in fields:
        made.created = min(timezone.now(), moment + timedelta(hours=8))
    if "kept_until" not in fields:
        rules.settle(made)
    made.save(update_fields=["created", "kept_until"])
    original(made)
    return made


def original(recording: Recording, **fields: Any) -> Original:
    key = uuid.uuid4().hex
    values: dict[str, Any] = {
        "reference": recording.reference, "upload": uuid.uuid4(), "file_name": "A.MP4",
        "size": 10, "sha256": hashlib.sha256(key.encode()).hexdigest(), "key": key,
        "version_id": "1", "container": "mp4", "docked_at": timezone.now(),
        "sealed_at": timezone.now(), "recorded_at": recording.recorded_at,
    }  # fmt: skip
    return Original.objects.create(recording=recording, **(values | fields))


def case(officer: User, *recordings: Recording, urn: str = "01AB/12345/26", **fields: Any) -> str:
    """A case of this officer with that footage, as rows: no holds. How it stands in an address."""
    made = Case.objects.create(
        urn=urn, title=fields.pop("title", "R v Marsh"), officer_in_case=officer, **fields
    )
    for one in recordings:
        CaseLink.objects.create(case=made, recording=one, reason="seen there", linked_by=officer)
    return formats.slug(urn)


def disposed_of(recording: Recording, by: User, other: User) -> Batch:
    """What a disposal leaves of a recording, as rows."""
    now = timezone.now()
    batch = Batch.objects.create(
        ground="Non-evidential: kept 31 days", proposed_by=by, decided_by=other, state="done",
        decided_at=now, finished_at=now,
    )  # fmt: skip
    item = Item.objects.create(batch=batch, recording=recording, state="gone", ended_at=now)
    for one in recording.originals.all():
        Tombstone.objects.create(
            recording=recording, item=item, reference=one.reference, upload=one.upload,
            size=one.size, sha256=one.sha256, key=one.key, version_id=one.version_id,
            docked_at=now, sealed_at=now, ground=batch.ground, gone_at=now,
            answers=[{"what": "original", "status": "204"}],
        )  # fmt: skip
        one.delete()
    Recording.objects.filter(pk=recording.pk).update(
        disposed_at=now, note="", crime_reference="", search=SearchVector(Value("")),
        search_office=SearchVector(Value("")),
    )  # fmt: skip
    return batch


def poster(recording: Recording) -> Rendition:
    return Rendition.objects.create(
        original=recording.originals.get(), kind="poster", key=uuid.uuid4().hex,
        content_type="image/jpeg", size=3, sha256="0" * 64, parent_sha256="1" * 64, tool="ffmpeg",
        tool_version="test",
    )  # fmt: skip


@lru_cache
def film(seconds: float = 2, sound: bool = True) -> bytes:
    """A real film, made with ffmpeg: test picture and tone."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "film.mp4"
        inputs = ["-f", "lavfi", "-i", f"testsrc2=s=320x240:r=25:d={seconds}"]
        if sound:
            inputs += ["-f", "lavfi", "-i", f"sine=f=440:d={seconds}"]
        subprocess.run(
            [tools.path("ffmpeg"), "-v", "error", *inputs, "-c:v", "libx264", "-preset",
             "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", str(target)],
            check=True,
        )  # fmt: skip
        return target.read_bytes()


def send(
    dock: Dock, data: bytes, *, camera: str = "BWC-1", name: str = "A.MP4", **more: Any
) -> Upload:
    """Bring bytes into the store as a dock would, up to `verifying`."""
    declared = more.pop("sha256", hashlib.sha256(data).hexdigest())
    file = uploads.File(
        camera=camera, file_id=name, size=more.pop("size", len(data)), sha256=declared,
        recorded_at=more.pop("recorded_at", timezone.now() - timedelta(hours=1)), **more,
    )  # fmt: skip
    upload, _ = uploads.register(dock=dock, file=file)
    put_parts(upload, data)
    upload.refresh_from_db()
    uploads.complete(upload=upload)
    upload.refresh_from_db()
    return upload


def put_parts(upload: Upload, data: bytes) -> None:
    import urllib3

    for number in range(1, upload.parts + 1):
        part = data[(number - 1) * upload.part_size : number * upload.part_size]
        digest = hashlib.sha256(part).hexdigest()
        [(_, signed)] = uploads.sign_parts(upload=upload, parts=[(number, digest)])
        answer = urllib3.request("PUT", signed.url, body=part, headers=signed.headers)
        assert answer.status == 200, answer.data
        upload.refresh_from_db()


def docked(dock: Dock, data: bytes, **more: Any) -> Recording:
    """Bytes, docked and sealed: the recording."""
    upload = send(dock, data, **more)
    sealing.verify(upload.pk)
    return Recording.objects.get(originals__upload=upload.pk)


def text_of(url: str) -> bytes:
    import urllib3

    return urllib3.request("GET", url).data


def bucket_object(key: str) -> bytes:
    return b"".join(s3.read("originals", key))
