"""Holds in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from evidence.people.actions import NotAllowed
from evidence.people.office import OfficeAdmin, staff
from evidence.recordings.access import visible_to as recordings_visible_to
from evidence.recordings.models import Recording
from evidence.retention import actions, review
from evidence.retention.models import BY_PEOPLE, Hold, Unassigned


class OpenFilter(admin.SimpleListFilter):
    """In force, or released."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two."""
        return [("open", "In force"), ("released", "Released")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        if self.value() in ("open", "released"):
            return queryset.filter(released_at__isnull=self.value() == "open")
        return queryset


class OwnerFilter(admin.SimpleListFilter):
    """Whoever answers for it."""

    title = "who answers for it"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Oneself, and nobody."""
        return [("mine", "Me"), ("nobody", "Nobody any more")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        if self.value() == "mine":
            return queryset.filter(owner=staff(request))
        return queryset.filter(review.ownerless()) if self.value() == "nobody" else queryset


class ReviewFilter(admin.SimpleListFilter):
    """Past its review date, or soon."""

    title = "review"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two."""
        return [("due", "Within 14 days, or overdue"), ("overdue", "Overdue")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        if self.value() not in ("due", "overdue"):
            return queryset
        rows = review.due(queryset)
        return rows if self.value() == "due" else rows.filter(review_on__lt=timezone.localdate())


@admin.register(Hold)
class HoldAdmin(OfficeAdmin):
    """What is held, why, and whether the store says so too."""

    list_display = (
        "recording", "kind", "reason", "owner", "review_on", "set_at", "in_store", "released_at",
    )  # fmt: skip
    list_select_related = ("recording", "owner")
    list_filter = (OpenFilter, "kind", OwnerFilter, ReviewFilter, "in_store")
    search_fields = ("recording__reference__iexact", "reference__iexact")
    fields = (
        "recording", "kind", "reference", "reason", "set_by", "set_at", "owner", "review_on",
        "in_store", "released_at", "released_by", "release_reason",
    )  # fmt: skip
    readonly_fields = fields
    actions_detail = ("release_hold",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        """What this person may know of."""
        return actions.visible_to(staff(request)).select_related(
            "recording", "set_by", "owner", "released_by"
        )

    def has_release_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Asks the table."""
        return staff(request).may("hold.release")

    @action(description="Release", url_path="release", permissions=["release"])  # type: ignore[untyped-decorator]
    def release_hold(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """To the page on which two people release what people set. What a case or a complaint set
        is released here with consequence and reason, as far as those let go of it."""
        from evidence.people.reason import ask

        hold = get_object_or_404(actions.visible_to(staff(request)), pk=object_id)
        if hold.kind in BY_PEOPLE:
            return HttpResponseRedirect(hold.get_absolute_url())
        back = reverse("admin:retention_hold_change", args=[object_id])
        reason = ask(request, f"Release the hold on {hold.recording}", "Release",
                     "After this, nothing of this hold keeps the footage.", back,
                     proved_again=True)  # fmt: skip
        if isinstance(reason, HttpResponse):
            return reason
        try:
            actions.release(by=staff(request), hold=hold, reason=reason)
            messages.success(request, "Released.")
        except (NotAllowed, ValueError) as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(back)


class AssignForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who recorded it, and how that is known."""

    reason = forms.CharField(
        max_length=300, widget=UnfoldAdminTextInputWidget,
        help_text="How it is known who recorded it",
    )  # fmt: skip

    class Meta:
        model = Unassigned
        fields = ("officer",)


@admin.register(Unassigned)
class UnassignedAdmin(OfficeAdmin):
    """Footage that the camera's issue could not give to anybody."""

    form = AssignForm
    list_display = ("reference", "camera", "happened_at", "unassigned_because")
    ordering = ("happened_at",)
    autocomplete_fields = ("officer",)
    fields = ("reference", "camera", "happened_at", "unassigned_because", "officer", "reason")
    readonly_fields = ("reference", "camera", "happened_at", "unassigned_because")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What this person may assign."""
        visible = recordings_visible_to(staff(request), "recording.assign")
        return Unassigned.objects.filter(pk__in=visible.filter(officer=None).values("pk"))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Asks the table."""
        return staff(request).may("recording.assign")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Asks the table."""
        return staff(request).may("recording.assign")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **more: Any
    ) -> Any:
        """An officer has to be named."""
        form = super().get_form(request, obj, change, **more)
        form.base_fields["officer"].required = True
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the action."""
        actions.assign(
            by=staff(request),
            recording=Recording.objects.get(pk=obj.pk),
            officer=form.cleaned_data["officer"],
            reason=form.cleaned_data["reason"],
        )
