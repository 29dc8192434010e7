"""Figures that a slow count by hand agrees with, over what the reader may see and no more."""

from __future__ import annotations

import random
import statistics as plain
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evidence.complaints import charts, statistics
from evidence.complaints.models import (
    Allegation,
    Complaint,
    Finding,
    Named,
    Rate,
    Referral,
    Work,
)
from evidence.complaints.statistics import Figure, Span
from evidence.people.models import User
from evidence.retention.models import Hold
from tests import factories
from tests.evidence.complaints import casting

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)
YEAR = Span(date(2025, 12, 1), TODAY)


def rows_of(by: User, slug: str, span: Span = YEAR) -> dict[str, tuple[object, ...]]:
    found = statistics.figure(by, slug, span, TODAY)
    assert all(len(row) == len(found.head) for row in found.rows)
    return {str(row[0]): row[1:] for row in found.rows}


def many(by: User, officers: list[User], count: int) -> list[Complaint]:
    """Complaints of a year, half of them told, each about one or two officers, some with work."""
    chance = random.Random(7)
    made = []
    for number in range(1, count + 1):
        received = date(2025, 12, 1) + timedelta(days=chance.randrange(360))
        told = (
            received + timedelta(days=chance.randrange(5, 300)) if chance.random() < 0.5 else None
        )
        made.append(
            Complaint(
                reference=f"PC/{number}/26", received=received, complainant="A", account="B",
                start=casting.MOMENT, end=casting.MOMENT + timedelta(hours=1), recorded_by=by,
                told_on=told, decided_on=told, status="closed" if told else "handled",
                handling=chance.choice(["outside", "otherwise", "local"]),
                next_due=None if told else TODAY + timedelta(days=chance.randrange(-20, 20)),
                next_due_for="" if told else chance.choice(["update", "record"]),
            )
        )  # fmt: skip
    Complaint.objects.bulk_create(made)
    Named.objects.bulk_create(
        Named(complaint=item, officer=officer, part="subject")
        for item in made
        for officer in chance.sample(officers, chance.randrange(1, 3))
    )
    kinds = [casting.category("B4"), casting.category("H1", "Impolite")]
    allegations = Allegation.objects.bulk_create(
        Allegation(complaint=item, number=at, category=kind, words="x")
        for item in made
        for at, kind in enumerate(chance.sample(kinds, chance.randrange(1, 3)), start=1)
    )
    Finding.objects.bulk_create(
        Finding(allegation=item, wording=casting.wording(), reasons="x", proposed_by=by,
                decided_by=by, decided_at=datetime(2026, 11, 1, tzinfo=UTC))
        for item in allegations if item.complaint.told_on
    )  # fmt: skip
    rate = Rate.objects.get(code="investigator")
    Work.objects.bulk_create(
        Work(complaint=item, rate=rate, on=item.received, minutes=30, pence=2900, words="x",
             entered_by=by)
        for item in made for _ in range(chance.randrange(3))
    )  # fmt: skip
    return made


@pytest.fixture
def officers(shah: User, okoro: User) -> list[User]:
    return [shah, okoro]


# --- against a count by hand ---
def test_figures_of_thousands_are_what_counting_by_hand_finds(
    lane: User, officers: list[User]
) -> None:
    made = many(lane, officers, 3000)
    by_month = Counter(f"{item.received:%b %Y}" for item in made)
    volumes = rows_of(lane, "volumes")
    assert {month: row[0] for month, row in volumes.items() if row[0]} == dict(by_month)
    assert next(iter(volumes)) == "Dec 2025" and list(volumes)[-1] == "Nov 2026"

    units = rows_of(lane, "units")
    spent = {item.pk: 0 for item in made}
    for complaint, pence in Work.objects.values_list("complaint", "pence"):
        spent[complaint] += pence
    for officer in officers:
        assert officer.unit
        mine = set(Named.objects.filter(officer=officer).values_list("complaint", flat=True))
        theirs = [item for item in made if item.pk in mine]
        days = [(item.told_on - item.received).days for item in theirs if item.told_on]
        count, open_, median, _, cost = units[officer.unit.name]
        assert count == len(theirs)
        assert open_ == sum(not item.told_on for item in theirs)
        assert median == round(plain.median(days))
        mean = sum(spent[item.pk] for item in theirs) / len(theirs)
        assert cost == f"£{round(mean) / 100:,.2f}"

    alleged = Counter(Allegation.objects.values_list("category__code", flat=True))
    categories = rows_of(lane, "categories")
    assert {name[:2]: row[0] for name, row in categories.items()} == dict(alleged)

    overdue = rows_of(lane, "overdue")
    late = [item for item in made if item.next_due and item.next_due < TODAY]
    assert sum(int(str(row[0])) for row in overdue.values()) == len(late)
    ages = rows_of(lane, "ages")
    assert sum(int(str(row[0])) for row in ages.values()) == sum(not item.told_on for item in made)
    assert sum(int(str(row[1])) for row in ages.values()) == len(late)
    [found] = rows_of(lane, "findings").values()
    assert found == (
        Finding.objects.count(),
        Finding.objects.values("allegation__complaint").distinct().count(),
    )
    assert rows_of(lane, "rates")["Investigator"][-1] == f"£{sum(spent.values()) / 100:,.2f}"


def test_the_same_queries_for_one_as_for_thousands(lane: User, officers: list[User]) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            statistics.figures(lane, YEAR, TODAY)
        return len(asked)

    few = queries()
    many(lane, officers, 2000)
    assert queries() == few <= 45


# --- whose ---
@pytest.fixture
def hidden(lane: User, shah: User) -> Complaint:
    """One that names the reader."""
    made = casting.complaint(lane, about=lane)
    casting.allegation(made)
    casting.decided(made, casting.authority(), on=TODAY)
    Referral.objects.create(complaint=made, clear_on=TODAY)
    Work.objects.create(complaint=made, rate=Rate.objects.get(code="letter"), on=TODAY, minutes=0,
                        pence=350, words="x", entered_by=lane)  # fmt: skip
    Complaint.objects.filter(pk=made.pk).update(next_due=TODAY, next_due_for="update")
    return made


def test_a_complaint_of_which_the_reader_may_not_know_counts_nowhere(
    lane: User, hidden: Complaint
) -> None:
    other = factories.Person(username="other", name="O T", roles=["professional_standards"])
    assert any(row[1] for row in statistics.figure(other, "volumes", YEAR, TODAY).rows)
    for found in statistics.figures(lane, YEAR, TODAY):
        numbers = [cell for row in found.rows for cell in row[1:] if isinstance(cell, int)]
        assert not any(numbers), found
        assert "of 1" not in found.note.lower()


# --- edges ---
def test_the_first_and_the_last_day_are_in_it(lane: User) -> None:
    casting.complaint(lane, 1, received=date(2026, 2, 1))
    casting.complaint(lane, 2, received=date(2026, 2, 28))
    casting.complaint(lane, 3, received=date(2026, 3, 1))
    span = Span(date(2026, 2, 1), date(2026, 2, 28))
    assert rows_of(lane, "volumes", span) == {"Feb 2026": (2, 2, 0)}


def test_two_officers_of_one_unit_are_one_complaint(lane: User, shah: User) -> None:
    made = casting.complaint(lane, about=shah)
    mate = factories.Person(username="mate", name="M T", roles=["officer"], unit=shah.unit)
    Named.objects.create(complaint=made, officer=mate)
    there = factories.Person(username="there", name="T H", roles=["officer"],
                             unit=factories.unit("Elsewhere"))  # fmt: skip
    Named.objects.create(complaint=made, officer=there, part="present")
    assert {name: row[0] for name, row in rows_of(lane, "units").items()} == {"Charing Cross": 1}


def test_the_year_that_is_shown_first() -> None:
    assert statistics.default_span(date(2026, 11, 25)) == YEAR
    assert statistics.default_span(date(2028, 2, 29)).first == date(2027, 3, 1)


@pytest.mark.parametrize(
    ("days", "row"),
    [(0, "0 to 28"), (28, "0 to 28"), (29, "29 to 90"), (90, "29 to 90"), (365, "181 to 365"),
     (366, "366 and more")],
)  # fmt: skip
def test_ages_at_their_edges(lane: User, days: int, row: str) -> None:
    casting.complaint(lane, received=TODAY - timedelta(days=days))
    assert {name for name, cells in rows_of(lane, "ages").items() if cells[0]} == {row}


def test_due_today_is_not_overdue_and_a_review_period_never_is(lane: User) -> None:
    for number, (due, what) in enumerate(
        [(TODAY, "update"), (TODAY - timedelta(days=1), "update"),
         (TODAY - timedelta(days=9), "review")], start=1,
    ):  # fmt: skip
        made = casting.complaint(lane, number)
        Complaint.objects.filter(pk=made.pk).update(next_due=due, next_due_for=what)
    assert rows_of(lane, "overdue") == {"Tell the complainant how it goes": (1, 1, 2, "50%")}
    assert sum(int(str(row[1])) for row in rows_of(lane, "ages").values()) == 1


def test_referrals_sent_late_or_not_at_all(lane: User) -> None:
    for number, (clear, sent) in enumerate(
        [(20, 21), (20, 22), (20, None), (24, None)], start=1
    ):  # fmt: skip
        made = casting.complaint(lane, number)
        Referral.objects.create(
            complaint=made, clear_on=date(2026, 11, clear),
            referred_on=date(2026, 11, sent) if sent else None,
        )  # fmt: skip
    assert rows_of(lane, "referrals") == {"Not answered yet": (4, 2, 2)}


def test_cost_with_footage_and_without(lane: User, shah: User) -> None:
    rate = Rate.objects.get(code="investigator")
    for number, minutes in enumerate([60, 120, 600], start=1):
        made = casting.complaint(lane, number)
        Work.objects.create(complaint=made, rate=rate, on=TODAY, minutes=minutes,
                            pence=minutes * 100, words="x", entered_by=lane)  # fmt: skip
        if number < 3:
            Hold.objects.create(recording=factories.recording(shah), kind="complaint",
                                reference=made.reference, reason="x", set_by=lane)  # fmt: skip
    casting.complaint(lane, 4)  # no work entered: says nothing of what it costs
    assert rows_of(lane, "costs") == {
        "With footage": (2, 90, "£90.00", "1.5", "none told", "£180.00"),
        "Without footage": (1, 600, "£600.00", "10.0", "none told", "£600.00"),
    }


# --- charts ---
def _figure(rows: list[tuple[object, ...]], columns: bool = False) -> Figure:
    return Figure("x", "X", "", ("A", "B"), rows, columns=columns)


def test_nothing_to_draw_is_no_chart() -> None:
    assert charts.chart(_figure([])) is None
    assert charts.chart(_figure([("a", 0), ("b", "none")])) is None


def test_bars_stay_inside_the_picture_and_in_proportion() -> None:
    made = charts.chart(_figure([(f"Unit {n} " + "x" * 60, n * 7) for n in range(40)]))
    assert made and len(made.bars) == charts.MOST_BARS and made.left_out == 20
    assert all(bar.x + bar.width <= made.width and bar.y + bar.height <= made.height
               for bar in made.bars)  # fmt: skip
    assert made.bars[19].width > made.bars[10].width > 0
    assert all(len(bar.label) <= charts.LONGEST for bar in made.bars)


def test_columns_of_many_months_have_twelve_labels_at_most() -> None:
    made = charts.chart(_figure([(f"M{n}", n) for n in range(120)], columns=True))
    assert made and len(made.bars) == 36
    assert sum(bool(bar.label) for bar in made.bars) == 12
    assert all(bar.y >= 0 and bar.x + bar.width <= made.width for bar in made.bars)
