"""Proving again who one is, shortly before an act that matters (ASVS 5.0 7.5.1, 7.5.3).

For export, share, delete, hold, role and sign-in changes. What was typed is kept and carried
on with: allauth suspends the request and resumes it afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from evidence.people import factors


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person proved who they are within BWV_FRESH_SECONDS, in this session."""
    newest = max((_at(request, item) for item in factors.records(request)), default=0.0)
    return time.time() - newest < settings.FRESH_SECONDS


def _at(request: HttpRequest, item: dict[str, Any]) -> float:
    """When this proof was given. An identity provider may answer from a session of its own: what
    counts is when it says that it asked the person (`auth_time`, OpenID Connect Core 2)."""
    at = float(item.get("at", 0))
    if item.get("method") == "socialaccount":
        return min(at, float(request.session.get(factors.SSO_TIME, 0)))
    return at


def require(request: HttpRequest) -> None:
    """Go on only after a fresh proof. Raises allauth's exceptions, which lead to one."""
    if is_fresh(request):
        return
    if get_reauthentication_flows(request.user):  # type: ignore[arg-type]
        raise ReauthenticationRequired()
    # Somebody without a factor of ours: their identity provider asks again.
    query = urlencode({"next": request.get_full_path(), "again": "1"})
    raise ImmediateHttpResponse(HttpResponseRedirect(f"{reverse('sso-login')}?{query}"))


def proved_again(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that goes on only after a fresh proof."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require(request)
        return view(request, *args, **kwargs)

    return guarded
