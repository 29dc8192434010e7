"""The cookie by which a browser outside is known again: a secret of its own, kept as a hash."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from evidence.sharing.proving import browser_digest

COOKIE = "__Host-share" if settings.SECURE else "share"
AGE = 400 * 24 * 3600  # the longest that browsers keep one


def digest(request: HttpRequest) -> str:
    """This browser's, as the database keeps it; of a new secret where it has none yet."""
    secret = request.COOKIES.get(COOKIE, "")
    if len(secret) != 43:
        secret = secrets.token_urlsafe(32)
        request.COOKIES[COOKIE] = secret
        request.META["share_cookie"] = secret
    return browser_digest(secret)


def keep(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Give a new browser its cookie with the answer. Only where it is proving itself: what a
    stranger is told is the same to the byte, headers too."""
    secret = request.META.get("share_cookie")
    if secret:
        response.set_cookie(
            COOKIE, secret, max_age=AGE, secure=settings.SECURE, httponly=True, samesite="Lax",
            path="/",
        )  # fmt: skip
    return response
