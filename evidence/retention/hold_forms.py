"""What the pages of holds take in: every wrong value is named, and nothing typed is lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from evidence.people import table
from evidence.people.models import User
from evidence.people.table import Scope
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.recordings.models import Recording
from evidence.recordings.references import is_reference
from evidence.retention.actions.arriving import Wish
from evidence.retention.actions.holds import LONGEST_REVIEW, Why, offered_review
from evidence.retention.models import Hold, Kind, Watch
from evidence.retention.places import Place

DATES = ["%Y-%m-%d", "%d/%m/%Y", "%d %m %Y", "%d %b %Y", "%d %B %Y"]
TIMES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M", "%d %b %Y %H:%M"]
MOST_REFERENCES, MOST_OFFICERS, MOST_CAMERAS, MOST_OWNERS = 500, 50, 50, 500
LONGEST = timedelta(days=366)
FURTHEST = 5000
KINDS = [
    (Kind.MANUAL.value, "By hand"),
    (Kind.ACCESS.value, "Subject access"),
    (Kind.COURT.value, "Court order"),
]


def owners() -> list[tuple[str, str]]:
    """Everybody who can answer for a hold, by collar number and name."""
    roles = [role for role in table.ROLES if table.scope([role], "hold.release") > Scope.NONE]
    rows = User.objects.filter(status=User.Status.WORKING, roles__overlap=roles)
    return [(str(row.pk), row.short) for row in rows[:MOST_OWNERS]]


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


def _moment(label: str, words: str) -> Any:
    attrs = {"type": "datetime-local", "class": "govuk-input govuk-input--width-20"}
    return forms.DateTimeField(
        label=label, required=False, input_formats=TIMES,
        error_messages={"invalid": f"Enter a real time for {words}"},
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs=attrs),
    )  # fmt: skip


def _number(label: str, wrong: str, least: float, most: float) -> Any:
    errors = {"invalid": wrong, "min_value": wrong, "max_value": wrong}
    attrs = {"class": "govuk-input govuk-input--width-10", "inputmode": "decimal",
             "autocomplete": "off"}  # fmt: skip
    return forms.FloatField(
        label=label, required=False, min_value=least, max_value=most, error_messages=errors,
        widget=forms.TextInput(attrs=attrs),
    )  # fmt: skip


class _OwnerForm(forms.Form):
    """Who answers for it, and when they look at it again."""

    owner = forms.ChoiceField(
        label="Who answers for it", widget=forms.Select(attrs={"class": "govuk-select"}),
        error_messages={"required": "Select who answers for it",
                        "invalid_choice": "Select somebody of the list"},
    )  # fmt: skip
    review_on = forms.DateField(
        label="Review date", input_formats=DATES,
        help_text="They are told then to look whether it is still needed",
        error_messages={"required": "Enter a review date", "invalid": "Enter a real review date"},
        widget=forms.DateInput(
            format="%Y-%m-%d",
            attrs={"type": "date", "class": "govuk-input govuk-input--width-10"},
        ),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)
        owner.choices = owners()

    def clean_owner(self) -> User:
        """The person."""
        return User.objects.get(pk=int(self.cleaned_data["owner"]))

    def clean_review_on(self) -> Any:
        """After today, and not for ever."""
        given, today = self.cleaned_data["review_on"], timezone.localdate()
        if not today < given <= today + LONGEST_REVIEW:
            last = f"{today + LONGEST_REVIEW:%-d %b %Y}"
            raise forms.ValidationError(f"The review date must be after today and not after {last}")
        return given


class ChangeForm(_OwnerForm):
    """Another owner, another date, and why."""

    reason = _text("Reason", 300, required="Enter why it is changed",
                   hint="Like: looked at it today, still needed")  # fmt: skip
    all_of_it = forms.BooleanField(
        required=False, widget=forms.CheckboxInput(attrs={"class": "govuk-checkboxes__input"})
    )

    @classmethod
    def of(cls, data: Any, thing: Hold | Watch, by: User) -> ChangeForm:
        """As the page opens, or as it was typed."""
        start = {"owner": str(thing.owner_id or by.pk), "review_on": offered_review(),
                 "all_of_it": bool(thing.reference)}  # fmt: skip
        return cls(data, initial=start)


class NewForm(_OwnerForm):
    """What is held, for what, and what of it."""

    kind = forms.ChoiceField(
        label="What for", choices=KINDS, widget=forms.RadioSelect,
        error_messages={"required": "Select what it is held for",
                        "invalid_choice": "Select what it is held for"},
    )  # fmt: skip
    reference = _text(
        "Reference", 40, width=20,
        hint="Of the request or the order, like SAR/12/26. By hand it may be empty",
    )  # fmt: skip
    reason = _text("Reason", 300, required="Enter why it is held",
                   hint="It stands in the custody log, with your name")  # fmt: skip
    references = forms.CharField(
        label="Recordings", required=False, max_length=10_000,
        help_text=f"References like R-7K3M-9QXD, up to {MOST_REFERENCES}",
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": 3, "spellcheck": "false"}),
        error_messages={
            "max_length": f"Enter {MOST_REFERENCES} references or fewer",
            "null_characters_not_allowed": "Enter references without odd characters",
        },
    )  # fmt: skip
    officers = _text("Officers", 500, hint="Collar numbers with spaces between, like 4127 5530")
    cameras = _text("Cameras", 500, hint="Serial numbers with spaces between")
    start = _moment("From", "when it began")
    end = _moment("To", "when it ended")
    latitude = _number("Latitude", "Enter a latitude between -90 and 90, like 51.5079", -90, 90)
    longitude = _number("Longitude", "Enter a longitude between -180 and 180, like -0.1281",
                        -180, 180)  # fmt: skip
    radius = _number("Radius in metres", f"Enter a radius between 1 and {FURTHEST} metres",
                     1, FURTHEST)  # fmt: skip
    later = forms.BooleanField(
        label="Hold what arrives later as well",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "govuk-checkboxes__input"}),
    )

    def __init__(self, data: Any, *, by: User, initial: dict[str, Any]) -> None:
        start = {"owner": str(by.pk), "review_on": offered_review(), "later": True}
        super().__init__(data, initial=start | initial)
        self.by = by
        self.missing: list[str] = []

    def clean_references(self) -> list[int]:
        """The recordings that whoever asks sees; the others stay in `missing`."""
        text = self.cleaned_data["references"].replace(",", " ").replace("\0", " ")
        asked = list(dict.fromkeys(word.strip().upper()[:40] for word in text.split()))
        if len(asked) > MOST_REFERENCES:
            raise forms.ValidationError(f"Enter {MOST_REFERENCES} references or fewer")
        rows: dict[str, int] = {}
        sound = [one for one in asked if is_reference(one)]
        if sound:
            seen = recordings_visible_to(self.by).filter(reference__in=sound)
            rows = dict(seen.values_list("reference", "pk"))
        self.missing = [one for one in asked if one not in rows]
        if asked and not rows:
            raise forms.ValidationError(
                "There is nothing here that you can see. Check the references"
            )
        return [rows[one] for one in asked if one in rows]

    def clean_officers(self) -> list[User]:
        """The people of these numbers; every unknown one is named."""
        asked = _words(self.cleaned_data["officers"])
        if len(asked) > MOST_OFFICERS:
            raise forms.ValidationError(f"Enter {MOST_OFFICERS} collar numbers or fewer")
        rows = User.objects.filter(collar__in={*asked, *(one.lower() for one in asked)})
        known = {(user.collar or "").upper(): user for user in rows}
        missing = [one for one in asked if one not in known]
        if missing:
            numbers = "number" if len(missing) == 1 else "numbers"
            raise forms.ValidationError(
                f"There is nobody with the collar {numbers} {', '.join(missing)[:200]}. Check it"
            )
        return [known[one] for one in asked]

    def clean_cameras(self) -> list[str]:
        """Serial numbers of which there is footage."""
        asked = list(dict.fromkeys(self.cleaned_data["cameras"].replace(",", " ").split()))
        if len(asked) > MOST_CAMERAS:
            raise forms.ValidationError(f"Enter {MOST_CAMERAS} serial numbers or fewer")
        return asked

    def clean(self) -> dict[str, Any]:
        """Recordings that are named, or a search that is whole; not both."""
        found = super().clean() or {}
        if found.get("kind") in (Kind.ACCESS, Kind.COURT) and not found.get("reference"):
            self.add_error("reference", "Enter the reference of the request or the order")
        # What was typed and is wrong was typed all the same: the rest is looked at with it.
        searched = [name for name in ("officers", "cameras", "latitude", "longitude", "radius")
                    if found.get(name) not in (None, [], "") or name in self.errors]  # fmt: skip
        if "references" in self.errors:
            return found
        if found.get("references"):
            if searched:
                self.add_error("references", "Name recordings or search for them, not both")
            return found
        if not searched:
            self.add_error("references", "Name recordings, or officers, cameras or a place")
            return found
        self._whole(found)
        return found

    def _whole(self, found: dict[str, Any]) -> None:
        start, end = found.get("start"), found.get("end")
        for name, words in (("start", "when it began"), ("end", "when it ended")):
            if not found.get(name) and name not in self.errors:
                self.add_error(name, f"Enter {words}")
            elif found.get(name) and not 1900 <= found[name].year <= 2200:
                self.add_error(name, f"Enter a real time for {words}")
        if isinstance(start, datetime) and isinstance(end, datetime):
            if end <= start:
                local = timezone.localtime(start)
                self.add_error("end", f"The end must be after the start, {local:%-d %b %Y %H:%M}")
            elif end - start > LONGEST:
                self.add_error("end", "Narrow it: the time between may be a year at most")
        names = ("latitude", "longitude", "radius")
        given = [name for name in names if found.get(name) is not None]
        for name in names:
            if given and name not in given and name not in self.errors:
                label = str(self.fields[name].label).lower()
                self.add_error(name, f"Enter the {label}: a place needs all three")
        if found.get("later") and found.get("cameras") and not (found.get("officers") or given):
            self.add_error(
                "later", "Name officers or a place: nobody knows yet what a camera will bring"
            )

    @property
    def wish(self) -> Wish:
        """What was asked for, once it is valid."""
        given = self.cleaned_data
        place = None
        if given.get("latitude") is not None:
            place = Place(given["latitude"], given["longitude"], round(given["radius"]))
        why = Why(given["kind"], given["reason"], given["reference"], given["owner"],
                  given["review_on"])  # fmt: skip
        if given["references"]:
            return Wish(why, recordings=given["references"])
        return Wish(
            why, officers=given["officers"], cameras=given["cameras"], start=given["start"],
            end=given["end"], place=place, later=given["later"],
        )  # fmt: skip


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(text.replace(",", " ").replace("\0", " ").upper().split()))


def first(recording: Recording | None) -> dict[str, Any]:
    """What the form begins with where somebody comes from a recording's page."""
    return {"references": recording.reference} if recording else {}
