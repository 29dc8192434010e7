"""The tree as files: C2SP tlog-tiles, and reading a tree back from them.

A tile holds 256 hashes of one level (8,192 bytes), or fewer while it is still growing;
an entry bundle the entries below a tile of level 0, each after its length as a
big-endian uint16. What is published is never changed, so a write-once bucket can hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .hashing import HASH_SIZE, Frontier, NodeReader, ProofError, leaf_hash

WIDTH = 256
LEVELS = 8  # one tile's height: 2**8 == 256
MAX_ENTRY = 65_535


class TileError(ProofError):
    """A tile or an entry bundle is not what its path promises."""


@dataclass(frozen=True)
class Tile:
    """One tile: its level (in tiles), its number in that level, how many hashes it holds."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """`tile/<L>/<N>[.p/<W>]` (tlog-tiles, Merkle tree)."""
        return f"tile/{self.level}/{_suffix(self.number, self.width)}"

    def read(self, node: NodeReader) -> bytes:
        """Its bytes, from the complete subtrees of a tree."""
        start = self.number * WIDTH
        level = self.level * LEVELS
        return b"".join(node(level, start + place) for place in range(self.width))


def index_path(number: int) -> str:
    """Groups of three digits, all but the last with an x: 1234067 is x001/x234/067."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join(groups)


def _suffix(number: int, width: int) -> str:
    return index_path(number) + ("" if width == WIDTH else f".p/{width}")


def entries_path(number: int, width: int = WIDTH) -> str:
    """`tile/entries/<N>[.p/<W>]` (tlog-tiles, log entries)."""
    return f"tile/entries/{_suffix(number, width)}"


def tiles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """The tiles of a tree of `size` that a tree of `since` did not have, partial ones too."""
    level = 0
    while count := size >> (LEVELS * level):
        before = since >> (LEVELS * level)
        for number in range(before // WIDTH, count // WIDTH):
            yield Tile(level, number)
        if count % WIDTH and count != before:
            yield Tile(level, count // WIDTH, count % WIDTH)
        level += 1


def encode_entries(entries: list[bytes]) -> bytes:
    """An entry bundle. Raises TileError for an entry past 65,535 bytes."""
    if any(len(entry) > MAX_ENTRY for entry in entries):
        raise TileError(f"an entry is longer than {MAX_ENTRY} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_entries(bundle: bytes) -> list[bytes]:
    """The entries of a bundle. Raises TileError when it ends inside one."""
    found, at = [], 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or end > len(bundle):
            raise TileError("an entry bundle ends inside an entry")
        found.append(bundle[at + 2 : end])
        at = end
    return found


def decode_hashes(tile: bytes, width: int) -> list[bytes]:
    """The hashes of a tile. Raises TileError unless there are `width` of them."""
    if len(tile) != width * HASH_SIZE:
        raise TileError(f"a tile of {width} hashes has {len(tile)} bytes")
    return [tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE)]


def leaves(size: int, fetch: Callable[[str], bytes]) -> Iterator[tuple[int, bytes]]:
    """(index, leaf hash) of a published tree, from its tiles of level 0. Raises TileError."""
    for start in range(0, size, WIDTH):
        width = min(WIDTH, size - start)
        tile = Tile(0, start // WIDTH, width)
        yield from enumerate(decode_hashes(fetch(tile.path), width), start)


def entries(size: int, fetch: Callable[[str], bytes]) -> Iterator[tuple[int, bytes]]:
    """(index, entry) of a published tree, from its bundles. Raises TileError."""
    for start in range(0, size, WIDTH):
        width = min(WIDTH, size - start)
        found = decode_entries(fetch(entries_path(start // WIDTH, width)))
        if len(found) != width:
            raise TileError(f"a bundle of {width} entries holds {len(found)}")
        yield from enumerate(found, start)


def root_of(size: int, fetch: Callable[[str], bytes], *, hashed: bool) -> bytes:
    """The root of a published tree: from its hashes, or (not `hashed`) from its entries."""
    tree = Frontier()
    if hashed:
        for _, leaf in leaves(size, fetch):
            tree.append(leaf)
    else:
        for _, entry in entries(size, fetch):
            tree.append(leaf_hash(entry))
    return tree.root()
