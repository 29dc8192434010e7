"""Files that no longer are what was sealed: kept as they are, and not shown as evidence.

Whatever gives out bytes of footage, or a copy of them, asks here first. Who finds damage and
mends it is `evidence.fixity`.
"""

from __future__ import annotations

from collections.abc import Iterable

from evidence.people.actions import NotAllowed
from evidence.recordings.models import Original, Recording

SENTENCE = (
    "The stored file no longer matches its fingerprint. It is kept as it is, and is not shown as "
    "evidence. Ask the evidence manager."
)


class Damaged(NotAllowed):
    """What is asked for is damaged. Its sentence is for a person."""

    def __init__(self) -> None:
        super().__init__(SENTENCE)


def refuse(originals: Iterable[Original]) -> None:
    """Raises Damaged where one of these files is."""
    if any(original.damaged_at is not None for original in originals):
        raise Damaged


def refuse_recording(recording: Recording) -> None:
    """Raises Damaged where a file of the recording is. One query.

    All of it is refused: a film with a part left out would be another film.
    """
    if recording.originals.exclude(damaged_at=None).exists():
        raise Damaged
