"""What a hostile reading of samples and of the panel found: each of these was so once."""

from __future__ import annotations

import pytest
from django.test import Client

from evidence.custody import sequencer
from evidence.custody.models import Event, Private
from evidence.people.models import User
from evidence.sampling import actions, proof
from evidence.sampling.access import concerns_to, shown_in
from evidence.sampling.actions import NotPlanned, NotSaid
from evidence.sampling.models import Item, PanelSession, Plan
from tests.evidence.sampling.conftest import FORCE, SEARCH, wish
from tests.evidence.sampling.test_items import item, review  # noqa: F401
from tests.evidence.sampling.test_panel import member, sitting

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# --- two samples of the same footage ---
def test_another_name_for_the_same_footage_is_no_second_plan(lane: User, shah: User) -> None:
    """Of two samples of it, somebody could choose the one that they like."""
    actions.commit(by=lane, wish=wish(kinds=[SEARCH]))
    for same in ({"categories": ["stop-search"], "incidents": []},
                 {"categories": [], "incidents": ["stop-search"]}):  # fmt: skip
        with pytest.raises(NotPlanned, match="already"):
            actions.commit(by=lane, wish=wish(kinds=[FORCE | same]))
    assert Plan.objects.count() == 1
    actions.commit(by=lane, wish=wish(kinds=[FORCE]))


def test_two_kinds_of_one_plan_are_two_kinds(lane: User, shah: User) -> None:
    """By one seed they would be one sample twice, and count double."""
    twice = FORCE | {"categories": ["stop-search"]}
    with pytest.raises(NotPlanned, match="known by the same"):
        actions.commit(by=lane, wish=wish(kinds=[SEARCH, twice]))


# --- a concern that nobody sees ---
def test_a_concern_raised_after_one_was_noted_is_to_be_noted_again(
    item: Item,
    lane: User,
    hughes: User,
) -> None:
    made = review(hughes, item, "concern", "He laughed at her")
    actions.note(by=lane, review=made.pk, words="Spoken to")
    review(hughes, item, "concern", "He laughed at her")  # the same again: still noted
    assert not concerns_to(lane).filter(noted_at=None).exists()
    review(hughes, item, "nothing")
    review(hughes, item, "concern", "He struck her at 00:04:10")
    assert concerns_to(lane).filter(noted_at=None).count() == 1
    assert "He struck her" in signed_in(lane).get("/samples/concerns/").text


def test_what_was_found_before_stands_in_the_log_when_it_is_written_over(
    item: Item,
    lane: User,
    hughes: User,
) -> None:
    review(hughes, item, "concern", "He struck her")
    review(hughes, item, "nothing", "")
    sequencer.run()
    first = Event.objects.filter(type="sample.reviewed").order_by("index")[0]
    assert b"struck" not in bytes(first.body)
    assert Private.objects.get(event_id=first.id).parsed()["words"] == "He struck her"


# --- the proof ---
@pytest.mark.parametrize("seed", ["", "zz", "00", "ab" * 32])
def test_a_seed_that_somebody_changed_is_a_no_and_not_an_error(
    drawn: Plan, lane: User, seed: str
) -> None:
    Plan.objects.filter(pk=drawn.pk).update(seed=seed)
    page = signed_in(lane).get(f"/samples/{drawn.reference}/proof/")
    assert page.status_code == 200
    changed = Plan.objects.get(pk=drawn.pk)
    assert any(step.good is False for step in proof.steps(changed))


# --- the panel ---
@pytest.fixture
def chosen(drawn: Plan, item: Item, lane: User) -> PanelSession:
    """A session in which the panel sees one item."""
    chair = member("chair")
    made = actions.seat(by=lane, plan=drawn, wish=sitting(chair, member("guest")))
    return actions.choose(by=chair, session=made, items=[item.pk])


def test_a_supervisor_does_not_take_from_the_panel_what_it_chose(
    chosen: PanelSession, item: Item, lane: User, hughes: User
) -> None:
    with pytest.raises(NotSaid, match="panel has chosen it"):
        actions.skip(by=hughes, item=item.pk, reason="Looks bad for us")
    assert list(shown_in(chosen)) == [item]
    # Standards may, with the reason in the log; then the panel's page is not there any more.
    guest = signed_in(User.objects.get(username="guest"))
    page = f"/panel/{chosen.reference}/{item.pk}/"
    assert guest.get(page).status_code == 200
    actions.skip(by=lane, item=item.pk, reason="A child is seen")
    for path in ("", "facts/"):
        assert guest.get(f"{page}{path}").status_code == 404
    assert guest.post(f"{page}play/").status_code == 404


def test_who_supervises_learns_neither_of_the_panels_concerns_nor_who_sits_on_it(
    chosen: PanelSession, item: Item, lane: User, hughes: User
) -> None:
    """Whoever writes a concern is told that it is for professional standards."""
    guest, chair = (User.objects.get(username=name) for name in ("guest", "chair"))
    review(guest, item, "concern", "He struck her", session=chosen)
    review(chair, item, "learning", "Ask her name first", session=chosen)
    review(hughes, item)
    review(lane, item)
    page = f"/samples/{chosen.plan.reference}/{item.pk}/"
    seen = signed_in(hughes).get(page).text
    assert "Ask her name first" in seen and "Scrutiny panel" in seen
    assert "He struck her" not in seen
    assert chair.short not in seen and guest.short not in seen
    told = signed_in(lane).get(page).text
    assert "He struck her" in told and guest.short in told
