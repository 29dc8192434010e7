"""Canonical JSON: RFC 8785 in a strict profile that needs no library to check.

Inside the profile (keys `[a-z0-9_]{1,40}`; objects, arrays, strings without lone
surrogates, integers of at most 2**53 - 1 either way, true, false, null; no floats;
16 KiB at most) sorted, unspaced `json.dumps` is the canonical form.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

MAX_BYTES = 16 * 1024
MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 32
_KEY = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)
# Keys that were found good; bounded, because keys come from a closed vocabulary.
_good: set[str] = set()


class ProfileError(ValueError):
    """The value or the bytes lie outside the profile."""


def _key(key: object, where: str) -> None:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ProfileError(f"{where}: the key {key!r}")
    if len(_good) < 1000:
        _good.add(key)


def _check(value: object, where: str, depth: int = 0) -> None:
    if value is None or isinstance(value, bool):
        return
    if depth > MAX_DEPTH:
        raise ProfileError(f"{where}: more than {MAX_DEPTH} levels deep")
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
            _check(item, f"{where}[{position}]", depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in _good:
                _key(key, where)
            _check(item, f"{where}.{key}", depth + 1)
    else:
        raise ProfileError(f"{where}: a {type(value).__name__}")


_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False
).encode


def canonical(value: dict[str, Any]) -> bytes:
    """The canonical bytes of `value` (RFC 8785 section 3.2). Raises ProfileError outside it."""
    _check(value, "$")
    encoded = _encode(value).encode()
    if len(encoded) > MAX_BYTES:
        raise ProfileError(f"{len(encoded)} bytes, more than {MAX_BYTES}")
    return encoded


def _no_float(text: str) -> NoReturn:
    raise ProfileError(f"the number {text[:40]}")


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        raise ProfileError("an integer past 2^53-1")
    return int(text)


_decode = json.JSONDecoder(
    parse_float=_no_float, parse_constant=_no_float, parse_int=_integer
).decode


def _check_keys(value: Any, depth: int = 0) -> None:
    # Values need no look: the decoder made them, its hooks refused the numbers.
    if depth > MAX_DEPTH:
        raise ProfileError(f"more than {MAX_DEPTH} levels deep")
    if type(value) is dict:
        for key in value.keys() - _good:
            _key(key, "$")
        value = value.values()
    for item in value:
        if type(item) is dict or type(item) is list:
            _check_keys(item, depth + 1)


def parse(data: bytes) -> dict[str, Any]:
    """Read canonical bytes. Raises ProfileError when they don't re-canonicalise to themselves.

    A key that stands twice, a space, an escape that is not needed, an order that is not
    the sorted one: all of these come out as other bytes.
    """
    if len(data) > MAX_BYTES:
        raise ProfileError(f"{len(data)} bytes, more than {MAX_BYTES}")
    try:
        value = _decode(data.decode("utf-8"))
        if type(value) is not dict:
            raise ProfileError("not an object")
        _check_keys(value)
        if _encode(value).encode() != data:
            raise ProfileError("not the canonical form")
    except (UnicodeError, json.JSONDecodeError, RecursionError) as error:
        raise ProfileError(f"not JSON of the profile: {error}") from None
    return value
