"""What people type, as it is kept."""

from __future__ import annotations

from evidence.people.actions import NotAllowed
from evidence.people.models import User

NOT_YOURS = "There is nothing here that you can see. Check the reference."


class NotSaid(ValueError):
    """Something is missing or too long. Its sentence is for a person; `field` is where."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


def require(by: User, permission: str) -> None:
    """Raises NotAllowed for somebody without the permission."""
    if not by.may(permission):
        raise NotAllowed(NOT_YOURS)


def plain(text: str) -> str:
    """What was typed, without what no database takes, and its line ends as one."""
    return text.replace("\0", "").replace("\r\n", "\n").strip()


def needed(text: str, sentence: str, most: int, field: str) -> str:
    """Plain words, neither missing nor too long. Raises NotSaid."""
    found = plain(text)
    if not found:
        raise NotSaid(sentence, field)
    return short(found, most, field)


def short(text: str, most: int, field: str) -> str:
    """Plain words that are not too long. Raises NotSaid."""
    found = plain(text)
    if len(found) > most:
        raise NotSaid(f"Enter {most:,} characters or fewer; there are {len(found):,}", field)
    return found
