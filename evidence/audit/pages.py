"""What the auditor's pages show: lines by day, filters as words, unusual looks as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from evidence.audit import looks, subjects
from evidence.audit.forms import NarrowForm
from evidence.audit.models import Unusual
from evidence.audit.rules import BY_NAME, Rule
from evidence.custody.models import Event
from evidence.people.models import User

COUNTED_DAYS = 31


def lines(by: User, events: Sequence[Event]) -> list[looks.Line]:
    """Sentences, without those about the reader's own footage, complaints and account."""
    own = subjects.hidden(by, {event.object_ref for event in events})
    return looks.describe([event for event in events if event.object_ref not in own])


def looks_page(
    by: User, events: Sequence[Event], older: int | None, form: NarrowForm
) -> dict[str, Any]:
    """The list, the filter, and the way to the next page."""
    asked = {name: str(form.data.get(name, "")) for name in ("kind", "since", "until")}
    narrowed = any(asked.values())
    return {
        "days": looks.days(lines(by, events)),
        "older": older or "",
        "first_page": not form.data.get("before"),
        "asked_for": asked,
        "narrowed": narrowed,
        "query": query(**asked),
        "kinds": looks.KINDS,
        "errors": [(name, words[0]) for name, words in form.errors.items()],
    }


def status(form: NarrowForm) -> int:
    """422 for a filter that can't be read."""
    return 422 if form.errors else 200


def query(**values: str) -> str:
    """The filter's part of an address."""
    return urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True)
class Row:
    """One unusual look as a page says it."""

    item: Unusual
    rule: Rule
    sentence: str
    of_footage: bool


class _Said(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "(not known)"


def unusual_rows(found: Sequence[Unusual]) -> list[Row]:
    """Sentences with people's names as they are now; a constant number of queries."""
    labels = subjects.labels({row.object_ref for row in found} | {row.person for row in found})
    rows = []
    for item in found:
        rule = BY_NAME.get(item.rule)
        if rule is None:
            continue
        said = _Said(item.facts)
        said["who"] = labels.get(item.person, item.person)
        said["object"] = _object(item, labels)
        sentence = rule.sentence.format_map(said)
        rows.append(Row(item, rule, sentence, item.object_ref.startswith("R-")))
    return rows


def _object(item: Unusual, labels: dict[str, str]) -> str:
    if item.object_ref == item.person:
        return "at sign-in"
    return labels.get(item.object_ref, item.object_ref)
