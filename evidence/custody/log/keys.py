"""Keys of signed notes: how they are named, written down, sign and verify.

Three kinds (C2SP signed-note and tlog-cosignature, July 2026): Ed25519 over the note's
text (0x01), the timestamped Ed25519 cosignature of a witness (0x04), and the timestamped
ML-DSA-44 cosignature (0x06), which a log writes beside its Ed25519 line so that the note
still means something when Ed25519 no longer does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from .checkpoint import Checkpoint, CheckpointError

ED25519 = 0x01
COSIGNATURE_ED25519 = 0x04
COSIGNATURE_MLDSA44 = 0x06
DASH = "\u2014 "
NAME = re.compile(r"[^\s+]+")
_ED25519_SIZE, _MLDSA44_SIZE = 64, 2420  # bytes of a signature
_PUBLIC_SIZE = {ED25519: 32, COSIGNATURE_ED25519: 32, COSIGNATURE_MLDSA44: 1312}


class NoteError(ValueError):
    """The note is malformed, unsigned by a known key, or wrongly signed by one."""


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """SHA-256(name || LF || type || public key), its first four bytes (signed-note v1)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def check_name(name: str) -> str:
    """The name itself. Raises NoteError for one that can't be a key's (signed-note v1)."""
    if not NAME.fullmatch(name):
        raise NoteError(f"{name!r} is no key name: not empty, no space, no plus sign")
    return name


def cosignature_message(text: str, moment: int) -> bytes:
    """What a 0x04 cosignature of POSIX time `moment` signs (tlog-cosignature v1)."""
    return f"cosignature/v1\ntime {moment}\n{text}".encode()


def subtree_message(
    name: str, moment: int, origin: str, start: int, end: int, root: bytes
) -> bytes:
    """What a 0x06 cosignature signs over the subtree [start, end) of a log (tlog-cosignature).

    `start` is 0 for a checkpoint, `moment` POSIX seconds. Raises NoteError when a name is
    too long for its length byte.
    """
    name_, origin_ = name.encode(), origin.encode()
    if len(name_) > 255 or len(origin_) > 255:
        raise NoteError("a name is longer than 255 bytes")
    return (
        b"subtree/v1\n\0" + bytes([len(name_)]) + name_ + moment.to_bytes(8, "big")
        + bytes([len(origin_)]) + origin_ + start.to_bytes(8, "big") + end.to_bytes(8, "big") + root
    )  # fmt: skip


@dataclass(frozen=True)
class VerifierKey:
    """A public key with its name: `name+hex(key id)+base64(type || key)` (signed-note v1)."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The key id, four bytes."""
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        blob = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{blob}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read a verifier key.

        Raises NoteError when it is malformed, its id is not its own, or it is of a kind
        that this program can't check.
        """
        try:
            name, identifier, blob = text.strip().split("+", 2)
            raw = base64.b64decode(blob, validate=True)
            wanted = bytes.fromhex(identifier)
        except (ValueError, binascii.Error):
            raise NoteError("not a verifier key (name+hex+base64)") from None
        if len(raw) < 2 or len(identifier) != 8 or base64.b64encode(raw).decode() != blob:
            raise NoteError("not a verifier key (name+hex+base64)")
        key = cls(check_name(name), raw[0], raw[1:])
        if key.id != wanted:
            raise NoteError(f"the id of the key {name} is not the one of its bytes")
        if raw[0] not in _PUBLIC_SIZE:
            raise NoteError(f"{name}: keys of type {raw[0]:#04x} can't be checked here")
        if len(key.public) != _PUBLIC_SIZE[raw[0]]:
            raise NoteError(f"the key {name} has a wrong length")
        return key

    def accepts(self, text: str, signature: bytes) -> bool:
        """Whether `signature` (without the key id) is this key's over the note text `text`."""
        if self.kind == ED25519:
            return self._ed25519(text.encode(), signature)
        if self.kind == COSIGNATURE_ED25519:
            if len(signature) != 8 + _ED25519_SIZE:
                return False
            moment = int.from_bytes(signature[:8], "big")
            return self._ed25519(cosignature_message(text, moment), signature[8:])
        return self.kind == COSIGNATURE_MLDSA44 and self._accepts_tree(text, signature)

    def accepts_subtree(
        self, origin: str, start: int, end: int, root: bytes, signature: bytes
    ) -> bool:
        """Whether a 0x06 signature (without the key id) covers this subtree of a log."""
        if len(signature) != 8 + _MLDSA44_SIZE:
            return False
        moment = int.from_bytes(signature[:8], "big")
        try:
            message = subtree_message(self.name, moment, origin, start, end, root)
            MLDSA44PublicKey.from_public_bytes(self.public).verify(signature[8:], message)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True

    def _accepts_tree(self, text: str, signature: bytes) -> bool:
        try:
            tree = Checkpoint.parse(text)
        except CheckpointError:
            return False
        return self.accepts_subtree(tree.origin, 0, tree.size, tree.root, signature)

    def _ed25519(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer(Protocol):
    """Anything that can put its line under a note."""

    @property
    def name(self) -> str:
        """The key's name."""

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""

    def sign(self, text: str) -> str:
        """One signature line over `text`."""


def _line(key: VerifierKey, signature: bytes) -> str:
    return f"{DASH}{key.name} {base64.b64encode(key.id + signature).decode()}\n"


def _now() -> int:
    return int(time.time())


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 private key with its name. Never printed, never logged."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> Self:
        """The key of a 32-byte seed (RFC 8032 section 5.1.5)."""
        return cls(check_name(name), Ed25519PrivateKey.from_private_bytes(seed))

    def _public(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, ED25519, self._public())

    def sign(self, text: str) -> str:
        """One 0x01 signature line over `text` (signed-note v1)."""
        return _line(self.verifier, self.private.sign(text.encode()))


@dataclass(frozen=True)
class WitnessKey(SigningKey):
    """A witness's Ed25519 key: its lines say when they were made (tlog-cosignature v1)."""

    clock: Callable[[], int] = field(default=_now, repr=False)

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, COSIGNATURE_ED25519, self._public())

    def sign(self, text: str) -> str:
        """One 0x04 signature line over `text` (tlog-cosignature v1)."""
        moment = self.clock()
        signature = self.private.sign(cosignature_message(text, moment))
        return _line(self.verifier, moment.to_bytes(8, "big") + signature)


@dataclass(frozen=True)
class QuantumKey:
    """A log's ML-DSA-44 key (FIPS 204), for the decades after Ed25519."""

    name: str
    private: MLDSA44PrivateKey = field(repr=False)
    clock: Callable[[], int] = field(default=_now, repr=False)

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> QuantumKey:
        """The key of a 32-byte seed (FIPS 204 algorithm 6)."""
        return cls(check_name(name), MLDSA44PrivateKey.from_seed_bytes(seed))

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        public = self.private.public_key().public_bytes_raw()
        return VerifierKey(self.name, COSIGNATURE_MLDSA44, public)

    def sign(self, text: str) -> str:
        """One 0x06 signature line over a checkpoint. Raises CheckpointError for other text."""
        tree, moment = Checkpoint.parse(text), self.clock()
        message = subtree_message(self.name, moment, tree.origin, 0, tree.size, tree.root)
        return _line(self.verifier, moment.to_bytes(8, "big") + self.private.sign(message))
