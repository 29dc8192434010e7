"""What the room below keeps beside renditions, and what of somebody's footage is gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Max
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings import leaving
from evidence.recordings.models import Recording
from evidence.retention.registry import Copy, Disposed


def packages(recording: Recording) -> list[Copy]:
    """The files of packages that contain it."""
    return [
        Copy("renditions", version.key, "", f"package {reference}", "", version.size)
        for reference, version in leaving.packages_of(recording)
    ]


def gone(officers: Sequence[User], start: datetime, end: datetime) -> Disposed | None:
    """How much of their footage of that time was disposed of, and when last. One query."""
    rows = Recording.objects.filter(
        officer__in=officers, joined_into=None, disposed_at__isnull=False,
        happened_at__gte=start, happened_at__lte=end,
    )  # fmt: skip
    found = rows.order_by().aggregate(count=Count("pk"), last=Max("disposed_at"))
    if not found["count"]:
        return None
    return Disposed(found["count"], timezone.localtime(found["last"]).date())
