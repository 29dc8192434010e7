"""What belongs to a recording in rooms above this one: cases, shares, who had the camera.

Those rooms register here when the system starts, and answer for the reader alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evidence.people.models import User
from evidence.recordings.models import Recording


@dataclass(frozen=True)
class Link:
    """One line: what it is, in words, and where it leads (or nowhere)."""

    kind: str
    words: str
    url: str = ""
    note: str = ""


Provider = Callable[[User, Recording], list[Link]]
_providers: list[Provider] = []
Holder = Callable[[Recording], str]
_holders: list[Holder] = []


def register(provider: Provider) -> None:
    """Add what else belongs to a recording; the same provider again changes nothing."""
    if provider not in _providers:
        _providers.append(provider)


def register_holder(holder: Holder) -> None:
    """Add who knows with whom a camera was; the same one again changes nothing."""
    if holder not in _holders:
        _holders.append(holder)


def of(reader: User, recording: Recording) -> list[Link]:
    """Everything that this reader may know of."""
    return [link for provider in _providers for link in provider(reader, recording)]


def camera_was_with(recording: Recording) -> str:
    """Who had the camera, from when to when; empty where nobody knows."""
    return next((found for holder in _holders if (found := holder(recording))), "")
