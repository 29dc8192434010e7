"""Complaints in the admin: recording one holds its footage."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from evidence.complaints import actions
from evidence.complaints.access import visible_to
from evidence.complaints.models import Complaint
from evidence.people.models import User
from evidence.people.office import ChangingAdmin, staff
from evidence.recordings.access import named_to
from evidence.recordings.models import Recording
from evidence.retention.models import Hold


class ComplaintForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whoever is named in a complaint can't record it."""

    about = forms.ModelMultipleChoiceField(
        User.objects.all(), label="Officers", help_text="Who it is about, and who was there"
    )

    class Meta:
        model = Complaint
        fields = ("reference", "received", "complainant", "account", "start", "end")

    def clean(self) -> dict[str, Any]:
        """Refuse before anything is written."""
        found = super().clean() or {}
        if getattr(self, "user") in (found.get("about") or []):
            self.add_error(
                "about", "You are named in this complaint: somebody else has to record it."
            )
        return found


@admin.register(Complaint)
class ComplaintAdmin(ChangingAdmin):
    """Once recorded, a complaint is not changed here."""

    form = ComplaintForm
    list_display = ("reference", "received", "complainant", "recorded_by")
    list_select_related = ("recorded_by",)
    search_fields = ("reference__iexact", "complainant")
    fields = (
        "reference", "received", "complainant", "account", "about", "start", "end", "held",
    )  # fmt: skip
    readonly_fields = ("held",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The record of a complaint stands; corrections come with the whole process."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Complaint]:
        """Never one that names the reader."""
        return visible_to(staff(request))

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **more: Any
    ) -> Any:
        """The form knows who asks."""
        form = super().get_form(request, obj, change, **more)
        return type("ComplaintForm", (form,), {"user": staff(request)})

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """With who reads it: footage is named to those who may see it."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.reader = staff(request)
        return found

    @admin.display(description="Footage held")
    def held(self, complaint: Complaint) -> str:
        """Every recording that this complaint keeps."""
        if complaint.pk is None:
            return "Saving holds the footage of these officers in this time, also what comes later."
        held = Hold.objects.filter(
            kind="complaint", reference=complaint.reference, released_at=None
        )
        shown, others = named_to(
            getattr(complaint, "reader"), Recording.objects.filter(pk__in=held.values("recording"))
        )
        holds = held.filter(recording__in=shown).select_related("recording")
        rows = format_html_join(
            "", '<li><a href="{}">{}</a> {}</li>',
            ((hold.recording.get_absolute_url(), hold.recording,
              "" if hold.in_store else "(the store is being told)") for hold in holds),
        )  # fmt: skip
        if rows or others:
            return format_html("<ul>{}</ul>{}", rows, others)
        return "None yet: it is held when it arrives."

    def save_model(self, request: HttpRequest, obj: Complaint, form: Any, change: bool) -> None:
        """Record and hold, in one transaction."""
        _, held = actions.record_complaint(
            by=staff(request), complaint=obj, officers=form.cleaned_data["about"]
        )
        messages.info(request, f"{len(held)} recordings are held.")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The action has done it."""
