"""What is typed on the pages of samples: read here, judged by the actions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.http import QueryDict

from evidence.people.models import Unit, User
from evidence.people.table import PANEL
from evidence.recordings.models import Category, IncidentType
from evidence.sampling.actions import Wish
from evidence.sampling.actions.panel import Sitting
from evidence.sampling.actions.words import NotSaid
from evidence.sampling.models import ZONE, Kind, Question

MOST_CHOICES = 2000


def _numbers(sent: QueryDict, name: str) -> list[int]:
    """What was ticked, as rows' numbers."""
    return [int(text) for text in sent.getlist(name)[:MOST_CHOICES] if is_number(text)]


def is_number(text: str) -> bool:
    """Whether this is the number of a row."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def day(text: str, example: str, field: str, what: str) -> date:
    """A day as people type it. Raises NotSaid."""
    try:
        found = forms.DateField().clean(text.replace("\0", "").strip()[:20])
    except forms.ValidationError:
        raise NotSaid(f"Enter {what} like {example}", field) from None
    assert isinstance(found, date)
    if not 2000 <= found.year <= 2200:
        raise NotSaid(f"Enter {what} like {example}", field)
    return found


def clock(on: date, text: str, field: str) -> datetime:
    """A time of a local day. Raises NotSaid."""
    try:
        at = forms.TimeField(input_formats=["%H:%M"]).clean(text.replace("\0", "").strip()[:10])
    except forms.ValidationError:
        raise NotSaid("Enter a time like 14:30", field) from None
    return datetime.combine(on, at, ZONE)


# --- a plan ---


def kinds_with_choices(sent: QueryDict | None) -> list[dict[str, Any]]:
    """Each kind with the categories and incident types that it may be known by, as ticked."""
    categories = list(Category.objects.filter(active=True))
    incidents = list(IncidentType.objects.filter(active=True))
    found = []
    for kind in Kind.objects.filter(active=True):
        ticked = sent is None or kind.code in sent.getlist("kinds")
        by = {
            name: set(kept if sent is None else sent.getlist(f"{kind.code}-{name}"))
            for name, kept in (("categories", kind.categories), ("incidents", kind.incidents))
        }
        found.append({
            "kind": kind, "ticked": ticked,
            "categories": [(row, row.code in by["categories"]) for row in categories],
            "incidents": [(row, row.code in by["incidents"]) for row in incidents],
        })  # fmt: skip
    return found


def units_with_choices(sent: QueryDict | None) -> list[tuple[Unit, int, bool]]:
    """Every unit below the one above it, with how deep it lies."""
    rows = list(Unit.objects.all())
    names = {str(row.pk): row.name for row in rows}

    def way(unit: Unit) -> list[str]:
        return [names.get(part, "") for part in unit.path.strip("/").split("/")]

    ticked = set(_numbers(sent, "units")) if sent is not None else set()
    return [
        (row, min(len(way(row)), 5), row.pk in ticked) for row in sorted(rows, key=way)
    ]  # fmt: skip


def wish(sent: QueryDict) -> Wish:
    """The plan that was typed. Raises NotSaid for what can't be read."""
    each = sent.get("each", "").strip()
    return Wish(
        title=sent.get("title", ""),
        start=day(sent.get("start", ""), "1/12/2026", "start", "the first day"),
        end=day(sent.get("end", ""), "31/12/2026", "end", "the last day"),
        units=list(Unit.objects.filter(pk__in=_numbers(sent, "units"))),
        kinds=[
            {
                "code": row["kind"].code, "name": row["kind"].name,
                "categories": [one.code for one, ticked in row["categories"] if ticked],
                "incidents": [one.code for one, ticked in row["incidents"] if ticked],
            }
            for row in kinds_with_choices(sent) if row["ticked"]
        ],
        each=int(each) if is_number(each) and len(each) < 5 else 0,
    )  # fmt: skip


# --- a session of the panel ---


def panel_members() -> list[User]:
    """Who can sit on the panel."""
    return list(User.objects.filter(roles__contains=[PANEL], status="working").order_by("name"))


def sitting(sent: QueryDict) -> Sitting:
    """The session that was typed. Raises NotSaid for what can't be read."""
    members = list(User.objects.filter(pk__in=_numbers(sent, "members")))
    chairs = _numbers(sent, "chair")
    opens = day(sent.get("opens_on", ""), "14/1/2027", "opens_on", "the day")
    closes = day(sent.get("closes_on", ""), "14/1/2027", "closes_on", "the day")
    return Sitting(
        title=sent.get("title", ""),
        opens_at=clock(opens, sent.get("opens_at", ""), "opens_at"),
        closes_at=clock(closes, sent.get("closes_at", ""), "closes_at"),
        members=members,
        chair=next((one for one in members if one.pk in chairs), None),
    )


def ticked_items(sent: QueryDict) -> list[int]:
    """What the chair ticked."""
    return _numbers(sent, "items")


# --- a review ---


def answers(sent: Mapping[str, str], asked: list[Question]) -> dict[str, tuple[str, str]]:
    """What was answered, by the question's code."""
    return {
        row.code: (sent.get(f"q-{row.code}", ""), sent.get(f"w-{row.code}", "")) for row in asked
    }
