"""How fast a camera's files go, and how long the rest takes."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

MEMORY, STALLED = 30.0, 120.0  # seconds


def measured(
    before: list[dict[str, Any]], said: list[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """What a dock says of its bays, with what the server measured itself.

    As long as one camera stays in its bay: `rate`, bytes a second, an average over about half
    a minute; `moved`, when bytes last arrived (a dock tells of whole parts, so they come in
    jumps); `noted`, when the camera was last written down as docked.
    """
    old = {(str(bay.get("bay")), bay.get("camera")): bay for bay in before}
    found = []
    for bay in said:
        last = old.get((str(bay["bay"]), bay["camera"])) if bay["camera"] else None
        rate, moved = _rate(last, int(bay["done"]), now)
        noted = last.get("noted") if last else None
        found.append({**bay, "rate": rate, "moved": moved, "noted": noted})
    return found


def _rate(last: dict[str, Any] | None, done: int, now: datetime) -> tuple[float | None, str]:
    """The speed so far and when bytes last arrived."""
    sent = done - int(last.get("done") or 0) if last else -1
    if last is None or sent < 0 or not last.get("moved"):
        return None, now.isoformat()  # just put in, or begun anew
    known: float | None = last.get("rate")
    seconds = (now - datetime.fromisoformat(last["moved"])).total_seconds()
    if sent == 0 or seconds <= 0:
        return (None if seconds > STALLED else known), str(last["moved"])
    if known is None:
        return sent / seconds, now.isoformat()
    share = 1 - math.exp(-seconds / MEMORY)
    return known + (sent / seconds - known) * share, now.isoformat()


def minutes_left(left: int, rate: float | None) -> str:
    """In words; empty where no speed was measured."""
    if not rate or rate <= 0 or left <= 0:
        return ""
    minutes = math.ceil(left / rate / 60)
    if minutes > 600:
        return "over 10 h"
    return f"about {minutes} min" if minutes < 120 else f"about {math.ceil(minutes / 60)} h"
