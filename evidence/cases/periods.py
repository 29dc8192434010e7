"""How long a case keeps its footage, by its result: computed from dates, explained in words.

Criminal Procedure and Investigations Act 1996, Code of Practice, 5.7 to 5.10: material is kept
while no decision is known; until the decision where nobody is convicted; after a conviction for
six months, until release from custody, and until a pending appeal is decided, whichever is the
latest. The rules are data (fixtures/cpia.json). Nothing here reads a database or today's date:
what is not known keeps the footage.
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

APPEAL = "CPIA Code 5.10"


@dataclass(frozen=True)
class Rule:
    """What one result means: so many months after it, and until release if it says so."""

    result: str
    words: str
    months: int | None
    after: str
    until_release: bool
    source: str


@dataclass(frozen=True)
class Facts:
    """What is known of a case's end."""

    result: str = ""
    on: date | None = None
    custodial: bool = False
    released: date | None = None
    appeal: bool = False
    appeal_ended: date | None = None


@dataclass(frozen=True)
class Period:
    """The last day on which the case keeps its footage, or None as long as nobody can know; why."""

    until: date | None
    words: str


@cache
def rules() -> Mapping[str, Rule]:
    """The rules by result."""
    file = Path(__file__).parent / "fixtures" / "cpia.json"
    return {row["result"]: Rule(**row) for row in json.loads(file.read_text())}


def months_after(start: date, months: int) -> date:
    """The same day so many months on; where that month has no such day, its last."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))


def day(moment: date) -> str:
    """3 March 2026."""
    return f"{moment:%-d %B %Y}"


def period(facts: Facts) -> Period:
    """Until when, and why."""
    rule = rules()[facts.result]
    if rule.months is None:
        return Period(None, f"{rule.words}: kept until there is one ({rule.source}).")
    if facts.on is None:
        return Period(
            None, f"{rule.words}, but nobody said on which day: kept until that is known."
        )
    said = f"{rule.words} on {day(facts.on)}"
    if rule.until_release and facts.custodial and facts.released is None:
        return Period(
            None,
            f"{said}, with custody: kept until release, and at least until "
            f"{day(months_after(facts.on, rule.months))} ({rule.source}). Enter the day of release "
            "when it is known.",
        )
    if facts.appeal and facts.appeal_ended is None:
        return Period(None, f"{said}; an appeal is pending: kept until it is decided ({APPEAL}).")
    return _latest(facts, rule, facts.on, said)


def _latest(facts: Facts, rule: Rule, on: date, said: str) -> Period:
    assert rule.months is not None
    until, why, source = months_after(on, rule.months), rule.after, rule.source
    released = facts.released if rule.until_release else None
    later = ""
    if released and released > until:
        until, why = released, f"release from custody, which is later than {rule.after}"
    elif rule.until_release and released is None:
        later = ", or release from custody if that is later"
    if facts.appeal and facts.appeal_ended and facts.appeal_ended > until:
        until, why, source = facts.appeal_ended, "the day on which the appeal was decided", APPEAL
        later = ""
    words = f"{said}: kept until {day(until)}, {why} ({source}){later}."
    if not rule.months and until == on:
        words = f"{said}: the case keeps it until that day ({source}). Then its category's period."
    return Period(until, words)
