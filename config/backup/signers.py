"""The signer's machine: its keys and memory, in a backup of their own.

Restored from one copy, database and memory would agree with each other and hide a loss; and
who holds the log's seeds beside the database can write another history.
"""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from config.backup import contents, manifest, places
from config.backup.sealing import BackupError, Vault
from evidence.custody.log.clock import stamp

KEYS, MEMORY = "keys.sealed", "memory.sealed"
CHUNK = 1024 * 1024


def back_up(*, to: Path, passphrase: str) -> dict[str, Any]:
    """The signer's keys and memory into the new folder `to`; what was written.

    The signer may run meanwhile. Raises BackupError.
    """
    places.refuse(to, manifest.SIGNER)
    folder, state = Path(settings.KEYS_DIR), Path(settings.SIGNER_STATE)
    keys = {path.name: path.read_bytes() for path in sorted(folder.glob("log*")) if path.is_file()}
    if not any(name.endswith(".seed") for name in keys):
        raise BackupError(f"{folder} holds no key of the log. Run this on the signer's machine.")
    if not state.is_file():
        raise BackupError(f"The signer has no memory at {state}. Set BWV_SIGNER_STATE.")
    places.room(to, 2 * state.stat().st_size)
    vault = Vault(passphrase)
    with places.making(to) as part:
        with vault.output(part / KEYS) as file:
            coded = {name: base64.b64encode(data).decode() for name, data in keys.items()}
            file.write(json.dumps(coded).encode())
            file.finish()
        files = {KEYS: file.written}
        # Beside the target, not in /tmp: it may be 90 GB.
        with tempfile.TemporaryDirectory(dir=part) as scratch:
            copy = Path(scratch) / "memory"
            size = _copy(state, copy)
            with vault.output(part / MEMORY) as file, copy.open("rb") as source:
                while data := source.read(CHUNK):
                    file.write(data)
                file.finish()
        files[MEMORY] = file.written
        said = {
            "made": stamp(datetime.now(UTC)), "origin": settings.CUSTODY_ORIGIN,
            "log": {"size": size}, "keys": sorted(keys),
        }  # fmt: skip
        manifest.write(part, vault, manifest.SIGNER, said, files)
    return {"backup": str(to), "events": size, "keys": sorted(keys)}


def _copy(state: Path, to: Path) -> int:
    """A consistent copy of a memory that may be in use; how many events it remembers."""
    with closing(sqlite3.connect(state)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
        row = target.execute("SELECT max(size) FROM signed").fetchone()
        return int(row[0] or 0)


def restore(*, folder: Path, passphrase: str, only_check: bool = False) -> dict[str, Any]:
    """Put the signer's keys and memory back where there are none. Raises BackupError."""
    said, vault = manifest.opened(folder, passphrase, manifest.SIGNER)
    coded = json.loads(b"".join(vault.read(folder / KEYS)))
    keys = {name: base64.b64decode(text) for name, text in coded.items()}
    for _ in vault.read(folder / MEMORY):
        pass
    found = {"backup": str(folder), "made": said["made"], "events": said["log"]["size"],
             "keys": sorted(keys)}  # fmt: skip
    if only_check:
        return found
    if said["origin"] != settings.CUSTODY_ORIGIN:
        raise BackupError(f"These are keys of the log {said['origin']}. Set BWV_ORIGIN to it.")
    state = Path(settings.SIGNER_STATE)
    if state.exists():
        raise BackupError(f"The signer has a memory already: {state}. It is never overwritten.")
    contents.refuse_other_keys(keys)
    made = contents.write_keys(keys)
    _write_memory(vault, folder / MEMORY, state)
    steps = ["manage.py custody checkpoint: the signer reads on from what it remembers"]
    return found | {"keys_written": made, "next": steps}


def _write_memory(vault: Vault, source: Path, state: Path) -> None:
    state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = state.with_name(f"{state.name}.restoring")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for data in vault.read(source):
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    state.hardlink_to(draft)
    draft.unlink()
    manifest.sync(state.parent)
