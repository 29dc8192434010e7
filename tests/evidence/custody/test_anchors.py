"""Witnesses, the write-once bucket, time-stamps: each real, over HTTP, S3 and openssl."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings as live
from django.test import Client

from evidence.custody import (
    anchors,
    checkpoints,
    history,
    keys,
    published,
    sequencer,
    stamping,
    upkeep,
)
from evidence.custody import package as packages
from evidence.custody.log import hashing, note, policy, proof, tiles
from evidence.custody.models import Anchor, Event
from evidence.store import s3
from tests.custody import fill, write

pytestmark = pytest.mark.django_db


# --- the bucket ---------------------------------------------------------------------


def test_the_tree_can_be_had_back_from_the_bucket_alone() -> None:
    fill(600)
    signed = checkpoints.sign()
    assert signed
    assert anchors.publish_tiles(signed) == 3 * 2 + 1  # 2 full, 1 partial, with entries; level 1
    anchors.to_bucket(signed)
    text, size = published.newest()
    assert (text, size) == (signed.note, 600)
    body, entries = upkeep.rebuild()
    assert body.root == bytes(signed.root)
    bodies = [bytes(body) for body in Event.objects.filter(index__lt=600).order_by("index")
              .values_list("body", flat=True)]  # fmt: skip
    assert [entry for _, entry in entries] == bodies
    # Proofs can be made from the published tiles too.
    leaves = dict(tiles.leaves(600, published.fetch))
    tree: dict[tuple[int, int], bytes] = {}
    for index, leaf in leaves.items():
        for level, at, value in hashing.completed_nodes(index, leaf, lambda lv, p: tree[lv, p]):
            tree[level, at] = value
    path = hashing.inclusion_proof(321, 600, lambda lv, at: tree[lv, at])
    made = proof.write(321, path, text)
    assert proof.check(made, bodies[321], keys.log_verifiers())[0] == 321


def test_later_tiles_are_added_and_earlier_ones_stay() -> None:
    fill(300)
    first = checkpoints.sign()
    assert first
    anchors.publish_tiles(first)
    anchors.to_bucket(first)
    fill(300)
    second = checkpoints.sign()
    assert second
    count = anchors.publish_tiles(second)
    anchors.to_bucket(second)
    # The partial tile grew full, the next begins, level 1 grew; each level-0 tile with entries.
    assert count == 2 * 2 + 1
    assert upkeep.rebuild()[0].size == second.size
    names = list(s3.keys("custody", f"{live.CUSTODY_FOLDER}tile/0/"))
    assert f"{live.CUSTODY_FOLDER}tile/0/001.p/44" in names
    assert f"{live.CUSTODY_FOLDER}tile/0/001" in names


def test_what_is_published_is_locked_and_can_not_be_deleted() -> None:
    write("R-1")
    signed = checkpoints.sign()
    assert signed
    anchors.to_bucket(signed)
    key = f"{live.CUSTODY_FOLDER}{published.checkpoint_path(1)}"
    found = s3.client().head_object(Bucket=s3.bucket("custody"), Key=key)
    assert found["ObjectLockMode"] == "COMPLIANCE"
    with pytest.raises(s3.StoreError):
        s3.delete_version("custody", key, found["VersionId"])


def test_anchors_are_events_and_are_no_reason_for_another_checkpoint() -> None:
    write("R-1")
    assert checkpoints.due() == 1
    signed = checkpoints.sign()
    assert signed
    assert checkpoints.due() == 0
    anchors.everything()
    sequencer.run()
    kinds = [event.parsed()["data"]["kind"]
             for event in Event.objects.filter(type="checkpoint.anchored")]  # fmt: skip
    assert sorted(kinds) == ["bucket", "tiles"]
    assert checkpoints.due() == 0
    anchors.everything()  # again: nothing
    sequencer.run()
    assert Event.objects.filter(type="checkpoint.anchored").count() == 2
    state = history.proof_state(0)
    assert not state.outside  # the bucket is the force's own
    assert "write-once bucket" in state.detail
    assert "No other body holds one yet" in state.detail


def test_the_trust_file_and_the_newest_checkpoint_are_for_everybody(client: Client) -> None:
    assert client.get("/custody/checkpoint").status_code == 404
    write("R-1")
    signed = checkpoints.sign()
    assert signed
    assert client.get("/custody/checkpoint").content.decode() == signed.note
    assert policy.parse(client.get("/custody/policy").content.decode()).logs


# --- time-stamps ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A local time-stamping authority: openssl behind HTTP."""
    folder = tmp_path_factory.mktemp("tsa")

    def openssl(*arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    (folder / "ext").write_text(
        "[tsa]\nextendedKeyUsage=critical,timeStamping\nbasicConstraints=critical,CA:FALSE\n"
        "keyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\n"
        "authorityKeyIdentifier=keyid\n[ca]\nbasicConstraints=critical,CA:TRUE\n"
        "keyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n"
    )
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/CN=Test root", "-days", "30", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr",
            "-subj", "/CN=Test TSA")  # fmt: skip
    openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out",
            "tsa.pem", "-days", "30", "-extfile", "ext", "-extensions", "tsa", "-set_serial", "2")  # fmt: skip
    (folder / "serial").write_text("01\n")
    (folder / "conf").write_text(
        "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ncrypto_device=builtin\nsigner_cert=tsa.pem\n"
        "signer_key=tsa.key\nsigner_digest=sha256\ndefault_policy=1.2.3.4.1\n"
        "digests=sha256,sha384,sha512\naccuracy=secs:1\nordering=yes\ntsa_name=yes\n"
    )

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            (folder / "q").write_bytes(body)
            subprocess.run(["openssl", "ts", "-reply", "-config", "conf", "-queryfile", "q",
                            "-out", "r"], cwd=folder, check=True, capture_output=True)  # fmt: skip
            answer = (folder / "r").read_bytes()
            if self.path == "/wrong":
                answer = answer[:-5] + bytes([answer[-5] ^ 1]) + answer[-4:]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", folder
    server.shutdown()
    server.server_close()


@pytest.fixture
def stamped(authority: tuple[str, Path], settings: Any) -> tuple[str, Path]:
    settings.TSA_URL, settings.TSA_CERTIFICATES = authority[0], str(authority[1] / "ca.pem")
    return authority


def test_checkpoints_are_time_stamped_and_openssl_agrees(
    stamped: tuple[str, Path], tmp_path: Path
) -> None:
    write("R-1")
    signed = checkpoints.sign()
    assert signed
    anchors.everything()
    token = bytes(Anchor.objects.get(kind="timestamp").body)
    text, _ = note.split(signed.note)
    moment = stamping.check(token, text.encode(), (stamped[1] / "ca.pem").read_bytes())
    assert abs((moment - signed.created).total_seconds()) < 60
    (tmp_path / "text").write_text(text)
    (tmp_path / "t.tsr").write_bytes(token)
    command = ["openssl", "ts", "-verify", "-data", str(tmp_path / "text"), "-in",
               str(tmp_path / "t.tsr"), "-CAfile", str(stamped[1] / "ca.pem"), "-untrusted",
               str(stamped[1] / "tsa.pem")]  # fmt: skip
    assert subprocess.run(command, capture_output=True).returncode == 0
    with pytest.raises(stamping.StampError):
        stamping.check(token, text.encode() + b"x", (stamped[1] / "ca.pem").read_bytes())
    anchors.everything()  # not again before its time
    assert Anchor.objects.filter(kind="timestamp").count() == 1


def test_an_answer_that_is_not_good_is_not_kept(stamped: tuple[str, Path], settings: Any) -> None:
    write("R-1")
    signed = checkpoints.sign()
    assert signed
    settings.TSA_URL = f"{stamped[0]}wrong"
    with pytest.raises(stamping.StampError):
        anchors.stamp(signed)
    anchors.everything()  # logged, and the other anchors are made
    assert set(Anchor.objects.values_list("kind", flat=True)) == {"bucket", "tiles"}
    settings.TSA_URL = "http://127.0.0.1:9/"
    with pytest.raises(stamping.StampError, match="does not answer"):
        anchors.stamp(signed)


def test_a_package_carries_time_stamps_and_the_verifier_reads_them(
    stamped: tuple[str, Path], tmp_path: Path
) -> None:
    from evidence.custody import bwv_verify

    write("R-1")
    first = checkpoints.sign()
    assert first
    anchors.stamp(first)
    write("R-1", "R-2")
    out, trust = tmp_path / "p.zip", tmp_path / "policy"
    trust.write_text(keys.policy())
    exported(out)
    found = bwv_verify.verify(out, trust, [])
    assert found.verdict()[0] == 0, found.rows
    assert "claims 20" in found.facts["time-stamps"][0]


def exported(out: Path) -> None:
    from django.db import transaction

    from evidence.custody.log.bag import Bag
    from evidence.custody.record import Draft, Subject, record, service

    with transaction.atomic():
        data = {"package": "P-1", "objects": ["R-1"], "files": []}
        event = record(Draft("evidence.exported", Subject("R-1"), service("test"), data=data,
                             private={"name": "x"}))  # fmt: skip
    sequencer.run()
    signed = checkpoints.sign()
    assert signed
    with Bag(out, "P-1") as bag:
        contents = packages.gather(Event.objects.filter(id=event), signed)
        packages.write(bag, contents, lambda event: True)
        bag.close([("External-Identifier", "P-1")])


def test_two_processes_that_anchor_at_once_write_one_event(monkeypatch: Any) -> None:
    """Both saw that nothing was anchored yet."""
    write("R-1")
    signed = checkpoints.sign()
    assert signed
    monkeypatch.setattr(anchors, "_last", lambda kind, by: None)
    for _ in range(2):
        anchors.to_bucket(signed)
    sequencer.run()
    assert Anchor.objects.filter(kind="bucket").count() == 1
    assert Event.objects.filter(type="checkpoint.anchored").count() == 1


def test_an_authority_without_certificates_stops_no_other_anchor(settings: Any) -> None:
    from django.core.checks import run_checks

    settings.TSA_URL, settings.TSA_CERTIFICATES = "http://127.0.0.1:9/", ""
    settings.WITNESSES = [("nonsense", "http://127.0.0.1:9")]
    assert {"custody.E002", "custody.E003"} <= {found.id for found in run_checks()}
    settings.WITNESSES = []
    write("R-1")
    checkpoints.sign()
    anchors.everything()
    assert set(Anchor.objects.values_list("kind", flat=True)) == {"bucket", "tiles"}
