"""How long footage is kept, in words: by its category, and by what else keeps it.

What a category says is the same for every reader. Holds are told only to those who may know of
them: the room that has them registers a provider here, and answers for the reader.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings.models import Category, Recording

UNLESS = "then disposed of unless something keeps it"


@dataclass(frozen=True)
class Reason:
    """One thing that keeps a recording; without `until`, as long as it stands."""

    words: str
    until: date | None = None


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: what keeps it now, or next, or when it goes."""

    when: str
    words: str


Provider = Callable[[User, Recording], list[Reason]]
_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Add what else can keep a recording; the same provider again changes nothing."""
    if provider not in _providers:
        _providers.append(provider)


Hidden = Callable[[User, Recording], set[int]]
_hidden: list[Hidden] = []


def register_hidden(provider: Hidden) -> None:
    """Add who says which holds of a recording a reader may not know of."""
    if provider not in _hidden:
        _hidden.append(provider)


def hidden_holds(reader: User, recording: Recording) -> set[int]:
    """The holds on a recording that this reader may not know of, by number."""
    return set().union(*(provider(reader, recording) for provider in _hidden))


HiddenFootage = Callable[[User], "QuerySet[Any]"]
_hidden_footage: list[HiddenFootage] = []


def register_hidden_footage(provider: HiddenFootage) -> None:
    """Add who says which recordings are kept for what a reader may not know of, by number."""
    if provider not in _hidden_footage:
        _hidden_footage.append(provider)


def unsaid(reader: User) -> Q:
    """Recordings of which a reader is not told what the office says of them, as it may be about
    them: their own, and what is held for a complaint that they may not know of."""
    found = Q(officer=reader)
    for provider in _hidden_footage:
        found |= Q(pk__in=provider(reader))
    return found


def days(category: Category | None) -> int:
    """For how many days a category keeps footage by itself."""
    if category is None or category.keep_days is None:
        return int(settings.KEEP_DAYS)
    return category.keep_days


def until(recording: Recording, category: Category | None = None) -> date:
    """The last day on which a recording is kept by its category, or would be by another.

    Never because of a hold, a case or a complaint: this is what everybody may know.
    """
    category = category or recording.category
    try:
        return (timezone.localtime(recording.happened_at) + timedelta(days=days(category))).date()
    except OverflowError:
        return date.max


def day(moment: date) -> str:
    """23 Dec 2026."""
    return f"{moment:%-d %b %Y}"


def words(recording: Recording, reader: User) -> str:
    """The one sentence of a row: "Shown to you until 23 Dec 2026, then disposed of unless …"."""
    last = until(recording)
    if last < timezone.localdate():
        return f"Its {days(recording.category)} days ended on {day(last)}; {UNLESS}"
    shown = "Shown to you" if recording.officer_id == reader.pk else "Kept"
    return f"{shown} until {day(last)}, {UNLESS}"


def of_category(category: Category, recording: Recording | None = None) -> str:
    """What a choice would mean: "Kept 365 days, until 22 Nov 2027"."""
    last = f", until {day(until(recording, category))}" if recording else ""
    if category.keep_days is None:
        return f"Kept as long as its case needs it; without a case {days(category)} days{last}"
    return f"Kept {category.keep_days} days{last}"


def why(recording: Recording, reader: User) -> tuple[str, list[Rung]]:
    """Why it is kept, in one sentence; then what keeps it, what would next, when it goes."""
    held = [reason for provider in _providers for reason in provider(reader, recording)]
    rule = _rule(recording)
    last = until(recording)
    rungs = [Rung("Now", reason.words) for reason in held]
    rungs.append(Rung("Then" if held else "Now", f"{rule}, until {day(last)}."))
    end = "Disposed of, unless something keeps it by then. That it existed stays in the log."
    rungs.append(Rung("After that", end))
    if held:
        return f"{held[0].words}", rungs
    return f"{words(recording, reader)}.", rungs


def _rule(recording: Recording) -> str:
    count = days(recording.category)
    if recording.category is None:
        return f"Without a category footage is kept {count} days"
    if recording.category.keep_days is None:
        return f"{recording.category.name}: kept by its case; without a case {count} days"
    return f"{recording.category.name}: kept {count} days"
