"""Each rule: a case that fires, and the cases that must not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evidence.audit.rules import (
    BY_NAME,
    RULES,
    Facts,
    Finding,
    Footage,
    Look,
    Named,
    Opened,
    Person,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
SHAH = Person("u-shah", "/1/2/3/", "Charing Cross A")
PRICE = Person("u-price", "/1/2/4/", "Charing Cross B")
OKORO = Person("u-okoro", "/1/5/6/", "Lewisham B")
FOOTAGE = Footage("R-2222-2222", NOON - timedelta(hours=3), NOON - timedelta(hours=2), SHAH)
NAMED = Named(
    "PC/12/26", NOON - timedelta(hours=4), NOON - timedelta(hours=2, minutes=30),
    frozenset({"u-shah", "u-price"}), NOON - timedelta(hours=1),
)  # fmt: skip
GRANT = Opened("ES 3 Roe", "/1/9/", "Witness in 01AB/1/26", NOON - timedelta(hours=1))


def look(who: Person, at: datetime = NOON, *roles: str, refused: bool = False) -> Look:
    return Look(7, at, who.ref, roles or ("officer",), refused)


def facts(who: Person, at: datetime = NOON, *roles: str, **more: object) -> Facts:
    return replace(Facts(look(who, at, *roles), looker=who, footage=FOOTAGE), **more)  # type: ignore[arg-type]


def fires(name: str, given: Facts) -> Finding | None:
    return BY_NAME[name].fires(given)


def test_own_complaint_fires_for_whoever_it_names() -> None:
    for who in (SHAH, PRICE):
        found = fires("own_complaint", facts(who, complaints=[NAMED]))
        assert found and found.facts == {"complaint": "PC/12/26"}


@pytest.mark.parametrize(
    "named",
    [
        replace(NAMED, officers=frozenset({"u-okoro"})),
        replace(NAMED, start=NOON - timedelta(hours=9), end=NOON - timedelta(hours=8)),
        replace(NAMED, start=NOON - timedelta(hours=1), end=NOON),
        replace(NAMED, since=NOON + timedelta(minutes=1)),  # made after the look
    ],
)
def test_own_complaint_does_not_fire_for_others_other_times_or_before_it_was_made(
    named: Named,
) -> None:
    assert fires("own_complaint", facts(SHAH, complaints=[named])) is None


def test_own_complaint_does_not_fire_for_footage_of_an_officer_it_does_not_name() -> None:
    other = replace(FOOTAGE, officer=OKORO)
    assert fires("own_complaint", facts(SHAH, complaints=[NAMED], footage=other)) is None


def test_out_of_area_fires_for_another_borough_and_says_who_opened_it() -> None:
    found = fires("out_of_area", facts(OKORO))
    assert found
    assert found.facts["grant"] == "No grant that ran then is known"
    found = fires("out_of_area", facts(OKORO, grant=GRANT))
    assert found
    assert "ES 3 Roe: Witness in 01AB/1/26" in found.facts["grant"]


def test_out_of_area_does_not_fire_where_the_whole_force_or_no_area_is_the_job() -> None:
    for role in (
        "professional_standards",
        "appropriate_authority",
        "evidence_manager",
        "panel_member",
    ):
        assert fires("out_of_area", facts(OKORO, NOON, role)) is None


def test_out_of_area_does_not_fire_for_oneself_the_supervisor_the_borough_or_the_top() -> None:
    supervised = replace(FOOTAGE, officer=replace(SHAH, supervisor="u-okoro"))
    assert fires("out_of_area", facts(SHAH)) is None
    assert fires("out_of_area", facts(PRICE)) is None  # another team of the same borough
    assert fires("out_of_area", facts(OKORO, footage=supervised)) is None
    assert fires("out_of_area", facts(replace(OKORO, unit="/1/"))) is None
    assert fires("out_of_area", facts(replace(OKORO, unit=""))) is None


def test_odd_hours_fires_once_a_night_without_a_sign_of_a_shift() -> None:
    found = fires("odd_hours", facts(SHAH, NIGHT, on_duty=False))
    later = fires("odd_hours", facts(SHAH, NIGHT + timedelta(hours=5), on_duty=False))
    assert found and later
    assert found.key == later.key
    assert found.facts == {"time": "23:30 GMT"}


def test_odd_hours_does_not_fire_by_day_or_on_duty() -> None:
    assert fires("odd_hours", facts(SHAH, NIGHT, on_duty=True)) is None
    assert fires("odd_hours", facts(SHAH, NOON, on_duty=False)) is None


def test_odd_hours_goes_by_local_time() -> None:
    summer = datetime(2026, 7, 1, 21, 30, tzinfo=UTC)  # 22:30 BST
    assert fires("odd_hours", facts(SHAH, summer, on_duty=False))
    assert fires("odd_hours", facts(SHAH, summer - timedelta(minutes=31), on_duty=False)) is None
    assert (
        fires("odd_hours", facts(SHAH, datetime(2026, 7, 1, 5, 0, tzinfo=UTC), on_duty=False))
        is None
    )


def test_many_fires_past_the_number_and_not_at_it() -> None:
    some = frozenset(f"R-{number}" for number in range(30))
    assert fires("many", facts(SHAH, lately=some)) is None
    found = fires("many", facts(SHAH, lately=some | {"R-more"}))
    assert found and found.facts == {"count": "31"}
    assert fires("many", facts(SHAH, lately=some | {"R-more"}, many=31)) is None


def test_refused_fires_at_the_fifth() -> None:
    tried = Facts(look(SHAH, refused=True), refusals=5, refused="u-shah")
    found = fires("refused", tried)
    assert found and found.facts == {"count": "5"}
    assert fires("refused", replace(tried, refusals=4)) is None
    assert fires("refused", replace(tried, refused="")) is None
    assert fires("refused", replace(tried, look=look(SHAH))) is None


def test_a_grant_from_within_the_unit_fires_for_restricted_footage_only() -> None:
    within = replace(GRANT, by_unit=PRICE.unit)
    restricted = replace(FOOTAGE, restricted=True)
    assert fires("own_grant", facts(PRICE, grant=within, footage=restricted))
    assert fires("own_grant", facts(PRICE, grant=within)) is None
    assert fires("own_grant", facts(PRICE, grant=GRANT, footage=restricted)) is None
    assert fires("own_grant", facts(PRICE, footage=restricted)) is None


def test_nothing_fires_for_a_plain_look_or_a_refused_one() -> None:
    plain = facts(SHAH)
    refused = facts(OKORO, NIGHT, complaints=[NAMED], on_duty=False, grant=GRANT)
    refused = replace(refused, look=look(OKORO, NIGHT, refused=True))
    assert [rule.name for rule in RULES if rule.fires(plain)] == []
    assert [rule.name for rule in RULES if rule.fires(refused)] == []


def test_each_rule_says_its_ground_and_is_explained_in_the_documentation() -> None:
    from pathlib import Path

    page = (Path(__file__).resolve().parents[3] / "docs" / "auditors.md").read_text()
    assert len(BY_NAME) == len(RULES)
    for rule in RULES:
        assert rule.ground and f"**{rule.title}**" in page, rule.name
