"""The log's signing keys: files that only their owner can read."""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from evidence.custody.log.note import SigningKey, VerifierKey


class KeyUnusable(RuntimeError):
    """A key is missing, or others can read it."""


def _path(name: str) -> Path:
    return Path(settings.KEYS_DIR) / f"{name}.seed"


def make(name: str) -> bool:
    """Make a key file of a random 32-byte seed where there is none; whether it was made."""
    path = _path(name)
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


@lru_cache(maxsize=4)
def _load(path: Path, key_name: str) -> SigningKey:
    try:
        if path.stat().st_mode & 0o077:
            raise KeyUnusable(f"{path} can be read by others. Run: chmod 600 {path}")
        seed = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise KeyUnusable(
            f"The signing key {path} can't be read ({error}). Run: manage.py custody keys"
        ) from error
    return SigningKey.from_seed(key_name, seed)


def log_key() -> SigningKey:
    """The key that signs checkpoints; its name is the log's origin. Raises KeyUnusable."""
    return _load(_path("log"), settings.CUSTODY_ORIGIN)


def receipt_key() -> SigningKey:
    """The key that signs receipts, which docks pin. Raises KeyUnusable."""
    return _load(_path("receipts"), f"{settings.CUSTODY_ORIGIN}/receipts")


def log_verifier() -> VerifierKey:
    """The public half of `log_key`."""
    return log_key().verifier
