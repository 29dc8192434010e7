"""Bytes for people outside, through this process: ranges, and an end that bites.

A signed URL of the store can't be called back. What must stop within seconds after it was
revoked goes through here instead: piece by piece, in constant memory, and between the pieces
it is asked whether it may go on. (RFC 9110 sections 13 and 14, RFC 6266.)
"""

from __future__ import annotations

import errno
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from socket import IPPROTO_TCP, SO_LINGER, SOL_SOCKET, TCP_NOTSENT_LOWAT
from time import monotonic
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

Read = Callable[[int, int], Iterable[bytes]]
Check = Callable[[], bool]

# So much at once: a slow reader's next piece is never far off, so the next question isn't.
PIECE = 64 * 1024
# A reader that takes nothing for so long gives its thread back; a player asks again by itself.
STALLED_SECONDS = 60
_RANGE = re.compile(r"\s*bytes\s*=[\s,]*([0-9]{0,18})\s*-\s*([0-9]{0,18})[\s,]*", re.I)
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


class Ended(BrokenPipeError):
    """Whoever reads may read no longer. To the web server it is a connection that broke: it
    closes it short of the promised length, and writes no trace of it."""

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, "It was ended while it was being read")


class Short(ConnectionError):
    """The source ended early: the reader must not take what came for all of it."""


def ranged(
    request: HttpRequest,
    *,
    size: int,
    etag: str,
    content_type: str,
    read: Read,
    check: Check,
    name: str = "",
    most: int = 0,
) -> HttpResponseBase:
    """Answer GET or HEAD for `size` bytes, of which `read(start, end)` yields a part.

    `etag`, without quotes, must name these bytes and no others: a hash. With `name` it is an
    attachment of that name. `check()` is asked before the first byte, and then at most once a
    second before the next piece; where it says no, or fails, the connection is closed at once.
    `most`: a request for a range gets at most so many bytes, so that a player comes back for
    more. A request without a range gets all of them.

    Raises Ended when `check()` says no before anything was sent, and whatever `read` raises
    before its first piece: both are the caller's to answer.
    """
    if not check():
        raise Ended
    shut = _precondition(request, etag)
    if shut:
        refused = _dressed(HttpResponse(status=shut), etag, content_type)
        # Of what is not sent again the length is that of what would be (section 15.4.5, 8.6).
        refused["Content-Length"] = str(size) if shut == 304 else "0"
        return refused
    start, end, status = 0, size, 200
    wanted = _wanted(request, size, etag)
    if wanted is not None:
        start, end, status = *wanted, 206
        if start >= end:
            refused = _dressed(HttpResponse(status=416), etag, content_type)
            refused["Content-Range"] = f"bytes */{size}"
            refused["Content-Length"] = "0"
            return refused
        end = min(end, start + most) if most else end
    answer: HttpResponseBase
    if request.method == "HEAD" or start == end:
        answer = HttpResponse(status=status)
    else:
        answer = StreamingHttpResponse(_Body(request, read, check, start, end), status=status)
    _dressed(answer, etag, content_type)
    answer["Content-Length"] = str(end - start)
    if status == 206:
        answer["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if name:
        answer["Content-Disposition"] = str(content_disposition_header(True, name))
    return answer


def _dressed(answer: HttpResponseBase, etag: str, content_type: str) -> HttpResponseBase:
    """What every answer of ours carries."""
    answer["Content-Type"] = content_type
    answer["ETag"] = f'"{etag}"'
    answer["Accept-Ranges"] = "bytes"
    answer["Cache-Control"] = "private, no-store, no-transform"
    answer["X-Content-Type-Options"] = "nosniff"
    # Whatever a browser takes these bytes for, they may do nothing.
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    # A proxy that reads ahead would hold on a disk what may be revoked.
    answer["X-Accel-Buffering"] = "no"
    return answer


def _precondition(request: HttpRequest, etag: str) -> int:
    """412 or 304 where the request's own condition does not hold; else 0 (section 13.2.2)."""
    match, none = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if match is not None and match.strip() != "*" and ("", etag) not in _TAG.findall(match):
        return 412
    if none is not None:  # compared weakly (section 13.1.2)
        known = {tag for _, tag in _TAG.findall(none)}
        return 304 if none.strip() == "*" or etag in known else 0
    return 0


def _wanted(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """(from, to) of the one range that is asked for, empty where none of it is there; None for
    all: no range, several, one not understood, or of a file as it no longer is (section 14.2)."""
    asked = request.headers.get("Range")
    if request.method != "GET" or asked is None:
        return None
    before = request.headers.get("If-Range")
    if before is not None and before.strip() != f'"{etag}"':
        return None  # a weak tag or a date is no promise that the bytes are the same
    found = _RANGE.fullmatch(asked)
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:  # the last so many
        return (max(0, size - int(found[2])), size)
    start, last = int(found[1]), int(found[2]) if found[2] else size
    if last < start:
        return None
    return start, min(size, last + 1)


class _Body:
    """Exactly the bytes from `start` to `end`, in small pieces, as long as `check` allows."""

    def __init__(
        self, request: HttpRequest, read: Read, check: Check, start: int, end: int
    ) -> None:
        self._request, self._check = request, check
        self._source = iter(read(start, end))
        self._left, self._asked = end - start, monotonic()
        # Fetched before the answer begins: a store that is away is said so, not cut short.
        self._held = memoryview(next(self._source, b""))

    def __iter__(self) -> Iterator[bytes]:
        _patience(self._request)
        while self._left:
            while not self._held:
                more = next(self._source, None)
                if more is None:
                    raise Short(f"{self._left} bytes are missing at the end")
                self._held = memoryview(more)
            now = monotonic()
            if now - self._asked >= settings.SHARE_CHECK_SECONDS:
                if not self._check():
                    _drop(self._request)
                    raise Ended
                self._asked = now
            piece = bytes(self._held[: min(PIECE, self._left)])
            self._held = self._held[len(piece) :]
            self._left -= len(piece)
            yield piece

    def close(self) -> None:
        """Let go of the source, however far it was read."""
        self._held = memoryview(b"")
        close: Any = getattr(self._source, "close", None)
        if close is not None:
            close()


def _socket(request: HttpRequest) -> Any:
    """The connection itself, which gunicorn hands over; None under another server."""
    return request.META.get("gunicorn.socket")


def _patience(request: HttpRequest) -> None:
    """Don't wait for ever for a reader that takes nothing: a paused player, or an attack. And
    let the kernel run ahead of a slow one by little, or it goes on sending what was ended.

    gunicorn's next request on the same connection sets the time-out back.
    """
    connection = _socket(request)
    if connection is not None:
        connection.settimeout(STALLED_SECONDS)
        with suppress(OSError):  # not over TCP
            connection.setsockopt(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 2 * PIECE)


def _drop(request: HttpRequest) -> None:
    """What the kernel still holds for a slow reader goes no further either."""
    connection = _socket(request)
    if connection is not None:
        connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
