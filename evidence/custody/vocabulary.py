"""The closed list of event types, read from `vocabulary.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class EventType:
    """What an event of this type records and may carry."""

    name: str
    dpa62: str
    premis: str
    words: str
    data: frozenset[str]
    private: frozenset[str]


@cache
def types() -> dict[str, EventType]:
    """Every event type by name."""
    raw = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8"))
    return {
        name: EventType(
            name=name,
            dpa62=entry["dpa62"],
            premis=entry["premis"],
            words=entry["words"],
            data=frozenset(entry["data"]),
            private=frozenset(entry["private"]),
        )
        for name, entry in raw.items()
    }
