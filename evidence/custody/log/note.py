"""C2SP signed notes (signed-note v1) with Ed25519 keys: signing, and what a reader must refuse."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE_ED25519 = 0x04
MAX_SIGNATURES = 100
_DASH = "\u2014 "
_NAME = re.compile(r"[^\s+]+")


class NoteError(ValueError):
    """The note is malformed, unsigned by a known key, or wrongly signed by one."""


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """SHA-256(name || LF || type || public key), its first four bytes (signed-note v1)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise NoteError(f"{name!r} is no key name: not empty, no space, no plus sign")
    return name


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
        """Read a verifier key. Raises NoteError when it is malformed or its id is not its own."""
        try:
            name, identifier, blob = text.strip().split("+", 2)
            raw = base64.b64decode(blob, validate=True)
            wanted = bytes.fromhex(identifier)
        except (ValueError, binascii.Error):
            raise NoteError("not a verifier key (name+hex+base64)") from None
        if len(raw) < 2 or len(identifier) != 8:
            raise NoteError("not a verifier key (name+hex+base64)")
        key = cls(_check_name(name), raw[0], raw[1:])
        if key.id != wanted:
            raise NoteError(f"the id of the key {name} is not the one of its bytes")
        return key

    def accepts(self, text: str, signature: bytes) -> bool:
        """Whether `signature` (without the key id) is this key's over `text`.

        Understands Ed25519 (0x01) and timestamped Ed25519 cosignatures (0x04,
        tlog-cosignature v1). Raises NoteError for a kind that it can't check.
        """
        if self.kind == ED25519:
            message, raw = text.encode(), signature
        elif self.kind == COSIGNATURE_ED25519:
            if len(signature) != 72:
                return False
            moment = int.from_bytes(signature[:8], "big")
            message, raw = f"cosignature/v1\ntime {moment}\n{text}".encode(), signature[8:]
        else:
            raise NoteError(f"keys of type {self.kind:#04x} can't be checked here")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(raw, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 private key with its name. Never printed, never logged."""

    name: str
    private: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r})"

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> SigningKey:
        """The key of a 32-byte seed (RFC 8032 section 5.1.5)."""
        return cls(_check_name(name), Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        raw = self.private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        return VerifierKey(self.name, ED25519, raw)

    def sign(self, text: str) -> str:
        """One signature line over `text` (signed-note v1)."""
        blob = self.verifier.id + self.private.sign(text.encode())
        return f"{_DASH}{self.name} {base64.b64encode(blob).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A note that at least one trusted key signed."""

    text: str
    signers: tuple[VerifierKey, ...]


def sign(text: str, keys: Iterable[SigningKey]) -> str:
    """`text` with a signature line of each key. Raises NoteError when the text can't be a note."""
    _check_text(text)
    return text + "\n" + "".join(key.sign(text) for key in keys)


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteError("the text does not end in a line feed")
    if any((ord(char) < 0x20 and char != "\n") or ord(char) == 0x7F for char in text):
        raise NoteError("a control character in the text")


def split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and (name, key id || signature) lines. Raises NoteError when malformed."""
    if any(ord(char) < 0x20 and char != "\n" for char in note):
        raise NoteError("a control character in the note")
    at = note.rfind("\n\n")
    if at < 0 or not note.endswith("\n"):
        raise NoteError("no blank line before the signatures, or no line feed at the end")
    text, lines = note[: at + 1], note[at + 2 :].split("\n")[:-1]
    if not lines:
        raise NoteError("no signature")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"more than {MAX_SIGNATURES} signatures")
    signatures = []
    for line in lines:
        name, space, blob = line.removeprefix(_DASH).partition(" ")
        try:
            raw = base64.b64decode(blob, validate=True)
        except (ValueError, binascii.Error):
            raise NoteError("a signature line is malformed") from None
        if not line.startswith(_DASH) or not space or len(raw) < 5 or not _NAME.fullmatch(name):
            raise NoteError("a signature line is malformed")
        signatures.append((name, raw))
    return text, signatures


def verify(note: str, keys: Iterable[VerifierKey]) -> Note:
    """Open a note with the keys that the reader trusts.

    Unknown keys are passed over; a known key whose signature fails voids the whole
    note; without any known signature it is refused. Raises NoteError (signed-note v1).
    """
    text, signatures = split(note)
    known = {(key.name, key.id): key for key in keys}
    signers: list[VerifierKey] = []
    for name, raw in signatures:
        key = known.get((name, raw[:4]))
        if key is None or key in signers:
            continue
        if not key.accepts(text, raw[4:]):
            raise NoteError(f"the signature of {name} is wrong")
        signers.append(key)
    if not signers:
        raise NoteError("no key that is trusted here signed this")
    return Note(text, tuple(signers))
