"""The witness as another body runs it: over HTTP, without Django, refusing a fork."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from evidence.custody import anchors, checkpoints, history, keys, sequencer
from evidence.custody.log import hashing, note, policy, witnessing
from evidence.custody.models import Anchor
from tests.custody import fill
from tests.embedded import free_ports

pytestmark = pytest.mark.django_db


class Witness:
    """`python -m evidence.custody.witness` as another body would run it: no Django settings."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_ports()["BWV_SIGNER_PORT"]
        self.url = f"http://127.0.0.1:{self.port}"
        self.vkey = self.run("keygen", "--name", "witness.test/w1", "--key", "w.seed").strip()
        self.child: subprocess.Popen[str] | None = None

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "evidence.custody.witness", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        root = Path(__file__).resolve().parents[3]
        return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(root)}

    def run(self, *arguments: str) -> str:
        done = subprocess.run(self.command(*arguments), cwd=self.folder, env=self.environment,
                              capture_output=True, text=True)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        logs = [word for key in keys.log_verifiers() for word in ("--log", str(key))]
        self.child = subprocess.Popen(
            self.command("serve", "--name", "witness.test/w1", "--key", "w.seed", "--state",
                         "state.sqlite", "--listen", f"127.0.0.1:{self.port}", *logs),
            cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.child.stdout
        assert "listens" in self.child.stdout.readline()

    def post(self, body: str) -> tuple[int, str]:
        answer = urllib3.request("POST", f"{self.url}/add-checkpoint", body=body.encode())
        return answer.status, answer.data.decode()

    def stop(self) -> None:
        if self.child is not None:
            self.child.kill()
            self.child.wait()


@pytest.fixture
def witness(tmp_path: Path, settings: Any) -> Iterator[Witness]:
    made = Witness(tmp_path)
    made.start()
    settings.WITNESSES = [(made.vkey, made.url)]
    yield made
    made.stop()


def test_checkpoints_carry_the_witnesss_line_and_the_policy_asks_for_it(witness: Witness) -> None:
    key = note.VerifierKey.parse(witness.vkey)
    trusted = policy.parse(keys.policy())
    for count in (3, 40, 1):
        fill(count)
        signed = checkpoints.sign()
        assert signed
        with pytest.raises(policy.PolicyError, match="quorum"):
            trusted.check(signed.size, note.verify(signed.note, trusted.keys).signers)
        anchors.everything()
        opened = note.verify(signed.signed(), trusted.keys)
        assert key in opened.signers
        trusted.check(signed.size, opened.signers)
    assert Anchor.objects.filter(kind="witness").count() == 3
    assert "witness.test/w1" in checkpoints.prove(0)
    assert history.proof_state(0).outside
    witness.stop()  # away: nothing breaks, nothing is claimed
    fill(1)
    assert checkpoints.sign()
    anchors.everything()
    assert Anchor.objects.filter(kind="witness").count() == 3
    witness.start()  # it remembers
    anchors.everything()
    assert Anchor.objects.filter(kind="witness").count() == 4


def test_a_witness_that_knows_more_than_we_remember_is_asked_from_there(witness: Witness) -> None:
    from tests.custody import tamper

    fill(5)
    assert checkpoints.sign()
    anchors.everything()
    tamper("DELETE FROM custody_anchor WHERE kind = 'witness'")
    fill(5)
    assert checkpoints.sign()
    anchors.everything()
    assert Anchor.objects.filter(kind="witness").count() == 1


def test_the_witness_protocol(witness: Witness) -> None:
    """C2SP tlog-witness: 200, 409 with the size, 422, 403, 404, 400."""
    fill(4)
    four = signing_note()
    fill(4)
    eight = signing_note()
    path = hashing.consistency_proof(4, 8, sequencer.TreeReader())
    assert witness.post(witnessing.write(0, [], four))[0] == 200
    status, line = witness.post(witnessing.write(4, path, eight))
    assert status == 200
    body, _ = note.split(eight)
    assert note.verify(f"{body}\n{line}", [note.VerifierKey.parse(witness.vkey)])
    # Again, the same: a proof from the newest to itself.
    assert witness.post(witnessing.write(8, [], eight))[0] == 200
    assert witness.post(witnessing.write(4, path, eight)) == (409, "8\n")
    assert witness.post(witnessing.write(0, [], four)) == (409, "8\n")
    fill(4)
    twelve = signing_note()
    good = hashing.consistency_proof(8, 12, sequencer.TreeReader())
    assert witness.post(witnessing.write(8, [bytes(32)], twelve))[0] == 422
    assert witness.post(witnessing.write(13, good, twelve))[0] == 400
    broken = twelve.replace("12\n", "11\n", 1)
    assert witness.post(witnessing.write(8, good, broken))[0] == 403
    other = note.SigningKey.from_seed("other.test/log", secrets.token_bytes(32))
    foreign = note.sign(f"other.test/log\n9\n{'A' * 43}=\n", [other])
    assert witness.post(witnessing.write(8, good, foreign))[0] == 404
    assert witness.post("nonsense")[0] == 400
    assert witness.post(witnessing.write(8, good, twelve))[0] == 200
    assert "does not lead" in witness.run("refused", "--state", "state.sqlite")


def signing_note() -> str:
    signed = checkpoints.sign()
    assert signed
    return signed.note


def test_two_requests_at_once_are_one_after_the_other(witness: Witness) -> None:
    """Check and store is one step: of two checkpoints from one size only one is cosigned."""
    from concurrent.futures import ThreadPoolExecutor

    fill(4)
    assert witness.post(witnessing.write(0, [], signing_note()))[0] == 200
    bodies = []
    for _ in range(6):
        fill(1)
        text = signing_note()
        size = note.open_checkpoint(text, keys.log_verifiers()).size
        path = hashing.consistency_proof(4, size, sequencer.TreeReader())
        bodies.append(witnessing.write(4, path, text))
    with ThreadPoolExecutor(6) as pool:
        codes = sorted(status for status, _ in pool.map(witness.post, bodies))
    assert codes == [200, 409, 409, 409, 409, 409]
