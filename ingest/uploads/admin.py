"""Uploads and quarantine in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action

from evidence.people.actions import NotAllowed
from evidence.people.office import OfficeAdmin, staff
from evidence.people.reason import ask
from evidence.recordings.templatetags.evidence import size
from ingest.uploads import actions
from ingest.uploads.models import Quarantine, Upload

TAGS = {
    "receiving": "blue", "verifying": "blue", "sealed": "plain", "quarantined": "red",
    "abandoned": "grey",
}  # fmt: skip


@admin.register(Upload)
class UploadAdmin(OfficeAdmin):
    """Every file on its way or arrived."""

    list_display = ("file", "camera", "dock", "size_", "state_", "created")
    list_select_related = ("camera", "dock")
    list_filter = ("state",)
    search_fields = ("camera__serial__iexact", "sha256__iexact")
    search_help_text = "A whole camera serial number or SHA-256"
    ordering = ("-id",)
    fields = (
        "id", "file", "camera", "dock", "size", "sha256", "found_sha256", "state_", "reason",
        "recorded_at", "camera_clock", "dock_clock", "created", "completed_at", "sealed_at",
        "attempts",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="File")
    def file(self, upload: Upload) -> str:
        """The name as the camera gave it, kept from turning the line around."""
        return format_html("<bdi>{}</bdi>", upload.file_id)

    @admin.display(description="Size")
    def size_(self, upload: Upload) -> str:
        """In words."""
        return size(upload.size)

    @admin.display(description="State", ordering="state")
    def state_(self, upload: Upload) -> str:
        """The state field, nothing else."""
        words = upload.get_state_display()
        return format_html('<span class="tag tag-{}">{}</span>', TAGS[upload.state], words)


class ResolvedFilter(admin.SimpleListFilter):
    """What waits for a person."""

    title = "resolved"
    parameter_name = "resolved"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two."""
        return [("open", "Waiting"), ("done", "Resolved")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        if self.value() in ("open", "done"):
            return queryset.filter(resolved_at__isnull=self.value() == "open")
        return queryset


@admin.register(Quarantine)
class QuarantineAdmin(OfficeAdmin):
    """What it claims to be, what it is, and who looked; oldest first."""

    list_display = ("file", "camera", "kind_", "reason", "created", "outcome")
    list_select_related = ("upload__camera", "recording")
    list_filter = (ResolvedFilter, "kind")
    search_fields = ("upload__camera__serial__iexact",)
    fields = (
        "file", "camera", "kind_", "reason", "page", "created", "outcome", "note", "resolved_by",
        "resolved_at",
    )  # fmt: skip
    readonly_fields = fields
    actions_detail = ("accept", "take_again")

    @admin.display(description="File")
    def file(self, row: Quarantine) -> str:
        """The name as the camera gave it."""
        return format_html("<bdi>{}</bdi>", row.upload.file_id)

    @admin.display(description="Camera")
    def camera(self, row: Quarantine) -> str:
        """Its serial number."""
        return row.upload.camera.serial

    @admin.display(description="Kind", ordering="kind")
    def kind_(self, row: Quarantine) -> str:
        """What is wrong."""
        return format_html('<span class="tag tag-red">{}</span>', row.get_kind_display())

    @admin.display(description="Recording")
    def page(self, row: Quarantine) -> str:
        """Where it is kept."""
        if row.recording is None:
            return "It is kept in the store; it has no receipt."
        return row.recording.reference

    def has_resolve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Asks the table."""
        return staff(request).may("quarantine.resolve")

    @action(description="Accept as it is", url_path="accept", permissions=["resolve"])  # type: ignore[untyped-decorator]
    def accept(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Say what was found; the file stays kept."""
        return self._resolve(request, object_id, "accepted", "Accept",
                             "The file stays kept as it came.")  # fmt: skip

    @action(description="Take in again", url_path="again", permissions=["resolve"])  # type: ignore[untyped-decorator]
    def take_again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """For bytes that disagreed: the dock sends the file once more."""
        return self._resolve(
            request, object_id, "again", "Take in again",
            "The dock sends the file once more. The bytes that disagreed stay kept.",
        )  # fmt: skip

    def _resolve(
        self, request: HttpRequest, object_id: int, outcome: str, verb: str, consequence: str
    ) -> HttpResponse:
        row = get_object_or_404(Quarantine.objects.select_related("upload"), pk=object_id)
        back = reverse("admin:uploads_quarantine_change", args=[object_id])
        note = ask(request, verb, verb, consequence, back)
        if isinstance(note, HttpResponse):
            return note
        try:
            actions.resolve(quarantine=row, by=staff(request), outcome=outcome, note=note)
            messages.success(request, "Kept.")
        except (NotAllowed, ValueError) as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(back)
