"""Writing a package: a BagIt bag (RFC 8493) in one zip that ends with a hash of itself.

Files are stored as they are, in one top folder, with fixed dates and modes: the same
package twice is the same bytes. The archive's comment, its last 64 bytes, is the SHA-256
(hex) of everything before it.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from evidence.custody.log.outline import Reference, Sink

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
CHUNK = 1 << 20
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class BagError(RuntimeError):
    """A file is not what it was said to be, or is named twice."""


def safe_name(name: str) -> str:
    """A file name that every system can hold, from a camera's: letters, digits, . _ - only."""
    found = _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip("._")
    found = found[-80:].strip("._") or "file"
    return "file-viewing" if found == "viewing" else found


class _Disk:
    """A file to which a package is written, with what an outline's sink has besides."""

    def __init__(self, path: Path) -> None:
        self.file: IO[bytes] = path.open("w+b")
        self._path = path

    def payload(self, reference: Reference | None) -> AbstractContextManager[None]:
        """Within, the payload is written: here like everything else."""
        return nullcontext()

    def settle(self) -> None:
        """What was written is read again at the end, from here."""

    def seal(self) -> None:
        """Write the hash at the end, and see that all of it is on the disk."""
        self.file.close()
        _seal(self._path)


class Bag:
    """A bag being written to a path or to a sink. Payload first, then tag files, then `close`."""

    def __init__(self, target: Path | Sink, top: str) -> None:
        self._top = top
        self._target = _Disk(target) if isinstance(target, Path) else target
        file: Any = self._target.file if isinstance(self._target, _Disk) else self._target
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._payload: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self._octets = 0

    def __enter__(self) -> Bag:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if kind is not None:
            self._zip.close()
            if isinstance(self._target, _Disk):
                self._target.file.close()

    def _write(
        self, name: str, pieces: Iterable[bytes], size: int,
        within: AbstractContextManager[None] | None = None,
    ) -> tuple[str, int]:  # fmt: skip
        info = zipfile.ZipInfo(f"{self._top}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
        info.external_attr, info.create_system = 0o100644 << 16, 3
        info.file_size = size
        digest, count = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=size >= 1 << 31) as out, within or nullcontext():
            for piece in pieces:
                out.write(piece)
                digest.update(piece)
                count += len(piece)
        return digest.hexdigest(), count

    def add_file(
        self, name: str, pieces: Iterable[bytes], sha256: str, size: int,
        reference: Reference | None = None,
    ) -> None:  # fmt: skip
        """A payload file below data/, which lies at `reference`: an outline needs to know.

        Raises BagError when its bytes are others than said.
        """
        if name in self._payload or not name.startswith("data/"):
            raise BagError(f"{name} is named twice, or lies outside data/")
        found = self._write(name, pieces, size, self._target.payload(reference))
        if found != (sha256, size):
            raise BagError(
                f"{name}: {found[1]} bytes with SHA-256 {found[0]} were read; the log says "
                f"{size} and {sha256}"
            )
        self._payload[name] = sha256
        self._octets += size

    def settle(self) -> None:
        """The payload is whole. An outline reads it once more here, before anybody says that it
        was exported. Raises OutlineError when it is not the same."""
        self._target.settle()

    def add_tag(self, name: str, data: bytes) -> None:
        """A tag file. Raises BagError for a name that is taken."""
        if name in self._tags or name.startswith("data/"):
            raise BagError(f"{name} is named twice, or lies in data/")
        self._tags[name], _ = self._write(name, [data], len(data))

    def close(self, facts: Iterable[tuple[str, str]]) -> None:
        """Write bag-info.txt (`facts`), the manifests, and the hash at the end."""
        oxum = f"{self._octets}.{len(self._payload)}"
        info = "".join(f"{name}: {value}\n" for name, value in (*facts, ("Payload-Oxum", oxum)))
        self.add_tag("bagit.txt", BAGIT)
        self.add_tag("bag-info.txt", info.encode())
        self.add_tag("manifest-sha256.txt", _manifest(self._payload))
        listed = _manifest(self._tags)
        self._write("tagmanifest-sha256.txt", [listed], len(listed))
        self._zip.comment = b"0" * 64
        self._zip.close()
        self._target.seal()


def _manifest(rows: dict[str, str]) -> bytes:
    return "".join(f"{rows[name]}  {name}\n" for name in sorted(rows)).encode()


def _seal(path: Path) -> None:
    digest = hashlib.sha256()
    with path.open("r+b") as file:
        left = path.stat().st_size - 64
        while left:
            piece = file.read(min(left, CHUNK))
            digest.update(piece)
            left -= len(piece)
        file.seek(-64, os.SEEK_END)
        file.write(digest.hexdigest().encode())
        file.flush()
        os.fsync(file.fileno())
