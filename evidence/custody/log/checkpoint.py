"""Checkpoints: the signed size and root of the log at a time (C2SP tlog-checkpoint)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from .hashing import HASH_SIZE

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class CheckpointError(ValueError):
    """The checkpoint's body is malformed or of another log."""


@dataclass(frozen=True)
class Checkpoint:
    """Origin, size and root. No extension lines: the ML-DSA form does not sign them."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, body: str) -> Checkpoint:
        """Read a body; extension lines are accepted and ignored. Raises CheckpointError."""
        lines = body.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise CheckpointError("a checkpoint has at least three lines, none empty")
        origin, size, root64 = lines[:3]
        if not _SIZE.fullmatch(size):
            raise CheckpointError(f"{size!r} is not a tree size")
        try:
            root = base64.b64decode(root64, validate=True)
        except (ValueError, binascii.Error):
            raise CheckpointError("the root is not base64") from None
        if len(root) != HASH_SIZE or base64.b64encode(root).decode() != root64:
            raise CheckpointError("the root is not 32 bytes in canonical base64")
        return cls(origin, int(size), root)
