"""The history of objects in words, for pages, the admin and the report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from evidence.custody.models import Anchor, Checkpoint, Event, Private
from evidence.custody.vocabulary import types

ERASED = "(erased)"


@dataclass(frozen=True)
class Line:
    """One event as a person reads it: everything as it was written then."""

    index: int
    seq: int
    time: datetime
    type: str
    words: str
    outcome: str
    dpa62: str
    who: str
    why: str
    roles: str
    erased: bool
    sha256: str


@dataclass(frozen=True)
class Day:
    """The events of one day, newest first."""

    date: date
    lines: list[Line]


@dataclass(frozen=True)
class ProofState:
    """How far the history is covered by what can't be taken back, in words."""

    words: str
    detail: str
    checkpoint: int
    outside: bool


def lines(object_ref: str, limit: int = 200) -> list[Line]:
    """The newest events of an object first, in words; two queries."""
    events = list(Event.objects.filter(object_ref=object_ref).order_by("-seq")[:limit])
    return describe(events)


def describe(events: list[Event]) -> list[Line]:
    """Events in words. Erased details are said to be erased."""
    rows = Private.objects.filter(event_id__in=[event.id for event in events])
    details = {row.event_id: row.parsed() for row in rows}
    return [_line(event, details.get(event.id)) for event in events]


def _line(event: Event, details: dict[str, object] | None) -> Line:
    body = event.parsed()
    kind = types().get(event.type)
    known: dict[str, object] = defaultdict(lambda: ERASED, details or {})
    for key, value in body.get("data", {}).items():
        known.setdefault(key, ", ".join(value) if isinstance(value, list) else value)
    return Line(
        index=event.index,
        seq=event.seq,
        time=event.time,
        type=event.type,
        words=kind.words.format_map(known) if kind else event.type,
        outcome=event.outcome,
        dpa62=kind.dpa62 if kind else "",
        who=str(known.get("name") or known.get("recipient") or body["actor"]["ref"]),
        why=str(known.get("reason") or known.get("purpose") or ""),
        roles=", ".join(body["actor"].get("roles", [])).replace("_", " "),
        erased="private" in body and details is None,
        sha256=str(body["object"].get("sha256", "")),
    )


def days(found: Iterable[Line]) -> list[Day]:
    """Lines grouped by the day on which they happened, in local time."""
    made: list[Day] = []
    for line in found:
        on = timezone.localtime(line.time).date()
        if not made or made[-1].date != on:
            made.append(Day(on, []))
        made[-1].lines.append(line)
    return made


# Held by somebody else: the bucket is the force's own, though nobody can change what is in it.
OUTSIDE = {"witness", "timestamp"}
KINDS = {
    "witness": "a witness has cosigned it",
    "timestamp": "it is time-stamped",
    "bucket": "a copy lies in the write-once bucket",
}


def proof_state(newest_index: int | None) -> ProofState:
    """What covers a history whose newest event has this index."""
    if newest_index is None:
        return ProofState("Nothing is written yet.", "", 0, False)
    signed = Checkpoint.objects.filter(size__gt=newest_index).order_by("size").first()
    if signed is None:
        return ProofState(
            "The newest lines are not signed yet.",
            "The next checkpoint, within a minute, will cover them.", 0, False,
        )  # fmt: skip
    anchored = Anchor.objects.filter(size__gt=newest_index, kind__in=KINDS).order_by("size")
    kinds = {row.kind: row.size for row in anchored[:50]}
    if not kinds:
        return ProofState(
            f"Signed in checkpoint {signed.size:,}; outside proof to come.",
            "Until a copy of it is held outside, you rely on this system alone.",
            signed.size, False,
        )  # fmt: skip
    how = "; ".join(
        f"{words} (checkpoint {kinds[kind]:,})" for kind, words in KINDS.items() if kind in kinds
    )
    outside = bool(kinds.keys() & OUTSIDE)
    where = "is held outside this system" if outside else "lies in the write-once store"
    doubt = "" if outside else " No other body holds one yet."
    return ProofState(
        f"Signed in checkpoint {signed.size:,}, of which a copy {where}.",
        f"{how[0].upper()}{how[1:]}.{doubt}", signed.size, outside,
    )  # fmt: skip
