"""MANIFEST.json: what a backup holds. Written last; a folder without one is no backup."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any

from config.backup.sealing import BackupError, Output, Vault, Written

NAME = "MANIFEST.json"
FORMAT, VERSION = "bwv-backup", 1
DATABASE, SIGNER = "database", "signer"
Manifest = dict[str, Any]


def _canonical(said: Manifest) -> bytes:
    kept = {name: value for name, value in said.items() if name != "seal"}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def write(folder: Path, vault: Vault, kind: str, said: Manifest, files: dict[str, Written]) -> None:
    """Sign what the backup holds and write it down, the last of all files."""
    whole: Manifest = {
        "format": FORMAT, "version": VERSION, "kind": kind, **said,
        "files": {name: {"size": one.size, "sha256": one.sha256} for name, one in files.items()},
        "kdf": {"name": "scrypt", "salt": vault.salt.hex(), "cost": vault.cost},
        "check": vault.check,
    }  # fmt: skip
    whole["seal"] = vault.signature(_canonical(whole))
    with Output(folder / NAME) as file:
        file.write(json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False).encode())
    sync(folder)


def sync(folder: Path) -> None:
    """Have a folder's names on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def kind_of(folder: Path) -> str:
    """`database` or `signer`, or empty where there is no backup. Believes what it reads."""
    try:
        said = json.loads((folder / NAME).read_bytes())
        return str(said["kind"]) if said["format"] == FORMAT else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def opened(folder: Path, passphrase: str, kind: str) -> tuple[Manifest, Vault]:
    """The manifest of a whole, unchanged backup, every file of which was read.

    Raises BackupError with a sentence for the first thing that is wrong.
    """
    said = _read(folder)
    if said["kind"] != kind:
        raise BackupError(
            f"{folder} is a backup of the {said['kind']}. "
            + ("Add --signer." if kind == DATABASE else "Leave out --signer.")
        )
    _files(folder, said["files"])
    vault = Vault(passphrase, bytes.fromhex(said["kdf"]["salt"]), said["kdf"]["cost"])
    if not hmac.compare_digest(vault.check, str(said["check"])):
        raise BackupError(
            "The passphrase is not the one that this backup was made with. Nothing was touched."
        )
    if not hmac.compare_digest(vault.signature(_canonical(said)), str(said["seal"])):
        raise BackupError(f"{NAME} was changed after the backup was made. Use another backup.")
    return said, vault


def _read(folder: Path) -> Manifest:
    if not folder.is_dir():
        raise BackupError(f"There is no folder {folder}.")
    try:
        said = json.loads((folder / NAME).read_bytes())
    except FileNotFoundError:
        raise BackupError(
            f"{folder} has no {NAME}: it is no backup, or one that was not finished."
        ) from None
    except (OSError, ValueError) as error:
        raise BackupError(f"{NAME} can't be read ({error}). Use another backup.") from error
    shape = {"format": str, "version": int, "kind": str, "files": dict, "kdf": dict,
             "check": str, "seal": str}  # fmt: skip
    fits = isinstance(said, dict) and all(isinstance(said.get(name), shape[name]) for name in shape)
    if not fits or said["format"] != FORMAT or not _fits(said["kdf"], said["files"]):
        raise BackupError(f"{NAME} is not one of a backup of this system. Use another backup.")
    if said["version"] > VERSION:
        raise BackupError(
            f"This backup was made by a newer version of this system (format {said['version']}). "
            "Install that version first."
        )
    return dict(said)


def _fits(kdf: Any, files: Any) -> bool:
    try:
        bytes.fromhex(kdf["salt"])
        return isinstance(kdf["cost"], int) and all(
            isinstance(one["size"], int) and isinstance(one["sha256"], str) and "/" not in name
            for name, one in files.items()
        )
    except (KeyError, TypeError, ValueError):
        return False


def _files(folder: Path, files: dict[str, Any]) -> None:
    """Every file that is named is there as it was, and no other."""
    there = {path.name for path in folder.iterdir()} - {NAME}
    for name in sorted(there - set(files)):
        raise BackupError(f"{name} does not belong to this backup. Move it away.")
    for name in sorted(set(files) - there):
        raise BackupError(f"{name} is missing. Use another backup.")
    for name, said in files.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            raise BackupError(f"{name} is not a file. Use another backup.")
        if path.stat().st_size != said["size"]:
            raise BackupError(
                f"{name} has {path.stat().st_size} bytes and should have {said['size']}. "
                "Use another backup."
            )
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != said["sha256"]:
            raise BackupError(f"{name} was changed or is damaged. Use another backup.")
