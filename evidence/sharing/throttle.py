"""How often somebody at one address may try a link or a code, over all shares together."""

from __future__ import annotations

import hashlib

from django.core.cache import cache

SPAN = 3600
LINKS, CODES = 60, 30


def _count(what: str, where: str) -> int:
    key = f"share-{what}:" + hashlib.sha256(where.encode()).hexdigest()
    cache.add(key, 0, timeout=SPAN)
    try:
        return int(cache.incr(key))
    except ValueError:  # it ran out between the two
        cache.set(key, 1, timeout=SPAN)
        return 1


def allow_link(where: str) -> bool:
    """Whether an address may try another link; counts it."""
    return _count("link", where) <= LINKS


def allow_code(where: str) -> bool:
    """Whether an address may try another code; counts it."""
    return _count("code", where) <= CODES
