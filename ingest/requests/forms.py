"""What staff fill in to ask somebody for footage."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from evidence.cases.access import find
from evidence.cases.models import Case
from evidence.people.models import User
from ingest.requests.actions import Wish
from ingest.requests.models import MAX_DAYS

USUAL_DAYS = 14


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


def until_field() -> Any:
    """The last day of a request."""
    return forms.DateField(
        label="Last day", input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d %m %Y", "%d %B %Y"],
        help_text=f"It ends at 23:59. At most {MAX_DAYS} days from today",
        error_messages={"required": "Enter the last day", "invalid": "Enter a real date"},
        widget=forms.DateInput(
            format="%Y-%m-%d", attrs={"type": "date", "class": "govuk-input govuk-input--width-10"}
        ),
    )  # fmt: skip


def end_of(day: Any) -> datetime:
    """23:59 of that day, here."""
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


def usual() -> Any:
    """The day that stands in the form first."""
    return timezone.localdate() + timedelta(days=USUAL_DAYS)


class Until(forms.Form):
    """Until when a new link holds."""

    until = until_field()


class RequestForm(forms.Form):
    """One named person, what for, and until when."""

    requester = _text("Name", 120, required="Enter the name of the person you ask",
                      hint="One person, like Jordan Ellis")  # fmt: skip
    organisation = _text("Organisation", 120, hint="Leave it empty for a member of the public")
    email = forms.EmailField(
        label="E-mail address", max_length=254,
        help_text="The link goes there, and the code with which they show that it is them",
        error_messages={
            "required": "Enter an e-mail address",
            "invalid": "Enter an e-mail address like name@example.com",
        },
        widget=forms.EmailInput(attrs={"class": "govuk-input", "autocomplete": "off"}),
    )  # fmt: skip
    purpose = forms.CharField(
        label="What you ask for, and why", max_length=500,
        help_text="They read this. Use plain words, and nothing that they may not know",
        error_messages={
            "required": "Enter what you ask for, and why",
            "max_length": "Use 500 characters or fewer",
            "null_characters_not_allowed": "Enter it without odd characters",
        },
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": 4}),
    )  # fmt: skip
    case = _text("Case", 40, width=20,
                 hint="Its URN, if there is one. They don't see it; what is accepted is linked "
                      "to it")  # fmt: skip
    until = until_field()

    def __init__(self, data: Any = None, *, user: User, **more: Any) -> None:
        super().__init__(data, **more)
        self.user = user

    def clean_case(self) -> Case | None:
        """A case that this person may see; every other is none."""
        asked = self.cleaned_data["case"].strip()
        if not asked:
            return None
        try:
            return find(self.user, asked)
        except Case.DoesNotExist:
            raise forms.ValidationError(
                f"There is no case {asked} that you can see. Check the URN."
            ) from None

    def clean_until(self) -> datetime:
        """The end of that day."""
        return end_of(self.cleaned_data["until"])

    @property
    def wish(self) -> Wish:
        """What was filled in. Of a valid form."""
        return Wish(**self.cleaned_data)
