"""Cameras, docks and issues in the admin."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import action

from evidence.people.actions import NotAllowed
from evidence.people.office import ChangingAdmin, keep, staff
from evidence.people.reason import ask
from ingest.devices import actions
from ingest.devices.models import Camera, Dock, Issue, Made


class DeviceAdmin(ChangingAdmin):
    """Every change is an event: who has which camera decides who sees its footage."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Devices: what stands for a request is nobody's to change."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(kind=Made.DEVICE) if self.model in (Camera, Dock) else rows

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save and record."""
        keep(request, obj, form, "device.changed")


@admin.register(Camera)
class CameraAdmin(DeviceAdmin):
    """The force's cameras, and those that turned up unlisted."""

    list_display = ("serial", "model", "listing", "note")
    list_filter = ("listed",)
    search_fields = ("serial__istartswith",)

    @admin.display(description="On the list", ordering="listed")
    def listing(self, camera: Camera) -> str:
        """Whether the force listed it."""
        colour, words = ("green", "Listed") if camera.listed else ("amber", "Not on the list")
        return format_html('<span class="tag tag-{}">{}</span>', colour, words)


@admin.register(Dock)
class DockAdmin(DeviceAdmin):
    """Docks: enrol by a code, revoke, see who has reported."""

    list_display = ("name", "site", "state_", "last_seen", "agent")
    search_fields = ("name", "site")
    fields = ("name", "site", "screen_size", "state_", "enrolled_at", "last_seen", "agent")
    readonly_fields = ("state_", "enrolled_at", "last_seen", "agent")
    actions_detail = ("make_code", "make_screen_code", "revoke_dock")

    @admin.display(description="State")
    def state_(self, dock: Dock) -> str:
        """Enrolled, silent, revoked or never enrolled."""
        if dock.revoked_at:
            colour, words = "grey", "Revoked"
        elif not dock.enrolled_at:
            colour, words = "amber", "Not enrolled yet"
        elif dock.last_seen and (timezone.now() - dock.last_seen).total_seconds() < 60:
            colour, words = "green", "Reporting"
        else:
            colour, words = "amber", "Silent. Check power and network"
        return format_html('<span class="tag tag-{}">{}</span>', colour, words)

    def has_enrol_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Asks the table."""
        return staff(request).may("device.change")

    @action(description="Enrol", url_path="code", permissions=["enrol"])  # type: ignore[untyped-decorator]
    def make_code(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask, then show a code once. By POST: a link must not make codes."""
        dock = Dock.objects.get(pk=object_id, kind=Made.DEVICE)
        back = reverse("admin:devices_dock_change", args=[object_id])
        consequence = "A dock that enrols with the code replaces the one enrolled before."
        reason = ask(
            request, f"Enrol {dock.name}", "Make a code", consequence, back, proved_again=True
        )
        if isinstance(reason, HttpResponse):
            return reason
        code = actions.make_code(name=dock.name, by=staff(request), reason=reason)
        messages.info(request, f"Code for {dock.name}: {code} (once, within 15 minutes)")
        return HttpResponseRedirect(back)

    @action(description="Screen code", url_path="screen", permissions=["enrol"])  # type: ignore[untyped-decorator]
    def make_screen_code(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why, then show a code once that signs the dock's screen in."""
        dock = Dock.objects.get(pk=object_id, kind=Made.DEVICE)
        back = reverse("admin:devices_dock_change", args=[object_id])
        consequence = "A screen of this dock that is signed in now is signed out."
        title = f"Screen code for {dock.name}"
        reason = ask(request, title, "Make a code", consequence, back, proved_again=True)
        if isinstance(reason, HttpResponse):
            return reason
        try:
            code = actions.make_screen_code(dock=dock, by=staff(request), reason=reason)
            where = f"{settings.PUBLIC_URL}/docks/open/"
            messages.info(request, f"{title}: {code} (once, within 15 minutes, at {where})")
        except (NotAllowed, actions.DeviceError) as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(back)

    @action(description="Revoke", url_path="revoke", permissions=["enrol"])  # type: ignore[untyped-decorator]
    def revoke_dock(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why, then end its token."""
        dock = Dock.objects.get(pk=object_id, kind=Made.DEVICE)
        back = reverse("admin:devices_dock_change", args=[object_id])
        reason = ask(request, f"Revoke {dock.name}", "Revoke",
                     "It can't take footage in until it is enrolled again. Its screen is "
                     "signed out.", back, proved_again=True)  # fmt: skip
        if isinstance(reason, HttpResponse):
            return reason
        try:
            actions.revoke(dock=dock, by=staff(request), reason=reason)
            messages.success(request, "Revoked.")
        except NotAllowed as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(back)


@admin.register(Issue)
class IssueAdmin(DeviceAdmin):
    """Who had which camera when."""

    list_display = ("camera", "officer", "start", "end")
    list_select_related = ("camera", "officer")
    search_fields = ("camera__serial__istartswith", "officer__collar__iexact")
    autocomplete_fields = ("camera", "officer")

    @admin.display(description="From")
    def start(self, issue: Issue) -> Any:
        """Included."""
        return issue.period.lower

    @admin.display(description="To")
    def end(self, issue: Issue) -> Any:
        """Not included; none while it is out."""
        return issue.period.upper or "Still out"
