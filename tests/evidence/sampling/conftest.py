"""A plan for the last days of a far year, its footage, and the time after it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.models import Category, Recording
from evidence.sampling import actions
from evidence.sampling.actions import Wish
from evidence.sampling.models import Plan
from tests import factories

FIRST, LAST = date(2031, 12, 1), date(2032, 1, 31)
SEARCH = {"code": "stop_search", "name": "Stop and search", "categories": ["stop-search"],
          "incidents": ["stop-search"]}  # fmt: skip
FORCE = {"code": "use_of_force", "name": "Use of force", "categories": ["use-of-force"],
         "incidents": []}  # fmt: skip


def wish(*units: str, **more: Any) -> Wish:
    fields: dict[str, Any] = {
        "title": "Winter", "start": FIRST, "end": LAST,
        "units": [factories.unit(name) for name in units or ("Charing Cross",)],
        "kinds": [SEARCH, FORCE], "each": 3,
    }  # fmt: skip
    return Wish(**(fields | more))


def footage(officer: User | None, count: int, category: str = "stop-search",
            at: datetime = datetime(2031, 12, 10, 12, tzinfo=UTC), **more: Any) -> list[Recording]:  # fmt: skip
    row = Category.objects.get(code=category) if category else None
    return [
        factories.recording(officer, category=row, duration_ms=60_000,
                            happened_at=at + timedelta(minutes=number), **more)
        for number in range(count)
    ]  # fmt: skip


@pytest.fixture
def reed(db: None) -> User:
    """The appropriate authority: draws and sees, and doesn't review."""
    return factories.Person(username="reed", name="Kim Reed", roles=["appropriate_authority"])


@pytest.fixture
def plan(lane: User, shah: User) -> Plan:
    """Committed today for December 2031 and January 2032."""
    return actions.commit(by=lane, wish=wish())


@pytest.fixture
def when(monkeypatch: Any) -> Callable[[datetime], None]:
    """Let it be another time from now on; it goes on from there."""
    real = timezone.now

    def travel(to: datetime) -> None:
        away = to - real()
        monkeypatch.setattr(timezone, "now", lambda: real() + away)

    return travel


@pytest.fixture
def after(when: Callable[[datetime], None]) -> None:
    """The period is over and has settled."""
    when(datetime(2032, 2, 9, 12, tzinfo=UTC))


@pytest.fixture
def drawn(plan: Plan, shah: User, lane: User, after: None) -> Plan:
    """Drawn from ten searches of Shah's, of which three are in the sample."""
    footage(shah, 10)
    return actions.draw(by=lane, plan=plan)
