"""The password policy: at least twelve characters, no other rules, none that is known.

NIST SP 800-63B and OWASP ASVS 5.0 6.2: length, a list of breached passwords kept here (nothing
is asked outside), and words that name this system or the person.
"""

from __future__ import annotations

import hashlib
import mmap
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

LONGEST = 128


@cache
def common() -> frozenset[str]:
    """The passwords, names and words that lists of breaches begin with, lower case."""
    return frozenset(word for words in FREQUENCY_LISTS.values() for word in words)


def _digest_at(data: mmap.mmap, start: int) -> tuple[bytes, int]:
    """The hash of the line that begins at or after `start`, and where the next line begins."""
    if start:
        start = data.find(b"\n", start - 1) + 1
        if start == 0:
            return b"\xff", len(data)
    end = data.find(b"\n", start)
    end = len(data) if end < 0 else end
    return data[start : start + 40].upper(), end + 1


def in_file(path: Path, password: str) -> bool:
    """Whether a file of SHA-1 hashes, sorted, one a line (`HASH:COUNT`, as Have I Been Pwned
    gives it out), holds the password's. Reads some forty lines of it, however large it is.

    SHA-1 is the file's format; nothing rests on its strength.
    """
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        low, high = 0, len(data)
        while low < high:
            middle = (low + high) // 2
            found, after = _digest_at(data, middle)
            if found == wanted:
                return True
            if found < wanted:
                low = after
            else:
                high = middle
    return False


class NotBreached:
    """Refuses passwords that were found in breaches, offline."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError with a sentence."""
        path = settings.BREACHED_PASSWORDS
        if password.lower() in common() or (path and in_file(Path(path), password)):
            raise ValidationError(
                "This password is in lists of stolen ones. Choose another.", code="breached"
            )

    def get_help_text(self) -> str:
        """For the form."""
        return "Not one that was stolen somewhere."


class NotOurWords:
    """Refuses passwords made of the person's own name, number or the force's (ASVS 6.2.11)."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError with a sentence."""
        left = password.lower()
        for word in sorted(_words(user), key=len, reverse=True):
            left = left.replace(word, "")
        if len(left) < 8:
            raise ValidationError(
                "This password is made of your name, your number or the force's name. "
                "Choose another.",
                code="own-words",
            )

    def get_help_text(self) -> str:
        """For the form."""
        return "Not made of your name, your number or the force's name."


def _words(user: Any) -> set[str]:
    said = [settings.FORCE_NAME, "evidence", "bodyworn", "body-worn", "video", "police", "camera"]
    if user is not None:
        said += [user.username, user.name, user.collar or "", user.email.partition("@")[0]]
    return {word for text in said for word in text.lower().split() if len(word) > 2}


class NotTooLong:
    """Refuses more than 128 characters, so that hashing can't be made to cost."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError with a sentence."""
        if len(password) > LONGEST:
            raise ValidationError(f"Use at most {LONGEST} characters.", code="too-long")

    def get_help_text(self) -> str:
        """For the form."""
        return f"At most {LONGEST} characters."
