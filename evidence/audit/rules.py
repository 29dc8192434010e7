"""What is unusual about a look: the whole list, one rule below the other.

A rule is a name, a sentence for the page, the ground on which it is looked for, and a pure
function over facts that were gathered before (`facts.py`). None of them says that somebody
did wrong: each says what an auditor should ask. Logs may be used for this: DPA 2018 s.62(4),
self-monitoring including internal disciplinary proceedings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from evidence.people import table

NIGHT_FROM, NIGHT_TO = 22, 6
MANY_WITHIN = timedelta(minutes=10)
REFUSALS, REFUSALS_WITHIN = 5, timedelta(hours=1)


# --- what a rule is told ---
@dataclass(frozen=True)
class Look:
    """One event of the log: an act by somebody, or the refusal of one."""

    index: int
    at: datetime
    actor: str
    roles: tuple[str, ...] = ()
    refused: bool = False


@dataclass(frozen=True)
class Person:
    """A person as the force's list has them now. `unit` is a path, '/1/4/'."""

    ref: str
    unit: str = ""
    unit_name: str = ""
    supervisor: str = ""


@dataclass(frozen=True)
class Footage:
    """The recording that was looked at; `officer` is None where nobody knows who made it."""

    reference: str
    start: datetime
    end: datetime
    officer: Person | None = None
    restricted: bool = False


@dataclass(frozen=True)
class Named:
    """A complaint that names the looker: its window, its officers, since when it is known."""

    reference: str
    start: datetime
    end: datetime
    officers: frozenset[str]
    since: datetime | None = None


@dataclass(frozen=True)
class Opened:
    """A grant by which the looker could see it then."""

    by: str
    by_unit: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class Facts:
    """Everything a rule may ask about one look."""

    look: Look
    looker: Person | None = None
    footage: Footage | None = None
    complaints: Sequence[Named] = ()
    grant: Opened | None = None
    on_duty: bool = True
    # Others' recordings that the looker opened in the last ten minutes, this one among them.
    lately: frozenset[str] = frozenset()
    many: int = 30
    # Refusals of this person in the last hour, this one among them; whose they are.
    refusals: int = 0
    refused: str = ""


@dataclass(frozen=True)
class Finding:
    """That a rule fires: what it counts once, and what its sentence says besides."""

    key: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One rule. `sentence` may say {who}, {object} and what the finding's facts hold."""

    name: str
    title: str
    sentence: str
    ground: str
    fires: Callable[[Facts], Finding | None]


# --- the rules ---
def _own_complaint(facts: Facts) -> Finding | None:
    look, footage = facts.look, facts.footage
    if footage is None or look.refused:
        return None
    for named in facts.complaints:
        theirs = footage.officer is None or footage.officer.ref in named.officers
        covers = footage.start <= named.end and footage.end >= named.start
        known = named.since is None or named.since <= look.at
        if look.actor in named.officers and theirs and covers and known:
            key = f"{_day(look)}:{footage.reference}:{named.reference}"
            return Finding(key, {"complaint": named.reference})
    return None


def _out_of_area(facts: Facts) -> Finding | None:
    look, looker, footage = facts.look, facts.looker, facts.footage
    if look.refused or looker is None or footage is None or footage.officer is None:
        return None
    officer = footage.officer
    if looker.ref in (officer.ref, officer.supervisor) or not (looker.unit and officer.unit):
        return None
    whole_force = table.scope(look.roles, "recording.view") is table.Scope.ALL
    if whole_force or table.PANEL in look.roles or _one_area(looker.unit, officer.unit):
        return None
    why = f"Opened to them by {facts.grant.by}: {facts.grant.reason}" if facts.grant else ""
    said = {
        "unit": looker.unit_name, "officers_unit": officer.unit_name,
        "grant": why or "No grant that ran then is known",
    }  # fmt: skip
    return Finding(f"{_day(look)}:{footage.reference}", said)


def _odd_hours(facts: Facts) -> Finding | None:
    look = facts.look
    if look.refused or facts.footage is None or facts.looker is None or facts.on_duty:
        return None
    local = timezone.localtime(look.at)
    if NIGHT_TO <= local.hour < NIGHT_FROM:
        return None
    # Once a night, named after the day on which it began.
    night = (local - timedelta(hours=NIGHT_TO)).date()
    return Finding(f"{look.actor}:{night}", {"time": f"{local:%H:%M} {local.tzname()}"})


def _many(facts: Facts) -> Finding | None:
    look, count = facts.look, len(facts.lately)
    if look.refused or facts.looker is None or count <= facts.many:
        return None
    return Finding(_hour(look.actor, look), {"count": str(count)})


def _refused(facts: Facts) -> Finding | None:
    if not facts.look.refused or not facts.refused or facts.refusals < REFUSALS:
        return None
    return Finding(_hour(facts.refused, facts.look), {"count": str(facts.refusals)})


def _own_grant(facts: Facts) -> Finding | None:
    look, looker, footage, grant = facts.look, facts.looker, facts.footage, facts.grant
    if look.refused or looker is None or footage is None or grant is None:
        return None
    if not footage.restricted or not looker.unit or looker.unit != grant.by_unit:
        return None
    said = {"by": grant.by, "reason": grant.reason}
    return Finding(f"{_day(look)}:{footage.reference}", said)


RULES: list[Rule] = [
    Rule(
        "own_complaint", "Own complaint",
        "{who} looked at {object}, footage of complaint {complaint}, which names them.",
        "Police (Conduct) Regulations 2020 Sch 2, confidentiality: looked at only in the course of "
        "duty. Whoever is complained of has no part in the handling.",
        _own_complaint,
    ),
    Rule(
        "out_of_area", "Out of area",
        "{who} of {unit} looked at {object}, recorded by {officers_unit}. {grant}.",
        "DPA 2018 s.36: looked at for a purpose that is specified and legitimate. An area is the "
        "level of units below the force.",
        _out_of_area,
    ),
    Rule(
        "odd_hours", "At odd hours",
        "{who} looked at {object} at {time}, with no sign of a shift.",
        "DPA 2018 s.40: secured against unauthorised use. Between 22:00 and 06:00, with no camera "
        "handed out that day and nothing recorded within eight hours.",
        _odd_hours,
    ),
    Rule(
        "many", "Many in a row",
        "{who} opened {count} recordings of others within ten minutes, {object} the last of them.",
        "DPA 2018 s.37: not excessive for its purpose. The force sets the number.",
        _many,
    ),
    Rule(
        "refused", "Refused tries",
        "{who}: refused {count} times within an hour, {object} the last time.",
        "Computer Misuse Act 1990 s.1, DPA 2018 s.40: tries to get in, by them or in their name.",
        _refused,
    ),
    Rule(
        "own_grant", "Opened within the unit",
        "{who} looked at restricted footage, {object}, that {by} of their own unit had opened to "
        "them: {reason}.",
        "DPA 2018 s.35: sensitive footage. Somebody outside the unit should have decided.",
        _own_grant,
    ),
]  # fmt: skip
BY_NAME = {rule.name: rule for rule in RULES}


# --- helpers ---
def _one_area(one: str, other: str) -> bool:
    """Whether one unit is above the other, or both lie in one unit below the force itself."""
    if one.startswith(other) or other.startswith(one):
        return True
    first, second = one.strip("/").split("/"), other.strip("/").split("/")
    return len(first) > 1 and first[:2] == second[:2]


def _day(look: Look) -> str:
    return f"{look.actor}:{timezone.localtime(look.at).date()}"


def _hour(whose: str, look: Look) -> str:
    return f"{whose}:{look.at:%Y-%m-%dT%H}"
