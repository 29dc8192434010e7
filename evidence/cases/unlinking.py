"""Taking footage out of a case: what stands in the way, and what keeps it afterwards."""

from __future__ import annotations

from collections.abc import Callable

from evidence.cases.models import Case
from evidence.recordings.models import Recording

# Says in a sentence why a recording can't leave a case, and what to do; empty where it can.
Blocker = Callable[[Case, Recording], str]
_blockers: list[Blocker] = []


def register_blocker(blocker: Blocker) -> None:
    """Add what can keep a recording in its case; the same one again changes nothing."""
    if blocker not in _blockers:
        _blockers.append(blocker)


def blocked(case: Case, recording: Recording) -> str:
    """The first sentence that stands in the way; empty where nothing does."""
    return next((found for one in _blockers if (found := one(case, recording))), "")
