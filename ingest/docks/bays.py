"""What a dock's screen says of its bays.

A dock's own word is believed only as far as this server's rows agree: a camera is ready when
the dock says that nothing is left on it and every file that this dock listed of it has its
receipt. Whoever reads READY TO TAKE takes the camera out, and its card may be written over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Any

from django.db.models import Q
from django.utils import timezone

from ingest.devices.models import Dock, Issue, latest_issues
from ingest.devices.speed import minutes_left
from ingest.uploads.models import Upload

# As long as the screen itself waits for news before it covers the bays.
SILENT = timedelta(seconds=10)
PAGE_SECONDS = 12
# So many bays fit on a screen by the height of its letters.
BAYS_A_PAGE = {Dock.ScreenSize.LARGE: 12, Dock.ScreenSize.SMALL: 7}
# Sealed files get their receipts within seconds; those sealed before need not be looked through.
UNRECEIPTED = timedelta(days=31)
# Somebody gave a camera back so long ago: then their name no longer stands beside it.
GIVEN_BACK = timedelta(hours=24)


class State(StrEnum):
    """What a bay shows; the worst first."""

    KEEP = "keep"
    COPYING = "copying"
    READY = "ready"
    EMPTY = "empty"


WORST = list(State)
SHOWN = ("camera__serial", "state", "file_id", "reason")


@dataclass(frozen=True)
class Open:
    """A file that this dock listed of a camera and that has no receipt yet."""

    state: str
    file_id: str
    reason: str = ""


@dataclass(frozen=True)
class Bay:
    """One line of the screen."""

    number: str
    state: State
    words: str
    who: str = ""
    camera: str = ""
    percent: int | None = None
    minutes: str = ""
    why: str = ""


@dataclass(frozen=True)
class Screen:
    """Everything that a dock's screen shows at one moment."""

    dock: Dock
    now: datetime
    silent: bool
    bays: list[Bay]
    page: int
    pages: int
    ready: int
    copying: int
    keep: int


def look(dock: Dock, now: datetime | None = None) -> Screen:
    """The screen of this dock now. Three queries, however many bays it has."""
    now = now or timezone.now()
    said: list[dict[str, Any]] = dock.bays
    serials = {str(bay["camera"]) for bay in said if bay.get("camera")}
    unsettled, issues = open_files(dock, serials, now), latest_issues(serials, now)
    bays = [
        _bay(
            bay, unsettled.get(str(bay.get("camera")), []), issues.get(str(bay.get("camera"))), now
        )
        for bay in said
    ]
    fit = BAYS_A_PAGE[Dock.ScreenSize(dock.screen_size)]
    pages = max(1, ceil(len(bays) / fit))
    page = int(now.timestamp() // PAGE_SECONDS) % pages
    if pages > 1:
        bays.sort(key=lambda bay: WORST.index(bay.state))  # stable: by number within a state
    counts = {state: sum(bay.state == state for bay in bays) for state in State}
    return Screen(
        dock=dock,
        now=now,
        silent=dock.last_seen is None or now - dock.last_seen > SILENT,
        bays=bays[page * fit : (page + 1) * fit],
        page=page + 1,
        pages=pages,
        ready=counts[State.READY],
        copying=counts[State.COPYING],
        keep=counts[State.KEEP],
    )


def open_files(dock: Dock, serials: set[str], now: datetime) -> dict[str, list[Open]]:
    """The files of these cameras that this dock listed and that have no receipt. Two queries.

    Abandoned ones do not count: they left the card a month ago, and `reconcile` lists them.
    """
    if not serials:
        return {}
    listed = Upload.objects.filter(camera__serial__in=serials, listings__dock=dock)
    states = Upload.State
    unsettled = listed.filter(
        Q(state__in=[states.RECEIVING, states.VERIFYING])
        | Q(state=states.QUARANTINED, received_event=None),
        state__in=[states.RECEIVING, states.VERIFYING, states.QUARANTINED],
    )
    unreceipted = listed.filter(
        Q(state=states.SEALED) | Q(state=states.QUARANTINED, received_event__isnull=False),
        # Not by when it was listed: a large file, or one that waited, is sealed long after that.
        sealed_at__gte=now - UNRECEIPTED,
        receipt=None,
    )
    found: dict[str, list[Open]] = defaultdict(list)
    for row in unsettled.order_by("id").select_related("camera").only(*SHOWN):
        found[row.camera.serial].append(Open(row.state, row.file_id, row.reason))
    for row in unreceipted.order_by("id").select_related("camera").only(*SHOWN):
        found[row.camera.serial].append(Open(states.SEALED, row.file_id))
    return found


def _bay(said: dict[str, Any], rows: Sequence[Open], issue: Issue | None, now: datetime) -> Bay:
    state, words, why = judge(said, rows)
    percent, minutes = None, ""
    if state is State.COPYING and words == COPYING:
        percent, minutes = progress(said)
    camera = str(said.get("camera") or "")
    return Bay(
        number=str(said.get("bay", "")),
        state=state,
        words=words,
        who=_who(issue, now) or camera,
        camera=camera,
        percent=percent,
        minutes=minutes,
        why=why,
    )


COPYING, CHECKING = "DO NOT REMOVE", "CHECKING. DO NOT REMOVE"


def judge(said: dict[str, Any], rows: Sequence[Open]) -> tuple[State, str, str]:
    """State, words and, where something is held back, which file and why."""
    if said.get("state") == "keep":
        return _keep(str(said.get("file") or ""), str(said.get("why") or ""))
    if not said.get("camera"):
        return State.EMPTY, "EMPTY", ""
    aside = next((row for row in rows if row.state == Upload.State.QUARANTINED), None)
    if aside is not None:
        return _keep(aside.file_id, aside.reason)
    if said.get("state") == "ready" and not said.get("left"):
        if not rows:
            return State.READY, "READY TO TAKE", ""
        lost = next((row for row in rows if row.state == Upload.State.RECEIVING), None)
        if lost is not None:
            return _keep(lost.file_id, "It did not arrive whole, and is not on the card any more.")
        return State.COPYING, CHECKING, ""
    sent = int(said.get("total") or 0) > 0 and int(said["done"]) >= int(said["total"])
    if sent and all(row.state != Upload.State.RECEIVING for row in rows):
        return State.COPYING, CHECKING, ""
    return State.COPYING, COPYING, ""


def _keep(file_id: str, why: str) -> tuple[State, str, str]:
    name = file_id.rpartition("/")[2]
    short = name if len(name) <= 16 else f"…{name[-14:]}"
    return State.KEEP, f"KEEP IN DOCK: {short}" if short else "KEEP IN DOCK", why


def progress(said: dict[str, Any]) -> tuple[int, str]:
    """Per cent that is sent, and about how long the rest takes at the measured speed.

    Never 100 while it copies. Empty words until a speed was measured.
    """
    done, total = int(said.get("done") or 0), int(said.get("total") or 0)
    percent = min(99, 100 * done // total) if total else 0
    return percent, minutes_left(total - done, said.get("rate")).removeprefix("about ")


def _who(issue: Issue | None, now: datetime) -> str:
    """4127 SHAH: collar number and surname, nothing more, of who had the camera last."""
    if issue is None:
        return ""
    ended = issue.period.upper
    if ended is not None and ended < now - GIVEN_BACK:
        return ""
    surname = issue.officer.name.rpartition(" ")[2]
    return f"{issue.officer.collar or ''} {surname}".strip().upper()
