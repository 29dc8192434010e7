"""Slowing down who guesses links and codes, by address. The link itself locks after five."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.http import HttpRequest

from evidence.people.requests import address

SPAN = 15 * 60
TRIES = {"link": 30, "code": 20, "send": 10}
SENTENCE = "Too many tries from where you are. Try again in 15 minutes."


def allow(request: HttpRequest, what: str) -> bool:
    """Whether this try may be made at all; counts it, for all processes together."""
    words = f"{what}\0{address(request)}"
    key = "give:" + hashlib.sha256(words.encode()).hexdigest()
    cache.add(key, 0, timeout=SPAN)
    try:
        count = int(cache.incr(key))
    except ValueError:  # it ran out between the two
        cache.set(key, 1, timeout=SPAN)
        count = 1
    return count <= TRIES[what]
