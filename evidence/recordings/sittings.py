"""What a page says it played: believed as far as it can be, counted, and written to the log.

A page that plays carries a signed token. With its first play a sitting begins; from then on the
page reports ranges every few seconds. A report is counted once, and only if it can be: what it
says took time, and one person has one pair of eyes, whatever the number of pages that they have
open. Cameras that play together in one page count each. A range that played at more than twice
its speed or in a page that was not on show is kept for the log, and not counted.

What was reported is in the database with the answer; the log has it within a minute, by the next
report or, where the page died, by the sweep. Nobody can prove that a person looked at the screen:
a browser that somebody changed may claim what could have been, in the time that it would take.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Sum
from django.utils import timezone

from evidence.custody.record import Draft, once_a_day, record
from evidence.people.models import User
from evidence.recordings import coverage, ranges
from evidence.recordings.access import visible_to
from evidence.recordings.models import Playing, Recording, Rendition, Sitting
from evidence.recordings.ranges import Ranges

SALT = "recordings.sitting"
LONGEST = timedelta(hours=12)
FASTEST_COUNTED = 2
SLOWEST, FASTEST = 0.05, 16  # what browsers play
# How much more than the time since it began a page may have claimed: clocks and networks.
SLACK_MS = 2_000
# Time that was not used is kept up to this, for a report that was late and the next in time.
KEPT_MS = 10_000
# Lengths as the renditions say them, and as the player counts them, differ by a frame.
FRAME_MS = 100
MOST_RANGES = 200
MOST_RECORDINGS = 4
TOLD_EVERY = timedelta(minutes=1)
# A page that has not reported for so long died, or is paused.
DEAD_AFTER = timedelta(seconds=90)
A_LINE = 100
BATCH = 500


class NotCounted(ValueError):
    """The report can't be counted. Its sentence is for a person."""


class Doubted(NotCounted):
    """What was reported can't have been."""


@dataclass(frozen=True)
class Said:
    """What was taken in: how much of each recording is played now, and what to say of it."""

    percent: dict[str, int]
    ranges: dict[str, Ranges]
    # Whether it tells of something that this person had not played before.
    more: bool
    words: str = ""


Allowed = Callable[[User, str], bool]
_abouts: dict[str, Allowed] = {}


def register_about(kind: str, allowed: Allowed) -> None:
    """Add who may review for things of one kind, like `complaint`: asked at every report."""
    _abouts[kind] = allowed


def page(person: User, about: str = "") -> str:
    """The token of a page on which this person may play, for this thing or for none."""
    return signing.TimestampSigner(salt=SALT).sign_object([str(uuid.uuid4()), person.ref, about])


def _page(token: str, person: User) -> tuple[uuid.UUID, str] | None:
    try:
        said = signing.TimestampSigner(salt=SALT).unsign_object(token, max_age=LONGEST)
    except signing.BadSignature:
        return None
    key, ref, about = said
    return (uuid.UUID(key), about) if ref == person.ref else None


def begin(*, by: User, token: str, recording: Recording, reason: str) -> None:
    """A page plays a recording: from now on it may report. In the transaction of its event.

    A page without a token of this person plays, and nothing of it is counted.
    """
    found = _page(token, by)
    if found is None:
        return
    key, about = found
    now = timezone.now()
    sitting, _ = Sitting.objects.get_or_create(
        key=key,
        defaults={
            "person": by, "about": about, "began_at": now, "reported_at": now,
            "left_ms": _slack(by, key, now), "others_ms": _others(by, key),
        },
    )  # fmt: skip
    known = Playing.objects.filter(sitting=sitting)
    if known.filter(recording=recording).exists() or known.count() >= MOST_RECORDINGS:
        return
    Playing.objects.get_or_create(
        sitting=sitting, recording=recording, defaults={"reason": reason[:300]}
    )


def _slack(person: User, key: uuid.UUID, now: datetime) -> int:
    """What a new page may claim at once: pages opened one upon another don't each have it."""
    rows = Sitting.objects.filter(person=person).exclude(key=key)
    last = rows.aggregate(last=Max("began_at"))["last"]
    since = (now - last) / timedelta(milliseconds=1) if last else SLACK_MS
    return max(0, min(SLACK_MS, round(since)))


def _others(person: User, key: uuid.UUID) -> int:
    """What the person's other pages have claimed so far."""
    rows = Sitting.objects.filter(person=person).exclude(key=key)
    return int(rows.aggregate(total=Sum("spent_ms"))["total"] or 0)


# --- a report ---


@dataclass(frozen=True)
class Part:
    """What was reported of one recording: what counts, what doesn't, how long it took."""

    playing: Playing
    counted: Ranges
    uncounted: Ranges
    took_ms: float


def report(
    *, by: User, token: str, number: int, parts: Mapping[str, Sequence[Any]], last: bool = False
) -> Said:
    """Take in what a page played since its last report: `[from, to, rate, seen]` by reference.

    The same number again is answered and not counted again. `last` writes it to the log at once.
    Raises NotCounted, and Recording.DoesNotExist for what may not be seen (any more).
    """
    found = _page(token, by)
    if found is None:
        raise NotCounted("Load the page again: what you play here is not being counted.")
    try:
        with transaction.atomic():
            return _taken(by, *found, number, parts, last)
    except Doubted as doubt:
        _doubt(by, found[0], doubt)
        raise


def _taken(
    by: User, key: uuid.UUID, about: str, number: int, parts: Mapping[str, Sequence[Any]],
    last: bool,
) -> Said:  # fmt: skip
    # All of the person's, so that two pages can't claim the same time at once.
    rows = {row.key: row for row in _locked(by)}
    sitting = rows.get(key)
    if sitting is None:
        raise NotCounted("Press Play: what is played is counted from there.")
    if about and not _abouts.get(about.partition("-")[0], lambda *_: False)(by, about):
        raise Recording.DoesNotExist
    playing = _playing(by, sitting, parts)
    if number <= sitting.number:
        return _said(by, about, playing, [], False)
    read = [_part(playing[name], said) for name, said in parts.items()]
    now = timezone.now()
    others = sum(row.spent_ms for row in rows.values() if row.pk != sitting.pk)
    _spend(sitting, read, now, others)
    sitting.number = number
    sitting.save(update_fields=["number", "reported_at", "left_ms", "spent_ms", "others_ms"])
    more = [_keep(by, about, part, now, last) for part in read]
    return _said(by, about, playing, read, any(more))


def _locked(by: User) -> list[Sitting]:
    return list(Sitting.objects.select_for_update().filter(person=by).order_by("pk"))


def _playing(by: User, sitting: Sitting, names: Mapping[str, Any]) -> dict[str, Playing]:
    """The recordings that are reported of, each still to be seen by this person."""
    rows = Playing.objects.filter(sitting=sitting).select_related("recording")
    found = {row.recording.reference: row for row in rows}
    if len(names) > MOST_RECORDINGS or not set(names) <= set(found):
        raise NotCounted("Press Play: what is played is counted from there.")
    wanted = {name: found[name] for name in names}
    pks = [row.recording_id for row in wanted.values()]
    if visible_to(by).filter(pk__in=pks).count() != len(pks):
        raise Recording.DoesNotExist
    return wanted


def _part(playing: Playing, said: Sequence[Any]) -> Part:
    """Read what a page says of one recording. Raises Doubted."""
    end = _length(playing.recording) + FRAME_MS
    if not isinstance(said, list) or len(said) > MOST_RANGES:
        raise Doubted("Played ranges are lists of from, to, rate and seen.")
    counted: Ranges = []
    uncounted: Ranges = []
    took = 0.0
    for item in said:
        start, stop, rate, seen = _range(item)
        if not 0 <= start < stop <= end:
            raise Doubted("A range that was played lies within its recording.")
        took += (stop - start) / rate
        stop = min(stop, end - FRAME_MS)
        fits = rate <= FASTEST_COUNTED and seen
        (counted if fits else uncounted).append([start, stop])
    return Part(playing, ranges.merged(counted), ranges.merged(uncounted), took)


def _range(item: Any) -> tuple[int, int, float, bool]:
    if not isinstance(item, list) or len(item) != 4:
        raise Doubted("Played ranges are lists of from, to, rate and seen.")
    start, stop, rate, seen = item
    numbers = type(start) is int and type(stop) is int and type(rate) in (int, float)
    # Nothing that is no number lies between, and an int of any length can be compared.
    if not numbers or not SLOWEST <= rate <= FASTEST:
        raise Doubted(f"Nothing plays slower than {SLOWEST}× or faster than {FASTEST}×.")
    return start, stop, float(rate), bool(seen)


def _length(recording: Recording) -> int:
    """What can be played of it: the files of which there is a viewing copy."""
    rows = Rendition.objects.filter(original__recording=recording, kind=Rendition.Kind.PROXY)
    seconds = sum(float(facts.get("seconds", 0)) for facts in rows.values_list("facts", flat=True))
    return max(recording.duration_ms, round(seconds * 1000))


def _spend(sitting: Sitting, read: Sequence[Part], now: datetime, others: int) -> None:
    """Take the time that it claims from what it may claim. Raises Doubted."""
    # Cameras that play together take the time of the one that played longest.
    took = math.ceil(max((part.took_ms for part in read), default=0))
    passed = round((now - sitting.reported_at).total_seconds() * 1000)
    # What other pages claimed meanwhile is not there to be claimed again.
    left = sitting.left_ms + max(0, passed) - max(0, others - sitting.others_ms)
    since = round((now - sitting.began_at).total_seconds() * 1000)
    if took > left or sitting.spent_ms + took > since + SLACK_MS:
        raise Doubted("More was reported as played than there was time for. It isn't counted.")
    sitting.left_ms = min(left - took, KEPT_MS)
    sitting.spent_ms += took
    sitting.others_ms, sitting.reported_at = others, now


def _keep(by: User, about: str, part: Part, now: datetime, last: bool) -> bool:
    """Count it, and have it wait for the log. Whether it is something new."""
    row, more = part.playing, False
    if part.counted:
        more = coverage.add(person=by, recording=row.recording, about=about, played=part.counted)
    if part.counted or part.uncounted:
        row.ranges = ranges.merged(row.ranges, part.counted)
        row.uncounted = ranges.merged(row.uncounted, part.uncounted)
        row.waits_since = row.waits_since or now
        row.save(update_fields=["ranges", "uncounted", "waits_since"])
    if row.waits_since and (last or now - row.waits_since >= TOLD_EVERY):
        _tell(by, row)
    return more


def _said(
    by: User, about: str, playing: Mapping[str, Playing], read: Sequence[Part], more: bool
) -> Said:
    rows = coverage.own(by, [row.recording for row in playing.values()], about)
    percent: dict[str, int] = {}
    played: dict[str, Ranges] = {}
    for name, row in playing.items():
        found = rows.get(row.recording_id)
        percent[name] = found.percent if found else 0
        played[name] = found.ranges if found else []
    missed = any(part.uncounted for part in read)
    words = "Played too fast, or not on show. Not counted as reviewed." if missed else ""
    return Said(percent, played, more, words)


def _doubt(by: User, key: uuid.UUID, doubt: Doubted) -> None:
    """Write that a page claimed what can't have been: once a page, however often it tries."""
    with transaction.atomic():
        changed = Sitting.objects.filter(key=key, person=by, doubted=False).update(doubted=True)
        first = Playing.objects.filter(sitting__key=key).select_related("recording").first()
        if changed and first is not None:
            record(
                Draft(
                    "evidence.doubted",
                    first.recording.subject(),
                    by.actor(),
                    private={"name": by.short, "why": str(doubt)},
                    outcome="failed",
                ),
                event_id=once_a_day(f"doubted:{key}", first.sitting.began_at),
            )


# --- the log ---


def _tell(by: User, row: Playing) -> None:
    """Write what waits, in lines that fit; the row is locked or its sitting is."""
    counted, uncounted = row.ranges, row.uncounted
    while counted or uncounted:
        one, counted = counted[:A_LINE], counted[A_LINE:]
        other, uncounted = uncounted[:A_LINE], uncounted[A_LINE:]
        _line(by, row, one, other)
    row.ranges, row.uncounted, row.waits_since = [], [], None
    row.save(update_fields=["ranges", "uncounted", "waits_since"])


def _line(by: User, row: Playing, counted: Ranges, uncounted: Ranges) -> None:
    words = [ranges.words(counted)] if counted else []
    if uncounted:
        words.append(f"{ranges.words(uncounted)} too fast or not on show")
    found = (("ranges", counted), ("uncounted", uncounted))
    reason = {"reason": row.reason} if row.reason else {}
    record(
        Draft(
            "evidence.watched",
            row.recording.subject(),
            by.actor(),
            data={
                name: [f"{start}-{end}" for start, end in said] for name, said in found if said
            },
            private={"name": by.short, "when": "; ".join(words)} | reason,
        )
    )  # fmt: skip


def sweep(now: datetime | None = None) -> int:
    """Write what pages reported that then died, and forget pages that can't report any more.

    The number of recordings that were written of. Again, or twice at once: nothing is written
    twice.
    """
    now, told = now or timezone.now(), 0
    due = Playing.objects.filter(
        waits_since__isnull=False, sitting__reported_at__lt=now - DEAD_AFTER
    )
    for pk in list(due.order_by("waits_since").values_list("pk", flat=True)[:BATCH]):
        told += _sweep_one(pk)
    live = Sitting.objects.filter(person=OuterRef("person"), reported_at__gte=now - LONGEST)
    old = Sitting.objects.filter(reported_at__lt=now - LONGEST)
    # While one page of a person lives, what the others claimed must not change.
    gone = old.exclude(Exists(live)).exclude(playing__waits_since__isnull=False)
    Sitting.objects.filter(pk__in=list(gone.values_list("pk", flat=True)[:BATCH])).delete()
    return told


def _sweep_one(pk: int) -> int:
    with transaction.atomic():
        sitting = Sitting.objects.select_for_update(of=("self",)).get(playing=pk)
        row = Playing.objects.select_related("recording").get(pk=pk)
        if row.waits_since is None:
            return 0
        _tell(sitting.person, row)
    return 1
