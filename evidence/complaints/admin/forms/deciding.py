"""Forms of findings, what followed, and reviews."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from evidence.complaints.admin import fields
from evidence.complaints.admin.forms.base import ActForm
from evidence.complaints.models import (
    BodyChoice,
    Finding,
    Measure,
    Review,
    Wording,
)


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
