"""The log's keys as files: seeds that only the signer reads, and the public keyring.

`log.keyring` is JSON and public: one entry a generation of keys, with its verifier keys
(Ed25519 and ML-DSA-44) and the tree sizes that they may sign. The seeds lie beside it,
readable by their owner alone: `log.seed` and `log-mldsa.seed`, `log-2.seed` … after a
rotation. During a rotation both generations sign; a generation that ended signs no more,
and its private half is destroyed.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from .keys import QuantumKey, Signer, SigningKey, VerifierKey

KEYRING = "log.keyring"


class KeyUnusable(RuntimeError):
    """A key is missing, or others can read it. Its sentence says what to do."""


@dataclass(frozen=True)
class Generation:
    """The keys of one period: they may sign trees of `start` to `end` events (None: open)."""

    serial: int
    start: int
    end: int | None
    keys: tuple[str, ...]

    @property
    def verifiers(self) -> list[VerifierKey]:
        """Its verifier keys."""
        return [VerifierKey.parse(text) for text in self.keys]


def write_seed(path: Path) -> bool:
    """Make a file of a random 32-byte seed where there is none; whether it was made."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_bytes(32).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return True


def read_seed(path: Path) -> bytes:
    """A seed of 32 bytes. Raises KeyUnusable when it is missing or others may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyUnusable(f"{path} can be read by others. Run: chmod 600 {path}")
        seed = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise KeyUnusable(
            f"The signing key {path} can't be read ({error}). Run: manage.py custody keys"
        ) from error
    if len(seed) != 32:
        raise KeyUnusable(f"The signing key {path} is not a seed of 32 bytes.")
    return seed


def _seeds(folder: Path, serial: int) -> tuple[Path, Path]:
    name = "log" if serial == 1 else f"log-{serial}"
    return folder / f"{name}.seed", folder / f"{name}-mldsa.seed"


def _generation_keys(folder: Path, origin: str, serial: int) -> list[Signer]:
    plain, quantum = _seeds(folder, serial)
    return [
        SigningKey.from_seed(origin, read_seed(plain)),
        QuantumKey.from_seed(origin, read_seed(quantum)),
    ]


def load(path: Path) -> list[Generation]:
    """The generations of a keyring file, oldest first. Raises KeyUnusable."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        found = [
            Generation(row["serial"], row["start"], row["end"], tuple(row["keys"])) for row in rows
        ]
        for generation in found:
            _ = generation.verifiers
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeyUnusable(
            f"The log's public keys {path} can't be read ({error}). Run: manage.py custody keys"
        ) from error
    if not found:
        raise KeyUnusable(f"{path} names no key.")
    return found


def _save(path: Path, generations: Sequence[Generation]) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(json.dumps([asdict(row) for row in generations], indent=1) + "\n")
    with draft.open() as file:
        os.fsync(file.fileno())
    draft.chmod(0o644)
    draft.replace(path)


def _made(folder: Path, origin: str, serial: int, start: int) -> Generation:
    for path in _seeds(folder, serial):
        write_seed(path)
    keys = tuple(str(key.verifier) for key in _generation_keys(folder, origin, serial))
    return Generation(serial, start, None, keys)


def make(folder: Path, origin: str) -> bool:
    """Make the first generation's seeds and keyring where they are missing; whether it did."""
    path = folder / KEYRING
    if path.exists():
        return False
    _save(path, [_made(folder, origin, 1, 0)])
    return True


def signing_keys(folder: Path, origin: str) -> list[Signer]:
    """The keys that sign now: those of every generation that has not ended. Raises KeyUnusable."""
    found: list[Signer] = []
    for generation in load(folder / KEYRING):
        if generation.end is None:
            keys = _generation_keys(folder, origin, generation.serial)
            if tuple(str(key.verifier) for key in keys) != generation.keys:
                raise KeyUnusable(f"{folder / KEYRING} names other keys than the seeds beside it.")
            found += keys
    return found


def begin_rotation(folder: Path, origin: str, size: int) -> Generation:
    """Make the next generation, which signs trees of more than `size`. Raises KeyUnusable."""
    path = folder / KEYRING
    known = load(path)
    if sum(row.end is None for row in known) > 1:
        raise KeyUnusable("A rotation is under way already. Finish it first.")
    made = _made(folder, origin, known[-1].serial + 1, size)
    _save(path, [*known, made])
    return made


def finish_rotation(folder: Path, size: int) -> Generation:
    """End the oldest open generation at `size` and destroy its seeds; that generation.

    Raises KeyUnusable when no rotation is under way. Overwriting does not reach copies:
    backups of the seeds have to be destroyed by those who keep them.
    """
    path = folder / KEYRING
    known = load(path)
    open_ = [row for row in known if row.end is None]
    if len(open_) < 2:
        raise KeyUnusable("No rotation is under way. Begin one: manage.py custody rotate begin")
    ended = replace(open_[0], end=size)
    _save(path, [ended if row.serial == ended.serial else row for row in known])
    destroy_seeds(folder, ended.serial)
    return ended


def destroy_seeds(folder: Path, serial: int) -> None:
    """Overwrite and delete the seeds of a generation, those that are still there."""
    for seed in _seeds(folder, serial):
        if seed.exists():
            with seed.open("r+b") as file:
                file.write(b"0" * 64)
                file.flush()
                os.fsync(file.fileno())
            seed.unlink()
