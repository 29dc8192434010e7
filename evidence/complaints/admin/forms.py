"""The form of each act on a complaint. Forms read and check; the acts decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from evidence.complaints import bodies, referral
from evidence.complaints.access import may_handle
from evidence.complaints.actions.recording import check_dates, check_recorder
from evidence.complaints.admin import fields
from evidence.complaints.models import (
    BodyChoice,
    Category,
    Complaint,
    Finding,
    Measure,
    Named,
    Question,
    Referral,
    Review,
    Wording,
)
from evidence.people.actions import NotAllowed
from evidence.people.models import User


class ActForm(forms.Form):
    """A form of one complaint, which knows who asks."""

    def __init__(self, *args: Any, user: User, complaint: Complaint, **more: Any) -> None:
        self.user, self.complaint = user, complaint
        super().__init__(*args, **more)
        self.build()
        for field in self.fields.values():
            # What the database can't keep is refused here, in words.
            if isinstance(field, forms.CharField) and field.max_length is None:
                field.validators.append(MaxLengthValidator(20_000))

    def build(self) -> None:
        """Fields that depend on the complaint."""

    def people(self) -> Any:
        """The officers who are named in it."""
        return User.objects.filter(pk__in=self.complaint.named.values("officer"))


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


class _NamedChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.officer.short} ({obj.get_part_display().lower()})"


def _named(label: str, rows: Any) -> forms.ModelChoiceField:  # type: ignore[type-arg]
    return _NamedChoice(
        rows, label=label, widget=UnfoldAdminSelectWidget,
        error_messages={"required": "Choose the officer", "invalid_choice": "Choose the officer"},
    )  # fmt: skip


class AllegeForm(ActForm):
    """One allegation, its category and whom it is about."""

    words = fields.text("What is alleged", required="Enter what is alleged")

    def build(self) -> None:
        """Categories that are in use."""
        self.fields["category"] = fields.one_of(
            "Category", Category.objects.filter(active=True), required="Choose the category"
        )
        self.fields["officers"] = forms.ModelMultipleChoiceField(
            self.people(), required=False, label="Officers",
            widget=forms.CheckboxSelectMultiple(), help_text="Empty: not said of whom",
        )  # fmt: skip
        self.order_fields(["category", "words", "officers"])


class WithdrawForm(ActForm):
    """An allegation that is set aside."""

    reason = fields.line("Why", required="Enter why it is set aside", max_length=300)

    def build(self) -> None:
        """Those that stand."""
        rows = self.complaint.allegations.filter(withdrawn_at=None).select_related("category")
        self.fields["allegation"] = fields.one_of("Allegation", rows, required="Choose it")
        self.order_fields(["allegation", "reason"])


class HandForm(ActForm):
    """Who handles it and how; only people who have nothing to do with it are offered."""

    handling = fields.choice("How it is handled", Complaint.Handling.choices,
                             required="Say how it is handled")  # fmt: skip
    severity = fields.choice(
        "How grave", Complaint.Severity.choices, required="Say how grave it is"
    )

    def build(self) -> None:
        """Two lists of people."""
        self.fields["handler"] = fields.one_of(
            "Handler", may_handle(self.complaint, "complaint.change")
        )
        self.fields["authority"] = fields.one_of(
            "Appropriate authority", may_handle(self.complaint, "complaint.decide")
        )
        self.order_fields(["handler", "authority", "handling", "severity"])


class AnswerForm(ActForm):
    """The checklist: a yes or no for each question, with a reason where there is one."""

    def build(self) -> None:
        """The questions that are in use, answered as they were."""
        known = referral.answers_of([self.complaint.pk]).get(self.complaint.pk, {})
        self.questions = list(Question.objects.filter(active=True))
        for question in self.questions:
            answer = known.get(question.pk)
            said = ("yes" if answer.yes else "no") if answer else None
            hint = " ".join(part for part in (question.help, f"({question.source})") if part)
            self.fields[f"q{question.pk}"] = fields.yes_or_no(
                question.words, required="", initial=said, help_text=hint
            )
            self.fields[f"r{question.pk}"] = fields.line(
                "Why", max_length=500, initial=answer.reason if answer else ""
            )

    @property
    def answers(self) -> dict[Question, tuple[bool, str]]:
        """What was answered; a question that was left open stays open."""
        return {
            question: (said == "yes", self.cleaned_data.get(f"r{question.pk}") or "")
            for question in self.questions
            if (said := self.cleaned_data.get(f"q{question.pk}"))
        }


class IncidentForm(ActForm):
    """Another complaint of the same incident."""

    other = fields.line("Complaint", required="Enter a reference like PC/1234/26", max_length=20)
    linked = fields.choice("It is", [("yes", "Of the same incident"),
                                     ("no", "Not after all: this one leaves it")],
                           required="Choose which")  # fmt: skip


class ReferForm(ActForm):
    """That it went to the IOPC."""

    on = fields.day("Referred on")
    iopc_reference = fields.line("The IOPC's reference", max_length=40)


class ReferralAnswerForm(ActForm):
    """What the IOPC decided."""

    answered = fields.choice(
        "What the IOPC decided", [row for row in Referral.Answered.choices if row[0]],
        required="Choose what the IOPC decided",
    )  # fmt: skip
    iopc_reference = fields.line("The IOPC's reference", max_length=40)


class BodyForm(ActForm):
    """What the complaint itself does not say of who would review."""

    def build(self) -> None:
        """The questions that a person answers."""
        chosen = self.complaint.body_choices.order_by("-chosen_at", "-id").first()
        for name, words in bodies.ASKED.items():
            said = ("yes" if chosen.facts.get(name) else "no") if chosen else None
            self.fields[name] = fields.yes_or_no(words, initial=said)

    @property
    def asked(self) -> dict[str, bool]:
        """The answers."""
        return {name: self.cleaned_data[name] == "yes" for name in bodies.ASKED}


class ProposeForm(ActForm):
    """A finding, in the words that the rules have for this handling."""

    reasons = fields.text("Reasons", required="Enter the reasons for the finding", rows=6)
    learning = fields.text("Learning", rows=2)

    def build(self) -> None:
        """What stands, and the words for it."""
        rows = self.complaint.allegations.filter(withdrawn_at=None).select_related("category")
        words = Wording.objects.filter(active=True)
        fit = [row.pk for row in words if self.complaint.handling in row.handlings.split()]
        self.fields["allegation"] = fields.one_of("Allegation", rows, required="Choose it")
        self.fields["wording"] = fields.one_of(
            "Finding", words.filter(pk__in=fit), required="Choose the finding"
        )
        self.order_fields(["allegation", "wording", "reasons", "learning"])


class _FindingChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.allegation.number}: {obj.wording} (by {obj.proposed_by.short})"


class DecideForm(ActForm):
    """Whether a finding stands."""

    agree = fields.choice("Decision", [("yes", "It stands"), ("no", "It goes back")],
                          required="Choose whether it stands")  # fmt: skip
    reason = fields.line("Why it goes back", max_length=500)

    def build(self) -> None:
        """Those that wait."""
        rows = Finding.objects.filter(
            allegation__complaint=self.complaint, allegation__withdrawn_at=None,
            replaced_at=None, decided_at=None,
        ).select_related("allegation", "wording", "proposed_by")  # fmt: skip
        self.fields["finding"] = _FindingChoice(
            rows, label="Finding", widget=UnfoldAdminSelectWidget,
            error_messages={"required": "Choose the finding",
                            "invalid_choice": "Choose the finding"},
        )  # fmt: skip
        self.order_fields(["finding", "agree", "reason"])


class SureForm(ActForm):
    """Nothing to fill in: the button is the act."""


class MeasureForm(ActForm):
    """What followed."""

    kind = fields.choice("What followed", Measure.Kind.choices, required="Choose what followed")
    words = fields.text("What was agreed", required="Enter what was agreed")
    footage = fields.line("Footage it is about", max_length=600,
                          help_text="References like R-7K3M-9QXD, with spaces between")  # fmt: skip
    due_on = fields.day("To be done by", required=False)

    def build(self) -> None:
        """For one of the officers, or the force."""
        self.fields["officer"] = fields.one_of("Officer", self.people())
        self.order_fields(["kind", "officer", "words", "footage", "due_on"])

    def clean_footage(self) -> Any:
        """What this person may see."""
        return fields.footage(self.user, self.cleaned_data["footage"])


class MeasureDoneForm(ActForm):
    """What came of it."""

    done_on = fields.day("Done on")
    report = fields.text("What came of it", required="Enter what came of it")

    def build(self) -> None:
        """Those that are open."""
        rows = self.complaint.measures.filter(done_on=None)
        self.fields["measure"] = fields.one_of("What followed", rows, required="Choose it")
        self.order_fields(["measure", "done_on", "report"])


class ReviewForm(ActForm):
    """An application for a review."""

    body = fields.choice("To whom", [row for row in BodyChoice.Body.choices if row[0] != "none"],
                         required="Choose to whom")  # fmt: skip
    applied_on = fields.day("Asked for on")
    wrong_body_days = forms.IntegerField(
        label="Days at the wrong body", initial=0, min_value=0, max_value=366,
        widget=UnfoldAdminTextInputWidget, help_text="They don't count against the 28",
        error_messages={"required": "Enter a number of days, or 0"},
    )  # fmt: skip
    grounds = fields.text("Grounds")
    late_reason = fields.line("Why it is taken, where it came late", max_length=300)

    def build(self) -> None:
        """The body that was chosen comes first."""
        chosen = self.complaint.body_choices.order_by("-chosen_at", "-id").first()
        if chosen is not None:
            self.fields["body"].initial = chosen.body


class _ReviewChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"Asked for on {obj.applied_on:%-d %b %Y}, {obj.get_body_display()}"


class ReviewDecisionForm(ActForm):
    """What the body decided."""

    decision = fields.choice("Decision", [row for row in Review.Decision.choices if row[0]],
                             required="Choose what was decided")  # fmt: skip
    decided_on = fields.day("Decided on")
    recommendations = fields.text("Recommendations")

    def build(self) -> None:
        """Those that wait."""
        self.fields["review"] = _ReviewChoice(
            self.complaint.reviews.filter(decision=""), label="Review",
            widget=UnfoldAdminSelectWidget,
            error_messages={"required": "Choose the review",
                            "invalid_choice": "Choose the review"},
        )  # fmt: skip
        self.order_fields(["review", "decision", "decided_on", "recommendations"])


class ReleaseForm(ActForm):
    """Why the footage need not be kept for this any more."""

    reason = fields.line("Why", max_length=300, required="Enter why it need not be kept any more")
