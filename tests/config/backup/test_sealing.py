"""The seal, the place of a backup, and the programs: each part by itself."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from config.backup import asking, places, programs, sealing, signers
from config.backup.manifest import DATABASE
from config.backup.sealing import FRAME, BackupError, Vault
from config.management.commands.restore import _pair

PASSPHRASE = "correct horse battery staple"


@pytest.fixture(scope="module")
def vault() -> Vault:
    return Vault(PASSPHRASE)


def sealed(vault: Vault, path: Path, data: bytes) -> Path:
    with vault.output(path) as file:
        for start in range(0, len(data), 700_000):
            file.write(data[start : start + 700_000])
        file.finish()
    return path


@pytest.mark.parametrize("size", [0, 1, FRAME, FRAME + 1, 3 * FRAME])
def test_what_is_sealed_is_read_back(vault: Vault, tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    path = sealed(vault, tmp_path / "x", data[:size])
    assert b"".join(vault.read(path)) == data[:size]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("harm", ["cut a byte", "cut a frame", "ended early", "no end", "more", "exchanged",
                                  "flipped", "renamed", "empty"])  # fmt: skip
def test_any_change_is_noticed(vault: Vault, tmp_path: Path, harm: str) -> None:
    path = sealed(vault, tmp_path / "x", b"a" * (3 * FRAME))
    data = path.read_bytes()
    head, frame = 24, FRAME + 16 + 4
    frames = [data[head + at * frame : head + (at + 1) * frame] for at in range(3)]
    assert head + 3 * frame == len(data)
    path.write_bytes({
        "cut a byte": data[:-1],
        "cut a frame": data[: head + 2 * frame],
        "ended early": data[: head + frame] + bytes([frames[1][0] | 0x80]) + frames[1][1:],
        "no end": data[: head + 2 * frame] + frames[1],
        "more": data + b"x",
        "exchanged": data[:head] + frames[1] + frames[0] + frames[2],
        "flipped": data[:40] + bytes([data[40] ^ 1]) + data[41:],
        "renamed": data,
        "empty": b"",
    }[harm])  # fmt: skip
    if harm == "renamed":
        path = path.rename(tmp_path / "y")
    with pytest.raises(BackupError, match="is damaged or was changed"):
        list(vault.read(path))


def test_another_passphrase_opens_nothing(vault: Vault, tmp_path: Path) -> None:
    path = sealed(vault, tmp_path / "x", b"a")
    other = Vault(PASSPHRASE + "!", vault.salt)
    assert other.check != vault.check
    with pytest.raises(BackupError):
        list(other.read(path))


def test_a_cheap_key_is_refused() -> None:
    with pytest.raises(BackupError, match="it was changed"):
        Vault(PASSPHRASE, b"0" * 16, 4)


def test_a_passphrase_is_read_from_a_file_of_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    path.chmod(0o644)
    with pytest.raises(BackupError, match="chmod 600"):
        sealing.read_passphrase(path)
    path.chmod(0o600)
    assert asking.passphrase(path, twice=True) == PASSPHRASE
    path.write_text("short")
    with pytest.raises(BackupError, match="fewer than 12 characters"):
        sealing.read_passphrase(path)


def test_a_full_disk_is_noticed_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(100, 100, 70 * 2**20))
    places.room(tmp_path / "x", 2**20)
    with pytest.raises(BackupError, match="Make room or name another folder"):
        places.room(tmp_path / "x", 20 * 2**20)


def test_what_fails_leaves_nothing_and_two_at_once_are_refused(tmp_path: Path) -> None:
    to = tmp_path / "x"
    with pytest.raises(ZeroDivisionError), places.making(to) as part:
        (part / "file").touch()
        with pytest.raises(BackupError, match="Another backup is being written"):
            places.making(to).__enter__()
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "x.part").mkdir()
    (tmp_path / "x.part" / "mine").touch()
    with pytest.raises(BackupError, match="is not ours"):
        places.making(to).__enter__()
    assert (tmp_path / "x.part" / "mine").exists()


def test_a_place_is_a_new_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    for name, sentence in (("file", "is not a folder"), ("link", "is not a folder"),
                           ("no/where", "Make it first")):  # fmt: skip
        with pytest.raises(BackupError, match=sentence):
            places.refuse(tmp_path / name, DATABASE)


def test_programs_older_than_the_server_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = {Path("/a"): 14, Path("/b"): 18, Path("/c"): 16, Path("/d"): 0}
    monkeypatch.setattr(programs, "_folders", lambda: iter(folders))
    monkeypatch.setattr(programs, "_version", lambda path: folders[path])
    for server, found in ((14, "/a"), (15, "/c"), (16, "/c"), (17, "/b")):
        monkeypatch.setattr(programs, "server_version", lambda server=server: server)
        assert programs.folder() == Path(found)
    monkeypatch.setattr(programs, "server_version", lambda: 19)
    with pytest.raises(BackupError, match=r"pg_dump here is only 18\. Install the client"):
        programs.folder()
    folders.clear()
    with pytest.raises(BackupError, match="is missing"):
        programs.folder()


def test_a_signers_backup_needs_a_signer(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR = tmp_path / "none"
    with pytest.raises(BackupError, match="Run this on the signer's machine"):
        signers.back_up(to=tmp_path / "x", passphrase=PASSPHRASE)


def test_a_role_is_written_old_and_new() -> None:
    assert _pair("bwv_app=app") == ("bwv_app", "app")
    with pytest.raises(BackupError, match="OLD=NEW"):
        _pair("bwv_app")
