"""Holds that somebody should look at: lists, the daily mail, and what the store does not know."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.custody import sequencer
from evidence.custody.models import Event
from evidence.people.models import User
from evidence.recordings import digest
from evidence.recordings.models import Recording
from evidence.retention import actions, review
from evidence.retention.actions.arriving import Wish
from evidence.retention.actions.holds import Why
from evidence.retention.models import Hold, Kind, Watch
from tests import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def manager(db: None) -> User:
    return factories.Person(username="mana", name="Mo Manager", roles=["evidence_manager"])


def hold(by: User, recording: Recording, days: int, **more: Any) -> Hold:
    """A hold that is to be looked at in so many days; fewer than one: it is overdue."""
    given: dict[str, Any] = {"kind": Kind.MANUAL, "reason": "x"} | more
    made = actions.hold(by=by, recording=recording, **given)
    Hold.objects.filter(pk=made.pk).update(review_on=timezone.localdate() + days * DAY)
    return made


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_due_within_fourteen_days_or_overdue_by_reference(
    shah: User, lane: User, manager: User
) -> None:
    rows = [factories.recording(shah) for _ in range(4)]
    for row in rows[:3]:
        hold(lane, row, 3, reference="SAR/12/26", kind=Kind.ACCESS)
    hold(lane, rows[3], -2, reason="An inquest")
    hold(lane, rows[3], 15, reference="O/9", kind=Kind.COURT)
    hold(manager, rows[3], 1, reference="O/1", kind=Kind.COURT)
    mine, more = review.groups(review.to_review(lane))
    assert [(one.first.reference, one.count, one.overdue) for one in mine] == [
        ("", 1, True), ("SAR/12/26", 3, False),
    ]  # fmt: skip
    assert not more
    page = client_of(lane).get("/retention/holds/").text
    assert "Overdue" in page
    assert "SAR/12/26" in page
    assert "O/9" not in page
    assert page.index("SAR/12/26") < page.index("Of others") < page.index("O/1")


def test_whose_owner_left_or_lost_the_role_is_listed(shah: User, lane: User, manager: User) -> None:
    rows = [factories.recording(shah) for _ in range(2)]
    others = factories.Person(username="aa", name="A A", roles=["appropriate_authority"])
    hold(lane, rows[0], 100, reason="of Lane")
    hold(others, rows[1], 100, reason="of the other")
    client = client_of(manager)
    assert "Nobody answers for these" not in client.get("/retention/holds/").text
    User.objects.filter(pk=lane.pk).update(status=User.Status.LEFT)
    User.objects.filter(pk=others.pk).update(roles=["officer"])
    page = client.get("/retention/holds/").text
    assert "Nobody answers for these" in page
    assert "of Lane" in page
    assert "of the other" in page
    # And of those whose owner works here it is not said.
    hold(manager, rows[0], 3, reference="O/7", kind=Kind.COURT)
    mine = client.get("/retention/holds/").text
    assert mine.index("O/7") < mine.index("Nobody answers for these") < mine.index("has left, or")
    home = client.get("/admin/").text
    assert "Holds that nobody answers for" in home
    # Somebody takes it over.
    left = Hold.objects.get(reason="of Lane")
    given = {"owner": str(manager.pk), "review_on": str(timezone.localdate() + 90 * DAY),
             "reason": "Lane has left"}  # fmt: skip
    assert client.post(f"/retention/holds/{left.pk}/change/", given).status_code == 302
    left.refresh_from_db()
    assert left.owner == manager
    assert "of Lane" not in client.get("/retention/holds/").text
    sequencer.run()
    assert Event.objects.filter(type="hold.changed").count() == 1


def test_all_of_a_reference_are_put_off_at_once(shah: User, lane: User, manager: User) -> None:
    rows = [factories.recording(shah) for _ in range(3)]
    made = [hold(lane, row, 3, reference="SAR/1/26", kind=Kind.ACCESS) for row in rows]
    other = hold(lane, rows[0], 3, reference="SAR/2/26", kind=Kind.ACCESS)
    later = timezone.localdate() + 200 * DAY
    count = actions.change(by=lane, hold=made[0], owner=manager, review_on=later, reason="Open",
                           all_of_it=True)  # fmt: skip
    assert count == 3
    assert set(Hold.objects.filter(owner=manager, review_on=later)) == set(made)
    other.refresh_from_db()
    assert other.owner == lane


def test_what_is_held_when_it_arrives_is_looked_at_too(
    shah: User, lane: User, manager: User
) -> None:
    now = timezone.now()
    wish = Wish(Why(Kind.COURT, "An order", "O/1"), officers=[shah], start=now - DAY, end=now,
                later=True)  # fmt: skip
    watch = actions.hold_many(by=lane, wish=wish).watch
    assert watch
    client = client_of(lane)
    assert "O/1" not in client.get("/retention/holds/").text
    Watch.objects.update(review_on=timezone.localdate() + DAY)
    assert "O/1" in client.get("/retention/holds/").text
    assert "O/1" not in client_of(manager).get("/retention/holds/").text
    assert review.lines([lane])[lane.pk] == ["1 hold of what arrives later needs a review"]
    given = {"owner": str(manager.pk), "review_on": str(timezone.localdate() + 90 * DAY),
             "reason": "x"}  # fmt: skip
    assert client.post(f"/retention/holds/watches/{watch.pk}/change/", given).status_code == 302
    watch.refresh_from_db()
    assert (watch.owner, watch.review_on) == (manager, timezone.localdate() + 90 * DAY)
    User.objects.filter(pk=manager.pk).update(status=User.Status.LEFT)
    assert "O/1" in client.get("/retention/holds/").text
    # What it catches from now on answers to whoever answers for it now.
    caught = factories.recording(shah, happened_at=now - DAY / 2)
    actions.hold_on_arrival(caught)
    assert Hold.objects.get(recording=caught).owner == manager


def test_the_daily_mail_counts_and_names_nothing(
    shah: User, lane: User, manager: User, okoro: User
) -> None:
    rows = [factories.recording(shah) for _ in range(3)]
    hold(lane, rows[0], 3, reason="secretreason")
    made = hold(lane, rows[1], -3, reference="SAR/1/26", kind=Kind.ACCESS)
    # Complaints have a mail of their own; and a case looks after itself.
    hold(lane, rows[1], 3, kind=Kind.COMPLAINT, reference="PC/1/26")
    actions.ask_release(by=lane, hold=made, reason="x")
    found = review.lines([shah, okoro, lane, manager])
    assert found == {
        lane.pk: ["2 holds need a review"],
        manager.pk: ["1 release of a hold waits for a second person"],
    }
    User.objects.filter(pk=lane.pk).update(status=User.Status.LEFT)
    assert "2 holds have nobody who answers for them" in review.lines([manager])[manager.pk]
    assert review.lines in digest._providers


def test_nobody_is_counted_what_is_held_of_their_own(lane: User) -> None:
    both = factories.Person(username="both", name="B Oth", roles=["officer", "evidence_manager"])
    own = factories.recording(both)
    held = hold(lane, own, 3)
    Hold.objects.filter(pk=held.pk).update(owner=both)
    assert review.lines([both])[both.pk] == []
    Hold.objects.filter(pk=held.pk).update(owner=None)
    assert review.lines([both])[both.pk] == []
    assert "Nobody answers" not in client_of(both).get("/retention/holds/").text


def test_what_the_store_does_not_say_is_said_in_red(shah: User, lane: User) -> None:
    made = hold(lane, factories.recording(shah), 100)
    client = client_of(lane)
    addresses = ("/retention/holds/", f"/retention/holds/{made.pk}/", "/admin/")
    rows = Hold.objects.filter(pk=made.pk)

    def said() -> list[bool]:
        texts = [client.get(path).text for path in addresses]
        return ["more than 10 minutes" in text for text in texts]

    rows.update(in_store=False, store_asked_at=timezone.now() - timedelta(minutes=9))
    assert said() == [False] * 3
    rows.update(store_asked_at=timezone.now() - timedelta(minutes=11))
    assert said() == [True] * 3
    rows.update(in_store=True)
    assert said() == [False] * 3


def test_the_lists_cost_the_same_for_one_and_for_many(shah: User, lane: User) -> None:
    client = client_of(lane)

    def cost(path: str) -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    paths = ["/retention/holds/", "/retention/holds/?show=waiting", "/retention/holds/?show=all"]

    def more(number: int) -> None:
        made = hold(lane, factories.recording(shah), 3, reference=f"H/{number}")
        actions.ask_release(by=lane, hold=made, reason="x")

    more(0)
    one = [cost(path) for path in paths]
    for number in range(1, 8):
        more(number)
    assert [cost(path) for path in paths] == one


def test_pages_go_on_and_end(shah: User, lane: User) -> None:
    for _ in range(52):
        actions.hold(by=lane, recording=factories.recording(shah), kind=Kind.MANUAL, reason="x")
    client = client_of(lane)
    first = client.get("/retention/holds/?show=all").text
    last = Hold.objects.order_by("-id")[49].pk
    assert f"after={last}" in first
    rest = client.get(f"/retention/holds/?show=all&after={last}").text
    assert rest.count("/retention/holds/") - first.count("/retention/holds/") < -40
    assert "nothing further on" in client.get("/retention/holds/?show=all&after=1").text
    assert client.get(f"/retention/holds/?show=all&after={9**30}").status_code == 200
    assert client.get(f"/retention/holds/{9**30}/").status_code == 404


def test_the_admin_s_list_is_filtered(shah: User, lane: User, manager: User) -> None:
    rows = [factories.recording(shah) for _ in range(3)]
    hold(lane, rows[0], 3, reason="reasonmine")
    hold(manager, rows[1], -3, reason="reasonover")
    hold(manager, rows[2], 90, reason="reasonfar")
    client = client_of(lane)

    def shown(query: str) -> set[str]:
        text = client.get(f"/admin/retention/hold/?{query}").text
        return {word for word in ("reasonmine", "reasonover", "reasonfar") if word in text}

    assert shown("whose=mine") == {"reasonmine"}
    assert shown("review=due") == {"reasonmine", "reasonover"}
    assert shown("review=overdue") == {"reasonover"}
    User.objects.filter(pk=manager.pk).update(status=User.Status.LEFT)
    assert shown("whose=nobody") == {"reasonover", "reasonfar"}


def test_hold_stands_on_a_recording_s_page_for_those_who_may_held_or_not(
    shah: User, hughes: User, lane: User
) -> None:
    recording = factories.recording(shah)
    url = f"/retention/holds/new/?recording={recording.reference}"
    for held in (False, True):
        if held:
            hold(lane, recording, 3)
        page = f"/footage/{recording.reference}/"
        assert url in client_of(lane).get(page).text
        for user in (shah, hughes):
            assert "/retention/" not in client_of(user).get(page).text
    assert recording.reference in client_of(lane).get(url).text
