"""Recordings in the admin: what is going on at a glance."""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action

from evidence.people.office import OfficeAdmin, staff
from evidence.people.reason import ask
from evidence.people.requests import address
from evidence.recordings import (
    actions,
    custody_admin,
    finding,
    grants,
    grants_admin,
    keeping,
    package_admin,
    pages,
    reasons,
    rules,
    search,
)
from evidence.recordings.access import visible_to
from evidence.recordings.models import Category, IncidentType, Recording
from evidence.recordings.templatetags.evidence import clock, day, length, media_tag, within


class OfficerFilter(admin.SimpleListFilter):
    """With nobody known, or with somebody."""

    title = "officer"
    parameter_name = "officer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two."""
        return [("none", "Nobody known"), ("known", "Known")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        if self.value() in ("none", "known"):
            return queryset.filter(officer__isnull=self.value() == "none")
        return queryset


@admin.register(Recording)
class RecordingAdmin(OfficeAdmin):
    """Stills, states and progress; opening one is an event."""

    list_display = ("still", "reference", "when", "who", "camera", "what", "state")
    list_display_links = ("reference",)
    list_select_related = ("officer", "category")
    list_filter = ("media", OfficerFilter, "category")
    search_fields = ("reference",)  # shows the box; `get_search_results` looks
    search_help_text = "Words, names, numbers or references. Searching is written down."
    ordering = ("-happened_at", "-id")
    fields = (
        "reference", "page", "who", "camera", "said", "corrected", "happened_at", "length_",
        "what", "note", "state", "media_reason", "unassigned_because", "history_",
    )  # fmt: skip
    readonly_fields = fields
    actions_detail = ("custody_history", "restrict_it")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recording]:
        """What the table lets this person see."""
        return visible_to(staff(request)).select_related("officer", "category")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the same index as everywhere: the newest thousand that match."""
        try:
            return finding.newest(queryset, search_term, staff(request)), False
        except finding.TooBroad as error:
            messages.warning(request, str(error))
            request.too_broad = True  # type: ignore[attr-defined]
            return queryset.none(), False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Sign the stills and read the progress of the page's rows, all at once."""
        changelist = super().get_changelist_instance(request)
        if changelist.query:
            with transaction.atomic():
                found = None if hasattr(request, "too_broad") else changelist.result_count
                finding.note(by=staff(request), query=changelist.query[: search.LONGEST],
                             address=address(request), found=found)  # fmt: skip
        rows = pages.rows(list(changelist.result_list), by=staff(request), address=address(request))
        by_id = {row.recording.pk: row for row in rows}
        for item in changelist.result_list:
            item.row = by_id[item.pk]
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Opening one is a look, and an event."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            reason = reasons.given(request, found)
            if reason is None:
                raise ImmediateHttpResponse(reasons.ask(request, found))
            actions.view(
                by=staff(request), reference=found.reference, address=address(request),
                reason=reason,
            )  # fmt: skip
            found.reader = staff(request)
        return found

    def get_urls(self) -> list[Any]:
        """The custody pages besides."""
        return [*custody_admin.urls(self.admin_site.admin_view), *super().get_urls()]

    def has_custody_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """The whole history is for those who may know of holds."""
        return staff(request).may("hold.view")

    @action(description="Custody history", url_path="history-of-custody", permissions=["custody"])  # type: ignore[untyped-decorator]
    def custody_history(self, request: HttpRequest, object_id: int) -> HttpResponseRedirect:
        """To the timeline."""
        return HttpResponseRedirect(reverse("admin:recordings_recording_custody", args=[object_id]))

    def has_restrict_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Asks the table."""
        return staff(request).may("recording.restrict")

    @action(description="Restrict", url_path="restrict", permissions=["restrict"])  # type: ignore[untyped-decorator]
    def restrict_it(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask which and why, then keep it from all who hold no grant."""
        item = self.get_queryset(request).filter(pk=object_id).first()
        back = reverse("admin:recordings_recording_changelist")
        if item is None:
            raise Http404
        choices = [
            (value, label)
            for value, label in Recording.Restriction.choices
            if value not in ("", "outside")
        ]
        why = ask(
            request, f"Restrict {item}", "Restrict",
            "Nobody sees it after this without a grant, you and who recorded it included.",
            back, proved_again=True, choices=choices,
        )  # fmt: skip
        if isinstance(why, HttpResponse):
            return why
        try:
            grants.restrict(
                by=staff(request), recording=item, kind=request.POST.get("choice", ""), reason=why
            )
        except ValueError as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(back)

    @admin.display(description="Still")
    def still(self, recording: Recording) -> str:
        """A small picture, or nothing."""
        row: pages.Row | None = getattr(recording, "row", None)
        if row is None or not row.still:
            return format_html('<span class="still"></span>')
        return format_html('<img class="still" src="{}" alt="" loading="lazy">', row.still)

    @admin.display(description="Recorded", ordering="happened_at")
    def when(self, recording: Recording) -> str:
        """Day, time and its doubt."""
        return format_html(
            "{} {}<br><small>{}</small>",
            day(recording.happened_at), clock(recording.happened_at),
            within(recording.clock_within),
        )  # fmt: skip

    @admin.display(description="Officer")
    def who(self, recording: Recording) -> str:
        """The officer, or that nobody is known."""
        return recording.officer.short if recording.officer else "Nobody known"

    @admin.display(description="Category")
    def what(self, recording: Recording) -> str:
        """The category, or that it needs one."""
        if recording.category is None:
            return format_html('<span class="tag tag-amber">{}</span>', "Needs category")
        return recording.category.name

    @admin.display(description="State")
    def state(self, recording: Recording) -> str:
        """The viewing copy's state, with progress."""
        row: pages.Row | None = getattr(recording, "row", None)
        if row is not None and row.progress is not None:
            return format_html(
                '{} <progress max="100" value="{}"></progress>',
                media_tag(recording), row.progress,
            )  # fmt: skip
        return media_tag(recording)

    @admin.display(description="Watch it")
    def page(self, recording: Recording) -> str:
        """The page with the player."""
        return format_html(
            '<a href="{}">Open the recording\'s page</a>', recording.get_absolute_url()
        )

    @admin.display(description="Camera said")
    def said(self, recording: Recording) -> str:
        """The camera's own time, never rewritten."""
        return f"{day(recording.recorded_at)} {clock(recording.recorded_at)}"

    @admin.display(description="Corrected")
    def corrected(self, recording: Recording) -> str:
        """The time with the measured error taken out."""
        if recording.clock_offset is None:
            return "Clock not checked"
        return f"{clock(recording.corrected_at)}, {within(recording.clock_within)}"

    @admin.display(description="Length")
    def length_(self, recording: Recording) -> str:
        """In words."""
        return length(recording.duration_ms)

    @admin.display(description="History")
    def history_(self, recording: Recording) -> str:
        """The custody history, newest first."""
        lines = [
            format_html("{} {} {}", day(line.time), clock(line.time), line.words)
            for line in pages.past(recording, getattr(recording, "reader"))[:50]
        ]
        return format_html('<span class="event-body">{}</span>', "\n".join(lines))


@admin.register(Category)
class CategoryAdmin(OfficeAdmin):
    """The force's list, to read. How long each is kept stands with the rules."""

    list_display = ("name", "code", "kept", "active")
    search_fields = ("name",)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the rules read once."""
        changelist = super().get_changelist_instance(request)
        book = rules.book()
        for item in changelist.result_list:
            item.book = book
        return changelist

    @admin.display(description="Kept")
    def kept(self, category: Category) -> str:
        """By the rule for what comes now."""
        return keeping.of_category(category, book=getattr(category, "book", None))


@admin.register(IncidentType)
class IncidentTypeAdmin(OfficeAdmin):
    """What happened: the force's list, to read."""

    list_display = ("name", "code", "active")
    search_fields = ("name",)


__all__ = ["CategoryAdmin", "IncidentTypeAdmin", "RecordingAdmin", "grants_admin", "package_admin"]
