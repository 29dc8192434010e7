"""How often somebody at one address may be wrong about a link or a code, over all shares together.

Only wrong ones count: a prosecutors' office sits behind one address, and opens many links a day.
"""

from __future__ import annotations

import hashlib

from django.core.cache import cache

SPAN = 3600
LINKS, CODES = 60, 30


def _key(what: str, where: str) -> str:
    return f"share-{what}:" + hashlib.sha256(where.encode()).hexdigest()


def _wrong(what: str, where: str) -> None:
    key = _key(what, where)
    cache.add(key, 0, timeout=SPAN)
    try:
        cache.incr(key)
    except ValueError:  # it ran out between the two
        cache.set(key, 1, timeout=SPAN)


def may_try_link(where: str) -> bool:
    """Whether an address may try another link."""
    return int(cache.get(_key("link", where), 0)) < LINKS


def wrong_link(where: str) -> None:
    """Count a link that leads nowhere."""
    _wrong("link", where)


def may_try_code(where: str) -> bool:
    """Whether an address may try another code or passphrase."""
    return int(cache.get(_key("code", where), 0)) < CODES


def wrong_code(where: str) -> None:
    """Count a wrong code or passphrase."""
    _wrong("code", where)
