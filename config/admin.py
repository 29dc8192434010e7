"""The admin site, and its first page: what is left to do."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.sites import UnfoldAdminSite

from evidence.people.models import User
from evidence.recordings.access import visible_to


class BwvAdminSite(UnfoldAdminSite):
    """Behind the same sign-in as every other page; forbidden looks like not found."""

    index_title = "Back office"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Nobody's second factor, identity or session is read or changed row by row."""
        several = isinstance(model_or_iterable, list | tuple)
        models = model_or_iterable if several else [model_or_iterable]
        ours = [model for model in models if not model.__module__.startswith("allauth.")]
        if ours:
            super().register(ours, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Asks the table."""
        user = request.user
        return isinstance(user, User) and user.may("admin.open")

    def get_urls(self) -> list[Any]:
        """Without the theme's short cut from a number to a page: it would tell what there is."""
        return [item for item in super().get_urls() if getattr(item, "name", "") != "view_on_site"]

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """On one's own account's pages, after a fresh proof."""
        return redirect("account_change_password")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """For those who are signed in and may not, there is nothing here: not a sign-in page."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **more: Any) -> Any:
            if not self.has_permission(request):
                return self.login(request)
            return inner(request, *args, **more)

        return guarded

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The system's own sign-in page; for those who are signed in there is nothing here."""
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.GET.get("next", request.get_full_path()))


Card = dict[str, Any]
LIST = "admin:complaints_complaint_changelist"


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Work lists as cards, each only for those who may open its list."""
    from django.apps import apps

    from evidence.complaints.access import visible_to as complaints_visible_to
    from evidence.complaints.admin.lists import due
    from evidence.complaints.models import Complaint, Finding
    from evidence.fixity.finding import OPEN
    from evidence.fixity.models import Damage
    from evidence.retention import review
    from evidence.retention.access import visible_to as holds_visible_to
    from evidence.retention.models import Batch, Due
    from evidence.retention.policies import actions as policies
    from evidence.sharing.access import left, not_over
    from evidence.sharing.access import visible_to as shares_visible_to

    user = request.user
    assert isinstance(user, User)
    quarantine = apps.get_model("uploads", "Quarantine").objects.filter(resolved_at=None)
    upload = apps.get_model("uploads", "Upload").objects
    complaints = complaints_visible_to(user)
    shares = shares_visible_to(user).filter(not_over())
    waiting = Finding.objects.filter(replaced_at=None, decided_at=None)
    rows: list[tuple[str, str, Any, str, str]] = [
        ("quarantine.view", "In quarantine", quarantine, "admin:uploads_quarantine_changelist",
         "?resolved=open"),
        ("recording.assign", "Recorded by nobody we know",
         visible_to(user, "recording.assign").filter(officer=None),
         "admin:retention_unassigned_changelist", ""),
        ("retention.propose", "Due to be disposed of",
         Due.objects.filter(by_rule=False, until__lte=timezone.now()), "due", ""),
        ("retention.approve", "Disposals that wait for a second person",
         Batch.objects.filter(state="proposed").exclude(proposed_by=user), "batches",
         "?show=proposed"),
        ("retention.approve", "Rules that wait for a second person", policies.waiting_for(user),
         "rules", ""),
        ("hold.release", "Holds of yours to review", review.to_review(user), "holds", ""),
        ("hold.release", "Holds that nobody answers for",
         holds_visible_to(user).filter(review.ownerless()), "holds", ""),
        ("hold.release", "Releases that wait for a second person",
         review.waiting(user).exclude(asked_by=user), "holds", "?show=waiting"),
        ("accounting.view", "Damaged files", Damage.objects.filter(state__in=OPEN), "fixity", ""),
        ("upload.view", "On their way", upload.filter(state__in=["receiving", "verifying"]),
         "admin:uploads_upload_changelist", "?state__exact=verifying"),
        ("complaint.view", "Complaints overdue", due(complaints, "overdue"), LIST,
         "?state=overdue"),
        ("complaint.view", "Complaints due within 7 days", due(complaints, "week"), LIST,
         "?state=week"),
        ("complaint.change", "Complaints that you handle",
         complaints.filter(handler=user).exclude(status=Complaint.Status.CLOSED), LIST,
         "?handler=mine"),
        ("complaint.change", "Complaints that nobody handles",
         complaints.filter(handler=None).exclude(status=Complaint.Status.CLOSED), LIST,
         "?handler=nobody"),
        ("complaint.decide", "Complaints with a finding to decide",
         complaints.filter(pk__in=waiting.values("allegation__complaint")), LIST, "?state=decide"),
        ("share.approve", "Shares that wait for a second person", shares.filter(
            needs_approval=True, approved_at=None).exclude(made_by=user), "shares",
         "?show=waiting"),
        ("share.revoke", "Shares whose owner has left", shares.filter(left()), "shares", ""),
    ]  # fmt: skip
    context["warnings"] = _warnings(user) + _late_holds(user)
    context["cards"] = [
        {"title": title, "count": _count(found), "url": reverse(view) + query}
        for permission, title, found, view, query in rows
        if user.may(permission)
    ]
    return context


def _warnings(user: User) -> list[tuple[str, str, str]]:
    """What must not wait: (colour, sentence, address)."""
    return [*_of_accounting(user), *_held_up(user), *_of_custody(user)]


def _held_up(user: User) -> list[tuple[str, str, str]]:
    from evidence.retention import disposal_pages

    if not user.may("retention.view"):
        return []
    number = _count(disposal_pages.held_up().order_by())
    if number == "0":
        return []
    words = f"The store does not let go of {number} recordings that were to be destroyed."
    if number == "1":
        words = "The store does not let go of a recording that was to be destroyed."
    return [("red", words, reverse("due"))]


def _of_accounting(user: User) -> list[tuple[str, str, str]]:
    from ingest.accounting import runs

    grave = runs.grave() if user.may("accounting.view") else ""
    return [("red", grave, reverse("accounting"))] if grave else []


def _of_custody(user: User) -> list[tuple[str, str, str]]:
    if not user.may("custody.state"):
        return []
    from evidence.custody import status
    from evidence.recordings import audits

    found: list[tuple[str, str, str]] = []
    alarms = reverse("admin:custody_alarm_changelist")
    alarm = status.open_alarm()
    if alarm:
        found.append(("red", f"Alarm: {alarm}", alarms))
    audit = status.last_audit()
    if audit is None:
        found.append(("grey", "The custody log has not been read again as a whole yet.", alarms))
    elif audit.fault_count:
        sentence = f"The last audit of the custody log found {audit.fault_count} faults."
        found.append(("red", sentence, alarms))
    oldest = audits.oldest_unchecked()
    if oldest is not None:
        days = (timezone.now() - oldest.checked_at).days
        words = f"Oldest unchecked file: read {days} days ago." if days else \
            "Every file was read within the last day."  # fmt: skip
        found.append(("amber" if days > settings.OLDEST_CHECK_DAYS else "plain", words, ""))
    return found


def _late_holds(user: User) -> list[tuple[str, str, str]]:
    """Holds of which the store does not know for longer than it may take."""
    from evidence.retention import review
    from evidence.retention.access import visible_to as holds_visible_to

    if not user.may("hold.view"):
        return []
    late = review.behind(holds_visible_to(user))
    if not late.exists():
        return []
    words = f"Holds that are not in the store for more than 10 minutes: {_count(late)}."
    return [("red", words, reverse("holds"))]


def _count(rows: Any) -> str:
    """Up to a thousand: no page counts ten million rows."""
    number = rows.values("pk")[:1001].count()
    return "more than 1,000" if number > 1000 else str(number)
