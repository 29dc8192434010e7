"""What is on its way to an officer, as the docks and this server know it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from evidence.people.models import User
from evidence.recordings.arrivals import Arrival
from ingest.devices.models import Dock, Issue, latest_issues
from ingest.devices.speed import minutes_left
from ingest.uploads.models import Upload

SILENT = timedelta(seconds=30)
# Cameras that somebody had within that time; files wait in a camera for so long at most.
LOOK_BACK = timedelta(days=31)
MOST = 500


def of(user: User) -> list[Arrival]:
    """Files of cameras that were this person's when they were recorded, a line a camera.

    Constant queries. What a dock says of files that it has not registered yet is added only
    where the person is the last who had the camera.
    """
    now = timezone.now()
    period = TimestamptzRange(now - LOOK_BACK, now + timedelta(days=1))
    serials = set(
        Issue.objects.filter(officer=user, period__overlap=period)
        .values_list("camera__serial", flat=True)[:MOST]
    )  # fmt: skip
    if not serials:
        return []
    mine = {
        serial for serial, issue in latest_issues(serials, now).items()
        if issue.officer_id == user.pk
    }  # fmt: skip
    sent: dict[str, list[Upload]] = defaultdict(list)
    for upload in _open(user, serials):
        sent[upload.camera.serial].append(upload)
    fresh = _fresh(mine, {row.dock_id for rows in sent.values() for row in rows}, now)
    said = _said(mine, fresh)
    docks = {dock.pk for dock in fresh}
    return [
        arrival
        for serial in sorted(sent.keys() | said.keys())
        if (arrival := _arrival(serial, sent.get(serial, []), said.get(serial), docks))
    ]


def _open(user: User, serials: set[str]) -> list[Upload]:
    """Uploads that are not sealed, recorded while this person had the camera."""
    had = Issue.objects.filter(
        camera=OuterRef("camera"), officer=user, period__contains=OuterRef("taken")
    )
    rows = Upload.objects.filter(
        camera__serial__in=serials,
        state__in=[Upload.State.RECEIVING, Upload.State.VERIFYING],
    ).annotate(taken=Coalesce(F("recorded_at"), F("created")))
    found = rows.filter(Exists(had)).select_related("camera", "dock").defer("part_hashes")
    return list(found.order_by("id")[:MOST])


def _fresh(serials: set[str], docks: set[int], now: datetime) -> list[Dock]:
    """The docks that report, of these and of those that hold these cameras."""
    holding = Q(cameras__serial__in=serials) | Q(pk__in=docks)
    return list(Dock.objects.filter(holding, last_seen__gt=now - SILENT).distinct())


def _said(serials: set[str], docks: list[Dock]) -> dict[str, tuple[Dock, Any]]:
    """What these docks say of these cameras."""
    return {
        str(bay["camera"]): (dock, bay)
        for dock in docks for bay in dock.bays if bay.get("camera") in serials
    }  # fmt: skip


def _arrival(
    serial: str, uploads: list[Upload], said: tuple[Dock, Any] | None, fresh: set[int]
) -> Arrival | None:
    """One line. A dock may report and yet tell this person nothing: another has the camera now."""
    told, bay = said or (None, {})
    files = max(len(uploads), int(bay.get("left") or 0))
    if not files:
        return None
    dock = told or uploads[0].dock
    done, total = int(bay.get("done") or 0), int(bay.get("total") or 0)
    if dock.pk not in fresh:
        reason = "The dock does not report. Leave the camera in."
        return Arrival(dock.name, serial, files, 0, 0, "", reason)
    checking = bool(uploads) and all(row.state == Upload.State.VERIFYING for row in uploads)
    # Nothing is left on the card, and something of it did not arrive whole.
    lost = bay.get("state") == "ready" and not bay.get("left") and not checking
    if bay.get("state") == "keep" or lost:
        words = "Something is held back. Leave the camera in the dock."
        return Arrival(dock.name, serial, files, 0, 0, "", words)
    words = "Being checked." if checking and done >= total else "Copying."
    minutes = minutes_left(total - done, bay.get("rate"))
    return Arrival(dock.name, serial, files, min(done, total), total, minutes, words)
