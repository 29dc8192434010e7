"""Forms of the record, its officers, and the release of its footage."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from evidence.complaints.actions.recording import check_dates, check_recorder
from evidence.complaints.admin import fields
from evidence.complaints.admin.forms.base import ActForm
from evidence.complaints.models import (
    Complaint,
    Named,
)
from evidence.people.actions import NotAllowed


class _NamedChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.officer.short} ({obj.get_part_display().lower()})"


def _named(label: str, rows: Any) -> forms.ModelChoiceField:  # type: ignore[type-arg]
    return _NamedChoice(
        rows, label=label, widget=UnfoldAdminSelectWidget,
        error_messages={"required": "Choose the officer", "invalid_choice": "Choose the officer"},
    )  # fmt: skip


class RecordForm(ActForm):
    """The record itself. Coordinates are degrees; a place holds what was filmed around it."""

    received = fields.day("Received", help_text="The day on which it reached the force")
    source = fields.choice("How it came", Complaint.Source.choices, required="Say how it came")
    complainant = fields.line("Complainant", required="Enter who complains", max_length=120)
    standing = fields.choice("Why they may complain", Complaint.Standing.choices,
                             required="Say why they may complain")  # fmt: skip
    contact = fields.text("Contact", rows=2, help_text="Address, telephone, e-mail, and what they "
                          "ask for: large print, an interpreter")  # fmt: skip
    account = fields.text("Account", required="Enter what happened", rows=6,
                          help_text="What happened, in the complainant's words")  # fmt: skip
    start = fields.moment("From", help_text="Footage that reaches into this time is held")
    end = fields.moment("To")
    place = fields.line("Place", max_length=200)
    latitude = forms.FloatField(
        required=False, min_value=-90, max_value=90, widget=UnfoldAdminTextInputWidget,
        help_text="Degrees, like 51.5081. Footage of whoever was there is held too.",
        error_messages={"invalid": "Enter degrees like 51.5081"},
    )  # fmt: skip
    longitude = forms.FloatField(
        required=False, min_value=-180, max_value=180, widget=UnfoldAdminTextInputWidget,
        help_text="Degrees, like -0.1281",
        error_messages={"invalid": "Enter degrees like -0.1281"},
    )  # fmt: skip
    radius = forms.IntegerField(
        label="Within", initial=200, min_value=10, max_value=5000,
        widget=UnfoldAdminTextInputWidget, help_text="Metres around the place",
        error_messages={"required": "Enter metres, 10 to 5000"},
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """What can't have been is said beside its field."""
        found = super().clean() or {}
        if (found.get("latitude") is None) != (found.get("longitude") is None):
            self.add_error("longitude", "Enter both latitude and longitude, or neither.")
        start, end = found.get("start"), found.get("end")
        if start and end and end <= start:
            self.add_error(
                "end", f"The end must be after the start, {timezone.localtime(start):%H:%M}"
            )
        try:
            check_dates(received=found.get("received"), start=start, end=end)
        except ValidationError as error:
            self.add_error(None, error)
        return found


class AddForm(RecordForm):
    """A new complaint: the record, its officers, how grave it looks."""

    reference = fields.line("Reference", required="Enter a reference like PC/1234/26",
                            help_text="PC/1234/26, or CM/… for a conduct matter")  # fmt: skip
    about = fields.PeopleField(label="Officers it is about", required=False)
    present = fields.PeopleField(label="Officers who were there", required=False)
    severity = fields.choice(
        "How grave", Complaint.Severity.choices, required="Say how grave it is"
    )
    field_order = ("reference", "received", "source", "complainant", "standing", "contact",
                   "account", "about", "present", "start", "end", "place", "latitude", "longitude",
                   "radius", "severity")  # fmt: skip

    def clean_reference(self) -> str:
        """As the force writes it, and not in use."""
        reference = str(self.cleaned_data["reference"]).strip().upper()
        for check in Complaint._meta.get_field("reference").validators:
            check(reference)
        if Complaint.objects.filter(reference=reference).exists():
            raise forms.ValidationError(f"{reference} is in use. Enter the next number.")
        return reference

    def clean(self) -> dict[str, Any]:
        """Refuse before anything is written."""
        found = super().clean()
        about, there = found.get("about") or [], found.get("present") or []
        place = found.get("latitude") is not None
        if not about and not there and not place and not {"about", "present"} & set(self.errors):
            self.add_error("about", "Enter at least one officer, or a place with its coordinates.")
        try:
            check_recorder(by=self.user, officers=[*about, *there], start=found.get("start"))
        except NotAllowed as error:
            self.add_error("about", str(error))
        return found


class OfficersForm(ActForm):
    """Name more officers."""

    about = fields.PeopleField(label="Officers it is about", required=False)
    present = fields.PeopleField(label="Officers who were there", required=False)


class UnnameForm(ActForm):
    """An officer who was named by mistake."""

    reason = fields.line("Why", required="Enter why this officer was named by mistake",
                         max_length=300)  # fmt: skip

    def build(self) -> None:
        """Of those who were not served."""
        rows = self.complaint.named.filter(served_on=None).select_related("officer")
        self.fields["named"] = _named("Officer", rows)
        self.order_fields(["named", "reason"])


class ServeForm(ActForm):
    """The notice that one officer is served with."""

    on = fields.day("Served on")
    notice = fields.text("What the notice says", rows=8, required="Enter what the notice says",
                         help_text="The officer reads this here, with the reference and the day, "
                         "and nothing else.", max_length=10_000)  # fmt: skip

    def build(self) -> None:
        """Those it is about, who were not served."""
        rows = self.complaint.named.filter(served_on=None, part=Named.Part.SUBJECT)
        self.fields["named"] = _named("Officer", rows.select_related("officer"))
        self.order_fields(["named", "on", "notice"])


class ReleaseForm(ActForm):
    """Why the footage need not be kept for this any more."""

    reason = fields.line("Why", max_length=300, required="Enter why it need not be kept any more")
