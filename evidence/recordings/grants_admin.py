"""Opening recordings to people, and restricting them, in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from evidence.people.actions import NotAllowed
from evidence.people.office import ChangingAdmin, OfficeAdmin, staff
from evidence.people.reason import ask
from evidence.recordings import grants
from evidence.recordings.models import Grant, Recording, Restricted


class GrantForm(forms.ModelForm):  # type: ignore[type-arg]
    """By reference: a list to choose from would tell what there is."""

    reference = forms.CharField(
        label="Recording", max_length=12, help_text="Like R-7K3M-9QXD",
        widget=UnfoldAdminTextInputWidget,
    )  # fmt: skip

    class Meta:
        model = Grant
        fields = ("person", "until", "reason")

    def clean_reference(self) -> Recording:
        """The recording, where the person asking may open it."""
        try:
            return grants.known_to(getattr(self, "user"), self.cleaned_data["reference"].strip())
        except NotAllowed as error:
            raise forms.ValidationError(str(error)) from None


@admin.register(Grant)
class GrantAdmin(ChangingAdmin):
    """Who was opened what, why and until when. Never changed: ended, and made anew."""

    form = GrantForm
    proved_again = True
    list_display = ("recording", "person", "reason", "created", "until", "ended_at", "granted_by")
    list_select_related = ("recording", "person", "granted_by")
    search_fields = ("recording__reference__iexact", "person__collar__iexact")
    autocomplete_fields = ("person",)
    fields = ("reference", "person", "until", "reason")
    actions_detail = ("end_grant",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A grant that was given stands as it was."""
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What was said, to read; the form for a new one."""
        return self.list_display if obj else self.fields

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False,
                 **more: Any) -> Any:  # fmt: skip
        """The form knows who asks."""
        form = super().get_form(request, obj, change, **more)
        return type("GrantForm", (form,), {"user": staff(request)})

    def save_model(self, request: HttpRequest, obj: Grant, form: Any, change: bool) -> None:
        """Through the action; its refusals were asked for in the form."""
        made = grants.grant(
            by=staff(request), recording=form.cleaned_data["reference"], person=obj.person,
            until=obj.until, reason=obj.reason,
        )  # fmt: skip
        obj.pk = made.pk
        obj.recording = made.recording

    def changeform_view(self, request: HttpRequest, *args: Any, **more: Any) -> Any:
        """What the action refuses comes back as a sentence, with nothing saved."""
        try:
            return super().changeform_view(request, *args, **more)
        except (NotAllowed, ValueError) as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())

    def has_end_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Asks the table."""
        return staff(request).may("recording.grant")

    @action(description="End", url_path="end", permissions=["end"])  # type: ignore[untyped-decorator]
    def end_grant(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why, then end it."""
        row = Grant.objects.select_related("recording", "person").get(pk=object_id)
        back = reverse("admin:recordings_grant_changelist")
        why = ask(request, f"End what was opened to {row.person}", "End",
                  f"{row.person} no longer sees {row.recording} by this.", back,
                  proved_again=True)  # fmt: skip
        if isinstance(why, HttpResponse):
            return why
        grants.end(by=staff(request), grant=row, reason=why)
        return HttpResponseRedirect(back)


@admin.register(Restricted)
class RestrictedAdmin(OfficeAdmin):
    """What is restricted, and lifting that: by reference and ground, nothing of what is in it."""

    list_display = ("reference", "restricted", "created")
    list_filter = ("restricted",)
    ordering = ("-id",)
    search_fields = ("reference__iexact",)
    fields = list_display
    readonly_fields = fields
    actions_detail = ("lift",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Of other people's recordings: nobody lifts what is restricted on their own footage."""
        rows = Restricted.objects.exclude(restricted__in=("", "outside")).filter(joined_into=None)
        return rows.exclude(officer=staff(request))

    def has_lift_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Asks the table."""
        return staff(request).may("recording.grant")

    @action(description="Lift", url_path="lift", permissions=["lift"])  # type: ignore[untyped-decorator]
    def lift(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why, then lift it; a different person than who restricted it."""
        row = get_object_or_404(self.get_queryset(request), pk=object_id)
        back = reverse("admin:recordings_restricted_changelist")
        why = ask(request, f"Lift the restriction of {row.reference}", "Lift",
                  "Then everybody sees it whose role and unit let them.", back,
                  proved_again=True)  # fmt: skip
        if isinstance(why, HttpResponse):
            return why
        try:
            grants.unrestrict(by=staff(request), recording=row, reason=why)
            messages.success(request, f"{row.reference} is not restricted any more.")
        except (NotAllowed, ValueError) as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(back)
