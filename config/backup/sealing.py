"""Files that only a passphrase opens, and in which any change is noticed.

Scrypt makes a key of the passphrase, HKDF one for each file out of that. A file is cut into
frames of 1 MiB, each sealed with ChaCha20-Poly1305 under its number and a mark on the last
one (the STREAM construction), so that frames can't be left out, moved, or cut off at the end.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"BWVSEAL1"
FRAME = 1024 * 1024
TAG = 16
SALT = 16
LAST = 1 << 31
SHORTEST = 12
# 128 MiB and a third of a second: what a guess costs.
COST, MOST_COST = 17, 20


class BackupError(RuntimeError):
    """It can't be backed up or restored as asked. Its sentence says what to do."""


@dataclass(frozen=True)
class Written:
    """A file as it lies there: bytes and SHA-256 (hex)."""

    size: int
    sha256: str


class Output:
    """A file of ours alone, hashed while it is written, on the disk when it is closed."""

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._hash, self._size = hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._file.write(data)
        self._hash.update(data)
        self._size += len(data)

    def close(self) -> None:
        """Have it on the disk."""
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    @property
    def written(self) -> Written:
        """What was written so far."""
        return Written(self._size, self._hash.hexdigest())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()


class SealedOutput(Output):
    """The same, sealed: `close` writes the last frame."""

    def __init__(self, path: Path, cipher: ChaCha20Poly1305, header: bytes) -> None:
        super().__init__(path)
        self._cipher, self._header = cipher, header
        self._waiting, self._number = bytearray(), 0
        super().write(header)

    def write(self, data: bytes) -> None:
        """Add bytes; whole frames leave at once."""
        self._waiting += data
        # One byte stays, so that the last frame is known to be the last.
        while len(self._waiting) > FRAME:
            self._frame(bytes(self._waiting[:FRAME]), last=False)
            del self._waiting[:FRAME]

    def _frame(self, data: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last), data, self._header)
        length = len(sealed) | (LAST if last else 0)
        super().write(length.to_bytes(4, "big") + sealed)
        self._number += 1

    def finish(self) -> None:
        """Write the last frame. A file without one is refused when it is read."""
        self._frame(bytes(self._waiting), last=True)
        self._waiting.clear()


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class Vault:
    """One passphrase and the salt of one backup."""

    def __init__(self, passphrase: str, salt: bytes = b"", cost: int = COST) -> None:
        if not COST <= cost <= MOST_COST:
            raise BackupError(f"The backup asks for a key of cost {cost}: it was changed.")
        self.salt, self.cost = salt or secrets.token_bytes(SALT), cost
        kdf = Scrypt(salt=self.salt, length=32, n=1 << cost, r=8, p=1)
        self._key = kdf.derive(passphrase.encode())

    def _derived(self, what: str, salt: bytes = b"") -> bytes:
        info = b"bwv backup: " + what.encode()
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(self._key)

    @property
    def check(self) -> str:
        """What tells a wrong passphrase from a damaged file."""
        return self._derived("check")[:8].hex()

    def signature(self, data: bytes) -> str:
        """A MAC (hex) that nobody without the passphrase can make."""
        return hmac.new(self._derived("manifest"), data, hashlib.sha256).hexdigest()

    def output(self, path: Path) -> SealedOutput:
        """A new sealed file. Its name is sealed with it: files can't be exchanged."""
        salt = secrets.token_bytes(SALT)
        cipher = ChaCha20Poly1305(self._derived(f"file {path.name}", salt))
        return SealedOutput(path, cipher, MAGIC + salt)

    def read(self, path: Path) -> Iterator[bytes]:
        """The bytes of a sealed file, frame by frame. Raises BackupError at the first bad one."""
        with path.open("rb") as file:
            header = file.read(len(MAGIC) + SALT)
            if len(header) != len(MAGIC) + SALT or not header.startswith(MAGIC):
                raise _damaged(path)
            cipher = ChaCha20Poly1305(self._derived(f"file {path.name}", header[len(MAGIC) :]))
            number = 0
            while True:
                length = int.from_bytes(file.read(4), "big")
                last, length = bool(length & LAST), length & ~LAST
                if not TAG <= length <= FRAME + TAG:
                    raise _damaged(path)
                try:
                    yield cipher.decrypt(_nonce(number, last), file.read(length), header)
                except InvalidTag:
                    raise _damaged(path) from None
                number += 1
                if last:
                    break
            if file.read(1):
                raise _damaged(path)


def _damaged(path: Path) -> BackupError:
    return BackupError(f"{path.name} is damaged or was changed. Use another backup.")


def read_passphrase(path: Path) -> str:
    """The passphrase in a file that only its owner reads: its first line."""
    try:
        if path.stat().st_mode & 0o077:
            raise BackupError(f"{path} can be read by others. Run: chmod 600 {path}")
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"The passphrase can't be read: {error}") from error
    return long_enough(lines[0].strip() if lines else "")


def long_enough(passphrase: str) -> str:
    """The passphrase, when it is one that can't be guessed in an afternoon."""
    if len(passphrase) < SHORTEST:
        raise BackupError(
            f"The passphrase has fewer than {SHORTEST} characters. Take a longer one."
        )
    return passphrase
