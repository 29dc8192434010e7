"""Why a recording is kept, in words for an operator: the whole truth, holds of complaints too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from evidence.recordings import rules
from evidence.recordings.keeping import day
from evidence.recordings.models import Recording
from evidence.recordings.references import is_reference
from evidence.retention.engine import Ground, Verdict
from evidence.retention.models import Hold
from evidence.retention.reckoning import verdict

WARNING = (
    "This is the whole truth, with holds that others may not know of, like those of complaints. "
    "Keep it from the officers concerned."
)


@dataclass(frozen=True)
class Explained:
    """A recording, what keeps it, and what was settled for everybody to know."""

    recording: Recording
    found: Verdict
    references: dict[str, str]
    now: datetime

    @property
    def due(self) -> bool:
        """Whether nothing keeps it any more."""
        return self.recording.disposed_at is None and self.found.due(self.now)


def explain(reference: str, now: datetime | None = None) -> Explained:
    """Everything about one recording; of one that was joined, of what it is part of now.

    Raises Recording.DoesNotExist.
    """
    if not is_reference(reference):
        raise Recording.DoesNotExist
    row = Recording.objects.select_related("category", "joined_into__category").get(
        reference=reference.upper()
    )
    row = row.joined_into or row
    held = Hold.objects.filter(recording=row, released_at=None)
    references = {f"hold:{one.pk}": one.reference for one in held if one.reference}
    return Explained(row, verdict(row), references, now or timezone.now())


def lines(found: Explained) -> list[str]:
    """In sentences: what keeps it, what would next, when it goes."""
    row, keepers = found.recording, found.found.keepers(found.now)
    said = [WARNING, "", f"{row.reference}, recorded {_at(row.happened_at)}"]
    if row.kept_until is None:
        said.append("Its rule's end is not reckoned yet.")
    elif row.kept_until >= rules.NEVER:
        said.append("By its rule nobody can say when it goes.")
    else:
        said.append(f"By its rule alone, as everybody is told: until {_at(row.kept_until)}")
    if row.disposed_at is not None:
        return [*said, f"Its destruction began on {_at(row.disposed_at)}."]
    for number, ground in enumerate(keepers):
        said.append(f"{'Then' if number else 'Now'}: {_said(ground, found.references)}")
    for ground in found.found.ended(found.now):
        said.append(f"Over: {_said(ground, found.references)}")
    if found.due:
        said.append("Nothing keeps it: it is due for disposal.")
    elif found.found.holds:
        said.append("It can't go as long as it is held.")
    elif found.found.until is None:
        said.append("Nobody can say yet when it goes.")
    else:
        said.append(f"After {_at(found.found.until)} it is due for disposal.")
    return said


def _said(ground: Ground, references: dict[str, str]) -> str:
    reference = references.get(ground.code, "")
    name = f" {reference}" if reference and reference not in ground.words else ""
    end = f"until {_at(ground.until)}" if ground.until else "without an end"
    source = f" ({ground.source})" if ground.source and ground.source not in ground.words else ""
    return f"{ground.words.rstrip('.')}{name}, {end}{source} [{ground.code}]"


def _at(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{day(local.date())} {local:%H:%M:%S}"


def as_json(found: Explained) -> dict[str, Any]:
    """For a program."""
    row = found.recording
    until = found.found.until
    return {
        "whole_truth": WARNING,
        "recording": row.reference,
        "happened_at": row.happened_at.isoformat(),
        "kept_until": row.kept_until.isoformat() if row.kept_until else None,
        "disposed_at": row.disposed_at.isoformat() if row.disposed_at else None,
        "holds": [_ground(one, found.references) for one in found.found.holds],
        "periods": [_ground(one, found.references) for one in found.found.periods],
        "until": until.isoformat() if until else None,
        "due": found.due,
    }


def _ground(ground: Ground, references: dict[str, str]) -> dict[str, str | None]:
    return {
        "code": ground.code,
        "words": ground.words,
        "until": ground.until.isoformat() if ground.until else None,
        "source": ground.source,
        "reference": references.get(ground.code, ""),
    }
