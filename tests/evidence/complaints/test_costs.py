"""What a complaint costs: entered, counted, and never changed by another rate."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from evidence.complaints import costs
from evidence.complaints.costs import CostError
from evidence.complaints.models import Complaint, Named, Rate, Work
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import coverage
from tests import factories
from tests.evidence.complaints import casting

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(lane: User) -> Complaint:
    return casting.complaint(lane, received=timezone.localdate() - timedelta(days=3))


def rate(code: str = "investigator") -> Rate:
    return Rate.objects.get(code=code)


def _enter(by: User, of: Complaint, minutes: int = 30, **more: object) -> Work:
    values: dict[str, object] = {"rate": rate(), "on": timezone.localdate(), "words": "Interview"}
    return costs.enter(by=by, complaint=of, minutes=minutes, **(values | more))  # type: ignore[arg-type]


def test_every_rate_that_comes_with_it_says_where_it_is_from(db: None) -> None:
    assert Rate.objects.count() == 6
    assert not Rate.objects.filter(source="").exists()


@given(st.integers(0, 100_000), st.integers(1, 1440))
def test_to_the_nearest_penny(pence: int, minutes: int) -> None:
    got = costs.pence_for(Rate(pence=pence, unit="hour"), minutes)
    assert abs(got - pence * minutes / 60) <= 0.5
    assert costs.pence_for(Rate(pence=pence, unit="each"), minutes) == pence


def test_another_rate_does_not_change_what_was(lane: User, made: Complaint) -> None:
    _enter(lane, made, 90)
    Rate.objects.filter(code="investigator").update(pence=99_00)
    _enter(lane, made, 60)
    assert [work.pence for work in Work.objects.order_by("pk")] == [87_00, 99_00]
    [cost] = costs.of(made)
    assert (cost.minutes, costs.pounds(cost.pence)) == (150, "£186.00")


@pytest.mark.parametrize(
    ("minutes", "more", "says"),
    [
        (0, {}, "minutes from 1"), (-5, {}, "minutes from 1"), (1441, {}, "minutes from 1"),
        (5, {"words": "  "}, "what was done"), (5, {"on": date(2999, 1, 1)}, "not in the future"),
        (5, {"on": date(2001, 1, 1)}, "after it was received"),
    ],
)  # fmt: skip
def test_work_that_can_t_be(
    lane: User, made: Complaint, minutes: int, more: dict[str, object], says: str
) -> None:
    with pytest.raises(CostError, match=says):
        _enter(lane, made, minutes, **more)
    assert not Work.objects.exists()


def test_others_enter_none(lane: User, made: Complaint, shah: User) -> None:
    with pytest.raises(NotAllowed):
        _enter(shah, made)
    Named.objects.create(complaint=made, officer=lane)
    with pytest.raises(NotAllowed):
        _enter(lane, made)


def test_what_was_played_is_counted_once_to_whole_minutes(
    lane: User, made: Complaint, shah: User
) -> None:
    film = factories.recording(shah, duration_ms=600_000)
    about = f"complaint-{made.pk}"

    def play(*ranges: list[int]) -> None:
        coverage.add(person=lane, recording=film, about=about, played=list(ranges))

    play([0, 150_000])
    assert costs.count_reviews() == 1
    assert costs.count_reviews() == 0
    play([100_000, 200_000])  # 50 seconds of it are new: 200 s are 3 minutes
    assert costs.count_reviews() == 1
    rows = Work.objects.order_by("pk")
    assert [(row.minutes, row.entered_by_id, row.rate.code) for row in rows] == [
        (2, lane.pk, "review"), (1, lane.pk, "review"),
    ]  # fmt: skip
    # For oneself, or for another complaint, it is not this one's work.
    coverage.add(person=lane, recording=film, about="", played=[[0, 600_000]])
    assert costs.count_reviews() == 0
