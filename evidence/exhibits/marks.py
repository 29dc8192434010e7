"""Exhibit marks: initials and a number, AS/1; a clip's may be AS/1/A, by the force's rule."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

LONGEST = 24
SHAPE = re.compile(r"([A-Z]{1,6})/([1-9][0-9]{0,3})(?:/([A-Z]{1,2}))?")
SLUG = "[A-Za-z]{1,6}-[1-9][0-9]{0,3}(?:-[A-Za-z]{1,2})?"
MOST = 9999


class BadMark(ValueError):
    """This can't be a mark. Its sentence is for a person."""


def parse(text: str) -> str:
    """A mark as people type it, as it is kept. Raises BadMark."""
    kept = re.sub(r"\s*[/\-]\s*", "/", text.replace("\0", "").strip()).upper()
    if not SHAPE.fullmatch(kept):
        raise BadMark("Enter a mark like AS/1: the producer's initials and a number")
    return kept


def slug(mark: str) -> str:
    """As it stands in an address."""
    return mark.replace("/", "-")


def initials(name: str) -> str:
    """AS of Aisha Shah: the first letter of each name, at most six, without accents."""
    plain = unicodedata.normalize("NFKD", name.upper())
    words = re.split(r"[^A-Z]+", "".join(c for c in plain if not unicodedata.combining(c)))
    return "".join(word[0] for word in words if word)[:6] or "X"


def following(name: str, used: Collection[str], of: str = "") -> str:
    """The next free mark for a producer of that name; `of` a mark: the next letter below it."""
    if of and of.count("/") == 1:
        taken = {mark.rpartition("/")[2] for mark in used if mark.startswith(f"{of}/")}
        for letters in _letters():
            if letters not in taken:
                return f"{of}/{letters}"
    own = initials(name)
    numbers = [int(found[2]) for mark in used
               if (found := SHAPE.fullmatch(mark)) and found[1] == own]  # fmt: skip
    number = max(numbers, default=0) + 1
    if number > MOST:
        number = next(one for one in range(1, MOST + 2) if one not in set(numbers))
    return f"{own}/{number}"


def _letters() -> list[str]:
    """A to Z, then AA to ZZ."""
    one = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    return one + [a + b for a in one for b in one]
