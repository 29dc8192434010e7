"""The request that asks a witness for its cosignature (C2SP tlog-witness, add-checkpoint)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .hashing import HASH_SIZE, ProofError

MAX_PROOF = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)
SIZE_TYPE = "text/x.tlog.size"


@dataclass(frozen=True)
class Request:
    """A checkpoint, and the proof that it extends the one of size `old`."""

    old: int
    path: tuple[bytes, ...]
    checkpoint: str

    def body(self) -> str:
        """The bytes to POST to `<prefix>/add-checkpoint`."""
        hashes = "".join(base64.b64encode(node).decode() + "\n" for node in self.path)
        return f"old {self.old}\n{hashes}\n{self.checkpoint}"


def write(old: int, path: Sequence[bytes], checkpoint: str) -> str:
    """The text of a request."""
    return Request(old, tuple(path), checkpoint).body()


def parse(body: str) -> Request:
    """Read a request. Raises ProofError when it is malformed."""
    head, blank, checkpoint = body.partition("\n\n")
    lines = head.split("\n")
    found = _OLD.fullmatch(lines.pop(0))
    if not blank or found is None:
        raise ProofError("not an add-checkpoint request")
    if len(lines) > MAX_PROOF:
        raise ProofError(f"more than {MAX_PROOF} hashes")
    try:
        path = tuple(base64.b64decode(line, validate=True) for line in lines)
    except (ValueError, binascii.Error):
        raise ProofError("a hash is not base64") from None
    if any(len(node) != HASH_SIZE for node in path):
        raise ProofError("a hash is not 32 bytes long")
    return Request(int(found[1]), path, checkpoint)
