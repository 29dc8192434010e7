"""The history of one object in words, for pages and the admin."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from evidence.custody.models import Event, Private
from evidence.custody.vocabulary import types


@dataclass(frozen=True)
class Line:
    """One event as a person reads it."""

    index: int
    time: datetime
    type: str
    words: str
    outcome: str
    dpa62: str


def lines(object_ref: str, limit: int = 200) -> list[Line]:
    """The newest events of an object first, in words; two queries."""
    events = list(Event.objects.filter(object_ref=object_ref).order_by("-seq")[:limit])
    return describe(events)


def describe(events: list[Event]) -> list[Line]:
    """Events in words. Erased details are said to be erased."""
    rows = Private.objects.filter(event_id__in=[event.id for event in events])
    details = {row.event_id: row.parsed() for row in rows}
    found = []
    for event in events:
        kind = types().get(event.type)
        known: dict[str, object] = defaultdict(lambda: "(erased)", details.get(event.id, {}))
        for key, value in event.parsed().get("data", {}).items():
            known.setdefault(key, value)
        words = kind.words.format_map(known) if kind else event.type
        found.append(
            Line(
                index=event.index,
                time=event.time,
                type=event.type,
                words=words,
                outcome=event.outcome,
                dpa62=kind.dpa62 if kind else "",
            )
        )
    return found
