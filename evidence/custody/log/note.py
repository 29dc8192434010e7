"""C2SP signed notes (signed-note v1): signing, and what a reader must refuse."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from .checkpoint import Checkpoint, CheckpointError
from .keys import DASH, NAME, NoteError, QuantumKey, Signer, SigningKey, VerifierKey, WitnessKey

__all__ = [
    "Note", "NoteError", "QuantumKey", "SigningKey", "VerifierKey", "WitnessKey",
    "open_checkpoint", "sign", "split", "verify",
]  # fmt: skip
MAX_SIGNATURES = 100


@dataclass(frozen=True)
class Note:
    """A note that at least one trusted key signed."""

    text: str
    signers: tuple[VerifierKey, ...]


def sign(text: str, keys: Iterable[Signer]) -> str:
    """`text` with a signature line of each key. Raises NoteError when the text can't be a note."""
    _check_text(text)
    return text + "\n" + "".join(key.sign(text) for key in keys)


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteError("the text does not end in a line feed")
    if any((ord(char) < 0x20 and char != "\n") or ord(char) == 0x7F for char in text):
        raise NoteError("a control character in the text")


def split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and (name, key id || signature) lines. Raises NoteError when malformed.

    The text ends at the *last* blank line (signed-note v1, format).
    """
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
    return text, [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    name, space, blob = line.removeprefix(DASH).partition(" ")
    try:
        raw = base64.b64decode(blob, validate=True)
    except (ValueError, binascii.Error):
        raise NoteError("a signature line is malformed") from None
    if not line.startswith(DASH) or not space or len(raw) < 5 or not NAME.fullmatch(name):
        raise NoteError("a signature line is malformed")
    if base64.b64encode(raw).decode() != blob:
        raise NoteError("a signature line is not canonical base64")
    return name, raw


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


def open_checkpoint(signed: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """The checkpoint of a signed note, once a trusted key of its own origin signed it.

    Raises NoteError or CheckpointError (tlog-checkpoint).
    """
    opened = verify(signed, keys)
    found = Checkpoint.parse(opened.text)
    if not any(key.name == found.origin for key in opened.signers):
        raise CheckpointError(f"no trusted key of {found.origin} signed this checkpoint")
    return found
