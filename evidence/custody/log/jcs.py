"""Canonical JSON: RFC 8785 in a strict profile that a reader needs no library to check.

Inside the profile (keys `[a-z0-9_]{1,40}`; objects, arrays, strings without lone
surrogates, integers of at most 2**53 - 1 either way, true, false, null; no floats;
16 KiB at most) sorted, unspaced `json.dumps` is the canonical form.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

MAX_BYTES = 16 * 1024
MAX_DEPTH = 32
_KEY = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)
# Keys that were found good; bounded, because keys come from a closed vocabulary.
_good: set[str] = set()


class ProfileError(ValueError):
    """The value or the bytes lie outside the profile."""


def _key(key: object) -> None:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ProfileError(f"the key {key!r}")
    if len(_good) < 1000:
        _good.add(key)


_PLAIN = {str, bool, type(None), int}


def _check(value: Any, depth: int = 0) -> None:
    """Raise ProfileError for anything but the profile's kinds of values, however deep.

    The size of integers is left to the encoder.
    """
    if depth > MAX_DEPTH:
        raise ProfileError(f"more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        if not value.keys() <= _good:
            for key in value:
                _key(key)
        value = value.values()
    if set(map(type, value)) <= _PLAIN:
        return
    for item in value:
        if isinstance(item, dict | list):
            _check(item, depth + 1)
        elif not isinstance(item, str) and type(item) not in _PLAIN:
            raise ProfileError(f"a {type(item).__name__}")


_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER


def _encode(value: dict[str, Any]) -> bytes:
    # Sorted, unspaced, escaped only where JSON must: RFC 8785 section 3.2 inside the profile.
    # What the standard library's json gives too; the tests hold the two side by side.
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except TypeError as error:
        raise ProfileError(f"an integer past 2^53-1, or a lone surrogate: {error}") from None


def canonical(value: dict[str, Any]) -> bytes:
    """The canonical bytes of `value` (RFC 8785 section 3.2). Raises ProfileError outside it."""
    _check(value)
    encoded = _encode(value)
    if len(encoded) > MAX_BYTES:
        raise ProfileError(f"{len(encoded)} bytes, more than {MAX_BYTES}")
    return encoded


def parse(data: bytes) -> dict[str, Any]:
    """Read canonical bytes. Raises ProfileError when they don't re-canonicalise to themselves.

    A key that stands twice, a space, an escape that is not needed, an order that is not
    the sorted one: all of these come out as other bytes.
    """
    if len(data) > MAX_BYTES:
        raise ProfileError(f"{len(data)} bytes, more than {MAX_BYTES}")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ProfileError(f"not JSON: {error}") from None
    if type(value) is not dict:
        raise ProfileError("not an object")
    _check(value)
    if _encode(value) != data:
        raise ProfileError("not the canonical form")
    return value
