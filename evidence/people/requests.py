"""Who is asking, for views."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from evidence.custody.record import Actor
from evidence.people.models import User


def person(request: HttpRequest) -> User:
    """The signed-in person; views behind `login_required` only."""
    return cast(User, request.user)


def address(request: HttpRequest) -> str:
    """The address of the connection. A proxy's header is not believed here."""
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def actor(request: HttpRequest) -> Actor:
    """The signed-in person as the custody log writes them."""
    return person(request).actor(address(request))
