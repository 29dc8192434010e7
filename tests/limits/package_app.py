"""A web server of one address, `/ID`: the package of that number, as a share's page gives it."""

from __future__ import annotations

from typing import Any

import django
from django.conf import settings

settings.ROOT_URLCONF = __name__
django.setup()

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.http import HttpRequest, HttpResponse, HttpResponseBase  # noqa: E402
from django.urls import path  # noqa: E402

from evidence.sharing import packaging, serving  # noqa: E402
from evidence.sharing.models import SharedPackage  # noqa: E402


def download(request: HttpRequest, package: int) -> HttpResponseBase:
    row = SharedPackage.objects.filter(pk=package).first()
    if row is None:
        return HttpResponse(status=404)
    try:
        return serving.ranged(
            request, size=row.size, etag=row.sha256, content_type="application/zip",
            name=f"{row.reference}.zip", read=lambda start, end: packaging.stream(row, start, end),
            check=lambda: packaging.goes_on(row),
        )  # fmt: skip
    except serving.Ended:
        return HttpResponse(status=404)


urlpatterns: list[Any] = [path("<int:package>", download)]
application = WSGIHandler()
