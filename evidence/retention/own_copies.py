"""What the room below keeps beside renditions: packages, which go with the footage."""

from __future__ import annotations

from evidence.recordings import leaving
from evidence.recordings.models import Recording
from evidence.retention.registry import Copy


def packages(recording: Recording) -> list[Copy]:
    """The files of packages that contain it."""
    return [
        Copy("renditions", version.key, "", f"package {reference}", "", version.size)
        for reference, version in leaving.packages_of(recording)
    ]
