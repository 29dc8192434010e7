"""The cookie by which a browser outside is known again: a secret of its own, kept as a hash."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from evidence.people import links
from evidence.sharing.models import Share

COOKIE = "__Host-share" if settings.SECURE else "share"
AGE = 400 * 24 * 3600  # the longest that browsers keep one
# Which share somebody is proving themselves for. Not in the session: somebody of the force may be
# signed in on this browser, and that session is none of our business.
PENDING = f"{COOKIE}-pending"
PENDING_AGE = 3600
SALT = "sharing.pending"


class Pending(NamedTuple):
    """The share that a browser is proving itself for, and whether a code was sent."""

    reference: str
    sent: bool
    # Which of the share's links led here: a new one takes the way of an old one away.
    link: str = ""


def digest(request: HttpRequest) -> str:
    """This browser's, as the database keeps it; of a new secret where it has none yet."""
    secret = request.COOKIES.get(COOKIE, "")
    if len(secret) != 43:
        secret = links.new_secret()
        request.COOKIES[COOKIE] = secret
        request.META["share_cookie"] = secret
    return links.digest(secret)


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


def pending(request: HttpRequest) -> Pending:
    """What this browser is proving itself for; an empty reference where it is nothing."""
    try:
        found = signing.loads(request.COOKIES.get(PENDING, ""), salt=SALT, max_age=PENDING_AGE)
        reference, sent, of, link = found
    except (signing.BadSignature, ValueError, TypeError):
        return Pending("", False)
    if of != links.digest(request.COOKIES.get(COOKIE, "")):
        return Pending("", False)
    return Pending(str(reference), bool(sent), str(link))


def link_of(share: Share) -> str:
    """What names the link that stands now; of the hash of its secret, and opening nothing."""
    return links.digest(share.token_hash)[:16]


def begin(request: HttpRequest, response: HttpResponse, share: Share, sent: bool = False) -> None:
    """Remember what this browser is proving itself for; of use to this browser alone, and as long
    as the link stands."""
    value = signing.dumps([share.reference, sent, digest(request), link_of(share)], salt=SALT)
    keep(request, response)
    response.set_cookie(
        PENDING, value, max_age=PENDING_AGE, secure=settings.SECURE, httponly=True, samesite="Lax",
        path="/",
    )  # fmt: skip


def done(response: HttpResponse) -> None:
    """Forget it: it was proved."""
    response.delete_cookie(PENDING, path="/", samesite="Lax")
