"""How long a case keeps its footage: the rules of the CPIA Code at their edges."""

from __future__ import annotations

from datetime import date

import pytest

from evidence.cases.models import Case
from evidence.cases.periods import Facts, months_after, period, rules


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 3, 3), 6, date(2026, 9, 3)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),  # no 31st, no 30th, no 29th
        (date(2027, 8, 31), 6, date(2028, 2, 29)),  # a leap year
        (date(2027, 8, 29), 6, date(2028, 2, 29)),
        (date(2028, 2, 29), 6, date(2028, 8, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 31), 6, date(2027, 6, 30)),
        (date(2026, 7, 15), 6, date(2027, 1, 15)),
        (date(2026, 12, 1), 0, date(2026, 12, 1)),
    ],
)
def test_months_end_on_the_same_day_or_the_last(start: date, months: int, end: date) -> None:
    assert months_after(start, months) == end


def test_every_result_has_a_rule_and_every_rule_a_result() -> None:
    assert set(rules()) == set(Case.Result.values)
    assert all(rule.source.startswith("CPIA Code 5.") for rule in rules().values())


def test_without_a_result_nobody_knows() -> None:
    kept = period(Facts())
    assert kept.until is None
    assert kept.words == "No result is known yet: kept until there is one (CPIA Code 5.7, 5.8)."


def test_a_result_without_its_day_keeps_on() -> None:
    assert period(Facts("acquitted")).until is None
    assert period(Facts("convicted")).until is None


@pytest.mark.parametrize("result", ["no_action", "discontinued", "acquitted", "other"])
def test_where_nobody_is_convicted_it_ends_with_the_decision(result: str) -> None:
    kept = period(Facts(result, date(2028, 2, 29)))
    assert kept.until == date(2028, 2, 29)
    assert "until that day" in kept.words
    # What belongs to a conviction alone changes nothing.
    assert period(Facts(result, date(2028, 2, 29), released=date(2030, 1, 1))).until == kept.until


def test_six_months_after_a_conviction() -> None:
    kept = period(Facts("convicted", date(2026, 3, 3)))
    assert kept.until == date(2026, 9, 3)
    assert kept.words == (
        "Convicted on 3 March 2026: kept until 3 September 2026, six months after conviction "
        "(CPIA Code 5.9), or release from custody if that is later."
    )


def test_with_custody_until_release_which_nobody_knows_yet() -> None:
    kept = period(Facts("convicted", date(2026, 3, 3), custodial=True))
    assert kept.until is None
    assert "kept until release, and at least until 3 September 2026" in kept.words


@pytest.mark.parametrize(
    ("released", "until"),
    [
        (date(2026, 5, 1), date(2026, 9, 3)),  # before the six months: these stand
        (date(2026, 9, 2), date(2026, 9, 3)),
        (date(2026, 9, 3), date(2026, 9, 3)),
        (date(2026, 9, 4), date(2026, 9, 4)),  # the day after: release counts
        (date(2031, 1, 10), date(2031, 1, 10)),
    ],
)
def test_release_counts_where_it_is_later(released: date, until: date) -> None:
    for custodial in (True, False):
        kept = period(Facts("convicted", date(2026, 3, 3), custodial, released))
        assert kept.until == until
        assert ("release from custody, which is later" in kept.words) == (until > date(2026, 9, 3))
        assert "if that is later" not in kept.words


def test_a_pending_appeal_keeps_it_until_it_is_decided() -> None:
    pending = Facts("convicted", date(2026, 3, 3), appeal=True)
    assert period(pending).until is None
    assert "an appeal is pending" in period(pending).words
    early = Facts("convicted", date(2026, 3, 3), appeal=True, appeal_ended=date(2026, 6, 1))
    assert period(early).until == date(2026, 9, 3)
    late = Facts("convicted", date(2026, 3, 3), appeal=True, appeal_ended=date(2027, 6, 1))
    assert period(late).until == date(2027, 6, 1)
    assert "the day on which the appeal was decided (CPIA Code 5.10)" in period(late).words
    custody = Facts("convicted", date(2026, 3, 3), True, date(2028, 1, 1), True, date(2027, 6, 1))
    assert period(custody).until == date(2028, 1, 1)
