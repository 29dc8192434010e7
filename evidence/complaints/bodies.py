"""Which body would review a complaint's outcome: facts in, body and reasons out.

Nothing here reads the database: what is known of a complaint is put in, the rest is asked.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

from evidence.complaints.models import BodyChoice, Complaint

IOPC, LPB, NONE = BodyChoice.Body.IOPC, BodyChoice.Body.LPB, BodyChoice.Body.NONE
RANKS = Path(__file__).with_name("data") / "senior_ranks.json"
RULE = "Police Reform Act 2002 Sch 3 para 30; SI 2020/2 reg 32; IOPC statutory guidance 2020"


@dataclass(frozen=True)
class Facts:
    """What decides it. The first are known from the complaint, the last three are asked."""

    outside_schedule3: bool = False
    directed_or_independent: bool = False
    senior_officer: bool = False
    referred: bool = False
    same_incident_referred: bool = False
    authority_is_lpb: bool = False
    may_justify_proceedings: bool = False
    may_involve_rights: bool = False


ASKED = {
    "authority_is_lpb": "Is the local policing body itself the appropriate authority?",
    "may_justify_proceedings": (
        "From the complaint alone: could the conduct, if proved, justify criminal or disciplinary "
        "proceedings? If you can't be satisfied that it could not, answer yes."
    ),
    "may_involve_rights": (
        "From the complaint alone: could the conduct, if proved, involve an infringement of "
        "Article 2 or 3 of the Convention? If you can't be satisfied that it could not, answer yes."
    ),
}
COMPUTED = [field.name for field in fields(Facts) if field.name not in ASKED]


@dataclass(frozen=True)
class Choice:
    """The body, and every rule that led to it, in words with its source."""

    body: BodyChoice.Body
    reasons: list[str]


def choose(facts: Facts) -> Choice:
    """Who reviews. Every rule that applies is named, not the first alone."""
    none = [
        words for applies, words in (
            (facts.outside_schedule3,
             "It was handled outside Schedule 3: there is no right to a review. The complainant "
             "may ask for it to be recorded under Schedule 3 (Sch 3 para 2(6A), (6B))."),
            (facts.directed_or_independent,
             "It was a directed or independent investigation: there is no right to a review "
             "(Sch 3 para 25(1))."),
        ) if applies
    ]  # fmt: skip
    if none:
        return Choice(NONE, none)
    iopc = [
        words for applies, words in (
            (facts.authority_is_lpb,
             "The appropriate authority is the local policing body (SI 2020/2 reg 32)."),
            (facts.senior_officer,
             "It is about a senior officer, above chief superintendent (SI 2020/2 reg 32)."),
            (facts.may_justify_proceedings,
             "The authority can't be satisfied, from the complaint alone, that the conduct would "
             "not justify criminal or disciplinary proceedings (SI 2020/2 reg 32)."),
            (facts.may_involve_rights,
             "The authority can't be satisfied, from the complaint alone, that the conduct would "
             "not involve Article 2 or 3 of the Convention (SI 2020/2 reg 32)."),
            (facts.referred,
             "It was, or must be, referred to the IOPC (SI 2020/2 reg 32)."),
            (facts.same_incident_referred,
             "It is of the same incident as one that was, or must be, referred "
             "(SI 2020/2 reg 32; check against the guidance)."),
        ) if applies
    ]  # fmt: skip
    if iopc:
        return Choice(IOPC, iopc)
    return Choice(
        LPB, [f"No rule sends it to the IOPC, so it is the local policing body ({RULE})."]
    )


@cache
def senior_ranks() -> frozenset[str]:
    """The ranks above chief superintendent, in small letters. Data: data/senior_ranks.json."""
    listed = json.loads(RANKS.read_text(encoding="utf-8"))
    return frozenset(str(rank).casefold() for rank in listed["ranks"])


def known(complaint: Complaint) -> dict[str, bool]:
    """What of the facts the complaint itself says."""
    from evidence.complaints.referral import incident_of

    ranks = complaint.named.filter(part="subject").values_list("officer__rank", flat=True)
    others = [pk for pk in incident_of(complaint) if pk != complaint.pk]
    gone = Complaint.objects.filter(referral__isnull=False)
    return {
        "outside_schedule3": not complaint.under_schedule3,
        "directed_or_independent": complaint.handling
        in (Complaint.Handling.DIRECTED, Complaint.Handling.INDEPENDENT),
        "senior_officer": any(rank.strip().casefold() in senior_ranks() for rank in ranks),
        "referred": gone.filter(pk=complaint.pk).exists(),
        "same_incident_referred": bool(others) and gone.filter(pk__in=others).exists(),
    }


def facts_of(complaint: Complaint, asked: dict[str, bool]) -> Facts:
    """What is known, with what was answered."""
    return Facts(**known(complaint), **{name: bool(asked.get(name)) for name in ASKED})


def as_dict(facts: Facts) -> dict[str, bool]:
    """For keeping."""
    return asdict(facts)


def is_stale(complaint: Complaint, chosen: BodyChoice) -> bool:
    """Whether the complaint says something else now than when the body was chosen."""
    now = known(complaint)
    return any(bool(chosen.facts.get(name)) != value for name, value in now.items())
