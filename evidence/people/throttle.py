"""Slowing down those who guess passwords, without letting them lock an officer out.

A browser that has signed in before carries a signed cookie (OWASP: device cookies). Its wrong
tries count against itself alone. Other browsers count by name and address, and by address;
when a name is tried from many places at once, unknown browsers get one try a minute and
address, and known ones go on as before. Nobody outside can use up a known browser's tries.
"""

from __future__ import annotations

import hashlib
import unicodedata

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from evidence.people import links
from evidence.people.requests import address

COOKIE = "__Host-device" if settings.SECURE else "device"
COOKIE_AGE = 400 * 24 * 3600  # the longest that browsers keep one
SALT = "evidence.people.device"
SPAN = 15 * 60
TRIES = 10  # by one browser, or one name and address
ADDRESS_TRIES = 100  # a station's people share an address
MANY = 50  # of one name, from everywhere unknown
SLOW_SPAN = 60


def _key(*parts: str) -> str:
    return "tries:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _count(*parts: str, span: int = SPAN) -> int:
    return links.counted(_key(*parts), span)


def known_device(request: HttpRequest, name: str) -> str:
    """The id of this browser, if this name signed in with it before; else empty."""
    try:
        said = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=COOKIE_AGE)
    except signing.BadSignature:
        return ""
    known = isinstance(said, dict) and _fold(name) in said.get("names", [])
    return str(said.get("id", "")) if known else ""


def allow(request: HttpRequest, name: str) -> bool:
    """Whether this try may be made at all; counts it."""
    name, where = _fold(name), address(request)
    device = known_device(request, name)
    if device:
        return _count("device", device, name) <= TRIES
    if _count("address", where) > ADDRESS_TRIES:
        return False
    if _count("pair", where, name) > TRIES:
        return False
    if _count("name", name) > MANY:
        return _count("slow", where, name, span=SLOW_SPAN) <= 1
    return True


def tell(request: HttpRequest, name: str) -> bool:
    """Whether a try that was not let through is written down: one a name and address a span."""
    return bool(cache.add(_key("told", address(request), _fold(name)), 1, timeout=SPAN))


def _fold(name: str) -> str:
    """One key for all spellings that the database takes for one name."""
    return unicodedata.normalize("NFKC", name).casefold()[:60]


def succeeded(request: HttpRequest, name: str) -> None:
    """Forget the tries of this browser, or of this name and address."""
    device = known_device(request, name)
    parts = ("device", device, _fold(name)) if device else ("pair", address(request), _fold(name))
    cache.delete(_key(*parts))


def remember(request: HttpRequest, response: HttpResponse, name: str) -> None:
    """Give this browser the cookie that says who signed in with it: at most the last five."""
    try:
        said = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=COOKIE_AGE)
        names, device = list(said["names"]), str(said["id"])
    except (signing.BadSignature, KeyError, TypeError):
        from secrets import token_hex

        names, device = [], token_hex(16)
    names = [_fold(name), *(one for one in names if one != _fold(name))][:5]
    response.set_cookie(
        COOKIE, signing.dumps({"id": device, "names": names}, salt=SALT), max_age=COOKIE_AGE,
        secure=settings.SECURE, httponly=True, samesite="Lax", path="/",
    )  # fmt: skip
