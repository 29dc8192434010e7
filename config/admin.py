"""The admin site, and its first page: what is left to do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from evidence.people.models import User


class BwvAdminSite(UnfoldAdminSite):
    """Behind the same sign-in as every other page; forbidden looks like not found."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Asks the table."""
        user = request.user
        return isinstance(user, User) and user.may("admin.open")

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The system's own sign-in page."""
        return redirect_to_login(request.GET.get("next", reverse("admin:index")))


Card = dict[str, Any]


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Work lists as cards, each only for those who may open its list."""
    from django.apps import apps

    user = request.user
    assert isinstance(user, User)
    quarantine = apps.get_model("uploads", "Quarantine").objects.filter(resolved_at=None)
    recording = apps.get_model("recordings", "Recording").objects.filter(joined_into=None)
    upload = apps.get_model("uploads", "Upload").objects
    rows: list[tuple[str, str, Any, str, str]] = [
        ("quarantine.view", "In quarantine", quarantine, "admin:uploads_quarantine_changelist",
         "?resolved=open"),
        ("recording.assign", "Recorded by nobody we know", recording.filter(officer=None),
         "admin:retention_unassigned_changelist", ""),
        ("upload.view", "On their way", upload.filter(state__in=["receiving", "verifying"]),
         "admin:uploads_upload_changelist", "?state__exact=verifying"),
        ("complaint.view", "Complaints",
         apps.get_model("complaints", "Complaint").objects.exclude(officers=user),
         "admin:complaints_complaint_changelist", ""),
    ]  # fmt: skip
    context["cards"] = [
        {"title": title, "count": _count(found), "url": reverse(view) + query}
        for permission, title, found, view, query in rows
        if user.may(permission)
    ]
    return context


def _count(rows: Any) -> str:
    """Up to a thousand: no page counts ten million rows."""
    number = rows.values("pk")[:1001].count()
    return "more than 1,000" if number > 1000 else str(number)
