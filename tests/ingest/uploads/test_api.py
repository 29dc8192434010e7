"""The dock API as its contract says."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import urllib3
from django.test import Client

from evidence.custody import keys, sequencer
from evidence.custody.log import note, proof, receipt
from evidence.custody.models import Event
from evidence.recordings.models import Recording
from ingest.devices import actions as devices
from ingest.devices.models import Camera, EnrolmentCode
from ingest.uploads import sealing
from ingest.uploads.models import Quarantine, Upload
from tests import factories
from tests.docking import DockClient

pytestmark = pytest.mark.django_db


def problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    document = dict(json.loads(answer.content))
    assert document["type"] == f"urn:bwv:problem:{kind}"
    assert document["status"] == status
    assert document["detail"].endswith(".")
    return document


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- enrolment ---


def test_a_code_gives_a_token_once() -> None:
    code = devices.make_code(name="CH-02")
    anonymous = DockClient(None)
    first = anonymous.post("enrol", {"code": code})
    assert first.status_code == 201
    body = first.json()
    assert set(body) == {"dock", "token", "server_key"}
    assert note.VerifierKey.parse(body["server_key"]) == keys.receipt_key().verifier
    problem(anonymous.post("enrol", {"code": code}), 403, "code-refused")


def test_an_old_code_is_refused() -> None:
    code = devices.make_code(name="CH-02")
    EnrolmentCode.objects.update(expires="2020-01-01T00:00:00Z")
    problem(DockClient(None).post("enrol", {"code": code}), 403, "code-refused")


def test_no_secret_is_kept_in_the_clear(client_of_dock: DockClient) -> None:
    assert client_of_dock.dock
    client_of_dock.dock.refresh_from_db()
    assert client_of_dock.dock.token_hash == sha(client_of_dock.token.encode())


def test_guessing_codes_is_slowed() -> None:
    anonymous = DockClient(None)
    answers = [anonymous.post("enrol", {"code": f"guess{n}"}) for n in range(25)]
    document = problem(answers[-1], 429, "too-many")
    assert document
    assert int(answers[-1]["Retry-After"]) > 0


@pytest.mark.parametrize("token", ["", "wrong"])
def test_without_a_token_nothing(token: str) -> None:
    answer = DockClient(None, token).register()
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


def test_a_revoked_dock_is_told(client_of_dock: DockClient, administrator: Any) -> None:
    assert client_of_dock.dock
    devices.revoke(dock=client_of_dock.dock, by=administrator, reason="stolen")
    problem(client_of_dock.register(), 403, "dock-revoked")


# --- registering ---


def test_the_same_file_again_from_any_dock_is_the_same_upload(client_of_dock: DockClient) -> None:
    first = client_of_dock.register(b"abc")
    assert first.status_code == 201
    assert set(first.json()) == {"id", "state", "part_size", "parts"}
    again = client_of_dock.register(b"abc")
    assert (again.status_code, again.json()) == (200, first.json())
    other = DockClient(*factories.enrolled_dock("LW-01"))
    assert other.get(f"uploads/{first.json()['id']}").status_code == 404
    elsewhere = other.register(b"abc")
    assert (elsewhere.status_code, elsewhere.json()["id"]) == (200, first.json()["id"])
    assert other.get(f"uploads/{first.json()['id']}").status_code == 200


def test_other_content_under_the_same_name_is_kept_and_said(client_of_dock: DockClient) -> None:
    one = client_of_dock.register(b"abc").json()["id"]
    two = client_of_dock.register(b"abd")
    assert two.status_code == 201
    assert two.json()["id"] != one
    sequencer.run()
    assert Event.objects.filter(type="evidence.conflict").count() == 1
    assert Quarantine.objects.get().kind == "conflict"


def test_another_docks_upload_is_not_there(client_of_dock: DockClient) -> None:
    made = client_of_dock.register().json()["id"]
    other = DockClient(*factories.enrolled_dock("LW-01"))
    for method, path in (
        ("GET", ""),
        ("POST", "/complete"),
        ("GET", "/receipt"),
        ("GET", "/proof"),
    ):
        problem(other.call(method, f"uploads/{made}{path}"), 404, "no-such-upload")
    parts = {"parts": [{"number": 1, "sha256": sha(b"x")}]}
    problem(other.post(f"uploads/{made}/parts", parts), 404, "no-such-upload")


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "abc"}, {"sha256": "A" * 64}, {"size": -1}, {"size": "1"}, {"size": 2**60},
        {"camera": ""}, {"camera": "BWC 1"}, {"camera": "BWC\n1"}, {"file_id": ""},
        {"file_id": "x" * 1025}, {"file_id": "a\x00b"}, {"recorded_at": "yesterday"},
        {"recorded_at": "2026-11-22T22:14:07"}, {"recorded_at": 0}, {"dock_clock": "1773525300"}, {"retention": 5}, {"size": None},
    ],
)  # fmt: skip
def test_a_body_that_is_not_as_described_is_refused_in_words(
    client_of_dock: DockClient, change: dict[str, Any]
) -> None:
    problem(client_of_dock.register(b"x", **change), 422, "not-valid")
    assert not Upload.objects.exists()


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', "null"])
def test_what_is_not_json_is_refused(client_of_dock: DockClient, body: str) -> None:
    answer = client_of_dock.call("POST", "uploads", body)
    assert answer.status_code in (400, 422)
    assert answer["Content-Type"] == "application/problem+json"


NAMES = [
    "../../etc/passwd", "..\\..\\x.mp4", "a\nb\rc.mp4", "\u202egpj.mp4", "'; drop table x;--.mp4",
    "=cmd|' /C calc'!A0.mp4", "<script>alert(1)</script>.mp4", "e\u0301.mp4", "\u00e9.mp4", " .mp4",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_are_data(client_of_dock: DockClient, camera: Camera, name: str) -> None:
    answer = client_of_dock.register(b"x", file_id=name)
    assert answer.status_code == 201
    upload = Upload.objects.get(pk=answer.json()["id"])
    assert upload.file_id == name
    assert name not in upload.key
    factories.put_parts(upload, b"x")
    assert client_of_dock.post(f"uploads/{upload.pk}/complete").status_code == 202
    sealing.verify(upload.pk)
    text = client_of_dock.get(f"uploads/{upload.pk}/receipt").content.decode()
    found = receipt.open_receipt(text, [keys.receipt_key().verifier])
    assert found.file == name


# --- parts ---


def signed(client: DockClient, upload: str, number: int, data: bytes) -> dict[str, Any]:
    answer = client.post(
        f"uploads/{upload}/parts", {"parts": [{"number": number, "sha256": sha(data)}]}
    )
    assert answer.status_code == 200, answer.content
    return dict(answer.json()["parts"][0])


def put(part: dict[str, Any], data: bytes) -> int:
    answer = urllib3.request(part["method"], part["url"], body=data, headers=part["headers"])
    return int(answer.status)


def test_the_store_refuses_other_bytes_than_were_signed(client_of_dock: DockClient) -> None:
    made = client_of_dock.register(b"abc").json()["id"]
    part = signed(client_of_dock, made, 1, b"abc")
    assert put(part, b"abX") >= 400
    assert client_of_dock.get(f"uploads/{made}").json()["parts"] == []
    assert put(part, b"abc") == 200
    assert put(part, b"abc") == 200  # twice is the same part
    assert client_of_dock.get(f"uploads/{made}").json()["parts"] == [{"number": 1, "size": 3}]


@pytest.mark.parametrize("numbers", [[], [0], [2], [1, 1], list(range(1, 102))])
def test_parts_that_are_not_of_the_file_are_refused(
    client_of_dock: DockClient, numbers: list[int]
) -> None:
    made = client_of_dock.register(b"abc").json()["id"]
    parts = [{"number": number, "sha256": sha(b"abc")} for number in numbers]
    answer = client_of_dock.post(f"uploads/{made}/parts", {"parts": parts})
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"


def test_completing_with_parts_missing_names_them(
    client_of_dock: DockClient, settings: Any
) -> None:
    settings.PART_SIZE = 5 * 1024 * 1024
    data = bytes(11 * 1024 * 1024)
    answer = client_of_dock.register(data).json()
    assert answer["parts"] == 3
    part = signed(client_of_dock, answer["id"], 2, data[: answer["part_size"]])
    assert put(part, data[: answer["part_size"]]) == 200
    document = problem(
        client_of_dock.post(f"uploads/{answer['id']}/complete"), 409, "parts-missing"
    )
    assert document["parts"] == [1, 3]


def test_a_part_of_the_wrong_size_is_missing(client_of_dock: DockClient) -> None:
    made = client_of_dock.register(b"abc").json()["id"]
    assert put(signed(client_of_dock, made, 1, b"abcd"), b"abcd") == 200
    problem(client_of_dock.post(f"uploads/{made}/complete"), 409, "parts-missing")


def test_complete_twice_is_the_same(client_of_dock: DockClient) -> None:
    made = client_of_dock.register(b"abc").json()["id"]
    put(signed(client_of_dock, made, 1, b"abc"), b"abc")
    for _ in range(2):
        answer = client_of_dock.post(f"uploads/{made}/complete")
        assert (answer.status_code, answer.json()) == (202, {"state": "verifying"})
    body = {"parts": [{"number": 1, "sha256": sha(b"abc")}]}
    problem(client_of_dock.post(f"uploads/{made}/parts", body), 409, "not-receiving")


# --- the receipt and the proof ---


def test_receipt_and_proof_of_a_sealed_file(client_of_dock: DockClient, camera: Camera) -> None:
    made = client_of_dock.register(b"abc").json()["id"]
    later = client_of_dock.get(f"uploads/{made}/receipt")
    problem(later, 404, "not-yet")
    assert int(later["Retry-After"]) > 0
    put(signed(client_of_dock, made, 1, b"abc"), b"abc")
    client_of_dock.post(f"uploads/{made}/complete")
    upload = Upload.objects.get(pk=made)
    sealing.verify(upload.pk)
    text = client_of_dock.get(f"uploads/{made}/receipt")
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    found = receipt.open_receipt(text.content.decode(), [keys.receipt_key().verifier])
    upload.refresh_from_db()
    assert (found.sha256, found.size, found.camera) == (sha(b"abc"), 3, "BWC-1")
    assert found.stored == (f"bwv-originals/{upload.key} {upload.version_id}",)
    event = Event.objects.get(index=found.custody)
    assert event.type == "evidence.received"
    proven = client_of_dock.get(f"uploads/{made}/proof").content.decode()
    assert proof.check(proven, bytes(event.body), keys.log_verifiers())[0] == found.custody
    assert client_of_dock.get(f"uploads/{made}/receipt").content == text.content


@pytest.mark.parametrize("data", [b"", b"x"])
def test_the_smallest_files_are_kept_and_receipted(
    client_of_dock: DockClient, camera: Camera, data: bytes
) -> None:
    answer = client_of_dock.register(data, file_id="A.MP4").json()
    if data:
        put(signed(client_of_dock, answer["id"], 1, data), data)
    assert client_of_dock.post(f"uploads/{answer['id']}/complete").status_code == 202
    sealing.verify(Upload.objects.get().pk)
    state = client_of_dock.get(f"uploads/{answer['id']}").json()
    assert state["state"] == "quarantined"  # it says that it is a film, and is none
    assert state["reason"].endswith("It is kept as it came.")
    assert client_of_dock.get(f"uploads/{answer['id']}/receipt").status_code == 200
    assert factories.bucket_object(Upload.objects.get().key) == data


def test_an_empty_file_may_send_its_one_empty_part(
    client_of_dock: DockClient, camera: Camera
) -> None:
    answer = client_of_dock.register(b"").json()
    assert answer["parts"] == 0
    put(signed(client_of_dock, answer["id"], 1, b""), b"")
    client_of_dock.post(f"uploads/{answer['id']}/complete")
    sealing.verify(Upload.objects.get().pk)
    assert client_of_dock.get(f"uploads/{answer['id']}/receipt").status_code == 200


def test_a_wrong_whole_hash_is_quarantined_and_never_receipted(
    client_of_dock: DockClient, camera: Camera
) -> None:
    answer = client_of_dock.register(b"abc", sha256=sha(b"other")).json()
    put(signed(client_of_dock, answer["id"], 1, b"abc"), b"abc")
    client_of_dock.post(f"uploads/{answer['id']}/complete")
    sealing.verify(Upload.objects.get().pk)
    state = client_of_dock.get(f"uploads/{answer['id']}").json()
    assert state["state"] == "quarantined"
    assert "fingerprint" in state["reason"]
    problem(client_of_dock.get(f"uploads/{answer['id']}/receipt"), 404, "quarantined")
    assert factories.bucket_object(Upload.objects.get().key) == b"abc"
    assert not Recording.objects.exists()


def test_a_quarantined_file_can_be_taken_in_again_and_the_bad_bytes_stay(
    client_of_dock: DockClient, camera: Camera, lane: Any
) -> None:
    from ingest.uploads import actions

    answer = client_of_dock.register(b"abc").json()
    put(signed(client_of_dock, answer["id"], 1, b"abX"), b"abX")
    client_of_dock.post(f"uploads/{answer['id']}/complete")
    sealing.verify(Upload.objects.get().pk)
    row = Quarantine.objects.get()
    actions.resolve(quarantine=row, by=lane, outcome="again", note="A bad reader")
    assert client_of_dock.register(b"abc").json() == answer
    put(signed(client_of_dock, answer["id"], 1, b"abc"), b"abc")
    client_of_dock.post(f"uploads/{answer['id']}/complete")
    sealing.verify(Upload.objects.get().pk)
    assert client_of_dock.get(f"uploads/{answer['id']}/receipt").status_code == 200
    row.refresh_from_db()
    assert factories.bucket_object(row.kept.split()[0]) == b"abX"


def test_a_part_that_is_signed_for_other_bytes_begins_anew(
    client_of_dock: DockClient, camera: Camera, django_capture_on_commit_callbacks: Any
) -> None:
    made = client_of_dock.register(b"abc").json()["id"]
    short = signed(client_of_dock, made, 1, b"ab")
    assert put(short, b"ab") == 200
    with django_capture_on_commit_callbacks(execute=True):
        right = signed(client_of_dock, made, 1, b"abc")
    assert put(short, b"ab") >= 400  # the earlier signature leads nowhere any more
    assert put(right, b"abc") == 200
    assert client_of_dock.post(f"uploads/{made}/complete").status_code == 202
    sealing.verify(Upload.objects.get().pk)
    assert client_of_dock.get(f"uploads/{made}/receipt").status_code == 200


CLOCKS = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-03-14T21:55:00+23:59",
          "1970-01-01T00:00:00Z", "2099-12-31T23:59:59.123456789Z"]  # fmt: skip


@pytest.mark.parametrize("clock", CLOCKS)
def test_no_clock_keeps_footage_in_a_camera(
    client_of_dock: DockClient, camera: Camera, clock: str
) -> None:
    clocks = {"recorded_at": clock, "camera_clock": clock, "dock_clock": clock}
    answer = client_of_dock.register(b"abc", **clocks)
    assert answer.status_code == 201
    upload = Upload.objects.get()
    factories.put_parts(upload, b"abc")
    assert client_of_dock.post(f"uploads/{upload.pk}/complete").status_code == 202
    sealing.verify(upload.pk)
    assert client_of_dock.get(f"uploads/{upload.pk}/receipt").status_code == 200


# --- the rest ---


@pytest.mark.parametrize(
    "change",
    [{"bay": "a\0"}, {"camera": "\0"}, {"state": "\n"}, {"done": 2**70}, {"bay": "x" * 99}],
)
def test_a_heartbeat_that_can_t_be_kept_is_refused(
    client_of_dock: DockClient, change: dict[str, Any]
) -> None:
    bay = {"bay": 1, "camera": "BWC-1", "state": "ready", "done": 0, "total": 0} | change
    problem(client_of_dock.post("heartbeat", {"bays": [bay]}), 422, "not-valid")


def test_whatever_goes_wrong_is_a_problem_document(client_of_dock: DockClient) -> None:
    problem(client_of_dock.call("DELETE", "uploads"), 405, "no-such-method")
    problem(client_of_dock.get("nothing"), 404, "not-found")
    problem(client_of_dock.get("uploads/not-an-id"), 404, "no-such-upload")
    large = json.dumps({"file_id": "x" * 2_000_000})
    problem(client_of_dock.call("POST", "uploads", large), 413, "too-large")


def test_names_of_a_thousand_wide_letters_are_taken(client_of_dock: DockClient) -> None:
    assert client_of_dock.register(b"x", file_id="\U0001f3a5" * 1024).status_code == 201


def test_a_full_store_refuses_new_files_first(client_of_dock: DockClient, monkeypatch: Any) -> None:
    from ingest.uploads import actions

    old = client_of_dock.register(b"old").json()["id"]
    monkeypatch.setattr(actions, "fullness", lambda: 0.95)
    answer = client_of_dock.register(b"new", file_id="B.MP4")
    problem(answer, 503, "store-nearly-full")
    assert answer["Retry-After"]
    assert client_of_dock.register(b"old").status_code == 200
    signed(client_of_dock, old, 1, b"old")
    monkeypatch.setattr(actions, "fullness", lambda: 0.98)
    body = {"parts": [{"number": 1, "sha256": sha(b"old")}]}
    problem(client_of_dock.post(f"uploads/{old}/parts", body), 503, "store-nearly-full")


def test_a_heartbeat_tells_the_time_and_is_kept(client_of_dock: DockClient) -> None:
    bays = [{"bay": 1, "camera": "BWC-1", "state": "copying", "done": 5, "total": 9}]
    answer = client_of_dock.post(
        "heartbeat", {"bays": bays, "dock_clock": "2026-11-22T22:14:07Z", "agent": "1.0"}
    )
    assert answer.status_code == 200
    assert set(answer.json()) == {"time"}
    assert client_of_dock.dock
    client_of_dock.dock.refresh_from_db()
    assert client_of_dock.dock.bays[0]["camera"] == "BWC-1"
    assert client_of_dock.dock.clock_offset


def test_the_description_names_every_call() -> None:
    paths = Client().get("/api/openapi.json").json()["paths"]
    base = "/api/dock/v1"
    assert set(paths) == {
        f"{base}/enrol", f"{base}/uploads", f"{base}/uploads/{{upload_id}}",
        f"{base}/uploads/{{upload_id}}/parts", f"{base}/uploads/{{upload_id}}/complete",
        f"{base}/uploads/{{upload_id}}/receipt", f"{base}/uploads/{{upload_id}}/proof",
        f"{base}/heartbeat",
    }  # fmt: skip


def test_five_thousand_files_on_a_card_are_registered_at_a_constant_cost(
    client_of_dock: DockClient, django_assert_max_num_queries: Any
) -> None:
    client_of_dock.register(b"0", file_id="0.MP4")
    with django_assert_max_num_queries(16):
        client_of_dock.register(b"1", file_id="1.MP4")
    for number in range(2, 50):
        client_of_dock.register(b"1", file_id=f"{number}.MP4")
    with django_assert_max_num_queries(16):
        client_of_dock.register(b"1", file_id="last.MP4")
