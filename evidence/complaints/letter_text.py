"""The words of letters: what a template's names stand for, and what the rules want in a letter.

Templates are data, so nothing in one is run: `$name` is replaced by a text, once, and that is
all. What the rules require is checked in the letter as it will be sent, after its editing.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from django.conf import settings
from django.utils import timezone

from evidence.complaints import clocks
from evidence.complaints.clocks import said
from evidence.complaints.models import BodyChoice, Complaint, Finding, Referral, Template
from evidence.complaints.workdays import weeks_after

IOPC_NAME = "Independent Office for Police Conduct"
# What has to be written by hand stands in a line of its own, in square brackets.
HOLE = re.compile(r"^\[(.+)\]$", re.MULTILINE)
RIGHT = "right to a review"


class _Words(string.Template):
    """`$name`, in small letters, and `$$` for a dollar. Nothing else means anything."""

    idpattern = "[a-z_]+"
    flags = re.RegexFlag(0)


@dataclass(frozen=True)
class Facts:
    """What letters say of one complaint, on the day on which they are told."""

    complaint: Complaint
    on: date
    findings: list[Finding]
    body: str
    values: dict[str, str]

    @property
    def body_name(self) -> str:
        """Who would review, by name; empty where nobody has chosen or nobody would."""
        return self.values["body_name"]


def facts_of(complaint: Complaint, on: date, *, is_update: bool = False) -> Facts:
    """Read what letters say; a constant number of queries."""
    allegations = [item for item in complaint.allegations.select_related("category").all()
                   if item.withdrawn_at is None]  # fmt: skip
    found = list(
        Finding.objects.filter(allegation__in=allegations, replaced_at=None)
        .exclude(decided_at=None).select_related("wording", "allegation__category")
        .order_by("allegation__number")
    )  # fmt: skip
    choice = complaint.body_choices.first()
    body = choice.body if choice else ""
    name, address = body_of(body)
    review = complaint.reviews.last()
    # The same lesson of two allegations is told once.
    learning = list(dict.fromkeys(i.learning.strip() for i in found if i.learning.strip()))
    handler = complaint.handler
    values = {
        "force": settings.FORCE_NAME, "today": said(on), "reference": complaint.reference,
        "complainant": complaint.complainant, "received": said(complaint.received),
        "account": complaint.account.strip(), "place": complaint.place or "a place not known",
        "when": span(complaint.start, complaint.end),
        "handler": handler.short if handler else "[Who deals with it]",
        "officers": "\n".join(
            row.officer.short
            for row in complaint.named.select_related("officer").filter(part="subject")
        ) or "[The officers whom it is about]",
        "allegations": "\n".join(
            f"{item.number}. {item.words.strip()} ({item.category.name})" for item in allegations
        ) or "[What is alleged]",
        "findings": "\n\n".join(map(_finding, found)) or "[What was found]",
        "learning": "\n\n".join(learning) or "[What was learnt, or that nothing was]",
        "body_name": name, "body_address": address,
        "last_day": said(clocks.last_day_for_review(complaint, on)),
        "iopc_address": settings.IOPC_ADDRESS,
        "lpb_name": settings.REVIEW_BODY_NAME, "lpb_address": settings.REVIEW_BODY_ADDRESS,
        "next_update": said(_next_update(complaint, on, is_update)),
        "months": str(max(12, (on.year - complaint.received.year) * 12
                          + on.month - complaint.received.month)),
        "clear_on": _clear_on(complaint),
        "referral_reasons": "\n".join(_reasons(complaint)) or "[Why it has to be referred]",
        "review_body": body_of(review.body)[0] if review else "[Who reviewed it]",
        "review_decision": review.get_decision_display() if review else "[What was decided]",
        "recommendations": (review.recommendations.strip() if review else "")
        or "[What was recommended, or that nothing was]",
    }  # fmt: skip
    return Facts(complaint, on, found, body, values)


def _next_update(complaint: Complaint, on: date, is_update: bool) -> date:
    """By when they hear again. Only an update starts the four weeks anew."""
    after = weeks_after(on, clocks.UPDATE_WEEKS)
    if is_update:
        return after
    due = next((c.due for c in clocks.clocks_of(complaint, on) if c.code == "update"), after)
    return due if due >= on else after


def body_of(body: str) -> tuple[str, str]:
    """Name and address of a review body."""
    if body == BodyChoice.Body.IOPC:
        return IOPC_NAME, settings.IOPC_ADDRESS
    if body == BodyChoice.Body.LPB:
        return settings.REVIEW_BODY_NAME, settings.REVIEW_BODY_ADDRESS
    return "", ""


def _finding(item: Finding) -> str:
    return (
        f"{item.allegation.number}. {item.allegation.words.strip()}\n"
        f"{item.wording.words}. {item.reasons.strip()}"
    )


def _clear_on(complaint: Complaint) -> str:
    try:
        return said(complaint.referral.clear_on)
    except Referral.DoesNotExist:
        return "[The day on which it became clear]"


def _reasons(complaint: Complaint) -> list[str]:
    """What was answered with yes: the newest answer to each question counts."""
    newest: dict[int, tuple[bool, str]] = {}
    for answer in complaint.answers.select_related("question").order_by("answered_at", "id"):
        words = f"{answer.question.words} {answer.reason}".strip()
        newest[answer.question_id] = answer.yes, words
    return [words for yes, words in newest.values() if yes]


def span(start: datetime, end: datetime) -> str:
    """22 November 2026, 10:14pm to 10:40pm: as the public is written to."""
    first, last = timezone.localtime(start), timezone.localtime(end)
    if first.date() == last.date():
        return f"{said(first.date())}, {hour(start)} to {hour(end)}"
    return f"{said(first.date())}, {hour(start)} to {said(last.date())}, {hour(end)}"


def hour(moment: datetime) -> str:
    """10:14pm; midday and midnight by name."""
    local = timezone.localtime(moment)
    if local.minute == 0 and local.hour in (0, 12):
        return "midday" if local.hour else "midnight"
    return f"{local:%-I:%M}{'pm' if local.hour >= 12 else 'am'}"


# --- a template filled ---
class TemplateError(ValueError):
    """A template that can't be used. Its sentence is for a person."""


def filled(text: str, values: dict[str, str]) -> str:
    """The text with its names replaced. Raises TemplateError."""
    try:
        return _Words(text).substitute(values)
    except KeyError as error:
        raise TemplateError(f"The template says ${error.args[0]}, which stands for nothing."
                            " Take it out.") from None  # fmt: skip
    except ValueError:
        raise TemplateError(
            "The template has a $ that no name follows. Write $$ for a dollar."
        ) from None


NAMES = (
    "force", "today", "reference", "complainant", "received", "account", "place", "when",
    "handler", "officers", "allegations", "findings", "learning", "body_name", "body_address",
    "last_day", "iopc_address", "lpb_name", "lpb_address", "next_update", "months", "clear_on",
    "referral_reasons", "review_body", "review_decision", "recommendations",
)  # fmt: skip


def faults_of(template: Template) -> list[str]:
    """What is wrong with a template, in sentences."""
    found = []
    for text in (template.subject, template.body):
        try:
            filled(text, dict.fromkeys(NAMES, ""))
        except TemplateError as error:
            found.append(str(error))
    for need in template.needs:
        if need not in NEEDS and not str(need).startswith(SECTION):
            found.append(f"“{need}” is nothing that a letter can be checked for.")
    return found


# --- what has to be in it ---
def plain(text: str) -> str:
    """Without what differs when a line is broken elsewhere."""
    return " ".join(text.split()).casefold()


def _has(text: str, *wanted: str) -> bool:
    # As whole words: the 16th of a month is not the 6th.
    said_ = plain(text)
    words = [plain(item) for item in wanted if plain(item)]
    return all(re.search(rf"(?<!\w){re.escape(item)}(?!\w)", said_) for item in words)


Check = Callable[[Facts, str], bool]
SECTION = "section:"
NEEDS: dict[str, tuple[Check, str]] = {
    "reference": (
        lambda facts, text: _has(text, facts.complaint.reference),
        "the complaint's reference",
    ),
    "received": (
        lambda facts, text: _has(text, said(facts.complaint.received)),
        "the day on which the complaint was received",
    ),
    "account": (
        lambda facts, text: _has(text, facts.complaint.account),
        "the complaint in the complainant's own words",
    ),
    "allegations": (
        lambda facts, text: facts.values["allegations"][0] != "["
        and _has(text, *facts.values["allegations"].split("\n")),
        "each allegation",
    ),
    "findings": (
        lambda facts, text: bool(facts.findings)
        and all(_has(text, item.wording.words, item.reasons) for item in facts.findings),
        "the finding of each allegation, in the rules' words, with its reasons",
    ),
    "learning": (
        lambda facts, text: _has(text, *(item.learning for item in facts.findings)),
        "what was learnt",
    ),
    "right": (
        lambda facts, text: _has(text, RIGHT) and not _has(text, f"no {RIGHT}"),
        f"the words “{RIGHT}” (SI 2020/2 reg 34(4))",
    ),
    "body": (
        lambda facts, text: bool(facts.body_name)
        and _has(text, facts.body_name, facts.values["body_address"]),
        "the name and address of the review body (SI 2020/2 reg 34(4))",
    ),
    "last_day": (
        lambda facts, text: _has(text, facts.values["last_day"]),
        "the last day for asking for a review",
    ),
    "no_review": (
        lambda facts, text: _has(text, "no right to a review"),
        "that there is no right to a review",
    ),
    "clear_on": (
        lambda facts, text: facts.values["clear_on"][0] != "["
        and _has(text, facts.values["clear_on"]),
        "the day on which it became clear that it has to be referred",
    ),
    "next_update": (
        lambda facts, text: _has(text, facts.values["next_update"]),
        "the day by which they hear again",
    ),
    "officers": (
        lambda facts, text: _has(text, *facts.values["officers"].split("\n")),
        "the officers whom it is about",
    ),
    "decision": (
        lambda facts, text: _has(text, facts.values["review_decision"]),
        "what the review body decided",
    ),
}  # fmt: skip


def missing(facts: Facts, text: str, needs: list[str]) -> list[str]:
    """What the letter lacks, each as the end of "This letter needs …"."""
    found = [f"something in place of “[{hole}]”" for hole in HOLE.findall(text)]
    heads = {need.removeprefix(SECTION).casefold() for need in needs if need.startswith(SECTION)}
    for need in needs:
        if need.startswith(SECTION):
            head = need.removeprefix(SECTION)
            if not _section(text, head, heads):
                found.append(f"the heading “{head}” and something below it")
        elif need not in NEEDS:
            found.append(f"a template without “{need}”, for which nothing can be checked")
        elif not NEEDS[need][0](facts, text):
            found.append(NEEDS[need][1])
    return found


def _section(text: str, head: str, heads: set[str]) -> bool:
    """Whether words stand below this heading, before the next one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line, below in pairwise(lines):
        if line.casefold() == head.casefold():
            return below.casefold() not in heads and not HOLE.fullmatch(below)
    return False


def body_choice_missing(facts: Facts) -> bool:
    """Whether somebody has yet to choose who would review."""
    return clocks.has_review(facts.complaint) and not facts.body_name


__all__ = [
    "HOLE", "IOPC_NAME", "NAMES", "NEEDS", "Facts", "TemplateError", "body_choice_missing",
    "body_of", "facts_of", "faults_of", "filled", "hour", "missing", "plain", "span",
]  # fmt: skip
