"""Rules as data: proposed, agreed to, extended to what is held after the numbers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypotheses
from hypothesis import strategies as st

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings import keeping, rules
from evidence.recordings.models import Category, Group, Recording, Rule
from evidence.retention import actions as holds
from evidence.retention import tasks
from evidence.retention.models import Kind
from evidence.retention.policies import actions
from evidence.retention.policies.actions import Grown, NotSaid, Wish
from evidence.retention.policies.effect import effect, examples
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def mana(db: None) -> User:
    return factories.Person(username="mana", name="M Mana", roles=["evidence_manager"])


@pytest.fixture
def manb(db: None) -> User:
    return factories.Person(username="manb", name="N Manb", roles=["evidence_manager"])


def category(code: str = "traffic") -> Category:
    return Category.objects.get(code=code)


def wish(days: int | None = 200, **more: Any) -> Wish:
    fields: dict[str, Any] = {
        "days": days, "group": None, "by_case": False, "release": "people", "source": "A policy",
        "reason": "Fewer are needed",
    }  # fmt: skip
    return Wish(**(fields | more))


def agreed(mana: User, manb: User, of: Category | None, **more: Any) -> Rule:
    made = actions.propose(by=mana, category=of, wish=wish(**more))
    return actions.approve(by=manb, rule=made, reason="Read")


def footage(officer: User, days_ago: float, of: str = "traffic", **more: Any) -> Recording:
    # At noon by the clock on the wall: near midnight a day of summer time is another day.
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    moment = noon - timedelta(days=days_ago)
    return factories.recording(officer, happened_at=moment, category=category(of), **more)


def held_for(mana: User, manb: User, row: Rule) -> Rule:
    actions.propose_held(by=mana, rule=row, reason="Old ones too")
    found = actions.approve_held(by=manb, rule=row, reason="Numbers are right")
    tasks.settle_held(row.pk)
    found.refresh_from_db()
    return found


def test_a_proposal_changes_nothing_until_somebody_else_has_agreed(
    mana: User, manb: User, shah: User
) -> None:
    old = footage(shah, 2)
    made = actions.propose(by=mana, category=category(), wish=wish())
    assert rules.book().newest(category().pk).days == 365
    with pytest.raises(NotSaid, match="somebody else"):
        actions.approve(by=mana, rule=made, reason="x")
    actions.approve(by=manb, rule=made, reason="Read")
    assert rules.book().newest(category().pk).days == 200
    new = Recording(category=category(), happened_at=timezone.now(), created=timezone.now())
    assert rules.book().ends(new).rule.version == 2
    old.refresh_from_db()
    assert rules.book().ends(old).rule.version == 1
    assert keeping.until(old) == timezone.localdate() + timedelta(days=363)
    with pytest.raises(NotSaid, match="decided already"):
        actions.approve(by=manb, rule=made, reason="again")
    sequencer.run()
    kinds = Event.objects.filter(object_ref=f"rule-{made.pk}").order_by("index")
    assert [row.type for row in kinds] == ["rule.proposed", "rule.approved"]
    assert kinds[0].parsed()["data"] == {"category": "traffic", "version": 2, "held": False}


def test_one_proposal_a_category_at_a_time_and_a_refused_one_stays(mana: User, manb: User) -> None:
    for of in (category(), None):
        made = actions.propose(by=mana, category=of, wish=wish())
        with pytest.raises(NotSaid, match="waits for a second person"):
            actions.propose(by=manb, category=of, wish=wish())
        with pytest.raises(IntegrityError), transaction.atomic():
            Rule.objects.create(category=of, version=9, days=1, source="x")
        actions.refuse(by=manb, rule=made, reason="No")
        again = actions.propose(by=mana, category=of, wish=wish())
        assert again.version == 3
        assert Rule.objects.get(category=of, version=2).state == "refused"


@pytest.mark.parametrize("username", ["shah", "lane", "administrator", "auditor", "hughes"])
def test_nobody_else_changes_rules(username: str, mana: User, request: Any) -> None:
    who: User = request.getfixturevalue(username)
    made = actions.propose(by=mana, category=category(), wish=wish())
    for act in (
        lambda: actions.propose(by=who, category=category(), wish=wish()),
        lambda: actions.approve(by=who, rule=made, reason="x"),
        lambda: actions.refuse(by=who, rule=made, reason="x"),
        lambda: actions.propose_held(by=who, rule=made, reason="x"),
        lambda: actions.approve_held(by=who, rule=made, reason="x"),
    ):
        with pytest.raises(NotAllowed):
            act()


@pytest.mark.parametrize("more", [
    {"days": None}, {"days": 0}, {"days": 6}, {"days": 99_999}, {"source": " "}, {"reason": "\0 "},
    {"source": "x" * 201}, {"release": "nobody"}, {"release": "rule", "by_case": True},
])  # fmt: skip
def test_what_can_not_be_a_rule_is_said(more: dict[str, Any], mana: User) -> None:
    with pytest.raises(NotSaid) as refused:
        actions.propose(by=mana, category=category(), wish=wish(**more))
    assert refused.value.field
    assert not Rule.objects.filter(state="proposed").exists()


def test_a_group_never_goes_by_itself(mana: User) -> None:
    group = Group.objects.get(code="2")
    with pytest.raises(NotSaid, match="two people"):
        actions.propose(by=mana, category=category(), wish=wish(None, group=group, release="rule"))
    made = actions.propose(by=mana, category=category(), wish=wish(None, group=group))
    assert rules.long(made) == "10 years (MoPI group 2)"


def test_for_what_is_held_it_takes_two_again_and_shows_the_numbers_first(
    mana: User, manb: User, shah: User, lane: User
) -> None:
    over, soon, new = footage(shah, 250), footage(shah, 100), footage(shah, 1)
    held = footage(shah, 260)
    holds.hold(by=lane, recording=held, kind=Kind.MANUAL, reason="x")
    other = footage(shah, 250, "use-of-force")
    row = agreed(mana, manb, category())
    actions.propose_held(by=mana, rule=row, reason="Old ones too")
    row.refresh_from_db()
    shown = row.held_shown
    assert (shown["held"], shown["shorter"], shown["longer"], shown["due"]) == (4, 4, 0, 1)
    assert (shown["held_bytes"], shown["due_bytes"]) == (40, 10)
    before = {one.pk: one.kept_until for one in Recording.objects.all()}
    with pytest.raises(NotSaid, match="somebody else"):
        actions.approve_held(by=mana, rule=row, reason="x")
    actions.approve_held(by=manb, rule=row, reason="Right")
    assert {one.pk: one.kept_until for one in Recording.objects.all()} == before
    tasks.settle_held(row.pk)
    today = timezone.localdate()
    for one, last in ((over, 7), (held, 7), (soon, 100), (new, 199)):
        one.refresh_from_db()
        assert keeping.until(one) == today + timedelta(days=last)
    other.refresh_from_db()
    assert other.kept_until == before[other.pk]
    row.refresh_from_db()
    assert row.held_done_at is not None
    with pytest.raises(NotSaid):
        actions.approve_held(by=manb, rule=row, reason="x")


def test_more_than_a_tenth_more_than_was_shown_is_shown_anew(
    mana: User, manb: User, shah: User
) -> None:
    for _ in range(10):
        footage(shah, 250)
    row = agreed(mana, manb, category())
    actions.propose_held(by=mana, rule=row, reason="x")
    moved = [footage(shah, 250, "arrest") for _ in range(2)]
    Recording.objects.filter(pk=moved[0].pk).update(category=category())
    Recording.objects.filter(pk=moved[0].pk).update(kept_until=timezone.now() + timedelta(days=90))
    # One of ten is a tenth, and not more.
    assert not effect(row, actions.before(row)).grown(Rule.objects.get(pk=row.pk).held_shown)
    Recording.objects.filter(pk=moved[1].pk).update(category=category())
    Recording.objects.filter(pk=moved[1].pk).update(kept_until=timezone.now() + timedelta(days=90))
    with pytest.raises(Grown):
        actions.approve_held(by=manb, rule=row, reason="x")
    row.refresh_from_db()
    assert row.held_from is None
    assert row.held_shown["due"] == 12
    actions.approve_held(by=manb, rule=row, reason="Seen")
    row.refresh_from_db()
    assert row.held_from is not None


def test_refused_for_what_is_held_it_can_be_proposed_again(
    mana: User, manb: User, shah: User
) -> None:
    footage(shah, 250)
    row = agreed(mana, manb, category())
    actions.propose_held(by=mana, rule=row, reason="x")
    actions.refuse_held(by=manb, rule=row, reason="No")
    row.refresh_from_db()
    assert row.held_proposed_at is None
    actions.propose_held(by=manb, rule=row, reason="But")
    newer = agreed(mana, manb, category(), days=100)
    with pytest.raises(NotSaid, match="in force"):
        actions.approve_held(by=mana, rule=row, reason="x")
    assert rules.book().newest(category().pk).pk == newer.pk


def test_a_worker_that_dies_is_found_and_goes_on(
    mana: User, manb: User, shah: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [footage(shah, 100) for _ in range(5)]
    row = agreed(mana, manb, category())
    actions.propose_held(by=mana, rule=row, reason="x")
    actions.approve_held(by=manb, rule=row, reason="x")
    monkeypatch.setattr(actions, "BATCH", 2)
    assert actions.settle_batch(row.pk)
    ends = lambda: [keeping.until(Recording.objects.get(pk=one.pk)) for one in made]  # noqa: E731
    done = timezone.localdate() + timedelta(days=100)
    assert [end == done for end in ends()] == [True, True, False, False, False]
    tasks.settle_held(row.pk)
    assert [end == done for end in ends()] == [True] * 5
    assert not actions.settle_batch(row.pk)


def test_rows_that_nobody_has_reckoned_are_found(shah: User, mana: User, manb: User) -> None:
    one = footage(shah, 3)
    end = one.kept_until
    Recording.objects.filter(pk=one.pk).update(kept_until=None)
    row = agreed(mana, manb, category())
    with pytest.raises(NotSaid, match="not reckoned yet"):
        actions.propose_held(by=mana, rule=row, reason="x")
    tasks.reckon()
    one.refresh_from_db()
    assert one.kept_until == end


def test_a_new_category_is_kept_until_it_has_a_rule_and_its_first_is_for_all(
    mana: User, manb: User, shah: User
) -> None:
    drone = Category.objects.create(code="drone", name="Drone")
    assert keeping.of_category(drone) == "Kept until a rule says how long"
    agreed(mana, manb, drone, days=60)
    old = footage(shah, 40, "drone")
    assert keeping.until(old) == timezone.localdate() + timedelta(days=20)
    # Where something is held already, it is not acted on without two people.
    other = Category.objects.create(code="boat", name="Boat")
    kept = factories.recording(shah, category=other)
    assert kept.kept_until == rules.NEVER
    row = agreed(mana, manb, other, days=60)
    assert rules.reckon(kept, rules.book()) == rules.NEVER
    assert row.held_from is None


def test_a_category_that_is_not_used_any_more_keeps_its_rule(shah: User) -> None:
    one = footage(shah, 3)
    Category.objects.filter(code="traffic").update(active=False)
    assert rules.reckon(one, rules.book()) == one.kept_until
    tasks.reckon()
    one.refresh_from_db()
    assert keeping.until(one) == timezone.localdate() + timedelta(days=362)


# --- what is shown is what happens ---


@hypotheses(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    st.lists(
        st.tuples(
            st.datetimes(datetime(1996, 1, 1), datetime(2026, 11, 1), timezones=st.just(UTC)),
            st.integers(0, 60 * 24 * 60),
        ),
        min_size=1, max_size=6,
    ),
    st.one_of(st.integers(7, 12_000), st.sampled_from(["1", "2", "3"])),
    st.sampled_from(["people", "rule"]),
)  # fmt: skip
def test_the_numbers_that_are_shown_are_those_that_come_to_be(
    mana: User, manb: User, shah: User, rows: list[tuple[datetime, int]], long: int | str,
    release: str,
) -> None:  # fmt: skip
    """The database's arithmetic is that of the rules, on 29 February and when clocks change."""
    with transaction.atomic():
        made = [
            factories.recording(shah, happened_at=at, category=category(),
                                created=min(timezone.now(), at + timedelta(minutes=docked)))
            for at, docked in rows
        ]  # fmt: skip
        for one, (at, docked) in zip(made, rows, strict=True):
            one.created = min(timezone.now(), at + timedelta(minutes=docked))
            rules.settle(one)
            one.save()
        group = Group.objects.get(code=long) if isinstance(long, str) else None
        days = None if isinstance(long, str) else long
        row = agreed(mana, manb, category(), days=days, group=group,
                     release="people" if group else release)  # fmt: skip
        now = timezone.now()
        found = effect(row, actions.before(row), now)
        shown = examples(row, actions.before(row), manb, now)
        old = {one.pk: one.kept_until for one in Recording.objects.all()}
        Rule.objects.filter(pk=row.pk).update(held_from=now)
        tasks.settle_held(row.pk)
        new = {one.pk: one.kept_until for one in Recording.objects.all()}
        assert found.held == len(made)
        assert found.longer == sum(new[pk] > old[pk] for pk in old)  # type: ignore[operator]
        assert found.shorter == sum(new[pk] < old[pk] for pk in old)  # type: ignore[operator]
        for kind in ("longer", "shorter"):
            for example in shown[kind]:
                assert example.new == new[example.recording.pk]
                assert example.old == old[example.recording.pk]
        transaction.set_rollback(True)


# --- the pages ---


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_two_managers_change_a_rule_on_the_pages(mana: User, manb: User, shah: User) -> None:
    over = footage(shah, 250)
    one, other = signed_in(mana), signed_in(manb)
    assert "Traffic" in one.get("/retention/rules/").text
    given = {"long": "days", "days": "2oo", "release": "people", "source": "P", "reason": "R"}
    bad = one.post("/retention/rules/traffic/propose/", given)
    assert bad.status_code == 422
    assert "Enter a number of days, like 31" in bad.text
    assert 'value="2oo"' in bad.text
    assert one.post("/retention/rules/traffic/propose/", given | {"days": "200"}).status_code == 302
    assert "waits for a second person" in one.get("/retention/rules/").text.lower()
    mine = one.post("/retention/rules/traffic/decide/", {"do": "approve", "reason": "x"})
    assert "somebody else" in mine.text
    assert "Agree" in other.get("/retention/rules/traffic/decide/").text
    assert other.post("/retention/rules/traffic/decide/", {"do": "approve"}).status_code == 422
    other.post("/retention/rules/traffic/decide/", {"do": "approve", "reason": "Read"})
    assert actions.in_force(category()).days == 200  # type: ignore[union-attr]
    page = one.get("/retention/rules/traffic/held/")
    assert over.reference in page.text
    assert "Due at once" in page.text
    one.post("/retention/rules/traffic/held/", {"reason": "Old ones"})
    page = other.get("/retention/rules/traffic/held/decide/")
    assert "as shown" in page.text
    other.post("/retention/rules/traffic/held/decide/", {"do": "approve", "reason": "Seen"})
    assert actions.in_force(category()).held_from is not None  # type: ignore[union-attr]
    assert "Being settled" in one.get("/retention/rules/traffic/").text
    assert other.get("/retention/rules/traffic/held/decide/").status_code == 404
    assert one.get("/retention/rules/nonsense/").status_code == 404
    assert one.get("/retention/rules/none/").status_code == 200


def test_the_list_of_rules_costs_the_same_for_many(mana: User, manb: User) -> None:
    client = signed_in(mana)

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/retention/rules/").status_code == 200
        return len(asked)

    before = cost()
    for number in range(12):
        made = Category.objects.create(code=f"c{number}", name=f"C{number}")
        actions.propose(by=mana, category=made, wish=wish())
    assert cost() == before


# --- where the first rules come from ---

first_rules = import_module("evidence.recordings.migrations.0014_first_rules")


def loaded(monkeypatch: pytest.MonkeyPatch, said: dict[str, int | None] | None) -> dict[str, Rule]:
    """The rules that the migration makes of categories that said this."""

    if said is not None:
        spoken = property(lambda row: said.get(row.code))
        monkeypatch.setattr(Category, "keep_days", spoken, raising=False)
    Rule.objects.all().delete()
    first_rules.load(apps, None)
    return {row.category.code if row.category else "none": row for row in Rule.objects.all()}


def test_a_new_installation_has_the_rules_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    found = loaded(monkeypatch, None)
    listed = json.loads(first_rules.LIST.read_text())["rules"]
    assert {row["category"] or "none" for row in listed} == set(found)
    assert found["none"].days == 31
    assert found["non-evidential"].release == "rule"
    assert found["arrest"].by_case
    assert found["evidential-other"].group.code == "3"  # type: ignore[union-attr]


def test_what_a_force_had_set_becomes_its_first_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BWV_KEEP_DAYS", "45")
    said = first_rules.DELIVERED | {"traffic": 730, "use-of-force": None, "evidential-other": 3650}
    found = loaded(monkeypatch, said)
    assert found["none"].days == 45
    assert (found["arrest"].days, found["arrest"].by_case) == (45, True)
    assert (found["traffic"].days, found["traffic"].by_case) == (730, False)
    assert (found["use-of-force"].days, found["use-of-force"].by_case) == (45, True)
    assert (found["evidential-other"].days, found["evidential-other"].group) == (3650, None)
    assert found["non-evidential"].days == 31
    assert settings.REMORSE_DAYS  # and no KEEP_DAYS any more
    assert not hasattr(settings, "KEEP_DAYS")
