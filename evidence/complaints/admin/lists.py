"""The list of complaints, overdue first; its pages are in pages.py."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from evidence.complaints.access import visible_to
from evidence.complaints.admin import extra, pages
from evidence.complaints.admin.steps import STEPS
from evidence.complaints.models import Complaint, Finding
from evidence.people.models import User
from evidence.people.office import OfficeAdmin, staff
from evidence.people.table import STANDARDS
from evidence.recordings.templatetags.evidence import tag

MOST_HANDLERS = 100


class HandlerFilter(admin.SimpleListFilter):
    """One's own, nobody's, or somebody's."""

    title = "handler"
    parameter_name = "handler"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The people who could be one, whether they are or not: names tell of no complaint."""
        people = User.objects.filter(status="working", roles__contains=[STANDARDS])
        others = people.exclude(pk=staff(request).pk).order_by("name")[:MOST_HANDLERS]
        return [("mine", "Mine"), ("nobody", "Nobody's"),
                *((str(person.pk), person.short) for person in others)]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        value = self.value() or ""
        if value == "mine":
            return queryset.filter(handler=staff(request))
        if value == "nobody":
            return queryset.filter(handler=None).exclude(status=Complaint.Status.CLOSED)
        if value.isdecimal() and len(value) < 19:
            return queryset.filter(handler=int(value))
        return queryset


class StateFilter(admin.SimpleListFilter):
    """Open ones unless closed ones are asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Open, overdue, due soon, closed, all."""
        return [("overdue", "Overdue"), ("week", "Due within 7 days"),
                ("decide", "With a finding to decide"), ("closed", "Closed"),
                ("all", "All")]  # fmt: skip

    def choices(self, changelist: Any) -> Any:
        """The first is what one gets without asking."""
        for n, choice in enumerate(super().choices(changelist)):
            yield choice | {"display": "Open"} if n == 0 else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow."""
        closed, value = Complaint.Status.CLOSED, self.value()
        if value == "all":
            return queryset
        if value == "closed":
            return queryset.filter(status=closed)
        found = queryset.exclude(status=closed)
        if value == "decide":
            waiting = Finding.objects.filter(replaced_at=None, decided_at=None)
            return found.filter(pk__in=waiting.values("allegation__complaint"))
        return due(found, value) if value in ("overdue", "week") else found


def due(rows: QuerySet[Any], when: str) -> QuerySet[Any]:
    """Open complaints of which a clock has run out, or runs out within `week`.

    The end of the time for a review is the complainant's own: nothing is overdue by it.
    """
    today = timezone.localdate()
    found = rows.exclude(status=Complaint.Status.CLOSED).exclude(next_due_for="review")
    if when == "overdue":
        return found.filter(next_due__lt=today)
    return found.filter(next_due__range=(today, today + timedelta(days=7)))


@admin.register(Complaint)
class ComplaintAdmin(OfficeAdmin):
    """What is overdue first. Every change is an act with a page of its own."""

    list_display = (
        "reference", "due", "state_", "complainant", "severity", "handler_", "received",
    )  # fmt: skip
    list_display_links = ("reference",)
    list_select_related = ("handler",)
    list_filter = (StateFilter, HandlerFilter, "status", "severity")
    search_fields = ("reference__iexact", "complainant")
    search_help_text = "A reference, or the complainant"
    ordering = (F("next_due").asc(nulls_last=True), "id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Asks the table."""
        return staff(request).may("complaint.change")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Complaint]:
        """Never one of which the reader may not know."""
        return visible_to(staff(request)).select_related("handler")

    def get_urls(self) -> list[Any]:
        """A page for each step besides."""
        own = [
            path(
                f"<int:number>/{step.name}/",
                self.admin_site.admin_view(partial(pages.step, name=step.name)),
                name=f"complaints_complaint_{step.name}",
            )
            for step in STEPS
            if not step.url
        ]
        return [*own, *extra.urls(self.admin_site.admin_view), *super().get_urls()]

    def add_view(self, request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        """Record a new one."""
        return pages.add(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **more: Any) -> Any:
        """The work page."""
        if not object_id.isdecimal() or len(object_id) > 18:
            raise Http404
        return pages.work(request, int(object_id))

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **more: Any) -> Any:
        """Django's own history is not kept."""
        raise Http404

    @admin.display(description="Next due", ordering="next_due")
    def due(self, complaint: Complaint) -> str:
        """The day, and whether it has passed."""
        if complaint.next_due is None:
            return "–"
        words = f"{complaint.next_due:%-d %b %Y}"
        left = (complaint.next_due - timezone.localdate()).days
        if complaint.next_due_for == "review":
            return tag("amber", "Review period over") if left < 0 else f"Review until {words}"
        if left < 0:
            return tag("red", f"{words}, {-left} day{'s' if left < -1 else ''} overdue")
        return tag("amber", f"{words}, today") if left == 0 else words

    @admin.display(description="Status")
    def state_(self, complaint: Complaint) -> str:
        """As a tag."""
        return tag(pages.TAGS[complaint.status], complaint.get_status_display())

    @admin.display(description="Handler")
    def handler_(self, complaint: Complaint) -> str:
        """How the force names them."""
        return complaint.handler.short if complaint.handler else "Nobody yet"
