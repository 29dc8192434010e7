"""The clocks of a complaint: what is due, and by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from evidence.complaints.models import Complaint


@dataclass(frozen=True)
class Clock:
    """One thing that is due."""

    code: str
    words: str
    due: date


def clocks_of(complaint: Complaint) -> list[Clock]:
    """What is due, next first."""
    return []


def keep(complaint: Complaint) -> None:
    """Store the nearest clock in the complaint, for lists."""
