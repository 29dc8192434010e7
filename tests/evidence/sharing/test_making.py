"""What a share may not be made of, whoever tries it how; and what happens in between."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.cases.models import Case, CaseMember
from evidence.exhibits.models import Clip, Exhibit
from evidence.people.actions import NotAllowed
from evidence.people.models import User
from evidence.recordings.models import Marker, Recording
from evidence.sharing import access, changing, contacts, making, wishes
from evidence.sharing.models import Basis, Domain, Item, Share
from evidence.sharing.wishes import AlreadyMade, NotShared, Thing
from evidence.store import s3
from tests import factories, sharing
from tests.evidence.exhibits import casting
from tests.evidence.sharing import staffing

pytestmark = pytest.mark.django_db
Stage = tuple[Case, Recording, Exhibit]


@pytest.fixture
def marlow(db: None) -> User:
    return casting.case_officer()


@pytest.fixture
def stage(marlow: User, shah: User) -> Stage:
    return staffing.stage(marlow, shah)


# --- addresses ---
@pytest.mark.parametrize(
    "email",
    [
        "j@cps.example\nBcc: x@elsewhere.example", "j@cps.example\r\nX: y", "j@cps.example, x@cps.example",
        "j@cps.example;x@cps.example", "J Marlow <j@cps.example>", "<j@cps.example>", "j@cps.example.",
        "j@cps.example@elsewhere.example", "j@elsewhere.example@cps.example", '"j@elsewhere.example"@cps.example',
        '"j, x"@cps.example', "j%elsewhere.example@cps.example", "elsewhere.example!j@cps.example",
        "j@cp\u017f.example", "j@\uff43\uff50\uff53.example", "j@c\u0440s.example", "\u0458@cps.example", "j@sub.cps.example",
        "j@xcps.example", "j@cps.example.elsewhere", "j@[127.0.0.1]", "j@localhost", "j@", "@cps.example",
        "j marlow@cps.example", "j@cps.example\x00.elsewhere", "a" * 250 + "@cps.example", "(x)j@cps.example",
        "j@" + "a." * 200 + "cps.example", "j@KPS.example".replace("K", "\u212a"),
    ],
)  # fmt: skip
def test_only_one_plain_address_of_an_allowed_domain(
    marlow: User, stage: Stage, email: str
) -> None:
    staffing.domain("kps.example")
    with pytest.raises(NotShared) as refused:
        sharing.make(marlow, stage[2], case=stage[0], email=email)
    assert refused.value.field == "email"
    assert not Share.objects.exists()


@pytest.mark.parametrize("email", ["J.Marlow@CPS.example", " j@cps.example ", "j+x@cps.example"])
def test_other_ways_to_write_an_address_of_the_domain(
    marlow: User, stage: Stage, email: str
) -> None:
    assert sharing.make(marlow, stage[2], case=stage[0], email=email).share.email == email.strip()


def test_a_closed_domain_takes_nothing_new_and_no_new_link(marlow: User, stage: Stage) -> None:
    case, _, exhibit = stage
    domain = staffing.domain()
    share = sharing.make(marlow, exhibit, case=case).share
    domain.active = False
    domain.save()
    for act in (
        lambda: sharing.make(marlow, exhibit, case=case),
        lambda: changing.send_again(by=marlow, share=share),
        lambda: changing.extend(by=marlow, share=share),
        lambda: changing.make_again(by=marlow, share=share),
    ):
        with pytest.raises(NotShared, match="domains"):
            act()
    assert changing.revoke(by=marlow, share=share, reason="The domain was closed").revoked_at


# --- time ---
@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 8, 1, 23, 30, tzinfo=UTC),  # 00:30 in summer: the clocks go back in between
        datetime(2026, 9, 15, 23, 10, tzinfo=UTC),
        datetime(2026, 1, 10, 0, 5, tzinfo=UTC),  # they go forward in between
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # 01:30, the first of two
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC),
    ],
)  # fmt: skip
@pytest.mark.parametrize("court", [None, 3, 80, 400])
def test_what_is_offered_is_never_refused(
    stage: Stage, now: datetime, court: int | None, monkeypatch: Any
) -> None:
    case = stage[0]
    monkeypatch.setattr(timezone, "now", lambda: now)
    case.next_court = (  # type: ignore[attr-defined]
        None if court is None else timezone.localdate() + timedelta(days=court)
    )
    offered = wishes.offered_until(case)
    assert timezone.localtime(offered).strftime("%H:%M") == "23:59"
    wishes.check_until(now, offered)
    last = timezone.localdate() + timedelta(days=settings.SHARE_MOST_DAYS)
    wishes.check_until(now, wishes.end_of(last))
    with pytest.raises(NotShared, match="at most"):
        wishes.check_until(now, wishes.end_of(last + timedelta(days=1)))


def test_the_limit_counts_from_a_start_to_come(marlow: User, stage: Stage) -> None:
    starts = timezone.now() + timedelta(days=30)
    until = starts + timedelta(days=80)
    made = sharing.make(marlow, stage[2], case=stage[0], starts=starts, until=until).share
    assert made.state() == "coming"
    with pytest.raises(NotShared, match="after the start"):
        sharing.make(marlow, stage[2], case=stage[0], starts=until, until=starts)


# --- things ---
def test_the_same_thing_twice_is_one(marlow: User, stage: Stage) -> None:
    case, recording, exhibit = stage
    share = sharing.make(
        marlow, Thing(recording=recording, title="first"), exhibit, recording, exhibit,
        Thing(paper="mg12"), Thing(paper="mg12"), case=case,
    ).share  # fmt: skip
    assert [(item.number, item.title) for item in share.items.all()] == [
        (1, "first"), (2, ""), (3, ""),
    ]  # fmt: skip


def test_a_hundred_things_and_not_one_more(marlow: User, shah: User, stage: Stage) -> None:
    case = stage[0]
    many = [factories.recording(shah) for _ in range(101)]
    for one in many:
        casting.link(case, one, marlow)
    assert sharing.make(marlow, *many[:100], case=case).share.items.count() == 100
    with pytest.raises(NotShared, match="at most 100 things"):
        sharing.make(marlow, *many, case=case)


def test_looking_costs_the_same_for_many_things(marlow: User, shah: User, stage: Stage) -> None:
    case = stage[0]

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            staffing.signed_in(marlow).get(f"/shares/new/?case={case.slug}")
        return len(found)

    one = queries()
    for number in range(20):
        other = factories.recording(shah)
        Marker.objects.create(recording=other, at_ms=0, made_by=shah)
        casting.exhibit(case, other, marlow, f"AS/{number + 10}")
    assert queries() == one


def test_what_is_not_of_the_case_or_not_ready_is_not_shared(
    marlow: User, shah: User, stage: Stage
) -> None:
    case, recording, exhibit = stage
    foreign = casting.case(casting.case_officer("other", collar="9"), "09ZZ/1/26")
    alien = casting.exhibit(foreign, recording, shah, "AS/9")
    loose = factories.recording(shah)
    for thing in (alien, Thing(paper="mg6d"), Thing(paper="../x"), Thing()):
        with pytest.raises(NotShared):
            sharing.make(marlow, thing, case=case)
    with pytest.raises(Recording.DoesNotExist):  # linked to no case of theirs
        sharing.make(marlow, loose, case=case)
    with pytest.raises(Case.DoesNotExist):
        sharing.make(marlow, Thing(paper="mg12"), case=foreign)
    for state in ("waiting", "making", "failed"):
        Clip.objects.filter(exhibit=exhibit).update(state=state)
        with pytest.raises(NotShared, match=r"^AS/1 can't be shared. The clip"):
            sharing.make(marlow, exhibit, case=case)
    assert not Share.objects.exists()


def test_a_basis_that_was_set_aside_is_none(marlow: User, stage: Stage) -> None:
    Basis.objects.filter(code="charging").update(active=False)
    with pytest.raises(NotShared, match="legal basis"):
        sharing.make(marlow, stage[2], case=stage[0])


# --- in between ---
def test_restricted_withheld_or_withdrawn_between_check_and_send(
    marlow: User, stage: Stage
) -> None:
    case, recording, exhibit = stage
    client, new = staffing.signed_in(marlow), f"/shares/new/?case={case.slug}"
    sent = staffing.form(recording.reference, exhibit.reference)
    assert client.post(new, sent).status_code == 200
    changes: list[tuple[Any, Any]] = [
        (lambda: Recording.objects.update(restricted="covert"),
         lambda: Recording.objects.update(restricted="")),
        (lambda: Exhibit.objects.update(withdrawn_at=timezone.now()),
         lambda: Exhibit.objects.update(withdrawn_at=None)),
        (lambda: staffing.withheld(case, recording, marlow), lambda: None),
    ]  # fmt: skip
    for change, undo in changes:
        change()
        answer = client.post(new, sent | {"do": "send"})
        assert answer.status_code == 422
        assert "J Marlow" in answer.text
        undo()
    assert not Share.objects.exists()


def test_it_is_looked_at_again_under_the_lock(marlow: User, stage: Stage, monkeypatch: Any) -> None:
    """What comes after the first look and before it is kept."""
    case, recording, _ = stage
    kept = making._kept

    def late(*args: Any) -> str:
        Recording.objects.filter(pk=recording.pk).update(restricted="covert")
        return kept(*args)

    monkeypatch.setattr(making, "_kept", late)
    with pytest.raises(Recording.DoesNotExist):
        sharing.make(marlow, recording, case=case)
    Recording.objects.filter(pk=recording.pk).update(restricted="")

    def taken_off(*args: Any) -> str:
        Case.objects.filter(pk=case.pk).update(officer_in_case=None)
        return kept(*args)

    monkeypatch.setattr(making, "_kept", taken_off)
    with pytest.raises(Case.DoesNotExist):
        sharing.make(marlow, recording, case=case)
    assert not Share.objects.exists()


def test_who_left_the_team_extends_and_sends_nothing_any_more(
    marlow: User, shah: User, stage: Stage
) -> None:
    """They made it, so they see it and take it back, and no more."""
    case, recording, _ = stage
    cole = casting.case_officer("cole", collar="302", name="Al Cole")
    casting.member(case, cole, "case_officer", marlow)
    share = sharing.make(cole, recording, case=case).share
    CaseMember.objects.update(removed_at=timezone.now())
    for act in (
        lambda: changing.extend(by=cole, share=share),
        lambda: changing.send_again(by=cole, share=share),
    ):
        with pytest.raises(NotShared, match="not on the team of its case"):
            act()
    with pytest.raises(Case.DoesNotExist):
        changing.make_again(by=cole, share=share)
    assert changing.take_over(by=marlow, share=share, reason="Cole has left").owner == marlow
    assert changing.revoke(by=cole, share=share, reason="I have left").revoked_at


def test_approved_after_its_end_or_for_a_closed_domain_is_not(lane: User, shah: User) -> None:
    recording = factories.recording(shah, restricted="covert")
    aa = factories.Person(username="aa", name="A Authority", roles=["appropriate_authority"])
    for person in (lane, aa):
        staffing.grant(person, recording, aa)
    share = sharing.make(lane, recording).share
    domain = staffing.domain()
    domain.active = False
    domain.save()
    with pytest.raises(NotShared, match="domains"):
        changing.approve(by=aa, share=share, yes=True, reason="It is fine")
    now = timezone.now()
    Share.objects.update(starts=now - timedelta(days=2), until=now - timedelta(days=1))
    with pytest.raises(NotShared, match="ended before anybody decided"):
        changing.approve(by=aa, share=share, yes=True, reason="It is fine")


# --- at once ---
def at_once(*acts: Any) -> list[Any]:
    """Each in a thread and connection of its own; what each gave or raised."""
    gate, found = Barrier(len(acts)), [None] * len(acts)

    def run(number: int, act: Any) -> None:
        try:
            gate.wait(10)
            found[number] = act()
        except Exception as error:
            found[number] = error  # type: ignore[call-overload]
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_two_who_send_the_same_form_at_once_make_one_share(marlow: User, stage: Stage) -> None:
    case, _, exhibit = stage
    asked = uuid.uuid4()
    wish = sharing.wish(exhibit, case=case, asked=asked)
    found = at_once(*[lambda: making.make(by=marlow, wish=wish)] * 4)
    assert Share.objects.count() == 1
    assert sum(isinstance(one, AlreadyMade) for one in found) == 3


@pytest.mark.django_db(transaction=True)
def test_two_who_approve_at_once_send_one_link(lane: User, shah: User) -> None:
    recording = factories.recording(shah, restricted="covert")
    two = [factories.Person(username=f"aa{n}", name=f"A A{n}", roles=["appropriate_authority"])
           for n in range(2)]  # fmt: skip
    for person in (lane, *two):
        staffing.grant(person, recording, lane)
    share = sharing.make(lane, recording).share
    found = at_once(*[
        lambda who=who, yes=yes: changing.approve(by=who, share=share, yes=yes, reason="Decided")
        for who, yes in zip(two, (True, False), strict=True)
    ])  # fmt: skip
    assert sum(isinstance(one, NotShared) for one in found) == 1
    share.refresh_from_db()
    assert bool(share.approved_at) is not bool(share.refused_at)


@pytest.mark.django_db(transaction=True)
def test_revoked_while_it_is_extended_stays_revoked(marlow: User, stage: Stage) -> None:
    case, recording, exhibit = stage
    for _ in range(3):
        share = sharing.make(marlow, recording, exhibit, case=case).share
        at_once(
            lambda share=share: changing.extend(by=marlow, share=share),
            lambda share=share: changing.revoke(by=marlow, share=share, reason="Wrong person"),
            lambda share=share: changing.narrow(by=marlow, share=share, number=1, reason="No need"),
            lambda share=share: changing.send_again(by=marlow, share=share),
        )  # fmt: skip
        share.refresh_from_db()
        assert share.state() == "revoked"
        assert share.revoke_reason == "Wrong person"


# --- who sees which ---
def test_shares_are_of_makers_owners_and_the_case_s_team(
    marlow: User, lane: User, shah: User, hughes: User, stage: Stage
) -> None:
    case, _, exhibit = stage
    share = sharing.make(marlow, exhibit, case=case).share
    disclosure = factories.Person(username="d", name="D D", roles=["disclosure_officer"])
    other = casting.case_officer("other", collar="9")
    sees = {person.username: access.visible_to(person).filter(pk=share.pk).exists()
            for person in (marlow, lane, shah, hughes, disclosure, other)}  # fmt: skip
    assert sees == {"marlow": True, "lane": True, "shah": False, "hughes": False, "d": False,
                    "other": False}  # fmt: skip
    casting.member(case, disclosure, "disclosure_officer", marlow)
    assert access.find(disclosure, share.reference.lower()) == share
    with pytest.raises(Share.DoesNotExist):
        access.find(other, share.reference)
    with pytest.raises(Share.DoesNotExist):
        changing.revoke(by=other, share=share, reason="Not mine")


def test_those_to_look_at_cost_as_much_whatever_their_number(
    marlow: User, lane: User, stage: Stage
) -> None:
    for number in range(30):
        gone = casting.case_officer(f"gone{number}", collar=f"g{number}", status="left")
        made = Share.objects.create(
            recipient="X", organisation="CPS", email="j@cps.example", purpose="x",
            token_hash=f"x{number}", made_by=gone, owner=gone,
            until=timezone.now() + timedelta(days=1),
        )  # fmt: skip
        Item.objects.create(share=made, number=1, recording=stage[1])
    sharing.make(marlow, stage[2], case=stage[0])
    with CaptureQueriesContext(connection) as found:
        rows = list(access.visible_to(lane).filter(access.not_over(), access.left()))
    assert len(rows) == 30
    # Two ask once what the reader may not know of; one for the shares.
    assert len(found) == 3


def test_who_may_not_share_keeps_no_address_book(shah: User, marlow: User) -> None:
    Domain.objects.get_or_create(name="cps.example", defaults={"organisation": "CPS"})
    book: dict[str, Any] = {
        "name": "J Marlow",
        "organisation": "CPS",
        "email": "j.marlow@cps.example",
    }
    with pytest.raises(NotAllowed):
        contacts.keep_contact(by=shah, **book)
    kept = contacts.keep_contact(by=marlow, **book)
    with pytest.raises(NotAllowed):
        contacts.remove_contact(by=shah, contact=kept)
    kept.refresh_from_db()
    assert kept.removed_at is None


def test_a_paper_of_a_share_that_did_not_come_about_is_not_kept(
    marlow: User, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*args: Any, **more: Any) -> str:
        raise OSError("the mail server")

    case, _, exhibit = stage
    before = set(s3.keys("renditions", "shared-papers/"))
    with monkeypatch.context() as patch:
        patch.setattr(making, "send_link", die)
        with pytest.raises(OSError, match="mail"):
            sharing.make(marlow, exhibit, Thing(paper="mg12"), case=case)
    assert set(s3.keys("renditions", "shared-papers/")) == before
    sharing.make(marlow, exhibit, Thing(paper="mg12"), case=case)
    assert len(set(s3.keys("renditions", "shared-papers/")) - before) == 1
