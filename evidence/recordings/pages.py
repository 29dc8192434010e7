"""What pages show of recordings: rows with their stills, and the recording page's facts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from evidence.custody import history
from evidence.custody.models import Anchor, Checkpoint, Event
from evidence.custody.record import Draft, once_a_day, record_all
from evidence.people.models import User
from evidence.recordings import damage, keeping, keyset
from evidence.recordings.models import Original, Recording, Rendition, Undo
from evidence.store import s3

PAGE = keyset.PAGE
QUIET = timedelta(minutes=20)


@dataclass
class Row:
    """One recording in a list, with its still."""

    recording: Recording
    still: str = ""
    progress: int | None = None
    just_saved: bool = False
    # What one's last change can still be taken back with.
    undo: Undo | None = None


@dataclass
class Group:
    """Recordings of one outing: no gap of 20 quiet minutes between them."""

    start: datetime
    end: datetime
    rows: list[Row]

    @property
    def key(self) -> str:
        """What the group is called inside its page: by its newest recording."""
        return self.rows[0].recording.reference


def rows(recordings: Sequence[Recording], *, by: User, address: str) -> list[Row]:
    """Rows with stills, after writing that these were seen (once a person and day).

    A constant number of queries, whatever the number of rows.
    """
    stills: dict[int, Rendition] = {}
    found = Rendition.objects.filter(
        original__recording__in=recordings, original__damaged_at=None, kind="poster"
    )
    for still in found.select_related("original").order_by("-original__recorded_at"):
        stills[still.original.recording_id] = still
    running = Original.objects.filter(recording__in=recordings, media="running")
    progress = dict(running.values_list("recording_id", "progress"))
    now, actor = timezone.now(), by.actor()
    details = {"name": by.short, "address": address}
    with transaction.atomic():
        record_all(
            [
                (
                    Draft("evidence.listed", item.subject(), actor, private=details),
                    once_a_day(f"listed:{by.ref}:{item.reference}", now),
                )
                for item in recordings
                if item.pk in stills
            ]
        )
    return [Row(item, _still(stills.get(item.pk)), progress.get(item.pk)) for item in recordings]


def _still(still: Rendition | None) -> str:
    if still is None:
        return ""
    return s3.sign_get(
        "renditions",
        still.key,
        seconds=settings.PLAY_URL_SECONDS,
        content_type=still.content_type,
    )


def groups(found: Sequence[Row]) -> list[Group]:
    """Newest first; split where nothing was recorded for 20 minutes."""
    made: list[Group] = []
    for row in found:
        start = row.recording.happened_at
        end = start + timedelta(milliseconds=row.recording.duration_ms)
        if made and made[-1].start - end <= QUIET:
            made[-1].start = min(made[-1].start, start)
            made[-1].end = max(made[-1].end, end)
            made[-1].rows.append(row)
        else:
            made.append(Group(start, end, [row]))
    return made


@dataclass(frozen=True)
class Proof:
    """The proof line: what was shown of these bytes, and by what."""

    state: str
    words: str
    detail: str


def proof_of(original: Original) -> Proof:
    """What can be said of an original now, and no more."""
    return proofs_of([original])[0]


def proofs_of(originals: Sequence[Original]) -> list[Proof]:
    """What can be said of each original, in their order; as many queries for one as for fifty."""
    references = [original.reference for original in originals]
    events: dict[str, Event] = {}
    found = Event.objects.filter(object_ref__in=references, type="evidence.received")
    for one in found.order_by("-index"):
        events[one.object_ref] = one
    if not events:
        return [_proof(original, None, None, {}) for original in originals]
    # The checkpoint that covers the newest of them covers all; each is told its own.
    first, last = min(e.index for e in events.values()), max(e.index for e in events.values())
    signed = Checkpoint.objects.filter(size__gt=last).order_by("size").first()
    earlier = Checkpoint.objects.filter(size__gt=first).order_by("size").first()
    anchors = Anchor.objects.filter(size__gt=first).exclude(kind=Anchor.Kind.TILES)
    reach: dict[str, int] = {}
    for row in anchors.values("kind").annotate(size=Max("size")):
        reach[row["kind"]] = row["size"]
    made = []
    for original in originals:
        event = events.get(original.reference)
        covering = signed
        if event and earlier and event.index < earlier.size:
            covering = earlier
        made.append(_proof(original, event, covering, reach))
    return made


def _proof(
    original: Original, event: Event | None, signed: Checkpoint | None, reach: dict[str, int]
) -> Proof:
    if original.damaged_at is not None:
        return Proof("red", "Check failed. Don't rely on this file.", damage.SENTENCE)
    if event is None:
        return Proof(
            "blue", "Not numbered yet.", "Stored and checked; its line in the log is being made."
        )
    said = event.parsed()["object"]
    if (said.get("sha256"), said.get("size")) != (original.sha256, original.size):
        return Proof(
            "red",
            "Check failed. Don't rely on this file.",
            "Its row does not say what the custody log says.",
        )
    day = timezone.localtime(original.checked_at)
    # What a person outside sent by a request was in no dock: their browser took the fingerprint.
    outside = event.parsed()["actor"]["kind"] == "request"
    whose = "the sender's browser took" if outside else "the dock took"
    read = f"We read the whole file on {day:%-d %b %Y}; its fingerprint is the one {whose}."
    if signed is None:
        return Proof(
            "plain",
            "Unchanged; signature to come.",
            f"{read} The next checkpoint of the log will cover it within a minute.",
        )
    kinds = {kind for kind, size in reach.items() if size > event.index}
    if not kinds:
        return Proof(
            "plain",
            "Unchanged; outside proof to come.",
            f"{read} The record is in checkpoint {signed.size:,} of the custody log; until a copy "
            "of it is held outside, you rely on this system alone.",
        )
    held = ", of which a copy is held outside this system."
    if not kinds & history.OUTSIDE:
        held = (
            ", of which a copy that nobody can change lies in the write-once store. No other "
            "body holds one yet."
        )
    return Proof(
        "plain",
        "Unchanged since it was sent." if outside else "Unchanged since the dock.",
        f"{read} The record is in checkpoint {signed.size:,} of the custody log{held}",
    )


# What those who may not know of complaints are shown: a hold, a case, a share or somebody's
# look would tell them that there is one.
OPEN_EVENTS = (
    "evidence.received", "evidence.conflict", "evidence.quarantined", "evidence.verified",
    "rendition.created", "rendition.failed", "recording.categorised", "recording.assigned",
    "recording.joined", "evidence.damaged", "evidence.mended",
)  # fmt: skip


def past(
    recording: Recording, reader: User, limit: int = 200, also: Collection[str] = ()
) -> list[history.Line]:
    """The history of the recording and of every file that was joined into it, newest first.

    Those without `hold.view` see what happened to the footage and what they did themselves; so
    do all of their own footage, which a complaint about them may hold. `also`: files that are gone.
    """
    references = {recording.reference, *also}
    references |= set(recording.originals.values_list("reference", flat=True))
    events = Event.objects.filter(object_ref__in=references).order_by("-index")
    if not reader.may("hold.view") or recording.officer_id == reader.pk:
        events = events.filter(Q(type__in=OPEN_EVENTS) | Q(actor_ref=reader.ref))
    secret = keeping.hidden_holds(reader, recording)
    if secret:
        # Why others looked at it would tell of the complaint that it is held for.
        events = events.filter(
            Q(type__in=OPEN_EVENTS) | Q(actor_ref=reader.ref) | Q(type__startswith="hold.")
        )
    found = [event for event in events[:limit] if _hold_of(event) not in secret]
    return history.describe(found)


def _hold_of(event: Event) -> int | None:
    """The hold that an event is about."""
    number = event.parsed().get("data", {}).get("hold") if event.type.startswith("hold.") else None
    return number if isinstance(number, int) else None
