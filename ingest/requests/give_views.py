"""The pages of the person who was asked: open, prove, send. GET never spends anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.people import links
from evidence.people.requests import address
from ingest.requests import actions, throttle
from ingest.requests.actions import RequestClosed
from ingest.requests.actions.proving import RIGHT, is_of, pending
from ingest.requests.models import MAX_DAYS, UploadRequest
from ingest.uploads.actions import MAX_PARTS
from ingest.uploads.models import Upload

View = Callable[..., HttpResponseBase]
# Parts go from this page to the store itself: of all pages only this one may reach it.
to_store: Callable[[View], View] = csp_update({"connect-src": [settings.S3_PUBLIC_URL]})
PENDING, SENT = "give_pending", "give_code_sent"
COOKIE = "__Host-give" if settings.SECURE else "give"


def outside(view: View) -> View:
    """For pages of people outside: in no cache and no index; what is closed is one page."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        try:
            answer = view(request, *args, **more)
        except RequestClosed:
            answer = render(request, "requests/closed.html", status=404)
        answer["X-Robots-Tag"] = "noindex"
        return answer

    return never_cache(wrapped)


def browser(request: HttpRequest) -> str:
    """This browser's random name, as its cookie says; empty before a link was opened in it."""
    return request.COOKIES.get(COOKIE, "")[:100]


def _remember(request: HttpRequest, response: HttpResponse, name: str) -> HttpResponse:
    """Longer than a session: films are sent over days, and go on in the same browser."""
    response.set_cookie(
        COOKIE, name, max_age=(MAX_DAYS + 8) * 24 * 3600, secure=settings.SECURE, httponly=True,
        samesite="Lax", path="/",
    )  # fmt: skip
    return response


def _too_many(request: HttpRequest) -> HttpResponse:
    return render(request, "requests/slow.html", {"words": throttle.SENTENCE}, status=429)


@outside
@require_http_methods(["GET", "POST"])
def open_(request: HttpRequest) -> HttpResponse:
    """Takes the link's secret by POST: a script posts the fragment, or the person pastes it."""
    if request.method == "GET":
        return render(request, "requests/open.html")
    if not throttle.allow(request, "link"):
        return _too_many(request)
    token = request.POST.get("token", "").replace("\0", "").strip().rpartition("#")[2]
    name = browser(request) or links.new_secret()
    row = actions.by_token(token[:200], name)
    if is_of(row, name):
        return _remember(request, redirect("give", row.reference), name)
    request.session.cycle_key()
    request.session[PENDING], request.session[SENT] = row.reference, False
    return _remember(request, redirect("give-prove"), name)


def _pending(request: HttpRequest) -> UploadRequest:
    return pending(str(request.session.get(PENDING, "")), browser(request))


def _prove_page(request: HttpRequest, row: UploadRequest, error: str = "") -> HttpResponse:
    context = {
        "masked": links.masked(row.email), "sent": bool(request.session.get(SENT)), "error": error
    }  # fmt: skip
    return render(request, "requests/prove.html", context, status=422 if error else 200)


@outside
@require_GET
def prove(request: HttpRequest) -> HttpResponse:
    """Asks for the code, or offers to send one."""
    return _prove_page(request, _pending(request))


@outside
@require_POST
def send_code(request: HttpRequest) -> HttpResponse:
    """E-mails a code for this browser."""
    row = _pending(request)
    if not throttle.allow(request, "send"):
        return _too_many(request)
    sent = actions.send_code(request=row, browser=browser(request))
    request.session[SENT] = True
    if not sent:
        return _prove_page(request, row, "Too many codes were sent. Try again in an hour, or ask "
                                         "the person who wrote to you.")  # fmt: skip
    return redirect("give-prove")


@outside
@require_POST
def check_code(request: HttpRequest) -> HttpResponse:
    """Checks the code; a right one opens the request for this browser."""
    row = _pending(request)
    if not throttle.allow(request, "code"):
        return _too_many(request)
    code = request.POST.get("code", "")[:20]
    left = actions.prove(
        request=row, browser=browser(request), code=code, address=address(request)
    )  # fmt: skip
    if left == 0:
        raise RequestClosed
    if left != RIGHT:
        tries = "1 try" if left == 1 else f"{left} tries"
        return _prove_page(request, row, f"That code isn't right. {tries} left.")
    del request.session[PENDING]
    request.session.cycle_key()
    return redirect("give", row.reference)


def said_of(upload: Upload) -> dict[str, Any]:
    """A file as the person outside is told of it: nothing of how it is looked at."""
    checked = upload.found_sha256 == upload.sha256 and upload.state in (
        Upload.State.SEALED, Upload.State.QUARANTINED,
    )  # fmt: skip
    coming = upload.state == Upload.State.RECEIVING
    return {
        "id": str(upload.pk), "name": upload.file_id, "size": upload.size,
        "sha256": upload.sha256,
        "state": "coming" if coming else "checked" if checked else "received",
    }  # fmt: skip


@outside
@to_store
@require_GET
def give(request: HttpRequest, reference: str) -> HttpResponse:
    """What was asked and by whom, and the files; once sent, what was received."""
    row = actions.of_browser(reference, browser(request), sent=True)
    return _page(request, row)


def _page(request: HttpRequest, row: UploadRequest, error: str = "") -> HttpResponse:
    context = {
        "row": row, "files": [said_of(one) for one in row.files()], "error": error,
        "part_size": settings.PART_SIZE, "most_parts": MAX_PARTS,
    }  # fmt: skip
    template = "requests/received.html" if row.finished_at else "requests/give.html"
    return render(request, template, context, status=422 if error else 200)


@outside
@to_store
@require_POST
def send(request: HttpRequest, reference: str) -> HttpResponse:
    """The person says that that is all."""
    row = actions.of_browser(reference, browser(request), sent=True)
    if row.finished_at is None:
        try:
            actions.finish(request=row, address=address(request))
        except actions.Refused as refused:
            return _page(request, row, str(refused))
    return redirect(reverse("give", args=[row.reference]))
