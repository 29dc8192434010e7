"""The package of a share, for the person outside."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from evidence.people.requests import address
from evidence.recordings.composing import ExportError
from evidence.sharing import browser, gateway, packaging, serving, taking
from evidence.sharing.outside_page import package_part
from evidence.sharing.packaging import NoPackage
from evidence.sharing.proving import ShareClosed
from evidence.sharing.views import outside
from evidence.store import s3

PLACE = "#package"


@outside
@require_POST
def ask(request: HttpRequest, reference: str) -> HttpResponse:
    """Have it made."""
    try:
        taking.ask(reference=reference, browser=browser.digest(request))
    except ExportError:
        pass  # nothing of the share is there: its page says so of each thing
    return redirect(reverse("share", args=[reference]) + PLACE)


@outside
@require_GET
def status(request: HttpRequest, reference: str) -> HttpResponse:
    """The part of the page that changes while it is being made."""
    share, package = taking.status(reference=reference, browser=browser.digest(request))
    return render(request, "sharing/_package.html", package_part(share, package))


@outside
@require_POST
def begin(request: HttpRequest, reference: str) -> HttpResponse:
    """Begin to take it away: the event, then on to the file."""
    who = browser.digest(request)
    try:
        row = taking.begin(reference=reference, browser=who, address=address(request))
    except ExportError:
        return redirect(reverse("share", args=[reference]) + PLACE)
    return redirect("share-package-file", reference, row.pk)


@never_cache
@require_safe
def file(request: HttpRequest, reference: str, viewing: UUID) -> HttpResponseBase:
    """The package from any byte, as one attachment; resuming belongs to the sitting."""
    try:
        row, package = taking.sitting(
            reference=reference, browser=browser.digest(request), viewing=viewing
        )
        return gateway.send(
            request, row, size=package.size, etag=package.sha256,
            content_type="application/zip", name=f"{package.reference}.zip",
            read=lambda start, end: packaging.stream(package, start, end),
            check=lambda: taking.goes_on(row),
        )  # fmt: skip
    except (ShareClosed, serving.Ended, NoPackage):
        return gateway.gone()
    except s3.StoreError:
        return gateway.away()
