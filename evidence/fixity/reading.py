"""Reading one object whole, and what can be said of it then."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings

from evidence.fixity.models import Damage
from evidence.fixity.registry import Item, Said
from evidence.store import s3

What = Damage.What
# One object is read at most so many times as fast as all of them on average may be: quick enough
# that a worker has it behind it, slow enough that a dock at the same store does not wait.
AT_MOST = 4
RENEW_SECONDS = 60
sleep = time.sleep


@dataclass(frozen=True)
class Found:
    """What the store holds, and what is wrong with it: nothing where it is what the log says."""

    what: str = ""
    sha256: str = ""
    size: int | None = None


def look(item: Item, said: Said | None, read: Callable[[int], None]) -> Found:
    """Read an object and compare it with the log, and its row with the log; `read` is told of the
    bytes. One bad reading is no verdict. Raises s3.StoreError where the store gives no answer.
    """
    found = _once(item, read)
    if said is not None and not _is(found, said):
        found = _once(item, read)
    if said is None:
        return Found(What.UNKNOWN, found.sha256, found.size)
    if found.what:
        return found
    if not _is(found, said):
        cut = found.size != said.size
        return Found(What.CUT if cut else What.DIFFERENT, found.sha256, found.size)
    if (item.sha256, item.size) != (said.sha256, said.size):
        return Found(What.ROW, found.sha256, found.size)
    return found


def _is(found: Found, said: Said) -> bool:
    return not found.what and (found.sha256, found.size) == (said.sha256, said.size)


def _once(item: Item, read: Callable[[int], None]) -> Found:
    digest, size = hashlib.sha256(), 0
    try:
        for piece in paced(s3.read(item.alias, item.key, item.version_id), read):
            digest.update(piece)
            size += len(piece)
    except s3.Missing:
        return Found(What.MISSING)
    return Found("", digest.hexdigest(), size)


def paced(pieces: Iterable[bytes], read: Callable[[int], None]) -> Iterator[bytes]:
    """The pieces as they come, but not faster than is fair to others; `read` is told of each."""
    began, count = time.monotonic(), 0
    rate = AT_MOST * settings.FIXITY_BYTES_SECOND
    for piece in pieces:
        yield piece
        read(len(piece))
        count += len(piece)
        ahead = count / rate - (time.monotonic() - began) if rate else 0
        if ahead > 0.05:
            sleep(ahead)


def renewing(pieces: Iterable[bytes], renew: Callable[[], None]) -> Iterator[bytes]:
    """The pieces as they come; `renew` is called now and then, to keep a claim alive."""
    last = time.monotonic()
    for piece in pieces:
        yield piece
        if time.monotonic() - last > RENEW_SECONDS:
            last = time.monotonic()
            renew()


def digest(
    alias: str, key: str, version_id: str, renew: Callable[[], None] = lambda: None
) -> tuple[str, int]:  # fmt: skip
    """SHA-256 and size of a version; `renew` keeps a claim alive. Raises s3.StoreError."""
    found, size = hashlib.sha256(), 0
    for piece in renewing(s3.read(alias, key, version_id), renew):
        found.update(piece)
        size += len(piece)
    return found.hexdigest(), size
