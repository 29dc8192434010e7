"""What a count finds: one sentence of what, one of what to do."""

from __future__ import annotations

from dataclasses import dataclass, field

MISSING, DIFFERENT, EXTRA, UNKNOWN, GAP = "missing", "different", "extra", "unknown", "gap"


@dataclass(frozen=True)
class Fault:
    """Something that does not agree: its kind, where, what it is about, what to do."""

    kind: str
    area: str
    what: str
    todo: str
    camera: str = field(default="", compare=False)
    # The object that may be removed by an act of a person: bucket alias and key.
    alias: str = field(default="", compare=False)
    key: str = field(default="", compare=False)

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {"kind": self.kind, "area": self.area, "what": self.what, "todo": self.todo}
