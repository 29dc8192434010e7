"""How fast a camera's files go, and how long the rest takes."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

MEMORY, GAP = 30.0, 60.0  # seconds


def measured(
    before: list[dict[str, Any]], said: list[dict[str, Any]], then: datetime | None, now: datetime
) -> list[dict[str, Any]]:
    """What a dock says of its bays, with what the server measured itself.

    `rate`: bytes a second, an average over about half a minute, as long as one camera stays
    in its bay. `noted`: when the camera was last written down as docked.
    """
    old = {(str(bay.get("bay")), bay.get("camera")): bay for bay in before}
    seconds = (now - then).total_seconds() if then else 0.0
    found = []
    for bay in said:
        last = old.get((str(bay["bay"]), bay["camera"])) if bay["camera"] else None
        rate = _rate(last, int(bay["done"]), seconds) if last else None
        found.append({**bay, "rate": rate, "noted": last.get("noted") if last else None})
    return found


def _rate(last: dict[str, Any], done: int, seconds: float) -> float | None:
    sent = done - int(last.get("done") or 0)
    if sent < 0 or not 0 < seconds < GAP:
        return None  # begun anew, or silent in between
    known: float | None = last.get("rate")
    if known is None:
        return sent / seconds if sent else None
    share = 1 - math.exp(-seconds / MEMORY)
    return known + (sent / seconds - known) * share


def minutes_left(left: int, rate: float | None) -> str:
    """In words; empty where no speed was measured."""
    if not rate or rate <= 0 or left <= 0:
        return ""
    minutes = math.ceil(left / rate / 60)
    if minutes > 600:
        return "more than 10 h"
    return f"about {minutes} min" if minutes < 120 else f"about {math.ceil(minutes / 60)} h"
