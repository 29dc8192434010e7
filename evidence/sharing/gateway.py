"""Bytes for people outside. They come through here, not from the store by a signed URL: what is
revoked has to stop within seconds, in the middle of a film as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from evidence.sharing import browser, looking, serving
from evidence.sharing.looking import Bytes
from evidence.sharing.models import Viewing
from evidence.sharing.proving import ShareClosed
from evidence.store import s3

# A player gets at most so much an answer, and comes back for more: each is asked for anew.
MOST = 4 * 1024 * 1024


@never_cache
@require_GET
def media(
    request: HttpRequest, reference: str, number: int, viewing: UUID, letter: str, file: int
) -> HttpResponseBase:
    """One rendition for the player, within its sitting."""
    try:
        row = _sitting(request, reference, number, viewing)
        return _send(request, row, looking.to_play(row, letter, file), most=MOST)
    except (ShareClosed, serving.Ended):
        return _gone()


@never_cache
@require_GET
def take(request: HttpRequest, reference: str, number: int, viewing: UUID) -> HttpResponseBase:
    """One file, as an attachment, within its sitting: resuming belongs to it."""
    try:
        row = _sitting(request, reference, number, viewing)
        return _send(request, row, looking.to_take(row))
    except (ShareClosed, serving.Ended):
        return _gone()


def _sitting(request: HttpRequest, reference: str, number: int, viewing: UUID) -> Viewing:
    return looking.sitting(
        reference=reference, browser=browser.digest(request), number=number, viewing=viewing
    )


def _send(request: HttpRequest, row: Viewing, what: Bytes, most: int = 0) -> HttpResponseBase:
    def read(start: int, end: int) -> Iterator[bytes]:
        count = 0
        try:
            for piece in s3.read(what.alias, what.key, what.version_id, start, end):
                count += len(piece)
                yield piece
        finally:
            looking.sent(row, count, whole=start + count >= what.size)

    return serving.ranged(
        request, size=what.size, etag=what.sha256, content_type=what.content_type, read=read,
        check=lambda: looking.still_open(row), name=what.name, most=most,
    )  # fmt: skip


def _gone() -> HttpResponse:
    """A plain refusal: what asks is a player or a download, not somebody who reads."""
    answer = HttpResponse("This can't be opened any more.", status=404, content_type="text/plain")
    answer["X-Robots-Tag"] = "noindex"
    return answer
