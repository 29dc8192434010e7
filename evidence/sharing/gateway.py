"""Bytes for people outside. They come through here, not from the store by a signed URL: what is
revoked has to stop within seconds, in the middle of a film as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from evidence.sharing import browser, looking, serving, streams
from evidence.sharing.looking import Bytes
from evidence.sharing.models import Viewing
from evidence.sharing.proving import ShareClosed
from evidence.store import s3

# A player gets at most so much an answer, and comes back for more: each is asked for anew.
MOST = 4 * 1024 * 1024
# A paper that is read in the browser: made by us, and a browser's own viewer needs no sandbox but
# does not open what is in one.
PAPER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@never_cache
@require_safe
def media(
    request: HttpRequest, reference: str, number: int, viewing: UUID, letter: str, file: int
) -> HttpResponseBase:
    """One rendition for the player, or a paper to be read, within its sitting."""
    try:
        row = _sitting(request, reference, number, viewing)
        what = looking.to_play(row, letter, file)
        answer = _send(request, row, what, most=0 if letter == looking.PAPER else MOST)
    except (ShareClosed, serving.Ended):
        return gone()
    except s3.StoreError:
        return away()
    if letter == looking.PAPER:
        answer["Content-Security-Policy"] = PAPER_POLICY
        answer["Content-Disposition"] = "inline"
    return answer


@never_cache
@require_safe
def take(request: HttpRequest, reference: str, number: int, viewing: UUID) -> HttpResponseBase:
    """One file, as an attachment, within its sitting: resuming belongs to it."""
    try:
        row = _sitting(request, reference, number, viewing)
        return _send(request, row, looking.to_take(row))
    except (ShareClosed, serving.Ended):
        return gone()
    except s3.StoreError:
        return away()


def _sitting(request: HttpRequest, reference: str, number: int, viewing: UUID) -> Viewing:
    return looking.sitting(
        reference=reference, browser=browser.digest(request), number=number, viewing=viewing
    )


def _send(request: HttpRequest, row: Viewing, what: Bytes, most: int = 0) -> HttpResponseBase:
    return send(
        request, row, size=what.size, etag=what.sha256, content_type=what.content_type,
        name=what.name, check=_from_now_on(row), most=most,
        read=lambda start, end: s3.read(what.alias, what.key, what.version_id, start, end),
    )  # fmt: skip


def send(
    request: HttpRequest, row: Viewing, *, size: int, etag: str, content_type: str,
    read: serving.Read, check: serving.Check, name: str = "", most: int = 0,
) -> HttpResponseBase:  # fmt: skip
    """Bytes within a sitting, as `serving.ranged` sends them; what left is written down.

    Raises serving.Ended, and what `read` raises before its first piece.
    """
    first = 0

    def noted(start: int, end: int) -> Iterable[bytes]:
        nonlocal first
        first = start
        return read(start, end)

    if not streams.enter(row.browser):
        return busy()
    kept = False
    try:
        answer = serving.ranged(
            request, size=size, etag=etag, content_type=content_type, read=noted, check=check,
            name=name, most=most,
        )  # fmt: skip
        if isinstance(answer, StreamingHttpResponse):
            answer.streaming_content = _Counted(answer.streaming_content, row, size, first)
            kept = True
    finally:
        if not kept:  # nothing is streamed: a HEAD, a condition, a refusal
            streams.leave(row.browser)
    return answer


def _from_now_on(row: Viewing) -> Callable[[], bool]:
    """The question for a stream. The sitting was found a moment ago: not the same twice."""
    asked = False

    def check() -> bool:
        nonlocal asked
        first, asked = not asked, True
        return first or looking.still_open(row)

    return check


class _Counted:
    """The pieces of one stream. When it is over, however that is and even where it never began,
    its place is given back and what the connection took is written down."""

    def __init__(self, content: object, row: Viewing, size: int, first: int) -> None:
        self._pieces = cast(Iterator[bytes], content)
        self._row, self._size, self._first = row, size, first
        self._count = self._given = 0
        self._over = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        # Whoever asks for the next piece has taken the last one.
        self._count, self._given = self._count + self._given, 0
        try:
            piece = next(self._pieces)
        except BaseException:
            self.close()
            raise
        self._given = len(piece)
        return piece

    def close(self) -> None:
        """Once; the server calls it whatever happened."""
        if self._over:
            return
        self._over = True
        streams.leave(self._row.browser)
        if self._count:
            looking.sent(self._row, self._count, size=self._size,
                         last=self._first + self._count >= self._size)  # fmt: skip


def busy() -> HttpResponse:
    """Too many streams at once: what asks comes back by itself."""
    answer = _plain("Too much is being read at once. Try again in a moment.", 503)
    answer["Retry-After"] = "2"
    return answer


def gone() -> HttpResponse:
    """A plain refusal: what asks is a player or a download, not somebody who reads."""
    return _plain("This can't be opened any more.", 404)


def away() -> HttpResponse:
    """The store is away: what asks may ask again."""
    answer = _plain("The store can't be reached. Try again in a minute.", 503)
    answer["Retry-After"] = "10"
    return answer


def _plain(words: str, status: int) -> HttpResponse:
    answer = HttpResponse(words, status=status, content_type="text/plain")
    answer["X-Robots-Tag"] = "noindex"
    return answer
