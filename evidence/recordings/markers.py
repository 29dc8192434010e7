"""Markers and notes: made, taken back, put back; and who sees whose."""

from __future__ import annotations

import re

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.custody.record import Draft, record
from evidence.people.models import User
from evidence.recordings import keeping, search
from evidence.recordings.access import find, visible_to
from evidence.recordings.models import Marker, Recording

MOST = 1000
LONGEST = 2000
# 00:02:16.480, 2:16.48, 136.48 or 136
POSITION = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6})(?:[.,](\d{1,6}))?")


class NotMarked(ValueError):
    """The marker can't be kept. Its sentence is for a person."""


def position(text: str) -> int:
    """A place in a recording as people type it, in milliseconds. Raises NotMarked."""
    match = POSITION.fullmatch(text.strip())
    if match is None:
        raise NotMarked("Enter a time like 00:02:16.480, or seconds like 136.48")
    hours, minutes, seconds = (int(match[number] or 0) for number in (1, 2, 3))
    fraction = int((match[4] or "0")[:3].ljust(3, "0"))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction


def stamp(milliseconds: int) -> str:
    """00:02:16.480"""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def shown_to(reader: User, recording: Recording) -> QuerySet[Marker]:
    """The markers that somebody who may see the recording sees.

    What people who work on complaints wrote is shown to those who may know of one; of their own
    footage, or of what is held for a complaint that they may not know of, to nobody else.
    """
    found = recording.markers.filter(removed_at=None).select_related("made_by")
    if not reader.may("hold.view"):
        return found.filter(office=False)
    if Recording.objects.filter(keeping.unsaid(reader), pk=recording.pk).exists():
        return found.filter(Q(office=False) | Q(made_by=reader))
    return found


def add(*, by: User, reference: str, at_ms: int, text: str = "") -> Marker:
    """Mark a place, with a note or without. Raises Recording.DoesNotExist, NotMarked."""
    text = text.replace("\0", "").replace("\r\n", "\n").strip()
    if len(text) > LONGEST:
        raise NotMarked(f"The note must be {LONGEST:,} characters or fewer; it has {len(text):,}")
    with transaction.atomic():
        locked = _locked(by, reference)
        if not 0 <= at_ms <= locked.duration_ms:
            end = stamp(locked.duration_ms)
            raise NotMarked(f"The time must be within the recording, which ends at {end}")
        # Of their own footage somebody marks as the officer who recorded it.
        office = by.may("hold.view") and locked.officer_id != by.pk
        _room(locked, office)
        made = Marker.objects.create(
            recording=locked, at_ms=at_ms, text=text, made_by=by, office=office
        )
        _told("recording.marked", by, made)
    return made


def remove(*, by: User, reference: str, marker: int) -> Marker:
    """Take back one's own marker. Raises Recording.DoesNotExist, Marker.DoesNotExist."""
    with transaction.atomic():
        made = _own(by, reference, marker, gone=False)
        made.removed_at, made.removed_by = timezone.now(), by
        made.save(update_fields=["removed_at", "removed_by"])
        _told("recording.unmarked", by, made)
    return made


def restore(*, by: User, reference: str, marker: int) -> Marker:
    """Undo taking it back. Raises Recording.DoesNotExist, Marker.DoesNotExist, NotMarked."""
    with transaction.atomic():
        locked = _locked(by, reference)
        made = _own(by, reference, marker, gone=True)
        _room(locked, made.office)
        made.removed_at = made.removed_by = None
        made.save(update_fields=["removed_at", "removed_by"])
        _told("recording.marked", by, made)
    return made


def _locked(by: User, reference: str) -> Recording:
    """The recording, one person's at a time, so that the limit holds; seen once more under the
    lock, so that what was restricted meanwhile is not marked."""
    found = find(by, reference, "recording.mark")
    return visible_to(by, "recording.mark").select_for_update(of=("self",)).get(pk=found.pk)


def _room(recording: Recording, office: bool) -> None:
    """Raises NotMarked where there is none. The office's markers are counted apart: a limit that
    the officer reaches early would tell that there are some."""
    if recording.markers.filter(removed_at=None, office=office).count() >= MOST:
        raise NotMarked(f"This recording has {MOST:,} markers. Remove one to add another.")


def _own(by: User, reference: str, marker: int, gone: bool) -> Marker:
    recording = find(by, reference, "recording.mark")
    return Marker.objects.select_for_update(of=("self",)).select_related("recording").get(
        pk=marker, recording=recording, made_by=by, removed_at__isnull=not gone
    )  # fmt: skip


def _told(event: str, by: User, marker: Marker) -> None:
    search.reindex(marker.recording)
    record(
        Draft(
            event,
            marker.recording.subject(),
            by.actor(),
            data={"marker": marker.pk, "at_ms": marker.at_ms},
            private={"name": by.short, "at": stamp(marker.at_ms), "text": marker.text or "no note"},
        )
    )
