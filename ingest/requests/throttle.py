"""Slowing down who guesses links and codes, by address. The link itself locks after five."""

from __future__ import annotations

from django.http import HttpRequest

from evidence.people import links
from evidence.people.requests import address

SPAN = 15 * 60
TRIES = {"link": 30, "code": 20, "send": 10}
SENTENCE = "Too many tries from where you are. Try again in 15 minutes."


def allow(request: HttpRequest, what: str) -> bool:
    """Whether this try may be made at all; counts it, for all processes together."""
    return links.count(f"give-{what}", address(request), SPAN) <= TRIES[what]
