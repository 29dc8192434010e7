"""Packages, and the verifier that goes with them, run as a stranger runs it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import bagit
import pytest

from evidence.custody import bwv_verify, keys, sequencer
from evidence.custody.log import note, proof
from evidence.custody.models import Event
from evidence.custody.record import service
from evidence.recordings import exports
from evidence.recordings.models import Package, Recording
from ingest.devices.models import Dock
from tests import factories

VERIFIER = Path(bwv_verify.__file__)
pytestmark = pytest.mark.django_db


@pytest.fixture
def recording(dock: Dock, camera: Any, film: bytes) -> Recording:
    return factories.docked(dock, film)


def export(recording: Recording, path: Path, **more: Any) -> exports.Made:
    wish = exports.Wish(service("test"), "DS Lane", "Charging decision", recipient="CPS", **more)
    return exports.to_file([recording.reference], path, wish)


@pytest.fixture
def package(recording: Recording, tmp_path: Path) -> Path:
    path = tmp_path / "OUT.zip"
    export(recording, path)
    return path


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    path = tmp_path / "policy"
    path.write_text(keys.policy())
    return path


def check(package: Path, *more: object) -> tuple[int, dict[str, Any]]:
    """The verifier as a program of its own: another Python process, isolated, no packages."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), str(package), "--json", *map(str, more)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def unpack(package: Path) -> Path:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(package.parent)
        return package.parent / archive.namelist()[0].split("/")[0]


def test_a_package_is_verified_by_a_stranger(package: Path, trust: Path) -> None:
    code, said = check(package, "--policy", trust)
    assert (code, said["verdict"], said["findings"]) == (0, "VERIFIED", [])
    assert len(said["facts"]["files"]) == 1
    assert said["facts"]["personal details"]["withheld"] == 0
    folder = unpack(package)
    assert check(folder, "--policy", trust)[0] == 0
    text = subprocess.run([sys.executable, str(VERIFIER), str(package), "--policy", str(trust)],
                          capture_output=True, text=True)  # fmt: skip
    assert "VERIFIED" in text.stdout


def test_without_a_trust_file_a_package_can_only_vouch_for_itself(package: Path) -> None:
    code, said = check(package)
    assert (code, said["verdict"]) == (2, "CAN'T TELL")
    assert [row["where"] for row in said["findings"]] == ["keys"]


def test_the_verifier_is_one_file_of_the_standard_library() -> None:
    source = VERIFIER.read_text()
    assert source.count("\n") < 600
    imported = {line.split()[1] for line in source.splitlines() if line.startswith("import ")}
    imported |= {line.split()[1] for line in source.splitlines() if line.startswith("from ")}
    assert imported <= set(sys.stdlib_module_names)
    assert not imported & {"socket", "urllib", "http", "ssl", "ctypes"}


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13"])
def test_it_runs_on_other_pythons(version: str, package: Path, trust: Path) -> None:
    name = f"python{version}"
    found = next(map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/{name}")), None)
    found = found or shutil.which(name)
    if found is None or subprocess.run([found, "-V"], capture_output=True).returncode:
        pytest.skip(f"{name} is not on this machine")
    done = subprocess.run([found, "-I", str(VERIFIER), str(package), "--policy", str(trust)],
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_a_bag_that_others_accept(package: Path) -> None:
    folder = unpack(package)
    bagit.Bag(str(folder)).validate()
    done = subprocess.run(["sha256sum", "-c", "--quiet", "manifest-sha256.txt"], cwd=folder)
    assert done.returncode == 0


def test_somebody_elses_verifier_accepts_our_proofs(package: Path) -> None:
    from proofbundle.tlogproof import verify_tlog_proof

    folder = unpack(package)
    vkey = next(key for key in keys.log_verifiers() if key.kind == 1)
    lines = (folder / "custody/events.jsonl").read_bytes().splitlines()
    proofs = sorted((folder / "custody/proofs").iterdir(), key=lambda path: int(path.stem))
    assert len(proofs) == len(lines)
    for path, line in zip(proofs, lines, strict=True):
        text = path.read_text()
        found = verify_tlog_proof(text, line, str(vkey), expected_origin=vkey.name)
        assert (found["ok"], found["index"]) == (True, int(path.stem)), found
        assert not verify_tlog_proof(text, line[:-1] + b"x", str(vkey))["ok"]
        index, _ = proof.check(path.read_text(), line, keys.log_verifiers())
        assert index == int(path.stem)


def test_the_history_ends_with_the_export_and_shows_what_this_recipient_may_see(
    recording: Recording, tmp_path: Path, trust: Path
) -> None:
    out = tmp_path / "standard.zip"
    export(recording, out, details=Package.Details.FOOTAGE)
    folder = unpack(out)
    events = [json.loads(line) for line in (folder / "custody/events.jsonl").open()]
    assert events[-1]["type"] == "evidence.exported"
    private = json.loads((folder / "custody/private.json").read_text())
    assert events[-1]["id"] in private["openings"]
    again = tmp_path / "none.zip"
    export(recording, again, details=Package.Details.NONE)
    code, said = check(again, "--policy", trust)
    assert code == 0
    assert said["facts"]["personal details"]["withheld"] > 0


def test_details_that_were_erased_are_counted_as_erased(
    recording: Recording, tmp_path: Path, trust: Path
) -> None:
    from evidence.custody import upkeep

    sequencer.run()
    event = Event.objects.get(object_ref=recording.reference, type="evidence.received")
    upkeep.erase([event.id], by=service("test"), authority="s.47", reason="asked")
    out = tmp_path / "erased.zip"
    export(recording, out)
    code, said = check(out, "--policy", trust)
    assert (code, said["facts"]["personal details"]["erased"]) == (0, 1)


def test_an_older_checkpoint_that_the_expert_holds(
    recording: Recording, tmp_path: Path, trust: Path
) -> None:
    from evidence.custody import checkpoints
    from evidence.custody import package as packages

    sequencer.run()
    first = checkpoints.sign()
    assert first
    held = tmp_path / "held"
    held.write_text(first.signed())
    export(recording, tmp_path / "one.zip")
    code, said = check(tmp_path / "one.zip", "--policy", trust, "--checkpoint", held)
    assert code == 0
    assert any("held" in line for line in said["facts"]["agrees with"])
    # One that the package has no proof for: ask for it, put it beside.
    last = checkpoints.sign()
    assert last
    fresh = tmp_path / "fresh"
    fresh.write_text(last.signed())
    export(recording, tmp_path / "two.zip")
    newest = checkpoints.sign()
    assert newest
    middle = newest.size - 1
    keys_ = [note.SigningKey.from_seed("x.test/log", b"\x09" * 32)]
    other = tmp_path / "other"
    other.write_text(note.sign(f"x.test/log\n{middle}\n{'A' * 43}=\n", keys_))
    assert check(tmp_path / "two.zip", "--policy", trust, "--checkpoint", other)[0] == 1
    (tmp_path / "fresh.proof").write_bytes(packages.consistency(last.size, newest.size))
    assert check(tmp_path / "two.zip", "--policy", trust, "--checkpoint", fresh)[0] == 0


def test_every_single_bit_flip_of_the_archive_is_never_verified(package: Path, trust: Path) -> None:
    """The whole is hashed at its end, so every byte counts: seeded samples over all of it,
    every bit of the last kilobyte, and every bit of the headers."""
    data = package.read_bytes()
    bits = random.Random(1).sample(range(len(data) * 8), 300)
    bits += range((len(data) - 200) * 8, len(data) * 8)
    policy = trust
    for bit in bits:
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << (bit % 8)
        package.write_bytes(flipped)
        assert bwv_verify.verify(package, policy, []).verdict()[0] != 0, bit


def test_every_single_bit_flip_of_a_tag_file_is_refuted(package: Path, trust: Path) -> None:
    folder = unpack(package)
    files = [path for path in folder.rglob("*") if path.is_file()]
    chance = random.Random(2)
    for path in files:
        data = path.read_bytes()
        total = len(data) * 8
        for bit in chance.sample(range(total), min(total, 12)):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << (bit % 8)
            path.write_bytes(flipped)
            assert bwv_verify.verify(folder, trust, []).verdict()[0] == 1, (path, bit)
        path.write_bytes(data)
    assert bwv_verify.verify(folder, trust, []).verdict()[0] == 0


def remanifest(folder: Path) -> None:
    """As a forger would: the bag's own manifests made to fit again."""
    import hashlib

    def rows(names: list[Path]) -> str:
        lines = {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
                 for p in names}  # fmt: skip
        return "".join(f"{lines[name]}  {name}\n" for name in sorted(lines))

    files = [path for path in folder.rglob("*") if path.is_file()]
    data = [path for path in files if path.relative_to(folder).parts[0] == "data"]
    (folder / "manifest-sha256.txt").write_text(rows(data))
    tags = [p for p in files if p not in data and p.name != "tagmanifest-sha256.txt"]
    (folder / "tagmanifest-sha256.txt").write_text(rows(tags))


def lines_of(folder: Path) -> list[str]:
    return (folder / "custody/events.jsonl").read_text().splitlines()


def write_lines(folder: Path, lines: list[str]) -> None:
    (folder / "custody/events.jsonl").write_text("".join(f"{line}\n" for line in lines))


def indexes(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in (folder / "custody/proofs").iterdir())


def edited_event(folder: Path) -> str:
    lines = lines_of(folder)
    write_lines(folder, [lines[0].replace('"outcome":"ok"', '"outcome":"no"'), *lines[1:]])
    return f"event {indexes(folder)[0]}"


def first_event_gone(folder: Path) -> str:
    write_lines(folder, lines_of(folder)[1:])
    first, second = indexes(folder)[:2]
    (folder / f"custody/proofs/{first}.tlog-proof").unlink()
    return f"event {second}"


def last_event_gone(folder: Path) -> str:
    lines = lines_of(folder)
    newest = max((folder / "custody/proofs").iterdir(), key=lambda path: int(path.stem))
    write_lines(folder, lines[:-1])
    newest.unlink()
    return "R-"


def events_in_another_order(folder: Path) -> str:
    lines = lines_of(folder)
    write_lines(folder, [lines[1], lines[0], *lines[2:]])
    return f"event {indexes(folder)[0]}"


def other_footage(folder: Path) -> str:
    path = next(path for path in folder.rglob("data/**/*") if path.is_file())
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    return "data/"


def file_gone(folder: Path) -> str:
    next(path for path in folder.rglob("data/**/*") if path.is_file()).unlink()
    return "R-"


def file_more(folder: Path) -> str:
    (folder / "data" / "extra.mp4").write_bytes(b"extra")
    return "data/extra.mp4"


def other_details(folder: Path) -> str:
    path = folder / "custody/private.json"
    private = json.loads(path.read_text())
    first = next(iter(private["openings"].values()))
    first["body"] = first["body"].replace('"', '"x', 1)
    path.write_text(json.dumps(private, indent=1) + "\n")
    return "event "


def no_proof(folder: Path) -> str:
    next((folder / "custody/proofs").iterdir()).unlink()
    return ""


def unlisted(folder: Path) -> str:
    (folder / "readme.txt").write_text("hello")
    return "readme.txt"


@pytest.mark.parametrize(
    "forge",
    [edited_event, first_event_gone, last_event_gone, events_in_another_order, other_footage,
     file_gone, file_more, other_details, no_proof],
)  # fmt: skip
def test_a_forged_package_whose_manifests_fit_is_refuted(
    forge: Any, package: Path, trust: Path
) -> None:
    folder = unpack(package)
    where = forge(folder)
    remanifest(folder)
    code, said = check(folder, "--policy", trust)
    assert code == 1, said
    found = [row["where"] for row in said["findings"] if row["kind"] == "refuted"]
    assert any(where in place for place in found), said["findings"]


def test_a_file_that_nobody_lists_is_refuted(package: Path, trust: Path) -> None:
    folder = unpack(package)
    where = unlisted(folder)
    code, said = check(folder, "--policy", trust)
    assert (code, said["findings"][0]["where"]) == (1, where)


def test_a_package_of_another_log_is_refuted(package: Path, tmp_path: Path) -> None:
    other = tmp_path / "others"
    key = note.SigningKey.from_seed("bwv.localhost/custody", b"\x07" * 32)
    other.write_text(f"log {key.verifier}\nquorum none\n")
    assert check(package, "--policy", other)[0] == 1
    other.write_text("nonsense\n")
    assert check(package, "--policy", other)[0] == 2


def test_what_is_no_package_can_not_be_told(tmp_path: Path, trust: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"not a zip")
    assert check(path, "--policy", trust)[0] == 2
    assert check(tmp_path / "nowhere", "--policy", trust)[0] == 2


def test_a_zip_that_leads_outside_is_refuted(package: Path, trust: Path) -> None:
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr("../../evil", b"x")
    assert check(package, "--policy", trust)[0] in (1, 2)
    with zipfile.ZipFile(package.with_name("y.zip"), "w") as archive:
        archive.writestr("P/bagit.txt", b"BagIt-Version: 1.0\n")
        archive.writestr("P/manifest-sha256.txt", f"{'0' * 64}  data/../../evil\n")
        archive.writestr("P/tagmanifest-sha256.txt", f"{'0' * 64}  manifest-sha256.txt\n")
    assert check(package.with_name("y.zip"), "--policy", trust)[0] == 2


def test_the_second_signature_can_be_checked_with_the_standard_library(
    package: Path, trust: Path, tmp_path: Path
) -> None:
    folder = unpack(package)
    quantum = next(key for key in keys.log_verifiers() if key.kind == 6)
    path = folder / f"custody/proofs/{indexes(folder)[0]}.tlog-proof"
    tool = folder / "bwv_mldsa44.py"
    command = [sys.executable, "-I", "-S", str(tool), str(path), "--vkey", str(quantum)]
    assert subprocess.run(command, capture_output=True).returncode == 0
    lines = path.read_text().splitlines(True)
    path.write_text("".join(lines).replace("bwv.localhost/custody\n", "bwv.localhost/custodx\n", 1))
    assert subprocess.run(command, capture_output=True).returncode == 1


def test_footage_that_is_not_what_the_log_says_is_not_exported(
    recording: Recording, tmp_path: Path
) -> None:
    original = recording.originals.get()
    type(original).objects.filter(pk=original.pk).update(sha256="0" * 64)
    with pytest.raises(exports.ExportError, match="SHA-256"):
        export(recording, tmp_path / "bad.zip")
    assert list(tmp_path.iterdir()) == []
