"""What a hostile reading of exhibits and papers found: each of these was so once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from django.test import Client

from evidence.cases.models import Case
from evidence.exhibits import disclosure, papers, printing
from evidence.exhibits.models import Decision
from evidence.exhibits.papers import Kind
from evidence.people.models import User
from evidence.recordings.models import Recording
from tests import factories
from tests.evidence.exhibits import casting
from tests.evidence.exhibits.test_papers import case, decide, marlow  # noqa: F401

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def footage(case: Case, marlow: User, shah: User) -> Recording:
    made = factories.recording(shah, duration_ms=60_000)
    casting.link(case, made, marlow)
    return made


def every_paper(by: User, of: Case) -> None:
    built = papers.build(by=by, case=of)
    for kind in Kind:
        for wanted in get_args(printing.Format):
            assert printing.file(built, kind, wanted)


# --- two people decide ---
def test_a_decision_that_was_not_read_is_not_written_over(
    case: Case,
    footage: Recording,
    marlow: User,
    lane: User,
) -> None:
    """DS Lane marks it "do not disclose"; DC Marlow's older page would take that away."""
    page = f"/cases/{case.slug}/disclosure/{footage.reference}/"
    client = client_of(marlow)
    shown = client.get(page)
    decide(lane, case, footage, sensitive=True, withheld=True, reason="A source is heard")
    sent = {"relevant": "yes", "reason": "Shows the street", "description": "The street",
            "seen": shown.context["typed"]["seen"]}  # fmt: skip
    answer = client.post(page, sent)
    assert answer.status_code == 422
    assert "DS 12 Lane decided about this" in answer.text and "The street" in answer.text
    assert not disclosure.may_disclose(case, footage).yes
    # Having read it, one may.
    answer = client.post(page, sent | {"seen": answer.context["typed"]["seen"]})
    assert answer.status_code == 302
    assert disclosure.may_disclose(case, footage).yes
    # Without saying what was read, nothing is written over.
    unread = {name: value for name, value in sent.items() if name != "seen"}
    assert client.post(page, unread | {"reason": "Other words"}).status_code == 422
    assert Decision.objects.count() == 2


def test_deciding_twice_with_one_click_is_one_decision(
    case: Case,
    footage: Recording,
    marlow: User,
) -> None:
    page = f"/cases/{case.slug}/disclosure/{footage.reference}/"
    client = client_of(marlow)
    sent = {"relevant": "no", "reason": "Another street", "seen": "0"}
    assert [client.post(page, sent).status_code for _ in range(2)] == [302, 302]
    assert Decision.objects.count() == 1


# --- papers that can always be made ---
@pytest.mark.parametrize("words", ["漢" * 1000, "W" * 1000, "<b>" * 300, "a\u0301" * 500])
def test_long_words_fit_on_paper(
    case: Case,
    footage: Recording,
    marlow: User,
    words: str,
) -> None:
    decide(marlow, case, footage, description=words, location=words[:200], reason=words[:300])
    other = factories.recording(footage.officer)
    casting.link(case, other, marlow)
    decide(marlow, case, other, description=words, sensitive=True, reason=words[:300])
    casting.exhibit(case, footage, marlow, "JM/1", description=words[:300])
    every_paper(marlow, case)


def test_a_recording_of_many_files_fits_on_paper(
    case: Case,
    footage: Recording,
    marlow: User,
) -> None:
    """A shift in pieces of five minutes: each has its fingerprint."""
    for number in range(150):
        factories.original(footage, file_name=f"{number:04}.MP4", reference=f"R-{number:08}")
    casting.exhibit(case, footage, marlow, "JM/1", clip=False)
    every_paper(marlow, case)


@pytest.mark.parametrize("clock", [datetime(1, 1, 1, tzinfo=UTC),
                                   datetime(9999, 12, 31, 23, 59, tzinfo=UTC)])  # fmt: skip
@pytest.mark.parametrize("offset", [None, timedelta(days=-3), timedelta(days=3)])
def test_a_clock_far_off_breaks_neither_page_nor_paper(
    case: Case, footage: Recording, marlow: User,
    clock: datetime, offset: Any,
) -> None:  # fmt: skip
    casting.playable(footage)
    Recording.objects.filter(pk=footage.pk).update(recorded_at=clock, clock_offset=offset)
    footage.originals.update(recorded_at=clock)
    casting.exhibit(case, footage, marlow, "JM/1")
    every_paper(marlow, case)
    assert client_of(marlow).get(f"/cases/{case.slug}/exhibits/JM-1/").status_code == 200
    assert client_of(marlow).get(f"/cases/{case.slug}/exhibits/").status_code == 200
