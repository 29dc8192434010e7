"""What the player is given: before anything is played, and the longer facts it asks for later."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet

from evidence.recordings import damage
from evidence.recordings.models import Original, Recording, Rendition
from evidence.store import s3

# A table of frames or positions that is longer is not sent to a page.
MOST_BYTES = 8 * 2**20
SITTING = timedelta(hours=12)
SALT = "recordings.player"
Facts = dict[tuple[int, str], dict[str, Any]]


def originals_of(recording: Recording) -> QuerySet[Original]:
    """The recording's files in the order in which they are played."""
    return recording.originals.order_by("recorded_at", "file_name")


def player(recording: Recording, *, look: str = "", track: bool = True) -> dict[str, Any]:
    """What the player needs before anything is played: lengths, times, shapes.

    `look` is the token of `opened`; without `track` nothing says that positions are known.
    """
    originals = list(originals_of(recording))
    facts: Facts = {
        (row.original_id, row.kind): row.facts
        for row in Rendition.objects.filter(original__in=originals)
    }
    played = [item for item in originals if (item.pk, "proxy") in facts]
    after = {item.pk: gap for item, gap in _gaps(played)}
    return {
        "reference": recording.reference,
        "look": look,
        "clock": _clock(recording),
        "tiles": settings.TILES_URL if track else "",
        "problem": damage.SENTENCE if any(item.damaged_at for item in originals) else "",
        "segments": [
            _segment(recording, item, facts, after.get(item.pk), track) for item in played
        ],
    }


def _clock(recording: Recording) -> dict[str, Any]:
    within, offset = recording.clock_within, recording.clock_offset
    return {
        "checked": offset is not None,
        "within": None if within is None else within.total_seconds(),
    }


def _segment(
    recording: Recording, original: Original, facts: Facts, gap: float | None, track: bool
) -> dict[str, Any]:
    proxy = facts[original.pk, "proxy"]
    sound = facts.get((original.pk, "waveform"))
    return {
        "seconds": proxy["seconds"],
        "start": start_of(recording, original),
        "said": original.recorded_at.timestamp() if original.recorded_at else None,
        "gap": gap,
        "board": facts.get((original.pk, "storyboard")),
        "levels": levels_of(sound or {}),
        "loud": (sound or {}).get("loud", []),
        "sound": sound is not None,
        "quiet": (original.pk, "sound") in facts,
        "small": (original.pk, "small") in facts,
        "picture": bool(proxy.get("width")),
        "frames": facts.get((original.pk, "frames"), {}).get("count", 0),
        "track": track and (original.pk, "track") in facts,
    }


def levels_of(sound: dict[str, Any]) -> list[int]:
    """How loud it is, 0 to 100 in decibels; from an older waveform's amplitudes too."""
    if "levels" in sound:
        return list(sound["levels"])
    return [OLD_SCALE[min(max(int(peak), 0), 100)] for peak in sound.get("peaks", [])]


# An older waveform's amplitude of so many per cent on the scale of decibels, as
# `ingest.media.stills.level` makes it.
OLD_SCALE = [0] + [
    max(0, round(100 + 20 * math.log10(percent / 100) / 0.6)) for percent in range(1, 101)
]


def start_of(recording: Recording, original: Original) -> float | None:
    """When the segment began, corrected, in seconds since 1970; None when that is not known."""
    if original.recorded_at is None:
        return None
    offset = recording.clock_offset or timedelta()
    try:
        return (original.recorded_at + offset).timestamp()
    except OverflowError:
        return None


def _gaps(originals: Sequence[Original]) -> list[tuple[Original, float]]:
    """Each file after the first, with the seconds not recorded before it."""
    found = []
    for one, other in itertools.pairwise(originals):
        if one.recorded_at and other.recorded_at:
            end = one.recorded_at + timedelta(milliseconds=one.duration_ms)
            found.append((other, round((other.recorded_at - end).total_seconds(), 3)))
    return found


def gaps(recording: Recording) -> list[str]:
    """Seconds between segments that were not recorded, in words."""
    originals = list(originals_of(recording).filter(media="ready"))
    before = dict(zip(originals[1:], originals, strict=False))
    return [
        f"{seconds:.1f} s not recorded after {before[item].file_name}"
        for item, seconds in _gaps(originals)
        if seconds > 0.5
    ]


# --- what is asked for later ---


def opened(who: str, recording: Recording) -> str:
    """A token that says: this person's page of this recording was opened, and the log has it."""
    return signing.TimestampSigner(salt=SALT).sign_object([who, recording.reference])


def was_opened(token: str, who: str, recording: Recording) -> bool:
    """Whether the token is of this person's page of this recording, of this sitting."""
    try:
        said = signing.TimestampSigner(salt=SALT).unsign_object(token, max_age=SITTING)
    except signing.BadSignature:
        return False
    return bool(said == [who, recording.reference])


def file_number(text: str) -> int:
    """Which file an address asks for; -1 for what is no number of one."""
    return int(text) if text.isdecimal() and len(text) <= 3 else -1


def details(recording: Recording, number: int, *, track: bool = True) -> dict[str, Any]:
    """Frame times and positions of the recording's n-th playable file; None for what it lacks."""
    shown = originals_of(recording).filter(renditions__kind="proxy")
    original = shown[number : number + 1].first() if 0 <= number < 1000 else None
    kinds = ["frames", "track"] if track else ["frames"]
    found = Rendition.objects.filter(original=original, kind__in=kinds) if original else ()
    rows = {row.kind: row for row in found}
    return {kind: details_of(rows.get(kind)) for kind in ("frames", "track")}


def details_of(row: Rendition | None) -> Any:
    """A rendition that is a small JSON document; None where it is missing or too long."""
    if row is None or row.size > MOST_BYTES:
        return None
    try:
        return json.loads(b"".join(s3.read("renditions", row.key)))
    except (s3.StoreError, ValueError):
        return None
