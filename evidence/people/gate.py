"""The way into a page: signed in, with the permission, after a fresh proof where the act asks for
one. To everybody else the page is not there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from evidence.people import fresh
from evidence.people.actions import NotAllowed
from evidence.people.requests import person

View = Callable[..., HttpResponse]
Refuse = Callable[[HttpRequest, str], NoReturn]


def _gone(request: HttpRequest, asked: str) -> NoReturn:
    raise Http404


def those_who(
    permission: str,
    *,
    proved: bool = False,
    missing: tuple[type[Exception], ...] = (),
    refuse: Refuse = _gone,
) -> Callable[[View], View]:
    """Let a view's readers in by one permission; what an action refuses, and `missing`, is not
    there. `refuse` may write down that somebody asked for what is not theirs."""

    unseen: tuple[type[Exception], ...] = (NotAllowed, *missing)

    def decorate(view: View) -> View:
        @never_cache
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
            if not person(request).may(permission):
                raise Http404
            if proved:
                fresh.require(request)
            try:
                return view(request, *args, **named)
            except unseen:
                refuse(request, " ".join(str(value) for value in named.values()))

        return guarded

    return decorate
