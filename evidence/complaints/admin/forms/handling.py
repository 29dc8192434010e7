"""Forms of allegations, handling, referral and the review body."""

from __future__ import annotations

from django import forms

from evidence.complaints import bodies, referral
from evidence.complaints.access import may_handle
from evidence.complaints.admin import fields
from evidence.complaints.admin.forms.base import ActForm
from evidence.complaints.models import (
    Category,
    Complaint,
    Question,
    Referral,
)


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
