"""The receipt: what the server signs when an original is durable and verified.

The only thing that permits a wipe. Written by the server, read by the dock agent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote

from . import note

_FIELDS = ("origin", "upload", "camera", "file", "size", "sha256", "recording")


class ReceiptError(ValueError):
    """The receipt's text is malformed."""


@dataclass(frozen=True)
class Receipt:
    """The facts of a receipt, one a line in the signed text."""

    origin: str
    upload: str
    camera: str
    file: str
    size: int
    sha256: str
    recording: str
    stored: tuple[str, ...]
    custody: int
    time: str

    def text(self) -> str:
        """The text that is signed: `name value` lines in their fixed order."""
        lines = [
            "bwv-receipt 1",
            f"origin {self.origin}",
            f"upload {self.upload}",
            f"camera {self.camera}",
            f"file {quote(self.file, safe='')}",
            f"size {self.size}",
            f"sha256 {self.sha256}",
            f"recording {self.recording}",
            *(f"stored {copy}" for copy in self.stored),
            f"custody {self.custody}",
            f"time {self.time}",
        ]
        return "\n".join(lines) + "\n"

    @classmethod
    def parse(cls, text: str) -> Receipt:
        """Read a receipt's text. Raises ReceiptError when a line is missing or out of order."""
        lines = text.split("\n")
        if lines.pop() != "" or not lines or lines.pop(0) != "bwv-receipt 1":
            raise ReceiptError("not a receipt of version 1")
        facts: dict[str, str] = {}
        for name in _FIELDS:
            facts[name] = _take(lines, name)
        stored = []
        while lines and lines[0].startswith("stored "):
            stored.append(_take(lines, "stored"))
        facts["custody"], facts["time"] = _take(lines, "custody"), _take(lines, "time")
        if lines or not stored:
            raise ReceiptError("a receipt names at least one copy and ends with its time")
        if not facts["size"].isdigit() or not facts["custody"].isdigit():
            raise ReceiptError("size and custody are numbers")
        return cls(
            origin=facts["origin"],
            upload=facts["upload"],
            camera=facts["camera"],
            file=unquote(facts["file"]),
            size=int(facts["size"]),
            sha256=facts["sha256"],
            recording=facts["recording"],
            stored=tuple(stored),
            custody=int(facts["custody"]),
            time=facts["time"],
        )


def _take(lines: list[str], name: str) -> str:
    if not lines or not lines[0].startswith(name + " "):
        raise ReceiptError(f"the line {name} is missing")
    return lines.pop(0)[len(name) + 1 :]


def open_receipt(signed: str, keys: Iterable[note.VerifierKey]) -> Receipt:
    """The receipt of a note signed by a pinned key. Raises NoteError or ReceiptError."""
    return Receipt.parse(note.verify(signed, keys).text)
