"""Links, codes and browsers of people who have no account: for shares and for requests alike.

A link's secret and a browser's are 256 random bits, kept as a hash. A code has six digits, is
kept with a key that the database lacks, and belongs to one link and one browser. What is wrong is
counted by address, for all processes together.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache

WRONG_CODES = 5
CODE_LIFE = timedelta(minutes=10)
CODES_AN_HOUR = 6


def new_secret() -> str:
    """256 random bits, as letters and digits (ASVS 5.0 7.2.3 asks for 128)."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """A secret as it is kept: 256 random bits need no slow hash (ASVS 5.0 6.5.2)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_code() -> str:
    """Six digits, for an e-mail (ASVS 5.0 6.5.4)."""
    return f"{secrets.randbelow(1_000_000):06d}"


def code_digest(of: str, browser: str, code: str) -> str:
    """A code as it is kept: six digits do need a key, without which the hash says nothing."""
    message = f"{of}:{browser}:{code}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), message, "sha256").hexdigest()


def masked(email: str) -> str:
    """j…@cps.example"""
    name, _, domain = email.partition("@")
    return f"{name[:1]}…@{domain}"


def _key(what: str, where: str) -> str:
    return "outside:" + hashlib.sha256(f"{what}\0{where}".encode()).hexdigest()


def count(what: str, where: str, seconds: int) -> int:
    """Count one more of something at an address; how many there were within so many seconds."""
    return counted(_key(what, where), seconds)


def so_far(what: str, where: str) -> int:
    """How many were counted, without counting."""
    return int(cache.get(_key(what, where), 0))


def counted(key: str, seconds: int) -> int:
    """Add one to a counter of the cache that begins anew after so many seconds."""
    cache.add(key, 0, timeout=seconds)
    try:
        return int(cache.incr(key))
    except ValueError:  # it ran out between the two
        cache.set(key, 1, timeout=seconds)
        return 1
