"""The schedule and the exhibit list say to whom each thing was disclosed, all in one voice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.cases.models import Case
from evidence.exhibits import disclosure, papers, printing
from evidence.exhibits.disclosure import Said
from evidence.exhibits.models import Exhibit
from evidence.exhibits.papers import Kind
from evidence.people.models import User
from evidence.recordings.models import Recording
from evidence.sharing import disclosed
from evidence.sharing.models import Item, Share, Viewing
from evidence.sharing.wishes import Thing
from tests import factories, sharing
from tests.evidence.exhibits import casting
from tests.evidence.exhibits.test_papers import rows_of, squeezed, text_of

pytestmark = pytest.mark.django_db


def at(day: int, hour: int = 12) -> datetime:
    return timezone.make_aware(datetime(2026, 11, day, hour))


@pytest.fixture
def cole(db: None) -> User:
    return casting.case_officer("cole", name="Erin Cole", collar="77")


@pytest.fixture
def case(cole: User) -> Case:
    return casting.case(cole)


@pytest.fixture
def unused(case: Case, cole: User, shah: User) -> Recording:
    """On the schedule: relevant and not used."""
    made = factories.recording(shah)
    casting.link(case, made, cole)
    said = Said("yes", False, False, False, "Shows the street", "The street, a van leaves", "")
    disclosure.decide(by=cole, case=case, key=made.reference, said=said)
    return made


@pytest.fixture
def clip(case: Case, cole: User, shah: User) -> Exhibit:
    return casting.exhibit(case, factories.recording(shah), cole, "AS/1")


def shared(cole: User, case: Case, *things: Any, **more: Any) -> Share:
    """From the 3rd to the 20th of November."""
    made = sharing.make(cole, *things, case=case).share
    values = {"starts": at(3), "created": at(3), "until": at(20)} | more
    Share.objects.filter(pk=made.pk).update(**values)
    made.refresh_from_db()
    return made


def look(share: Share, number: int | None, kind: str, began: datetime, **more: Any) -> None:
    item = share.items.get(number=number) if number else None
    made = Viewing.objects.create(share=share, item=item, browser="b", kind=kind, last=began,
                                  **more)  # fmt: skip
    Viewing.objects.filter(pk=made.pk).update(began=began)


def said_of(case: Case, thing: Recording | Exhibit) -> str:
    recording = thing.pk if isinstance(thing, Recording) else thing.recording_id
    exhibit = thing.pk if isinstance(thing, Exhibit) else None
    return papers.disclosed(case).get((recording, exhibit), "")


WHOM = "Shared with J Marlow, CPS, 3 Nov 2026 until 20 Nov 2026"


def test_every_paper_says_the_same(
    cole: User, case: Case, unused: Recording, clip: Exhibit
) -> None:
    share = shared(cole, case, clip, unused)
    look(share, 1, "file", at(4), whole_at=at(4, 13))
    built = papers.build(by=cole, case=case)
    wanted = {Kind.LIST: ("Mark", "AS/1", f"{WHOM}; downloaded 4 Nov 2026."),
              Kind.UNUSED: ("Reference", unused.reference, f"{WHOM}; not opened.")}  # fmt: skip
    for kind, (column, name, words) in wanted.items():
        files = {one: printing.file(built, kind, one) for one in get_args(printing.Format)}
        [line] = [row for row in rows_of(files["csv"]) if row[column] == name]
        assert line["Disclosed"] == words
        assert squeezed(words) in text_of(files["pdf"])
    client = Client()
    client.force_login(cole)
    page = client.get(f"/cases/{case.slug}/papers/").text
    assert f"{WHOM}; downloaded 4 Nov 2026." in page
    assert f"{WHOM}; not opened." in page


def test_what_nobody_was_shown_says_nothing(
    cole: User, case: Case, unused: Recording, clip: Exhibit
) -> None:
    built = papers.build(by=cole, case=case)
    for kind in (Kind.LIST, Kind.UNUSED):
        [line] = rows_of(printing.file(built, kind, "csv"))
        assert line["Disclosed"] == ""
        assert "Shared" not in text_of(printing.file(built, kind, "pdf"))


@pytest.mark.parametrize(
    ("looks", "words"),
    [
        ([("play", 5, {})], "played 5 Nov 2026, not downloaded"),
        ([("play", 5, {}), ("file", 6, {})], "download begun 6 Nov 2026, not completed"),
        ([("file", 6, {}), ("file", 7, {"whole_at": at(8)})], "downloaded 8 Nov 2026"),
        ([("package", 9, {"whole_at": at(9)})], "downloaded 9 Nov 2026"),
        ([], "opened 4 Nov 2026, not played or downloaded"),
    ],
)
def test_what_they_did_with_it(
    cole: User, case: Case, clip: Exhibit, unused: Recording,
    looks: list[tuple[str, int, dict[str, Any]]], words: str,
) -> None:  # fmt: skip
    share = shared(cole, case, clip, unused, opened_at=at(4))
    for kind, day, more in looks:
        look(share, None if kind == "package" else 1, kind, at(day), **more)
    assert said_of(case, clip) == f"{WHOM}; {words}."
    if not any(kind == "package" for kind, _, _ in looks):
        assert said_of(case, unused).endswith("opened 4 Nov 2026, not played or downloaded.")


def test_until_when_it_really_was_open(
    cole: User, case: Case, clip: Exhibit, unused: Recording
) -> None:
    share = shared(cole, case, clip, unused, revoked_at=at(10))
    share.items.filter(number=2).update(removed_at=at(6))
    assert "until 10 Nov 2026 (revoked); not opened." in said_of(case, clip)
    assert "until 6 Nov 2026 (taken out); not opened." in said_of(case, unused)
    look(share, None, "package", at(8), whole_at=at(8))  # it was taken out before
    assert "downloaded 8 Nov 2026" in said_of(case, clip)
    assert "not opened" in said_of(case, unused)


@pytest.mark.parametrize(
    "change",
    [{"needs_approval": True}, {"refused_at": at(3, 13), "needs_approval": True},
     {"starts": at(15), "revoked_at": at(10)}],
)  # fmt: skip
def test_what_never_went_out_was_not_disclosed(
    cole: User, case: Case, clip: Exhibit, change: dict[str, Any]
) -> None:
    shared(cole, case, clip, **change)
    assert said_of(case, clip) == ""


def test_approval_is_when_it_began(cole: User, case: Case, clip: Exhibit) -> None:
    shared(cole, case, clip, needs_approval=True, approved_at=at(5))
    assert "5 Nov 2026 until 20 Nov 2026" in said_of(case, clip)


def test_two_people_are_two_sentences(cole: User, case: Case, clip: Exhibit) -> None:
    shared(cole, case, clip)
    shared(cole, case, clip, recipient="K Webb", created=at(4), starts=at(4))
    assert said_of(case, clip) == (
        f"{WHOM}; not opened. Shared with K Webb, CPS, 4 Nov 2026 until 20 Nov 2026; not opened."
    )


def test_a_paper_is_no_row_and_other_shares_are_nobodys_business(
    cole: User, lane: User, case: Case, clip: Exhibit, unused: Recording
) -> None:
    """Neither what another case shared, nor professional standards without a case."""
    shared(cole, case, Thing(paper="mg12"))
    other = casting.case(cole, "01AB/9/26")
    casting.link(other, unused, cole)
    sharing.make(cole, unused, case=other)
    sharing.make(lane, unused)
    assert Item.objects.count() == 3
    assert papers.disclosed(case) == {}
    assert list(papers.disclosed(other)) == [(unused.pk, None)]


def test_it_is_one_query_however_many(cole: User, case: Case, shah: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            disclosed.of_case(case)
        return len(queries)

    things = [casting.exhibit(case, factories.recording(shah), cole, f"AS/{n}") for n in range(6)]
    for thing in things:
        share = shared(cole, case, thing)
        look(share, 1, "play", at(5))
        look(share, 1, "file", at(5), whole_at=at(5) + timedelta(minutes=1))
    assert count() == 1
    assert len(disclosed.of_case(case)) == 6
