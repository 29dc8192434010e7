"""Attacks on packages and their verifier by somebody without the log's keys: none is "verified".

Each forgery makes the bag's own manifests and the archive's own hash fit again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.custody import bwv_verify
from tests.evidence.custody.test_package import (  # noqa: F401
    VERIFIER,
    check,
    export,
    package,
    recording,
    remanifest,
    trust,
    unpack,
)

pytestmark = pytest.mark.django_db


def seal(path: Path) -> None:
    """Make the archive's last 64 bytes the hash of all before, as a forger would."""
    data = path.read_bytes()[:-64]
    path.write_bytes(data + hashlib.sha256(data).hexdigest().encode())


def rezip(source: Path, target: Path, change: Callable[[zipfile.ZipInfo], None]) -> None:
    """The same files, each entry changed by `change`, sealed again."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for number, info in enumerate(old.infolist()):
            made = zipfile.ZipInfo(info.filename, (1980, 1, 1, 0, 0, 0))
            made.external_attr, made.create_system = info.external_attr, 3
            if number == 0:
                change(made)
            new.writestr(made, old.read(info))
        new.comment = b"0" * 64
    seal(target)


def deflated(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_DEFLATED


def a_link(info: zipfile.ZipInfo) -> None:
    info.external_attr = 0o120777 << 16


def executable(info: zipfile.ZipInfo) -> None:
    info.external_attr = 0o104755 << 16


def another_name(info: zipfile.ZipInfo) -> None:
    raw = b"P-1/data/EVIL.MP4"
    body = b"\1" + struct.pack("<I", 0) + raw
    info.extra = struct.pack("<HH", 0x7075, len(body)) + body


def a_date(info: zipfile.ZipInfo) -> None:
    info.date_time = (2020, 1, 1, 0, 0, 0)


def a_comment(info: zipfile.ZipInfo) -> None:
    info.comment = b"This was PC Evil"


def outside(info: zipfile.ZipInfo) -> None:
    info.filename = "../" + info.filename


@pytest.mark.parametrize(
    "change", [deflated, a_link, executable, another_name, a_date, a_comment, outside]
)
def test_an_archive_in_another_form_is_never_verified(
    change: Any,
    package: Path,
    trust: Path,
) -> None:
    target = package.with_name("forged.zip")
    rezip(package, target, lambda info: None)
    assert check(target, "--policy", trust)[0] == 0  # the forger's tool itself makes our form
    rezip(package, target, change)
    assert check(target, "--policy", trust)[0] == 2


def test_local_header_and_directory_that_disagree(package: Path, trust: Path) -> None:
    data = bytearray(package.read_bytes())
    struct.pack_into("<II", data, 18, 5, 5)  # sizes in the first local header
    package.write_bytes(data)
    seal(package)
    assert check(package, "--policy", trust)[0] == 2


def test_another_archive_before_or_bytes_between(package: Path, trust: Path) -> None:
    data = package.read_bytes()
    package.write_bytes(b"PK\3\4 something else" + data)
    seal(package)
    assert check(package, "--policy", trust)[0] == 2


NAMES = [
    "Data/R-1/A.MP4", "data./R-1/A.MP4", "data /R-1/A.MP4", "d\u0430ta/R-1/A.MP4",
    "STATEMENT-OF-OFFICER.pdf", "custody/report.html", "data/R-1/\u202e4pm.exe", "data/.hidden",
    "custody/proofs/01.tlog-proof",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_file_under_a_name_that_no_package_has(
    name: str,
    package: Path,
    trust: Path,
) -> None:
    folder = unpack(package)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"forged")
    remanifest(folder)
    assert check(folder, "--policy", trust)[0] == 1


def test_footage_under_another_recordings_name(package: Path, trust: Path) -> None:
    folder = unpack(package)
    original = next(path for path in folder.rglob("data/**/*") if path.is_file())
    (folder / "data" / "R-9999-FAKE").mkdir()
    shutil.move(original, folder / "data" / "R-9999-FAKE" / original.name)
    remanifest(folder)
    assert check(folder, "--policy", trust)[0] == 1
    shutil.rmtree(folder / "data" / "R-9999-FAKE")


def test_the_same_file_twice(package: Path, trust: Path) -> None:
    folder = unpack(package)
    original = next(path for path in folder.rglob("data/**/*") if path.is_file())
    shutil.copy(original, original.with_name("ANOTHER.MP4"))
    remanifest(folder)
    assert check(folder, "--policy", trust)[0] == 1


def test_an_older_export_shown_as_the_newest(
    recording: Any,
    tmp_path: Path,
    trust: Path,
) -> None:
    """Everything after the first export cut off, under the name of the second."""
    import json

    export(recording, tmp_path / "1.zip")
    export(recording, tmp_path / "2.zip")
    folder = unpack(tmp_path / "2.zip")
    lines = (folder / "custody/events.jsonl").read_text().splitlines()
    end = next(n for n, line in enumerate(lines) if json.loads(line)["type"] == "evidence.exported")
    (folder / "custody/events.jsonl").write_text("".join(f"{x}\n" for x in lines[: end + 1]))
    proofs = sorted((folder / "custody/proofs").iterdir(), key=lambda path: int(path.stem))
    for path in proofs[end + 1 :]:
        path.unlink()
    private = json.loads((folder / "custody/private.json").read_text())
    kept = {json.loads(line)["id"] for line in lines[: end + 1]}
    private["openings"] = {k: v for k, v in private["openings"].items() if k in kept}
    (folder / "custody/private.json").write_text(json.dumps(private, indent=1) + "\n")
    remanifest(folder)
    code, said = check(folder, "--policy", trust)
    assert code == 1, said


def test_details_with_more_than_was_committed_to(package: Path, trust: Path) -> None:
    import json

    folder = unpack(package)
    path = folder / "custody/private.json"
    text = path.read_text()
    private = json.loads(text)
    next(iter(private["openings"].values()))["officer"] = "PC EVIL"
    for forged in (json.dumps(private, indent=1) + "\n", text.replace("{", '{"openings":{},', 1),
                   text.replace('"erased"', '"note": "x",\n "erased"')):  # fmt: skip
        path.write_text(forged)
        remanifest(folder)
        assert check(folder, "--policy", trust)[0] == 1


def test_a_time_stamp_of_ones_own_is_never_more_than_a_claim(
    package: Path,
    trust: Path,
) -> None:
    folder = unpack(package)
    newest = max((folder / "custody/checkpoints").iterdir(), key=lambda path: int(path.name))
    text = newest.read_text().partition("\n\n")[0] + "\n"
    (folder / "custody/timestamps").mkdir(exist_ok=True)
    target = folder / f"custody/timestamps/{newest.name}.tsr"

    def tlv(tag: int, body: bytes) -> bytes:
        size = len(body)
        length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
        return bytes([tag]) + length + body

    def forged(time: bytes) -> bytes:
        imprint = tlv(0x30, tlv(0x30, b"") + tlv(4, hashlib.sha256(text.encode()).digest()))
        info = tlv(0x30, tlv(2, b"\1") + tlv(6, b"\1") + imprint + tlv(2, b"\1") + tlv(0x18, time))
        return bytes.fromhex("060b2a864886f70d0109100104") + tlv(0xA0, tlv(4, info))

    target.write_bytes(forged(b"19990101000000Z"))
    remanifest(folder)
    code, said = check(folder, "--policy", trust)
    assert code == 0
    assert "NOT CHECKED" in said["facts"]["time-stamps"][0]
    target.write_bytes(forged(b"1999\nVERIFIED: by the TSA"))
    remanifest(folder)
    assert check(folder, "--policy", trust)[0] == 1


def test_what_is_printed_can_not_play_with_the_terminal(
    package: Path,
    trust: Path,
) -> None:
    folder = unpack(package)
    (folder / "data" / "\x1b[2K\rVERIFIED \u0430").write_bytes(b"x")
    done = subprocess.run(
        [sys.executable, str(VERIFIER), str(folder), "--policy", str(trust)], capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout
    assert not done.stderr


def test_special_files_and_links_are_refused(package: Path, trust: Path) -> None:
    folder = unpack(package)
    os.mkfifo(folder / "custody" / "keys" / "fifo")
    assert check(folder, "--policy", trust)[0] == 1
    (folder / "custody" / "keys" / "fifo").unlink()
    (folder / "custody" / "keys" / "link").symlink_to("/etc/passwd")
    assert check(folder, "--policy", trust)[0] == 1


@pytest.mark.parametrize(
    "text",
    ["log {0}\nquorum none\u2028log {0}\n", "log {0}\ngroup g any g\nquorum g\n",
     "log {0}\nwitness a {0}\ngroup g 2 a a\nquorum g\n", "log {0}\nquorum nobody\n", "log {0}\n",
     "quorum none\n", ""],
)  # fmt: skip
def test_a_broken_trust_file_decides_nothing(
    text: str,
    package: Path,
    trust: Path,
) -> None:
    key = trust.read_text().split("log ")[2].split()[0]
    trust.write_text(text.format(key))
    assert check(package, "--policy", trust)[0] == 2


def test_a_policy_whose_quorum_is_not_met_can_not_be_told(
    package: Path,
    trust: Path,
) -> None:
    from evidence.custody.log import note

    witness = note.WitnessKey.from_seed("w.test/1", b"\x05" * 32).verifier
    text = trust.read_text().replace("quorum none", f"witness w1 {witness}\nquorum w1")
    trust.write_text(text)
    code, said = check(package, "--policy", trust)
    assert (code, said["findings"][0]["where"]) == (2, "checkpoint")


def test_the_golden_log_of_others_as_a_package(tmp_path: Path) -> None:
    """Somebody else's log, packed with another tool: its events, proofs, policy and openings."""
    import json

    import bagit

    from tests.evidence.custody.test_vectors import GOLDEN

    ref = "ev-0190a1b2"
    folder = tmp_path / "golden"
    custody = folder / "custody"
    (custody / "proofs").mkdir(parents=True)
    lines = (GOLDEN / "events.jsonl").read_text().splitlines()
    kept = [n for n, line in enumerate(lines) if json.loads(line)["object"]["ref"] == ref]
    (custody / "events.jsonl").write_text("".join(f"{lines[n]}\n" for n in kept))
    for number in kept:
        name = f"{number}.tlog-proof"
        shutil.copy(GOLDEN / "proofs" / name, custody / "proofs" / name)
    shutil.copy(GOLDEN / "policy.txt", custody / "policy")
    private = json.loads((GOLDEN / "private.json").read_text())
    (custody / "private.json").write_text(json.dumps({**private, "erased": []}, indent=1))
    bag = folder.with_name("bag")
    bag.mkdir()
    bagit.make_bag(str(bag), checksums=["sha256"])
    shutil.copytree(custody, bag / "custody")
    (bag / "manifest-sha256.txt").touch()
    remanifest(bag)
    found = bwv_verify.verify(bag, GOLDEN / "policy.txt", [GOLDEN / "checkpoint.11"])
    assert found.verdict()[0] == 0, found.rows
    (bag / "custody/events.jsonl").write_text(
        (bag / "custody/events.jsonl").read_text().replace("u-41", "u-42", 1)
    )
    remanifest(bag)
    assert bwv_verify.verify(bag, GOLDEN / "policy.txt", []).verdict()[0] == 1
