"""Searching: one box and filters over what the reader may see, a page at a time.

A common word is found by walking the newest recordings, a rare one through the index of
words; which of the two it is, is tried and not guessed: first the newest WINDOW rows, then,
where those did not fill the page, everything older through the index.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from django import forms
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.db.utils import OperationalError
from django.utils import timezone
from psycopg.errors import QueryCanceled

from evidence.custody.record import Draft, Subject, record
from evidence.people.models import Unit, User
from evidence.people.table import Scope
from evidence.recordings import keeping, keyset, search
from evidence.recordings.access import find, team_of, visible_to
from evidence.recordings.models import Category, IncidentType, Marker, Recording

WINDOW = 5000
COUNTED = 1000
SECONDS = 5
MOST_PEOPLE = 1000
T = TypeVar("T")

LENGTHS: dict[str, tuple[str, int, int | None]] = {
    "1": ("Under 1 minute", 0, 60_000),
    "10": ("1 to 10 minutes", 60_000, 600_000),
    "60": ("10 minutes to 1 hour", 600_000, 3_600_000),
    "long": ("Over 1 hour", 3_600_000, None),
}


class SearchForm(forms.Form):
    """The box and the filters. Offers only units whose people the reader may see."""

    q = forms.CharField(label="Search", required=False)
    officer = forms.CharField(label="Officer", required=False, max_length=120)
    unit = forms.ChoiceField(label="Unit", required=False)
    start = forms.DateField(label="From", required=False)
    end = forms.DateField(label="To", required=False)
    category = forms.ChoiceField(label="Category", required=False)
    incident = forms.ChoiceField(label="Incident type", required=False)
    camera = forms.CharField(label="Camera", required=False, max_length=64)
    state = forms.ChoiceField(label="State", required=False)
    length = forms.ChoiceField(label="Length", required=False)
    restricted = forms.BooleanField(label="Restricted", required=False)
    markers = forms.BooleanField(label="Has markers", required=False)

    def __init__(self, data: Any, reader: User) -> None:
        super().__init__(data)
        self.query = search.Query("", "", ())
        self._offer("category", [("none", "Needs category"), *_names(Category)])
        self._offer("incident", _names(IncidentType))
        self._offer("state", Recording.Media.choices)
        self._offer("length", [(code, words) for code, (words, _, _) in LENGTHS.items()])
        units = _units(reader)
        if units:
            self._offer("unit", units)
        else:
            del self.fields["unit"]
        if not reader.may("recording.restrict"):
            del self.fields["restricted"]

    def _offer(self, name: str, choices: Any) -> None:
        chosen = self.fields[name]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [("", "Any"), *choices]
        chosen.error_messages["invalid_choice"] = (
            f"Choose from the list: {str(chosen.label).lower()}"
        )

    def clean_q(self) -> str:
        """The question, read as PostgreSQL will be asked."""
        text = " ".join(str(self.cleaned_data["q"]).replace("\0", " ").split())
        if len(text) > search.LONGEST:
            raise forms.ValidationError(f"Shorten the search to {search.LONGEST} characters")
        if text:
            self.query = search.parse(text)
            if self.query.empty:
                raise forms.ValidationError("Enter a word, a name, a number or a reference")
        return text

    def clean(self) -> dict[str, Any]:
        """The days must run forward."""
        found = super().clean() or {}
        if found.get("start") and found.get("end") and found["end"] < found["start"]:
            self.add_error(
                "end", f"The end must be on or after the start, {found['start']:%-d %b %Y}"
            )
        return found

    def given(self) -> dict[str, Any]:
        """What was asked for, by field; nothing that was left open."""
        return {name: value for name, value in self.cleaned_data.items() if value}

    def shown(self, name: str) -> str:
        """A field's value in words."""
        value, asked = self.cleaned_data[name], self.fields[name]
        if isinstance(asked, forms.ChoiceField):
            return str(dict(asked.choices)[value])  # type: ignore[arg-type]
        if isinstance(value, date):
            return f"{value:%-d %b %Y}"
        return "" if value is True else str(value)

    def label(self, name: str) -> str:
        """A field's name in words."""
        return str(self.fields[name].label)

    def words(self) -> str:
        """All that was asked for in one line, for the log."""
        said = [
            f"{self.label(name)} {self.shown(name)}".strip() for name in self.given() if name != "q"
        ]
        return "; ".join([str(self.cleaned_data["q"])] * bool(self.cleaned_data["q"]) + said)


def _names(model: type[Category] | type[IncidentType]) -> list[tuple[str, str]]:
    return list(model.objects.filter(active=True).values_list("code", "name"))


def _units(reader: User) -> list[tuple[str, str]]:
    """The units that have people whose footage the reader may see."""
    scope = reader.scope("recording.view")
    if scope < Scope.UNIT:
        return []
    people = User.objects.all() if scope is Scope.ALL else team_of(reader)
    rows = Unit.objects.filter(pk__in=people.values("unit")).values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]


@dataclass
class Result:
    """What was found, or that it would take too long to find."""

    page: keyset.Page = field(default_factory=lambda: keyset.Page([], None, None))
    count: int | None = None
    too_broad: bool = False
    # Filters without which there would be something.
    drop: list[str] = field(default_factory=list)

    @property
    def many(self) -> bool:
        """Whether there are more than are counted."""
        return self.count is None or self.count > COUNTED


def conditions(form: SearchForm, reader: User) -> dict[str, Q]:
    """What was asked for as conditions, by field; the dates too."""
    asked, found = form.given(), dict[str, Q]()
    if "q" in asked:
        found["q"] = search.matches(form.query, reader)
    if "officer" in asked:
        found["officer"] = Q(officer__in=people_called(asked["officer"]))
    if "unit" in asked:
        unit = Unit.objects.filter(pk=int(asked["unit"]))
        people = User.objects.filter(unit__path__startswith=unit.values("path")[:1])
        found["unit"] = Q(officer__in=people.values("pk"))
    if "start" in asked:
        found["start"] = Q(happened_at__gte=_midnight(asked["start"]))
    if "end" in asked:
        found["end"] = Q(happened_at__lt=_midnight(asked["end"], timedelta(days=1)))
    if "category" in asked:
        needs = Q(category=None, kind=Recording.Kind.FOOTAGE)
        code = asked["category"]
        found["category"] = needs if code == "none" else Q(category__code=code)
    if "incident" in asked:
        found["incident"] = Q(incident__code=asked["incident"])
    if "camera" in asked:
        serial = asked["camera"].strip()
        found["camera"] = Q(camera__in={serial, serial.upper()})
    if "state" in asked:
        found["state"] = Q(media=asked["state"])
    if "length" in asked:
        _, least, most = LENGTHS[asked["length"]]
        found["length"] = Q(duration_ms__gte=least)
        if most is not None:
            found["length"] &= Q(duration_ms__lt=most)
    if "restricted" in asked:
        found["restricted"] = ~Q(restricted="")
    if "markers" in asked:
        marked = Marker.objects.filter(recording=OuterRef("pk"), removed_at=None)
        found["markers"] = Q(Exists(marked.filter(office=False)))
        if reader.may("hold.view"):
            found["markers"] |= Q(Exists(marked)) & ~keeping.unsaid(reader)
    return found


def people_called(text: str) -> list[int]:
    """People by collar number, rank and name, each word one of them."""
    words = search.clean(text).split()[:6]
    if not words:
        return []
    rows = User.objects.all()
    for word in words:
        rows = rows.filter(Q(collar__iexact=word) | Q(rank__iexact=word) | Q(name__icontains=word))
    return list(rows.values_list("pk", flat=True)[:MOST_PEOPLE])


def _midnight(day: date, later: timedelta = timedelta()) -> datetime:
    """When a local day begins, or one so much later."""
    try:
        return timezone.make_aware(datetime.combine(day + later, time()))
    except (OverflowError, ValueError):
        return datetime(9000, 1, 1, tzinfo=timezone.get_default_timezone())


def fetcher(everything: QuerySet[Recording], wanted: list[Q]) -> keyset.Fetch:
    """How a page of those that meet all the conditions is read: in three queries at most.

    `everything` is what lies beyond the page's beginning, whoever may see it: the edge of the
    window is read from an index alone and leaves this function in no other way.
    """

    def fetch(rows: QuerySet[Recording], order: tuple[str, str], most: int) -> list[Recording]:
        met = rows.filter(*wanted).select_related("officer__unit", "category", "incident")
        if not wanted:
            return list(met.order_by(*order)[:most])
        moments = everything.order_by(*order).values_list("happened_at", flat=True)
        [edge] = moments[WINDOW - 1 : WINDOW] or [None]
        if edge is None:
            return list(met.order_by(*order)[:most])
        older = order == keyset.NEWEST_FIRST
        near, far = ("gte", "lt") if older else ("lte", "gt")
        found = list(met.filter(**{f"happened_at__{near}": edge}).order_by(*order)[:most])
        if len(found) == most:
            return found
        # Sorted by what no index has: so that it is not walked in order, however few there are.
        moment = Coalesce("happened_at", "happened_at")
        by = (moment.desc(), "-id") if older else (moment.asc(), "id")
        rest = met.filter(**{f"happened_at__{far}": edge}).order_by(*by)
        return found + list(rest[: most - len(found)])

    return fetch


def _within(act: Callable[[], T]) -> T | None:
    """What it gives, or None when the database would need too long."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, true)", [str(SECONDS * 1000)]
                )
            return act()
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return None
        raise


def run(form: SearchForm, reader: User, start: keyset.Place) -> Result:
    """One page of what the reader asked for. Writes nothing."""
    found = _within(lambda: _found(form, reader, start))
    return Result(too_broad=True) if found is None else found


def _found(form: SearchForm, reader: User, start: keyset.Place) -> Result:
    asked = conditions(form, reader)
    visible = visible_to(reader)
    dates = [asked[name] for name in ("start", "end") if name in asked]
    wanted = [rule for name, rule in asked.items() if name not in ("start", "end")]
    everything = keyset.narrowed(Recording.objects.filter(*dates), start)
    page = keyset.page(visible.filter(*dates), start, fetch=fetcher(everything, wanted))
    result = Result(page)
    if start.at is None and page.older is None:
        result.count = len(page.items)
    else:
        result.count = (
            visible.filter(*dates, *wanted).order_by().values("pk")[: COUNTED + 1].count()
        )
    if result.count == 0 and len(asked) > 1:
        result.drop = _to_drop(visible, asked, reader)
    return result


class TooBroad(Exception):
    """The search takes too long. Its sentence is for a person."""


def newest(recordings: QuerySet[Recording], text: str, reader: User) -> QuerySet[Recording]:
    """Those of `recordings` that match, the newest thousand of them: for lists that count.

    Raises TooBroad where the database would need too long: nothing was found is another thing.
    """
    asked = " ".join(text.replace("\0", " ").split())[: search.LONGEST]
    if not asked:
        return recordings
    query = search.parse(asked)
    if query.empty:
        return recordings.none()
    rule = search.matches(query, reader)
    rows = recordings.order_by()
    fetch = fetcher(Recording.objects.all(), [rule])
    found = _within(lambda: fetch(rows, keyset.NEWEST_FIRST, COUNTED))
    if found is None:
        raise TooBroad("This search takes too long. Add a word that is less common, or a filter.")
    return recordings.filter(pk__in=[item.pk for item in found])


def _to_drop(visible: QuerySet[Recording], asked: dict[str, Q], reader: User) -> list[str]:
    """The filters without any one of which something would be found: one query."""
    without = {
        f"no_{name}": Exists(
            visible.filter(*[rule for other, rule in asked.items() if other != name])
        )
        for name in asked
    }
    row = User.objects.filter(pk=reader.pk).annotate(**without).values(*without).get()
    return [name for name in asked if row[f"no_{name}"]]


def searched(
    *, by: User, form: SearchForm, start: keyset.Place, address: str, reason: str = ""
) -> Result | Recording:
    """Search, and write that it was: what was asked for stands in the event's private part.

    A whole reference that the person may see leads straight to its recording.
    """
    with transaction.atomic():
        result: Result | Recording
        reference = search.reference_in(form.cleaned_data["q"])
        try:
            result = find(by, reference) if reference and len(form.given()) == 1 else None  # type: ignore[assignment]
        except Recording.DoesNotExist:
            result = None  # type: ignore[assignment]
        result = result or run(form, by, start)
        note(by=by, query=form.words(), address=address, reason=reason, found=_number(result))
    return result


def _number(result: Result | Recording) -> int | None:
    return result.count if isinstance(result, Result) else 1


def note(*, by: User, query: str, address: str, found: int | None, reason: str = "") -> None:
    """Write that somebody searched, in the caller's transaction."""
    private = {"name": by.short, "address": address, "query": query}
    if reason:
        private["reason"] = reason
    data = {} if found is None else {"found": min(found, COUNTED + 1)}
    record(Draft("evidence.searched", Subject(by.ref), by.actor(), data=data, private=private))


def needs_reason(form: SearchForm, reader: User) -> str:
    """Whose footage is looked for by somebody who may see everybody's; '' when nobody's alone.

    Named in the filter, or all that the box asks for is one officer, in whatever words and signs
    around them: what must not be there does not change whose footage it is about.
    """
    if reader.scope("recording.view") < Scope.ALL:
        return ""
    officer = " ".join(str(form.cleaned_data["officer"]).split())
    if officer:
        own = {(reader.collar or "").lower(), reader.name.lower(), reader.short.lower()}
        return "" if officer.lower() in own else officer
    asked = [
        {word for term in terms for word in term.words.lower().split()}
        for terms in form.query.alternatives
    ]
    ends = {term.words.lower().split()[-1] for term in form.query.terms if term.prefix}
    return str(form.cleaned_data["q"]) if _one_other(asked, ends, reader) else ""


def _one_other(asked: list[set[str]], ends: set[str], reader: User) -> bool:
    """Whether one of these alternatives says one other person, by words of their rank, number and
    name alone: fits nobody else, or has all of their name. One query.

    Of `ends` a number's beginning is enough, or that of one word among others.
    """
    rule = Q(pk__in=[])
    for words in asked:
        fits = Q(pk__isnull=not words)
        for word in words:
            fits &= Q(rank__icontains=word) | Q(collar__icontains=word) | Q(name__icontains=word)
        rule |= fits
    people = [
        (user.pk == reader.pk, set(search.clean(f"{user.rank} {user.collar or ''} {user.name}")
         .lower().split()), set(search.clean(user.name).lower().split()))
        for user in User.objects.filter(rule).only("pk", "rank", "collar", "name")[:MOST_PEOPLE]
    ]  # fmt: skip

    def fit(words: set[str], theirs: set[str]) -> bool:
        def stands(word: str) -> bool:
            begun = word in ends and (len(words) > 1 or any(char.isdigit() for char in word))
            return word in theirs or (begun and any(one.startswith(word) for one in theirs))

        return all(map(stands, words))

    for words in filter(None, asked):
        who = [(own, name) for own, theirs, name in people if fit(words, theirs)]
        whole = [own for own, name in who if name <= words]
        if len(who) == 1 and not who[0][0]:
            return True
        if whole and not any(whole):
            return True
    return False
