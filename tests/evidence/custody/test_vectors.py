"""Public test vectors, with their number: a folder that shrank must not look like a pass."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from evidence.custody.log import checkpoint, hashing, jcs, note, policy, proof, tiles
from evidence.custody.log.keys import COSIGNATURE_ED25519, ED25519

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors"
# Where that folder is absent, the project's own excerpts run.
EXCERPTS = Path(__file__).resolve().parent / "vectors"
HERE = VECTORS if VECTORS.is_dir() else EXCERPTS
WHOLE = HERE is VECTORS


def load(name: str) -> Any:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def count(found: int, whole: int) -> None:
    """All of them where the public folder is, at least one in the excerpts."""
    assert found == whole if WHOLE else found > 0


def text(case: dict[str, Any], name: str) -> str:
    return base64.b64decode(case[name]).decode()


def test_signed_notes() -> None:
    cases = load("c2sp/signed_notes.json")
    ran = 0
    for case in cases["notes"]:
        keys = [note.VerifierKey.parse(key) for key in case["vkeys"]]
        try:
            raw = base64.b64decode(case["note_b64"])
            opened = note.verify(raw.decode(), keys)
            names = [key.name for key in opened.signers]
        except (note.NoteError, UnicodeDecodeError):
            names = []
        assert names == ([] if case["wantErr"] else case["verified"]), case["desc"]
        ran += 1
    count(ran, 13)
    golden = cases["sign"][0]
    name, _, blob = golden["skey"].removeprefix("PRIVATE+KEY+").split("+", 2)
    seed = base64.b64decode(blob)[1:]
    key = note.SigningKey.from_seed(name, seed)
    assert note.sign(text(golden, "text_b64"), [key]) == text(golden, "note_b64")


def test_verifier_keys_good_bad_and_mangled() -> None:
    cases = load("c2sp/signed_notes.json")
    mangled = 0
    for good in cases["good_vkeys"]:
        assert str(note.VerifierKey.parse(good)) == good
        for at in range(len(good)):
            for wrong in (
                good[:at],
                good[at:] if at else "",
                good[:at] + chr(ord(good[at]) + 1) + good[at + 1 :],
            ):
                with pytest.raises(note.NoteError):
                    note.VerifierKey.parse(wrong)
                mangled += 1
    count(len(cases["good_vkeys"]), 4)
    assert mangled > 100
    for bad in cases["bad_vkeys"]:
        with pytest.raises(note.NoteError):
            note.VerifierKey.parse(bad)
    count(len(cases["bad_vkeys"]), 5)


def test_checkpoint_bodies() -> None:
    cases = load("c2sp/checkpoint_bodies.json")["cases"]
    for case in cases:
        # Go's lenient parser takes roots of any length; a root that is no SHA-256 is none.
        with pytest.raises(checkpoint.CheckpointError):
            checkpoint.Checkpoint.parse(case["body"])
    count(len(cases), 12)


def test_tlog_proofs() -> None:
    cases = load("c2sp/tlog_proofs.json")
    for case in cases["marshal"]:
        parsed = proof.parse(case["want"])
        assert parsed.index == case["index"]
        assert [base64.b64encode(node).decode() for node in parsed.path] == case["hashes"]
        assert parsed.checkpoint == case["checkpoint"]
        if "extra_b64" not in case:
            assert str(parsed) == case["want"]
    count(len(cases["marshal"]), 3)
    for case in cases["bad"]:
        with pytest.raises(ValueError):
            proof.check(case["body"], b"", [])
    count(len(cases["bad"]), 8)


def test_hashes_and_tiles() -> None:
    cases = load("c2sp/rfc6962_tiles.json")
    for case in cases["hashes"]:
        if "leaf_hex" in case:
            found = hashing.leaf_hash(bytes.fromhex(case["leaf_hex"]))
        elif "left_hex" in case:
            found = hashing.node_hash(
                bytes.fromhex(case["left_hex"]), bytes.fromhex(case["right_hex"])
            )
        else:
            found = hashing.EMPTY_ROOT
        wanted = case.get("hex") or base64.b64decode(case["b64"]).hex()
        assert found.hex() == wanted, case["desc"]
    count(len(cases["hashes"]), 5)
    for case in cases["tile_index_paths"]:
        assert tiles.index_path(case["n"]) == case["path"]
    count(len(cases["tile_index_paths"]), 5)
    for case in cases["tile_sets"]:
        made = list(tiles.tiles_of(case["size"]))
        for level in (0, 1, 2):
            full = [tile for tile in made if tile.level == level and tile.width == 256]
            partial = [tile.width for tile in made if tile.level == level and tile.width < 256]
            assert len(full) == case.get(f"level{level}_full", 0)
            assert sum(partial) == case.get(f"level{level}_partial", 0)


def test_mldsa_cosignature() -> None:
    case = load("c2sp/cosignature_mldsa44.json")
    key = note.VerifierKey.parse(case["vkey"])
    _, signatures = note.split("x\n\n" + case["signature_line"].strip() + "\n")
    (name, raw) = signatures[0]
    assert (name, raw[:4]) == (key.name, key.id)
    root = base64.b64decode(case["root_b64"])
    tree = (case["origin"], case["start"], case["end"], root)
    assert key.accepts_subtree(*tree, raw[4:])
    assert not key.accepts_subtree(case["origin"], case["start"], case["end"] + 1, root, raw[4:])
    assert not key.accepts_subtree(*tree, raw[4:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(note.NoteError):  # its key id is not the one of its bytes
        note.VerifierKey.parse(case["good_vkey"])


def test_wycheproof_ed25519() -> None:
    ran = 0
    for group in load("wycheproof/ed25519_test.json")["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        key = Ed25519PublicKey.from_public_bytes(public)
        for case in group["tests"]:
            try:
                key.verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
                good = True
            except (InvalidSignature, ValueError):
                good = False
            assert good == (case["result"] == "valid"), case["tcId"]
            ran += 1
    count(ran, 151)


def test_wycheproof_mldsa44() -> None:
    ran = 0
    for group in load("wycheproof/mldsa_44_verify_test.json")["testGroups"]:
        for case in group["tests"]:
            try:
                key = MLDSA44PublicKey.from_public_bytes(bytes.fromhex(group["publicKey"]))
                context = bytes.fromhex(case["ctx"]) if case.get("ctx") else None
                key.verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]), context)
                good = True
            except (InvalidSignature, ValueError):
                good = False
            assert good == (case["result"] == "valid"), case["tcId"]
            ran += 1
    count(ran, 180)


def test_jcs() -> None:
    outputs = sorted((HERE / "jcs/testdata/output").glob("*.json"))
    count(len(outputs), 6)
    inside = 0
    for path in outputs:
        data = path.read_bytes().rstrip(b"\n")
        try:
            assert jcs.canonical(jcs.parse(data)) == data
            inside += 1
        except jcs.ProfileError:
            pass  # floats, lists and keys outside the profile are refused, not rewritten
    assert inside <= len(outputs)


GOLDEN = HERE / "bwv-golden"


def golden(name: str) -> str:
    return (GOLDEN / name).read_text(encoding="utf-8")


def test_the_golden_policy_and_its_three_kinds_of_signature() -> None:
    trusted = policy.parse(golden("policy.txt"))
    quantum = note.VerifierKey.parse(golden("log_key_mldsa44.vkey"))
    for size in (5, 11):
        opened = note.verify(golden(f"checkpoint.{size}"), [*trusted.keys, quantum])
        assert len(opened.signers) == 3
        trusted.check(size, opened.signers)
        with pytest.raises(policy.PolicyError):  # the witness is the quorum
            trusted.check(size, [opened.signers[0]])


def test_the_golden_signatures_can_be_made_again() -> None:
    """Ed25519 is deterministic: the golden test keys give the golden bytes."""
    signed = golden("checkpoint.11")
    body, lines = note.split(signed)
    moment = int.from_bytes(lines[1][1][4:12], "big")
    log = note.SigningKey.from_seed("bwv.example.police.uk/custody", b"\x01" * 32)
    seed = b"\x02" * 32
    made = note.WitnessKey.from_seed("witness.example.gov.uk/w1", seed)
    witness = note.WitnessKey(made.name, made.private, clock=lambda: moment)
    assert note.sign(body, [log, witness]) == "".join(signed.splitlines(True)[:6])
    kinds = [log.verifier.kind, witness.verifier.kind]
    assert kinds == [ED25519, COSIGNATURE_ED25519]
    quantum = note.QuantumKey.from_seed(log.name, b"\x03" * 32)
    assert str(quantum.verifier) == golden("log_key_mldsa44.vkey").strip()
    assert note.verify(note.sign(body, [quantum]), [quantum.verifier])


def test_the_files_that_leave_the_house_pass_them_too() -> None:
    """The pure-Python signatures of bwv_verify.py and bwv_mldsa44.py."""
    from evidence.custody import bwv_mldsa44, bwv_verify

    ran = 0
    for group in load("wycheproof/ed25519_test.json")["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for case in group["tests"]:
            good = bwv_verify.ed25519(
                public, bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            )
            assert good == (case["result"] == "valid"), case["tcId"]
            ran += 1
    count(ran, 151)
    ran = 0
    for group in load("wycheproof/mldsa_44_verify_test.json")["testGroups"]:
        public = bytes.fromhex(group["publicKey"])
        for case in group["tests"]:
            context = bytes.fromhex(case.get("ctx") or "")
            message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            good = bwv_mldsa44.mldsa44(public, message, signature, context)
            assert good == (case["result"] == "valid"), case["tcId"]
            ran += 1
    count(ran, 180)


def test_hostile_paths_of_the_bagit_suite_are_refused(tmp_path: Path) -> None:
    """Path traversal and broken bags: never verified; most have no custody at all."""
    from evidence.custody import bwv_verify

    suite = VECTORS / "bagit-conformance"
    if not suite.is_dir():
        pytest.skip("the whole suite lies beside the project only")
    ran = 0
    for info in sorted(suite.rglob("bagit.txt")):
        verdict = bwv_verify.verify(info.parent, None, []).verdict()[0]
        assert verdict != 0, info
        if "invalid" in info.parts and "v1.0" in info.parts:
            ran += 1
    assert ran > 0
