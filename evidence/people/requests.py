"""Who is asking, for views."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.http import HttpRequest

from evidence.custody.record import Actor
from evidence.people.models import User


def person(request: HttpRequest) -> User:
    """The signed-in person; views behind `login_required` only."""
    return cast(User, request.user)


def address(request: HttpRequest) -> str:
    """Where a request comes from: the connection's address, or behind BWV_TRUSTED_PROXIES
    proxies what the outermost of them saw. What stands further left anybody may have written."""
    count = settings.TRUSTED_PROXIES
    if count:
        told = [one.strip() for one in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if len(told) >= count and told[-count]:
            return str(told[-count])[:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def actor(request: HttpRequest) -> Actor:
    """The signed-in person as the custody log writes them."""
    return person(request).actor(address(request))
