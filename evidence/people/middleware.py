"""The rules of a session: how long it lives, and what must be proved before anything is seen."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse

from evidence.custody.record import Draft, Subject, record
from evidence.people import factors
from evidence.people.actions import now
from evidence.people.models import User
from evidence.people.requests import address
from evidence.people.table import DOCK

# Where somebody may go whose second factor is still missing: to set it up, and out.
SETTING_UP = frozenset({
    "account_logout", "account", "mfa_index", "mfa_activate_totp", "mfa_list_webauthn",
    "mfa_add_webauthn", "mfa_view_recovery_codes", "account_reauthenticate",
    "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "healthz", "readyz", "metrics",
})  # fmt: skip
# Where somebody may go who has the factor and did not use it.
USING = frozenset({
    "account_logout", "account", "account_reauthenticate", "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn", "healthz", "readyz", "metrics",
})  # fmt: skip
# Asked for by a page on its own: nobody sat there.
POLLED = frozenset({"recording-status", "footage-new", "on-its-way", "dock-screen-bays", "played"})
# A session is written at most so often for having been used.
SEEN_SECONDS = 30


class SessionRules:
    """Ends sessions that were idle or lasted too long; asks for a missing second factor."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Check, then go on."""
        user = request.user
        # What is shared with people outside has nothing to do with who is signed in here.
        if not isinstance(user, User) or request.path.startswith(("/static/", "/shared/")):
            return self.get_response(request)
        route = _route(request)
        if self._is_over(request, user):
            _end(request, user)
            return _away(request, reverse("account_login"))
        user.proved_by = factors.in_words(request)
        if route not in POLLED and now() - request.session.get("seen", 0) > SEEN_SECONDS:
            request.session["seen"] = now()
        if factors.is_missing(request, user) and route not in _open_to(user):
            return _away(request, reverse("account"))
        return self.get_response(request)

    def _is_over(self, request: HttpRequest, user: User) -> bool:
        if DOCK in user.roles:
            return False
        session = request.session
        began, seen = float(session.get("began", 0)), float(session.get("seen", 0))
        longest, idle = settings.SESSION_LONGEST_SECONDS, settings.SESSION_IDLE_SECONDS
        return now() - began > longest or now() - seen > idle


def _open_to(user: User) -> frozenset[str]:
    """Where a session goes that lacks its factor. Who has a passkey uses it: a session that
    only a code opened may not add another, nor read recovery codes."""
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    strong = {Authenticator.Type.WEBAUTHN}
    if kinds & (strong if factors.needs_passkey(user) else strong | {Authenticator.Type.TOTP}):
        return USING
    return SETTING_UP


def _route(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).view_name or ""
    except Resolver404:
        return ""


def _end(request: HttpRequest, user: User) -> None:
    with transaction.atomic():
        details = {"name": user.short, "address": address(request)}
        actor = user.actor(details["address"])
        record(Draft("person.signed_out", Subject(user.ref), actor, private=details))
        logout(request)


def _away(request: HttpRequest, url: str) -> HttpResponse:
    """A redirect; for a part of a page, of the whole page. JSON callers get a plain 401."""
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    if request.method != "GET" or "application/json" in request.headers.get("Accept", ""):
        if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
            return HttpResponse("Sign in to go on.", status=401, content_type="text/plain")
        return HttpResponseRedirect(url)
    from urllib.parse import urlencode

    return HttpResponseRedirect(f"{url}?{urlencode({'next': request.get_full_path()})}")
