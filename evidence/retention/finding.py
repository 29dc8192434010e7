"""Which recordings somebody's words mean: of whom, of which camera, then, and there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from evidence.people.models import User
from evidence.recordings.models import Recording, Rendition
from evidence.retention.places import Place


def wanted(
    people: Collection[User],
    start: datetime,
    end: datetime,
    place: Place | None = None,
    cameras: Collection[str] = (),
    *,
    lock: bool = False,
) -> list[Recording]:
    """What is there of these people, these cameras and this place, and ran in this window. Three
    queries at most; better too much than too little."""
    whose = Q(officer__in=list(people))
    if cameras:
        whose |= Q(camera__in=list(cameras))
    if place is not None:
        tracks = Rendition.objects.filter(
            place.passed(),
            kind=Rendition.Kind.TRACK,
            original__recording__happened_at__range=(earlier(start), end),
        )
        whose |= place.around() | Q(pk__in=tracks.values("original__recording"))
    rows = Recording.objects.filter(
        whose, joined_into=None, disposed_at=None, happened_at__range=(earlier(start), end)
    ).order_by("id")
    found = rows.select_for_update(of=("self",)) if lock else rows
    in_time = [item for item in found if ends(item) >= start]
    named, kits = {person.pk for person in people}, set(cameras)

    def by_name(item: Recording) -> bool:
        return item.officer_id in named or item.camera in kits

    if place is None:
        return in_time
    boxes = boxes_of([item.pk for item in in_time if not by_name(item)])
    return [item for item in in_time if by_name(item) or was_at(place, item, boxes)]


def boxes_of(recordings: Sequence[int]) -> dict[int, list[list[float]]]:
    """The squares within which the tracks of these recordings lie. One query."""
    rows = Rendition.objects.filter(
        original__recording__in=recordings, kind=Rendition.Kind.TRACK, facts__has_key="box"
    ).values_list("original__recording", "facts__box")
    found: dict[int, list[list[float]]] = {}
    for recording, box in rows:
        found.setdefault(recording, []).append(box)
    return found


def was_at(place: Place, recording: Recording, boxes: dict[int, list[list[float]]]) -> bool:
    """Whether it began there, or its track may have come there: better too much than too little."""
    began = place.reaches(recording.latitude, recording.longitude)
    return began or any(place.touches(box) for box in boxes.get(recording.pk, []))


def earlier(start: datetime) -> datetime:
    """From when footage may have begun that runs at `start`: none is longer than a shift."""
    return start - timedelta(hours=24)


def ends(recording: Recording) -> datetime:
    """When it ended at the latest. Not probed yet: it may be as long as a shift, so it is held."""
    length = timedelta(milliseconds=recording.duration_ms or 24 * 3600 * 1000)
    return recording.happened_at + length
