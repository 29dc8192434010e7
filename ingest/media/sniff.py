"""What a file is by its first bytes. Pure, small, and the only parser outside the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Container:
    """A container that we know: `demuxer` is the only one that ffmpeg may use for it."""

    name: str
    label: str
    demuxer: str = ""

    @property
    def renderable(self) -> bool:
        """Whether a viewing copy is tried."""
        return bool(self.demuxer)


MP4 = Container("mp4", "an MP4 or QuickTime film", "mov")
MATROSKA = Container("mkv", "a Matroska or WebM film", "matroska")
AVI = Container("avi", "an AVI film", "avi")
MPEG_TS = Container("ts", "an MPEG transport stream", "mpegts")
ASF = Container("wmv", "a Windows Media film", "asf")
JPEG = Container("jpg", "a JPEG picture")
PNG = Container("png", "a PNG picture")
PDF = Container("pdf", "a PDF document")
ZIP = Container("zip", "a ZIP archive")
TEXT = Container("txt", "text")

_EXTENSIONS = frozenset(
    [
        "mp4",
        "m4v",
        "mov",
        "qt",
        "mkv",
        "webm",
        "avi",
        "ts",
        "mts",
        "m2ts",
        "m2t",
        "3gp",
        "3g2",
        "wmv",
        "asf",
        "mpg",
        "mpeg",
        "flv",
        "vob",
    ]
)
_QUICKTIME_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_ASF_GUID = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")


def sniff(head: bytes) -> Container | None:
    """The container that these first bytes (up to 64 KiB) are of; None for nothing known."""
    if head[4:8] in _QUICKTIME_BOXES:
        return MP4
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return MATROSKA
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return AVI
    if head[:16] == _ASF_GUID:
        return ASF
    for stride, first in ((188, 0), (192, 4)):
        marks = head[first : first + stride * 5 : stride]
        if len(marks) == 5 and set(marks) == {0x47}:
            return MPEG_TS
    if head[:3] == b"\xff\xd8\xff":
        return JPEG
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return PNG
    if head[:5] == b"%PDF-":
        return PDF
    if head[:4] == b"PK\x03\x04":
        return ZIP
    return TEXT if head and _is_text(head[:4096]) else None


def _is_text(head: bytes) -> bool:
    if any(byte < 9 or 13 < byte < 32 for byte in head):
        return False
    try:
        head[:-3].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def claims_footage(file_name: str) -> bool:
    """Whether the name says that the file is a film."""
    return PurePosixPath(file_name).suffix[1:].lower() in _EXTENSIONS
