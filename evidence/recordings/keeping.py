"""How long footage is kept, in words: by the rule of its category, and by what else keeps it.

What a category's rule says is the same for every reader. Holds and cases are told only to those
who may know of them: the rooms that have them register a provider here, and answer for the
reader. The room of retention puts all of it in order (`why`), by the engine that decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from evidence.people.models import User
from evidence.recordings import rules
from evidence.recordings.models import Category, Recording

UNLESS = "then disposed of unless something keeps it"


@dataclass(frozen=True)
class Reason:
    """One thing that keeps a recording, up to the end of a day; without, as long as it stands."""

    words: str
    until: date | None = None
    # Outranks every period.
    hold: bool = False


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


def reasons(reader: User, recording: Recording) -> list[Reason]:
    """What else keeps a recording, as far as this reader may know of it."""
    return [reason for provider in _providers for reason in provider(reader, recording)]


Teller = Callable[[Recording, User], tuple[str, list[Rung]]]
_tellers: list[Teller] = []


def register_teller(teller: Teller) -> None:
    """Say who puts everything that keeps a recording in order, for one reader."""
    _tellers[:] = [teller]


def why(recording: Recording, reader: User) -> tuple[str, list[Rung]]:
    """Why it is kept, in one sentence; then what keeps it, what would next, when it goes."""
    return _tellers[0](recording, reader)


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


def until(
    recording: Recording, category: Category | None = None, book: rules.Rulebook | None = None
) -> date:
    """The last day on which a recording is kept by its category's rule, or would be by another's.

    Never because of a hold, a case or a complaint: this is what everybody may know. A query
    where no book is given and it is not known yet.
    """
    at = recording.kept_until
    if at is None or (category is not None and category.pk != recording.category_id):
        try:
            at = (book or rules.book()).ends(recording, category.pk if category else None).at
        except LookupError:
            at = rules.NEVER
    return timezone.localtime(at).date()


def day(moment: date) -> str:
    """23 Dec 2026."""
    return f"{moment:%-d %b %Y}"


def words(recording: Recording, reader: User) -> str:
    """The one sentence of a row: "Shown to you until 23 Dec 2026, then disposed of unless …"."""
    last = until(recording)
    if last >= rules.NEVER.date():
        return "Kept as long as nobody can say when it may go"
    if last < timezone.localdate():
        return f"Its days ended on {day(last)}; {UNLESS}"
    shown = "Shown to you" if recording.officer_id == reader.pk else "Kept"
    return f"{shown} until {day(last)}, {UNLESS}"


def of_category(
    category: Category, recording: Recording | None = None, book: rules.Rulebook | None = None
) -> str:
    """What a choice would mean: "Kept 365 days, until 22 Nov 2027". A query without a book."""
    book = book or rules.book()
    try:
        rule = book.of(category.pk, recording.created if recording else timezone.now())
    except LookupError:
        return "Kept until a rule says how long"
    last = until(recording, category, book) if recording else rules.NEVER.date()
    end = "" if last >= rules.NEVER.date() else f", until {day(last)}"
    if rule.by_case:
        return f"Kept as long as its case needs it; without a case {rules.long(rule)}{end}"
    return f"Kept {rules.long(rule)}{end}"
