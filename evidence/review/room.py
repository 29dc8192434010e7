"""What the review room shows: allegations, footage, cameras on one clock, notes, coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.urls import NoReverseMatch, reverse

from evidence.complaints.models import Allegation, Complaint, Finding
from evidence.people.models import User
from evidence.recordings import coverage, markers, sittings, together
from evidence.recordings.models import Marker, Recording
from evidence.recordings.references import is_reference
from evidence.review import access
from evidence.review.models import Note, NoteDraft

# Cameras on one clock, and rows of a list: more are there, and are said to be.
MOST = sittings.MOST_RECORDINGS
LISTED = 200


@dataclass(frozen=True)
class Footage:
    """One recording of the complaint, for one reviewer."""

    recording: Recording
    # How much of it lies in the time complained of, milliseconds.
    within_ms: int
    own: coverage.Row | None
    others: list[coverage.Row]
    notes: int
    # The allegations that name whoever recorded it.
    about: list[Allegation]
    chosen: bool

    @property
    def percent(self) -> int:
        """How much of it this reviewer has played."""
        return self.own.percent if self.own else 0

    @property
    def plays(self) -> bool:
        """Whether there is a viewing copy."""
        return self.recording.media == Recording.Media.READY


@dataclass(frozen=True)
class Charge:
    """One allegation with how far it has come."""

    row: Allegation
    finding: Finding | None
    notes: int

    @property
    def state(self) -> str:
        """In words: nothing found yet, a finding proposed, decided."""
        if self.finding is None:
            return "No finding yet"
        return "Decided" if self.finding.decided_at else "Finding proposed"


@dataclass(frozen=True)
class Bar:
    """What one reviewer has played of one camera."""

    key: str
    words: str


@dataclass(frozen=True)
class Shown:
    """One camera of the room, with a bar a reviewer."""

    number: int
    recording: Recording
    moved: str
    data: dict[str, Any]
    bars: list[Bar] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """One note or mark in the list beside the picture."""

    at_ms: int
    recording: Recording
    text: str
    by: User
    made: datetime
    camera: int = 0
    note: Note | None = None
    own: bool = False

    @property
    def at(self) -> str:
        """00:02:16.480"""
        return markers.stamp(self.at_ms)

    @property
    def seconds(self) -> float:
        """From the recording's start."""
        return self.at_ms / 1000


def about(complaint: Complaint) -> str:
    """How coverage names what is reviewed: as the log does."""
    return complaint.subject().ref


def how_far(complaint: Complaint) -> tuple[str, str]:
    """For the complaint's list of steps: colour and words of what was played to the end."""
    rows = coverage.of(about(complaint))
    if not rows:
        return "amber", "Nothing played yet"
    whole = len({row.recording.pk for row in rows if row.complete})
    return "plain", f"{whole} of {access.held(complaint).count()} played to the end"


def charges(complaint: Complaint) -> list[Charge]:
    """The allegations that stand, each with the finding in force. Constant queries."""
    findings = Finding.objects.filter(replaced_at=None).select_related("wording")
    rows = (
        complaint.allegations.filter(withdrawn_at=None)
        .select_related("category")
        .prefetch_related("officers", Prefetch("findings", findings, to_attr="in_force"))
    )
    counted = Counter(_notes(complaint).values_list("allegation_id", flat=True))
    return [
        Charge(row, next(iter(row.in_force), None), counted[row.pk])  # type: ignore[attr-defined]
        for row in rows
    ]


def _notes(complaint: Complaint) -> QuerySet[Note]:
    return Note.objects.filter(complaint=complaint, withdrawn_at=None).order_by()


def footage(
    reader: User, complaint: Complaint, said: Sequence[Charge], chosen: Sequence[str]
) -> tuple[list[Footage], str]:
    """What the complaint holds, oldest first, and in words what is not listed. Constant queries."""
    rows = list(
        access.footage(reader, complaint)
        .select_related("officer")
        .order_by("happened_at", "pk")[: LISTED + 1]
    )
    shown = rows[:LISTED]
    played: dict[int, list[coverage.Row]] = {}
    for row in coverage.of(about(complaint), shown):
        played.setdefault(row.recording.pk, []).append(row)
    noted = Counter(_notes(complaint).values_list("recording_id", flat=True))
    named = [(one.row, {officer.pk for officer in one.row.officers.all()}) for one in said]
    found = []
    for item in shown:
        mine = [row for row in played.get(item.pk, []) if row.person.pk == reader.pk]
        others = [row for row in played.get(item.pk, []) if row.person.pk != reader.pk]
        charged = [row for row, officers in named if item.officer_id in officers]
        found.append(
            Footage(
                item, _within(item, complaint), next(iter(mine), None), others, noted[item.pk],
                charged, item.reference in chosen,
            )
        )  # fmt: skip
    return found, _rest(complaint, len(rows), reader)


def _rest(complaint: Complaint, listed: int, reader: User) -> str:
    if listed > LISTED:
        return f"There is more than these {LISTED}: open the rest from the complaint's page."
    hidden = access.held(complaint).values("pk")[:1001].count() - listed
    if hidden <= 0:
        return ""
    if hidden > 1000:
        return "More than 1,000 others are held that you can't see."
    are = "other is" if hidden == 1 else "others are"
    return f"{hidden} {are} held that you can't see. It is restricted: ask for a grant."


def _within(recording: Recording, complaint: Complaint) -> int:
    if recording.ends_at is None:
        return 0
    start = max(recording.happened_at, complaint.start)
    end = min(recording.ends_at, complaint.end)
    return max(0, round((end - start).total_seconds() * 1000))


def cameras(
    *, by: User, complaint: Complaint, references: Sequence[str], address: str
) -> list[Shown]:
    """The chosen cameras on one clock, after writing that each was opened for the complaint.

    Raises Recording.DoesNotExist for one that the complaint does not hold or that can't be seen.
    """
    if not all(map(is_reference, references)):
        raise Recording.DoesNotExist
    held = access.footage(by, complaint).filter(reference__in=references)
    if held.count() != len(set(references)):
        raise Recording.DoesNotExist
    why = dict.fromkeys(references, complaint.reference)
    found = together.cameras(
        by=by, references=references, address=address, reasons=why, about=about(complaint)
    )
    played: dict[int, list[coverage.Row]] = {}
    for row in coverage.of(about(complaint), [camera.recording for camera in found]):
        if row.person.pk != by.pk:
            played.setdefault(row.recording.pk, []).append(row)
    return [_shown(camera, complaint, played.get(camera.recording.pk, [])) for camera in found]


def _shown(
    camera: together.Camera, complaint: Complaint, others: Sequence[coverage.Row]
) -> Shown:  # fmt: skip
    where = [complaint.pk, camera.recording.reference]
    bars = [Bar(f"{camera.number}-own", "You")]
    ranges: dict[str, Any] = {}
    for index, row in enumerate(others):
        key = f"{camera.number}-{index}"
        bars.append(Bar(key, f"{row.person.short} {row.percent}%"))
        ranges[key] = row.ranges
    data = camera.player | {
        "number": camera.number, "moved": camera.milliseconds, "bars": ranges,
        "play": reverse("review-play", args=where), "facts": reverse("review-facts", args=where),
    }  # fmt: skip
    return Shown(camera.number, camera.recording, camera.moved, data, bars)


def lines(reader: User, complaint: Complaint, shown: Sequence[Shown]) -> list[Line]:
    """Notes of the complaint, and marks of the cameras on show, by camera and time."""
    number = {camera.recording.pk: camera.number for camera in shown}
    visible = access.footage(reader, complaint).values("pk")
    notes = (
        Note.objects.filter(complaint=complaint, withdrawn_at=None, recording__in=visible)
        .select_related("recording", "made_by", "allegation__category")
    )  # fmt: skip
    found = [
        Line(row.at_ms, row.recording, row.text, row.made_by, row.made_at,
             number.get(row.recording_id, 0), row, row.made_by_id == reader.pk)
        for row in notes
    ]  # fmt: skip
    for camera in shown:
        for mark in markers.shown_to(reader, camera.recording):
            found.append(_mark(mark, camera))
    return sorted(found, key=lambda line: (line.camera or 99, line.recording.pk, line.at_ms))


def _mark(mark: Marker, camera: Shown) -> Line:
    return Line(
        mark.at_ms, camera.recording, mark.text, mark.made_by, mark.created, camera.number
    )  # fmt: skip


def signs(found: Sequence[Line]) -> list[dict[str, Any]]:
    """Notes and marks as the timeline draws them."""
    return [
        {"camera": line.camera, "at": line.seconds, "note": line.note is not None}
        for line in found
        if line.camera
    ]


def draft(reader: User, complaint: Complaint) -> NoteDraft | None:
    """What this reviewer has not finished writing."""
    return NoteDraft.objects.filter(complaint=complaint, person=reader).first()


def findings_url(complaint: Complaint) -> str:
    """Where findings are made; empty where there is no such page."""
    try:
        return reverse("admin:complaints_complaint_findings", args=[complaint.pk])
    except NoReverseMatch:
        return ""
