"""tlog-proof files: one entry's way to a signed checkpoint (C2SP tlog-proof v1)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .checkpoint import Checkpoint
from .hashing import HASH_SIZE, ProofError, leaf_hash, root_from_inclusion
from .note import VerifierKey, open_checkpoint

HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True)
class Proof:
    """An entry's index, its audit path from the leaf upward, and the checkpoint it leads to."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    def __str__(self) -> str:
        hashes = "".join(base64.b64encode(node).decode() + "\n" for node in self.path)
        return f"{HEADER}\nindex {self.index}\n{hashes}\n{self.checkpoint}"


def write(index: int, path: Sequence[bytes], checkpoint: str) -> str:
    """The text of a tlog-proof file."""
    return str(Proof(index, tuple(path), checkpoint))


def parse(text: str) -> Proof:
    """Read a tlog-proof. Raises ProofError when it is malformed."""
    head, blank, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not blank or lines.pop(0) != HEADER:
        raise ProofError("not a tlog-proof")
    if lines and lines[0].startswith("extra "):
        _decode(lines.pop(0)[len("extra ") :], "the extra data")  # never trusted
    if not lines or not lines[0].startswith("index "):
        raise ProofError("the index is missing")
    number = lines.pop(0)[len("index ") :]
    if not _INDEX.fullmatch(number):
        raise ProofError("the index is not a number")
    path = tuple(_decode(line, "a hash") for line in lines)
    if any(len(node) != HASH_SIZE for node in path):
        raise ProofError("a hash is not 32 bytes long")
    return Proof(int(number), path, checkpoint)


def _decode(text: str, what: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise ProofError(f"{what} is not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise ProofError(f"{what} is not canonical base64")
    return raw


def check(text: str, leaf_data: bytes, keys: Iterable[VerifierKey]) -> tuple[int, Checkpoint]:
    """Index and checkpoint of a proof over exactly these bytes.

    Raises ProofError, NoteError or CheckpointError when it does not hold.
    """
    found = parse(text)
    checkpoint = open_checkpoint(found.checkpoint, keys)
    leaf = leaf_hash(leaf_data)
    if root_from_inclusion(found.index, checkpoint.size, leaf, found.path) != checkpoint.root:
        raise ProofError("the proof does not lead to the checkpoint's root")
    return found.index, checkpoint
