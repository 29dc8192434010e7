"""What may still come of some officers and some time, as the docks and this server know it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Exists, F, Max, OuterRef, Q
from django.db.models.functions import Coalesce
from psycopg.types.range import TimestamptzRange

from evidence.people.models import User
from evidence.recordings.arrivals import Expected
from ingest.devices.models import Camera, Dock, Issue
from ingest.uploads.models import Upload

# A file that began before the time may reach into it; none is longer than a shift.
EARLIER = timedelta(hours=24)


def expected(officers: Collection[User], start: datetime, end: datetime) -> Expected:
    """Files on their way, and cameras that have not been in a dock since. Four queries."""
    period = TimestamptzRange(start, end, "[]")
    issues = list(
        Issue.objects.filter(officer__in=list(officers), period__overlap=period)
        .select_related("camera")
    )  # fmt: skip
    if not issues:
        return Expected()
    cameras = {issue.camera_id: issue.camera for issue in issues}
    sent = _open(officers, cameras, start, end)
    listed = _listed({camera.serial for camera in cameras.values()})
    # A dock counts what it has not registered besides what it has: the larger number is right.
    files = sum(
        max(sent.get(camera.pk, 0), listed.get(camera.serial, 0)) for camera in cameras.values()
    )
    last = dict(
        Upload.objects.filter(camera__in=cameras)
        .order_by()
        .values("camera")
        .annotate(last=Max("created"))
        .values_list("camera", "last")
    )
    out = {
        issue.camera.serial for issue in issues
        if not _docked_since(issue, last.get(issue.camera_id), end)
    }  # fmt: skip
    return Expected(files, tuple(sorted(out)))


def _docked_since(issue: Issue, uploaded: datetime | None, end: datetime) -> bool:
    """Whether it was in a dock after the last moment at which this officer can have used it."""
    used = min(end, issue.period.upper or end)
    seen = [moment for moment in (issue.camera.docked_at, uploaded) if moment is not None]
    return any(moment >= used for moment in seen)


def _open(
    officers: Collection[User], cameras: dict[int, Camera], start: datetime, end: datetime
) -> dict[int, int]:
    """By camera, the uploads that are not sealed, made while one of these officers had it."""
    had = Issue.objects.filter(
        camera=OuterRef("camera"), officer__in=list(officers), period__contains=OuterRef("taken")
    )
    rows = Upload.objects.filter(
        Q(recorded_at=None) | Q(recorded_at__range=(start - EARLIER, end)), camera__in=cameras,
        state__in=[Upload.State.RECEIVING, Upload.State.VERIFYING],
    ).annotate(taken=Coalesce(F("recorded_at"), F("created")))  # fmt: skip
    found: dict[int, int] = {}
    for camera in rows.filter(Exists(had)).values_list("camera", flat=True):
        found[camera] = found.get(camera, 0) + 1
    return found


def _listed(serials: set[str]) -> dict[str, int]:
    """By camera, how many files its dock says are left on it."""
    found: dict[str, int] = {}
    for dock in Dock.objects.filter(cameras__serial__in=serials).distinct():
        for bay in dock.bays:
            if bay.get("camera") in serials:
                found[str(bay["camera"])] = int(bay.get("left") or 0)
    return found
