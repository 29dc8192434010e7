"""What the report of a complaint says, read once: who, what is alleged, footage, what was done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from evidence.complaints import costs
from evidence.complaints.clocks import said
from evidence.complaints.models import Allegation, Complaint, Finding, Referral
from evidence.custody import history
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings import coverage, pages, ranges
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.recordings.models import Original, Recording
from evidence.recordings.templatetags.evidence import clock, day
from evidence.retention.models import Hold, Kind

MOST_EVENTS = 2000
MOST_FOOTAGE = 500


@dataclass(frozen=True)
class Entry:
    """One line of the chronology. Of some things only the day is known."""

    on: date
    at: datetime | None
    words: str

    @property
    def when(self) -> str:
        """22 Nov 2026 22:14:07 GMT, or the day alone."""
        return f"{day(self.at)} {clock(self.at)}" if self.at else f"{self.on:%-d %b %Y}"


@dataclass(frozen=True)
class Footage:
    """A recording that the complaint holds: its files, who reviewed how much, what is proved."""

    recording: Recording
    files: list[tuple[Original, str]]
    reviewed: list[str]
    held: str
    history: str


@dataclass(frozen=True)
class Alleged:
    """An allegation, and what was found of it: what is in force, then what it replaced."""

    allegation: Allegation
    findings: list[Finding]

    @property
    def in_force(self) -> Finding | None:
        """What counts now."""
        return next((item for item in self.findings if item.replaced_at is None), None)


@dataclass(frozen=True)
class Facts:
    """Everything in the report."""

    complaint: Complaint
    chronology: list[Entry]
    alleged: list[Alleged]
    footage: list[Footage]
    unseen: bool
    costs: list[costs.Cost] = field(default_factory=list)
    referral: Referral | None = None


def read(by: User, complaint: Complaint) -> Facts:
    """All of it, as this person may see it; the same number of queries for much footage."""
    findings: dict[int, list[Finding]] = {}
    rows = Finding.objects.filter(allegation__complaint=complaint)
    for item in rows.select_related("wording", "proposed_by", "decided_by"):
        findings.setdefault(item.allegation_id, []).append(item)
    alleged = [
        Alleged(item, findings.get(item.pk, []))
        for item in complaint.allegations.select_related("category").prefetch_related("officers")
    ]
    footage, unseen = _footage(by, complaint)
    referral = Referral.objects.filter(complaint=complaint).first()
    return Facts(
        complaint, _chronology(complaint, referral), alleged, footage, unseen,
        costs.of(complaint), referral,
    )  # fmt: skip


# --- footage ---
def _footage(by: User, complaint: Complaint) -> tuple[list[Footage], bool]:
    holds = Hold.objects.filter(kind=Kind.COMPLAINT, reference=complaint.reference)
    held: dict[int, Hold] = {}
    for hold in holds.order_by("set_at"):
        held[hold.recording_id] = hold
    visible = recordings_visible_to(by).filter(pk__in=held).select_related("officer")
    shown = list(visible.order_by("happened_at", "pk").prefetch_related("originals")[:MOST_FOOTAGE])
    originals = [item for recording in shown for item in recording.originals.all()]
    proofs = {
        row.pk: f"{proof.words} {proof.detail}".strip()
        for row, proof in zip(originals, pages.proofs_of(originals), strict=True)
    }
    played = _coverage(complaint, shown)
    newest = _newest([recording.reference for recording in shown])
    return [
        Footage(
            recording,
            [(item, proofs[item.pk]) for item in recording.originals.all()],
            played.get(recording.pk, []),
            _held_words(held[recording.pk]),
            newest.get(recording.reference, "Nothing is written of it yet."),
        )
        for recording in shown
    ], len(held) > len(shown)


def _held_words(hold: Hold) -> str:
    since = f"Held since {day(hold.set_at)} {clock(hold.set_at)}"
    return f"{since}, released {day(hold.released_at)}" if hold.released_at else since


def _coverage(complaint: Complaint, recordings: list[Recording]) -> dict[int, list[str]]:
    """Who played how much of each for this complaint, and which parts."""
    found: dict[int, list[str]] = {}
    for row in coverage.of(complaint.subject().ref, recordings):
        parts = ranges.words(row.ranges)
        found.setdefault(row.recording.pk, []).append(
            f"{row.person.short}: {row.percent}%, last on {day(row.updated_at)}"
            + (f" ({parts})" if parts else "")
        )
    return found


def _newest(references: list[str]) -> dict[str, str]:
    """How many lines the log has of each recording, to which index: one query."""
    rows = (
        Event.objects.filter(object_ref__in=references).order_by("object_ref", "-seq")
        .distinct("object_ref").values_list("object_ref", "seq", "index")
    )  # fmt: skip
    return {
        ref: f"{seq:,} lines in the custody log, the last of them line {index:,}."
        for ref, seq, index in rows
    }


# --- what happened when ---
def _chronology(complaint: Complaint, referral: Referral | None) -> list[Entry]:
    """Oldest first: dates that people entered, and what the custody log says was done."""
    found = [*_days(complaint, referral), *_events(complaint)]
    return sorted(found, key=_order)


def _order(entry: Entry) -> tuple[date, bool, datetime]:
    """Within a day: what has no time stands first."""
    midnight = timezone.make_aware(datetime.combine(entry.on, time()))
    return entry.on, entry.at is not None, entry.at or midnight


def _events(complaint: Complaint) -> Iterable[Entry]:
    for line in history.lines(complaint.subject().ref, MOST_EVENTS):
        at = timezone.localtime(line.time)
        outcome = "" if line.outcome == "ok" else f" ({line.outcome})"
        yield Entry(at.date(), line.time, f"{line.words}{outcome}")


def _days(complaint: Complaint, referral: Referral | None) -> Iterable[Entry]:
    start = timezone.localtime(complaint.start).date()
    yield Entry(
        start, complaint.start, f"What it is about began ({complaint.place or 'place not known'})"
    )
    yield Entry(timezone.localtime(complaint.end).date(), complaint.end, "What it is about ended")
    yield Entry(complaint.received, None, f"Received: {complaint.get_source_display().lower()}")
    for named in complaint.named.select_related("officer").exclude(served_on=None):
        assert named.served_on
        yield Entry(named.served_on, None, f"Notice served on {named.officer.short}")
    if referral is not None:
        yield Entry(referral.clear_on, None, "It became clear that it has to be referred")
        if referral.referred_on:
            yield Entry(referral.referred_on, None, "Referred to the IOPC")
    for told in complaint.told.all():
        yield Entry(told.on, None, f"{told.to} told {told.get_how_display().lower()}: "
                    f"{told.get_what_display()}")  # fmt: skip
    for review in complaint.reviews.all():
        yield Entry(review.applied_on, None, f"Review asked for: {review.get_body_display()}")
        if review.decided_on:
            yield Entry(review.decided_on, None, f"Review: {review.get_decision_display()}")
    for measure in complaint.measures.select_related("officer").all():
        if measure.done_on:
            yield Entry(measure.done_on, None, f"{measure.get_kind_display()}: done")


def period(complaint: Complaint) -> str:
    """How long it took, or has taken."""
    end = complaint.told_on or complaint.closed_on or timezone.localdate()
    days = (end - complaint.received) // timedelta(days=1)
    return f"{days} days, from {said(complaint.received)} to {said(end)}"
