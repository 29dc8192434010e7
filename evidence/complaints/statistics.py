"""Figures of complaints: volumes, ages, time to outcome, by unit and category; what they cost.

Counted by the database, over complaints that the reader may see and no other, in the same number
of queries however many there are. Each figure is a table; charts and files are made from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from evidence.complaints.access import visible_to
from evidence.complaints.clocks import said
from evidence.complaints.costs import pounds
from evidence.complaints.models import Complaint, Referral
from evidence.complaints.workdays import months_after
from evidence.people.models import User

MOST_MONTHS = 120
NONE_SAID = "Not said"
CLOCKS = {
    "refer": "Refer to the IOPC", "record": "Send a copy of the record",
    "update": "Tell the complainant how it goes", "delay": "Report on the time it takes",
    "outcome": "Tell the complainant the outcome", "review": "Time to ask for a review",
    "measure": "What was agreed",
}  # fmt: skip
AGES = ((0, 28), (29, 90), (91, 180), (181, 365), (366, None))


@dataclass(frozen=True)
class Span:
    """Complaints received from the first day to the last."""

    first: date
    last: date

    @property
    def words(self) -> str:
        """1 December 2025 to 30 November 2026."""
        return f"{said(self.first)} to {said(self.last)}"


def default_span(today: date) -> Span:
    """The twelve months that end with this one."""
    return Span(months_after(today.replace(day=1), -11), today)


@dataclass(frozen=True)
class Figure:
    """One table. `bars` is the column that its chart shows, `unit` what that counts."""

    slug: str
    title: str
    note: str
    head: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    bars: int = 1
    unit: str = "complaints"
    columns: bool = False


class _Asker:
    """Asks the database about complaints that one person may see."""

    def __init__(self, by: User, span: Span, today: date) -> None:
        self.today, self.span = today, span
        self.seen = visible_to(by)
        self.received = self.seen.filter(received__range=(span.first, span.last))
        self.open = self.seen.exclude(status=Complaint.Status.CLOSED)

    def rows(self, sql: str, base: QuerySet[Complaint], *params: Any) -> list[tuple[Any, ...]]:
        """`sql` over `c`, the complaints of `base`, each with what it cost."""
        fields = ("id", "received", "told_on", "decided_on", "status", "handling", "next_due",
                  "next_due_for", "reference")  # fmt: skip
        text, values = base.order_by().values_list(*fields).query.sql_with_params()
        whole = f"""
            WITH seen ({", ".join(fields)}) AS MATERIALIZED ({text}),
            spent AS (SELECT complaint_id, sum(pence)::bigint AS pence,
                             sum(minutes)::bigint AS minutes
                      FROM complaints_work GROUP BY complaint_id),
            c AS (SELECT seen.*, coalesce(spent.pence, 0) AS pence,
                         coalesce(spent.minutes, 0) AS minutes
                  FROM seen LEFT JOIN spent ON spent.complaint_id = seen.id)
            {sql}"""  # noqa: S608 - of our own words; what varies are parameters
        with connection.cursor() as cursor:
            cursor.execute(whole, (*values, *params))
            return list(cursor.fetchall())


def figures(by: User, span: Span, today: date | None = None) -> list[Figure]:
    """Every figure, for whoever may see complaints."""
    asker = _Asker(by, span, today or timezone.localdate())
    return [make(asker) for make in FIGURES.values()]


def figure(by: User, slug: str, span: Span, today: date | None = None) -> Figure:
    """One of them. Raises KeyError."""
    return FIGURES[slug](_Asker(by, span, today or timezone.localdate()))


# --- volumes ---
def _volumes(asker: _Asker) -> Figure:
    found = {
        month: counts
        for month, *counts in asker.rows(
            """SELECT date_trunc('month', received)::date, count(*),
                      count(*) FILTER (WHERE handling <> 'outside'),
                      count(*) FILTER (WHERE handling = 'outside')
               FROM c GROUP BY 1""",
            asker.received,
        )
    }
    rows: list[tuple[Any, ...]] = []
    month = asker.span.first.replace(day=1)
    while month <= asker.span.last and len(rows) < MOST_MONTHS:
        rows.append((f"{month:%b %Y}", *found.get(month, (0, 0, 0))))
        month = months_after(month, 1)
    return Figure(
        "volumes", "Received, by month", "",
        ("Month", "Complaints", "Under Schedule 3", "Outside Schedule 3"), rows, columns=True,
    )  # fmt: skip


# Complaints, how many are open, days to the outcome (half took no longer, nine of ten took no
# longer), what one costs.
MEASURES = """count(*), count(*) FILTER (WHERE status <> 'closed'),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY told_on - received)
        FILTER (WHERE told_on IS NOT NULL),
    percentile_cont(0.9) WITHIN GROUP (ORDER BY told_on - received)
        FILTER (WHERE told_on IS NOT NULL),
    avg(pence)"""
MEASURED = ("Complaints", "Open", "Days to outcome, median", "90th percentile", "Cost of one")


def _measured(row: Sequence[Any]) -> tuple[Any, ...]:
    name, count, open_, median, ninetieth, pence = row
    return (name, count, open_, _days(median), _days(ninetieth), pounds(round(pence or 0)))


def _days(value: float | None) -> int | str:
    return "none told" if value is None else round(value)


def _units(asker: _Asker) -> Figure:
    rows = asker.rows(
        f"""SELECT g.name, {MEASURES} FROM c JOIN (
                SELECT DISTINCT n.complaint_id, coalesce(u.name, %s) AS name
                FROM complaints_named n JOIN people_user p ON p.id = n.officer_id
                LEFT JOIN people_unit u ON u.id = p.unit_id
                WHERE n.part = 'subject') g ON g.complaint_id = c.id
            GROUP BY 1 ORDER BY 2 DESC, 1""",  # noqa: S608
        asker.received, "No unit",
    )  # fmt: skip
    note = "By the unit, now, of the officers complained of. One about two units counts for each."
    return Figure("units", "By unit", note, ("Unit", *MEASURED), list(map(_measured, rows)))


def _categories(asker: _Asker) -> Figure:
    rows = asker.rows(
        f"""SELECT g.name, {MEASURES} FROM c JOIN (
                SELECT DISTINCT a.complaint_id, k.code || ' ' || k.name AS name
                FROM complaints_allegation a JOIN complaints_category k ON k.id = a.category_id
                WHERE a.withdrawn_at IS NULL) g ON g.complaint_id = c.id
            GROUP BY 1 ORDER BY 2 DESC, 1""",  # noqa: S608
        asker.received,
    )  # fmt: skip
    note = "One with allegations of two categories counts for each."
    return Figure("categories", "By category", note, ("Category", *MEASURED),
                  list(map(_measured, rows)))  # fmt: skip


def _outcome(asker: _Asker) -> Figure:
    rows = asker.rows(
        f"SELECT handling, {MEASURES} FROM c GROUP BY 1 ORDER BY 2 DESC, 1",  # noqa: S608
        asker.received,
    )
    names = dict(Complaint.Handling.choices)
    named = [_measured((names.get(row[0], row[0]), *row[1:])) for row in rows]
    note = "Days from receipt to the day on which the outcome was told."
    return Figure("outcome", "Time to outcome, by handling", note, ("Handling", *MEASURED), named)


# --- what is open ---
def _ages(asker: _Asker) -> Figure:
    case = " ".join(
        f"WHEN %s::date - received <= {last} THEN {at}"
        for at, (_, last) in enumerate(AGES) if last is not None
    )  # fmt: skip
    counted = asker.rows(
        f"""SELECT CASE {case} ELSE {len(AGES) - 1} END, count(*),
                   count(*) FILTER (WHERE next_due < %s AND next_due_for <> 'review')
            FROM c GROUP BY 1""",  # noqa: S608
        asker.open, *[asker.today] * len(AGES),
    )  # fmt: skip
    found = {at: counts for at, *counts in counted}
    rows = [
        (_age(first, last), *found.get(at, (0, 0))) for at, (first, last) in enumerate(AGES)
    ]  # fmt: skip
    return Figure("ages", "Age of what is open", "All that is open today, whenever received.",
                  ("Days since receipt", "Open", "Overdue"), rows)  # fmt: skip


def _age(first: int, last: int | None) -> str:
    return f"{first} to {last}" if last is not None else f"{first} and more"


def _overdue(asker: _Asker) -> Figure:
    rows = asker.rows(
        """SELECT next_due_for, count(*), count(*) FILTER (WHERE next_due < %s),
                  count(*) FILTER (WHERE next_due >= %s AND next_due <= %s)
           FROM c WHERE next_due IS NOT NULL AND next_due_for <> 'review'
           GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1""",
        asker.open, asker.today, asker.today, asker.today + timedelta(days=7),
    )  # fmt: skip
    named = [
        (CLOCKS.get(code, code), over, soon, count, f"{100 * over / count:.0f}%")
        for code, count, over, soon in rows
    ]
    return Figure(
        "overdue", "Overdue, by what is due next", "All that is open today, whenever received.",
        ("What", "Overdue", "Due within 7 days", "Open", "Share overdue"), named,
    )  # fmt: skip


# --- referral and findings ---
def _referrals(asker: _Asker) -> Figure:
    [(total,)] = asker.rows("SELECT count(*) FROM c", asker.received)
    rows = asker.rows(
        """SELECT answered, count(*), count(*) FILTER (WHERE referred_on IS NULL),
                  count(*) FILTER (WHERE referred_on > clear_on + 1
                                   OR (referred_on IS NULL AND clear_on + 1 < %s))
           FROM c JOIN complaints_referral r ON r.complaint_id = c.id
           GROUP BY 1 ORDER BY 2 DESC, 1""",
        asker.received, asker.today,
    )  # fmt: skip
    names = dict(Referral.Answered.choices)
    named = [(names.get(code, code), *counts) for code, *counts in rows]
    return Figure(
        "referrals", "Referred to the IOPC", f"Of {total:,} complaints received.",
        ("Answer of the IOPC", "To be referred", "Not sent yet", "Sent late, or late now"), named,
        unit="referrals",
    )  # fmt: skip


def _findings(asker: _Asker) -> Figure:
    rows = asker.rows(
        """SELECT w.words, count(*), count(DISTINCT c.id)
           FROM c JOIN complaints_allegation a ON a.complaint_id = c.id
           JOIN complaints_finding f ON f.allegation_id = a.id
           JOIN complaints_wording w ON w.id = f.wording_id
           WHERE f.replaced_at IS NULL AND f.decided_at IS NOT NULL AND a.withdrawn_at IS NULL
           GROUP BY 1 ORDER BY 2 DESC, 1""",
        asker.received,
    )
    return Figure("findings", "Findings, decided", "", ("Finding", "Allegations", "Complaints"),
                  rows, unit="allegations")  # fmt: skip


# --- costs ---
def _costs(asker: _Asker) -> Figure:
    rows = asker.rows(
        """SELECT EXISTS (SELECT 1 FROM retention_hold h
                          WHERE h.kind = 'complaint' AND h.reference = c.reference),
                  count(*), sum(pence), avg(pence),
                  percentile_cont(0.5) WITHIN GROUP (ORDER BY pence), avg(minutes),
                  percentile_cont(0.5) WITHIN GROUP (ORDER BY told_on - received)
                      FILTER (WHERE told_on IS NOT NULL)
           FROM c WHERE minutes > 0 OR pence > 0 GROUP BY 1 ORDER BY 1 DESC""",
        asker.received,
    )
    named = [
        ("With footage" if held else "Without footage", count, round(float(mean or 0) / 100),
         pounds(round(median or 0)), f"{float(minutes or 0) / 60:.1f}", _days(days),
         pounds(int(total or 0)))
        for held, count, total, mean, median, minutes, days in rows
    ]  # fmt: skip
    return Figure(
        "costs", "Cost of a complaint, with footage and without",
        "Of complaints on which work is entered, by the rates of the days on which it was done.",
        ("Complaints", "Number", "Mean cost, £", "Median cost", "Mean hours",
         "Days to outcome, median", "Total"),
        named, bars=2, unit="pounds",
    )  # fmt: skip


def _rates(asker: _Asker) -> Figure:
    rows = asker.rows(
        """SELECT r.name, count(*), sum(w.minutes)::bigint, sum(w.pence)::bigint
           FROM c JOIN complaints_work w ON w.complaint_id = c.id
           JOIN complaints_rate r ON r.id = w.rate_id
           GROUP BY 1 ORDER BY 4 DESC, 1""",
        asker.received,
    )
    named = [
        (name, round(pence / 100), count, f"{minutes / 60:.1f}", pounds(pence))
        for name, count, minutes, pence in rows
    ]
    return Figure("rates", "What the money went on", "",
                  ("Rate", "Pounds", "Entries", "Hours", "Cost"), named, unit="pounds")  # fmt: skip


FIGURES: dict[str, Callable[[_Asker], Figure]] = {
    "volumes": _volumes, "outcome": _outcome, "units": _units, "categories": _categories,
    "ages": _ages, "overdue": _overdue, "referrals": _referrals, "findings": _findings,
    "costs": _costs, "rates": _rates,
}  # fmt: skip
