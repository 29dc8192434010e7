"""The closed list of event types, read from `vocabulary.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SHAPES: dict[str, type] = {"string": str, "integer": int, "boolean": bool, "strings": list}
# What the log says of itself: no operation on anybody's data, and no end to it otherwise.
HOUSEKEEPING = ("checkpoint.anchored", "checkpoint.refused")


@dataclass(frozen=True)
class EventType:
    """What an event of this type records and may carry."""

    name: str
    dpa62: str
    premis: str
    words: str
    data: Mapping[str, str]
    private: frozenset[str]

    def faults(self, data: Mapping[str, Any], private: Mapping[str, Any]) -> list[str]:
        """What of this the schema does not allow, in words; empty when all of it is allowed."""
        found = [f"the key {name}" for name in sorted(set(private) - self.private)]
        for name, value in data.items():
            shape = self.data.get(name)
            if shape is None:
                found.append(f"the key {name}")
            elif not _fits(value, shape):
                found.append(f"{name} as {type(value).__name__}, not {shape}")
        return found


def _fits(value: object, shape: str) -> bool:
    if value is None:
        return shape.endswith("?")
    wanted = SHAPES[shape.removesuffix("?")]
    if wanted is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return type(value) is wanted


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
            data=entry["data"],
            private=frozenset(entry["private"]),
        )
        for name, entry in raw.items()
    }
