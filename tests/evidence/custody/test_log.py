"""The log's formats, against public vectors where they lie beside the project, and by property."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.custody.log import hashing, jcs, note, proof, receipt
from evidence.custody.log.__main__ import main
from tests.evidence.custody.test_vectors import HERE as VECTORS
from tests.evidence.custody.test_vectors import WHOLE

GOLDEN = VECTORS / "bwv-golden"


def tree_of(leaves: list[bytes]) -> hashing.NodeReader:
    nodes: dict[tuple[int, int], bytes] = {}
    for index, leaf in enumerate(leaves):
        for level, position, value in hashing.completed_nodes(
            index, leaf, lambda lv, at: nodes[lv, at]
        ):
            nodes[level, position] = value
    return lambda level, position: nodes[level, position]


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashing.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashing.node_hash(plain_root(leaves[:split]), plain_root(leaves[split:]))


def leaves_of(count: int) -> list[bytes]:
    return [hashing.leaf_hash(str(number).encode()) for number in range(count)]


@given(st.integers(0, 70))
def test_root_is_that_of_the_definition(count: int) -> None:
    leaves = leaves_of(count)
    assert hashing.tree_root(count, tree_of(leaves)) == plain_root(leaves)


@given(st.integers(1, 70), st.data())
def test_every_inclusion_proof_holds_and_no_other_leaf_fits(count: int, data: Any) -> None:
    index = data.draw(st.integers(0, count - 1))
    leaves = leaves_of(count)
    read = tree_of(leaves)
    path = hashing.inclusion_proof(index, count, read)
    root = plain_root(leaves)
    assert hashing.root_from_inclusion(index, count, leaves[index], path) == root
    other = hashing.leaf_hash(b"other")
    assert hashing.root_from_inclusion(index, count, other, path) != root
    with pytest.raises(hashing.ProofError):
        hashing.root_from_inclusion(index, count, leaves[index], [*path, root])


@given(st.integers(1, 70), st.integers(1, 70))
def test_every_consistency_proof_holds_and_a_changed_log_does_not(one: int, two: int) -> None:
    old, new = sorted((one, two))
    leaves = leaves_of(new)
    read = tree_of(leaves)
    path = hashing.consistency_proof(old, new, read)
    roots = plain_root(leaves[:old]), plain_root(leaves)
    hashing.check_consistency(old, new, *roots, path)
    changed = [hashing.leaf_hash(b"edited"), *leaves[1:]]
    with pytest.raises(hashing.ProofError):
        hashing.check_consistency(old, new, plain_root(changed[:old]), roots[1], path)


@pytest.mark.parametrize(
    "value",
    [{"A": 1}, {"a": 1.5}, {"a": 2**53}, {"a": "\ud800"}, {"a": {"b-c": 1}}, {"": 1}],
)
def test_the_profile_refuses(value: dict[str, Any]) -> None:
    with pytest.raises(jcs.ProfileError):
        jcs.canonical(value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1, "b":2}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'["a"]',
        b'{"a":"\\u0041"}',
    ],
)
def test_a_reader_refuses_bytes_that_are_not_canonical(data: bytes) -> None:
    with pytest.raises(jcs.ProfileError):
        jcs.parse(data)


_plain = st.none() | st.booleans() | st.integers(-(2**54), 2**54) | st.text() | st.floats()
_keys = st.text("abz09_A-", max_size=4)
_values = st.recursive(
    _plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4)
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(_keys, _values, max_size=5))
def test_writer_and_verifier_agree_on_what_is_canonical(value: dict[str, Any]) -> None:
    """The writer's library and the verifier's standard library give the same bytes, or refuse."""
    from evidence.custody import bwv_verify

    try:
        ours = jcs.canonical(value)
    except jcs.ProfileError:
        ours = b""
    try:
        plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        bwv_verify.canonical(plain.encode())
        theirs = plain.encode()
    except (bwv_verify.Bad, UnicodeEncodeError):
        theirs = b""
    assert ours == theirs


@given(st.data())
def test_writer_and_verifier_refuse_the_same_bytes(data: Any) -> None:
    from evidence.custody import bwv_verify

    line = bytearray(b'{"a":[1,-2,"\\n\\u0001\xc3\xa9"],"b":{"c":null,"d":true},"e":"x"}')
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(line) - 1))
        line[at] = data.draw(st.integers(0, 255))
    try:
        jcs.parse(bytes(line))
        ours = True
    except jcs.ProfileError:
        ours = False
    try:
        bwv_verify.canonical(bytes(line))
        theirs = True
    except bwv_verify.Bad:
        theirs = False
    assert ours == theirs, bytes(line)


KEY = note.SigningKey.from_seed("bwv.test/custody", b"\x07" * 32)


def test_a_note_is_void_after_one_changed_bit() -> None:
    signed = note.sign("text\n", [KEY])
    assert note.verify(signed, [KEY.verifier]).text == "text\n"
    with pytest.raises(note.NoteError):
        note.verify(signed.replace("text", "tex4"), [KEY.verifier])


def test_a_bad_signature_of_a_known_key_voids_a_note_that_another_signed_well() -> None:
    other = note.SigningKey.from_seed("bwv.test/other", b"\x08" * 32)
    signed = note.sign("text\n", [KEY])
    wrong = other.sign("something else\n")
    assert note.verify(signed + wrong, [KEY.verifier])
    with pytest.raises(note.NoteError):
        note.verify(signed + wrong, [KEY.verifier, other.verifier])


def test_unknown_keys_alone_open_nothing() -> None:
    other = note.SigningKey.from_seed("bwv.test/other", b"\x08" * 32)
    with pytest.raises(note.NoteError):
        note.verify(note.sign("text\n", [other]), [KEY.verifier])


def test_a_receipt_reads_back_as_it_was_written() -> None:
    facts = receipt.Receipt(
        "bwv.test/custody", "u", "BWC-1", "../a b\n\u202e.mp4", 5, "0" * 64, "R-1", ("b/k v",), 7,
        "2026-11-22T20:00:00.000000Z",
    )  # fmt: skip
    text = facts.text()
    names = [line.split(" ")[0] for line in text.splitlines()]
    assert names == [
        "bwv-receipt", "origin", "upload", "camera", "file", "size", "sha256", "recording",
        "stored", "custody", "time",
    ]  # fmt: skip
    assert receipt.open_receipt(note.sign(text, [KEY]), [KEY.verifier]) == facts


# --- public vectors ---


def golden(name: str) -> str:
    return (GOLDEN / name).read_text(encoding="utf-8")


def test_the_golden_log_is_ours() -> None:
    lines = (GOLDEN / "events.jsonl").read_bytes().splitlines()
    assert len(lines) == 11
    leaves = [hashing.leaf_hash(line) for line in lines]
    for line in lines:
        jcs.parse(line)
    keys = [
        note.VerifierKey.parse(line.split()[1]) for line in golden("policy.txt").splitlines()[:1]
    ]
    for size in (5, 11):
        found = note.open_checkpoint(golden(f"checkpoint.{size}"), keys)
        assert (found.size, found.root) == (size, plain_root(leaves[:size]))
    proofs = sorted((GOLDEN / "proofs").glob("*.tlog-proof"))
    assert len(proofs) == 6
    for path in proofs:
        index = int(path.name.split(".")[0])
        assert proof.check(path.read_text(), lines[index], keys)[0] == index
        with pytest.raises(ValueError):
            proof.check(path.read_text(), lines[index] + b" ", keys)
    steps = json.loads(golden("consistency.5-11.json"))
    hashing.check_consistency(
        5, 11, plain_root(leaves[:5]), plain_root(leaves),
        [base64.b64decode(step) for step in steps["proof"]],
    )  # fmt: skip


def test_the_command_checks_other_peoples_proofs(tmp_path: Path, capsys: Any) -> None:
    leaf = tmp_path / "leaf"
    lines = (GOLDEN / "events.jsonl").read_bytes().splitlines()
    leaf.write_bytes(lines[3])
    vkey = golden("policy.txt").split()[1]
    arguments = ["check", str(GOLDEN / "proofs" / "3.tlog-proof"), "--leaf", str(leaf)]
    assert main([*arguments, "--vkey", vkey]) == 0
    leaf.write_bytes(lines[2])
    assert main([*arguments, "--vkey", vkey]) == 1
    assert "refused" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_the_public_merkle_vectors(kind: str) -> None:
    files = sorted((VECTORS / "transparency-dev-merkle" / "testdata" / kind).rglob("*.json"))
    assert len(files) == 98 if WHOLE else len(files) > 0
    for path in files:
        case = json.loads(path.read_text())
        nodes = [base64.b64decode(item) for item in case.get("proof") or []]
        try:
            if kind == "inclusion":
                good = hashing.root_from_inclusion(
                    case["leafIdx"], case["treeSize"], base64.b64decode(case["leafHash"]), nodes
                ) == base64.b64decode(case["root"])
            else:
                roots = base64.b64decode(case["root1"]), base64.b64decode(case["root2"])
                sizes = case["size1"], case["size2"]
                if sizes[0] == 0 and sizes[0] != sizes[1]:
                    continue  # consistency with nothing: RFC 9162 has no such proof
                hashing.check_consistency(*sizes, *roots, nodes)
                good = True
        except hashing.ProofError:
            good = False
        assert good is not case["wantErr"], path
