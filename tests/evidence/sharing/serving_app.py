"""A web server of one address: a terabyte of zeros, for as long as a file lies there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
from django.conf import settings

settings.ROOT_URLCONF = __name__
django.setup()

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.http import HttpRequest, HttpResponse, HttpResponseBase  # noqa: E402
from django.urls import path  # noqa: E402

from evidence.sharing import serving  # noqa: E402

ALLOWED = Path(os.environ["SERVING_ALLOWED"])
PRODUCED = ALLOWED.with_name("produced")
SIZE = 1 << 40


def zeros(start: int, end: int) -> Iterator[bytes]:
    piece = bytes(64 * 1024)
    for at in range(start, end, len(piece)):
        yield piece[: end - at]
        PRODUCED.write_text(str(at))


def endless(request: HttpRequest) -> HttpResponseBase:
    try:
        return serving.ranged(
            request, size=SIZE, etag="zeros", content_type="video/mp4", read=zeros,
            check=ALLOWED.exists,
        )  # fmt: skip
    except serving.Ended:
        return HttpResponse(status=404)


urlpatterns: list[Any] = [path("endless", endless)]
application = WSGIHandler()
