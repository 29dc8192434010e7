"""Canonical JSON: RFC 8785 in a strict profile that needs no library to check.

Inside the profile (keys `[a-z0-9_]{1,40}`; objects, arrays, strings without lone
surrogates, integers of at most 2**53 - 1 either way, true, false, null; no floats;
16 KiB at most) sorted, unspaced `json.dumps` is the canonical form.
"""

from __future__ import annotations

import json
import re
from typing import Any

MAX_BYTES = 16 * 1024
MAX_INTEGER = 2**53 - 1
_KEY = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)


class ProfileError(ValueError):
    """The value or the bytes lie outside the profile."""


def _check(value: object, where: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ProfileError(f"{where}: a lone surrogate") from None
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise ProfileError(f"{where}: an integer past 2^53-1")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _check(item, f"{where}[{position}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not _KEY.fullmatch(key):
                raise ProfileError(f"{where}: the key {key!r}")
            _check(item, f"{where}.{key}")
    else:
        raise ProfileError(f"{where}: a {type(value).__name__}")


def canonical(value: dict[str, Any]) -> bytes:
    """The canonical bytes of `value`. Raises ProfileError outside the profile."""
    _check(value, "$")
    encoded = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    if len(encoded) > MAX_BYTES:
        raise ProfileError(f"{len(encoded)} bytes, more than {MAX_BYTES}")
    return encoded


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ProfileError("a key stands twice")
    return found


def parse(data: bytes) -> dict[str, Any]:
    """Read canonical bytes. Raises ProfileError when they don't re-canonicalise to themselves."""
    if len(data) > MAX_BYTES:
        raise ProfileError(f"{len(data)} bytes, more than {MAX_BYTES}")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_no_duplicates)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ProfileError(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ProfileError("not an object")
    if canonical(value) != data:
        raise ProfileError("not the canonical form")
    return value
