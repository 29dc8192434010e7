"""Texts of letters and rates in the admin: data that a force makes its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget

from evidence.complaints import letter_text
from evidence.complaints.models import Rate, Template
from evidence.custody.record import Subject
from evidence.people.office import ChangingAdmin, keep

EVENT = "complaints.data_changed"
MOST_PENCE = 1_000_000


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new text, or a new version of one. What the rules want is named, one a line."""

    wanted = forms.CharField(
        label="Needs", required=False, widget=UnfoldAdminTextareaWidget,
        help_text="What a letter is checked for, one a line: "
        + ", ".join(letter_text.NEEDS) + "; or section: and a heading",
    )  # fmt: skip

    class Meta:
        model = Template
        fields = ("code", "version", "name", "subject", "body", "source", "position", "active")

    def clean(self) -> dict[str, Any]:
        """Only names that stand for something, and needs that can be checked."""
        found = super().clean() or {}
        if "body" not in self.fields:  # an old one: its text stands
            return found
        needs = [line.strip() for line in str(found.get("wanted", "")).splitlines() if line.strip()]
        wrong = letter_text.faults_of(
            Template(subject=found.get("subject", ""), body=found.get("body", ""), needs=needs)
        )
        if wrong:
            raise forms.ValidationError([*wrong])
        self.instance.needs = needs
        return found


@admin.register(Template)
class TemplateAdmin(ChangingAdmin):
    """Once made, a text stands, since letters refer to it: another version is made instead."""

    form = TemplateForm
    proved_again = True
    list_display = ("name", "code", "version", "active", "source")
    fields = ("code", "version", "name", "subject", "body", "wanted", "source", "position",
              "active")  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """An old one shows its needs as they are."""
        return (
            [name if name != "wanted" else "needs" for name in self.fields] if obj else self.fields
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only whether it is in use, and where it stands, can be changed."""
        fixed = ("code", "version", "name", "subject", "body", "needs", "source")
        return fixed if obj else ()

    def save_model(self, request: HttpRequest, obj: Template, form: Any, change: bool) -> None:
        """With its event."""
        keep(request, obj, form, EVENT, Subject(f"complaint-{obj._meta.model_name}"))


class RateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rate of which a cost can still be kept."""

    class Meta:
        model = Rate
        fields = ("code", "name", "unit", "pence", "source", "active")

    def clean_pence(self) -> int:
        """Not more than anybody's hour comes to."""
        pence = int(self.cleaned_data["pence"])
        if pence > MOST_PENCE:
            raise forms.ValidationError(f"Enter at most {MOST_PENCE:,} pence, £10,000.")
        return pence


@admin.register(Rate)
class RateAdmin(ChangingAdmin):
    """A new figure holds for work that is entered from then on."""

    form = RateForm
    proved_again = True
    list_display = ("name", "code", "unit", "pence", "active", "source")
    fields = ("code", "name", "unit", "pence", "source", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What it counts stays."""
        return ("code", "unit") if obj else ()

    def save_model(self, request: HttpRequest, obj: Rate, form: Any, change: bool) -> None:
        """With its event."""
        keep(request, obj, form, EVENT, Subject(f"complaint-{obj._meta.model_name}"))
