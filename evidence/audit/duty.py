"""Who was on duty when: asked of whatever knows something of shifts.

This room may not import the rooms that hand out cameras or keep rosters. They register a
provider when they start (`AppConfig.ready`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

# A person's id and a time.
Moment = tuple[int, datetime]
# Given moments, those at which there is a sign that the person was on duty.
Provider = Callable[[Collection[Moment]], set[Moment]]

_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Ask this one too from now on; twice is once."""
    if provider not in _providers:
        _providers.append(provider)


def on_duty(moments: Collection[Moment]) -> set[Moment]:
    """Those of the moments for which anybody has a sign of a shift."""
    found: set[Moment] = set()
    if moments:
        for provider in _providers:
            found |= provider(moments)
    return found
