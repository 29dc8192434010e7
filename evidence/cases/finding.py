"""More footage for a case: every camera that recorded then and there, force-wide.

It tells who, when and where, and no more: no still, no player, no marker. Restricted footage is
never found. One walk down the index of periods, capped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.contrib.postgres.fields import DateTimeRangeField
from django.db.models import F, FloatField, Func, Q, QuerySet, Value
from django.db.models.functions import ASin, Cos, Least, Power, Radians, Sin, Sqrt
from django.utils import timezone

from evidence.cases.models import Case, CaseLink
from evidence.people.models import Unit, User
from evidence.recordings.access import there_for, visible_to
from evidence.recordings.models import Recording
from evidence.recordings.overlaps import EARTH

MOST = 200
LONGEST = timedelta(days=7)
FURTHEST = 50_000
MOST_OFFICERS = 50
FORMS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M"]
# Either end may lie outside; this is how long the longest recording is taken to be.
Interval = tuple[datetime, datetime]


def _text(label: str, hint: str = "", width: int = 10, **more: Any) -> Any:
    attrs = {"class": f"govuk-input govuk-input--width-{width}", "autocomplete": "off"}
    return forms.CharField(label=label, required=False, help_text=hint,
                           widget=forms.TextInput(attrs=attrs), **more)  # fmt: skip


class _Moment(forms.DateTimeField):
    """A local time. In the night in which the clocks change an hour comes twice, or never: then
    the wider of what it may mean is searched."""

    def __init__(self, *, last: bool, **more: Any) -> None:
        self.last = last
        super().__init__(**more)

    def to_python(self, value: Any) -> datetime | None:
        """In UTC, in which no hour comes twice."""
        try:
            found = super().to_python(value)
        except forms.ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            local = (error.params or {})["datetime"]
            found = timezone.make_aware(local.replace(fold=int(self.last)))
        return found and found.astimezone(UTC)


def _moment(label: str, words: str, *, last: bool = False) -> Any:
    attrs = {"type": "datetime-local", "class": "govuk-input govuk-input--width-20"}
    return _Moment(
        last=last, label=label, input_formats=FORMS,
        error_messages={"required": f"Enter {words}", "invalid": f"Enter a real time for {words}"},
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs=attrs),
    )  # fmt: skip


def _number(label: str, wrong: str, least: float, most: float, hint: str = "") -> Any:
    errors = {"invalid": wrong, "min_value": wrong, "max_value": wrong}
    attrs = {"class": "govuk-input govuk-input--width-10", "inputmode": "decimal",
             "autocomplete": "off"}  # fmt: skip
    return forms.FloatField(
        label=label, required=False, min_value=least, max_value=most, help_text=hint,
        error_messages=errors, widget=forms.TextInput(attrs=attrs),
    )  # fmt: skip


class FindForm(forms.Form):
    """Then, and there; of whom, and of which unit."""

    start = _moment("From", "when it began")
    end = _moment("To", "when it ended", last=True)
    officers = _text("Officers", "Collar numbers with spaces between, like 4127 5530", 20,
                     max_length=500)  # fmt: skip
    unit = forms.ChoiceField(label="Unit, with the units below it", required=False,
                             error_messages={"invalid_choice": "Select a unit of the list"},
                             widget=forms.Select(attrs={"class": "govuk-select"}))  # fmt: skip
    latitude = _number("Latitude", "Enter a latitude between -90 and 90, like 51.5079", -90, 90,
                       "Like 51.5079")  # fmt: skip
    longitude = _number("Longitude", "Enter a longitude between -180 and 180, like -0.1281",
                        -180, 180, "Like -0.1281")  # fmt: skip
    radius = _number("Radius in metres", f"Enter a radius between 1 and {FURTHEST} metres",
                     1, FURTHEST, "Like 300")  # fmt: skip

    def __init__(self, data: Any = None, *, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        unit = self.fields["unit"]
        assert isinstance(unit, forms.ChoiceField)
        unit.choices = [("", "Any"), *((str(pk), name) for pk, name in
                                       Unit.objects.values_list("pk", "name"))]  # fmt: skip

    def clean_officers(self) -> list[User]:
        """The people of these numbers; every unknown one is named."""
        asked = list(dict.fromkeys(self.cleaned_data["officers"].replace(",", " ").upper().split()))
        if len(asked) > MOST_OFFICERS:
            raise forms.ValidationError(f"Enter {MOST_OFFICERS} collar numbers or fewer")
        rows = User.objects.filter(collar__in={*asked, *(one.lower() for one in asked)})
        known = {(user.collar or "").upper(): user for user in rows}
        missing = [one for one in asked if one not in known]
        if missing:
            numbers = "number" if len(missing) == 1 else "numbers"
            raise forms.ValidationError(
                f"There is nobody with the collar {numbers} {', '.join(missing)[:200]}. Check it."
            )
        return [known[one] for one in asked]

    def clean(self) -> dict[str, Any]:
        """Times run forward, a window is a week at most, a place is whole."""
        found = super().clean() or {}
        start, end = found.get("start"), found.get("end")
        for name in ("start", "end"):
            if found.get(name) and not 1900 <= found[name].year <= 2200:
                self.add_error(name, f"Enter a real time for {self.fields[name].label}")
                return found
        if start and end and end <= start:
            local = timezone.localtime(start)
            self.add_error("end", f"The end must be after the start, {local:%-d %b %Y %H:%M}")
        elif start and end and end - start > LONGEST:
            self.add_error("end", "Narrow it: the time between may be 7 days at most")
        names = ("latitude", "longitude", "radius")
        given = [name for name in names if found.get(name) is not None]
        if given and not any(name in self.errors for name in names):
            for name in names:
                if name not in given:
                    label = str(self.fields[name].label).lower()
                    self.add_error(name, f"Enter the {label}: a place needs all three")
        return found

    @property
    def placed(self) -> bool:
        """Whether a place was asked for."""
        return self.cleaned_data.get("radius") is not None

    def words(self) -> str:
        """All that was asked for in one line, for the log."""
        given = self.cleaned_data
        start, end = (timezone.localtime(given[name]) for name in ("start", "end"))
        said = [f"{start:%-d %b %Y %H:%M} to {end:%-d %b %Y %H:%M}"]
        if given["officers"]:
            said.append("officers " + ", ".join(user.short for user in given["officers"]))
        if given["unit"]:
            said.append("unit " + dict(self.fields["unit"].choices)[given["unit"]])  # type: ignore[attr-defined]
        if self.placed:
            said.append(
                f"within {given['radius']:g} m of {given['latitude']:g}, {given['longitude']:g}"
            )
        return "; ".join(said)


@dataclass(frozen=True)
class Found:
    """One recording that was there then: who, when, where; and whether one may open it."""

    recording: Recording
    seconds: int
    with_footage: int
    metres: float | None
    linked: bool
    opens: bool

    @property
    def distance(self) -> str:
        """How far from the place it began."""
        if self.metres is None:
            return ""
        if self.metres < 1000:
            return f"{max(10, round(self.metres / 10) * 10)} m"
        return f"{self.metres / 1000:.1f} km"


@dataclass(frozen=True)
class Result:
    """What was found; apart, what did not say where it was."""

    found: list[Found]
    more: bool
    unplaced: list[Found]
    more_unplaced: bool

    @property
    def count(self) -> int:
        """How many are shown."""
        return len(self.found) + len(self.unplaced)


def search(reader: User, case: Case, form: FindForm) -> Result:
    """Every unrestricted recording of that time and place, a constant number of queries."""
    rows = during(form.cleaned_data["start"], form.cleaned_data["end"])
    rows = rows.filter(there_for(reader))
    if form.cleaned_data["officers"]:
        rows = rows.filter(officer__in=form.cleaned_data["officers"])
    if form.cleaned_data["unit"]:
        unit = Unit.objects.filter(pk=int(form.cleaned_data["unit"]))
        rows = rows.filter(officer__unit__path__startswith=unit.values("path")[:1])
    unplaced: list[Recording] = []
    if form.placed:
        unplaced = _read(rows.filter(Q(latitude=None) | Q(longitude=None)))
        rows = near(rows, form.cleaned_data)
    found = _read(rows)
    told = _Told(reader, case, [*found, *unplaced], form)
    return Result(
        [told.of(row) for row in found[:MOST]], len(found) > MOST,
        [told.of(row) for row in unplaced[:MOST]], len(unplaced) > MOST,
    )  # fmt: skip


def during(start: datetime, end: datetime) -> QuerySet[Recording]:
    """What ran at some moment of the window, or began in it and is not measured yet.

    Two indexes: that of periods, and that of when it began.
    """
    period = Func(
        F("happened_at"), F("ends_at"), function="tstzrange", output_field=DateTimeRangeField()
    )
    return (
        Recording.objects.filter(
            kind=Recording.Kind.FOOTAGE, joined_into=None, restricted="", disposed_at=None
        )
        .alias(period=period)
        .filter(
            Q(ends_at__isnull=False, period__overlap=(start, end))
            | Q(happened_at__gte=start, happened_at__lt=end)
        )
    )


def near(rows: QuerySet[Recording], given: dict[str, Any]) -> QuerySet[Recording]:
    """What began within the radius: a box first, then the distance over the ground."""
    latitude, longitude, radius = given["latitude"], given["longitude"], given["radius"]
    north = math.degrees(radius / EARTH)
    box = Q(latitude__range=(latitude - north, latitude + north))
    narrow = math.cos(math.radians(latitude)) * 1.0
    if narrow > 0.01 and abs(longitude) + north / narrow < 180:
        east = north / narrow * 1.01
        box &= Q(longitude__range=(longitude - east, longitude + east))
    here, there = Radians(Value(float(latitude))), Radians(F("latitude"))
    up = Power(Sin((there - here) / 2), 2)
    across = Power(Sin((Radians(F("longitude")) - Radians(Value(float(longitude)))) / 2), 2)
    half = up + Cos(here) * Cos(there) * across
    metres = Value(2 * EARTH) * ASin(Sqrt(Least(half, Value(1.0))))
    rows = rows.filter(box, longitude__isnull=False)
    placed = rows.annotate(metres=Func(metres, template="%(expressions)s",
                                       output_field=FloatField()))  # fmt: skip
    return placed.filter(metres__lte=radius)


def _read(rows: QuerySet[Recording]) -> list[Recording]:
    return list(rows.select_related("officer__unit").order_by("happened_at", "pk")[: MOST + 1])


class _Told:
    """What stands beside each row: read once for all of them."""

    def __init__(self, reader: User, case: Case, rows: Sequence[Recording], form: FindForm) -> None:
        self.window = (form.cleaned_data["start"], form.cleaned_data["end"])
        ids = [row.pk for row in rows]
        seen = visible_to(reader)
        self.opens = set(seen.filter(pk__in=ids).values_list("pk", flat=True))
        links = CaseLink.objects.filter(case=case, unlinked_at=None)
        self.linked = set(links.filter(recording__in=ids).values_list("recording_id", flat=True))
        own = links.filter(recording__in=seen.values("pk"), recording__ends_at__isnull=False)
        spans = own.order_by("recording__happened_at").values_list(
            "recording_id", "recording__happened_at", "recording__ends_at"
        )
        self.footage = list(spans[:1000])

    def of(self, row: Recording) -> Found:
        """One row."""
        span = (row.happened_at, max(row.ends_at or row.happened_at, row.happened_at))
        footage = merged([(start, end) for pk, start, end in self.footage if pk != row.pk and end])
        return Found(
            row, overlap(span, [self.window]), overlap(span, footage),
            getattr(row, "metres", None), row.pk in self.linked, row.pk in self.opens,
        )  # fmt: skip


def merged(spans: Sequence[Interval]) -> list[Interval]:
    """Spans as a union: no second is counted twice."""
    found: list[Interval] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif end > start:
            found.append((start, end))
    return found


def overlap(one: Interval, others: Sequence[Interval]) -> int:
    """For how many seconds one span runs within the others."""
    total = timedelta()
    for start, end in others:
        total += max(min(one[1], end) - max(one[0], start), timedelta())
    return round(total.total_seconds())


def suggestion(reader: User, case: Case) -> dict[str, datetime]:
    """The time of the case's own footage, to begin with; nothing where that is longer than a
    search may be."""
    links = CaseLink.objects.filter(
        case=case, unlinked_at=None, recording__in=visible_to(reader).values("pk")
    )
    rows = list(links.values_list("recording__happened_at", "recording__ends_at")[:1000])
    if not rows:
        return {}
    start = min(begin for begin, _ in rows)
    end = max((finish or begin) for begin, finish in rows) + timedelta(minutes=1)
    return {"start": start, "end": end} if end - start <= LONGEST else {}
