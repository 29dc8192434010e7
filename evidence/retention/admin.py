"""Holds in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action

from evidence.people.actions import NotAllowed
from evidence.people.office import OfficeAdmin, staff
from evidence.retention import actions
from evidence.retention.models import Hold


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


@admin.register(Hold)
class HoldAdmin(OfficeAdmin):
    """What is held, why, and whether the store says so too."""

    list_display = ("recording", "kind", "reason", "set_by", "set_at", "in_store", "released_at")
    list_select_related = ("recording", "set_by")
    list_filter = (OpenFilter, "kind", "in_store")
    search_fields = ("recording__reference__iexact", "reference__iexact")
    fields = (
        "recording", "kind", "reference", "reason", "set_by", "set_at", "in_store",
        "released_at", "released_by", "release_reason",
    )  # fmt: skip
    readonly_fields = fields
    actions_detail = ("release_hold",)

    def has_release_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Asks the table."""
        return staff(request).may("hold.release")

    @action(description="Release", url_path="release", permissions=["release"])  # type: ignore[untyped-decorator]
    def release_hold(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """A page with consequence and reason, then the act."""
        from evidence.people.reason import ask

        hold = Hold.objects.select_related("recording").get(pk=object_id)
        back = reverse("admin:retention_hold_change", args=[object_id])
        reason = ask(request, f"Release the hold on {hold.recording}", "Release",
                     "After this, nothing of this hold keeps the footage.", back)  # fmt: skip
        if isinstance(reason, HttpResponse):
            return reason
        try:
            actions.release(by=staff(request), hold=hold, reason=reason)
            messages.success(request, "Released.")
        except (NotAllowed, ValueError) as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(back)
