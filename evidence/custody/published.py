"""What lies in the write-once bucket: reading it, comparing it, having the tree back from it.

The layout is C2SP tlog-tiles below the log's origin: `checkpoint` (the newest), `checkpoints/SIZE`
(every one), `tile/<L>/<N>` and `tile/entries/<N>`.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db import connection

from evidence.custody.log import hashing, tiles
from evidence.store import s3


def checkpoint_path(size: int) -> str:
    """Where the checkpoint of a size lies."""
    return f"checkpoints/{size:016}"


def newest() -> tuple[str, int]:
    """The newest published checkpoint up to which the tiles are there: its note and size.

    Asks the bucket, not the database. Raises s3.Missing when nothing was published.
    """
    end = max((_end_of(path) for path in _names("tile/0/")), default=0)
    sizes = sorted(size for name in _names("checkpoints/") if (size := int(name)) <= end)
    if not sizes:
        raise s3.Missing("No tiles have been published in the custody bucket.")
    return s3.read_all(
        "custody", settings.CUSTODY_FOLDER + checkpoint_path(sizes[-1])
    ).decode(), sizes[-1]


def _names(folder: str) -> Iterator[str]:
    for key in s3.keys("custody", settings.CUSTODY_FOLDER + folder):
        yield key.removeprefix(settings.CUSTODY_FOLDER + folder)


def _end_of(path: str) -> int:
    """The number of hashes of its level up to the end of a tile."""
    name, _, width = path.partition(".p/")
    number = int(name.replace("x", "").replace("/", ""))
    return number * tiles.WIDTH + (int(width) if width else tiles.WIDTH)


def fetch(path: str) -> bytes:
    """A published file; where a partial one was not published, what a wider one begins with.

    Raises s3.Missing.
    """
    whole, partial, width = path.partition(".p/")
    try:
        return s3.read_all("custody", settings.CUSTODY_FOLDER + path)
    except s3.Missing:
        if not partial:
            raise
    wider = [name for name in _names(f"{whole}.p/") if int(name) > int(width)]
    found = s3.read_all(
        "custody", settings.CUSTODY_FOLDER + whole + (f".p/{wider[0]}" if wider else "")
    )
    if "/entries/" in path:
        return tiles.encode_entries(tiles.decode_entries(found)[: int(width)])
    return found[: int(width) * hashing.HASH_SIZE]


def compare(size: int) -> Iterator[tuple[int, str]]:
    """(first event, sentence) of each place where the published tree is not the one here.

    Tiles of level 1 (a hash for each 256 events) are compared first; where one differs, the
    tile below names the event. Raises s3.StoreError.
    """
    whole = 0
    for path in sorted(_names("tile/1/"), key=_end_of):
        whole = _end_of(path)
        start = (whole - 1) // tiles.WIDTH * tiles.WIDTH
        for number in _differing(1, start, fetch(f"tile/1/{path}")):
            if (number + 1) * tiles.WIDTH <= size:
                yield _first(number)
    last = sorted(_names(f"tile/0/{tiles.index_path(whole)}.p/"), key=int)
    end = whole * tiles.WIDTH
    if last:
        tile = fetch(f"tile/0/{tiles.index_path(whole)}.p/{last[-1]}")
        for index in _differing(0, end, tile):
            if index < size:
                yield index, f"event {index}: the write-once bucket holds another one"
                break
        end += int(last[-1])
    if end > size:
        yield (
            size,
            f"{end} events were published in the write-once bucket; from {size} on they are gone",
        )


def _differing(level: int, start: int, tile: bytes) -> list[int]:
    """The numbers, in their level, of the hashes of a tile that are not those stored here."""
    held = tiles.decode_hashes(tile, len(tile) // hashing.HASH_SIZE)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position, hash FROM custody_node"
            " WHERE level = %s AND position >= %s AND position < %s",
            [level * tiles.LEVELS, start, start + len(held)],
        )
        own = {position: bytes(value) for position, value in cursor.fetchall()}
    return [at for at, value in enumerate(held, start) if own.get(at) != value]


def _first(number: int) -> tuple[int, str]:
    start = number * tiles.WIDTH
    inside = _differing(0, start, fetch(tiles.Tile(0, number).path))
    index = inside[0] if inside else start
    return index, f"event {index}: the write-once bucket holds another one"
