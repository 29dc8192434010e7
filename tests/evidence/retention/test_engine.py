"""The decision itself: properties, and a second opinion that was written another way."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from evidence.retention.engine import Ground, decide

ZERO = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
moments = st.one_of(
    st.datetimes(
        datetime(1970, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999), timezones=st.just(UTC)
    ),
    # Close together, so that they meet.
    st.integers(-3, 3).map(
        lambda n: datetime(2026, 11, 22, tzinfo=UTC) + timedelta(microseconds=n)
    ),
    st.sampled_from([ZERO, LAST]),
)
codes = st.sampled_from(["rule:a:1", "case:1", "fresh:1", "arrival", "group:2"])
words = st.sampled_from(["a", "b", "c"])
periods = st.lists(st.builds(Ground, codes, words, st.none() | moments), max_size=6)
holds = st.lists(st.builds(Ground, st.just("hold:1"), words, st.none()), max_size=2)


def oracle(held: list[Ground], lasting: list[Ground], now: datetime) -> bool:
    """Whether it may go, said naively: somebody once said how long, and all of it is over."""
    if len(held) > 0 or len(lasting) == 0:
        return False
    for one in lasting:
        if one.until is None:
            return False
        if (one.until - now) > timedelta(0):
            return False
    return True


@given(holds, periods, moments)
def test_a_second_opinion_agrees(held: list[Ground], lasting: list[Ground], now: datetime) -> None:
    found = decide(held, lasting)
    assert found.due(now) is oracle(held, lasting, now)
    assert found.due(now) is (bool(lasting) and not found.keepers(now))
    ends = [one.until for one in lasting]
    assert found.until == (None if not ends or None in ends else max(e for e in ends if e))
    assert {*found.keepers(now), *found.ended(now)} == {*held, *lasting}


@given(holds, periods, moments, st.randoms(use_true_random=False))
def test_order_and_repetition_never_matter(
    held: list[Ground], lasting: list[Ground], now: datetime, chance: random.Random
) -> None:
    other_holds, other = [*held, *held[:1]], [*lasting, *lasting[:2]]
    chance.shuffle(other_holds)
    chance.shuffle(other)
    assert decide(held, lasting) == decide(other_holds, other)
    assert decide(held, lasting).keepers(now) == decide(other_holds, other).keepers(now)


@given(holds, periods, holds, periods, moments)
def test_whatever_is_added_it_is_never_due_earlier(
    held: list[Ground], lasting: list[Ground], more: list[Ground], longer: list[Ground],
    now: datetime,
) -> None:  # fmt: skip
    assume(lasting)
    before, after = decide(held, lasting), decide([*held, *more], [*lasting, *longer])
    if after.due(now):
        assert before.due(now)
    assert after.until is None or (before.until is not None and after.until >= before.until)


@given(holds, periods, moments, moments)
def test_without_a_change_what_is_due_stays_due(
    held: list[Ground], lasting: list[Ground], one: datetime, other: datetime
) -> None:
    found, (early, late) = decide(held, lasting), sorted((one, other))
    assert found.due(late) or not found.due(early)


@given(periods, moments)
def test_a_hold_or_an_open_end_outranks_everything(lasting: list[Ground], now: datetime) -> None:
    held = Ground("hold:9", "Court order", None)
    assert not decide([held], lasting).due(now)
    assert decide([held], lasting).keepers(now)[0] == held
    assert not decide([], [*lasting, Ground("case:9", "No result", None)]).due(now)
    assert not decide([], [*lasting, Ground("case:9", "No result", None)]).due(LAST)


@given(moments)
def test_where_nothing_is_known_it_is_kept(now: datetime) -> None:
    assert not decide([], []).due(now)


@given(periods, moments)
def test_the_longest_is_said_first_and_each_lasts_no_longer_than_the_one_before(
    lasting: list[Ground], now: datetime
) -> None:
    steps = decide([], lasting).keepers(now)
    for one, then in pairwise(steps):
        assert one.until is None or (then.until is not None and then.until <= one.until)


def test_the_very_moment_at_which_it_ends_it_is_over() -> None:
    end = datetime(2026, 12, 23, 22, 14, 7, tzinfo=UTC)
    found = decide([], [Ground("rule:a:1", "x", end)])
    assert not found.due(end - timedelta(microseconds=1))
    assert found.due(end)
