"""Fields that the forms of a complaint share: days, times, people, footage, yes or no."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from evidence.people.models import User
from evidence.recordings.access import find
from evidence.recordings.models import Recording

MOST_PEOPLE = 200
INPUT = (
    "border border-base-200 bg-white font-medium rounded-default px-3 py-2 shadow-xs w-full "
    "max-w-2xl text-font-default-light"
)


def day(label: str, **more: Any) -> forms.DateField:
    """A day, in the browser's own field."""
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": INPUT})
    wrong = {"invalid": "Enter a day like 22/11/2026", "required": "Enter the day"}
    return forms.DateField(label=label, widget=widget, error_messages=wrong, **more)


def moment(label: str, **more: Any) -> forms.DateTimeField:
    """A day and a time, London's, to the second."""
    widget = forms.DateTimeInput(
        format="%Y-%m-%dT%H:%M:%S", attrs={"type": "datetime-local", "step": "1", "class": INPUT}
    )
    wrong = {"invalid": "Enter a day and a time like 22/11/2026 22:14",
             "required": "Enter the day and the time"}  # fmt: skip
    return forms.DateTimeField(label=label, widget=widget, error_messages=wrong, **more)


def line(label: str, *, required: str = "", **more: Any) -> forms.CharField:
    """One line of text; `required` is what to say where it is missing."""
    return _text(label, UnfoldAdminTextInputWidget(), required, more)


def text(label: str, *, required: str = "", rows: int = 4, **more: Any) -> forms.CharField:
    """Several lines."""
    return _text(label, UnfoldAdminTextareaWidget(attrs={"rows": rows}), required, more)


def _text(label: str, widget: Any, required: str, more: dict[str, Any]) -> forms.CharField:
    wrong = {"required": required}
    return forms.CharField(
        label=label, widget=widget, required=bool(required), error_messages=wrong, **more
    )


def choice(label: str, choices: Any, *, required: str = "", **more: Any) -> forms.ChoiceField:
    """One of a list; none of it is chosen for anybody."""
    return forms.ChoiceField(
        label=label, choices=[("", "Choose"), *choices], widget=UnfoldAdminSelectWidget,
        required=bool(required),
        error_messages={"required": required, "invalid_choice": "Choose from the list"}, **more,
    )  # fmt: skip


def one_of(label: str, rows: Any, *, required: str = "", **more: Any) -> forms.ModelChoiceField:  # type: ignore[type-arg]
    """One of some rows."""
    return forms.ModelChoiceField(
        rows, label=label, widget=UnfoldAdminSelectWidget, required=bool(required),
        error_messages={"required": required, "invalid_choice": "Choose from the list"}, **more,
    )  # fmt: skip


def yes_or_no(label: str, *, required: str = "Answer yes or no", **more: Any) -> forms.ChoiceField:
    """Two radios; neither is chosen for anybody."""
    return forms.ChoiceField(
        label=label, choices=[("yes", "Yes"), ("no", "No")], widget=UnfoldAdminRadioSelectWidget,
        required=bool(required), error_messages={"required": required}, **more,
    )  # fmt: skip


class PeopleField(forms.CharField):
    """Officers, by collar number or user name; nobody picks one of 33,000 from a list."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 2})

    def __init__(self, **more: Any) -> None:
        super().__init__(
            help_text=more.pop("help_text", "Collar numbers, with spaces or commas between"), **more
        )

    def to_python(self, value: Any) -> Any:
        """The people. Raises ValidationError with each that is not there."""
        words = str(super().to_python(value) or "").replace(",", " ").split()
        words = list(dict.fromkeys(word.lower() for word in words))
        if len(words) > MOST_PEOPLE:
            raise forms.ValidationError(f"Enter at most {MOST_PEOPLE} officers.")
        # What the database can't be asked is nobody's number either.
        asked = [word for word in words if word.isprintable()]
        wanted = Q(username__in=asked) | Q(collar__in=[*asked, *(word.upper() for word in asked)])
        found: dict[str, User] = {}
        for person in User.objects.filter(wanted) if asked else []:
            found[person.username] = person
            if person.collar:
                found[person.collar.lower()] = person
        missing = [word for word in words if word not in found]
        if missing:
            raise forms.ValidationError(
                [f"Nobody here has the collar number {word[:30]}. Check it." for word in missing]
            )
        return list({found[word].pk: found[word] for word in words}.values())

    def prepare_value(self, value: Any) -> Any:
        """As it was typed."""
        if isinstance(value, list):
            return " ".join(person.collar or person.username for person in value)
        return value


def footage(user: User, typed: str) -> list[Recording]:
    """Recordings by reference, as this person may see them. Raises ValidationError."""
    found = []
    for reference in typed.replace(",", " ").split()[:50]:
        try:
            found.append(find(user, reference))
        except Recording.DoesNotExist:
            raise forms.ValidationError(
                f"There is nothing at {reference[:20]} that you can see. Check it."
            ) from None
    return found
