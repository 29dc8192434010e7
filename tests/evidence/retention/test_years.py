"""A force's months in a minute, with a checker that shares no line with the system.

The long run, three years, is `python -m tests.limits --only years`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import pytest

from evidence.retention.actions import releasing
from ingest.devices.models import Dock
from tests import factories
from tests.limits import years

# Ahead of the store's own clock, which refuses locks that end in its past.
START = datetime(2030, 1, 5, 6, 0, tzinfo=UTC)


def people() -> dict[str, Any]:
    return {
        "m0": factories.Person(username="m0", roles=["evidence_manager"]),
        "m1": factories.Person(username="m1", roles=["evidence_manager"]),
        "a0": factories.Person(username="a0", roles=["appropriate_authority"]),
        "s0": factories.Person(username="s0", roles=["professional_standards"]),
    }


@pytest.mark.django_db
def test_months_of_a_force_lose_nothing_and_keep_nothing_too_long(dock: Dock) -> None:
    seed, days = int(os.environ.get("YEARS_SEED", 7)), int(os.environ.get("YEARS_DAYS", 45))
    daily = float(os.environ.get("YEARS_DAILY", 2))
    force = years.Years(seed, dock, people())
    wrong = years.run(force, days=days, daily=daily, start=START, kill=0.05, tell=print)
    assert wrong == []
    done = force.journal.counts
    for what in ("gone", "held", "linked", "restored", "agreed", "worker killed"):
        assert done[what], (what, dict(done))


@pytest.mark.django_db
def test_the_checker_sees_what_goes_too_early(dock: Dock, settings: Any) -> None:
    settings.ARRIVAL_DAYS = 1  # it reckons with seven
    wrong = years.run(
        years.Years(7, dock, people()), days=14, daily=2, start=START, kill=0, acts=[]
    )
    assert any("though it is kept by its rule" in line for line in wrong), wrong[:5]


@pytest.mark.django_db
def test_the_checker_sees_what_stays_too_long(dock: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "release_by_rule", lambda: 0)
    wrong = years.run(
        years.Years(7, dock, people()), days=14, daily=2, start=START, kill=0, acts=[]
    )
    assert any("is still there" in line for line in wrong), wrong[:5]
