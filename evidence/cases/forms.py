"""What the pages of cases take in: every wrong value is named, and nothing typed is lost."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from evidence.cases import rules
from evidence.cases.actions.change import FIELDS
from evidence.cases.actions.team import somebody
from evidence.cases.models import Case, CaseMember
from evidence.recordings.models import Group

DATES = ["%Y-%m-%d", "%d/%m/%Y", "%d %m %Y", "%d %b %Y", "%d %B %Y"]


def _text(label: str, most: int, *, required: str = "", hint: str = "", width: int = 0) -> Any:
    attrs = {"class": "govuk-input" + (f" govuk-input--width-{width}" if width else "")}
    return forms.CharField(
        label=label, max_length=most, required=bool(required), help_text=hint,
        error_messages={
            "required": required,
            "max_length": f"{label} must be {most} characters or fewer",
            "null_characters_not_allowed": f"Enter {label.lower()} without odd characters",
        },
        widget=forms.TextInput(attrs=attrs | {"autocomplete": "off"}),
    )  # fmt: skip


def _day(label: str, words: str, *, required: str = "", hint: str = "") -> Any:
    attrs = {"type": "date", "class": "govuk-input govuk-input--width-10"}
    return forms.DateField(
        label=label, required=bool(required), input_formats=DATES, help_text=hint,
        error_messages={"required": required, "invalid": f"Enter a real date for {words}"},
        widget=forms.DateInput(format="%Y-%m-%d", attrs=attrs),
    )  # fmt: skip


def _choice(label: str, choices: Any, error: str, *, required: bool = True) -> Any:
    return forms.ChoiceField(
        label=label, choices=choices, required=required,
        error_messages={"required": error, "invalid_choice": error},
        widget=forms.Select(attrs={"class": "govuk-select"}),
    )  # fmt: skip


def _tick(label: str) -> Any:
    return forms.BooleanField(
        label=label, required=False,
        widget=forms.CheckboxInput(attrs={"class": "govuk-checkboxes__input"}),
    )  # fmt: skip


def _group(group: Group) -> str:
    """2: Other sexual, violent or serious offences: ten years clear, then reviewed."""
    return f"{group.code}: {group.words}"


class CaseForm(forms.Form):
    """A case, new or changed; with the version that was read before."""

    urn = _text("URN", 40, required="Enter the URN", width=20)
    crime_reference = _text("Crime reference", 40, width=20)
    title = _text("Title", 120, required="Enter a title, like R v Marsh")
    offence = _text("Offence", 120)
    officer_in_case = _text("Officer in the case", 60, hint="Collar number, like 4127", width=10)
    status = _choice("Status", Case.Status.choices, "Select the status")
    result = _choice("Result", Case.Result.choices, "Select the result", required=False)
    result_on = _day("Day of the result", "the result")
    custodial = _tick("Custodial sentence or hospital order")
    released_on = _day("Released from custody on", "the release",
                       hint="Leave it empty as long as nobody is released")  # fmt: skip
    appeal = _tick("An appeal or an application to the CCRC is pending, or was")
    appeal_ended_on = _day("Appeal decided on", "the appeal's decision")
    investigation_ended_on = _day("Investigation ended on", "the end of the investigation")
    group = forms.ModelChoiceField(
        Group.objects.all(), label="MoPI group", required=False, empty_label="None",
        help_text="How long it is kept after that, from the day of the result",
        error_messages={"invalid_choice": "Select a group of the list, or none"},
        widget=forms.Select(attrs={"class": "govuk-select"}),
    )  # fmt: skip
    version = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1,
                                 max_value=2**31 - 1)  # fmt: skip

    ENDING = (
        "result", "result_on", "custodial", "released_on", "appeal", "appeal_ended_on",
        "investigation_ended_on", "group",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, case: Case | None = None) -> None:
        self.case = case or Case()
        super().__init__(data, initial=self._initial() if case else {"status": "open"})
        self.fields["group"].label_from_instance = _group  # type: ignore[attr-defined]
        self.fields["urn"].help_text = f"Like {settings.URN_EXAMPLE}"
        self.fields["crime_reference"].help_text = f"Like {settings.CRIME_REFERENCE_EXAMPLE}"
        if case is None:
            for name in self.ENDING:
                del self.fields[name]

    def _initial(self) -> dict[str, Any]:
        found = {name: getattr(self.case, name) for name in FIELDS}
        found["group"] = self.case.group_id
        officer = self.case.officer_in_case
        found["officer_in_case"] = (officer.collar or officer.username) if officer else ""
        return found | {"version": self.case.version}

    def clean_urn(self) -> str:
        """In capitals."""
        return str(self.cleaned_data["urn"]).upper()

    def clean_officer_in_case(self) -> Any:
        """The person, or nobody."""
        given = self.cleaned_data["officer_in_case"]
        before = self.case.officer_in_case
        if not given:
            return None
        if before and given in (before.collar, before.username):
            return before  # also where they have left meanwhile
        try:
            return somebody(given)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        """Put what was given on the case, unsaved, and say all that can't be true of it."""
        found = super().clean() or {}
        self.wanted = Case(pk=self.case.pk, version=self.case.version)
        for name in FIELDS:
            setattr(self.wanted, name, getattr(self.case, name))
            if name in found:
                setattr(self.wanted, name, found[name])
        for name, words in rules.problems(self.wanted).items():
            if name in self.fields and name not in self.errors:
                self.add_error(name, words)
        return found

    @property
    def asked(self) -> list[str]:
        """The fields of the case that this form has."""
        return [name for name in FIELDS if name in self.fields]


class CourtForm(forms.Form):
    """A day in court."""

    date = _day("Date", "the day in court", required="Enter the day in court")
    court = _text("Court", 80, hint="Like Southwark Crown Court")
    what = _text("What for", 120, hint="Like plea and trial preparation")


class MemberForm(forms.Form):
    """Somebody's part in the case."""

    person = _text("Collar number", 60, required="Enter a collar number, like 4127", width=10)
    part = _choice("What they do in the case", [("", "Select"), *CaseMember.Part.choices],
                   "Select what this person does in the case")  # fmt: skip
    reason = _text("Reason", 300, required="Enter why this person works on the case",
                   hint="It is kept with the case")  # fmt: skip
    until = _day("Until", "the end", hint="The last day; leave it empty for no end")

    def clean_person(self) -> Any:
        """The person. Unknown ones are named."""
        try:
            return somebody(self.cleaned_data["person"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def clean_until(self) -> datetime | None:
        """The end of that day."""
        day: date | None = self.cleaned_data["until"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError("The last day can't be before today")
        if day > rules.LATEST:
            raise forms.ValidationError("Enter a real date for the end")
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))
