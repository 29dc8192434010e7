"""The write-once bucket: whether the checkpoints and tiles are there that were published."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from django.conf import settings

from evidence.custody.log import tiles
from evidence.custody.models import Anchor, Checkpoint
from evidence.store import s3
from ingest.accounting.faults import EXTRA, MISSING, UNKNOWN, Fault
from ingest.accounting.objects import Tally

TILE = re.compile(r"tile/(entries|\d+)/((?:x\d{3}/)*\d{3})(\.p/\d+)?$")
CHECKPOINT = re.compile(r"checkpoints/(\d{16})$")
OTHERS = ("store-acceptance/", "backups/")
PUBLISH = "Run manage.py custody verify. Look in the replica of the write-once bucket."
WHO = "Find out who wrote it. Nobody can take it away before its lock ends."


def faults(tally: Tally, beat: Callable[[str, int], None]) -> Iterator[Fault]:
    """What does not agree in the custody bucket. What the files say is `custody verify`'s.

    A bit for each tile is kept: half a megabyte for a thousand million events.
    """
    by = s3.bucket("custody")
    last = Anchor.objects.filter(kind=Anchor.Kind.TILES, by=by).order_by("-size").first()
    wanted = {
        level: bytearray((last.size if last else 0) // tiles.WIDTH ** (power) // 8 + 1)
        for level, power in (("entries", 1), ("0", 1), ("1", 2), ("2", 3))
    }
    anchored = _sizes(by)
    due = next(anchored, None)
    previous = ""
    for number, one in enumerate(s3.versions("custody"), 1):
        if number % 5000 == 0:
            beat("custody", number)
        if one.marker:
            what = f"custody {one.key}: a deletion hides it in the store"
            yield Fault(EXTRA, "custody", what, "Find out who deleted it.")
            continue
        tally.objects += 1
        tally.bytes += one.size
        again, previous = one.key == previous, one.key
        path = one.key.removeprefix(settings.CUSTODY_FOLDER)
        if again and path != "checkpoint":
            what = f"another version {one.version_id} of custody {one.key}"
            yield Fault(EXTRA, "custody", what, WHO)
            continue
        if not one.key.startswith(settings.CUSTODY_FOLDER):
            # What is laid out like this log is a former one's.
            path = one.key.partition("/")[2]
            former = path == "checkpoint" or TILE.match(path) or CHECKPOINT.match(path)
            if not former and not one.key.startswith(OTHERS):
                yield Fault(UNKNOWN, "custody", f"custody {one.key}: nothing names it", WHO)
            continue
        if found := CHECKPOINT.match(path):
            size = int(found[1])
            while due is not None and due < size:
                yield _no_checkpoint(due)
                due = next(anchored, None)
            if due == size:
                due = next(anchored, None)
            elif not Checkpoint.objects.filter(size=size).exists():
                what = f"custody {one.key}: a checkpoint that the database does not have"
                yield Fault(MISSING, "rows", what, "Look for a newer backup of the database.")
        elif found := TILE.match(path):
            _mark(wanted, found)
        elif path != "checkpoint":
            yield Fault(UNKNOWN, "custody", f"custody {one.key}: nothing names it", WHO)
    while due is not None:
        yield _no_checkpoint(due)
        due = next(anchored, None)
    if last is not None:
        yield from _tiles(wanted, last.size)


def _sizes(by: str) -> Iterator[int]:
    rows = Anchor.objects.filter(kind=Anchor.Kind.BUCKET, by=by).order_by("size")
    return rows.values_list("size", flat=True).iterator(chunk_size=2000)


def _no_checkpoint(size: int) -> Fault:
    what = f"custody: the checkpoint of {size:,} events was published and is not there"
    return Fault(MISSING, "custody", what, PUBLISH)


def _mark(wanted: dict[str, bytearray], found: re.Match[str]) -> None:
    bits = wanted.get(found[1])
    number = int(found[2].replace("x", "").replace("/", ""))
    if bits is not None and not found[3] and number // 8 < len(bits):
        bits[number // 8] |= 1 << number % 8


def _tiles(wanted: dict[str, bytearray], size: int) -> Iterator[Fault]:
    """Whole tiles up to what was published; partial ones are replaced by wider ones."""
    for level, bits in wanted.items():
        power = 1 if level == "entries" else int(level) + 1
        for number in range(size // tiles.WIDTH**power):
            if not bits[number // 8] >> number % 8 & 1:
                what = f"custody: tile/{level}/{tiles.index_path(number)} was published and is not there"  # noqa: E501
                yield Fault(MISSING, "custody", what, PUBLISH)
