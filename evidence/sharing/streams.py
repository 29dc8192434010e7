"""How many streams at once: each holds a thread of the web server for as long as somebody reads.

Counted in this process, so that a few slow readers never take all of its threads: the pages,
and everybody else, go on.
"""

from __future__ import annotations

from collections import Counter
from threading import Lock

from django.conf import settings

# A browser asks for picture, storyboard and sound beside each other, and may download besides.
MOST_A_BROWSER = 6

_lock = Lock()
_of: Counter[str] = Counter()


def enter(browser: str) -> bool:
    """Take a place for a stream of this browser; False where there is none. `leave` gives it
    back."""
    with _lock:
        if _of.total() >= settings.SHARE_STREAMS or _of[browser] >= MOST_A_BROWSER:
            return False
        _of[browser] += 1
        return True


def leave(browser: str) -> None:
    """Give a place back."""
    with _lock:
        _of[browser] = max(0, _of[browser] - 1)
        if not _of[browser]:
            del _of[browser]


def forget() -> None:
    """Begin anew: for tests, whose client does not close every answer."""
    with _lock:
        _of.clear()
