"""Which version is for what, and the arithmetic of days and years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from evidence.recordings import rules
from evidence.recordings.models import Group, Recording, Rule

LONDON = ZoneInfo("Europe/London")
ANY = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31, 23), timezones=st.just(UTC))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


# --- the clock ---


def test_a_day_is_the_same_time_on_the_wall_when_the_clocks_change() -> None:
    # Summer time ended on 25 Oct 2026 and begins on 28 Mar 2027.
    before = utc(2026, 10, 20, 21, 30)  # 22:30
    assert rules.days_after(before, 31) == utc(2026, 11, 20, 22, 30)
    assert rules.days_after(utc(2027, 3, 1, 12), 31) == utc(2027, 4, 1, 11)


def test_an_hour_that_is_not_there_or_twice_there_is_taken_late() -> None:
    # 01:30 is not there on 28 Mar 2027: 02:30 of summer time.
    assert rules.days_after(utc(2027, 3, 27, 1, 30), 1) == utc(2027, 3, 28, 1, 30)
    # 01:30 comes twice on 25 Oct 2026: the second one.
    assert rules.days_after(utc(2026, 10, 24, 0, 30), 1) == utc(2026, 10, 25, 1, 30)


def test_the_29th_of_february_becomes_the_first_of_march_never_a_day_less() -> None:
    assert rules.years_after(utc(2024, 2, 29, 10), 1) == utc(2025, 3, 1, 10)
    assert rules.years_after(utc(2024, 2, 29, 10), 4) == utc(2028, 2, 29, 10)
    assert rules.years_after(utc(2024, 2, 28, 10), 1) == utc(2025, 2, 28, 10)


def test_the_ends_of_the_calendar_are_no_fault() -> None:
    for start in (utc(1970, 1, 1), utc(1, 1, 1), utc(9999, 12, 31, 23, 59)):
        assert rules.days_after(start, 31) <= rules.NEVER
        assert rules.years_after(start, 6) <= rules.NEVER
    assert rules.days_after(utc(9999, 12, 1), 31) == rules.NEVER
    assert rules.years_after(utc(9996, 2, 29), 6) == rules.NEVER
    # London kept its summer time all winter then.
    assert rules.days_after(utc(1970, 1, 1), 31) == utc(1970, 2, 1)


@given(ANY, st.integers(0, 40_000))
def test_days_are_days_within_an_hour_and_never_too_few_on_the_wall(
    start: datetime, days: int
) -> None:
    end = rules.days_after(start, days)
    assert end.tzinfo is UTC
    if end < rules.NEVER:
        assert abs(end - start - timedelta(days=days)) <= timedelta(hours=1)
        assert (end.astimezone(LONDON).date() - start.astimezone(LONDON).date()).days == days


@given(ANY, st.integers(0, 100), st.integers(0, 100))
def test_more_years_never_end_earlier(start: datetime, one: int, other: int) -> None:
    few, many = sorted((one, other))
    assert rules.years_after(start, few) <= rules.years_after(start, many)


# --- which version ---

BASE = utc(2026, 1, 1)
days_in = st.integers(0, 400)


def rule(version: int, begins: int, days: int, held: int | None = None,
         release: str = "people") -> Rule:  # fmt: skip
    return Rule(
        category_id=7, version=version, days=days, state="in_force", release=release,
        in_force_at=BASE + timedelta(days=begins),
        held_from=None if held is None else BASE + timedelta(days=held),
    )  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Rule]:
    """Versions as they come to be: each in force after the one before, some for what is held."""
    found, day = [], 0
    for version in range(1, draw(st.integers(1, 5)) + 1):
        day += draw(st.integers(1, 90))
        held = day + draw(st.integers(0, 60)) if draw(st.booleans()) else None
        release = draw(st.sampled_from(["people", "rule"]))
        found.append(rule(version, day, draw(st.integers(7, 3000)), held, release))
    return found


def replayed(history: list[Rule], sealed: datetime) -> int | None:
    """A second opinion: live through it day by day, as it happened."""
    events = [(row.in_force_at, 0, row) for row in history]
    events += [(row.held_from, 1, row) for row in history if row.held_from]
    current: int | None = None
    newest_at_sealing = None
    for at, kind, row in sorted(events, key=lambda event: (event[0], event[1])):  # type: ignore[arg-type, return-value]
        assert at
        if kind == 0 and at <= sealed:
            newest_at_sealing = row.version
            current = max(current or 0, row.version)
        if kind == 1:
            current = max(current or 0, row.version)
    assert newest_at_sealing is None or (current or 0) >= newest_at_sealing
    return current


@given(histories(), days_in, st.randoms(use_true_random=False))
def test_the_version_is_what_living_through_it_comes_to(
    history: list[Rule], sealed: int, chance: object
) -> None:
    moment = BASE + timedelta(days=sealed)
    rows = list(history)
    chance.shuffle(rows)  # type: ignore[attr-defined]
    expected = replayed(history, moment)
    book = rules.Rulebook(rows)
    if expected is None:
        with pytest.raises(LookupError):
            book.of(7, moment)
    else:
        assert book.of(7, moment).version == expected


@given(histories(), days_in, st.integers(0, 30))
def test_what_is_extended_to_what_is_held_ends_nothing_at_once(
    history: list[Rule], recorded: int, docked: int
) -> None:
    """Between a change and what it ends lie some days, unless it had ended then already."""
    happened = BASE + timedelta(days=recorded)
    one = Recording(category_id=7, happened_at=happened, created=happened + timedelta(days=docked))
    for count in range(1, len(history) + 1):
        row, known = history[count - 1], history[:count]
        if row.held_from is None:
            continue
        unheld = Rule(**{field.attname: getattr(row, field.attname)
                         for field in Rule._meta.concrete_fields})  # fmt: skip
        unheld.held_from = None
        old = rules.reckon(one, rules.Rulebook([*known[:-1], unheld]))
        new = rules.reckon(one, rules.Rulebook(known))
        least = rules.days_after(row.held_from, settings.REMORSE_DAYS)
        assert new >= min(old, least)
        if old > row.held_from:
            assert new > row.held_from


def test_nothing_goes_as_soon_as_it_has_come() -> None:
    book = rules.Rulebook([rule(1, 0, 31)])
    late = Recording(category_id=7, happened_at=BASE, created=BASE + timedelta(days=90))
    assert book.ends(late).at == BASE + timedelta(days=90 + settings.ARRIVAL_DAYS)
    arrived = BASE + timedelta(days=95)
    assert book.ends(late, arrived=arrived).by_arrival > book.ends(late).by_arrival


def test_a_category_without_a_rule_is_kept_and_not_like_one_without_a_category() -> None:
    none = Rule(category_id=None, version=1, days=31, state="in_force", in_force_at=BASE)
    book = rules.Rulebook([none, rule(1, 10, 31)])
    assert book.of(None, BASE).days == 31
    unknown = Recording(category_id=8, happened_at=BASE, created=BASE)
    assert rules.reckon(unknown, book) == rules.NEVER
    early = Recording(category_id=7, happened_at=BASE, created=BASE)
    assert rules.reckon(early, book) == rules.NEVER


def test_what_two_people_had_to_agree_to_does_not_go_by_itself_at_once() -> None:
    book = rules.Rulebook([rule(1, 0, 31), rule(2, 100, 31, held=200, release="rule")])
    over = Recording(category_id=7, happened_at=BASE, created=BASE)
    assert book.ends(over).at >= BASE + timedelta(days=200 + settings.REMORSE_DAYS) - timedelta(
        hours=1
    )


def test_groups_in_words() -> None:
    two, one = Group(code="2", years=10), Group(code="1", years=None)
    assert rules.long(Rule(group=two)) == "10 years (MoPI group 2)"
    assert "a hundred years old" in rules.long(Rule(group=one))
    assert rules.long(Rule(days=1)) == "1 day"
    assert rules.group_ends(one, BASE) == rules.NEVER
