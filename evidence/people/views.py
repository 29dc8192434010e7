"""Where each role lands, and one's own account."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from evidence.people import factors
from evidence.people.models import User
from evidence.people.requests import person
from evidence.people.table import AUDITOR, CASE, DISCLOSURE, DOCK, OFFICER, PANEL, SUPERVISOR

# Where the first of a person's roles lands: (role, route). Others: the admin.
LANDING = (
    (DOCK, "dock-own-screen"),
    (SUPERVISOR, "team"),
    (OFFICER, "footage"),
    (CASE, "cases"),
    (DISCLOSURE, "cases"),
    (PANEL, "panel"),
    (AUDITOR, "audit"),
)


def landing(user: User) -> str:
    """The address of the page where this person's work begins."""
    for role, route in LANDING:
        if role in user.roles:
            return reverse(route)
    return reverse("admin:index") if user.is_staff else reverse("account")


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Send each role to its own first page."""
    return redirect(landing(person(request)))


@login_required
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """Who one is here, how one signs in, and where."""
    user = person(request)
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    context = {
        "missing": factors.is_missing(request, user),
        "needs_passkey": factors.needs_passkey(user),
        "passkeys": [row.wrap() for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        "app": next((row for row in rows if row.type == Authenticator.Type.TOTP), None),
        "codes": next((row for row in rows if row.type == Authenticator.Type.RECOVERY_CODES), None),
        "sessions": UserSession.objects.filter(user=user).count(),
        "next": request.GET.get("next", ""),
    }
    return render(request, "people/account.html", context)


@login_required
@require_GET
def security(request: HttpRequest) -> HttpResponse:
    """allauth's own name for the account's page: on to where the work was, when all is set up."""
    user = person(request)
    return redirect("account" if factors.is_missing(request, user) else landing(user))


@login_required
@require_http_methods(["GET", "POST"])
def mail(request: HttpRequest) -> HttpResponse:
    """Whether one mail a day is wanted."""
    user = person(request)
    if request.method == "POST":
        user.daily_mail = request.POST.get("daily_mail") == "on"
        user.save(update_fields=["daily_mail"])
        return redirect("account")
    return render(request, "people/mail.html", {"person": user})
