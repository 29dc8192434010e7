"""Where this system finds keys: the log's public ones, and the key that signs receipts."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from evidence.custody.log import keyring
from evidence.custody.log.keyring import Generation, KeyUnusable
from evidence.custody.log.note import SigningKey, VerifierKey

__all__ = ["KeyUnusable", "generations", "log_verifiers", "make", "policy", "receipt_key"]


def make() -> dict[str, bool]:
    """Make the keys that are missing in BWV_KEYS; which of them were made."""
    folder = Path(settings.KEYS_DIR)
    return {
        "receipts": keyring.write_seed(folder / "receipts.seed"),
        "log": keyring.make(folder, settings.CUSTODY_ORIGIN),
    }


@lru_cache(maxsize=4)
def _receipts(path: Path, name: str) -> SigningKey:
    return SigningKey.from_seed(name, keyring.read_seed(path))


def receipt_key() -> SigningKey:
    """The key that signs receipts, which docks pin. Raises KeyUnusable."""
    path = Path(settings.KEYS_DIR) / "receipts.seed"
    return _receipts(path, f"{settings.CUSTODY_ORIGIN}/receipts")


@lru_cache(maxsize=8)
def _load(path: Path, changed: int) -> tuple[Generation, ...]:
    return tuple(keyring.load(path))


def generations() -> tuple[Generation, ...]:
    """The log's public keys, generation by generation. Raises KeyUnusable."""
    path = Path(settings.KEYRING)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        changed = 0
    return _load(path, changed)


def log_verifiers() -> list[VerifierKey]:
    """Every key that has ever signed this log. Raises KeyUnusable."""
    return [key for generation in generations() for key in generation.verifiers]


def policy() -> str:
    """The trust file (C2SP tlog-policy) that a recipient should be given by another way."""
    lines = ["# Whom to trust for this custody log. Compare it with a copy from another source."]
    for generation in generations():
        for key in generation.verifiers:
            end = "-" if generation.end is None else generation.end
            lines += [f"# range {key.id.hex()} {generation.start} {end}", f"log {key}"]
    names = []
    for number, (witness, url) in enumerate(settings.WITNESSES, 1):
        names.append(f"w{number}")
        lines.append(f"witness w{number} {witness} {url}")
    if len(names) > 1:
        lines.append(f"group witnesses any {' '.join(names)}")
    quorum = "none" if not names else "witnesses" if len(names) > 1 else names[0]
    return "\n".join([*lines, f"quorum {quorum}"]) + "\n"
