"""Whom a page of samples is there for; to everybody else it is not, whatever they ask for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from evidence.people.actions import NotAllowed
from evidence.people.requests import person
from evidence.people.table import Scope
from evidence.recordings.refusals import refuse

View = Callable[..., HttpResponse]


def those_who(permission: str, least: Scope = Scope.GRANTED) -> Callable[[View], View]:
    """For people with the permission, as far as `least`; what they may not see answers alike."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if person(request).scope(permission) < least:
                raise Http404
            try:
                return view(request, *args, **kwargs)
            except NotAllowed:
                refuse(request, " ".join(str(value) for value in kwargs.values()))

        return guarded

    return decorate
